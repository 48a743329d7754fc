"""Actions of a payment: refunds and reversals, and those that Alipay does not have.

Source: docs/providers/checkoutcom.md, sources 3.4 to 3.8.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Forbidden, IllegalTransition, LimitExceeded
from simulator.providers.checkoutcom import notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.payments import find_payment
from simulator.providers.checkoutcom.model import Action, Payment, new_id
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import actions as wire

REFUND_WINDOW = timedelta(days=365)
REFUND_LIMIT = 150


def get_actions(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{id}/actions: an array, newest first. Source: source 3.4."""
    payment = find_payment(call, uow)
    found = uow.by_key(Action, "payment", payment.id)
    return Reply(200, [wire.action(action) for action in found], subject=payment.id)


def refund_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{id}/refunds: the given amount, or all that is left. An amount of 0 counts as none given.

    Raises `IllegalTransition` (403) when nothing can be refunded, `LimitExceeded` when more is asked than is left.
    Source: source 3.5. Inferred: checkoutcom.reserved-refund.
    """
    request: wire.RefundRequest = call.body
    refund = _refund(call, uow, request.amount, request.capture_action_id)
    return Reply(202, wire.action_accepted(refund, call.base_url))


def reverse_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{id}/reversals: refunds all that is left of a captured payment. Source: source 3.8."""
    refund = _refund(call, uow, None)
    return Reply(202, wire.action_accepted(refund, call.base_url, "Refund"))


def _refund(call: Call, uow: UnitOfWork, amount: int | None, capture_id: str | None = None) -> Action:
    request: wire.ActionRequest = call.body
    payment = find_payment(call, uow)
    left = payment.refundable
    if left <= 0 or uow.now - payment.created_at > REFUND_WINDOW:
        raise IllegalTransition("checkoutcom.payment", payment.state, "api.refund")
    if capture_id not in (None, payment.capture_action_id):
        raise refused("capture_action_id_invalid")
    asked = amount or left
    if asked > left:
        raise LimitExceeded(asked, left)
    if payment.refund_count >= REFUND_LIMIT:
        raise refused("action_failure_limit_exceeded", error_type="processing_error")
    draft = new_action(uow, payment, "Refund", asked, reference=request.reference, metadata=request.metadata)
    refund = uow.add(draft)
    payment = uow.fire(
        payment,
        "api.refund",
        about=refund,
        refunding=payment.refunding + asked,
        refund_count=payment.refund_count + 1,
    )
    uow.arm(
        payment,
        "timer.refund",
        after=timedelta(seconds=uow.settings(CheckoutcomSettings).refund_delay_s),
        action=refund.id,
    )
    notices.test_amount(call, uow, "refund", asked, payment.currency, payment.reference)
    return refund


def new_action(
    uow: UnitOfWork, payment: Payment, type_: str, amount: int, *, state: str = "In Progress", **more: Any
) -> Action:
    """An action that begins now, not yet stored."""
    return Action(
        id=new_id(uow.ids, "act"),
        state=state,
        created_at=uow.now,
        updated_at=uow.now,
        payment_id=payment.id,
        type=type_,
        amount=amount,
        processed_on=uow.now,
        **more,
    )


def not_for_alipay(call: Call, uow: UnitOfWork) -> Reply:
    """Captures, voids, authorizations, cancellations: 403 in every state, since Alipay pays in one step.

    Source: source 3.6. Inferred: checkoutcom.not-for-alipay.
    """
    payment = find_payment(call, uow)
    operation = call.endpoint.operation if call.endpoint else "this"
    raise Forbidden(f"{operation} is not possible for {payment.source_type}, which is captured by itself")
