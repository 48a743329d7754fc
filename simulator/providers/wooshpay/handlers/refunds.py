"""Refunds: at once, or pending until the bank has spoken."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.wooshpay.bank import await_decision
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.lookup import find, listed, merged, owned, query_of
from simulator.providers.wooshpay.model import Charge, PaymentIntent, Refund, mint
from simulator.providers.wooshpay.notices import give_notice_of_test_amount
from simulator.providers.wooshpay.wire import refunds as wire
from simulator.providers.wooshpay.wire.lists import listing
from simulator.wallet import alipay

# The methods that take several partial refunds; Alipay does not (seed). Source: docs/providers/wooshpay.md, source 7.2.
SEVERAL_REFUNDS = frozenset({"card", "wechat_pay"})


def create_refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/refunds: gives back a succeeded payment, whole or in part. Alipay takes one refund and no second part (seed).

    Source: docs/providers/wooshpay.md, sources 3.14 and 7.5. Inferred: wooshpay.one-refund, wooshpay.refund-by-charge.
    """
    request: wire.RefundRequest = call.body
    intent = _refunded_intent(call, uow, request)
    if intent.state != "succeeded" or intent.charge is None:
        raise refused("charge_not_paid", "payment_intent")
    earlier = [r for r in uow.by_key(Refund, "payment_intent", f"{intent.side}:{intent.id}") if r.state != "failed"]
    paid = intent.amount_received or 0
    left = paid - sum(refund.amount for refund in earlier)
    if earlier and (intent.method_type not in SEVERAL_REFUNDS or left <= 0):
        raise refused("charge_already_refunded")
    asked = request.amount if request.amount is not None else left
    if asked > left:
        raise refused("amount_too_large", "amount", available=left)
    give_notice_of_test_amount(call, uow, Money(asked, intent.currency), intent.merchant_order_id, refund=True)
    verdict = uow.ask_bank(intent, "refund", Money(asked, intent.currency))
    if verdict.declines_now:
        raise refused("refund_failed")
    pending = verdict.is_pending
    refund = Refund(
        id=mint(uow, "re"),
        state="pending" if pending else "succeeded",
        amount=asked,
        currency=intent.currency,
        payment_intent=intent.id,
        charge=intent.charge,
        reason=request.reason,
        metadata=merged(None, request.metadata),
        **owned(call, uow),
    )
    refund = uow.add(refund, events=[] if pending else ["charge.refund.updated"])
    if pending:
        await_decision(uow, refund, verdict)
    else:
        _give_back(uow, intent, refund)
    return Reply(200, wire.refund(refund))


def _refunded_intent(call: Call, uow: UnitOfWork, request: wire.RefundRequest) -> PaymentIntent:
    if request.payment_intent is not None:
        return find(call, uow, PaymentIntent, request.payment_intent, "payment_intent")
    if request.charge is None:
        raise refused("parameter_missing", "payment_intent")
    charge = find(call, uow, Charge, request.charge, "charge")
    return uow.get(PaymentIntent, charge.payment_intent)


def _give_back(uow: UnitOfWork, intent: PaymentIntent, refund: Refund) -> None:
    """The money goes back to the shopper; the intent and its charge keep count of it."""
    alipay.refund(uow, intent.order_code, refund.money)
    uow.amend(intent, amount_refunded=intent.amount_refunded + refund.amount)
    charge = uow.get(Charge, refund.charge)
    charge = uow.amend(charge, amount_refunded=charge.amount_refunded + refund.amount)
    uow.emit("charge.refunded", charge)


def settle_refund(uow: UnitOfWork, refund: Refund, succeeds: bool) -> None:
    if not succeeds:
        uow.fire(refund, "bank.failed", failure_reason="unknown")
        return
    refund = uow.fire(refund, "bank.settled")
    _give_back(uow, uow.get(PaymentIntent, refund.payment_intent), refund)


def get_refund(call: Call, uow: UnitOfWork) -> Reply:
    refund = find(call, uow, Refund, call.path["id"])
    return Reply(200, wire.refund(refund), subject=refund.payment_intent)


def list_refunds(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, Refund, payment_intent=query.payment_intent, charge=query.charge)
    return Reply(200, listing("/v1/refunds", [wire.refund(r) for r in found], more))
