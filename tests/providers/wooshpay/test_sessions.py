"""A checkout session's moves and a refund's, through what a merchant and a shopper can do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import Merchant
from providers.wooshpay.test_machines import (
    ASYNC_FAILED,
    ASYNC_PAID,
    DAY,
    Act,
    Prepare,
    expire_session,
    of_session,
    press,
    session_of,
    succeeded,
    wait,
    wallet,
)
from simulator.providers.wooshpay.states import CHECKOUT_SESSION, REFUND

# Sessions ------------------------------------------------------------------------------------------------------


async def pending_session(m: Merchant) -> str:
    data = {"currency": "CNY", "unit_amount": ASYNC_PAID, "product_data": {"name": "tea"}}
    session = await m.session(line_items=[{"price_data": data, "quantity": 1}])
    await m.sim.act("wooshpay", session["payment_intent"], "pay")
    return str(session["payment_intent"])


SESSION_MOVES: dict[tuple[str, str], tuple[Prepare, Act]] = {
    ("wallet.paid", "open"): (of_session, wallet("pay")),
    ("bank.settled", "open"): (pending_session, wait(seconds=30)),
    ("api.expire", "open"): (of_session, expire_session),
    ("timer.expired", "open"): (of_session, DAY),
}


def test_every_move_of_a_session_is_walked_below() -> None:
    assert set(SESSION_MOVES) == set(CHECKOUT_SESSION.moves)


@pytest.mark.parametrize("row", SESSION_MOVES, ids=lambda row: row[0])
async def test_a_session_moves_and_says_so(sim: Sim, wooshpay: Merchant, row: tuple[str, str]) -> None:
    prepare, act = SESSION_MOVES[row]
    move = CHECKOUT_SESSION.moves[row]
    intent = await prepare(wooshpay)
    assert (await session_of(wooshpay, intent))["status"] == "open"

    await act(wooshpay, intent)
    await sim.settle()

    session = await session_of(wooshpay, intent)
    assert session["status"] == move.target
    assert session["payment_status"] == ("paid" if move.target == "complete" else "unpaid")
    assert ("url" in session) is (move.target == "complete")
    heard = [hook.body for hook in sim.hooks if hook.body["type"].startswith("checkout.")]
    assert [body["type"] for body in heard] == list(move.events)
    assert heard[0]["data"]["object"] == session


@pytest.mark.parametrize("verb", ["pay", "expire_session"])
async def test_a_session_that_has_ended_cannot_be_expired(sim: Sim, wooshpay: Merchant, verb: str) -> None:
    intent = await of_session(wooshpay)
    await (wallet("pay") if verb == "pay" else expire_session)(wooshpay, intent)
    await sim.settle()
    session, heard = await session_of(wooshpay, intent), len(sim.hooks)

    refused = await wooshpay.refused(f"checkout/sessions/{session['id']}/expire")
    await sim.settle()

    assert refused == (400, "invalid_request_error", "checkout_session_unexpected_state", None)
    assert await session_of(wooshpay, intent) == session
    assert len(sim.hooks) == heard


async def test_a_session_whose_money_is_on_its_way_does_not_expire_under_it(sim: Sim, wooshpay: Merchant) -> None:
    data = {"currency": "CNY", "unit_amount": ASYNC_PAID, "product_data": {"name": "tea"}}
    session = await wooshpay.session(line_items=[{"price_data": data, "quantity": 1}])
    await sim.advance(hours=23, minutes=59, seconds=50)
    await sim.act("wooshpay", session["payment_intent"], "pay")
    refused = await wooshpay.refused(f"checkout/sessions/{session['id']}/expire")

    await sim.advance(minutes=1)

    assert refused[2] == "checkout_session_unexpected_state"
    assert (await session_of(wooshpay, session["payment_intent"]))["status"] == "complete"


async def test_a_session_expires_when_its_late_money_never_comes(sim: Sim, wooshpay: Merchant) -> None:
    data = {"currency": "CNY", "unit_amount": ASYNC_FAILED, "product_data": {"name": "tea"}}
    session = await wooshpay.session(line_items=[{"price_data": data, "quantity": 1}])
    await sim.advance(hours=23, minutes=59, seconds=50)
    await sim.act("wooshpay", session["payment_intent"], "pay")

    await sim.advance(minutes=1)

    assert (await session_of(wooshpay, session["payment_intent"]))["status"] == "expired"
    assert await wooshpay.status(session["payment_intent"]) == "canceled"


@pytest.mark.parametrize("unit", [1, 1000])
async def test_a_session_may_be_given_its_own_deadline(sim: Sim, wooshpay: Merchant, unit: int) -> None:
    """In seconds or in milliseconds; the answer is in milliseconds."""
    at = int((sim.started_at + timedelta(hours=1)).timestamp())

    session = await wooshpay.session(expires_at=at * unit)
    await sim.advance(hours=1)

    assert session["expires_at"] == at * 1000
    assert (await session_of(wooshpay, session["payment_intent"]))["status"] == "expired"


async def test_the_control_api_shows_until_when_a_payment_waits(sim: Sim, wooshpay: Merchant) -> None:
    """With its session while no wallet order is open, then with the wallet's code."""
    intent = await of_session(wooshpay)
    before = await sim.payment("wooshpay", intent)

    await press(wooshpay, intent)

    assert (before["phase"], before["expires_at"]) == ("waiting", "2026-03-05T05:00:00.000Z")
    assert (await sim.payment("wooshpay", intent))["expires_at"] == "2026-03-04T05:15:00.000Z"


async def test_a_sessions_intent_cannot_be_cancelled(sim: Sim, wooshpay: Merchant) -> None:
    intent = await of_session(wooshpay)

    refused = await wooshpay.refused(f"payment_intents/{intent}/cancel")

    assert refused == (400, "invalid_request_error", "payment_intent_belongs_to_session", None)
    assert await wooshpay.status(intent) == "requires_payment_method"


async def test_a_declined_session_stays_open_for_another_try(sim: Sim, wooshpay: Merchant) -> None:
    intent = await of_session(wooshpay)

    await sim.act("wooshpay", intent, "decline")
    declined = (await session_of(wooshpay, intent))["status"], await wooshpay.status(intent)
    await sim.act("wooshpay", intent, "pay")

    assert declined == ("open", "requires_payment_method")
    assert (await session_of(wooshpay, intent))["status"] == "complete"


# Refunds -------------------------------------------------------------------------------------------------------

REFUND_MOVES = {("bank.settled", "pending"): (411, None), ("bank.failed", "pending"): (412, "unknown")}


def test_every_move_of_a_refund_is_walked_below() -> None:
    assert set(REFUND_MOVES) == set(REFUND.moves)


@pytest.mark.parametrize("row", REFUND_MOVES, ids=lambda row: row[0])
async def test_a_pending_refund_ends_and_says_so(sim: Sim, wooshpay: Merchant, row: tuple[str, str]) -> None:
    amount, reason = REFUND_MOVES[row]
    move = REFUND.moves[row]
    intent = await succeeded(wooshpay)
    refund = await wooshpay.refund(intent, amount=amount)
    await sim.settle()
    heard = len(sim.hooks)

    await sim.advance(seconds=30)

    settled = await wooshpay.read(f"refunds/{refund['id']}")
    assert (refund["status"], settled["status"]) == ("pending", move.target)
    assert settled.get("failure_reason") == reason
    assert [hook.body["type"] for hook in sim.hooks[heard:]] == list(move.events)
    assert sim.hooks[-1].body["data"]["object"] == settled
    assert sim.hooks[-1].at == sim.started_at + timedelta(seconds=30)
    view = await sim.payment("wooshpay", intent)
    assert view["refunded"]["value"] == (amount if move.target == "succeeded" else 0)


async def test_a_failed_refund_frees_the_amount_again(sim: Sim, wooshpay: Merchant) -> None:
    intent = await succeeded(wooshpay)
    await wooshpay.refund(intent, amount=412)
    await sim.advance(seconds=30)

    refund = await wooshpay.refund(intent)

    assert (refund["amount"], refund["status"]) == (1999, "succeeded")


@pytest.mark.parametrize("first", [{}, {"amount": 400}, {"amount": "400"}, {"amount": 411}])
async def test_alipay_gives_back_once_in_full_or_in_part(sim: Sim, wooshpay: Merchant, first: dict[str, Any]) -> None:
    intent = await succeeded(wooshpay)
    done = await wooshpay.refund(intent, **first)
    await sim.settle()
    before, heard = await sim.payment("wooshpay", intent), len(sim.hooks)

    refused = await wooshpay.refused("refunds", {"payment_intent": intent, "amount": 100})
    await sim.settle()

    assert done["amount"] == int(first.get("amount", 1999))
    assert refused == (400, "invalid_request_error", "charge_already_refunded", None)
    assert (await sim.payment("wooshpay", intent))["refunded"] == before["refunded"]
    assert len(sim.hooks) == heard
    assert await wooshpay.status(intent) == "succeeded"


async def test_a_wallet_that_takes_several_refunds_takes_them_up_to_what_was_paid(wooshpay: Merchant) -> None:
    wechat = {"payment_method_data": {"type": "wechat_pay"}, "payment_method_types": ["wechat_pay"]}
    intent = (await wooshpay.paid(**wechat, payment_method_options=None, amount=1000))["id"]

    await wooshpay.refund(intent, amount=400)
    too_much = await wooshpay.refused("refunds", {"payment_intent": intent, "amount": 700})
    await wooshpay.refund(intent, amount=600)

    assert too_much == (400, "invalid_request_error", "amount_too_large", "amount")


async def test_money_goes_back_to_the_shopper(sim: Sim, wooshpay: Merchant) -> None:
    async def balance() -> int:
        buyers = (await sim.http.get(f"{sim.path}/buyers")).json()["data"]
        return int(next(buyer for buyer in buyers if buyer["slug"] == "li-na")["balance"]["value"])

    start = await balance()
    intent = await succeeded(wooshpay)
    paid = await balance()

    await wooshpay.refund(intent, amount=999)

    assert (start - paid, await balance() - paid) == (1999, 999)
