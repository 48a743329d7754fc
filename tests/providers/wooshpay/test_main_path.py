"""One Alipay purchase at WooshPay, directly and through a checkout session."""

from __future__ import annotations

from datetime import timedelta

import httpx
from support import Sim

from providers.wooshpay.driver import Merchant, event_names


async def test_a_confirmed_intent_answers_with_the_wallets_link(wooshpay: Merchant) -> None:
    intent = await wooshpay.pay_link()

    assert list(intent) == [
        "id", "object", "created", "currency", "amount", "status", "livemode", "client_secret", "next_action",
        "payment_method_types", "confirmation_method", "payment_method_options", "return_url", "payment_method",
        "capture_method",
    ]  # fmt: skip
    assert intent["status"] == "requires_action"
    assert intent["next_action"]["type"] == "redirect_to_url"
    assert list(intent["next_action"]) == ["type", "alipay_handle_redirect"]


async def test_a_paid_intent_succeeds_and_the_merchant_hears_of_it(sim: Sim, wooshpay: Merchant) -> None:
    intent = await wooshpay.pay_link(merchant_order_id="order-1001")

    paid = await sim.act("wooshpay", intent["id"], "pay")

    assert (paid["phase"], paid["decided_by"], paid["reference"]) == ("paid", "buyer:li-na", "order-1001")
    succeeded = await wooshpay.intent(intent["id"])
    assert (succeeded["status"], succeeded["amount_received"]) == ("succeeded", 20)
    assert "next_action" not in succeeded
    names = ["payment_intent.created", "payment_intent.requires_action", "payment_intent.succeeded"]
    assert event_names(sim) == names
    assert all(hook.verdict("wooshpay").valid for hook in sim.hooks)
    assert sim.hooks[-1].body["data"]["object"] == succeeded


async def test_a_declined_payment_asks_for_another_method(sim: Sim, wooshpay: Merchant) -> None:
    intent = await wooshpay.pay_link()

    declined = await sim.act("wooshpay", intent["id"], "decline", reason="balance")

    assert declined["phase"] == "declined"
    failed = await wooshpay.intent(intent["id"])
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"] == {
        "type": "invalid_request_error",
        "code": "payment_intent_payment_attempt_failed",
        "message": "The customer did not complete the payment in the wallet.",
        "payment_method_type": "alipay",
    }
    assert "payment_method" not in failed
    assert event_names(sim)[-1] == "payment_intent.payment_failed"


async def test_a_session_makes_its_intent_at_once_and_is_completed_by_it(sim: Sim, wooshpay: Merchant) -> None:
    session = await wooshpay.session(client_reference_id="order-7")

    await sim.act("wooshpay", session["payment_intent"], "pay")

    complete = await wooshpay.read(f"checkout/sessions/{session['id']}")
    assert (complete["status"], complete["payment_status"]) == ("complete", "paid")
    assert (await wooshpay.intent(session["payment_intent"]))["merchant_order_id"] == "order-7"
    assert event_names(sim) == [
        "payment_intent.created",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


async def test_an_unpaid_session_expires_after_twenty_four_hours(sim: Sim, wooshpay: Merchant) -> None:
    """The webhooks carry the instant of the deadline, not the instant at which we looked."""
    session = await wooshpay.session()

    await sim.advance(hours=30)

    assert (await wooshpay.read(f"checkout/sessions/{session['id']}"))["status"] == "expired"
    assert await wooshpay.status(session["payment_intent"]) == "canceled"
    expired, canceled = sim.hooks[-2:]
    assert [expired.body["type"], canceled.body["type"]] == ["checkout.session.expired", "payment_intent.canceled"]
    assert expired.at == canceled.at == sim.started_at + timedelta(hours=24)


async def test_a_part_is_refunded_once(sim: Sim, wooshpay: Merchant) -> None:
    intent = await wooshpay.paid(amount=1999)

    refund = await wooshpay.refund(intent["id"], amount="999", reason="requested_by_customer")
    await sim.settle()

    assert list(refund) == [
        "id", "object", "amount", "created", "currency", "payment_intent", "reason", "status",
    ]  # fmt: skip
    assert (refund["amount"], refund["status"]) == (999, "succeeded")
    assert event_names(sim)[-1] == "charge.refund.updated"
    again = await wooshpay.refused("refunds", {"payment_intent": intent["id"], "amount": 1})
    assert again == (400, "invalid_request_error", "charge_already_refunded", None)


async def test_a_failed_webhook_is_tried_again_on_schedule(sim: Sim, wooshpay: Merchant) -> None:
    refusals = iter([500, 500])
    await wooshpay.made("payment_intents", {"amount": 1, "currency": "CNY"})
    sim.answer = lambda request: httpx.Response(next(refusals, 200))

    await sim.advance(minutes=1)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [timedelta(seconds=s) for s in (0, 2, 6)]
