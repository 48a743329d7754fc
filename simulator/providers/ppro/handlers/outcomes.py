"""What becomes of a charge when the wallet, the bank or the clock speaks, and where the consumer returns to.

Source: docs/providers/ppro.md, sources 4.2 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.pages import with_query
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures, rules
from simulator.providers.ppro.handlers import reports
from simulator.providers.ppro.handlers.authorizations import move_authorization
from simulator.providers.ppro.handlers.captures import capture, captured
from simulator.providers.ppro.handlers.discards import discard
from simulator.providers.ppro.handlers.funds_statuses import move_funds
from simulator.providers.ppro.handlers.operations import new_operation
from simulator.providers.ppro.handlers.refunds import decide_refund
from simulator.providers.ppro.model import Charge, PaymentReport
from simulator.wallet import alipay
from simulator.wallet.order import Order


def bank_decides(uow: UnitOfWork, charge: Charge) -> Charge:
    """Decides a charge for which no consumer is asked, or none any more: by the documented decline amounts and by scenarios.

    A scenario can make the provider confirm later (`delay`), not yet (`open`) or never (`expired`).
    """
    outcome, delay, params = "paid", None, None
    facts = {"operation": "authorize", "amount": charge.amount, "currency": charge.currency}
    for effect in uow.rules("wallet", "ppro", **facts, reference=charge.reference, payment=charge.id):
        delay = effect.params.delay if delay is None else delay
        if effect.params.decline is not None or effect.params.outcome is not None:
            params = effect.params
            outcome = "declined" if params.decline is not None else params.outcome
            break
    if charge.state == "AUTHORIZATION_PROCESSING" and (delay or outcome in ("open", "expired")):
        return _confirm_later(uow, charge, delay or timedelta(seconds=rules.DEFAULT_CONFIRMATION_DELAY_S))
    match outcome:
        case "declined" | "cancelled":
            assert params is not None
            code = params.code or failures.of_reason(params.decline or outcome)
            return decline(uow, charge, failures.failure(code, params.message))
        case "expired":
            return discard(uow, charge, "PROVIDER_CONFIRMATION_TIMEOUT", "timer.confirmation_timeout")
        case "open":
            return charge
        case _:
            return approve(uow, charge)


def approve(uow: UnitOfWork, charge: Charge) -> Charge:
    """The consumer or the bank has said yes: authorizes and captures, or waits for the provider's confirmation first.

    Source: docs/providers/ppro.md, source 4.2.
    """
    if charge.confirmation_delay_s is not None and charge.state != "AUTHORIZATION_ASYNC":
        return _confirm_later(uow, charge, timedelta(seconds=charge.confirmation_delay_s))
    charge = move_authorization(uow, charge, "bank.authorized")
    if not charge.requires_capture:
        charge = uow.fire(charge, "bank.authorized")
        return captured(uow, charge, new_operation(uow, "captures", "CAPTURED", charge.amount))
    charge = uow.fire(charge, "bank.authorized_for_capture")
    return capture(uow, charge, charge.amount, {}) if charge.auto_capture else charge


def _confirm_later(uow: UnitOfWork, charge: Charge, delay: timedelta) -> Charge:
    charge = move_authorization(uow, charge, "bank.confirms_later")
    charge = uow.fire(charge, "bank.confirms_later")
    uow.arm(charge, "timer.provider_confirmation", after=delay)
    return charge


def decline(uow: UnitOfWork, charge: Charge, failure: dict[str, Any], trigger: str = "bank.declined") -> Charge:
    """Whoever has paid in the wallet before the provider's confirmation gets the money back."""
    charge = move_authorization(uow, charge, trigger, failure=failure)
    alipay.refund(uow, charge.order_code, charge.money)
    return uow.fire(charge, trigger, failure=failure)


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Charge) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            approve(uow, resource)
        case "wallet.declined" | "wallet.cancelled":
            code = teller.code or failures.of_reason(teller.reason)
            decline(uow, resource, failures.failure(code, teller.message), news)
        case "wallet.expired":
            discard(uow, resource, "AUTHENTICATION_TIMEOUT", "timer.authentication_timeout")


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    if isinstance(resource, PaymentReport):
        reports.on_timer(uow, resource, trigger)
        return
    assert isinstance(resource, Charge)
    match trigger:
        case "timer.authentication_timeout":
            discard(uow, resource, "AUTHENTICATION_TIMEOUT", trigger)
        case "timer.provider_confirmation":
            if resource.state == "AUTHORIZATION_ASYNC":
                bank_decides(uow, resource)
        case "timer.refund":
            decide_refund(uow, resource, data)
        case "timer.funds":
            move_funds(uow, resource, data["kind"], data["operation"])


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """`returnUrl` with `payment-charge-id` added, whatever the outcome. Source: docs/providers/ppro.md, source 7."""
    assert isinstance(payment, Charge)
    if payment.return_url is None:
        return None
    return with_query(payment.return_url, **{"payment-charge-id": payment.id})
