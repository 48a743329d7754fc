"""The payments that a session's submissions and a setup's confirmations begin.

Source: docs/providers/checkoutcom.md, sources 12.5, 12.7 and 13.4.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.customers import customer_of
from simulator.providers.checkoutcom.handlers.payments import begin_payment
from simulator.providers.checkoutcom.model import Customer, Payable, Payment, PaymentSession, PaymentSetup
from simulator.providers.checkoutcom.rules import CURRENCIES, check_channel, own_channel
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.sessions import SessionMembers
from simulator.providers.checkoutcom.wire.setups import SetupUpdate

SESSION_ID = "cko_payment_session_id"
"""The member of a payment's metadata that names its session, by which plugins find their order. Source: source 12.7."""


def check_account(uow: UnitOfWork, request: SessionMembers | SetupUpdate) -> None:
    """Raises `Refused` for a currency, a customer or a channel that the account does not know."""
    codes = [] if request.currency is None or request.currency in CURRENCIES else ["currency_not_supported"]
    customer = request.customer
    if customer is not None and customer.id is not None and uow.find(Customer, customer.id) is None:
        codes.append("customer_not_found")
    if codes := [*codes, *check_channel(uow, request.processing_channel_id, "default")]:
        raise refused(*codes)


def start_attempt(
    uow: UnitOfWork,
    session: PaymentSession,
    told: PaymentSession,
    method: str,
    terminal: str = "WEB",
    system: str | None = None,
    *,
    is_declined: bool = False,
) -> Payment:
    """Begins a payment of a session, `told` as it was submitted. Each submission is a payment of its own."""
    given = CustomerInput.model_validate(told.customer) if told.customer else None
    payment = begin_payment(
        uow,
        customer_of(uow, given, None),
        platform="default",
        origin=session.origin,
        amount=told.amount,
        currency=told.currency,
        payment_type=told.payment_type,
        source_type=method,
        reference=told.reference,
        description=told.description,
        shipping=told.shipping,
        items=told.items,
        metadata={**(told.metadata or {}), SESSION_ID: session.id},
        terminal_type=terminal,
        os_type=system,
        success_url=told.success_url,
        failure_url=told.failure_url,
        processing_channel_id=told.processing_channel_id,
        hosted_id=session.id,
        not_after=session.expires_at,
        is_declined=is_declined,
    )
    uow.amend(session, payment_id=payment.id, payment_order=payment.order_code)
    return payment


def confirm_with(uow: UnitOfWork, setup: PaymentSetup, method: str, *, is_declined: bool = False) -> Payment:
    """Begins a payment of a setup."""
    said, device = setup.customer or {}, setup.methods.get(method, {})
    given = CustomerInput(
        id=said.get("id"),
        email=(said.get("email") or {}).get("address"),
        name=said.get("name"),
        phone=said.get("phone"),
        tax_number=said.get("tax_number"),
    )
    payment = begin_payment(
        uow,
        customer_of(uow, given, None),
        platform="default",
        origin=setup.origin,
        amount=setup.amount,
        currency=setup.currency,
        payment_type=setup.payment_type,
        source_type=method,
        reference=setup.reference,
        description=setup.description,
        items=tuple((setup.order or {}).get("items") or ()),
        metadata=setup.metadata,
        terminal_type=device.get("terminal_type", "web").upper(),
        os_type=device["os_type"].upper() if "os_type" in device else None,
        success_url=setup.settings.get("success_url"),
        failure_url=setup.settings.get("failure_url"),
        processing_channel_id=setup.processing_channel_id or own_channel(uow),
        hosted_id=setup.id,
        is_declined=is_declined,
    )
    uow.amend(setup, payment_id=payment.id, payment_order=payment.order_code)
    return payment


def tries_of(uow: UnitOfWork, payable: Resource) -> list[Payment]:
    """The payments of a page, link, session or setup, newest first; nothing of a payment."""
    return uow.by_key(Payment, "hosted", payable.id) if isinstance(payable, Payable) else []


def is_confirmed(tries: Iterable[Payment]) -> bool:
    """Whether the shopper has paid one of them and the acquirer has not declined."""
    return any(payment.capture_action_id is not None and payment.state != "Declined" for payment in tries)
