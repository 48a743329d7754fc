"""The Python client: each call of the contract, typed, with refusals that say what was allowed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.surface.client import Client, NotReached, SaidNo, Workspace

ORDER = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": 1000, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/back"}}],
}


def charge(world: Workspace) -> str:
    own = world.credentials["ppro"]
    headers = {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": own["merchant_id"]}
    headers["Content-Type"] = "application/json"
    answer = world.client.send("POST", "/v1/payment-charges", headers=headers, content=json.dumps(ORDER).encode())
    body: dict[str, Any] = json.loads(answer.content)
    return str(body["id"])


def test_a_workspace_has_its_own_clock_seed_and_credentials(client: Client) -> None:
    with_seed = client.create_workspace(seed=7, frozen=True, now="2026-03-04T05:00:00Z")
    other = client.create_workspace(credentials={"ppro": {"api_key": "key_of_the_client_test"}})

    assert with_seed.view["seed"] == "7"
    assert with_seed.clock() == {"now": "2026-03-04T05:00:00.000Z", "mode": "frozen", "offset_s": 0.0}
    assert other.credentials["ppro"]["api_key"] == "key_of_the_client_test"
    assert with_seed.credentials["ppro"]["api_key"] != other.credentials["ppro"]["api_key"]


def test_a_day_passes_between_two_lines(client: Client) -> None:
    world = client.create_workspace(frozen=True, now="2026-03-04T05:00:00Z")
    id_ = charge(world)

    moved = world.advance("P1D")

    assert moved["now"] == "2026-03-05T05:00:00.000Z"
    assert world.payment("ppro", id_)["phase"] == "expired"
    assert world.payment("ppro", id_)["updated_at"] == "2026-03-04T17:00:00.000Z"


def test_the_inbox_gives_webhooks_back_with_a_verdict(world: Workspace) -> None:
    world.set_webhook("ppro", world.inbox_url("shop"))
    id_ = charge(world)
    world.pay("ppro", id_)
    world.settle()

    received = world.inbox("shop")

    assert [json.loads(hook["body"])["type"] for hook in received][-1] == "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"
    assert {hook["signature"]["valid"] for hook in received if hook["signature"]} == {True}
    assert {d["state"] for d in world.deliveries(resource_id=id_)} == {"delivered"}


def test_payments_are_found_by_id_reference_and_code(world: Workspace) -> None:
    id_ = charge(world)
    wallet = world.payment("ppro", id_)["wallet"]
    assert wallet is not None

    found = [world.find(id_), world.find(wallet["code"]), world.find("nobody")]

    assert [payment["id"] if payment else None for payment in found] == [id_, id_, None]


def test_lists_are_read_to_the_end(world: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulator.surface.client.PAGE", 2)
    made = [charge(world) for _ in range(5)]

    assert [payment["id"] for payment in world.payments()] == made[::-1]


def test_scenarios_buyers_and_settings_are_changed_and_read_back(world: Workspace) -> None:
    armed = world.arm(rules=[{"wallet": {"decline": "balance"}}], next_payments=1)
    rich = world.set_buyer("wang-wei", balance=1_000_000)
    view = world.set_settings("ppro", signatures="legacy")

    assert [(entry["name"], entry["scope"]["next"]) for entry in armed] == [("adhoc", 1)]
    assert rich["balance"] == {"value": 1_000_000, "currency": "CNY"}
    assert "wang-wei" in [buyer["slug"] for buyer in world.buyers()]
    assert view["settings"]["ppro"] == {"signatures": "legacy"}
    world.disarm()
    assert world.armed() == []


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
        world.set_settings("ppro", signatures="newest")
    with pytest.raises(SaidNo) as event:
        world.set_webhook("ppro", "http://shop.test", events=["PAYMENT_CHARGE_EATEN"])
    with pytest.raises(SaidNo) as made:
        world.client.create_workspace(settings={"simulator": {"retry_factor": "abc"}})

    assert (setting.value.status, setting.value.field) == (422, "settings.ppro.signatures")
    assert setting.value.allowed == ["both", "current", "legacy", "none"]
    assert (event.value.status, event.value.field) == (422, "events")
    assert "PAYMENT_CHARGE_CREATED" in (event.value.allowed or [])
    assert (made.value.status, made.value.field) == (422, "settings.simulator.retry_factor")


def test_a_second_decision_is_refused_and_changes_nothing(world: Workspace) -> None:
    id_ = charge(world)
    world.pay("ppro", id_)

    with pytest.raises(SaidNo) as refusal:
        world.decline("ppro", id_)

    assert refusal.value.status == 409
    assert world.payment("ppro", id_)["phase"] == "paid"


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
