"""What becomes of a payment when the wallet, the bank or the clock speaks, and where the consumer returns to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine import settling
from simulator.engine.pages import with_query
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline import errors, products
from simulator.providers.worldline.checkout_payments import checkout_return
from simulator.providers.worldline.handlers.refunds import execute_refund
from simulator.providers.worldline.model import HostedCheckout, Payment, Refund
from simulator.providers.worldline.moves import move_payment
from simulator.providers.worldline.settings import WorldlineSettings
from simulator.providers.worldline.states import DECLINE_CODES, PAYMENT_CODES
from simulator.providers.worldline.wire.hosted_checkouts import page_path
from simulator.wallet import alipay
from simulator.wallet.order import Order


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            capture_payment(uow, resource)
        case "wallet.declined":
            code = teller.code or errors.DECLINED
            error = errors.api_error(code, uow.ids, brief=True, message=teller.message)
            status_code = DECLINE_CODES.get(teller.reason or "", PAYMENT_CODES[news])
            move_payment(uow, resource, news, errors=(error,), code=status_code)
        case "wallet.cancelled":
            as_rejected = uow.settings(WorldlineSettings).consumer_cancel == "REJECTED"
            move_payment(uow, resource, "wallet.cancelled_125" if as_rejected else news)
        case "wallet.expired":
            _expire(uow, resource)


def _expire(uow: UnitOfWork, payment: Payment) -> None:
    move_payment(uow, payment, "timer.expired", code=uow.settings(WorldlineSettings).expiry_code)


def capture_payment(uow: UnitOfWork, payment: Payment) -> Payment:
    """The wallet has confirmed: the funds are on their way and arrive by the clock.

    A bank rule may delay them, or keep them away (`outcome: pending`).
    """
    settings = uow.settings(WorldlineSettings)
    settles_at = settling.funds_due(uow, payment, payment.money, timedelta(seconds=settings.settlement_s))
    files_at = uow.now + timedelta(seconds=settings.settlement_file_s)
    is_filed = settles_at is not None and files_at < settles_at
    changes: dict[str, Any] = {
        "captured_at": uow.now,
        "settles_at": settles_at,
        "files_at": files_at if is_filed else None,
    }
    if payment.product == products.ALIPAY_PLUS and payment.wallet_used is None:
        changes["wallet_used"] = "ALIPAY_CN"
    return move_payment(uow, payment, "wallet.paid", **changes)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    if isinstance(resource, Refund):
        execute_refund(uow, resource)
    elif isinstance(resource, HostedCheckout):
        uow.fire(resource, trigger)
    elif isinstance(resource, Payment):
        match trigger:
            case "timer.expired":
                _expire(uow, resource)
                alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            case "timer.filed":
                move_payment(uow, resource, trigger)
            case "timer.settled":
                _settle(uow, resource)
            case "timer.remitted":
                _remit(uow, resource)


def _settle(uow: UnitOfWork, payment: Payment) -> None:
    """The funds have arrived, unless a bank rule says that they will not."""
    if not settling.funds_have_come(uow, payment, payment.money):
        move_payment(uow, payment, "bank.funds_missing")
        return
    usual = timedelta(seconds=uow.settings(WorldlineSettings).remittance_s)
    remits_at = uow.now + uow.ask_bank(payment, "remit", payment.money).wait(usual)
    move_payment(uow, payment, "timer.settled", amount_paid=payment.amount, remits_at=remits_at)


def _remit(uow: UnitOfWork, payment: Payment) -> None:
    """The funds go on to the merchant, which changes only the code; a bank rule may take them back instead."""
    if not uow.ask_bank(payment, "remit", payment.money).approves:
        move_payment(uow, payment, "bank.reversed", amount_reversed=payment.amount_paid - payment.amount_refunded)
    else:
        move_payment(uow, payment, "timer.remitted")


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the consumer goes when they leave the wallet: to the merchant, with RETURNMAC and REF, or to MyCheckout's result page.

    Inferred: worldline.return-order.

    Source: docs/providers/worldline.md, source 3.17.
    """
    assert isinstance(payment, Payment)
    if payment.hosted_checkout_id is None:
        assert payment.return_url is not None
        return with_query(payment.return_url, RETURNMAC=payment.returnmac, REF=payment.id)
    checkout = uow.get(HostedCheckout, payment.hosted_checkout_id)
    if checkout.show_result_page or checkout.return_url is None:
        return f"{payment.origin}{page_path(checkout)}"
    return checkout_return(checkout)
