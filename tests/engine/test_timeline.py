"""The story of a payment: each thing once, in the order in which it happened, told by who did it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import orjson
from support import STARTED, Sim

from engine.merchant import Merchant
from simulator.engine.journal import rows_for

Told = tuple[int, str, str, str | None, str | None, str]


async def story(sim: Sim, id_: str) -> list[Told]:
    """Seconds since the start, kind, actor, from, to, summary."""
    timeline = (await sim.payment("acme", id_))["timeline"]
    assert [entry["seq"] for entry in timeline] == list(range(1, len(timeline) + 1))
    return [told(entry, id_) for entry in timeline]


def told(entry: dict[str, Any], id_: str) -> Told:
    at = datetime.fromisoformat(entry["at"])
    summary = entry["summary"].replace(id_, "{id}")
    return (
        int((at - STARTED).total_seconds()),
        entry["kind"],
        entry["actor"],
        entry.get("from"),
        entry.get("to"),
        summary,
    )


async def test_a_purchase_is_told_from_the_request_to_the_refund(sim: Sim, acme: Merchant) -> None:
    """At one instant a webhook's attempt stands after what was done meanwhile; each attempt has its own answer."""
    sim.answer = lambda request: httpx.Response(503 if len(sim.hooks) == 1 else 200)
    charge = await acme.paid()
    await sim.advance(minutes=1)
    await acme.refund(charge, 1000)
    await sim.settle()

    assert await story(sim, charge) == [
        (0, "request", "merchant", "merchant", "acme", "POST /acme/charges 201"),
        (0, "state", "api", None, "PENDING", "charge PENDING"),
        (0, "wallet", "api", None, "open", "order open"),
        (0, "wallet", "wallet", "open", "paid", "order open > paid"),
        (0, "wallet", "wallet", None, None, "paid, decided by buyer:li-na"),
        (0, "state", "wallet", "PENDING", "CAPTURED", "charge PENDING > CAPTURED"),
        (0, "webhook", "acme", "acme", "merchant", "charge.captured try 1 answered 503"),
        (60, "request", "merchant", "merchant", "acme", "POST /acme/charges/{id}/refunds 200"),
        (60, "state", "api", "CAPTURED", "REFUNDED", "charge CAPTURED > REFUNDED"),
        (60, "webhook", "acme", "acme", "merchant", "charge.captured try 2 answered 200"),
        (60, "webhook", "acme", "acme", "merchant", "charge.refunded try 1 answered 200"),
    ]


async def test_what_the_clock_does_is_the_timers_and_a_deaf_merchant_is_told_with_the_reason(
    sim: Sim, acme: Merchant
) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    sim.answer = refuse
    charge = await acme.charge()
    await sim.advance(hours=3)

    assert await story(sim, charge) == [
        (0, "request", "merchant", "merchant", "acme", "POST /acme/charges 201"),
        (0, "state", "api", None, "PENDING", "charge PENDING"),
        (0, "wallet", "api", None, "open", "order open"),
        (7200, "timer", "timer", "PENDING", "EXPIRED", "charge PENDING > EXPIRED"),
        (7200, "wallet", "api", "open", "expired", "order open > expired"),
        (7200, "wallet", "wallet", None, None, "expired, decided by timer"),
        (7200, "webhook", "acme", "acme", "merchant", "charge.expired try 1 failed: ConnectError: refused"),
        (7260, "webhook", "acme", "acme", "merchant", "charge.expired try 2 failed: ConnectError: refused"),
        (7320, "webhook", "acme", "acme", "merchant", "charge.expired try 3 failed: ConnectError: refused"),
    ]


async def test_an_event_that_nobody_wanted_is_told_once_and_as_kept_here(sim: Sim) -> None:
    """Without an endpoint: `sim` has none before `receive_webhooks`."""
    acme = Merchant(sim)
    charge = await acme.paid()

    assert (await story(sim, charge))[-1] == (0, "webhook", "acme", None, None, "charge.captured kept here, no URL")


async def test_a_story_holds_nothing_of_another_payment(sim: Sim, acme: Merchant) -> None:
    first, second = await acme.paid("one"), await acme.charge("two")
    await acme.void(second)
    await sim.settle()

    told_of_the_second = await story(sim, second)
    ids = {entry["ref"] for entry in (await sim.payment("acme", second))["timeline"] if entry["kind"] == "state"}
    assert ids == {second}
    assert [what for *_, what in told_of_the_second if first in what or "paid" in what or "CAPTURED" in what] == []
    assert [what for *_, what in told_of_the_second][-2:] == ["order open > cancelled", "cancelled, decided by api"]


async def test_a_call_is_kept_with_its_query_its_answer_and_how_long_it_took(sim: Sim, acme: Merchant) -> None:
    charge = await acme.charge()
    await sim.http.get(f"/acme/charges/{charge}?expand=all", headers=acme.headers)
    await sim.http.get(f"/acme/charges/{charge}?", headers=acme.headers)

    bare, queried, created = await sim.requests()
    assert [entry["path"] for entry in (bare, queried, created)] == [
        f"/acme/charges/{charge}",
        f"/acme/charges/{charge}?expand=all",
        "/acme/charges",
    ]
    assert [entry["status"] for entry in (bare, queried, created)] == [200, 200, 201]
    assert [entry["method"] for entry in (bare, queried, created)] == ["GET", "GET", "POST"]
    assert all(entry["sent_by"] == "merchant" and entry["duration_ms"] >= 0 for entry in (bare, queried, created))
    assert f'"id":"{charge}"' in created["response"]["body"]


async def test_a_story_is_told_in_the_order_of_time_and_at_one_instant_in_the_order_of_doing(
    sim: Sim, acme: Merchant
) -> None:
    charge = await acme.charge()
    await sim.advance(minutes=30)
    await acme.void(charge)
    await sim.advance(minutes=30)

    told_in_order = await story(sim, charge)
    assert [seconds for seconds, *_ in told_in_order] == sorted(seconds for seconds, *_ in told_in_order)
    assert [what for _, _, _, _, _, what in told_in_order] == [
        "POST /acme/charges 201",
        "charge PENDING",
        "order open",
        "POST /acme/charges/{id}/void 200",
        "charge PENDING > VOIDED",
        "order open > cancelled",
        "cancelled, decided by api",
    ]


def test_a_request_that_touched_two_payments_is_kept_once_and_each_has_its_own_moves() -> None:
    """A move without a payment of its own belongs to each."""
    moves = [{"subject": "ch_1", "to": "A"}, {"subject": "ch_2", "to": "B"}, {"subject": None, "to": "C"}]

    rows = rows_for(7, 99, "request", "acme", moves, ["ch_1", "ch_2"], path="/acme", status=201)

    assert [tuple(row)[:7] for row in rows] == [
        (7, 99, "request", "acme", "ch_1", "/acme", 201),
        (7, 99, "moves", "acme", "ch_2", None, None),
    ]
    bodies = [orjson.loads(tuple(row)[7]) for row in rows]
    assert bodies == [
        {"path": "/acme", "status": 201, "moves": [moves[0], moves[2]], "real": bodies[0]["real"]},
        {"moves": [moves[1], moves[2]], "real": bodies[0]["real"]},
    ]


def test_a_request_about_no_payment_is_kept_all_the_same() -> None:
    [row] = rows_for(7, 99, "request", "acme", [], [], path="/acme", status=404)

    assert tuple(row)[:7] == (7, 99, "request", "acme", None, "/acme", 404)


async def test_each_entry_of_a_story_refers_to_what_it_tells_of(sim: Sim, acme: Merchant) -> None:
    charge = await acme.paid()
    view = await sim.payment("acme", charge)
    [request] = [entry["id"] for entry in await sim.requests() if entry["method"] == "POST"]
    deliveries = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    refs = {kind: {entry["ref"] for entry in view["timeline"] if entry["kind"] == kind} for kind in
            ("request", "state", "wallet", "webhook")}  # fmt: skip
    assert refs == {
        "request": {request},
        "state": {charge},
        "wallet": {view["wallet"]["code"]},
        "webhook": {delivery["id"] for delivery in deliveries},
    }
