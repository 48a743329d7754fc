"""Payment sessions: made by the shop's server, submitted by it or paid by the component in the shopper's browser.

Source: docs/providers/checkoutcom.md, source 12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.resource import changed
from simulator.engine.uow import UnitOfWork
from simulator.kernel.crypto import equals
from simulator.kernel.refusals import Forbidden
from simulator.providers.checkoutcom import notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.customers import customer_of
from simulator.providers.checkoutcom.handlers.payments import begin_payment
from simulator.providers.checkoutcom.model import Payment, PaymentSession, new_session_id
from simulator.providers.checkoutcom.rules import (
    CURRENCIES,
    check_activated,
    check_channel,
    check_terminal,
    entity_of,
    own_channel,
)
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import sessions as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.payments import Processing

SESSION_ID = "cko_payment_session_id"
"""The member of a payment's metadata that names its session, by which plugins find their order. Source: source 12.7."""


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions. Raises `Refused` for its currency or channel."""
    request: wire.SessionRequest = call.body
    session = new_session(call, uow, request)
    uow.add(session)
    notices.test_amount(call, uow, "pay", session.amount, session.currency, session.reference)
    merchant, entity = uow.settings(CheckoutcomSettings).merchant_name, entity_of(session.processing_channel_id)
    token = wire.token(session, merchant, entity, call.base_url)
    return Reply(201, wire.session_created(session, token, call.base_url), subject=session.id)


def new_session(call: Call, uow: UnitOfWork, request: wire.SessionRequest) -> PaymentSession:
    _check_account(uow, request.currency, request.processing_channel_id)
    lifetime = timedelta(seconds=uow.settings(CheckoutcomSettings).session_lifetime_s)
    return PaymentSession(
        id=new_session_id(uow.ids, uow.now),
        secret=f"pss_{uow.ids.guid()}",
        payment_methods=_offered(request.enabled_payment_methods, request.disabled_payment_methods or ()),
        expires_at=values.moment(request.expires_on) or uow.now + lifetime,
        origin=call.base_url,
        amount=request.amount,
        currency=request.currency,
        locale=request.locale,
        success_url=request.success_url,
        failure_url=request.failure_url,
        processing_channel_id=request.processing_channel_id or own_channel(uow),
        billing=values.plain(request.billing),
        **_said(request),
    )


def _check_account(uow: UnitOfWork, currency: str | None, channel: str | None) -> None:
    codes = [] if currency is None or currency in CURRENCIES else ["currency_not_supported"]
    if codes := [*codes, *check_channel(uow, channel, "default")]:
        raise refused(*codes)


def _said(request: wire.SessionMembers) -> dict[str, Any]:
    """Of the members that a submission may change, those that a request has."""
    items = None if request.items is None else tuple(values.plain(item) or {} for item in request.items)
    return values.present(
        {
            "payment_type": request.payment_type,
            "reference": request.reference or None,
            "description": request.description,
            "customer": values.plain(request.customer),
            "shipping": values.plain(request.shipping),
            "items": items,
            "processing": values.plain(request.processing),
            "metadata": request.metadata,
        }
    )


def _offered(enabled: Iterable[str] | None, disabled: Iterable[str]) -> tuple[str, ...]:
    """The wallets that the component shows. An empty list of enabled methods enables all. Source: source 12.2."""
    wanted = set(enabled or wire.ACTIVATED)
    return tuple(name for name in wire.WALLETS if name in wanted and name not in set(disabled))


def find_session(call: Call, uow: UnitOfWork) -> PaymentSession:
    return uow.get(PaymentSession, call.path["id"], "id")


def get_session(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payment-sessions/{id}: with the secret key, or from a browser with the public one."""
    session = find_session(call, uow)
    latest = uow.find(Payment, session.payment_id or "")
    is_server = call.credential["kind"] != "public"
    return Reply(200, wire.session(session, latest, call.base_url, whole=is_server), subject=session.id)


def submit_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions/{id}/submit: the shop's server pays; what it says wins over what the session says."""
    request: wire.SubmitRequest = call.body
    session = find_session(call, uow)
    _check_account(uow, request.currency, request.processing_channel_id)
    given: dict[str, Any] = {
        "amount": request.amount,
        "currency": request.currency,
        "success_url": request.success_url,
        "failure_url": request.failure_url,
        "processing_channel_id": request.processing_channel_id,
        "billing": values.plain(request.billing),
    }
    told = changed(session, **values.present(given), **_said(request))
    # Who pays is settled when the session is made. Source: source 12.5.
    told = changed(told, customer=_customer(session.customer, told.customer))
    return _submitted(call, uow, session, told, request.session_data)


def _customer(known: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The customer of a submission: the e-mail of the session stays."""
    if known is None or said is None:
        return dict(said or known or {}) or None
    kept = {name: known[name] for name in ("id", "email") if name in known}
    return {**known, **said, **kept}


def pay_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions/{id}/pay: the component pays by itself, from the shopper's browser.

    Raises `Forbidden` for a secret that is not the session's. Inferred: source 12.6.
    """
    request: wire.BrowserPayment = call.body
    session = find_session(call, uow)
    if not equals(request.payment_session_secret, session.secret):
        raise Forbidden("this is not the secret of the payment session", call.workspace.id)
    return _submitted(call, uow, session, session, request.session_data)


def _submitted(call: Call, uow: UnitOfWork, session: PaymentSession, told: PaymentSession, data: str) -> Reply:
    """`told` is the session as it is to be paid. Raises `Refused` for a session or a method that cannot be paid with."""
    said = wire.read_session_data(data)
    if said is None:
        raise refused("session_data_invalid")
    if session.state == "Expired" or session.expires_at <= uow.now:
        raise refused("payment_session_expired")
    if session.state == "Paid" or _is_confirmed(uow.find(Payment, session.payment_id or "")):
        raise refused("payment_session_already_paid")
    if said["type"] not in session.payment_methods:
        raise refused("payment_method_not_supported", given=said["type"], allowed=session.payment_methods)
    if told.amount < 1:
        raise refused("amount_invalid")
    check_activated(uow, told.amount, told.currency, told.reference)
    terminal, system = check_terminal(_device(told, said))
    payment = start_attempt(uow, session, told, said["type"], terminal, system)
    notices.test_amount(call, uow, "pay", payment.amount, payment.currency, payment.reference)
    return Reply(202, wire.action_required(payment, call.base_url))


def _is_confirmed(payment: Payment | None) -> bool:
    """Whether the shopper has paid and the acquirer has not declined."""
    return payment is not None and payment.capture_action_id is not None and payment.state != "Declined"


def _device(session: PaymentSession, said: Mapping[str, Any]) -> Processing:
    """What the server said of the terminal goes before what the component saw. Inferred: source 12.2."""
    processing = session.processing or {}
    if "terminal_type" not in processing:
        processing = {name: said[name] for name in ("terminal_type", "os_type") if isinstance(said.get(name), str)}
    return Processing.model_validate(processing)


def start_attempt(
    uow: UnitOfWork,
    session: PaymentSession,
    told: PaymentSession,
    method: str,
    terminal: str = "WEB",
    system: str | None = None,
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
    )
    uow.amend(session, payment_id=payment.id, payment_order=payment.order_code)
    return payment
