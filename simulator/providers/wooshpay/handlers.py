"""Payment intents, checkout sessions, refunds, charges and events. Success is 200 for everything, creation included;
amounts are minor units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import from_micros, millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import Faulted, NotFound
from simulator.providers.wooshpay import links, wire
from simulator.providers.wooshpay.account import add_method, new_price
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.lookup import (
    as_millis,
    check_url,
    find,
    listed,
    merged,
    newest_first,
    owned,
    query_of,
    raw,
)
from simulator.providers.wooshpay.model import (
    CashierCode,
    Charge,
    CheckoutSession,
    Customer,
    PaymentIntent,
    PaymentMethod,
    Price,
    Product,
    Refund,
    StoredEvent,
    mint,
)
from simulator.providers.wooshpay.states import SESSION_LIFETIME, WALLET_CODE_LIFETIME
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order

# Source: reference/wooshpay.md, section 7.2 (seed).
ALIPAY_CURRENCIES = ("CNY", "GBP", "USD", "EUR", "HKD")
ALIPAY = ("alipay", "alipayplus")

# Source: reference/wooshpay.md, section 3.1 (inferred). Setting `payment_method_types`.
DEFAULT_METHOD_TYPES = ("card", "alipay", "wechat_pay", "alipay_hk", "unionpay")

# Methods that take several partial refunds. Source: reference/wooshpay.md, section 7.2 (seed: not Alipay).
SEVERAL_REFUNDS = frozenset({"card", "wechat_pay"})

ATTEMPT_FAILED = "payment_intent_payment_attempt_failed"
AUTHENTICATION_FAILED = "payment_intent_authentication_failure"
ATTEMPT_EXPIRED = "payment_intent_payment_attempt_expired"

FAILURE_MESSAGES = {
    # Source: reference/wooshpay.md, section 5.4 (the first sentence; all inferred).
    ATTEMPT_FAILED: "The customer did not complete the payment in the wallet.",
    AUTHENTICATION_FAILED: "The wallet could not authenticate the customer.",
    ATTEMPT_EXPIRED: "The wallet code expired before the customer paid.",
}

# Payment intents -----------------------------------------------------------------------------------------------


def create_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents: with `confirm` creation and confirmation in one.

    Source: reference/wooshpay.md, section 3.1 (seed).
    """
    request: wire.IntentRequest = call.body
    if request.confirm:
        _refuse_by_rule(uow, "confirm", request.amount, request.currency, request.merchant_order_id)
    method = _method(call, uow, request)
    types = _types(call, uow, request, method)
    _check_method(types, method, request.currency, request.capture_method)
    check_url(request.return_url, "return_url")
    if request.customer is not None:
        find(call, uow, Customer, request.customer, "customer")
    intent = _new_intent(
        call,
        uow,
        amount=request.amount,
        currency=request.currency,
        payment_method_types=types,
        state="requires_payment_method" if method is None else "requires_confirmation",
        payment_method=method.id if method else None,
        method_type=method.type if method else None,
        payment_method_options=_options(call),
        customer=request.customer,
        description=request.description,
        metadata=merged(None, request.metadata),
        merchant_order_id=request.merchant_order_id,
        shipping=raw(call, "shipping"),
        receipt_email=request.receipt_email,
        statement_descriptor=request.statement_descriptor,
        statement_descriptor_suffix=request.statement_descriptor_suffix,
        return_url=request.return_url,
        confirmation_method=request.confirmation_method or "automatic",
        capture_method=request.capture_method or "automatic",
        setup_future_usage=request.setup_future_usage,
    )
    if request.confirm:
        if method is None:
            raise refused("parameter_missing", "payment_method_data")
        _note_return_url(call, intent)
        intent = confirm(uow, intent, method)
    return Reply(200, wire.payment_intent(intent))


def _new_intent(call: Call, uow: UnitOfWork, **members: Any) -> PaymentIntent:
    id_ = mint(uow, "pi")
    secret = f"{id_}_secret_{uow.ids.text(24)}"
    intent = PaymentIntent(id=id_, client_secret=secret, origin=call.base_url, **owned(call, uow), **members)
    return uow.add(intent, events=["payment_intent.created"])


def _method(call: Call, uow: UnitOfWork, request: wire.IntentFields) -> PaymentMethod | None:
    """The saved method, or one made of the inline data: it is minted before the intent (seed)."""
    if request.payment_method_data is not None:
        data: dict[str, Any] = raw(call, "payment_method_data")
        type_ = request.payment_method_data.type
        return add_method(call, uow, type_, data.get("billing_details"), None)
    if request.payment_method is not None:
        return find(call, uow, PaymentMethod, request.payment_method, "payment_method")
    return None


def _types(call: Call, uow: UnitOfWork, request: wire.IntentFields, method: PaymentMethod | None) -> tuple[str, ...]:
    """What was sent; else the type of the inline method (documented); else the account's defaults (inferred)."""
    if request.payment_method_types is not None:
        return tuple(dict.fromkeys(request.payment_method_types))
    if method is not None:
        return (method.type,)
    return tuple(uow.workspace.setting("wooshpay", "payment_method_types", DEFAULT_METHOD_TYPES))


def _check_method(types: tuple[str, ...], method: PaymentMethod | None, currency: str, capture: str | None) -> None:
    if method is not None and method.type not in types:
        raise refused("payment_method_type_mismatch", "payment_method_data[type]", given=method.type)
    is_alipay = method.type in ALIPAY if method is not None else all(type_ in ALIPAY for type_ in types)
    if is_alipay and currency not in ALIPAY_CURRENCIES:
        message = f"Alipay takes {', '.join(ALIPAY_CURRENCIES)}, not {currency}"
        raise refused("currency_not_supported", "currency", message=message)
    if is_alipay and capture == "manual":
        message = "Alipay cannot authorize first and capture later"
        raise refused("parameter_invalid", "capture_method", message=message)


def _options(call: Call) -> dict[str, Any] | None:
    """`payment_method_options` as sent, but the members of Alipay in the seed's order."""
    sent: dict[str, Any] | None = raw(call, "payment_method_options")
    if not sent:
        return None
    order = ("terminal_type", "os_type", "client_ip")
    return {
        type_: {name: given[name] for name in order if name in given} if type_ in ALIPAY else given
        for type_, given in sent.items()
    }


def _note_return_url(call: Call, intent: PaymentIntent) -> None:
    """Needed when a redirect method is confirmed (inferred): noted, and refused where the server is strict."""
    if intent.return_url is None:
        if call.strict:
            raise refused("parameter_missing", "return_url")
        call.differs_live("return_url: the live API probably needs it to confirm a redirect method")


def confirm(
    uow: UnitOfWork, intent: PaymentIntent, method: PaymentMethod, trigger: str = "api.confirm"
) -> PaymentIntent:
    """Issues a wallet link, or charges at once a method whose shopper has agreed to that (section 7.7, inferred)."""
    if intent.order_code is not None:
        alipay.close(uow, intent.order_code, "cancelled")
    charges_at_once = method.buyer is not None and method.customer == intent.customer and method.customer is not None
    app = _is_app(intent, method.type)
    lifetime = _code_lifetime(uow)
    order = alipay.open_order(
        uow,
        intent,
        title="WooshPay",
        amount=intent.money,
        merchant=uow.workspace.setting("wooshpay", "merchant_name", "Riverside Books"),
        reference=intent.merchant_order_id or intent.id,
        description=intent.description or "",
        operation="confirm",
        device="app" if app else "web",
        expires_at=None if lifetime is None else uow.now + lifetime,
    )
    code = links.cashier_code(uow.ids)
    while uow.runtime.locate(CashierCode, code) is not None:
        code = links.cashier_code(uow.ids)
    link = CashierCode(id=code, created_at=uow.now, updated_at=uow.now, order_code=order.id, payment_intent=intent.id)
    uow.add(link)
    uow.disarm(intent, "timer.code_expired")
    was_waiting = intent.state == "requires_action"
    intent = uow.fire(
        intent,
        trigger,
        silent=charges_at_once,
        payment_method=method.id,
        method_type=method.type,
        order_code=order.id,
        code_expires_at=order.expires_at,
        last_payment_error=None,
        failed_as=None,
        next_action=_next_action(uow, intent, method.type, code, app),
    )
    if was_waiting and intent.code_expires_at is not None:
        uow.arm(intent, "timer.code_expired", at=intent.code_expires_at)
    if charges_at_once:
        alipay.confirm(uow, order, method.buyer or buyers.DEFAULT)
        intent = uow.get(PaymentIntent, intent.id)
    return intent


def _code_lifetime(uow: UnitOfWork) -> timedelta | None:
    minutes = uow.workspace.setting("wooshpay", "wallet_code_minutes")
    if minutes is None:
        return WALLET_CODE_LIFETIME
    return timedelta(minutes=float(minutes)) if float(minutes) > 0 else None


def _is_app(intent: PaymentIntent, type_: str) -> bool:
    """`terminal_type` selects the link: WEB unless APP or WAP is asked for (WAP inferred)."""
    options = (intent.payment_method_options or {}).get(type_) or {}
    return options.get("terminal_type") in ("APP", "WAP")


def _next_action(uow: UnitOfWork, intent: PaymentIntent, type_: str, code: str, app: bool) -> dict[str, Any]:
    """`<type>_handle_redirect` with nothing but the link. Setting `next_action_type` = `alipay_handle_redirect` for the
    shape of 2024. Source: reference/wooshpay.md, sections 3.1 and 7.4."""
    if type_ == "card":
        redirect = {"url": links.challenge_url(uow.workspace, intent), "return_url": intent.return_url}
        return {"type": "challenge_redirect", "challenge_redirect": wire.present(redirect)}
    member = f"{type_}_handle_redirect"
    kind = uow.workspace.setting("wooshpay", "next_action_type", "redirect_to_url")
    url = links.wallet_url(uow.workspace, intent.origin, code, app=app)
    return {"type": "redirect_to_url" if kind == "redirect_to_url" else member, member: {"url": url}}


def _refuse_by_rule(uow: UnitOfWork, operation: str, amount: int, currency: str, reference: str | None) -> None:
    """A scenario's or a test amount's `provider: {refuse: {status, code}}`: the call fails before anything happens."""
    facts = {"operation": operation, "amount": amount, "currency": currency, "reference": reference}
    effect = uow.rule("provider", "wooshpay", **facts)
    if effect is not None and isinstance(effect.params.get("refuse"), dict):
        fault = effect.params["refuse"]
        raise Faulted(int(fault.get("status", 500)), {"code": fault.get("code"), "message": fault.get("message")})


def _intent(call: Call, uow: UnitOfWork) -> PaymentIntent:
    """The intent of the path. A publishable key must name its client secret (inferred)."""
    intent = find(call, uow, PaymentIntent, call.path["id"])
    if call.credential["publishable"]:
        given = call.query.get("client_secret") or call.scratch.get("body", {}).get("client_secret")
        if not given:
            raise refused("parameter_missing", "client_secret")
        if given != intent.client_secret:
            raise NotFound(PaymentIntent.KIND, intent.id, "client_secret")
    return intent


def get_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    intent = _intent(call, uow)
    return Reply(200, wire.payment_intent(intent), subject=intent.id)


def _must_allow(intent: PaymentIntent, trigger: str, act: str) -> None:
    machine = intent.MACHINE
    assert machine is not None
    if not machine.allows(trigger, intent.state):
        raise _unexpected_state(intent, act)


def _unexpected_state(intent: PaymentIntent, act: str) -> Exception:
    shown = wire.payment_intent(intent)
    return refused("payment_intent_unexpected_state", None, act=act, state=intent.state, payment_intent=shown)


_ALWAYS = frozenset({"metadata", "description"})
_WHILE_WAITING = _ALWAYS | {"merchant_order_id"}


def update_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}. What may change depends on the status (inferred).

    Source: reference/wooshpay.md, section 3.3.
    """
    intent, request = _intent(call, uow), call.body
    sent = {name for name in type(request).model_fields if getattr(request, name) is not None}
    if intent.state not in ("requires_payment_method", "requires_confirmation"):
        allowed = _WHILE_WAITING if intent.state == "requires_action" else _ALWAYS
        if not sent <= allowed:
            raise _unexpected_state(intent, "updated")
    changes = _changes(call, uow, intent, request)
    method = _method(call, uow, request)
    if {"amount", "currency", "payment_method_types", "capture_method"} & sent or method is not None:
        now = method or (uow.find(PaymentMethod, intent.payment_method) if intent.payment_method else None)
        types = changes.get("payment_method_types", intent.payment_method_types)
        currency = changes.get("currency", intent.currency)
        _check_method(types, now, currency, changes.get("capture_method", intent.capture_method))
    if method is not None:
        changes |= {"payment_method": method.id, "method_type": method.type}
        if intent.state == "requires_payment_method":
            intent = uow.fire(intent, "api.attach", **changes)
            return Reply(200, wire.payment_intent(intent))
    intent = uow.amend(intent, **changes)
    return Reply(200, wire.payment_intent(intent))


_PLAIN = (
    "amount", "currency", "description", "merchant_order_id", "receipt_email", "setup_future_usage", "capture_method",
    "confirmation_method", "statement_descriptor", "statement_descriptor_suffix", "return_url", "customer",
)  # fmt: skip


def _changes(call: Call, uow: UnitOfWork, intent: PaymentIntent, request: wire.IntentFields) -> dict[str, Any]:
    """The members of an update or a confirmation that are simply taken over."""
    fields = type(request).model_fields
    changes = {name: getattr(request, name) for name in _PLAIN if name in fields and getattr(request, name) is not None}
    check_url(request.return_url, "return_url")
    if changes.get("customer") is not None:
        find(call, uow, Customer, changes["customer"], "customer")
    if request.metadata is not None:
        changes["metadata"] = merged(intent.metadata, request.metadata)
    if request.shipping is not None:
        changes["shipping"] = raw(call, "shipping")
    if request.payment_method_types is not None:
        changes["payment_method_types"] = tuple(dict.fromkeys(request.payment_method_types))
    if request.payment_method_options is not None:
        changes["payment_method_options"] = _options(call)
    return changes


def confirm_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/confirm; again from `requires_action` with a fresh wallet code (inferred).

    Source: reference/wooshpay.md, section 3.4.
    """
    intent, request = _intent(call, uow), call.body
    _must_allow(intent, "api.confirm", "confirmed")
    _refuse_by_rule(uow, "confirm", intent.amount, intent.currency, intent.merchant_order_id)
    method = _method(call, uow, request)
    if method is None and intent.payment_method is not None:
        method = uow.get(PaymentMethod, intent.payment_method)
    if method is None:
        raise refused("parameter_missing", "payment_method_data")
    changes = _changes(call, uow, intent, request)
    capture = changes.get("capture_method", intent.capture_method)
    _check_method(changes.get("payment_method_types", intent.payment_method_types), method, intent.currency, capture)
    intent = uow.amend(intent, **changes)
    _note_return_url(call, intent)
    return Reply(200, wire.payment_intent(confirm(uow, intent, method)))


def capture_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/capture: once; what is not captured is released (documented). Cards only.

    Source: reference/wooshpay.md, section 3.5 (`amount_received` inferred).
    """
    intent = _intent(call, uow)
    _must_allow(intent, "api.capture", "captured")
    asked = call.body.amount_to_capture or intent.amount
    if asked > intent.amount:
        raise refused("amount_too_large", "amount_to_capture", available=intent.amount)
    intent = uow.fire(intent, "api.capture", amount_received=asked)
    charge = uow.get(Charge, intent.charge or "")
    charge = uow.amend(charge, amount_captured=asked)
    uow.emit("charge.succeeded", charge)
    session = _session_of(uow, intent)
    if session is not None:
        uow.amend(session, payment_status="paid")
    alipay.refund(uow, intent.order_code, Money(intent.amount - asked, intent.currency))
    return Reply(200, wire.payment_intent(intent))


def cancel_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/cancel. A session's intent cannot be cancelled (documented).

    Source: reference/wooshpay.md, section 3.6.
    """
    intent = _intent(call, uow)
    _must_allow(intent, "api.cancel", "canceled")
    if intent.session is not None:
        raise refused("payment_intent_belongs_to_session")
    intent = end(uow, intent, "api.cancel", cancellation_reason=call.body.cancellation_reason)
    return Reply(200, wire.payment_intent(intent))


def end(uow: UnitOfWork, intent: PaymentIntent, trigger: str, **changes: Any) -> PaymentIntent:
    """Cancels an intent and closes its wallet order; an authorized amount goes back to the shopper."""
    by_clock = trigger.startswith("timer.")
    if intent.state == "requires_capture":
        alipay.refund(uow, intent.order_code, intent.money)
    alipay.close(
        uow, intent.order_code, "expired" if by_clock else "cancelled", decided_by="timer" if by_clock else "api"
    )
    return uow.fire(intent, trigger, canceled_at=uow.now, next_action=None, ended_by_clock=by_clock, **changes)


# What the shopper decides --------------------------------------------------------------------------------------


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved. News of an order that a newer link replaced counts for nothing."""
    assert isinstance(resource, PaymentIntent) and isinstance(teller, Order)
    if resource.order_code != teller.id or resource.state != "requires_action":
        return
    match news:
        case "wallet.paid":
            _approved(uow, resource, teller)
        case "wallet.declined" | "wallet.cancelled":
            code = teller.code or (AUTHENTICATION_FAILED if teller.reason == "authentication" else ATTEMPT_FAILED)
            fail(uow, resource, news, code, teller.message, news.removeprefix("wallet."))
        case "wallet.expired":
            fail(uow, resource, "timer.code_expired", teller.code or ATTEMPT_EXPIRED, teller.message, "expired")


def _approved(uow: UnitOfWork, intent: PaymentIntent, order: Order) -> None:
    intent = uow.amend(intent, next_action=None)
    if intent.setup_future_usage == "off_session" and intent.customer is not None and intent.payment_method is not None:
        method = uow.get(PaymentMethod, intent.payment_method)
        uow.amend(method, customer=intent.customer, buyer=order.buyer)
    if intent.capture_method == "manual" and intent.method_type not in ALIPAY:
        charge = _charge(uow, intent, captured=0)
        intent = uow.fire(intent, "wallet.authorized", charge=charge.id)
        _complete(uow, intent, "wallet.paid", "unpaid")
        return
    facts = {"amount": intent.amount, "currency": intent.currency, "reference": intent.merchant_order_id}
    effect = uow.rule("bank", "wooshpay", operation="confirm", payment=intent.id, **facts)
    if effect is not None and (effect.params.decline or effect.params.outcome == "declined"):
        alipay.refund(uow, intent.order_code, intent.money)
        fail(uow, intent, "wallet.declined", effect.params.code or ATTEMPT_FAILED, effect.params.message, "declined")
    elif effect is not None and effect.params.outcome == "pending":
        intent = uow.fire(intent, "wallet.accepted")
        after = effect.params.delay if effect.params.delay is not None else timedelta(seconds=30)
        succeeds = effect.params.then != "declined"
        uow.arm(intent, "timer.settled", after=after, succeeds=succeeds, code=effect.params.code)
    else:
        _succeed(uow, intent, "wallet.paid")


def _charge(uow: UnitOfWork, intent: PaymentIntent, *, captured: int) -> Charge:
    charge = Charge(
        id=mint(uow, "ch"),
        created_at=uow.now,
        updated_at=uow.now,
        livemode=intent.livemode,
        amount=intent.amount,
        amount_captured=captured,
        currency=intent.currency,
        customer=intent.customer,
        description=intent.description,
        metadata=intent.metadata,
        payment_intent=intent.id,
        payment_method=intent.payment_method or "",
        method_type=intent.method_type or "",
    )
    return uow.add(charge)


def _succeed(uow: UnitOfWork, intent: PaymentIntent, trigger: str) -> None:
    charge = _charge(uow, intent, captured=intent.amount)
    intent = uow.fire(intent, trigger, amount_received=intent.amount, charge=charge.id, next_action=None)
    uow.emit("charge.succeeded", charge)
    _complete(uow, intent, trigger, "paid")


def _complete(uow: UnitOfWork, intent: PaymentIntent, trigger: str, payment_status: str) -> None:
    """The session follows its intent: first `payment_intent.succeeded`, then `checkout.session.completed` (inferred)."""
    session = _session_of(uow, intent)
    if session is not None and session.state == "open":
        uow.fire(session, trigger, payment_status=payment_status)


def _session_of(uow: UnitOfWork, intent: PaymentIntent) -> CheckoutSession | None:
    return uow.find(CheckoutSession, intent.session) if intent.session else None


def fail(
    uow: UnitOfWork, intent: PaymentIntent, trigger: str, code: str, message: str | None, failed_as: str
) -> PaymentIntent:
    """The attempt has failed: the intent waits for another method. A session stays open for another try.

    Source: reference/wooshpay.md, sections 4.1 and 5.4.
    """
    error = {
        "type": "invalid_request_error",
        "code": code,
        "message": message or FAILURE_MESSAGES.get(code, FAILURE_MESSAGES[ATTEMPT_FAILED]),
        "payment_method_type": intent.method_type or "alipay",
    }
    intent = uow.fire(
        intent, trigger, last_payment_error=error, failed_as=failed_as, next_action=None, payment_method=None
    )
    session = _session_of(uow, intent)
    if session is not None and session.state == "open" and uow.now >= session.expires_at:
        expire(uow, session, "timer.expired")
    return intent


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource, trigger:
        case PaymentIntent(state="requires_action"), "timer.code_expired":
            alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            fail(uow, resource, trigger, ATTEMPT_EXPIRED, None, "expired")
        case PaymentIntent(state="processing"), "timer.settled":
            if data["succeeds"]:
                _succeed(uow, resource, "bank.settled")
            else:
                alipay.refund(uow, resource.order_code, resource.money)
                fail(uow, resource, "bank.failed", data["code"] or ATTEMPT_FAILED, None, "declined")
        case PaymentIntent(state="requires_capture"), "timer.authorization_lapsed":
            end(uow, resource, trigger)
        case CheckoutSession(state="open"), "timer.expired":
            intent = uow.get(PaymentIntent, resource.payment_intent)
            if intent.state != "processing":  # the money is on its way: `fail` expires the session if it does not come
                expire(uow, resource, trigger)
        case Refund(state="pending"), "timer.settled":
            _settle_refund(uow, resource, data["succeeds"])


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Direct: `return_url` with Stripe's three parameters. Session: `success_url` or `cancel_url` as they are; after a
    decline the checkout page, which offers another try. Source: reference/wooshpay.md, section 7.6 (inferred)."""
    assert isinstance(payment, PaymentIntent)
    session = _session_of(uow, payment)
    if session is None:
        if not payment.return_url:
            return None
        status = {"succeeded": "succeeded", "requires_capture": "succeeded", "processing": "pending"}
        parameters = {
            "payment_intent": payment.id,
            "payment_intent_client_secret": payment.client_secret,
            "redirect_status": status.get(payment.state, "failed"),
        }
        return with_query(links.with_scheme(payment.return_url), **parameters)
    if payment.state in ("succeeded", "processing", "requires_capture"):
        return links.with_scheme(session.success_url)
    if order.state == "cancelled" and session.cancel_url:
        return links.with_scheme(session.cancel_url)
    return session.origin + links.session_path(session)


def open_order(uow: UnitOfWork, payment: Resource) -> str | None:
    """The shopper picks a method on a page: Alipay where the intent takes it, else the first type it takes."""
    assert isinstance(payment, PaymentIntent)
    session = _session_of(uow, payment)
    if payment.state == "requires_action":
        return payment.order_code
    tried = payment.last_payment_error is not None
    if payment.state not in ("requires_payment_method", "requires_confirmation") or (tried and session is None):
        return None
    if session is not None and session.state != "open":
        return None
    return choose(uow, payment, app=False).order_code


def choose(uow: UnitOfWork, intent: PaymentIntent, *, app: bool) -> PaymentIntent:
    """`page.confirm`: what the hosted page does when its button is pressed."""
    method = uow.find(PaymentMethod, intent.payment_method) if intent.payment_method else None
    if method is None:
        takes_alipay = "alipay" in intent.payment_method_types and intent.currency in ALIPAY_CURRENCIES
        type_ = "alipay" if takes_alipay else intent.payment_method_types[0]
        id_, times = mint(uow, "pm"), {"created_at": uow.now, "updated_at": uow.now}
        method = uow.add(PaymentMethod(id=id_, type=type_, details={}, livemode=intent.livemode, **times))  # type: ignore[arg-type]
    if intent.session is not None and method.type in ALIPAY:
        options = {**(intent.payment_method_options or {}), method.type: {"terminal_type": "APP" if app else "WEB"}}
        intent = uow.amend(intent, payment_method_options=options)
    return confirm(uow, intent, method, "page.confirm")


# Checkout sessions ---------------------------------------------------------------------------------------------


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/checkout/sessions. Ids are minted in the order session, then item, price and product, then intent.

    Source: reference/wooshpay.md, section 3.9 (seed).
    """
    request: wire.SessionRequest = call.body
    if request.mode != "payment":
        if request.mode == "subscription":
            raise refused("checkout_recurring_not_supported", "line_items")
        raise refused("parameter_invalid_string_enum", "mode", message="the simulator has payment only")
    check_url(request.success_url, "success_url")
    check_url(request.cancel_url, "cancel_url")
    customer = find(call, uow, Customer, request.customer, "customer") if request.customer else None
    session_id, expires_at = uow.own_id(CheckoutSession, lambda: mint(uow, "cs")), _expiry(uow, request.expires_at)
    prices, items = _line_items(call, uow, request)
    currency, total = prices[0].currency, sum(item["amount_total"] for item in items)
    types = tuple(dict.fromkeys(request.payment_method_types or ()))
    takes_alipay = any(type_ in ALIPAY for type_ in types)
    if any(price.currency != currency for price in prices):
        raise refused("checkout_mixed_currencies", "line_items")
    if any(price.recurring for price in prices) and (takes_alipay or not types):
        raise refused("checkout_recurring_not_supported", "line_items")
    if takes_alipay and currency not in ALIPAY_CURRENCIES:
        message = f"Alipay takes {', '.join(ALIPAY_CURRENCIES)}, not {currency}"
        raise refused("currency_not_supported", "line_items[0][price_data][currency]", message=message)
    if total > wire.AMOUNT_LIMIT:
        raise refused("amount_too_large", "line_items", available=wire.AMOUNT_LIMIT)
    data = request.payment_intent_data or wire.PaymentIntentData()
    capture = data.capture_method or "automatic"
    _check_method(types or ("card",), None, currency, capture)
    defaults = uow.workspace.setting("wooshpay", "payment_method_types", DEFAULT_METHOD_TYPES)
    sent_data: dict[str, Any] = raw(call, "payment_intent_data") or {}
    intent = _new_intent(
        call,
        uow,
        state="requires_payment_method",
        amount=total,
        currency=currency,
        payment_method_types=types or tuple(defaults),
        payment_method_options=_options(call),
        customer=customer.id if customer else None,
        description=data.description,
        metadata={**(request.metadata or {}), **(data.metadata or {})} or None,
        merchant_order_id=request.client_reference_id,
        shipping=sent_data.get("shipping"),
        capture_method=capture,
        setup_future_usage=data.setup_future_usage,
        session=session_id,
        session_expires_at=expires_at,
    )
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
            payment_method_options=_options(call),
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


def _expiry(uow: UnitOfWork, given: int | None) -> datetime:
    """24 hours (documented), or what was asked for: below 10^12 it is seconds (inferred)."""
    if given is None:
        return uow.now + SESSION_LIFETIME
    now, given_ms = millis(uow.now), as_millis(given)
    if not now < given_ms <= now + 366 * 86_400_000:
        raise refused("parameter_invalid_integer", "expires_at")
    return from_micros(given_ms * 1000)


def _line_items(call: Call, uow: UnitOfWork, request: wire.SessionRequest) -> tuple[list[Price], list[dict[str, Any]]]:
    prices, items = [], []
    for index, item in enumerate(request.line_items):
        where = f"line_items.{index}"
        id_ = mint(uow, "li")
        if item.price_data is not None:
            price, product = new_price(call, uow, item.price_data, f"{where}.price_data")
        elif item.price is not None:
            price = find(call, uow, Price, item.price, bracketed(f"{where}.price"))
            product = uow.get(Product, price.product)
        else:
            raise refused("parameter_missing", bracketed(f"{where}.price_data"))
        prices.append(price)
        items.append(wire.line_item(id_, price, product, item.quantity))
    return prices, items


def _session_reply(uow: UnitOfWork, session: CheckoutSession) -> Reply:
    body = wire.checkout_session(session, links.session_url(uow.workspace, session))
    return Reply(200, body, subject=session.payment_intent)


def get_session(call: Call, uow: UnitOfWork) -> Reply:
    return _session_reply(uow, find(call, uow, CheckoutSession, call.path["id"]))


def expire_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/checkout/sessions/{id}/expire: only from `open`; its intent is canceled with it (inferred).

    Source: reference/wooshpay.md, section 3.11.
    """
    session = find(call, uow, CheckoutSession, call.path["id"])
    intent = uow.get(PaymentIntent, session.payment_intent)
    if session.state != "open" or intent.state == "processing":
        shown = session.state if session.state != "open" else "open, but its payment is processing"
        raise refused("checkout_session_unexpected_state", None, state=shown)
    return _session_reply(uow, expire(uow, session, "api.expire"))


def expire(uow: UnitOfWork, session: CheckoutSession, trigger: str) -> CheckoutSession:
    """First `checkout.session.expired`, then `payment_intent.canceled` (order inferred)."""
    session = uow.fire(session, trigger)
    intent = uow.get(PaymentIntent, session.payment_intent)
    actor = trigger.partition(".")[0]
    if intent.MACHINE is not None and intent.MACHINE.allows(f"{actor}.session_expired", intent.state):
        end(uow, intent, f"{actor}.session_expired")
    return session


def list_line_items(call: Call, uow: UnitOfWork) -> Reply:
    session = find(call, uow, CheckoutSession, call.path["id"])
    query = query_of(call)
    ids = [item["id"] for item in session.line_items]
    for name in ("starting_after", "ending_before"):
        given = getattr(query, name)
        if given is not None and given not in ids:
            raise NotFound("item", given, name)
    start = ids.index(query.starting_after) + 1 if query.starting_after else 0
    stop = ids.index(query.ending_before) if query.ending_before else len(ids)
    items = session.line_items[start:stop]
    page = items[-query.limit :] if query.ending_before else items[: query.limit]
    url = f"/v1/checkout/sessions/{session.id}/line_items"
    return Reply(200, wire.listing(url, list(page), len(items) > len(page)), subject=session.payment_intent)


# Refunds and charges -------------------------------------------------------------------------------------------


def create_refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/refunds: of a succeeded payment, once, full or partial (seed: several partial refunds no).

    Source: reference/wooshpay.md, sections 3.14 and 7.5.
    """
    request: wire.RefundRequest = call.body
    intent = _refunded_intent(call, uow, request)
    if intent.state != "succeeded" or intent.charge is None:
        raise refused("charge_not_paid", "payment_intent")
    earlier = [r for r in uow.by_key(Refund, "payment_intent", f"{intent.side}:{intent.id}") if r.state != "failed"]
    paid = intent.amount_received or 0
    left = paid - sum(refund.amount for refund in earlier)
    if earlier and (intent.method_type not in SEVERAL_REFUNDS or left <= 0):
        raise refused("charge_already_refunded")
    asked = request.amount if request.amount is not None else left
    if asked > left:
        raise refused("amount_too_large", "amount", available=left)
    facts = {"amount": asked, "currency": intent.currency, "reference": intent.merchant_order_id}
    effect = uow.rule("bank", "wooshpay", operation="refund", payment=intent.id, **facts)
    if effect is not None and (effect.params.decline or effect.params.outcome == "declined"):
        raise refused("refund_failed")
    pending = effect is not None and effect.params.outcome == "pending"
    refund = Refund(
        id=mint(uow, "re"),
        state="pending" if pending else "succeeded",
        amount=asked,
        currency=intent.currency,
        payment_intent=intent.id,
        charge=intent.charge,
        reason=request.reason,
        metadata=merged(None, request.metadata),
        **owned(call, uow),
    )
    refund = uow.add(refund, events=[] if pending else ["charge.refund.updated"])
    if pending:
        assert effect is not None
        after = effect.params.delay if effect.params.delay is not None else timedelta(seconds=30)
        uow.arm(refund, "timer.settled", after=after, succeeds=effect.params.then != "declined")
    else:
        _give_back(uow, intent, refund)
    return Reply(200, wire.refund(refund))


def _refunded_intent(call: Call, uow: UnitOfWork, request: wire.RefundRequest) -> PaymentIntent:
    if request.payment_intent is not None:
        return find(call, uow, PaymentIntent, request.payment_intent, "payment_intent")
    if request.charge is None:
        raise refused("parameter_missing", "payment_intent")
    charge = find(call, uow, Charge, request.charge, "charge")
    return uow.get(PaymentIntent, charge.payment_intent)


def _give_back(uow: UnitOfWork, intent: PaymentIntent, refund: Refund) -> None:
    alipay.refund(uow, intent.order_code, refund.money)
    uow.amend(intent, amount_refunded=intent.amount_refunded + refund.amount)
    charge = uow.get(Charge, refund.charge)
    charge = uow.amend(charge, amount_refunded=charge.amount_refunded + refund.amount)
    uow.emit("charge.refunded", charge)


def _settle_refund(uow: UnitOfWork, refund: Refund, succeeds: bool) -> None:
    if not succeeds:
        uow.fire(refund, "bank.failed", failure_reason="unknown")
        return
    refund = uow.fire(refund, "bank.settled")
    _give_back(uow, uow.get(PaymentIntent, refund.payment_intent), refund)


def get_refund(call: Call, uow: UnitOfWork) -> Reply:
    refund = find(call, uow, Refund, call.path["id"])
    return Reply(200, wire.refund(refund), subject=refund.payment_intent)


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = find(call, uow, Charge, call.path["id"])
    return Reply(200, wire.charge(charge), subject=charge.payment_intent)


# Lists ---------------------------------------------------------------------------------------------------------


def list_payment_intents(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, PaymentIntent, customer=query_of(call).customer)
    return Reply(200, wire.listing("/v1/payment_intents", [wire.payment_intent(i) for i in found], more))


def list_sessions(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, CheckoutSession, customer=query.customer, payment_intent=query.payment_intent)
    data = [wire.checkout_session(s, links.session_url(uow.workspace, s)) for s in found]
    return Reply(200, wire.listing("/v1/checkout/sessions", data, more))


def list_refunds(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, Refund, payment_intent=query.payment_intent, charge=query.charge)
    return Reply(200, wire.listing("/v1/refunds", [wire.refund(r) for r in found], more))


def list_charges(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, Charge, payment_intent=query.payment_intent, customer=query.customer)
    return Reply(200, wire.listing("/v1/charges", [wire.charge(c) for c in found], more))


def list_events(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, StoredEvent, type=query_of(call).type)
    version = uow.workspace.setting("wooshpay", "api_version", "1.0.1")
    return Reply(200, wire.listing("/v1/events", [wire.event(e, version) for e in found], more))


def get_event(call: Call, uow: UnitOfWork) -> Reply:
    event = find(call, uow, StoredEvent, call.path["id"])
    version = uow.workspace.setting("wooshpay", "api_version", "1.0.1")
    return Reply(200, wire.event(event, version), subject=event.about)


_CLAUSE = re.compile(r"""^\s*([a-z_]+)(?:\[(['"])(.{1,200}?)\2\])?\s*:\s*(['"])(.*?)\4\s*$""", re.DOTALL)
_SEARCHABLE = ("merchant_order_id", "status", "currency", "customer", "metadata")


def search_payment_intents(call: Call, uow: UnitOfWork) -> Reply:
    """GET /v1/payment_intents/search: `merchant_order_id:'…'`, `status:'…'`, `metadata['k']:'v'`, joined by AND.

    Source: reference/wooshpay.md, section 3.8 (the grammar beyond the first is inferred).
    """
    query = query_of(call)
    clauses = [_clause(text) for text in re.split(r"\sAND\s", query.query)]
    side = "live" if call.credential["livemode"] else "test"
    order_id = next((value for field, _, value in clauses if field == "merchant_order_id"), None)
    key = ("side", side) if order_id is None else ("merchant_order_id", f"{side}:{order_id}")
    found: list[PaymentIntent] = []
    for intent in newest_first(uow, PaymentIntent, key, None):
        if all(_matches(intent, *clause) for clause in clauses):
            found.append(intent)
            if len(found) > query.limit:
                break
    data = [wire.payment_intent(intent) for intent in found[: query.limit]]
    url = "/v1/payment_intents/search"
    return Reply(200, wire.listing(url, data, len(found) > query.limit, "search_result"))


def _clause(text: str) -> tuple[str, str | None, str]:
    match = _CLAUSE.match(text)
    if match is None or match[1] not in _SEARCHABLE or (match[1] == "metadata") != (match[3] is not None):
        message = f"write field:'value' with one of {', '.join(_SEARCHABLE)}, joined by AND"
        raise refused("parameter_invalid", "query", message=message)
    return match[1], match[3], match[5]


def _matches(intent: PaymentIntent, field: str, key: str | None, value: str) -> bool:
    if field == "metadata":
        return (intent.metadata or {}).get(key or "") == value
    if field == "currency":
        return intent.currency == value.upper()
    return bool(getattr(intent, "state" if field == "status" else field) == value)
