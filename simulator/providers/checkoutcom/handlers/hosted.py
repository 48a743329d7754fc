"""Hosted pages and payment links: making and reading them, and the payments that shoppers begin on them.

Source: docs/providers/checkoutcom.md, source 3.13.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom import notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.customers import customer_of
from simulator.providers.checkoutcom.handlers.payments import begin_payment
from simulator.providers.checkoutcom.model import Hosted, HostedPayment, Payment, PaymentLink, new_short_id
from simulator.providers.checkoutcom.rules import CURRENCIES, PREVIOUS_CURRENCIES, check_channel, own_channel
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import hosted as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.customers import CustomerInput

LINK_LIFETIME_S = 86_400


def _members(call: Call, uow: UnitOfWork, request: wire.HostedRequest) -> dict[str, Any]:
    """What a hosted page and a payment link take from their request. Raises `Refused` for its currency or channel."""
    platform = call.credential["platform"]
    allowed = PREVIOUS_CURRENCIES if platform == "previous" else CURRENCIES
    codes = [] if request.currency in allowed else ["currency_not_supported"]
    codes += check_channel(uow, request.processing_channel_id, platform)
    if codes:
        raise refused(*codes)
    notices.check_hosted(call, uow, request)
    return {
        "created_at": uow.now,
        "updated_at": uow.now,
        "amount": request.amount or 0,
        "currency": request.currency,
        "reference": request.reference,
        "description": request.description,
        "payment_type": request.payment_type or "Regular",
        "customer": values.plain(request.customer),
        "billing": values.plain(request.billing),
        "shipping": values.plain(request.shipping),
        "products": tuple(values.plain(product) or {} for product in request.products or ()),
        "metadata": request.metadata,
        "locale": request.locale,
        "payment_ip": request.payment_ip,
        "processing_channel_id": request.processing_channel_id,
        "platform": platform,
        "origin": call.base_url,
    }


def _warnings(request: wire.HostedRequest) -> list[dict[str, Any]]:
    """A warning for each method that the request allows but the simulator cannot offer. Source: source 3.13.

    Inferred: checkoutcom.hosted-warnings.
    """
    return [
        {"code": "payment_method_unavailable", "value": method, "description": f"{method} cannot be offered"}
        for method in request.allow_payment_methods or []
        if method not in wire.OFFERED
    ]


def create_hosted_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /hosted-payments. How long the page lives is setting `hosted_lifetime_s`. Inferred: checkoutcom.hosted-lifetime."""
    request: wire.HostedPaymentRequest = call.body
    hosted = HostedPayment(
        id=uow.own_id(HostedPayment, lambda: new_short_id(uow.ids, "hpp")),
        state="Payment Pending",
        success_url=request.success_url,
        cancel_url=request.cancel_url,
        failure_url=request.failure_url,
        expires_at=uow.now + timedelta(seconds=uow.settings(CheckoutcomSettings).hosted_lifetime_s),
        **_members(call, uow, request),
    )
    uow.add(hosted)
    _notice(call, uow, hosted)
    return Reply(201, wire.hosted_created(hosted, call.base_url, _warnings(request)), subject=hosted.id)


def create_payment_link(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payment-links: open for `expires_in` seconds, a day unless given."""
    request: wire.PaymentLinkRequest = call.body
    link = PaymentLink(
        id=uow.own_id(PaymentLink, lambda: new_short_id(uow.ids, "pl")),
        state="Active",
        return_url=request.return_url,
        expires_at=uow.now + timedelta(seconds=request.expires_in or LINK_LIFETIME_S),
        **_members(call, uow, request),
    )
    uow.add(link)
    _notice(call, uow, link)
    return Reply(201, wire.hosted_created(link, call.base_url, _warnings(request)), subject=link.id)


def _notice(call: Call, uow: UnitOfWork, hosted: Hosted) -> None:
    if not hosted.amount:
        call.differs_live(
            "the amount is missing or 0, which verifies a card; the page offers AlipayCN only, and nothing to pay"
        )
    notices.test_amount(call, uow, "pay", hosted.amount, hosted.currency, hosted.reference)


def get_hosted_payment(call: Call, uow: UnitOfWork) -> Reply:
    return _shown(call, uow.get(HostedPayment, call.path["id"], "id"))


def get_payment_link(call: Call, uow: UnitOfWork) -> Reply:
    return _shown(call, uow.get(PaymentLink, call.path["id"], "id"))


def _shown(call: Call, hosted: Hosted) -> Reply:
    return Reply(200, wire.hosted(hosted, call.base_url), subject=hosted.id)


def start_try(uow: UnitOfWork, hosted: Hosted, terminal_type: str = "WEB") -> Payment:
    """Begins a payment on a hosted page or a payment link. Each try is a payment of its own and expires with it.

    Inferred: checkoutcom.hosted-tries.
    """
    own_page = f"{hosted.origin}/link/{hosted.id}"
    success, failure = own_page, own_page
    if isinstance(hosted, HostedPayment):
        success, failure = hosted.success_url, hosted.failure_url
    given = CustomerInput.model_validate(hosted.customer) if hosted.customer else None
    payment = begin_payment(
        uow,
        customer_of(uow, given, None),
        platform=hosted.platform,
        origin=hosted.origin,
        amount=hosted.amount,
        currency=hosted.currency,
        payment_type=hosted.payment_type,
        source_type="alipay" if hosted.platform == "previous" else "alipay_cn",
        reference=hosted.reference,
        description=hosted.description,
        shipping=hosted.shipping,
        payment_ip=hosted.payment_ip,
        metadata=hosted.metadata,
        terminal_type=terminal_type,
        success_url=success,
        failure_url=failure,
        processing_channel_id=hosted.processing_channel_id or own_channel(uow),
        hosted_id=hosted.id,
        not_after=hosted.expires_at,
    )
    uow.amend(hosted, payment_id=payment.id, payment_order=payment.order_code)
    return payment
