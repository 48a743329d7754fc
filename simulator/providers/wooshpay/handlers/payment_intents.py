"""Payment intents: create, retrieve, update, confirm, capture, cancel and list."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.refusals import Faulted, NotFound
from simulator.providers.wooshpay.confirmation import confirm
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.handlers.outcomes import end
from simulator.providers.wooshpay.lookup import (
    check_url,
    find,
    listed,
    merged,
    method_of,
    owned,
    query_of,
    raw,
    session_of,
)
from simulator.providers.wooshpay.method_types import (
    ALIPAY,
    check_method,
    distinct,
    given_method,
    given_options,
    given_types,
)
from simulator.providers.wooshpay.model import Charge, Customer, PaymentIntent, PaymentMethod, mint
from simulator.providers.wooshpay.notices import give_notice_of_missing, give_notice_of_test_amount
from simulator.providers.wooshpay.settings import ConfirmOptions
from simulator.providers.wooshpay.wire import payment_intents as wire
from simulator.providers.wooshpay.wire.lists import listing
from simulator.wallet import alipay


def create_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents. With `confirm` the new intent is confirmed in the same request.

    Source: docs/providers/wooshpay.md, source 3.1 (seed).
    """
    request: wire.IntentRequest = call.body
    if request.confirm:
        give_notice_of_test_amount(call, uow, Money(request.amount, request.currency), request.merchant_order_id)
        _refuse_by_rule(uow, "confirm", request.amount, request.currency, request.merchant_order_id)
    method = given_method(call, uow, request)
    types = given_types(uow, request, method)
    check_method(types, method, request.currency, request.capture_method)
    check_url(request.return_url, "return_url")
    if request.customer is not None:
        find(call, uow, Customer, request.customer, "customer")
    intent = new_intent(
        call,
        uow,
        amount=request.amount,
        currency=request.currency,
        payment_method_types=types,
        state="requires_payment_method" if method is None else "requires_confirmation",
        payment_method=method.id if method else None,
        method_type=method.type if method else None,
        payment_method_options=given_options(call),
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
    if method is not None and request.payment_method_data is not None:
        method = uow.amend(method, made_for=intent.id)
    if request.confirm:
        if method is None:
            raise refused("parameter_missing", "payment_method_data")
        _give_notice_of_what_lacks(call, intent, method)
        intent = confirm(uow, intent, method)
    return Reply(200, wire.payment_intent(intent))


def new_intent(call: Call, uow: UnitOfWork, **members: Any) -> PaymentIntent:
    id_ = mint(uow, "pi")
    secret = f"{id_}_secret_{uow.ids.text(24)}"
    intent = PaymentIntent(id=id_, client_secret=secret, origin=call.base_url, **owned(call, uow), **members)
    _give_notice_of_agreement(call, intent.setup_future_usage, intent.customer)
    return uow.add(intent, events=["payment_intent.created"])


def _give_notice_of_what_lacks(call: Call, intent: PaymentIntent, method: PaymentMethod) -> None:
    """What a confirmation needs according to the seed: `return_url` for any redirect, and for Alipay the terminal's type.

    The live API may refuse a request without them. Inferred: wooshpay.required-by-live.
    """
    if intent.return_url is None:
        give_notice_of_missing(call, "return_url", "the live API probably needs it to confirm a redirect method")
    options = (intent.payment_method_options or {}).get(method.type) or {}
    if method.type in ALIPAY and "terminal_type" not in options and intent.session is None:
        where = f"payment_method_options.{method.type}.terminal_type"
        give_notice_of_missing(
            call, where, "WEB is assumed; the provider's page on Alipay sends WEB or APP in each direct payment"
        )


def _give_notice_of_agreement(call: Call, usage: str | None, customer: str | None) -> None:
    """`setup_future_usage` needs a customer with whom the method stays (documented)."""
    if usage is not None and customer is None:
        give_notice_of_missing(call, "customer", "setup_future_usage has no effect without it")


def _refuse_by_rule(uow: UnitOfWork, operation: str, amount: int, currency: str, reference: str | None) -> None:
    """Refuses the request before anything happens, if a scenario or a test amount has `provider: {refuse: {status, code}}`."""
    facts = {"amount": amount, "currency": currency, "reference": reference}
    fault = uow.options("wooshpay", ConfirmOptions, operation=operation, **facts).refuse
    if fault is not None:
        raise Faulted(fault.status, {"code": fault.code, "message": fault.message})


def _intent(call: Call, uow: UnitOfWork) -> PaymentIntent:
    """The intent that the path names. Who has only a publishable key must send its client secret too; whoever sends one must
    send the right one. Inferred: wooshpay.publishable-key.
    """
    intent = find(call, uow, PaymentIntent, call.path["id"])
    given = call.query.get("client_secret") or call.parsed.get("body", {}).get("client_secret")
    if call.credential["publishable"] and not given:
        raise refused("parameter_missing", "client_secret")
    if given and given != intent.client_secret:
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


# What may be updated at any time, and what while the shopper is in the wallet. Inferred: wooshpay.update.
_ALWAYS = frozenset({"metadata", "description"})
_WHILE_WAITING = _ALWAYS | {"merchant_order_id"}


def update_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}. What may change depends on the status.

    Source: docs/providers/wooshpay.md, source 3.3.
    """
    intent, request = _intent(call, uow), call.body
    fields = type(request).model_fields.keys() - wire.INEFFECTIVE
    sent = {name for name in fields if getattr(request, name) is not None}
    if intent.state not in ("requires_payment_method", "requires_confirmation"):
        allowed = _WHILE_WAITING if intent.state == "requires_action" else _ALWAYS
        if not sent <= allowed:
            raise _unexpected_state(intent, "updated")
    changes = _changes(call, uow, intent, request)
    method = given_method(call, uow, request, intent.id)
    if {"amount", "currency", "payment_method_types", "capture_method"} & sent or method is not None:
        now = method or method_of(uow, intent)
        types = changes.get("payment_method_types", intent.payment_method_types)
        currency = changes.get("currency", intent.currency)
        check_method(types, now, currency, changes.get("capture_method", intent.capture_method))
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


_OF_THE_SESSION = ("amount", "currency", "customer", "payment_method_types")


def _changes(call: Call, uow: UnitOfWork, intent: PaymentIntent, request: wire.IntentFields) -> dict[str, Any]:
    """What an update or a confirmation changes in the intent, apart from its payment method.

    What stands in its session is no business of the intent: the two must not contradict each other.
    Inferred: wooshpay.session-intent.
    """
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
        changes["payment_method_types"] = distinct(request.payment_method_types)
    if request.payment_method_options is not None:
        changes["payment_method_options"] = given_options(call)
    _give_notice_of_agreement(call, changes.get("setup_future_usage"), changes.get("customer") or intent.customer)
    for name in _OF_THE_SESSION if intent.session is not None else ():
        if name in changes and changes[name] != getattr(intent, name):
            raise refused("parameter_invalid", name, message="the checkout session of this PaymentIntent decides it")
    return changes


def confirm_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/confirm. An intent in `requires_action` can be confirmed again: it gets a new link.

    Inferred: wooshpay.confirm-again.

    Source: docs/providers/wooshpay.md, source 3.4.
    """
    intent, request = _intent(call, uow), call.body
    _must_allow(intent, "api.confirm", "confirmed")
    give_notice_of_test_amount(call, uow, intent.money, intent.merchant_order_id)
    _refuse_by_rule(uow, "confirm", intent.amount, intent.currency, intent.merchant_order_id)
    method = given_method(call, uow, request, intent.id) or method_of(uow, intent)
    if method is None:
        raise refused("parameter_missing", "payment_method_data")
    changes = _changes(call, uow, intent, request)
    capture = changes.get("capture_method", intent.capture_method)
    check_method(changes.get("payment_method_types", intent.payment_method_types), method, intent.currency, capture)
    intent = uow.amend(intent, **changes)
    _give_notice_of_what_lacks(call, intent, method)
    return Reply(200, wire.payment_intent(confirm(uow, intent, method)))


def capture_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/capture, for cards only, and only once. The rest goes back to the shopper (documented).

    Source: docs/providers/wooshpay.md, source 3.5. Inferred: wooshpay.capture.
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
    session = session_of(uow, intent)
    if session is not None:
        uow.amend(session, payment_status="paid")
    alipay.refund(uow, intent.order_code, Money(intent.amount - asked, intent.currency))
    return Reply(200, wire.payment_intent(intent))


def cancel_payment_intent(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment_intents/{id}/cancel. A session's intent cannot be cancelled (documented).

    Source: docs/providers/wooshpay.md, source 3.6.
    """
    intent = _intent(call, uow)
    _must_allow(intent, "api.cancel", "canceled")
    if intent.session is not None:
        raise refused("payment_intent_belongs_to_session")
    intent = end(uow, intent, "api.cancel", cancellation_reason=call.body.cancellation_reason)
    return Reply(200, wire.payment_intent(intent))


def list_payment_intents(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, PaymentIntent, customer=query_of(call).customer)
    return Reply(200, listing("/v1/payment_intents", [wire.payment_intent(i) for i in found], more))
