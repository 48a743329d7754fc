"""Checkout sessions and their line items. A session makes its payment intent when it is created."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import from_micros, millis
from simulator.kernel.money import Money
from simulator.providers.wooshpay import links
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.handlers.outcomes import expire
from simulator.providers.wooshpay.handlers.payment_intents import new_intent
from simulator.providers.wooshpay.handlers.products import named_again, new_price
from simulator.providers.wooshpay.lookup import (
    as_millis,
    check_url,
    find,
    listed,
    merged,
    owned,
    page_of,
    query_of,
    raw,
)
from simulator.providers.wooshpay.method_types import (
    ALIPAY,
    account_types,
    check_alipay_currency,
    check_method,
    distinct,
    given_options,
)
from simulator.providers.wooshpay.model import CheckoutSession, Customer, PaymentIntent, Price, Product, mint
from simulator.providers.wooshpay.notices import give_notice_of_missing, give_notice_of_test_amount
from simulator.providers.wooshpay.states import SESSION_LIFETIME
from simulator.providers.wooshpay.wire import checkout_sessions as wire
from simulator.providers.wooshpay.wire.lists import listing
from simulator.providers.wooshpay.wire.values import AMOUNT_LIMIT


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/checkout/sessions. Ids are minted in the order session, then item, price and product, then intent.

    Source: docs/providers/wooshpay.md, source 3.9 (seed).
    """
    request: wire.SessionRequest = call.body
    if request.mode != "payment":
        if request.mode == "subscription":
            raise refused("checkout_recurring_not_supported", "line_items")
        raise refused("parameter_invalid_string_enum", "mode", message="the simulator has payment only")
    _give_notice_of_what_lacks(call, request)
    check_url(request.success_url, "success_url")
    check_url(request.cancel_url, "cancel_url")
    customer = find(call, uow, Customer, request.customer, "customer") if request.customer else None
    session_id, expires_at = uow.own_id(CheckoutSession, lambda: mint(uow, "cs")), _expiry(uow, request.expires_at)
    prices, items, brought = _line_items(call, uow, request)
    currency, total = prices[0].currency, sum(item["amount_total"] for item in items)
    types = distinct(request.payment_method_types or ())
    taken = types or account_types(uow)
    takes_alipay = any(type_ in ALIPAY for type_ in types) or all(type_ in ALIPAY for type_ in taken)
    if any(price.currency != currency for price in prices):
        raise refused("checkout_mixed_currencies", "line_items")
    if any(price.recurring for price in prices) and (takes_alipay or not types):
        raise refused("checkout_recurring_not_supported", "line_items")
    if takes_alipay:
        check_alipay_currency(taken, currency, "line_items[0][price_data][currency]")
    if total > AMOUNT_LIMIT:
        raise refused("amount_too_large", "line_items", available=AMOUNT_LIMIT)
    give_notice_of_test_amount(call, uow, Money(total, currency), request.client_reference_id)
    data = request.payment_intent_data or wire.PaymentIntentData()
    capture = data.capture_method or "automatic"
    check_method(taken, None, currency, capture)
    sent_data: dict[str, Any] = raw(call, "payment_intent_data") or {}
    intent = new_intent(
        call,
        uow,
        state="requires_payment_method",
        amount=total,
        currency=currency,
        payment_method_types=taken,
        payment_method_options=given_options(call),
        customer=customer.id if customer else None,
        description=data.description,
        metadata={**(request.metadata or {}), **(data.metadata or {})} or None,  # Inferred: wooshpay.session-metadata
        merchant_order_id=request.client_reference_id,
        shipping=sent_data.get("shipping"),
        billing_details=sent_data.get("billing_details"),
        capture_method=capture,
        setup_future_usage=data.setup_future_usage,
        session=session_id,
        session_expires_at=expires_at,
    )
    for one in brought:
        uow.amend(one, made_for=intent.id)
    key = "live_publishable_key" if call.credential["livemode"] else "publishable_key"
    session = uow.add(
        CheckoutSession(
            id=session_id,
            state="open",
            currency=currency,
            amount_total=total,
            key=uow.workspace.credentials["wooshpay"][key],
            origin=call.base_url,
            success_url=request.success_url,
            cancel_url=request.cancel_url,
            mode=request.mode,
            customer=request.customer,
            customer_email=request.customer_email,
            client_reference_id=request.client_reference_id,
            metadata=merged(None, request.metadata),
            shipping=sent_data.get("shipping"),
            payment_method_options=given_options(call),
            payment_method_types=types or None,
            line_items=tuple(items),
            payment_intent=intent.id,
            client_secret=intent.client_secret,
            billing_address_collection=request.billing_address_collection,
            shipping_address_collection=request.shipping_address_collection,
            expires_at=expires_at,
            **owned(call, uow),
        )
    )
    return _session_reply(uow, session)


def _give_notice_of_what_lacks(call: Call, request: wire.SessionRequest) -> None:
    """What the provider's page on Alipay sends in each session; the live API may refuse one without it.

    Inferred: wooshpay.required-by-live.
    """
    given = request.model_fields_set
    if "mode" not in given:
        give_notice_of_missing(call, "mode", "payment is assumed; the live API probably needs it")
    if "cancel_url" not in given:
        give_notice_of_missing(
            call, "cancel_url", "without it the checkout page has no way back; the live API probably needs it"
        )
    if "payment_method_types" not in given:
        give_notice_of_missing(
            call, "payment_method_types", "the account's are taken; a session for Alipay has to name it"
        )


def _expiry(uow: UnitOfWork, given: int | None) -> datetime:
    """In 24 hours (documented), or when the request says, at most a year from now. Inferred: wooshpay.session-expiry."""
    if given is None:
        return uow.now + SESSION_LIFETIME
    now, given_ms = millis(uow.now), as_millis(given)
    if not now < given_ms <= now + 366 * 86_400_000:
        raise refused("parameter_invalid_integer", "expires_at")
    return from_micros(given_ms * 1000)


def _line_items(
    call: Call, uow: UnitOfWork, request: wire.SessionRequest
) -> tuple[list[Price], list[dict[str, Any]], list[Price | Product]]:
    """Their prices, the items as they are told, and what the request brought along: prices, and products with them."""
    prices, items = [], []
    brought: list[Price | Product] = []
    for index, item in enumerate(request.line_items):
        where = f"line_items.{index}"
        id_ = mint(uow, "li")
        if item.price_data is not None:
            price, product = new_price(call, uow, item.price_data, f"{where}.price_data")
            brought += [price] if item.price_data.product_data is None else [price, product]
        elif item.price is not None:
            price = named_again(uow, find(call, uow, Price, item.price, bracketed(f"{where}.price")))
            product = named_again(uow, uow.get(Product, price.product))
        else:
            raise refused("parameter_missing", bracketed(f"{where}.price_data"))
        prices.append(price)
        items.append(wire.line_item(id_, price, product, item.quantity))
    return prices, items, brought


def _session_reply(uow: UnitOfWork, session: CheckoutSession) -> Reply:
    body = wire.checkout_session(session, links.session_url(uow.workspace, session))
    return Reply(200, body, subject=session.payment_intent)


def get_session(call: Call, uow: UnitOfWork) -> Reply:
    return _session_reply(uow, find(call, uow, CheckoutSession, call.path["id"]))


def expire_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/checkout/sessions/{id}/expire. Only an open session expires; its intent is canceled with it.

    Source: docs/providers/wooshpay.md, source 3.11.
    """
    session = find(call, uow, CheckoutSession, call.path["id"])
    intent = uow.get(PaymentIntent, session.payment_intent)
    if session.state != "open" or intent.state == "processing":
        shown = session.state if session.state != "open" else "open, but its payment is processing"
        raise refused("checkout_session_unexpected_state", None, state=shown)
    return _session_reply(uow, expire(uow, session, "api.expire"))


def list_line_items(call: Call, uow: UnitOfWork) -> Reply:
    session = find(call, uow, CheckoutSession, call.path["id"])
    page, more = page_of(session.line_items, query_of(call), "item")
    url = f"/v1/checkout/sessions/{session.id}/line_items"
    return Reply(200, listing(url, page, more), subject=session.payment_intent)


def list_sessions(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, CheckoutSession, customer=query.customer, payment_intent=query.payment_intent)
    data = [wire.checkout_session(s, links.session_url(uow.workspace, s)) for s in found]
    return Reply(200, listing("/v1/checkout/sessions", data, more))
