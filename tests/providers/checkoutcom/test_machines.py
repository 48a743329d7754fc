"""Every move of the payment and action machines with its webhooks, and no webhook for what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import RECURRING, Merchant
from simulator.kernel.machine import Move
from simulator.kernel.refusals import IllegalTransition
from simulator.providers.checkoutcom import states
from simulator.providers.checkoutcom.model import Payment


async def walk_to(sim: Sim, cko: Merchant, state: str) -> str:
    """A payment in this state, by the way that leads there: its id."""
    created = await cko.request(amount=1100)
    match state:
        case "Captured" | "Partially Refunded" | "Refunded":
            await cko.pay(created["id"])
            amount = {"Captured": 0, "Partially Refunded": 100, "Refunded": 1100}[state]
            if amount:
                await cko.refund(created["id"], {"amount": amount})
                await sim.advance(seconds=5)
        case "Declined":
            await sim.act("checkoutcom", created["id"], "decline")
        case "Canceled":
            await sim.act("checkoutcom", created["id"], "cancel")
        case "Expired":
            await sim.advance(minutes=15)
    assert await cko.status(created["id"]) == state
    await sim.settle()
    sim.hooks.clear()
    return str(created["id"])


@pytest.mark.parametrize(
    ("act", "state", "events"),
    [
        ("decline", "Declined", ["payment_declined"]),
        ("cancel", "Canceled", ["payment_canceled"]),
        ("expire", "Expired", ["payment_expired"]),
    ],
)
async def test_a_pending_payment_ends_by_the_shopper(
    sim: Sim, cko: Merchant, act: str, state: str, events: list[str]
) -> None:
    id_ = await walk_to(sim, cko, "Pending")

    await sim.act("checkoutcom", id_, act)

    body = await cko.payment(id_)
    assert (body["status"], body["approved"]) == (state, False)
    assert set(body["balances"].values()) == {0}
    assert list(body["_links"]) == ["self", "actions"]
    assert cko.heard() == events
    [action] = await cko.actions(id_)
    assert (action["id"], action["type"], action["approved"]) == (
        sim.hooks[0].body["data"]["action_id"],
        "Authorization",
        False,
    )


async def test_approval_says_capture_pending_and_confirmation_says_captured(sim: Sim, cko: Merchant) -> None:
    id_ = await walk_to(sim, cko, "Pending")

    await sim.act("checkoutcom", id_, "pay")

    assert await cko.status(id_) == "Pending"
    assert cko.heard() == ["payment_capture_pending"]
    [capture] = await cko.actions(id_)
    assert (capture["type"], capture["approved"], "response_code" in capture) == ("Capture", None, False)
    await sim.advance(seconds=2)
    assert cko.heard() == ["payment_capture_pending", "payment_captured"]
    [capture] = await cko.actions(id_)
    assert (capture["approved"], capture["response_code"], capture["response_summary"]) == (True, "10000", "Approved")


async def test_a_payment_that_was_approved_in_time_does_not_expire(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", capture_delay_s=1200)
    id_ = await walk_to(sim, cko, "Pending")
    await sim.act("checkoutcom", id_, "pay")

    await sim.advance(minutes=16)
    assert await cko.status(id_) == "Pending"
    await sim.advance(minutes=5)

    assert await cko.status(id_) == "Captured"
    assert "payment_expired" not in cko.heard()


async def test_refunds_are_partial_then_the_rest(sim: Sim, cko: Merchant) -> None:
    id_ = await walk_to(sim, cko, "Captured")

    for asked, state in (
        ({"amount": 20}, "Partially Refunded"),
        ({"amount": 30}, "Partially Refunded"),
        ({}, "Refunded"),
    ):
        answer = await cko.refund(id_, asked)
        assert answer.status_code == 202
        await sim.advance(seconds=5)
        assert await cko.status(id_) == state

    assert cko.heard() == ["payment_refund_pending", "payment_refunded"] * 3
    assert [a["amount"] for a in await cko.actions(id_)] == [1050, 30, 20, 1100]
    assert (await cko.payment(id_))["balances"] == {
        "total_authorized": 1100,
        "total_voided": 0,
        "available_to_void": 0,
        "total_captured": 1100,
        "available_to_capture": 0,
        "total_refunded": 1100,
        "available_to_refund": 0,
    }


@pytest.mark.parametrize("state", ["Captured", "Partially Refunded"])
async def test_a_declined_refund_leaves_the_payment_as_it_was(sim: Sim, cko: Merchant, state: str) -> None:
    id_ = await walk_to(sim, cko, state)
    before = await cko.payment(id_)

    answer = await cko.refund(id_, {"amount": 151})
    reserved = await cko.payment(id_)
    await sim.advance(seconds=5)

    assert reserved["balances"]["available_to_refund"] == before["balances"]["available_to_refund"] - 151
    assert await cko.payment(id_) == before
    assert cko.heard() == ["payment_refund_pending", "payment_refund_declined"]
    [refund, *_] = await cko.actions(id_)
    assert (refund["id"], refund["approved"], refund["response_code"]) == (answer.json()["action_id"], False, "20051")


@pytest.mark.parametrize("state", ["Pending", "Declined", "Canceled", "Expired", "Refunded"])
async def test_what_cannot_be_refunded_is_refused_with_an_empty_403(sim: Sim, cko: Merchant, state: str) -> None:
    id_ = await walk_to(sim, cko, state)
    before = await cko.payment(id_)

    answers = [await cko.refund(id_, body) for body in (None, {}, {"amount": 1})]
    answers.append(await cko.post(f"/payments/{id_}/reversals"))

    assert [(a.status_code, a.content, "content-type" in a.headers) for a in answers] == [(403, b"", False)] * 4
    assert await cko.payment(id_) == before
    await sim.settle()
    assert sim.hooks == []


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", ["captures", "voids", "authorizations", "cancellations"])
@pytest.mark.parametrize("state", ["Pending", "Captured", "Refunded", "Declined"])
async def test_alipay_has_no_separate_capture_or_void(sim: Sim, cko: Merchant, operation: str, state: str) -> None:
    id_ = await walk_to(sim, cko, state)

    answer = await cko.post(f"/payments/{id_}/{operation}", {"amount": 10, "reference": "X"})

    assert (answer.status_code, answer.content) == (403, b"")
    assert await cko.status(id_) == state
    await sim.settle()
    assert sim.hooks == []


@pytest.mark.uncounted
@pytest.mark.parametrize("state", ["Declined", "Canceled", "Expired", "Captured", "Refunded"])
@pytest.mark.parametrize("act", ["pay", "decline", "cancel", "expire"])
async def test_a_final_payment_is_not_decided_again(sim: Sim, cko: Merchant, state: str, act: str) -> None:
    id_ = await walk_to(sim, cko, state)

    answer = await sim.http.post(f"{sim.path}/payments/checkoutcom/{id_}/{act}", json={})

    assert answer.status_code == 409
    assert await cko.status(id_) == state
    await sim.settle()
    assert sim.hooks == []


async def test_under_strict_events_cancelling_and_expiring_are_declines(sim: Sim, cko: Merchant) -> None:
    """The AlipayCN page lists seven webhooks, and neither payment_canceled nor payment_expired is among them."""
    await sim.settings("checkoutcom", strict_events=True)
    cancelled, expired = await cko.request(), await cko.request()
    await sim.settle()
    sim.hooks.clear()

    await sim.act("checkoutcom", cancelled["id"], "cancel")
    await sim.advance(minutes=15)

    assert [await cko.status(p["id"]) for p in (cancelled, expired)] == ["Declined", "Declined"]
    assert [(h.body["type"], h.body["data"]["response_code"]) for h in sim.hooks] == [
        ("payment_declined", "20005"),
        ("payment_declined", "20068"),
    ]


async def test_a_bank_that_refuses_the_capture_declines_the_payment(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"operation": "capture"}, "bank": {"outcome": "declined", "code": "20068"}}])
    created = await cko.request()
    await sim.settle()
    sim.hooks.clear()

    await cko.pay(created["id"])

    assert await cko.status(created["id"]) == "Declined"
    assert cko.heard() == ["payment_capture_pending", "payment_declined"]
    pending, declined = [hook.body["data"] for hook in sim.hooks]
    assert (declined["action_id"], declined["response_code"]) == (pending["action_id"], "20068")


async def test_a_scenario_lets_the_wallet_answer_late_or_never(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"reference": "late"}, "wallet": {"outcome": "paid", "delay": "PT30S"}}])
    late, cancelled = await cko.request(reference="late"), await cko.request(reference="gone")
    await sim.act("checkoutcom", late["id"], "pay")
    await sim.advance(seconds=29)
    waiting = await sim.payment("checkoutcom", late["id"])

    await sim.advance(seconds=10)
    await sim.arm([{"when": {"reference": "gone"}, "wallet": {"outcome": "cancelled"}}])
    await sim.act("checkoutcom", cancelled["id"], "pay")

    assert (waiting["status"], waiting["wallet"]["state"]) == ("Pending", "paying")
    assert await cko.status(late["id"]) == "Captured"
    assert await cko.status(cancelled["id"]) == "Canceled"


async def test_a_slow_bank_settles_a_refund_when_it_says(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid()
    bank: dict[str, Any] = {"outcome": "pending", "then": "declined", "delay": "PT2H"}
    await sim.arm([{"when": {"operation": "refund"}, "bank": bank}])
    sim.hooks.clear()

    await cko.refund(created["id"], {"amount": 50})
    await sim.advance(hours=1)
    [refund, _] = await cko.actions(created["id"])
    await sim.advance(hours=2)

    assert refund["approved"] is None
    assert cko.heard() == ["payment_refund_pending", "payment_refund_declined"]
    assert sim.hooks[1].at == sim.started_at + timedelta(hours=2, seconds=7)


def test_every_event_of_the_catalogue_of_alipay_is_fired_by_some_row() -> None:
    assert set(states.PAYMENT.events) == {
        "payment_capture_pending",
        "payment_captured",
        "payment_declined",
        "payment_canceled",
        "payment_expired",
        "payment_refund_pending",
        "payment_refunded",
        "payment_refund_declined",
    }
    assert states.PAYMENT.final == {"Declined", "Canceled", "Expired", "Refunded"}
    assert states.ACTION.final == {"Approved", "Declined"}


async def test_an_agreement_dies_with_its_first_payment(sim: Sim, cko: Merchant) -> None:
    sources = []
    for act in ("decline", "cancel", "expire"):
        created = await cko.request(RECURRING)
        await sim.act("checkoutcom", created["id"], act)
        sources.append(created["source"]["id"])

    for source in sources:
        refused = await cko.refused(RECURRING | {"source": {"type": "id", "id": source}})
        assert refused == ("request_invalid", ["source_id_invalid"])


ROWS = list(states.PAYMENT.moves.values())


def fire(sim: Sim, id_: str, trigger: str) -> str:
    """The bare move, whoever would cause it: the state that it leads to."""
    with sim.app.runtime.unit(sim.workspace, provider="checkoutcom", topic="tests") as uow:
        return uow.fire(uow.get(Payment, id_), trigger).state


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.trigger} from {row.source}" for row in ROWS])
async def test_every_row_leads_where_it_says_and_fires_its_webhooks(sim: Sim, cko: Merchant, row: Move) -> None:
    id_ = await walk_to(sim, cko, row.source)

    reached = fire(sim, id_, row.trigger)
    await sim.settle()

    assert reached == row.target == await cko.status(id_)
    assert cko.heard() == list(row.events)


@pytest.mark.parametrize("state", states.PAYMENT.states)
async def test_no_other_move_is_possible_and_none_is_announced(sim: Sim, cko: Merchant, state: str) -> None:
    id_ = await walk_to(sim, cko, state)
    others = {trigger for trigger, _ in states.PAYMENT.moves} - set(states.PAYMENT.allowed(state))

    for trigger in sorted(others):
        with pytest.raises(IllegalTransition) as refused:
            fire(sim, id_, trigger)
        assert (refused.value.state, refused.value.trigger) == (state, trigger)
    await sim.settle()

    assert others
    assert await cko.status(id_) == state
    assert sim.hooks == []
