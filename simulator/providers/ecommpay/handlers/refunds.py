"""Refunds: accepted at once, then declined by the platform or decided by the bank when a timer is due."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.checks import read, whole_number
from simulator.providers.ecommpay.flow import accept, provider_decision
from simulator.providers.ecommpay.handlers.acceptance import accepted, part, rejected, tell_later
from simulator.providers.ecommpay.model import (
    METHOD,
    Payment,
    Refund,
    Sale,
    find_payment,
    new_number,
    new_request_id,
)
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.states import REFUNDABLE
from simulator.providers.ecommpay.wire import requests
from simulator.wallet import alipay

CARD_REFUND = "/v2/payment/card/refund"
PENDING_REFUND = timedelta(seconds=30)


def refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refund: gives back part of a purchase or, without an amount, everything that is left.

    If the payment is known, whatever else is wrong makes a declined refund, not an error callback; only a wrong payment
    method does not. Source: docs/providers/ecommpay.md, sources 3.2, 4.4 and 5.3.
    Inferred: ecommpay.refused-refunds.
    """
    body, request_id = call.json, new_request_id(uow)
    payment = find_payment(uow, call.credential["project_id"], body["general"]["payment_id"])
    if payment is None:
        return rejected(call, uow, request_id, "refund", [errors.item("3061", "general.payment_id")])
    if not _is_for_alipay(call):
        return rejected(call, uow, request_id, "refund", [errors.item("2541")], payment)
    operation, refused = _new_refund(uow, payment, request_id, body)
    tell_later(call, operation.errors)
    verdict: dict[str, Any] = {"code": refused}
    delay = timedelta(seconds=uow.settings(EcommpaySettings).refund_delay_s)
    known_ids = payment.merchant_refund_ids
    if operation.reserved:
        verdict, delay = _bank_on_refund(uow, payment, operation.amount, delay)
        if operation.merchant_refund_id:
            known_ids = (*known_ids, operation.merchant_refund_id)
    uow.amend(
        payment,
        refund_ids=(*payment.refund_ids, operation.id),
        merchant_refund_ids=known_ids,
        refunding=payment.refunding + (operation.amount if operation.reserved else 0),
    )
    uow.add(operation)
    accept(uow, request_id, payment, operation.id, "refund")
    uow.arm(operation, "timer.refund", after=delay, **verdict)
    return accepted(call, request_id)


def _is_for_alipay(call: Call) -> bool:
    """Whether the path is one for Alipay. That of cards is, as a plugin sends it: then it is noticed, and refused if strict."""
    method = call.path.get("payment_method", METHOD)
    if call.target != CARD_REFUND:
        return method == METHOD
    call.differs_live(
        "/v2/payment/card/refund is the path of card payments; PrestaShop's plugin sends every refund there, and the stored "
        "payment decides"
    )
    return not call.strict


def _new_refund(
    uow: UnitOfWork, payment: Payment, request_id: str, body: Mapping[str, Any]
) -> tuple[Refund, str | None]:
    """The operation, and the code with which the platform declines it; None when the bank is to decide."""
    request, problems = read(requests.RefundRequest, body)
    operation = Refund(
        id=str(new_number(uow)),
        state="processing",
        payment=payment.id,
        request_id=request_id,
        amount=payment.left,
        currency=payment.currency,
        errors=tuple(problems),
    )
    if request is None:  # nothing else that the request says counts, but the amount can be told
        asked = whole_number(part(body, "payment").get("amount"))
        return replace(operation, amount=asked or 0, has_amount=asked is not None), "502"
    wanted, callback = request.payment or requests.RefundPayment(), request.callback or requests.CallbackInfo()
    amount = payment.left if wanted.amount is None else wanted.amount
    refused = _refund_refusal(payment, wanted, amount)
    return replace(
        operation,
        type=_type_of(uow, payment, amount) if refused is None else "refund",
        amount=max(amount, 0),
        merchant_refund_id=wanted.merchant_refund_id,
        callback_url=request.general.merchant_callback_url,
        callback_from_network=uow.may_go_to("general.merchant_callback_url", request.general.merchant_callback_url),
        callback_delay_s=callback.delay or 0,
        callback_disabled=bool(callback.force_disable),
        reserved=refused is None,
    ), refused


def _type_of(uow: UnitOfWork, payment: Payment, amount: int) -> str:
    """`reversal` for the whole amount on the day of the purchase, in a project that works so.

    Whether Alipay's do is not settled. Inferred: ecommpay.same-day-refund.
    """
    is_same_day = uow.now.date() == uow.get(Sale, payment.sale_id).updated_at.date()
    is_whole = amount == payment.amount
    return uow.settings(EcommpaySettings).same_day_refund if is_same_day and is_whole else "refund"


def _refund_refusal(payment: Payment, asked: requests.RefundPayment, amount: int) -> str | None:
    """The code with which the platform declines a refund; None when the bank is to decide. Source: source 5.3."""
    if payment.state not in REFUNDABLE:
        return "3060"
    if asked.merchant_refund_id and asked.merchant_refund_id in payment.merchant_refund_ids:
        return "3230"
    if asked.currency is not None and asked.amount is None:
        return "3286"
    if asked.currency is not None and asked.currency != payment.currency:
        return "3284"
    return "3283" if amount > payment.left or amount <= 0 else None  # Inferred: ecommpay.over-refund


def _bank_on_refund(
    uow: UnitOfWork, payment: Payment, amount: int, delay: timedelta
) -> tuple[dict[str, Any], timedelta]:
    """What the bank will say, as data of the timer, and when. Documented test amounts and scenarios decide that."""
    verdict = uow.ask_bank(payment, "refund", Money(amount, payment.currency))
    if verdict.is_pending:
        delay = verdict.wait(PENDING_REFUND)
    if verdict.approves:
        return {}, delay
    return {"code": errors.decline_code(verdict.code, verdict.reason), "message": verdict.message}, delay


def settle_refund(uow: UnitOfWork, operation: Refund, code: str | None, message: str | None) -> None:
    """The result of a refund. The payment moves first: the operation's callback shows both.

    `code` is that of a decline. `provider` of a refund that the platform declined itself stays empty.
    """
    payment = uow.get(Payment, operation.payment)
    refunding = payment.refunding - (operation.amount if operation.reserved else 0)
    provider = provider_decision(uow) if operation.reserved else {}
    is_reversal = operation.type == "reversal"
    if code is not None:
        trigger = "bank.reversal_declined" if is_reversal else "bank.declined"
        uow.amend(payment, refunding=refunding)
        uow.fire(operation, trigger, code=code, message=message or errors.message(code), **provider)
        return
    refunded = payment.refunded + operation.amount
    whole = "bank.reversed" if is_reversal else "bank.refunded"
    trigger = whole if refunded == payment.amount else "bank.refunded_part"
    uow.fire(payment, trigger, refunded=refunded, refunding=refunding, changed_at=uow.now)
    alipay.refund(uow, payment.order_code, Money(operation.amount, operation.currency))
    uow.fire(operation, whole if is_reversal else "bank.refunded", code="0", message=errors.message("0"), **provider)
