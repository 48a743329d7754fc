"""What each operation does: look it up, refuse if need be, fire, render."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, LimitExceeded, Refused
from simulator.surface.skeleton import wire
from simulator.surface.skeleton.model import Payment
from simulator.surface.skeleton.settings import NewpaySettings
from simulator.wallet import alipay, payee
from simulator.wallet.order import Order

USUAL_REFUND = timedelta(seconds=30)
"""How long a refund is pending that a scenario holds back without saying for how long. Inferred: newpay.refund-time."""


def create_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /newpay/v1/payments: opens the wallet's order, at whose page the buyer decides. Amounts are in minor units."""
    request: wire.PaymentRequest = call.body
    payment = uow.add(
        Payment(
            id="pay_" + uow.ids.text(20),
            amount=request.amount,
            currency=request.currency,
            reference=request.reference,
            return_url=request.return_url,
        )
    )
    order = alipay.open_order(
        uow,
        payment,
        title="Newpay",
        amount=Money(payment.amount, payment.currency),
        merchant=uow.settings(NewpaySettings).merchant_name,
        reference=payment.reference,
        operation="create",
        expires_at=uow.now + timedelta(hours=2),
    )
    return Reply(201, wire.payment(uow.amend(payment, order_code=order.id), call.base_url))


def get_payment(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.payment(uow.get(Payment, call.path["id"]), call.base_url))


def cancel_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/cancel. Raises `IllegalTransition` when the payment does not wait any more."""
    payment = uow.fire(uow.get(Payment, call.path["id"]), "api.cancel")
    alipay.close(uow, payment.order_code, "cancelled")
    return Reply(200, wire.payment(payment, call.base_url))


def refund_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refunds: a part, or without `amount` all that is left. Raises `LimitExceeded` when more is asked than that."""
    request: wire.RefundRequest = call.body
    payment = uow.get(Payment, call.path["id"])
    if payment.state not in ("paid", "partially_refunded"):
        raise IllegalTransition("newpay.payment", payment.state, "api.refund")
    asked = payment.left if request.amount is None else request.amount
    if asked > payment.left or asked == 0:
        raise LimitExceeded(requested=asked, available=payment.left)
    verdict = uow.ask_bank(payment, "refund", Money(asked, payment.currency))
    if verdict.declines_now:
        raise Refused("refund_declined")
    if verdict.is_pending:
        payment = uow.amend(payment, refunding=payment.refunding + asked)
        uow.arm(payment, "timer.refunded", after=verdict.wait(USUAL_REFUND), amount=asked, approves=verdict.approves)
    else:
        payment = _give_back(uow, payment, asked)
    return Reply(202, wire.payment(payment, call.base_url), subject=payment.id)


def _give_back(uow: UnitOfWork, payment: Payment, amount: int) -> Payment:
    refunded = payment.refunded + amount
    trigger = "bank.refund_rest" if refunded == payment.amount else "bank.refund_part"
    alipay.refund(uow, payment.order_code, Money(amount, payment.currency))
    return uow.fire(payment, trigger, about=amount, refunded=refunded)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    if trigger != "timer.refunded":
        payee.on_timer(uow, resource, trigger, data)
        return
    assert isinstance(resource, Payment)
    payment = uow.amend(resource, refunding=resource.refunding - data["amount"])
    if data["approves"]:
        _give_back(uow, payment, data["amount"])
    else:
        uow.fire(payment, "bank.refund_failed", about=data["amount"])


DECLINE_REASONS = {
    "balance": "insufficient_funds",
    "limit": "limit_exceeded",
    "blocked": "account_blocked",
    "authentication": "authentication_failed",
}
"""The wallet's neutral reason in Newpay's words."""


def hear(uow: UnitOfWork, resource: Resource, news: str, order: Resource) -> None:
    """What the wallet tells. Of a declined payment the reason is kept: the word of a scenario, where one fixed it."""
    if news != "wallet.declined":
        payee.hear(uow, resource, news, order)
        return
    assert isinstance(resource, Payment) and isinstance(order, Order)
    reason = order.code or DECLINE_REASONS.get(order.reason or "", "declined")
    uow.fire(resource, news, decline_reason=reason)


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the wallet sends the buyer's browser afterwards."""
    assert isinstance(payment, Payment)
    return with_query(payment.return_url, payment_id=payment.id, status=payment.state)
