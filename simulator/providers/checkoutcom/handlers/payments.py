"""Payments: asking for one and reading them. An Alipay payment is captured by itself.

Source: docs/providers/checkoutcom.md, sources 3.1 to 3.3, 5.1 and 5.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.resource import changed
from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import validate
from simulator.kernel.ids import BASE62
from simulator.kernel.refusals import Invalid, NotFound, Violation
from simulator.providers.checkoutcom import notices
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.customers import customer_of, default_agreement, find_customer, named_by
from simulator.providers.checkoutcom.handlers.instruments import (
    PUBLISHED_SOURCE,
    agreement_of,
    issue_agreement,
    published_agreement,
)
from simulator.providers.checkoutcom.model import Action, Customer, Instrument, Payment, new_id
from simulator.providers.checkoutcom.rules import (
    CURRENCIES,
    PREVIOUS_CURRENCIES,
    check_channel,
    check_connector,
    own_channel,
)
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire import payments as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.bodies import read_body
from simulator.wallet import alipay
from simulator.wallet.order import Order, billing_details


def request_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments: 202 with a redirect, or without one when a stored agreement is charged.

    Raises `Invalid` with everything that the gateway finds wrong, or `Refused` with the first thing that the connector to
    the wallet finds wrong.

    Source: source 3.1.
    """
    platform = call.credential["platform"]
    request = _read_request(call, uow, platform)
    notices.check_payment(call, uow, request)
    customer = customer_of(uow, request.customer, request.source)
    agreement = agreement_of(uow, request.source, customer)
    terminal_type, os_type = check_connector(uow, request, platform, agreement)
    payment = begin_payment(
        uow,
        customer,
        platform=platform,
        origin=call.base_url,
        amount=request.amount or 0,
        currency=request.currency,
        payment_type=request.payment_type or "Regular",
        source_type=agreement.type if agreement is not None else request.source.type,
        source_id=agreement.id if agreement is not None else None,
        is_follow_up=agreement is not None,
        reference=request.reference or None,
        description=request.description,
        shipping=values.plain(request.shipping),
        items=tuple(values.plain(item) or {} for item in request.items or ()),
        payment_ip=request.payment_ip,
        metadata=request.metadata,
        terminal_type=terminal_type,
        os_type=os_type,
        success_url=request.success_url,
        failure_url=request.failure_url,
        processing_channel_id=request.processing_channel_id or own_channel(uow),
    )
    operation = "recurring" if payment.is_follow_up else "pay"
    notices.test_amount(call, uow, operation, payment.amount, payment.currency, payment.reference)
    return Reply(202, wire.payment_accepted(payment, call.base_url))


def new_code(uow: UnitOfWork, platform: str) -> str:
    """A payment code for the redirect link that no payment has yet; an integer on the Previous platform.

    Source: sources 7.2 and 7.6.
    """
    while True:
        code = uow.ids.digits(9) if platform == "previous" else f"28{uow.ids.digits(10)}{uow.ids.text(24, BASE62)}"
        code = code.lstrip("0") or "1"
        is_chance = platform != "previous" and uow.workspace.seed is None  # nobody else draws such a long one
        if is_chance or not uow.is_key_taken(Payment, "code", code):
            return code


def begin_payment(
    uow: UnitOfWork,
    customer: Customer,
    *,
    platform: str,
    not_after: datetime | None = None,
    is_declined: bool = False,
    **members: Any,
) -> Payment:
    """Stores a new payment and announces `payment_pending`. It expires when its lifetime is over, and `not_after` that instant.

    The first of recurring payments gets the agreement that it is to sign. A payment with a redirect opens its wallet
    order; a follow-up has no redirect and is charged by its timer. One that is to be declined at once has no order either,
    and announces nothing yet.
    """
    expires_at = uow.now + timedelta(seconds=uow.settings(CheckoutcomSettings).payment_lifetime_s)
    payment = Payment(
        id=new_id(uow.ids, "pay"),
        state="Pending",
        created_at=uow.now,
        updated_at=uow.now,
        platform=platform,
        customer_id=customer.id,
        customer_email=customer.email,
        customer_name=customer.name,
        session_id=new_id(uow.ids, "sid"),
        code=new_code(uow, platform),
        expires_at=expires_at if not_after is None else min(expires_at, not_after),
        **members,
    )
    named_by(uow, customer, payment)
    if payment.is_follow_up:
        uow.claim_scenarios(payment, payment.money, payment.reference)
        payment = uow.add(payment, events=["payment_pending"])
        uow.arm(
            payment, "timer.follow_up", after=timedelta(seconds=uow.settings(CheckoutcomSettings).follow_up_delay_s)
        )
        return payment
    if payment.payment_type == "Recurring" and platform == "default":
        payment = changed(payment, source_id=issue_agreement(uow, payment).id)
    if is_declined:
        uow.claim_scenarios(payment, payment.money, payment.reference)
        return uow.add(payment)
    return uow.add(changed(payment, order_code=wallet_order(uow, payment).id), events=["payment_pending"])


def wallet_order(uow: UnitOfWork, payment: Payment) -> Order:
    return alipay.open_order(
        uow,
        payment,
        title="Checkout.com",
        amount=payment.money,
        merchant=uow.settings(CheckoutcomSettings).merchant_name,
        reference=payment.reference or payment.id,
        description=payment.description or "",
        billing=billing_details(payment.customer_name, email=payment.customer_email),
        operation="recurring" if payment.is_follow_up else "pay",
        device="app" if payment.terminal_type == "APP" else "web",
        expires_at=payment.expires_at,
    )


_FIELDS = [field.alias or name for name, field in wire.PaymentRequest.model_fields.items()]


def _read_request(call: Call, uow: UnitOfWork, platform: str) -> wire.PaymentRequest:
    """The validated request. Raises `Invalid` with everything that is wrong, in the order of the fields.

    What only the account can judge is judged too when other fields are malformed: those are replaced by good values first.
    Source: sources 3.1 and 5.1.
    """
    assert call.endpoint is not None
    raw, broken = read_body(call, call.endpoint), []
    try:
        request = validate(wire.PaymentRequest, raw)
    except Invalid as invalid:
        if not isinstance(raw, dict):
            raise
        broken = invalid.violations
        sane = {"source": {"type": "alipay" if platform == "previous" else "alipay_cn"}, "amount": 1, "currency": "USD"}
        bad = {violation.path.partition(".")[0] for violation in broken}
        request = validate(wire.PaymentRequest, sane | {name: raw[name] for name in raw if name not in bad})
    assert isinstance(request, wire.PaymentRequest)
    found = [*broken, *_unknown_to_account(uow, request, platform)]
    if found:
        raise Invalid(sorted(found, key=lambda violation: _FIELDS.index(violation.path.partition(".")[0])))
    return request


def _unknown_to_account(uow: UnitOfWork, request: wire.PaymentRequest, platform: str) -> Iterator[Violation]:
    """What is wrong with a well-formed request for this account: its sources, currencies, customers and channel.

    Source: sources 3.1.1 and 5.3.
    """
    source = request.source
    if not request.amount and platform == "default":
        yield Violation("amount", "min", 1)
    if source.type == "id":
        agreement = published_agreement(uow) if source.id == PUBLISHED_SOURCE else uow.find(Instrument, source.id or "")
        if agreement is None:
            yield _says("source", "source_id_unknown")
        elif agreement.state != "Usable":
            yield _says("source", "source_id_invalid")
    elif source.type == "customer":
        known = find_customer(uow, source.id, source.email)
        if known is None:
            yield _says("source", "customer_not_found")
        elif default_agreement(uow, known) is None:
            yield _says("source", "source_invalid")
    elif (source.type == "alipay") != (platform == "previous"):
        yield _says("source", "payment_method_not_supported")
    if platform == "previous" and request.currency not in PREVIOUS_CURRENCIES:
        yield _says("currency", "currency_invalid")
    elif request.currency not in CURRENCIES:
        yield _says("currency", "currency_not_supported")
    if request.customer is not None and request.customer.id and uow.find(Customer, request.customer.id) is None:
        yield _says("customer", "customer_not_found")
    for code in check_channel(uow, request.processing_channel_id, platform):
        yield _says("processing_channel_id", code)


def _says(field: str, code: str) -> Violation:
    """A violation that names its error code itself (`errors.code_of`)."""
    return Violation(field, "format", message=code)


def find_payment(call: Call, uow: UnitOfWork) -> Payment:
    return uow.get(Payment, call.path["id"], "id")


def get_payment(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{id}: by `pay_`, or by the `sid_` that the browser brought back; the latter answer has `actions` too."""
    id_ = call.path["id"]
    if not id_.startswith("sid_"):
        return Reply(200, wire.payment(find_payment(call, uow), call.base_url), subject=id_)
    payment = uow.first_by_key(Payment, "session", id_)
    if payment is None:
        raise NotFound("payment", id_, "id")
    body = wire.payment(payment, call.base_url, uow.by_key(Action, "payment", payment.id))
    return Reply(200, body, subject=payment.id)


def list_payments(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments?reference=: newest first; `total_count` counts all pages. Source: source 3.3."""
    query: wire.PaymentsQuery = call.body
    found = uow.by_key(Payment, "reference", query.reference)
    page = found[query.skip : query.skip + query.limit]
    body: dict[str, Any] = {"limit": query.limit, "skip": query.skip, "total_count": len(found)}
    return Reply(200, body | {"data": [wire.payment(payment, call.base_url) for payment in page]})


_TERM = re.compile(r"^\s*(id|reference|status|currency)\s*:\s*'([^']*)'\s*$")


def search_payments(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/search: the query is `name:'value'`, or several of them joined by AND, newest first.

    What does not fit into one answer is behind `_links.next`: the same body is sent there. Inferred: checkoutcom.search.
    Raises `NotFound` for a page that goes on after a payment that does not exist. Source: source 3.3.
    """
    request: wire.SearchRequest = call.body
    terms: dict[str, str] = {}
    for part in filter(None, re.split(r"\s+AND\s+", request.query.strip())):
        match = _TERM.match(part)
        if match is None:
            raise refused("query_invalid")
        terms[match[1]] = match[2]
    since, until = values.moment(request.from_), values.moment(request.to)
    held = (
        payment
        for payment in uow.every(Payment, before=call.query.get("after"))
        if all(_member(payment, name) == value for name, value in terms.items())
        and (since is None or payment.created_at >= since)
        and (until is None or payment.created_at <= until)
    )
    page = list(islice(held, request.limit + 1))
    shown = page[: request.limit]
    body: dict[str, Any] = {"data": [wire.payment(payment, call.base_url) for payment in shown]}
    if len(page) > len(shown):
        body["_links"] = {"next": values.link(f"{call.base_url}/payments/search?after={shown[-1].id}")}
    return Reply(200, body)


def _member(payment: Payment, name: str) -> str | None:
    return {"id": payment.id, "reference": payment.reference, "status": payment.state, "currency": payment.currency}[
        name
    ]
