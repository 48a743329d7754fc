"""Tokens, customers, stored agreements, balances, hosted pages and payment links: what is not a payment.

Source: reference/checkoutcom.md, sections 2.2, 3.11 to 3.13 and 3.16.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.checkoutcom import auth, wire
from simulator.providers.checkoutcom.handlers import CURRENCIES, PREVIOUS_CURRENCIES, check_channel, seconds
from simulator.providers.checkoutcom.model import (
    Customer,
    Hosted,
    HostedPayment,
    Instrument,
    Payment,
    PaymentLink,
    new_id,
    new_short_id,
)
from simulator.providers.checkoutcom.webhooks import entity_of

LINK_LIFETIME_S = 86_400
METHODS_OFFERED = frozenset(["alipay_cn", "alipay_hk", "alipay_plus", "alipay"])


# OAuth ---------------------------------------------------------------------------------------------------------


def issue_token(call: Call, uow: UnitOfWork) -> Reply:
    """POST /connect/token: one scope that is unknown rejects the whole request. Without a scope all are granted (inferred)."""
    form = call.form
    if form.get("grant_type") != "client_credentials":
        code = "unsupported_grant_type" if form.get("grant_type") else "invalid_request"
        raise Refused("oauth", {"error": code})
    scopes = list(form.get("scope", "").replace(",", " ").replace("Payment Context", "payment-context").split())
    if any(scope not in auth.SCOPES for scope in scopes):
        raise Refused("oauth", {"error": "invalid_scope"})
    granted = scopes or sorted({scope.partition(":")[0] for scope in auth.SCOPES} & auth.SCOPES)
    body = {
        "access_token": auth.make_token(uow.workspace, granted, uow.now),
        "token_type": "Bearer",
        "expires_in": auth.TOKEN_LIFETIME_S,
        "scope": " ".join(granted),
    }
    return Reply(200, body)


# Customers -----------------------------------------------------------------------------------------------------


def _customer(call: Call, uow: UnitOfWork) -> Customer:
    """By id or by e-mail. Raises `NotFound`."""
    identifier = call.path["identifier"]
    if "@" in identifier:
        found = uow.first_by_key(Customer, "email", identifier.lower())
        if found is None:
            raise NotFound("customer", identifier, "identifier")
        return found
    return uow.get(Customer, identifier, "identifier")


def create_customer(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.CustomerRequest = call.body
    _check_new_email(uow, request.email)
    made = Customer(
        id=new_id(uow.ids, "cus"),
        created_at=uow.now,
        updated_at=uow.now,
        email=request.email,
        name=request.name,
        phone=wire.plain(request.phone),
        metadata=request.metadata,
        default=request.default,
    )
    uow.add(made)
    _adopt(uow, made, [*(request.instruments or []), *([request.default] if request.default else [])])
    return Reply(201, {"id": made.id})


def get_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = _customer(call, uow)
    agreements = uow.by_key(Instrument, "customer", customer.id)
    default = customer.default or (agreements[-1].id if agreements else None)
    return Reply(200, wire.customer(replace(customer, default=default), agreements))


def update_customer(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.CustomerUpdate = call.body
    customer = _customer(call, uow)
    if request.email is not None and request.email.lower() != (customer.email or "").lower():
        _check_new_email(uow, request.email)
    changes: dict[str, Any] = request.model_dump(exclude_none=True, exclude={"instruments"})
    _adopt(uow, customer, [*(request.instruments or []), *([request.default] if request.default else [])])
    uow.amend(customer, **changes)
    return Reply(204)


def delete_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = _customer(call, uow)
    for agreement in uow.by_key(Instrument, "customer", customer.id):
        uow.delete(agreement)
    uow.delete(customer)
    return Reply(204)


def _check_new_email(uow: UnitOfWork, email: str) -> None:
    if uow.first_by_key(Customer, "email", email.lower()) is not None:
        raise Refused("request_invalid", {"codes": ["customer_already_exists"]})


def _adopt(uow: UnitOfWork, customer: Customer, ids: list[str]) -> None:
    """Stored agreements move to this customer. Raises `Refused` for one that does not exist."""
    for id_ in ids:
        agreement = uow.find(Instrument, id_)
        if agreement is None:
            raise Refused("request_invalid", {"codes": ["source_id_unknown"]})
        uow.amend(agreement, customer_id=customer.id)


# Stored agreements -----------------------------------------------------------------------------------------------


def get_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """Inferred: the documents do not say that an Alipay `src_` is readable here (section 3.12)."""
    agreement = uow.get(Instrument, call.path["id"], "id")
    return Reply(200, wire.instrument(agreement, uow.find(Customer, agreement.customer_id)))


def update_instrument(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.InstrumentUpdate = call.body
    agreement = uow.get(Instrument, call.path["id"], "id")
    customer = (request.customer or {}).get("id")
    if customer is not None:
        if not isinstance(customer, str) or uow.find(Customer, customer) is None:
            raise Refused("request_invalid", {"codes": ["customer_not_found"]})
        agreement = uow.amend(agreement, customer_id=customer)
    return Reply(200, {"type": agreement.type})


def delete_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """Later payments with this source are refused with `source_id_unknown` (inferred)."""
    uow.delete(uow.get(Instrument, call.path["id"], "id"))
    return Reply(204)


# Balances ------------------------------------------------------------------------------------------------------


def get_balances(call: Call, uow: UnitOfWork) -> Reply:
    """GET /balances/{id}: what was captured and not refunded, per currency. Source: section 3.16."""
    if call.path["id"] != entity_of(uow.workspace.credentials["checkoutcom"]["processing_channel_id"]):
        raise NotFound("entity", call.path["id"], "id")
    query = call.query.get("query")
    wanted = None
    if query is not None:
        name, _, wanted = query.partition(":")
        if name != "currency" or not wanted:
            raise Refused("balances", {"error": "invalid_request"})
    sums: dict[str, list[int]] = {}
    payments, _ = uow.listing(Payment, limit=10_000)
    for payment in payments:
        if payment.platform == "default" and payment.captured:
            entry = sums.setdefault(payment.currency, [0, 0])
            entry[0] += payment.refunding
            entry[1] += payment.captured - payment.refunded - payment.refunding
    return Reply(200, {"data": [_balance(c, *entry) for c, entry in sorted(sums.items()) if wanted in (None, c)]})


def _balance(currency: str, pending: int, available: int) -> dict[str, Any]:
    return {
        "descriptor": "Revenue Account 1",
        "holding_currency": currency,
        "balances": {"pending": pending, "available": available, "payable": 0, "collateral": 0},
    }


# Hosted pages and payment links ------------------------------------------------------------------------------------


def _members(call: Call, uow: UnitOfWork, request: wire.HostedRequest) -> dict[str, Any]:
    platform = call.credential["platform"]
    allowed = PREVIOUS_CURRENCIES if platform == "previous" else CURRENCIES
    codes = [] if request.currency in allowed else ["currency_not_supported"]
    codes += check_channel(uow, request.processing_channel_id, platform)
    if codes:
        raise Refused("request_invalid", {"codes": codes})
    return {
        "created_at": uow.now,
        "updated_at": uow.now,
        "amount": request.amount,
        "currency": request.currency,
        "reference": request.reference,
        "description": request.description,
        "payment_type": request.payment_type or "Regular",
        "customer": wire.plain(request.customer),
        "billing": wire.plain(request.billing),
        "shipping": wire.plain(request.shipping),
        "products": tuple(wire.plain(product) or {} for product in request.products or ()),
        "metadata": request.metadata,
        "locale": request.locale,
        "payment_ip": request.payment_ip,
        "processing_channel_id": request.processing_channel_id,
        "platform": platform,
        "origin": call.base_url,
    }


def _warnings(request: wire.HostedRequest) -> list[dict[str, Any]]:
    """One for each allowed method that cannot be offered here. The element's shape is inferred (section 3.13)."""
    return [
        {"code": "payment_method_unavailable", "value": method, "description": f"{method} cannot be offered"}
        for method in request.allow_payment_methods or []
        if method not in METHODS_OFFERED
    ]


def create_hosted_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /hosted-payments. The page's lifetime is not documented: setting `hosted_lifetime_s` (inferred: 30 minutes)."""
    request: wire.HostedPaymentRequest = call.body
    hosted = HostedPayment(
        id=uow.own_id(HostedPayment, lambda: new_short_id(uow.ids, "hpp")),
        state="Payment Pending",
        success_url=request.success_url,
        cancel_url=request.cancel_url,
        failure_url=request.failure_url,
        expires_at=uow.now + seconds(uow, "hosted_lifetime_s"),
        **_members(call, uow, request),
    )
    uow.add(hosted)
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
    return Reply(201, wire.hosted_created(link, call.base_url, _warnings(request)), subject=link.id)


def get_hosted_payment(call: Call, uow: UnitOfWork) -> Reply:
    return _shown(call, uow.get(HostedPayment, call.path["id"], "id"))


def get_payment_link(call: Call, uow: UnitOfWork) -> Reply:
    return _shown(call, uow.get(PaymentLink, call.path["id"], "id"))


def _shown(call: Call, hosted: Hosted) -> Reply:
    return Reply(200, wire.hosted(hosted, call.base_url), subject=hosted.id)
