"""Refunds: accepted at once, then declined by the platform or decided by the bank when a timer is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay import errors, wire
from simulator.providers.ecommpay.checks import schema_problems
from simulator.providers.ecommpay.flow import accept, provider_answer
from simulator.providers.ecommpay.handlers.acceptance import accepted, part, rejected, whole_number
from simulator.providers.ecommpay.model import (
    METHOD,
    Payment,
    Refund,
    find_payment,
    new_number,
    new_request_id,
)
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.states import REFUNDABLE
from simulator.wallet import alipay

PENDING_REFUND = timedelta(seconds=30)


def refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refund: gives back part of a purchase or, without an amount, everything that is left.

    If the payment is known, whatever else is wrong makes a declined refund, not an error callback; only a wrong payment
    method does not. Source: reference/ecommpay.md, sections 3.2, 4.4 and 5.3.
    """
    body, request_id = call.json, new_request_id(uow)
    general, asked = body["general"], part(body, "payment")
    payment = find_payment(uow, call.credential["project_id"], general["payment_id"])
    if payment is None:
        return rejected(call, uow, request_id, "refund", [errors.item("3061", "general.payment_id")])
    if call.path.get("payment_method", METHOD) != METHOD:
        return rejected(call, uow, request_id, "refund", [errors.item("2541")], payment)
    problems = schema_problems(wire.RefundRequest, body)
    if problems:  # nothing else that the request says counts
        general, asked, body = {}, {"amount": whole_number(asked.get("amount"))}, {}
    amount = asked.get("amount") or max(payment.left, 0)
    callback = body.get("callback") or {}
    refused = "502" if problems else _refund_refusal(payment, asked, amount)
    is_good = refused is None
    operation = Refund(
        id=str(new_number(uow)),
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        payment=payment.id,
        request_id=request_id,
        amount=amount,
        currency=payment.currency,
        merchant_refund_id=asked.get("merchant_refund_id"),
        callback_url=general.get("merchant_callback_url"),
        callback_delay_s=callback.get("delay") or 0,
        callback_disabled=bool(callback.get("force_disable")),
        errors=tuple(problems),
        reserved=is_good,
    )
    verdict: dict[str, Any] = {"code": refused}
    delay = timedelta(seconds=uow.settings(EcommpaySettings).refund_delay_s)
    if is_good:
        verdict, delay = _bank_on_refund(uow, payment, amount, delay)
    known_ids = payment.merchant_refund_ids
    if is_good and operation.merchant_refund_id:
        known_ids = (*known_ids, operation.merchant_refund_id)
    uow.amend(
        payment,
        refund_ids=(*payment.refund_ids, operation.id),
        merchant_refund_ids=known_ids,
        refunding=payment.refunding + (amount if is_good else 0),
    )
    uow.add(operation)
    accept(uow, request_id, payment, operation.id, "refund")
    uow.arm(operation, "timer.refund", after=delay, **verdict)
    return accepted(call, request_id)


def _refund_refusal(payment: Payment, asked: Mapping[str, Any], amount: int) -> str | None:
    """The code with which the platform declines a refund; None when the bank is to decide. Source: section 5.3."""
    if payment.state not in REFUNDABLE:
        return "3060"
    merchant_refund_id = asked.get("merchant_refund_id")
    if merchant_refund_id and merchant_refund_id in payment.merchant_refund_ids:
        return "3230"
    currency = asked.get("currency")
    if currency is not None and asked.get("amount") is None:
        return "3286"
    if currency is not None and currency != payment.currency:
        return "3284"
    return "3283" if amount > payment.left or amount <= 0 else None


def _bank_on_refund(
    uow: UnitOfWork, payment: Payment, amount: int, delay: timedelta
) -> tuple[dict[str, Any], timedelta]:
    """What the bank will say, as data of the timer, and when. Documented test amounts and scenarios decide that."""
    facts = {"amount": amount, "currency": payment.currency, "reference": payment.payment_id, "payment": payment.id}
    effect = uow.rule("bank", "ecommpay", operation="refund", **facts)
    if effect is None:
        return {}, delay
    params = effect.params
    if params.delay is not None:
        delay = params.delay
    elif params.outcome == "pending":
        delay = PENDING_REFUND
    if params.decline or params.outcome == "declined" or params.then == "declined":
        code = errors.decline_code(params.code, params.decline)
        return {"code": code, "message": params.message}, delay
    return {}, delay


def settle_refund(uow: UnitOfWork, operation: Refund, code: str | None, message: str | None) -> None:
    """The result of a refund. The payment moves first: the operation's callback shows both.

    `code` is that of a decline. `provider` of a refund that the platform declined itself stays empty.
    """
    payment = uow.get(Payment, operation.payment)
    refunding = payment.refunding - (operation.amount if operation.reserved else 0)
    provider = provider_answer(uow) if operation.reserved else {}
    if code is not None:
        uow.amend(payment, refunding=refunding)
        uow.fire(operation, "bank.declined", code=code, message=message or errors.message(code), **provider)
        return
    refunded = payment.refunded + operation.amount
    trigger = "bank.refunded" if refunded == payment.amount else "bank.refunded_part"
    uow.fire(payment, trigger, refunded=refunded, refunding=refunding, changed_at=uow.now)
    alipay.refund(uow, payment.order_code, Money(operation.amount, operation.currency))
    uow.fire(operation, "bank.refunded", code="0", message=errors.message("0"), **provider)
