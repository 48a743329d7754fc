"""What becomes of a payment, a refund or a request when the wallet or the clock speaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.flow import decline, move, proceed
from simulator.providers.ecommpay.handlers.clarifications import clarified
from simulator.providers.ecommpay.handlers.refunds import settle_refund
from simulator.providers.ecommpay.model import Payment, Refund, Request
from simulator.providers.ecommpay.states import AWAITING
from simulator.wallet import alipay
from simulator.wallet.order import Order


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet has decided. A payment still in `processing` first goes on, so that its intermediate callback comes first."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    if news not in ("wallet.paid", "wallet.declined", "wallet.cancelled", "wallet.expired"):
        return
    payment = resource
    if payment.state == "processing":
        uow.disarm(payment, "timer.process")
        payment = proceed(uow, payment)
    if news == "wallet.paid":
        move(uow, payment, news, code="0", decided=True)
        return
    decline(uow, payment, news, errors.decline_code(teller.code, teller.reason), teller.message)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource:
        case Payment():
            _on_payment_timer(uow, resource, trigger, data)
        case Refund():
            settle_refund(uow, resource, data.get("code"), data.get("message"))
        case Request():
            uow.fire(resource, f"bank.{resource.type}_rejected")


def _on_payment_timer(uow: UnitOfWork, payment: Payment, trigger: str, data: Mapping[str, Any]) -> None:
    match trigger:
        case "timer.process" if payment.state == "processing":
            proceed(uow, payment)
        case "timer.clarified" if payment.state == "awaiting clarification":
            clarified(uow, payment)
        case "timer.threshold" if payment.state in AWAITING:
            decline(uow, payment, trigger, "20602")
            alipay.close(uow, payment.order_code, "expired", decided_by="timer")
        case "timer.clarification" if payment.state == "awaiting clarification":
            decline(uow, payment, trigger, "20602")
