"""Payment sessions: made by the shop's server, submitted by it or paid by the component in the shopper's browser.

Source: docs/providers/checkoutcom.md, source 12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.resource import changed
from simulator.engine.uow import UnitOfWork
from simulator.kernel.crypto import equals
from simulator.kernel.refusals import Forbidden
from simulator.providers.checkoutcom import errors, notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers import outcomes
from simulator.providers.checkoutcom.handlers.attempts import check_account, is_confirmed, start_attempt, tries_of
from simulator.providers.checkoutcom.model import Payment, PaymentSession, new_session_id
from simulator.providers.checkoutcom.rules import (
    check_activated,
    check_terminal,
    entity_of,
    own_channel,
)
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import sessions as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.payments import Processing


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions. Raises `Refused` for its currency or channel."""
    request: wire.SessionRequest = call.body
    offered = _offered(uow, request, request.enabled_payment_methods, request.disabled_payment_methods or ())
    expires_at = values.moment(request.expires_on)
    if expires_at is not None and expires_at <= uow.now:
        raise refused("expires_on_invalid")
    session = _new_session(call, uow, request, offered, expires_at)
    notices.check_session(call, uow, request, offered)
    uow.add(session)
    notices.test_amount(call, uow, "pay", session.amount, session.currency, session.reference)
    merchant, entity = uow.settings(CheckoutcomSettings).merchant_name, entity_of(session.processing_channel_id)
    token = wire.token(session, merchant, entity, call.base_url)
    return Reply(201, wire.session_created(session, token, call.base_url), subject=session.id)


def _new_session(
    call: Call,
    uow: UnitOfWork,
    request: wire.NewSession,
    methods: tuple[str, ...],
    expires_at: datetime | None = None,
) -> PaymentSession:
    check_account(uow, request)
    lifetime = timedelta(seconds=uow.settings(CheckoutcomSettings).session_lifetime_s)
    return PaymentSession(
        id=new_session_id(uow.ids, uow.now),
        secret=f"pss_{uow.ids.guid()}",
        payment_methods=methods,
        expires_at=expires_at or uow.now + lifetime,
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


def _said(request: wire.SessionMembers) -> dict[str, Any]:
    """The members that the request gives, of those that a submission may change."""
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


# Source: source 12.2: the official Magento plugin's table. Both ask for the customer's e-mail.
_AVAILABLE = {"alipay_cn": ({"CNY", "HKD", "SGD"}, "CN"), "alipay_hk": ({"HKD", "SGD"}, "HK")}


def _offered(
    uow: UnitOfWork, request: wire.NewSession, enabled: Iterable[str] | None, disabled: Iterable[str]
) -> tuple[str, ...]:
    """The wallets that the component shows. An empty list of enabled methods enables all. Source: source 12.2.

    Currency and country count only under setting `flow_strict_availability`. Inferred: checkoutcom.session-methods.
    """
    wanted = set(enabled or wire.ACTIVATED) - set(disabled)
    if uow.settings(CheckoutcomSettings).flow_strict_availability:
        country, email = request.billing.address.country, request.customer and request.customer.email
        for name, (currencies, its_country) in _AVAILABLE.items():
            if request.currency not in currencies or country != its_country or not email:
                wanted.discard(name)
    return tuple(name for name in wire.WALLETS if name in wanted)


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
    check_account(uow, request)
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
    notices.check_customer(call, session, request)
    told = changed(told, customer=_customer(session.customer, told.customer))
    return _submitted(call, uow, session, told, _method(session, request.session_data))


def complete_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions/complete: makes a session and pays it, for a component that had none.

    Raises `Refused` without anything that names a method. Source: source 12.9.
    """
    request: wire.CompleteRequest = call.body
    if request.session_data is None and request.payment_method is None:
        raise refused("session_data_required")
    session = uow.add(_new_session(call, uow, request, _offered(uow, request, wire.WALLETS, ())))
    notices.check_session(call, uow, request, session.payment_methods)
    reply = _submitted(call, uow, session, session, _chosen(session, request))
    if reply.status == 202:
        reply.body |= {"payment_session_id": session.id, "payment_session_secret": session.secret}
    return reply


def _chosen(session: PaymentSession, request: wire.CompleteRequest) -> str:
    """Raises `Refused` for a method that cannot be paid with."""
    if request.session_data is None and request.payment_method is not None:
        method = request.payment_method.type
        if method not in session.payment_methods:
            raise refused("payment_method_not_supported", given=method, allowed=session.payment_methods)
        return method
    return _method(session, request.session_data or "")


def _method(session: PaymentSession, data: str) -> str:
    """The wallet that the component says was picked. Raises `Refused` for all but the constants of the session's wallets."""
    method = wire.PICKED.get(data)
    if method not in session.payment_methods:
        raise refused(
            "session_data_invalid", given=data, allowed=[wire.session_data(name) for name in session.payment_methods]
        )
    return method


def _customer(known: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The customer of a submission: the e-mail of the session stays."""
    if known is None or said is None:
        return dict(said or known or {}) or None
    kept = {name: known[name] for name in ("id", "email") if name in known}
    return {**known, **said, **kept}


def pay_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-sessions/{id}/pay: the component pays by itself, from the shopper's browser.

    Raises `Forbidden` for a secret that is not the session's. Source: source 12.6. Inferred: checkoutcom.browser-calls.
    """
    request: wire.BrowserPayment = call.body
    session = find_session(call, uow)
    if not equals(request.payment_session_secret, session.secret):
        raise Forbidden("this is not the secret of the payment session", call.workspace.id)
    return _submitted(call, uow, session, _with_terminal(session, call), _method(session, request.session_data))


_PHONE = re.compile(r"(iPhone|Android).*Mobi")
_SYSTEMS = {"iPhone": "IOS", "Android": "ANDROID"}


def _with_terminal(session: PaymentSession, call: Call) -> PaymentSession:
    """The session with what the browser tells of itself. What the server said of the terminal goes before. Source: source 12.2.

    Inferred: checkoutcom.session-data.
    """
    said = session.processing or {}
    phone = _PHONE.search(call.headers.get("user-agent", ""))
    if phone is None or "terminal_type" in said:
        return session
    return changed(session, processing={**said, "terminal_type": "WAP", "os_type": _SYSTEMS[phone[1]]})


def _submitted(call: Call, uow: UnitOfWork, session: PaymentSession, told: PaymentSession, method: str) -> Reply:
    """`told` is the session as it is to be paid. Raises `Refused` for a session that cannot be paid."""
    if session.state == "Expired" or session.expires_at <= uow.now:
        raise refused("payment_session_expired")
    tries = tries_of(uow, session)
    if session.state == "Paid" or is_confirmed(tries):
        raise refused("payment_session_already_paid")
    if told.amount < 1:
        raise refused("amount_invalid")
    notices.check_submission(call, told)
    notices.open_tries(call, tries)
    reason = check_activated(uow, told.amount, told.currency, told.reference)
    terminal, system = check_terminal(Processing.model_validate(told.processing or {}))
    payment = start_attempt(uow, session, told, method, terminal, system, is_declined=reason is not None)
    if reason is not None:
        outcomes.decline(uow, payment, "bank.declined", *errors.response(errors.SESSION_REASONS[reason]))
        return Reply(201, wire.declined(payment, reason))
    notices.test_amount(call, uow, "pay", payment.amount, payment.currency, payment.reference)
    return Reply(202, wire.action_required(payment, call.base_url))
