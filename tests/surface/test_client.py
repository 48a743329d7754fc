"""The Python client: each call of the contract, typed, with refusals that say what was allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from buying import ANY, KEY, SHOP, ask, order, reading

from simulator.kernel.clock import iso_millis
from simulator.providers import built_in
from simulator.surface import client as client_module
from simulator.surface.client import Client, NotReached, SaidNo, Workspace
from simulator.surface.tail import Tail


def test_a_workspace_has_its_own_clock_seed_and_credentials(client: Client) -> None:
    with_seed = client.create_workspace(seed=7, frozen=True, now="2026-03-04T05:00:00Z")
    other = client.create_workspace(credentials={ANY.name: {KEY: "key_of_the_client_test"}})

    assert with_seed.view["seed"] == "7"
    assert with_seed.clock() == {"now": "2026-03-04T05:00:00.000Z", "mode": "frozen", "offset_s": 0.0}
    assert other.credentials[ANY.name][KEY] == "key_of_the_client_test"
    assert with_seed.credentials[ANY.name][KEY] != other.credentials[ANY.name][KEY]


def test_a_day_passes_between_two_lines(client: Client) -> None:
    world = client.create_workspace(frozen=True, now="2026-03-04T05:00:00Z")
    id_ = order(world)

    moved = world.advance("P1D")

    assert moved["now"] == "2026-03-05T05:00:00.000Z"
    assert world.payment(ANY.name, id_)["phase"] == "expired"
    expired_at = datetime(2026, 3, 4, 5, tzinfo=UTC) + (SHOP.course.expires_after or timedelta())
    assert world.payment(ANY.name, id_)["updated_at"] == iso_millis(expired_at)


def test_the_inbox_gives_webhooks_back_with_a_verdict(world: Workspace) -> None:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    id_ = order(world)
    world.pay(ANY.name, id_)
    world.settle()

    received = world.inbox("shop")

    assert [hook["body"] for hook in received] == [delivery["body"] for delivery in world.deliveries(resource_id=id_)]
    assert {hook["signature"]["valid"] for hook in received if hook["signature"]} == {True}
    assert {d["state"] for d in world.deliveries(resource_id=id_)} == {"delivered"}


def test_deliveries_are_resent_marked_and_stopped(world: Workspace) -> None:
    id_ = order(world)
    kept = world.latest_delivery(provider=ANY.name)
    world.set_webhook(ANY.name, world.inbox_url("shop"))

    again = world.resend(kept["id"], copies=2)
    edited = world.resend(kept["id"], "edited", headers={"X-Trace": "7"})
    with pytest.raises(SaidNo) as twice:
        world.mark_delivered(kept["id"])
    with pytest.raises(SaidNo) as stopped:
        world.stop(kept["id"])

    assert world.latest_payment(provider=ANY.name)["id"] == id_
    assert (again["state"], len(again["attempts"]), len(edited["attempts"])) == ("delivered", 2, 3)
    assert (twice.value.allowed, stopped.value.allowed) == (["resend"], ["resend"])
    assert world.resend_failed(ANY.name) == 0


def test_a_test_event_waits_while_webhooks_are_paused(world: Workspace) -> None:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    paused = world.pause(ANY.name)["paused"]

    held = world.send_test_event(ANY.name, ANY.webhooks.events[0])
    resumed = world.pause(ANY.name, False)["paused"]
    world.settle()

    assert (paused, held["state"], resumed) == ([ANY.name], "pending", [])
    assert world.delivery(held["id"])["state"] == "delivered"
    assert [hook["body"] for hook in world.inbox("shop")] == [held["body"]]


def test_payments_are_found_by_id_reference_and_code(world: Workspace) -> None:
    id_ = order(world)
    wallet = world.payment(ANY.name, id_)["wallet"]
    assert wallet is not None

    found = [world.find(id_), world.find(wallet["code"]), world.find("nobody")]

    assert [payment["id"] if payment else None for payment in found] == [id_, id_, None]


def test_lists_are_read_to_the_end(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.surface.client.PAGE", 2)
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    made = [order(world) for _ in range(5)]
    world.settle()

    assert [payment["id"] for payment in world.payments()] == made[::-1]
    assert [payment["id"] for payment in world.latest(3)] == made[:1:-1]
    assert [request["resource_id"] for request in world.requests(limit=None)] == made[::-1]
    assert len(world.requests(limit=3)) == 3
    assert {timer["resource_id"] for timer in world.timers()} == set(made)
    assert {delivery["resource_id"] for delivery in world.deliveries()} == set(made)
    assert len(world.inbox("shop")) == len(world.deliveries())
    assert len(world.buyers()) == 8


def test_a_payment_is_found_by_its_wallet_code_however_old_it_is(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.surface.client.PAGE", 2)
    oldest, *_ = [order(world) for _ in range(5)]
    wallet = world.payment(ANY.name, oldest)["wallet"]
    assert wallet is not None

    found = world.find(wallet["code"])

    assert found is not None
    assert found["id"] == oldest


def test_a_tail_from_the_beginning_tells_every_payment_and_every_call(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.surface.tail.WATCHED", 2)
    monkeypatch.setattr("simulator.surface.tail.EARLIER", 2)
    made = [order(world) for _ in range(5)]

    rows = Tail(world, whole=True).round()

    assert {row["payment"] for row in rows if row["kind"] == "request"} == set(made)


def test_a_tail_misses_no_call_and_no_payment_that_is_asked_about(
    world: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when more came between two rounds than the newest few."""
    monkeypatch.setattr("simulator.surface.client.PAGE", 2)
    monkeypatch.setattr("simulator.surface.tail.WATCHED", 2)
    monkeypatch.setattr("simulator.surface.tail.EARLIER", 2)
    order(world)
    tail = Tail(world)
    tail.round()

    made = [order(world) for _ in range(5)]
    for _ in range(5):
        ask(world, reading(world, "nobody"))
    rows = tail.round()

    assert [row["payment"] for row in rows if "POST" in row["summary"]] == made
    assert len([row for row in rows if row["payment"] is None]) == 5


def test_a_tail_of_one_payment_follows_it_however_old_it_is(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.surface.tail.WATCHED", 2)
    oldest, *_ = [order(world) for _ in range(5)]
    tail = Tail(world, payment=oldest)
    tail.round()

    world.decline(ANY.name, oldest)
    rows = tail.round()

    assert {row["payment"] for row in rows} == {oldest}


def test_scenarios_buyers_and_settings_are_changed_and_read_back(world: Workspace) -> None:
    armed = world.arm(rules=[{"wallet": {"decline": "balance"}}], next_payments=1)
    rich = world.set_buyer("wang-wei", balance=1_000_000)
    view = world.set_settings(ANY.name, merchant_name="Corner Shop")

    assert [(entry["name"], entry["scope"]["next"]) for entry in armed] == [("adhoc", 1)]
    assert rich["balance"] == {"value": 1_000_000, "currency": "CNY"}
    assert "wang-wei" in [buyer["slug"] for buyer in world.buyers()]
    assert view["settings"][ANY.name] == {"merchant_name": "Corner Shop"}
    world.disarm()
    assert world.armed() == []


def test_attacks_and_weather_are_armed_under_the_names_of_the_files(world: Workspace) -> None:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    world.arm(rules=[{"webhooks": {"forge": "secret", "at_once": 2}}])
    world.arm(
        rules=[{"when": {"method": "GET"}, "api": {"status": 503, "when": "after", "times": 1}}], provider=ANY.name
    )
    id_ = order(world)
    world.settle()

    failed, read = ask(world, reading(world, id_)), ask(world, reading(world, id_))

    forged, *true = world.deliveries(resource_id=id_)
    assert (forged["adversarial"], forged["forge"]) == (True, "secret")
    assert [one["adversarial"] for one in true[:2]] == [False, False]
    assert (failed.status, failed.headers["retry-after"], read.status) == (503, "1", 200)
    assert [call.get("weather") for call in world.requests(path=reading(world, id_).path)] == [
        None,
        {"status": 503, "when": "after"},
    ]


def test_a_refusal_says_what_was_wrong_and_what_was_allowed(world: Workspace) -> None:
    with pytest.raises(SaidNo) as refusal:
        world.arm("rainy-day")

    error = refusal.value
    assert (error.status, error.code, error.field) == (404, "not_found", "name")
    assert error.allowed is not None
    assert "declined-balance" in error.allowed


def test_settings_and_events_that_cannot_be_are_refused_before_anything_changes(world: Workspace) -> None:
    """Whoever steers by the client or the fixtures meets the same checks."""
    with pytest.raises(SaidNo) as setting:
        world.set_settings(ANY.name, merchant_name=5)
    with pytest.raises(SaidNo) as event:
        world.set_webhook(ANY.name, "http://shop.test", events=["eaten"])
    with pytest.raises(SaidNo) as made:
        world.client.create_workspace(settings={"simulator": {"retry_factor": "abc"}})

    assert (setting.value.status, setting.value.field) == (422, f"settings.{ANY.name}.merchant_name")
    assert (event.value.status, event.value.field) == (422, "events")
    assert set(ANY.webhooks.events) <= set(event.value.allowed or [])
    assert (made.value.status, made.value.field) == (422, "settings.simulator.retry_factor")


def test_a_second_decision_is_refused_and_changes_nothing(world: Workspace) -> None:
    id_ = order(world)
    world.pay(ANY.name, id_)

    with pytest.raises(SaidNo) as refusal:
        world.decline(ANY.name, id_)

    assert refusal.value.status == 409
    assert world.payment(ANY.name, id_)["phase"] == "paid"


def test_nobody_at_home_is_an_error_of_its_own() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(NotReached, match="no simulator answers"):
        client.health()


def test_what_is_no_simulator_is_said_no_too(client: Client) -> None:
    with Client(f"{client.url}/w") as lost, pytest.raises(SaidNo) as refusal:
        lost.health()

    assert refusal.value.status == 404


def test_a_deleted_workspace_is_gone(client: Client) -> None:
    world = client.create_workspace()
    world.delete()

    with pytest.raises(SaidNo) as refusal:
        world.refresh()

    assert refusal.value.status == 404


def test_several_endpoints_are_set_where_a_provider_has_several(world: Workspace) -> None:
    several = next(provider for provider in built_in() if provider.webhooks.several_endpoints)
    endpoints = [{"url": world.inbox_url("one")}, {"url": world.inbox_url("two"), "secret": "another"}]

    view = world.set_webhook(several.name, endpoints=endpoints)

    assert [one["url"] for one in view["webhooks"][several.name]["endpoints"]] == [one["url"] for one in endpoints]
    with pytest.raises(SaidNo) as said:
        world.set_webhook(next(p for p in built_in() if not p.webhooks.several_endpoints).name, endpoints=endpoints)
    assert said.value.field == "endpoints"


@pytest.mark.parametrize("by", ["id", "reference", "code", "nobody"])
def test_a_payment_is_found_with_one_call_however_old_it_is(
    world: Workspace, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """And however many younger ones have a reference that begins so; one that is not there with one call too."""
    oldest, *_ = [order(world, f"shoes-1{n}") for n in ("", "1", "2", "3")]
    wallet = world.payment(ANY.name, oldest)["wallet"]
    assert wallet is not None
    sought = {"id": oldest, "reference": "shoes-1", "code": wallet["code"], "nobody": "shoes-9"}[by]
    calls, call = list[str](), world.client.call

    def counted(method: str, path: str, *given: Any, **query: Any) -> Any:
        calls.append(path)
        return call(method, path, *given, **query)

    monkeypatch.setattr(client_module, "NEAREST", 2)
    monkeypatch.setattr(world.client, "call", counted)
    found = world.find(sought)

    assert (found["id"] if found else None) == (None if by == "nobody" else oldest)
    assert calls == [f"{world.path}/payments"]
