"""What Checkout.com's payment operations do, and what comes of them. An Alipay payment is captured by itself.

Source: reference/checkoutcom.md, sections 3.1 to 3.9, 4 and 7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.gateway import validate
from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.ids import BASE62
from simulator.kernel.money import Money
from simulator.kernel.refusals import (
    Forbidden,
    IllegalTransition,
    Invalid,
    LimitExceeded,
    NotFound,
    Refused,
    Violation,
)
from simulator.providers.checkoutcom import disputes, errors, wire
from simulator.providers.checkoutcom.model import (
    Action,
    Customer,
    Dispute,
    Hosted,
    HostedPayment,
    Instrument,
    Payment,
    PaymentLink,
    new_id,
)
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order

# Source: section 7.1 (inferred: the seed shows EUR; its own list is not legible).
CURRENCIES = frozenset([
    "EUR", "GBP", "USD", "CNY", "HKD", "SGD", "JPY", "AUD", "CAD", "CHF", "NZD", "SEK", "NOK", "DKK", "THB",
    "MYR", "PHP", "IDR", "KRW", "AED",
])  # fmt: skip
PREVIOUS_CURRENCIES = frozenset(["USD"])
TERMINALS = ("APP", "WAP", "WEB")
SYSTEMS = ("ANDROID", "IOS")

REFUND_WINDOW = timedelta(days=365)
REFUND_LIMIT = 150

SETTINGS: dict[str, Any] = {
    "merchant_name": "Riverside Books",
    "payment_lifetime_s": 900.0,
    "capture_delay_s": 2.0,
    "refund_delay_s": 2.0,
    "follow_up_delay_s": 1.0,
    "hosted_lifetime_s": 1800.0,
    "alipay_refusal": None,
    "channel_required": False,
    "strict_channels": False,
    "strict_events": False,
}


def setting(uow: UnitOfWork, name: str) -> Any:
    return uow.workspace.setting("checkoutcom", name, SETTINGS[name])


def seconds(uow: UnitOfWork, name: str) -> timedelta:
    return timedelta(seconds=float(setting(uow, name)))


# Creating ------------------------------------------------------------------------------------------------------


def request_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments: 202 with a redirect, or without one when a stored agreement is charged.

    Raises `Invalid` with all that the gateway has against it, or `Refused` with the wallet connector's one code.

    Source: section 3.1.
    """
    platform = call.credential["platform"]
    request = _read_request(call, uow, platform)
    customer = _customer_of(uow, request.customer, request.source)
    agreement = _agreement_of(uow, request.source, customer)
    type_ = agreement.type if agreement is not None else request.source.type
    terminal_type, os_type = _check_connector(uow, request, platform, agreement)
    payment = Payment(
        id=new_id(uow.ids, "pay"),
        state="Pending",
        created_at=uow.now,
        updated_at=uow.now,
        platform=platform,
        origin=call.base_url,
        amount=request.amount,
        currency=request.currency,
        payment_type=request.payment_type or "Regular",
        source_type=type_,
        is_follow_up=agreement is not None,
        reference=request.reference or None,
        description=request.description,
        customer_id=customer.id,
        customer_email=customer.email,
        customer_name=customer.name,
        shipping=wire.plain(request.shipping),
        items=tuple(wire.plain(item) or {} for item in request.items or ()),
        payment_ip=request.payment_ip,
        metadata=request.metadata,
        terminal_type=terminal_type,
        os_type=os_type,
        success_url=request.success_url,
        failure_url=request.failure_url,
        processing_channel_id=request.processing_channel_id or uow.workspace.credentials["checkoutcom"].get(CHANNEL),
        session_id=new_id(uow.ids, "sid"),
        code=new_code(uow, platform),
        expires_at=uow.now + seconds(uow, "payment_lifetime_s"),
        source_id=agreement.id if agreement is not None else None,
    )
    if agreement is None and payment.payment_type == "Recurring" and platform == "default":
        payment = replace(payment, source_id=_issue_agreement(uow, payment).id)
    payment = begin_payment(uow, payment)
    return Reply(202, wire.payment_accepted(payment, call.base_url))


CHANNEL = "processing_channel_id"


def new_code(uow: UnitOfWork, platform: str) -> str:
    """The payment code of the redirect link, an integer on the Previous platform. Source: sections 7.2 and 7.6."""
    while True:
        code = uow.ids.digits(9) if platform == "previous" else f"28{uow.ids.digits(10)}{uow.ids.text(24, BASE62)}"
        code = code.lstrip("0") or "1"
        if uow.runtime.locate_by_key(Payment, "code", code) is None:
            return code


def begin_payment(uow: UnitOfWork, payment: Payment) -> Payment:
    """Stores a new payment and says `payment_pending`; a redirect opens its wallet order, a follow-up its own timer."""
    if payment.is_follow_up:
        uow.claim_scenarios(payment.PROVIDER, payment.id)
        payment = uow.add(payment, events=["payment_pending"])
        uow.arm(payment, "timer.follow_up", after=seconds(uow, "follow_up_delay_s"))
        return payment
    return uow.add(replace(payment, order_code=_wallet_order(uow, payment).id), events=["payment_pending"])


def _wallet_order(uow: UnitOfWork, payment: Payment) -> Order:
    return alipay.open_order(
        uow,
        payment,
        title="Checkout.com",
        amount=payment.money,
        merchant=setting(uow, "merchant_name"),
        reference=payment.reference or payment.id,
        description=payment.description or "",
        operation="recurring" if payment.is_follow_up else "pay",
        device="app" if payment.terminal_type == "APP" else "web",
        expires_at=payment.expires_at,
    )


def open_order(uow: UnitOfWork, resource: Resource) -> str | None:
    """Something to decide for the control API: a follow-up's order, or a new try on a hosted page."""
    if isinstance(resource, Payment):
        if resource.state != "Pending" or resource.order_code is not None:
            return None
        payment = uow.amend(resource, order_code=_wallet_order(uow, resource).id)
        return payment.order_code
    if isinstance(resource, Hosted) and resource.state in ("Payment Pending", "Active"):
        latest = uow.find(Payment, resource.payment_id or "")
        if latest is None or latest.state in ("Declined", "Canceled", "Expired"):
            return start_try(uow, resource).order_code
    return None


def start_try(uow: UnitOfWork, hosted: Hosted, terminal_type: str = "WEB") -> Payment:
    """A new payment for a hosted page or a payment link: each try is a `pay_` of its own (inferred)."""
    own_page = f"{hosted.origin}/link/{hosted.id}"
    success, failure = own_page, own_page
    if isinstance(hosted, HostedPayment):
        success, failure = hosted.success_url, hosted.failure_url
    given = wire.CustomerInput.model_validate(hosted.customer) if hosted.customer else None
    customer = _customer_of(uow, given, None)
    payment = Payment(
        id=new_id(uow.ids, "pay"),
        state="Pending",
        created_at=uow.now,
        updated_at=uow.now,
        platform=hosted.platform,
        origin=hosted.origin,
        amount=hosted.amount,
        currency=hosted.currency,
        payment_type=hosted.payment_type,
        source_type="alipay" if hosted.platform == "previous" else "alipay_cn",
        reference=hosted.reference,
        description=hosted.description,
        customer_id=customer.id,
        customer_email=customer.email,
        customer_name=customer.name,
        shipping=hosted.shipping,
        payment_ip=hosted.payment_ip,
        metadata=hosted.metadata,
        terminal_type=terminal_type,
        success_url=success,
        failure_url=failure,
        processing_channel_id=hosted.processing_channel_id or uow.workspace.credentials["checkoutcom"].get(CHANNEL),
        session_id=new_id(uow.ids, "sid"),
        code=new_code(uow, hosted.platform),
        hosted_id=hosted.id,
        expires_at=uow.now + seconds(uow, "payment_lifetime_s"),
    )
    if hosted.payment_type == "Recurring" and hosted.platform == "default":
        payment = replace(payment, source_id=_issue_agreement(uow, payment).id)
    payment = begin_payment(uow, payment)
    uow.amend(hosted, payment_id=payment.id, payment_order=payment.order_code)
    return payment


# Judging -------------------------------------------------------------------------------------------------------


def check_channel(uow: UnitOfWork, given: str | None, platform: str) -> list[str]:
    """Well-formed channels count as the merchant's own unless `strict_channels` is on. Source: section 3.1."""
    if platform == "previous":
        return []
    if given is None:
        return ["processing_channel_id_required"] if setting(uow, "channel_required") else []
    own = uow.workspace.credentials["checkoutcom"].get(CHANNEL)
    return ["cko_processing_channel_id_invalid"] if setting(uow, "strict_channels") and given != own else []


# The stored agreement of the published follow-up request. Source: the seed.
PUBLISHED_SOURCE = "src_inmwstthmjyfcskeir3gcqtyj4"
PUBLISHED_EMAIL = "john.smith@example.com"
PUBLISHED_NAME = "John Smith"

_FIELDS = [field.alias or name for name, field in wire.PaymentRequest.model_fields.items()]


def _read_request(call: Call, uow: UnitOfWork, platform: str) -> wire.PaymentRequest:
    """The validated request. Raises `Invalid` with all that is wrong, in the order of the fields: their own rules, and
    what only the account knows about those that are well-formed. Source: sections 3.1 and 5.1."""
    assert call.endpoint is not None
    raw, broken = wire.read_body(call, call.endpoint), []
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
    """What only the account knows. Source: sections 3.1.1 and 5.3."""
    source = request.source
    if source.type == "id":
        agreement = (
            _published_agreement(uow) if source.id == PUBLISHED_SOURCE else uow.find(Instrument, source.id or "")
        )
        if agreement is None:
            yield _says("source", "source_id_unknown")
        elif agreement.state != "Usable":
            yield _says("source", "source_id_invalid")
    elif source.type == "customer":
        known = _find_customer(uow, source.id, source.email)
        if known is None:
            yield _says("source", "customer_not_found")
        elif _default_agreement(uow, known) is None:
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
    return Violation(field, "format", message=code)


def _check_connector(
    uow: UnitOfWork, request: wire.PaymentRequest, platform: str, agreement: Instrument | None
) -> tuple[str, str | None]:
    """The wallet's connector refuses with one code and the swapped `invalid_request`. Source: sections 3.1 and 5.1.

    Returns terminal and operating system.
    """
    facts = {"amount": request.amount, "currency": request.currency, "reference": request.reference}
    rule = uow.rule("provider", "checkoutcom", operation="pay", **facts)
    refusal = rule.params.get("refusal") if rule is not None else setting(uow, "alipay_refusal")
    if refusal:
        raise Refused("invalid_request", {"codes": [str(refusal)]})
    if platform == "previous":
        return "WEB", None
    if not request.reference:
        raise Refused("invalid_request", {"codes": ["reference_invalid"]})
    processing = request.processing or wire.Processing()
    terminal, system = processing.terminal_type, processing.os_type
    terminal = "WEB" if terminal is None else terminal
    if terminal not in TERMINALS:
        raise Refused("invalid_request", {"codes": ["terminal_type_invalid"]})
    if system is None and terminal != "WEB" and agreement is None:
        raise Refused("invalid_request", {"codes": ["os_type_required"]})
    if system is not None and system not in SYSTEMS:
        raise Refused("invalid_request", {"codes": ["os_type_invalid"]})
    return terminal, system


# Customers and agreements ----------------------------------------------------------------------------------------


def _find_customer(uow: UnitOfWork, id_: str | None, email: str | None) -> Customer | None:
    if id_:
        return uow.find(Customer, id_)
    return uow.first_by_key(Customer, "email", email.lower()) if email else None


def _customer_of(uow: UnitOfWork, given: wire.CustomerInput | None, source: wire.Source | None) -> Customer:
    """Linked by id or by e-mail, else made. The stored name wins over the request's. Source: section 3.1."""
    id_, email = (given.id, given.email) if given is not None else (None, None)
    if id_ is None and email is None and source is not None:
        if source.type == "id":
            agreement = uow.get(Instrument, source.id or "")
            id_ = agreement.customer_id
        elif source.type == "customer":
            id_, email = source.id, source.email
    name = given.name if given is not None else None
    found = _find_customer(uow, id_, email)
    if found is not None:
        return uow.amend(found, name=name) if name and not found.name else found
    made = Customer(
        id=new_id(uow.ids, "cus"),
        created_at=uow.now,
        updated_at=uow.now,
        email=email,
        name=name,
        phone=wire.plain(given.phone) if given is not None else None,
    )
    return uow.add(made)


def _default_agreement(uow: UnitOfWork, customer: Customer) -> Instrument | None:
    usable = [i for i in uow.by_key(Instrument, "customer", customer.id) if i.state == "Usable"]
    return next((i for i in usable if i.id == customer.default), usable[0] if usable else None)


def _agreement_of(uow: UnitOfWork, source: wire.Source, customer: Customer) -> Instrument | None:
    if source.type == "id":
        return uow.get(Instrument, source.id or "")
    if source.type == "customer":
        known = _find_customer(uow, source.id, source.email)
        return _default_agreement(uow, known) if known is not None else None
    return None


def _published_agreement(uow: UnitOfWork) -> Instrument:
    """The agreement that the published follow-up request names: every workspace's customer John Smith has signed it.

    Source: the seed, whose third request is to work as printed. It comes into being when it is first used.
    """
    known = uow.find(Instrument, PUBLISHED_SOURCE)
    if known is not None:
        return known
    customer = _customer_of(uow, wire.CustomerInput(email=PUBLISHED_EMAIL, name=PUBLISHED_NAME), None)
    agreement = Instrument(
        id=PUBLISHED_SOURCE,
        state="Issued",
        created_at=uow.now,
        updated_at=uow.now,
        type="alipay_cn",
        customer_id=customer.id,
        payment_id=PUBLISHED_SOURCE,
    )
    return uow.fire(uow.add(agreement), "bank.captured")


def _issue_agreement(uow: UnitOfWork, payment: Payment) -> Instrument:
    """The `src_` stands in the 202 already, before the shopper has agreed. Source: sections 3.1 and 4.3."""
    agreement = Instrument(
        id=new_id(uow.ids, "src"),
        state="Issued",
        created_at=uow.now,
        updated_at=uow.now,
        type=payment.source_type,
        customer_id=payment.customer_id,
        payment_id=payment.id,
    )
    return uow.add(agreement)


# Deciding ------------------------------------------------------------------------------------------------------


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            approve(uow, resource)
        case "wallet.declined":
            decline(uow, resource, news, *errors.response(teller.code, teller.reason))
        case "wallet.cancelled":
            cancel(uow, resource)
        case "wallet.expired":
            expire(uow, resource)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource, trigger:
        case Payment(), "timer.follow_up":
            _charge_agreement(uow, resource)
        case Payment(), "timer.capture":
            _confirm(uow, resource, data.get("then"))
        case Payment(), "timer.refund":
            _settle_refund(uow, resource, uow.get(Action, data["action"]), data.get("then"))
        case Payment(), "timer.dispute":
            disputes.begin(uow, resource, data["verdict"])
        case Dispute(), "timer.verdict":
            disputes.decide(uow, resource)
        case Payment(), "timer.expired":
            alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            expire(uow, resource)
        case _:
            uow.fire(resource, trigger)


def _charge_agreement(uow: UnitOfWork, payment: Payment) -> None:
    """A follow-up asks the account that signed the agreement; nobody opens a page. Source: section 7.4."""
    if payment.order_code is not None or payment.state != "Pending":
        return
    agreement = uow.find(Instrument, payment.source_id or "")
    if agreement is None or agreement.state != "Usable":
        decline(uow, payment, "bank.declined", *errors.response(errors.REFUND_DECLINED))
        return
    order = _wallet_order(uow, payment)
    uow.amend(payment, order_code=order.id)
    alipay.confirm(uow, order, agreement.buyer or buyers.DEFAULT)


def approve(uow: UnitOfWork, payment: Payment) -> Payment:
    """The shopper has said yes: `payment_capture_pending`, and the acquirer confirms in a moment. Source: section 4.1."""
    capture = uow.add(_action(uow, payment, "Capture", payment.amount, reference=payment.reference))
    payment = uow.fire(
        payment,
        "wallet.paid",
        about=capture,
        capture_action_id=capture.id,
        partner_customer_id=f"2102{uow.ids.digits(17)}",
    )
    uow.disarm(payment, "timer.expired")
    uow.arm(payment, "timer.capture", after=seconds(uow, "capture_delay_s"))
    return payment


def _confirm(uow: UnitOfWork, payment: Payment, then: str | None) -> None:
    if payment.state != "Pending" or payment.capture_action_id is None:
        return
    verdict = _bank_verdict(uow, payment, "capture", payment.amount, then, "timer.capture", {})
    if verdict is None:
        return
    succeeds, code, reason = verdict
    if not succeeds:
        decline(uow, payment, "bank.declined", *errors.response(code, reason))
        return
    capture = uow.get(Action, payment.capture_action_id)
    code, summary = errors.response("10000")
    capture = uow.fire(
        capture,
        "bank.approved",
        processed_on=uow.now,
        response_code=code,
        response_summary=summary,
        acquirer_transaction_id=uow.ids.digits(10),
        acquirer_reference_number=uow.ids.digits(12),
    )
    payment = uow.fire(payment, "bank.captured", about=capture, approved=True)
    _tell_agreement(uow, payment, "bank.captured")
    _tell_hosted(uow, payment)
    disputes.foresee(uow, payment)


def _bank_verdict(
    uow: UnitOfWork,
    payment: Payment,
    operation: str,
    amount: int,
    then: str | None,
    trigger: str,
    data: Mapping[str, Any],
) -> tuple[bool, str | None, str | None] | None:
    """What the acquirer says: yes or no with a code and a reason, or None when it is asked again later, or never."""
    if then is not None:
        return then == "succeeded", None, "declined"
    facts = {"operation": operation, "amount": amount, "currency": payment.currency, "reference": payment.reference}
    effect = uow.rule("bank", "checkoutcom", payment=payment.id, **facts)
    if effect is None:
        return True, None, None
    params = effect.params
    if params.outcome == "pending" or params.delay is not None:
        outcome = "declined" if params.decline or params.outcome == "declined" else params.then
        if params.outcome != "pending":
            outcome = outcome or "succeeded"
        if outcome is not None:
            uow.arm(payment, trigger, after=params.delay or timedelta(0), then=outcome, **data)
        return None
    if params.decline or params.outcome == "declined":
        return False, params.code, params.decline
    return True, None, None


def decline(uow: UnitOfWork, payment: Payment, trigger: str, code: str, summary: str) -> Payment:
    """`payment_declined` with an action that carries the code. Source: sections 3.4 and 6.3."""
    uow.disarm(payment, "timer.capture")
    told: dict[str, Any] = {"processed_on": uow.now, "response_code": code, "response_summary": summary}
    if payment.capture_action_id is not None:
        refused = uow.fire(uow.get(Action, payment.capture_action_id), "bank.declined", **told)
    else:
        draft = _action(uow, payment, "Authorization", payment.amount, state="Declined", reference=payment.reference)
        refused = uow.add(replace(draft, response_code=code, response_summary=summary))
    payment = uow.fire(payment, trigger, about=refused)
    _tell_agreement(uow, payment, "bank.declined")
    return payment


def cancel(uow: UnitOfWork, payment: Payment) -> Payment:
    if setting(uow, "strict_events"):
        return decline(uow, payment, "wallet.cancelled_as_declined", *errors.response(None, "cancelled"))
    return _end(uow, payment, "wallet.cancelled")


def expire(uow: UnitOfWork, payment: Payment) -> Payment:
    if setting(uow, "strict_events"):
        return decline(uow, payment, "timer.expired_as_declined", *errors.response(None, "expired"))
    return _end(uow, payment, "timer.expired")


def _end(uow: UnitOfWork, payment: Payment, trigger: str) -> Payment:
    """`payment_canceled` and `payment_expired` carry an action although nothing was captured. Source: section 6.3."""
    refused = uow.add(_action(uow, payment, "Authorization", payment.amount, state="Declined"))
    payment = uow.fire(payment, trigger, about=refused)
    _tell_agreement(uow, payment, "bank.declined")
    return payment


def _tell_agreement(uow: UnitOfWork, payment: Payment, trigger: str) -> None:
    """The first payment decides whether its agreement can be used."""
    agreement = uow.find(Instrument, payment.source_id or "")
    if agreement is None or agreement.payment_id != payment.id or agreement.state != "Issued":
        return
    order = uow.find(Order, payment.order_code or "")
    uow.fire(agreement, trigger, buyer=order.buyer if order is not None else None)


def _tell_hosted(uow: UnitOfWork, payment: Payment) -> None:
    if payment.hosted_id is None:
        return
    hosted: Hosted | None = uow.find(HostedPayment, payment.hosted_id) or uow.find(PaymentLink, payment.hosted_id)
    if hosted is not None and hosted.state in ("Payment Pending", "Active"):
        uow.fire(hosted, "bank.captured", payment_id=payment.id, payment_order=payment.order_code)


def _action(
    uow: UnitOfWork, payment: Payment, type_: str, amount: int, *, state: str = "In Progress", **more: Any
) -> Action:
    return Action(
        id=new_id(uow.ids, "act"),
        state=state,
        created_at=uow.now,
        updated_at=uow.now,
        payment_id=payment.id,
        type=type_,
        amount=amount,
        processed_on=uow.now,
        **more,
    )


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """`success_url` or `failure_url` with the session's and the payment's id. Source: section 7.3."""
    assert isinstance(payment, Payment) and isinstance(order, Order)
    target = payment.success_url if order.state == "paid" else payment.failure_url
    if target is None:
        return None
    return with_query(target, **{"cko-session-id": payment.session_id, "cko-payment-id": payment.id})


# Reading -------------------------------------------------------------------------------------------------------


def find_payment(call: Call, uow: UnitOfWork) -> Payment:
    return uow.get(Payment, call.path["id"], "id")


def get_payment(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{id}: by `pay_`, or by the `sid_` that the browser brought back, then with `actions`."""
    id_ = call.path["id"]
    if not id_.startswith("sid_"):
        return Reply(200, wire.payment(find_payment(call, uow), call.base_url), subject=id_)
    payment = uow.first_by_key(Payment, "session", id_)
    if payment is None:
        raise NotFound("payment", id_, "id")
    body = wire.payment(payment, call.base_url, uow.by_key(Action, "payment", payment.id))
    return Reply(200, body, subject=payment.id)


def list_payments(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments?reference=: newest first; `total_count` ignores paging. Source: section 3.3."""
    query: wire.PaymentsQuery = call.body
    found = uow.by_key(Payment, "reference", query.reference)
    page = found[query.skip : query.skip + query.limit]
    body: dict[str, Any] = {"limit": query.limit, "skip": query.skip, "total_count": len(found)}
    return Reply(200, body | {"data": [wire.payment(payment, call.base_url) for payment in page]})


_TERM = re.compile(r"^\s*(id|reference|status|currency)\s*:\s*'([^']*)'\s*$")


def search_payments(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/search: one or more `name:'value'` joined by AND. Source: section 3.3 (grammar inferred)."""
    request: wire.SearchRequest = call.body
    terms: dict[str, str] = {}
    for part in filter(None, re.split(r"\s+AND\s+", request.query.strip())):
        match = _TERM.match(part)
        if match is None:
            raise Refused("request_invalid", {"codes": ["query_invalid"]})
        terms[match[1]] = match[2]
    found, _ = uow.listing(Payment, limit=1000)
    since, until = wire.moment(request.from_), wire.moment(request.to)
    held = [
        payment
        for payment in found
        if all(_member(payment, name) == value for name, value in terms.items())
        and (since is None or payment.created_at >= since)
        and (until is None or payment.created_at <= until)
    ]
    return Reply(200, {"data": [wire.payment(payment, call.base_url) for payment in held[: request.limit]]})


def _member(payment: Payment, name: str) -> str | None:
    return {"id": payment.id, "reference": payment.reference, "status": payment.state, "currency": payment.currency}[
        name
    ]


def get_actions(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{id}/actions: an array, newest first. Source: section 3.4."""
    payment = find_payment(call, uow)
    found = uow.by_key(Action, "payment", payment.id)
    return Reply(200, [wire.action(action) for action in found], subject=payment.id)


# Acting on a payment -------------------------------------------------------------------------------------------


def refund_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{id}/refunds: everything that is left unless an amount is given (0 is none: inferred).

    Raises `IllegalTransition` (403) when nothing can be refunded, `LimitExceeded` when more is asked than is left.
    Source: section 3.5.
    """
    request: wire.ActionRequest = call.body
    refund = _refund(uow, find_payment(call, uow), request.amount, request)
    return Reply(202, wire.action_accepted(refund, call.base_url))


def reverse_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{id}/reversals: a captured payment is refunded in full. Source: section 3.8."""
    refund = _refund(uow, find_payment(call, uow), None, call.body)
    return Reply(202, wire.action_accepted(refund, call.base_url, "Refund"))


def _refund(uow: UnitOfWork, payment: Payment, amount: int | None, request: wire.ActionRequest) -> Action:
    left = payment.refundable
    if left <= 0 or uow.now - payment.created_at > REFUND_WINDOW:
        raise IllegalTransition("checkoutcom.payment", payment.state, "api.refund")
    if request.capture_action_id not in (None, payment.capture_action_id):
        raise Refused("request_invalid", {"codes": ["capture_action_id_invalid"]})
    asked = amount or left
    if asked > left:
        raise LimitExceeded(asked, left)
    if payment.refund_count >= REFUND_LIMIT:
        raise Refused("processing_error", {"codes": ["action_failure_limit_exceeded"]})
    draft = _action(uow, payment, "Refund", asked, reference=request.reference, metadata=request.metadata)
    refund = uow.add(draft)
    payment = uow.fire(
        payment,
        "api.refund",
        about=refund,
        refunding=payment.refunding + asked,
        refund_count=payment.refund_count + 1,
    )
    uow.arm(payment, "timer.refund", after=seconds(uow, "refund_delay_s"), action=refund.id)
    return refund


def _settle_refund(uow: UnitOfWork, payment: Payment, refund: Action, then: str | None) -> None:
    if refund.state != "In Progress":
        return
    data = {"action": refund.id}
    verdict = _bank_verdict(uow, payment, "refund", refund.amount, then, "timer.refund", data)
    if verdict is None:
        return
    succeeds, code, _ = verdict
    refunding = payment.refunding - refund.amount
    if not succeeds:
        code, summary = errors.response(code, default=errors.REFUND_DECLINED)
        refund = uow.fire(refund, "bank.declined", processed_on=uow.now, response_code=code, response_summary=summary)
        uow.fire(payment, "bank.refund_declined", about=refund, refunding=refunding)
        return
    code, summary = errors.response("10000")
    refund = uow.fire(refund, "bank.approved", processed_on=uow.now, response_code=code, response_summary=summary)
    refunded = payment.refunded + refund.amount
    alipay.refund(uow, payment.order_code, Money(refund.amount, payment.currency))
    trigger = "bank.refunded_rest" if refunded == payment.captured else "bank.refunded_part"
    uow.fire(payment, trigger, about=refund, refunded=refunded, refunding=refunding)


def not_for_alipay(call: Call, uow: UnitOfWork) -> Reply:
    """Captures, voids, authorizations, cancellations: Alipay is one step, so 403 in every state (inferred: section 3.6)."""
    payment = find_payment(call, uow)
    operation = call.endpoint.operation if call.endpoint else "this"
    raise Forbidden(f"{operation} is not possible for {payment.source_type}, which is captured by itself")
