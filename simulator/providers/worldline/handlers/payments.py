"""Payments: create, get, find and cancel; and the operations that Alipay does not have."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import IllegalTransition
from simulator.providers.worldline import errors, notices
from simulator.providers.worldline.handlers.requests import check_types, flag, location
from simulator.providers.worldline.handlers.searches import find_by_reference
from simulator.providers.worldline.model import Payment
from simulator.providers.worldline.moves import move_payment, start_payment
from simulator.providers.worldline.terms import payment_terms
from simulator.providers.worldline.wire import payments as wire
from simulator.providers.worldline.wire.layout import page_of
from simulator.wallet import alipay
from simulator.wallet.order import Order


def create_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments: a payment at the consumer's wallet. Amounts have two implied decimals.

    A refusal at creation is 402 with the rejected payment in it, which can be fetched afterwards.
    Source: docs/providers/worldline.md, sources 3.2 and 5.3.
    """
    check_types(call)
    terms = payment_terms(call, uow, call.body)
    money = terms.order.amountOfMoney
    notices.test_amount(call, uow, money.amount, money.currencyCode)
    payment = start_payment(uow, call.credential["merchant_id"], call.base_url, terms)
    if payment.state == "REJECTED":
        body = wire.payment_error_response(errors.error_id(uow.ids), list(payment.errors), payment)
        return Reply(402, body, subject=payment.id)
    return Reply(201, wire.create_payment_response(payment), location(call, f"payments/{payment.id}"))


def payment_of(call: Call, uow: UnitOfWork) -> Payment:
    return uow.get(Payment, call.path["paymentId"], "paymentId")


def get_payment(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{paymentId}: the payment at the root."""
    operations = flag(call.query.get("returnOperations"))
    return Reply(200, wire.payment(payment_of(call, uow), operations=operations), subject=call.path["paymentId"])


def find_payments(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments: of the last 42 days, newest first. Inferred: worldline.search."""
    found, limit, offset, total = find_by_reference(call, uow, Payment)
    return Reply(200, page_of("payments", [wire.payment(p) for p in found], limit, offset, total))


def cancel_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{paymentId}/cancel: while `isCancellable`. Raises `IllegalTransition` (402/410110) otherwise.

    Source: docs/providers/worldline.md, source 3.5.
    """
    payment = payment_of(call, uow)
    if not payment.is_cancellable:
        raise IllegalTransition("worldline.payment", payment.state, "api.cancel")
    payment = move_payment(uow, payment, "api.cancel")
    alipay.close(uow, payment.order_code, "cancelled")
    return Reply(200, {"payment": wire.payment(payment)})


def not_pending(call: Call, uow: UnitOfWork) -> Reply:
    """Approve, capture, complete, …: Alipay has no delayed settlement. Source: docs/providers/worldline.md, source 3.9.

    Inferred: worldline.wrong-state.
    """
    payment = payment_of(call, uow)
    raise IllegalTransition("worldline.payment", payment.state, call.endpoint.operation if call.endpoint else "")


def get_third_party_status(call: Call, uow: UnitOfWork) -> Reply:
    """By the wallet's order. Source: source 3.10. Inferred: worldline.third-party-status."""
    payment = payment_of(call, uow)
    order = uow.find(Order, payment.order_code) if payment.order_code else None
    if payment.state not in ("CREATED", "REDIRECTED"):
        status = "COMPLETED"
    elif order is not None and order.state == "paying":
        status = "AUTHORIZED"
    else:
        seen = order is not None and (order.state == "scanned" or order.buyer is not None)
        status = "INITIALIZED" if seen else "WAITING"
    return Reply(200, {"thirdPartyStatus": status}, subject=payment.id)
