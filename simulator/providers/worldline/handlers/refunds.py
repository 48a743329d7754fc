"""Refunds: create, approve, cancel, get and find; Alipay executes them by the clock.

Inferred: worldline.over-refund, worldline.refund-output.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.bank import BankVerdict
from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import IllegalTransition, Invalid, LimitExceeded, Refused, Violation
from simulator.providers.worldline import errors, model, notices, products
from simulator.providers.worldline.handlers.captures import captured_by
from simulator.providers.worldline.handlers.payments import payment_of
from simulator.providers.worldline.handlers.requests import check_types, location
from simulator.providers.worldline.handlers.searches import find_by_reference
from simulator.providers.worldline.model import Payment, Refund
from simulator.providers.worldline.moves import move_payment, tell_checkout
from simulator.providers.worldline.settings import WorldlineSettings
from simulator.providers.worldline.states import REFUND_CODES
from simulator.providers.worldline.wire import refunds as wire
from simulator.providers.worldline.wire.layout import page_of
from simulator.wallet import alipay


def refund_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{paymentId}/refund of a PAID payment: a part, or with an empty body all that is left.

    Raises `IllegalTransition` when it is not PAID, `LimitExceeded` when nothing is left or too much is asked (400/300450, both);
    `Refused` with 405 after 90 days. Source: docs/providers/worldline.md, sources 3.6 and 7.
    """
    return _refund_of(call, uow, payment_of(call, uow))


def refund_capture(call: Call, uow: UnitOfWork) -> Reply:
    """POST /captures/{captureId}/refund: the same, for the payment's one capture. Inferred: worldline.captures."""
    return _refund_of(call, uow, captured_by(call, uow))


def _refund_of(call: Call, uow: UnitOfWork, payment: Payment) -> Reply:
    check_types(call)
    request = call.body
    asked = request.amountOfMoney.amount if request.amountOfMoney else payment.left
    if payment.state != "PAID":
        raise IllegalTransition("worldline.payment", payment.state, "api.refund")
    if payment.captured_at is not None and uow.now - payment.captured_at > products.REFUND_WINDOW:
        raise Refused("300450", {"http": 405})
    if request.amountOfMoney and request.amountOfMoney.currencyCode != payment.currency:
        path, given = "amountOfMoney.currencyCode", request.amountOfMoney.currencyCode
        raise Invalid([Violation(path, "enum", payment.currency, given)])
    if request.amountOfMoney and (asked == 0 or not model.is_whole(asked, payment.currency)):
        raise Invalid([Violation("amountOfMoney.amount", "enum", given=asked)])
    if asked > payment.left or payment.left == 0:
        raise LimitExceeded(asked, payment.left)
    references = request.refundReferences or wire.RefundReferences()
    refund = Refund(
        id=model.refund_id(payment.id, payment.refunds + 1),
        state="CREATED",
        changed_at=uow.now,
        payment=payment.id,
        amount=asked,
        currency=payment.currency,
        merchant_reference=references.merchantReference,
        merchant_order_id=payment.merchant_order_id,
        hosted_checkout_id=payment.hosted_checkout_id,
        descriptor=references.descriptor,
        reason=request.refundReason,
        total_paid=payment.amount_paid,
        total_refunded=payment.amount_refunded,
    )
    notices.test_amount(call, uow, asked, payment.currency, refund=True)
    payment = uow.amend(payment, refunds=payment.refunds + 1)
    refund = uow.add(refund, events=["refund.created"])
    verdict = _ask_bank(uow, payment, refund.amount)
    if verdict.declines_now:
        refund = _move_refund(uow, refund, "bank.refused")
        error = errors.api_error(verdict.code or errors.DECLINED, uow.ids, brief=True, message=verdict.message)
        return Reply(402, wire.refund_error_response(errors.error_id(uow.ids), [error], refund))
    uow.amend(payment, amount_refund_requested=payment.amount_refund_requested + refund.amount)
    if uow.settings(WorldlineSettings).refund_approval == "manual":
        refund = _move_refund(uow, refund, "api.await_approval")
    else:
        refund = _request(uow, refund, payment, "api.request")
    return Reply(201, wire.refund(refund), location(call, f"refunds/{refund.id}"))


def _move_refund(uow: UnitOfWork, refund: Refund, trigger: str, **changes: Any) -> Refund:
    return uow.fire(refund, trigger, code=REFUND_CODES[trigger], changed_at=uow.now, **changes)


def _ask_bank(uow: UnitOfWork, payment: Payment, amount: int) -> BankVerdict:
    return uow.ask_bank(payment, "refund", model.to_money(amount, payment.currency))


def _request(uow: UnitOfWork, refund: Refund, payment: Payment, trigger: str, **changes: Any) -> Refund:
    """Asks Alipay, which answers by the clock. If a bank rule says `pending`, without `delay` or `then`, it never answers."""
    verdict = _ask_bank(uow, payment, changes.get("amount", refund.amount))
    usual = timedelta(seconds=uow.settings(WorldlineSettings).refund_s)
    executes_at = None if verdict.is_open_ended else uow.now + verdict.wait(usual)
    if refund.requested_at is None:
        changes |= {"requested_at": uow.now, "requested_amount": changes.get("amount", refund.amount)}
    return _move_refund(uow, refund, trigger, executes_at=executes_at, **changes)


def execute_refund(uow: UnitOfWork, refund: Refund) -> None:
    """Alipay has executed the refund, or refused it."""
    payment = uow.get(Payment, refund.payment)
    verdict = _ask_bank(uow, payment, refund.amount)
    requested = payment.amount_refund_requested - refund.amount
    if not verdict.approves:
        uow.amend(payment, amount_refund_requested=requested)
        _move_refund(uow, refund, "bank.rejected")
        return
    refunded = payment.amount_refunded + refund.amount
    payment = uow.amend(payment, amount_refund_requested=requested, amount_refunded=refunded)
    _move_refund(uow, refund, "timer.executed", total_refunded=refunded)
    alipay.refund(uow, payment.order_code, model.to_money(refund.amount, refund.currency))
    if refunded == payment.amount_paid and payment.product == products.ALIPAY_PLUS:
        move_payment(uow, payment, "bank.refunded")
    else:
        tell_checkout(uow, payment)


def _refund(call: Call, uow: UnitOfWork) -> Refund:
    return uow.get(Refund, call.path["refundId"], "refundId")


def get_refund(call: Call, uow: UnitOfWork) -> Reply:
    refund = _refund(call, uow)
    return Reply(200, wire.refund(refund), subject=refund.payment)


def get_refunds(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{paymentId}/refunds, oldest first. Inferred: worldline.search."""
    payment = payment_of(call, uow)
    found = uow.by_key(Refund, "payment", payment.id)
    return Reply(200, {"refunds": [wire.refund(refund) for refund in reversed(found)]}, subject=payment.id)


def find_refunds(call: Call, uow: UnitOfWork) -> Reply:
    found, limit, offset, total = find_by_reference(call, uow, Refund)
    return Reply(200, page_of("refunds", [wire.refund(r) for r in found], limit, offset, total))


def approve_refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST /refunds/{refundId}/approve: the amount may be changed. Source: docs/providers/worldline.md, source 3.8."""
    refund = _refund(call, uow)
    if refund.state != "PENDING_APPROVAL":
        raise IllegalTransition("worldline.refund", refund.state, "api.approve")
    payment = uow.get(Payment, refund.payment)
    amount = refund.amount if call.body.amount is None else call.body.amount
    if not model.is_whole(amount, refund.currency):
        raise Invalid([Violation("amount", "enum", given=amount)])
    if amount > payment.left + refund.amount:
        raise LimitExceeded(amount, payment.left + refund.amount)
    requested = payment.amount_refund_requested - refund.amount + amount
    payment = uow.amend(payment, amount_refund_requested=requested)
    _request(uow, refund, payment, "api.approve", amount=amount)
    return Reply(204)


def cancel_approval(call: Call, uow: UnitOfWork) -> Reply:
    _move_refund(uow, _refund(call, uow), "api.cancelapproval")
    return Reply(204)


def cancel_refund(call: Call, uow: UnitOfWork) -> Reply:
    """The amount becomes refundable again."""
    refund = _move_refund(uow, _refund(call, uow), "api.cancel")
    payment = uow.get(Payment, refund.payment)
    uow.amend(payment, amount_refund_requested=payment.amount_refund_requested - refund.amount)
    return Reply(204)
