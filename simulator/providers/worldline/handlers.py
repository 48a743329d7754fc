"""What Connect's operations do, and what becomes of a payment when the wallet, the bank or the clock speaks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from simulator.engine.pages import is_safe_return, with_query
from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import (
    IllegalTransition,
    Invalid,
    LimitExceeded,
    MalformedBody,
    NotFound,
    Refused,
    Violation,
)
from simulator.providers.worldline import errors, model, products, wire
from simulator.providers.worldline.model import HostedCheckout, OrderCounter, Payment, Refund
from simulator.providers.worldline.states import PAYMENT_CODES, REFUND_CODES
from simulator.wallet import alipay
from simulator.wallet.order import Order

MERCHANT_NAME = "Riverside Books"
SETTLEMENT_S = 2 * 24 * 3600
REMITTANCE_S = 7 * 24 * 3600
REFUND_S = 3600
HOSTED_CHECKOUT_LIFETIME = timedelta(hours=2)
BODY_DEPTH = 64
"""Levels of nesting; the official schemas need eight."""

METHODS = re.compile(r"[A-Za-z]+PaymentMethodSpecificInput")

T = TypeVar("T", bound=Resource)


# Reading a request ---------------------------------------------------------------------------------------------


def read_body(call: Call, endpoint: Endpoint) -> Any:
    """`null` counts as absent; nothing, `[]` and an empty object are the same where a body may be empty.

    Source: reference/worldline.md, section 2.7.
    """
    if endpoint.body in OPTIONAL_BODIES and call.raw_body.strip() in (b"", b"[]"):
        return {}
    body = _without_nulls(call.json, BODY_DEPTH)
    if endpoint.body is wire.CreatePaymentRequest:
        _check_method(call, body)
    call.scratch["body"] = body
    return body


OPTIONAL_BODIES = (
    wire.RefundRequest,
    wire.ApproveRefundRequest,
    wire.SessionRequest,
)


def _without_nulls(value: Any, depth: int) -> Any:
    if depth == 0:
        raise MalformedBody(f"nested deeper than {BODY_DEPTH} levels")
    if isinstance(value, dict):
        return {name: _without_nulls(inner, depth - 1) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner, depth - 1) for inner in value] if isinstance(value, list) else value


def _check_method(call: Call, body: Any) -> None:
    """Exactly one `…PaymentMethodSpecificInput`, and it must be the redirect one: the account has no other product."""
    if not isinstance(body, dict):
        return
    given = [name for name in body if METHODS.fullmatch(name)]
    if len(given) > 1:
        raise Invalid([Violation(given[1], "required")])
    if given and given[0] != "redirectPaymentMethodSpecificInput":
        method = body[given[0]]
        product = method.get("paymentProductId", "") if isinstance(method, dict) else ""
        raise _no_provider(call.credential["merchant_id"], str(product)[:10], "", "")


def _no_provider(merchant_id: str, product: object, country: str, currency: str) -> Refused:
    words = {"merchant": merchant_id, "product": product, "country": country, "currency": currency}
    return Refused("430900", words)


def _check_types(call: Call) -> None:
    """What the request models do not read must still be of the official types. Raises `Invalid`."""
    assert call.endpoint is not None and call.endpoint.body is not None
    wrong = list(wire.wrong_types(call.scratch.get("body", {}), wire.official_types()[call.endpoint.body.__name__]))
    if wrong:
        raise Invalid(wrong)


def _flag(value: str | None) -> bool:
    return (value or "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a payment is about, from a direct call or from a hosted checkout."""

    order: wire.Order
    product: int
    returnmac: str
    return_url: str | None
    expiry: timedelta
    mobile: bool


def _terms(call: Call, uow: UnitOfWork, request: wire.CreatePaymentRequest) -> Terms:
    given, order = request.redirectPaymentMethodSpecificInput, request.order
    path = "redirectPaymentMethodSpecificInput"
    if given.redirectionData is not None:
        return_url, where = given.redirectionData.returnUrl, f"{path}.redirectionData.returnUrl"
    else:
        return_url, where = given.returnUrl or "", f"{path}.{'returnUrl' if given.returnUrl else 'redirectionData'}"
    missing = [Violation(f"{path}.redirectionData.returnUrl", "required")] if not return_url else []
    if given.paymentProductId == products.ALIPAY_PLUS and order.customer.merchantCustomerId is None:
        missing.insert(0, Violation("order.customer.merchantCustomerId", "required"))
    if missing:
        raise Invalid(missing)
    _check_values(order)
    check_return_url(call, return_url, where)
    check_acceptable(call.credential["merchant_id"], given.paymentProductId, order)
    own = given.paymentProduct861SpecificInput
    agent = (order.customer.device.userAgent if order.customer.device else None) or ""
    return Terms(
        order=order,
        product=given.paymentProductId,
        returnmac=str(uow.ids.guid()),
        return_url=return_url,
        expiry=_expiry(given.expirationPeriod),
        mobile=bool(own and own.mobileDevice) or "Mobi" in agent,
    )


def _check_values(order: wire.Order) -> None:
    """Well-formed but impossible values."""
    wrong = []
    if order.amountOfMoney.amount == 0:
        wrong.append(Violation("order.amountOfMoney.amount", "min", given=0))
    if not wire.is_currency(order.amountOfMoney.currencyCode):
        given = order.amountOfMoney.currencyCode
        wrong.append(Violation("order.amountOfMoney.currencyCode", "enum", given=given))
    if wrong:
        raise Invalid(wrong)


def check_return_url(call: Call, url: str, path: str) -> None:
    """An absolute URL, https or an app's scheme. http and this machine's own names are noted as a live difference."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise Invalid([Violation(path, "pattern", given=url)]) from error
    if not is_safe_return(url) or (parts.scheme.lower() in ("http", "https") and not host):
        raise Invalid([Violation(path, "pattern", given=url)])
    is_local = host == "localhost" or "." not in host or host.replace(".", "").isdigit() or ":" in host
    if parts.scheme.lower() == "http" or (parts.scheme.lower() == "https" and is_local):
        if call.strict:
            raise Invalid([Violation(path, "pattern", given=url)])
        call.differs_live(f"{path}: the live API accepts https and public host names only")


def check_acceptable(merchant_id: str, product: int, order: wire.Order) -> None:
    """Product, country, currency, then limits. Source: reference/worldline.md, section 5.4 (HTTP statuses inferred)."""
    amount, country = order.amountOfMoney, order.customer.billingAddress.countryCode
    known = product in products.PRODUCTS and amount.currencyCode in products.CURRENCIES and wire.is_country(country)
    if not known:
        raise _no_provider(merchant_id, product, country, amount.currencyCode)
    if not products.is_within_limits(amount.amount, amount.currencyCode):
        raise Refused("410120")


def _expiry(minutes: int | None) -> timedelta:
    if minutes is None:
        return products.DEFAULT_EXPIRY
    if minutes not in products.EXPIRATION_MINUTES:
        path = "redirectPaymentMethodSpecificInput.expirationPeriod"
        raise Invalid([Violation(path, "enum", products.EXPIRATION_MINUTES, minutes)])
    return timedelta(minutes=minutes)


# Payments ------------------------------------------------------------------------------------------------------


def create_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments: a payment at the consumer's wallet. Amounts have two implied decimals.

    A refusal at creation is 402 with the rejected payment in it, which can be fetched afterwards.
    Source: reference/worldline.md, sections 3.2 and 5.3.
    """
    _check_types(call)
    terms = _terms(call, uow, call.body)
    payment = start_payment(uow, call.credential["merchant_id"], call.base_url, terms)
    if payment.state == "REJECTED":
        body = wire.payment_error_response(errors.error_id(uow.ids), list(payment.errors), payment)
        return Reply(402, body, subject=payment.id)
    return Reply(201, wire.create_payment_response(payment), _location(call, f"payments/{payment.id}"))


def _location(call: Call, path: str) -> dict[str, str]:
    """With an explicit port, as the platform writes it."""
    scheme, _, host = call.base_url.partition("://")
    if not re.search(r":\d+$", host):
        host += ":443" if scheme == "https" else ":80"
    return {"Location": f"{scheme}://{host}/v1/{call.credential['merchant_id']}/{path}"}


def next_order_number(uow: UnitOfWork) -> int:
    """Counts per workspace."""
    counter = uow.find(OrderCounter, "orders")
    if counter is None:
        uow.add(OrderCounter(id="orders", created_at=uow.now, updated_at=uow.now, last=1))
        return 1
    return uow.amend(counter, last=counter.last + 1).last


def start_payment(
    uow: UnitOfWork, merchant_id: str, origin: str, terms: Terms, checkout: HostedCheckout | None = None
) -> Payment:
    """Creates a payment, asks the bank (a scenario may refuse) and opens the wallet's order."""
    order, references = terms.order, terms.order.references or wire.OrderReferences()
    number = checkout.order_number if checkout else next_order_number(uow)
    payment = Payment(
        id=model.payment_id(merchant_id, number, checkout.attempts + 1 if checkout else 1),
        state="CREATED",
        created_at=uow.now,
        updated_at=uow.now,
        changed_at=uow.now,
        merchant_id=merchant_id,
        origin=origin,
        order_number=number,
        product=terms.product,
        amount=order.amountOfMoney.amount,
        currency=order.amountOfMoney.currencyCode,
        country=order.customer.billingAddress.countryCode,
        returnmac=terms.returnmac,
        return_url=terms.return_url,
        merchant_reference=references.merchantReference,
        merchant_order_id=references.merchantOrderId,
        provider_id=references.providerId,
        provider_merchant_id=references.providerMerchantId,
        descriptor=references.descriptor,
        locale=order.customer.locale,
        mobile=terms.mobile,
        expires_at=uow.now + terms.expiry,
        hosted_checkout_id=checkout.id if checkout else None,
        variant=checkout.variant if checkout else None,
    )
    payment = uow.add(payment, events=["payment.created"])
    uow.claim_scenarios("worldline", payment.id)
    effect = _bank(uow, payment, "authorize", payment.amount)
    if effect is not None and (effect.decline is not None or effect.outcome == "declined"):
        error = errors.api_error(effect.code or errors.DECLINED, uow.ids, message=effect.message)
        return _move(uow, payment, "bank.refused", errors=(error,))
    order_code = _open_order(uow, payment)
    return _move(uow, payment, "api.redirect", order_code=order_code)


def _open_order(uow: UnitOfWork, payment: Payment) -> str:
    order = alipay.open_order(
        uow,
        payment,
        title="Worldline Connect",
        amount=payment.money,
        merchant=uow.workspace.setting("worldline", "merchant_name", MERCHANT_NAME),
        reference=payment.merchant_reference or payment.id,
        description=payment.descriptor or f"{payment.merchant_id} {payment.merchant_order_id or payment.order_number}",
        operation="authorize",
        device="app" if payment.mobile else "web",
        language=(payment.locale or "")[:2] or None,
        expires_at=payment.expires_at,
    )
    return order.id


def _bank(uow: UnitOfWork, payment: Payment, operation: str, amount: int) -> Any:
    """What an armed scenario or a test amount says about this operation behind the provider, if anything."""
    effect = uow.rule(
        "bank",
        "worldline",
        operation=operation,
        amount=model.to_money(amount, payment.currency).value,
        currency=payment.currency,
        reference=payment.merchant_reference or payment.id,
        payment=payment.id,
    )
    return effect.params if effect is not None else None


def _move(uow: UnitOfWork, payment: Payment, trigger: str, **changes: Any) -> Payment:
    """A move of the payment with its statusCode; the hosted checkout that it came from follows."""
    moved = uow.fire(payment, trigger, code=PAYMENT_CODES[trigger], changed_at=uow.now, **changes)
    _tell_checkout(uow, moved)
    return moved


def _tell_checkout(uow: UnitOfWork, payment: Payment) -> None:
    checkout = uow.find(HostedCheckout, payment.hosted_checkout_id) if payment.hosted_checkout_id else None
    if checkout is not None and checkout.payment == payment.id:
        uow.amend(checkout, payment_phase=payment.phase, refunded=payment.amount_refunded)


def _payment(call: Call, uow: UnitOfWork) -> Payment:
    return uow.get(Payment, call.path["paymentId"], "paymentId")


def get_payment(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{paymentId}: the payment at the root."""
    operations = _flag(call.query.get("returnOperations"))
    return Reply(200, wire.payment(_payment(call, uow), operations=operations), subject=call.path["paymentId"])


def find_payments(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments: of the last 42 days, newest first (the order is inferred)."""
    found, limit, offset, total = _find(call, uow, Payment)
    return Reply(200, wire.page_of("payments", [wire.payment(p) for p in found], limit, offset, total))


def find_refunds(call: Call, uow: UnitOfWork) -> Reply:
    found, limit, offset, total = _find(call, uow, Refund)
    return Reply(200, wire.page_of("refunds", [wire.refund(r) for r in found], limit, offset, total))


def _find(call: Call, uow: UnitOfWork, kind: type[T]) -> tuple[list[T], int, int, int]:
    given = {n: v for n, v in call.query.items() if n in ("hostedCheckoutId", "merchantReference", "merchantOrderId")}
    if not any(given.values()):
        raise Invalid([Violation("merchantReference", "required", "20000001")])
    limit, offset = _count(call, "limit", 10, 100), _count(call, "offset", 0, 10**9)
    name, value = next((n, v) for n, v in given.items() if v)
    since = uow.now - wire.FIND_WINDOW
    found = [resource for resource in uow.by_key(kind, name, value) if resource.created_at >= since]
    for other, wanted in given.items():
        found = [resource for resource in found if not wanted or resource.keys().get(other) == wanted]
    return found[offset : offset + limit], limit, offset, len(found)


def _count(call: Call, name: str, default: int, maximum: int) -> int:
    raw = call.query.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or int(raw[:12]) > maximum:
        raise Invalid([Violation(name, "type", maximum, raw)])
    return int(raw)


def cancel_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{paymentId}/cancel: while `isCancellable`. Raises `IllegalTransition` (402/410110) otherwise.

    Source: reference/worldline.md, section 3.5.
    """
    payment = _payment(call, uow)
    if not payment.is_cancellable:
        raise IllegalTransition("worldline.payment", payment.state, "api.cancel")
    payment = _move(uow, payment, "api.cancel")
    alipay.close(uow, payment.order_code, "cancelled")
    return Reply(200, {"payment": wire.payment(payment)})


def not_pending(call: Call, uow: UnitOfWork) -> Reply:
    """Approve, capture, complete, …: Alipay has no delayed settlement. Source: reference/worldline.md, section 3.9."""
    payment = _payment(call, uow)
    raise IllegalTransition("worldline.payment", payment.state, call.endpoint.operation if call.endpoint else "")


def get_captures(call: Call, uow: UnitOfWork) -> Reply:
    payment = _payment(call, uow)
    captures = [wire.capture(payment)] if payment.captured_at is not None else []
    return Reply(200, {"captures": captures}, subject=payment.id)


def get_capture(call: Call, uow: UnitOfWork) -> Reply:
    payment = uow.find(Payment, call.path["captureId"])
    if payment is None or payment.captured_at is None:
        raise NotFound("capture", call.path["captureId"], "captureId")
    return Reply(200, wire.capture(payment), subject=payment.id)


def get_third_party_status(call: Call, uow: UnitOfWork) -> Reply:
    """Inferred from the wallet's order: section 3.10."""
    payment = _payment(call, uow)
    order = uow.find(Order, payment.order_code) if payment.order_code else None
    if payment.state not in ("CREATED", "REDIRECTED"):
        status = "COMPLETED"
    elif order is not None and order.state == "paying":
        status = "AUTHORIZED"
    else:
        seen = order is not None and (order.state == "scanned" or order.buyer is not None)
        status = "INITIALIZED" if seen else "WAITING"
    return Reply(200, {"thirdPartyStatus": status}, subject=payment.id)


# What others decide --------------------------------------------------------------------------------------------


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            capture_payment(uow, resource)
        case "wallet.declined":
            code = teller.code or errors.DECLINED
            error = errors.api_error(code, uow.ids, brief=True, message=teller.message)
            _move(uow, resource, news, errors=(error,))
        case "wallet.cancelled":
            as_rejected = uow.workspace.setting("worldline", "consumer_cancel", "CANCELLED") == "REJECTED"
            _move(uow, resource, "wallet.cancelled_125" if as_rejected else news)
        case "wallet.expired":
            _move(uow, resource, "timer.expired")


def capture_payment(uow: UnitOfWork, payment: Payment) -> Payment:
    """The wallet has confirmed: funds are on their way and arrive by the clock.

    A bank rule may delay them or let them stay away (`outcome: pending`).
    """
    effect = _bank(uow, payment, "settle", payment.amount)
    settles_at = uow.now + timedelta(seconds=_setting_s(uow, "settlement_s", SETTLEMENT_S))
    if effect is not None and effect.delay is not None:
        settles_at = uow.now + effect.delay
    stays = effect is not None and effect.outcome == "pending" and effect.delay is None
    changes: dict[str, Any] = {"captured_at": uow.now, "settles_at": None if stays else settles_at}
    if payment.product == products.ALIPAY_PLUS and payment.wallet_used is None:
        changes["wallet_used"] = "ALIPAY_CN"
    return _move(uow, payment, "wallet.paid", **changes)


def _setting_s(uow: UnitOfWork, name: str, default: float) -> float:
    return float(uow.workspace.setting("worldline", name, default))


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    if isinstance(resource, Refund):
        _execute_refund(uow, resource)
    elif isinstance(resource, HostedCheckout):
        uow.fire(resource, trigger)
    elif isinstance(resource, Payment):
        match trigger:
            case "timer.expired":
                _move(uow, resource, trigger)
                alipay.close(uow, resource.order_code, "expired", decided_by="timer")
            case "timer.settled":
                _settle(uow, resource)
            case "timer.remitted":
                _remit(uow, resource)


def _settle(uow: UnitOfWork, payment: Payment) -> None:
    effect = _bank(uow, payment, "settle", payment.amount)
    if effect is not None and (effect.decline is not None or "declined" in (effect.outcome, effect.then)):
        _move(uow, payment, "bank.funds_missing")
        return
    remits_at = uow.now + timedelta(seconds=_setting_s(uow, "remittance_s", REMITTANCE_S))
    _move(uow, payment, "timer.settled", amount_paid=payment.amount, remits_at=remits_at)


def _remit(uow: UnitOfWork, payment: Payment) -> None:
    """The funds go on to the merchant, which changes only the code; a bank rule may take them back instead."""
    effect = _bank(uow, payment, "remit", payment.amount)
    if effect is not None and _is_declined(effect):
        _move(uow, payment, "bank.reversed", amount_reversed=payment.amount_paid - payment.amount_refunded)
    else:
        _move(uow, payment, "timer.remitted")


# Refunds -------------------------------------------------------------------------------------------------------


def refund_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /payments/{paymentId}/refund: part, or with an empty body all that is left, of a PAID payment.

    Raises `LimitExceeded` (400/300450) when it is not PAID, nothing is left or too much is asked; `Refused` with 405
    after 90 days. Source: reference/worldline.md, sections 3.6 and 7.
    """
    _check_types(call)
    payment, request = _payment(call, uow), call.body
    asked = request.amountOfMoney.amount if request.amountOfMoney else payment.left
    if payment.state != "PAID":
        raise LimitExceeded(asked, 0)
    if payment.captured_at is not None and uow.now - payment.captured_at > products.REFUND_WINDOW:
        raise Refused("300450", {"http": 405})
    if request.amountOfMoney and request.amountOfMoney.currencyCode != payment.currency:
        path, given = "amountOfMoney.currencyCode", request.amountOfMoney.currencyCode
        raise Invalid([Violation(path, "enum", payment.currency, given)])
    if request.amountOfMoney and asked == 0:
        raise Invalid([Violation("amountOfMoney.amount", "min", 1, 0)])
    if asked > payment.left or payment.left == 0:
        raise LimitExceeded(asked, payment.left)
    references = request.refundReferences or wire.RefundReferences()
    refund = Refund(
        id=model.refund_id(payment.id, payment.refunds + 1),
        state="CREATED",
        created_at=uow.now,
        updated_at=uow.now,
        changed_at=uow.now,
        payment=payment.id,
        amount=asked,
        currency=payment.currency,
        merchant_reference=references.merchantReference,
        merchant_order_id=payment.merchant_order_id,
        hosted_checkout_id=payment.hosted_checkout_id,
        descriptor=references.descriptor,
        reason=request.refundReason,
        total_paid=payment.amount_paid,
        total_refunded=payment.amount_refunded,
    )
    payment = uow.amend(payment, refunds=payment.refunds + 1)
    refund = uow.add(refund, events=["refund.created"])
    effect = _bank(uow, payment, "refund", refund.amount)
    if effect is not None and effect.delay is None and _is_declined(effect):
        refund = _move_refund(uow, refund, "bank.refused")
        code = effect.code or errors.DECLINED
        error = errors.api_error(code, uow.ids, brief=True, message=effect.message)
        return Reply(402, wire.refund_error_response(errors.error_id(uow.ids), [error], refund))
    uow.amend(payment, amount_refund_requested=payment.amount_refund_requested + refund.amount)
    if uow.workspace.setting("worldline", "refund_approval", "auto") == "manual":
        refund = _move_refund(uow, refund, "api.await_approval")
    else:
        refund = _request(uow, refund, payment, "api.request")
    return Reply(201, wire.refund(refund), _location(call, f"refunds/{refund.id}"))


def _is_declined(effect: Any) -> bool:
    return effect.decline is not None or effect.outcome == "declined"


def _move_refund(uow: UnitOfWork, refund: Refund, trigger: str, **changes: Any) -> Refund:
    return uow.fire(refund, trigger, code=REFUND_CODES[trigger], changed_at=uow.now, **changes)


def _request(uow: UnitOfWork, refund: Refund, payment: Payment, trigger: str, **changes: Any) -> Refund:
    """Alipay is asked; it answers by the clock, or not at all when a bank rule says `pending` without a delay."""
    effect = _bank(uow, payment, "refund", changes.get("amount", refund.amount))
    executes_at = uow.now + timedelta(seconds=_setting_s(uow, "refund_s", REFUND_S))
    if effect is not None and effect.delay is not None:
        executes_at = uow.now + effect.delay
    stays = effect is not None and effect.outcome == "pending" and effect.delay is None and effect.then is None
    return _move_refund(uow, refund, trigger, executes_at=None if stays else executes_at, **changes)


def _execute_refund(uow: UnitOfWork, refund: Refund) -> None:
    """Alipay has executed the refund, or refused it."""
    payment = uow.get(Payment, refund.payment)
    effect = _bank(uow, payment, "refund", refund.amount)
    requested = payment.amount_refund_requested - refund.amount
    if effect is not None and (_is_declined(effect) or effect.then == "declined"):
        uow.amend(payment, amount_refund_requested=requested)
        _move_refund(uow, refund, "bank.rejected")
        return
    refunded = payment.amount_refunded + refund.amount
    payment = uow.amend(payment, amount_refund_requested=requested, amount_refunded=refunded)
    _move_refund(uow, refund, "timer.executed", total_refunded=refunded)
    alipay.refund(uow, payment.order_code, model.to_money(refund.amount, refund.currency))
    if refunded == payment.amount_paid and payment.product == products.ALIPAY_PLUS:
        _move(uow, payment, "bank.refunded")
    else:
        _tell_checkout(uow, payment)


def _refund(call: Call, uow: UnitOfWork) -> Refund:
    return uow.get(Refund, call.path["refundId"], "refundId")


def get_refund(call: Call, uow: UnitOfWork) -> Reply:
    refund = _refund(call, uow)
    return Reply(200, wire.refund(refund), subject=refund.payment)


def get_refunds(call: Call, uow: UnitOfWork) -> Reply:
    """GET /payments/{paymentId}/refunds, oldest first (the order is inferred)."""
    payment = _payment(call, uow)
    found = uow.by_key(Refund, "payment", payment.id)
    return Reply(200, {"refunds": [wire.refund(refund) for refund in reversed(found)]}, subject=payment.id)


def approve_refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST /refunds/{refundId}/approve: the amount may be changed. Source: reference/worldline.md, section 3.8."""
    refund = _refund(call, uow)
    if refund.state != "PENDING_APPROVAL":
        raise IllegalTransition("worldline.refund", refund.state, "api.approve")
    payment = uow.get(Payment, refund.payment)
    amount = refund.amount if call.body.amount is None else call.body.amount
    if amount > payment.left + refund.amount:
        raise LimitExceeded(amount, payment.left + refund.amount)
    requested = payment.amount_refund_requested - refund.amount + amount
    payment = uow.amend(payment, amount_refund_requested=requested)
    _request(uow, refund, payment, "api.approve", amount=amount)
    return Reply(204)


def cancel_approval(call: Call, uow: UnitOfWork) -> Reply:
    _move_refund(uow, _refund(call, uow), "api.cancelapproval")
    return Reply(204)


def cancel_refund(call: Call, uow: UnitOfWork) -> Reply:
    """The amount becomes refundable again."""
    refund = _move_refund(uow, _refund(call, uow), "api.cancel")
    payment = uow.get(Payment, refund.payment)
    uow.amend(payment, amount_refund_requested=payment.amount_refund_requested - refund.amount)
    return Reply(204)


# Hosted checkouts ----------------------------------------------------------------------------------------------


def create_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """POST /hostedcheckouts: a MyCheckout page, open for two hours. Source: reference/worldline.md, section 3.11."""
    _check_types(call)
    request: wire.CreateHostedCheckoutRequest = call.body
    hosted = request.hostedCheckoutSpecificInput or wire.HostedCheckoutSpecificInput()
    preset = request.redirectPaymentMethodSpecificInput or wire.RedirectInputBase()
    merchant_id, order = call.credential["merchant_id"], request.order
    _check_values(order)
    if hosted.returnUrl is not None:
        check_return_url(call, hosted.returnUrl, "hostedCheckoutSpecificInput.returnUrl")
    _expiry(preset.expirationPeriod)
    if preset.paymentProductId is not None:
        check_acceptable(merchant_id, preset.paymentProductId, order)
    checkout_id = uow.own_id(HostedCheckout, lambda: model.hosted_checkout_id(uow.ids))
    checkout = HostedCheckout(
        id=checkout_id,
        state="IN_PROGRESS",
        created_at=uow.now,
        updated_at=uow.now,
        merchant_id=merchant_id,
        origin=call.base_url,
        token=f"{merchant_id}-{uow.ids.hex(32)}:{checkout_id}:{uow.ids.hex(32)}",
        returnmac=str(uow.ids.guid()),
        order=call.scratch["body"]["order"],
        amount=order.amountOfMoney.amount,
        currency=order.amountOfMoney.currencyCode,
        reference=order.references.merchantReference if order.references else None,
        expires_at=uow.now + HOSTED_CHECKOUT_LIFETIME,
        return_url=hosted.returnUrl,
        locale=hosted.locale or "en_GB",
        variant=hosted.variant,
        show_result_page=hosted.showResultPage is not False,
        return_cancel_state=hosted.returnCancelState is True,
        product=preset.paymentProductId,
        products=_offered(order, hosted.paymentProductFilters),
        expiration_period=preset.expirationPeriod,
        order_number=next_order_number(uow),
    )
    checkout = uow.add(checkout)
    body = wire.create_hosted_checkout_response(checkout)
    return Reply(201, body, _location(call, f"hostedcheckouts/{checkout.id}"))


def _offered(order: wire.Order, filters: wire.ProductFilters | None) -> tuple[int, ...]:
    found = eligible(order.amountOfMoney.currencyCode, order.amountOfMoney.amount)
    if not wire.is_country(order.customer.billingAddress.countryCode):
        return ()
    if filters is not None and filters.restrictTo is not None and filters.restrictTo.products is not None:
        found = [id_ for id_ in found if id_ in filters.restrictTo.products]
    if filters is not None and filters.exclude is not None and filters.exclude.products is not None:
        found = [id_ for id_ in found if id_ not in filters.exclude.products]
    return tuple(found)


def is_client_eligible(uow: UnitOfWork, checkout: HostedCheckout) -> bool:
    """Whether the consumer's device can use the product: always, unless a scenario says `client_eligible: false`."""
    facts = {"amount": checkout.money.value, "currency": checkout.currency, "reference": checkout.reference}
    effect = uow.rule("provider", "worldline", operation="hostedcheckout", **facts)
    return effect is None or effect.params.get("client_eligible", True) is not False


def pay_by_checkout(uow: UnitOfWork, checkout: HostedCheckout, product: int, origin: str, mobile: bool) -> Payment:
    """The consumer has chosen a product on the page: a new attempt of the checkout's order."""
    terms = Terms(
        order=wire.Order.model_validate(checkout.order),
        product=product,
        returnmac=checkout.returnmac,
        return_url=checkout.return_url,
        expiry=_expiry(checkout.expiration_period),
        mobile=mobile,
    )
    payment = start_payment(uow, checkout.merchant_id, origin, terms, checkout)
    uow.fire(
        checkout,
        "page.pay",
        attempts=checkout.attempts + 1,
        payment=payment.id,
        payment_phase=payment.phase,
        order_code=payment.order_code,
    )
    return payment


def _hosted_checkout(call: Call, uow: UnitOfWork) -> HostedCheckout:
    id_ = call.path["hostedCheckoutId"]
    checkout = uow.find(HostedCheckout, id_)
    if checkout is None or checkout.is_gone:
        raise NotFound("hostedcheckout", id_, "hostedCheckoutId")
    return checkout


def get_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """GET /hostedcheckouts/{id}: always 200, also for a rejected payment. Source: reference/worldline.md, section 3.12."""
    checkout = _hosted_checkout(call, uow)
    created = uow.get(Payment, checkout.payment) if checkout.payment is not None else None
    return Reply(200, wire.hosted_checkout(checkout, created), subject=checkout.id)


def delete_hosted_checkout(call: Call, uow: UnitOfWork) -> Reply:
    """204; with a payment already 409 (inferred: section 3.13)."""
    checkout = _hosted_checkout(call, uow)
    if checkout.payment is not None:
        raise Refused("103000")
    uow.fire(checkout, "api.delete")
    return Reply(204)


# For the control API and the wallet ------------------------------------------------------------------------------


def open_order(uow: UnitOfWork, resource: Resource) -> str | None:
    """Lets a waiting hosted checkout be paid without its page: as if the consumer had chosen the first product."""
    if not isinstance(resource, HostedCheckout) or resource.state not in ("IN_PROGRESS", "PAYMENT_CREATED"):
        return None
    if resource.payment is not None and resource.payment_phase not in ("declined", "cancelled", "expired"):
        return None
    product = resource.product or next(iter(resource.products), None)
    if product is None:
        return None
    return pay_by_checkout(uow, resource, product, resource.origin, False).order_code


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """The merchant with RETURNMAC and REF, or MyCheckout's result page. Source: reference/worldline.md, section 3.17."""
    assert isinstance(payment, Payment)
    if payment.hosted_checkout_id is None:
        assert payment.return_url is not None
        return with_query(payment.return_url, RETURNMAC=payment.returnmac, REF=payment.id)
    checkout = uow.get(HostedCheckout, payment.hosted_checkout_id)
    if checkout.show_result_page or checkout.return_url is None:
        return f"{payment.origin}{wire.page_path(checkout)}"
    return checkout_return(checkout)


def checkout_return(checkout: HostedCheckout) -> str | None:
    """The same for every outcome."""
    if checkout.return_url is None:
        return None
    return with_query(checkout.return_url, RETURNMAC=checkout.returnmac, hostedCheckoutId=checkout.id)


# Products ------------------------------------------------------------------------------------------------------


def eligible(currency: str, amount: int | None) -> list[int]:
    """In display order. An amount outside the limits leaves none (inferred)."""
    if currency not in products.CURRENCIES:
        return []
    if amount is not None and not products.is_within_limits(amount, currency):
        return []
    return [p.id for p in sorted(products.PRODUCTS.values(), key=lambda p: p.display_order)]


def _asked_products(call: Call) -> tuple[str, list[int]]:
    """`countryCode` and `currencyCode` are required; Alipay is hidden from recurring and instalment payments."""
    missing = [Violation(n, "required") for n in ("countryCode", "currencyCode") if not call.query.get(n)]
    if missing:
        raise Invalid(missing)
    country, currency = call.query["countryCode"], call.query["currencyCode"]
    amount = _count(call, "amount", 0, 10**12 - 1) if call.query.get("amount") else None
    hidden = {value for name, value in call.query_pairs if name == "hide"}
    recurring = _flag(call.query.get("isRecurring")) or _flag(call.query.get("isInstallments"))
    if recurring or "productsWithRedirects" in hidden or "productsWithoutFields" in hidden:
        return currency, []
    return currency, eligible(currency, amount) if wire.is_country(country) else []


def get_products(call: Call, uow: UnitOfWork) -> Reply:
    """GET /products. Source: reference/worldline.md, section 3.14."""
    currency, found = _asked_products(call)
    return Reply(200, wire.products(found, currency))


def get_product(call: Call, uow: UnitOfWork) -> Reply:
    id_ = _product_id(call)
    currency, _ = _asked_products(call)
    return Reply(200, wire.product(products.PRODUCTS[id_], currency if currency in products.CURRENCIES else "CNY"))


def _product_id(call: Call) -> int:
    raw = call.path["paymentProductId"]
    if raw not in map(str, products.PRODUCTS):
        raise NotFound("product", raw, "productId")
    return int(raw)


def get_directory(call: Call, uow: UnitOfWork) -> Reply:
    _product_id(call)
    raise Refused("210390")


def get_networks(call: Call, uow: UnitOfWork) -> Reply:
    _product_id(call)
    return Reply(200, {"networks": []})


def get_product_groups(call: Call, uow: UnitOfWork) -> Reply:
    """Only cards are grouped, and the account has no card products. Source: reference/worldline.md, section 3.1."""
    _asked_products(call)
    return Reply(200, {"paymentProductGroups": []})


def get_product_group(call: Call, uow: UnitOfWork) -> Reply:
    raise NotFound("productgroup", call.path["paymentProductGroupId"], "paymentProductGroupId")


# Services, sessions and tokens -----------------------------------------------------------------------------------


def test_connection(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, {"result": "OK"})


def convert_amount(call: Call, uow: UnitOfWork) -> Reply:
    """GET /services/convert/amount: at the wallet's rates, both amounts with two implied decimals."""
    missing = [Violation(n, "required", "20000001") for n in ("source", "target", "amount") if not call.query.get(n)]
    if missing:
        raise Invalid(missing)
    source, target = call.query["source"], call.query["target"]
    wrong = [
        Violation(n, "enum", given=v) for n, v in (("source", source), ("target", target)) if v not in alipay.RATES
    ]
    if wrong:
        raise Invalid(wrong)
    amount = _count(call, "amount", 0, 10**12 - 1)
    return Reply(200, {"convertedAmount": products.convert(amount, source, target)})


def get_privacy_policy(call: Call, uow: UnitOfWork) -> Reply:
    if not call.query.get("locale"):
        raise Invalid([Violation("locale", "required", "20000001")])
    html = "<div><p>This is a simulator: it keeps what you send it until its workspace is reset.</p></div>"
    return Reply(200, {"htmlContent": html})


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /sessions: no token is known, so all that are sent come back as invalid."""
    customer_id = f"{call.credential['merchant_id']}-{uow.ids.hex(32)}"
    tokens = list(call.body.tokens or [])
    return Reply(201, wire.session(call.base_url, uow.ids.hex(32), customer_id, tokens))


def create_token(call: Call, uow: UnitOfWork) -> Reply:
    """POST /tokens: neither product allows tokenization (`allowsTokenization` is false)."""
    product = call.body.paymentProductId
    raise Invalid([Violation("paymentProductId", "enum", [], product)])


def unknown_token(call: Call, uow: UnitOfWork) -> Reply:
    raise NotFound("token", call.path["tokenId"], "tokenId")
