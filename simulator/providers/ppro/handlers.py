"""What PPRO's operations do. Declines are 200 answers with `status: FAILED`, never errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.pages import is_safe_return, with_query
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import IllegalTransition, Invalid, NotFound, Refused, Violation
from simulator.providers.ppro import errors, wire
from simulator.providers.ppro.model import Charge, Instrument, Operation, new_id
from simulator.wallet import alipay
from simulator.wallet.order import Order

# Source: reference/ppro.md, section 7.
ALIPAY_CURRENCIES = frozenset(["AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "NZD", "SGD", "USD"])
ALIPAY_COUNTRIES = frozenset({"CN"})
ALIPAY_MAXIMUM_FEN = 300_000_00
ALIPAY_REFUND_WINDOW = timedelta(days=360)

MFA_CODE = "777123"
DEFAULT_CONFIRMATION_DELAY_S = 10.0
PAGE_SIZE = 20


# Creating ------------------------------------------------------------------------------------------------------


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-charges: one payment attempt. Amounts in minor units.

    Source: reference/ppro.md, sections 3.1, 7 and 8.
    """
    request: wire.ChargeRequest = call.body
    _check_amount(request.amount.value)
    _check_urls(call, request)
    charge = _new_charge(call, uow, request)
    charge = uow.add(charge, events=["PAYMENT_CHARGE_CREATED"])
    authorization = Operation(
        id=new_id(uow.ids, "authz"),
        amount=charge.amount,
        status="AUTHENTICATION_PENDING" if charge.authentication_types else "PROVIDER_CONFIRMATION_PENDING",
        created_at=uow.now,
        updated_at=uow.now,
    )
    charge = uow.amend(charge, authorizations=(authorization,))
    refused = _business_refusal(uow, charge, request)
    if refused is not None:
        charge = decline(uow, charge, errors.failure(refused))
    elif charge.authentication_types:
        charge = uow.fire(charge, "api.authenticate")
        charge = _open_order(uow, charge)
    else:
        charge = _bank_decides(uow, charge)
    return Reply(200, wire.payment_charge(charge))


def _new_charge(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> Charge:
    raw: dict[str, Any] = call.json
    keys = _mock_keys(request)
    instrument_id = request.instrumentId
    if instrument_id is None:
        type_ = "MOCK" if request.paymentMethod == "MOCK" else "PASSTHROUGH_WALLET"
        if request.instrument is not None:
            type_ = request.instrument.type
        instrument_id = _new_instrument(uow, type_, None).id
    settings = [_without_nulls(entry) for entry in raw.get("authenticationSettings") or []]
    redirect = _settings_of(settings, "REDIRECT")
    return Charge(
        id=new_id(uow.ids, "charge"),
        state="AUTHORIZATION_PROCESSING",
        created_at=uow.now,
        updated_at=uow.now,
        merchant_id=call.credential["merchant_id"],
        origin=call.base_url,
        payment_method=request.paymentMethod,
        payment_medium=request.paymentMedium or "ECOMMERCE",
        initiator=request.initiator,
        schedule_type=request.scheduleType or "UNSCHEDULED",
        instrument_id=instrument_id,
        amount=request.amount.value,
        currency=request.amount.currency,
        country=request.consumer.country,
        payment_descriptor=request.paymentDescriptor,
        consumer=_without_nulls(raw["consumer"]),
        order=_without_nulls(raw.get("order")) if raw.get("order") else None,
        authentication_types=_authentication_types(request, keys),
        authentication_settings=tuple(settings),
        scan_by=_settings_of(settings, "SCAN_CODE").get("scanBy"),
        return_url=redirect.get("returnUrl"),
        requires_capture=keys.get("requiresCapture") == "true",
        auto_capture=bool(request.autoCapture),
        confirmation_delay_s=_confirmation_delay(keys),
        reference=request.merchantPaymentChargeReference,
        labels=request.labels,
        webhooks_url=request.webhooksUrl,
    )


def _mock_keys(request: wire.ChargeRequest) -> dict[str, str]:
    """`key=value` pairs of a MOCK charge's descriptor; free text and unknown keys count for nothing.

    Source: reference/ppro.md, section 8.3. ALIPAY ignores them (inferred).
    """
    if request.paymentMethod != "MOCK":
        return {}
    pairs = (part.partition("=") for part in (request.paymentDescriptor or "").split(";"))
    return {key: value for key, equals, value in pairs if equals}


def _authentication_types(request: wire.ChargeRequest, keys: Mapping[str, str]) -> tuple[str, ...]:
    if request.paymentMethod != "MOCK":
        return ("REDIRECT",)
    if keys.get("requiresAuthentication") != "true":
        return ()
    offered = tuple(dict.fromkeys(keys.get("authenticationType", "REDIRECT").split(",")))
    return tuple(type_ for type_ in offered if type_ in ("REDIRECT", "SCAN_CODE", "MULTI_FACTOR")) or ("REDIRECT",)


def _confirmation_delay(keys: Mapping[str, str]) -> float | None:
    if keys.get("providerConfirmation") != "true":
        return None
    try:
        return float(keys.get("providerConfirmationDelay", "").removesuffix("s"))
    except ValueError:
        return DEFAULT_CONFIRMATION_DELAY_S


def _settings_of(settings: list[dict[str, Any]], type_: str) -> dict[str, Any]:
    for entry in settings:
        if entry.get("type") == type_:
            return entry.get("settings") or {}
    return {}


def _without_nulls(value: Any) -> Any:
    """`null` equals absent (inferred)."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _check_amount(value: int) -> None:
    """Well-formed but semantically wrong. Source: reference/ppro.md, section 5.2 (zero inferred)."""
    if value <= 0:
        raise Refused("semantic", {"message": "amount.value: must be greater than 0"})


_LOCAL_HOSTS = ("localhost", "host.docker.internal", "127.0.0.1", "::1")


def _check_urls(call: Call, request: wire.ChargeRequest) -> None:
    """`webhooksUrl` must be https at the live API; here http reaches local receivers, noted as a live difference."""
    if request.webhooksUrl is not None:
        parts = urlsplit(request.webhooksUrl)
        host = parts.hostname or ""
        local = host in _LOCAL_HOSTS or host.endswith((".localhost", ".local")) or "." not in host
        local = local or host.startswith(("10.", "192.168.", "127.")) or _is_172_private(host)
        if parts.scheme == "http" and local and host and not call.strict:
            call.differs_live("webhooksUrl: the live API accepts https only")
        elif parts.scheme != "https" or not host:
            raise Invalid([Violation("webhooksUrl", "pattern", "^(https)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*")])
    for index, entry in enumerate(request.authenticationSettings or []):
        url = (entry.settings or {}).get("returnUrl")
        if url is not None and (not isinstance(url, str) or len(url) > 512 or not is_safe_return(url)):
            path = f"authenticationSettings.{index}.settings.returnUrl"
            raise Invalid([Violation(path, "format", message="must be a URL")])


def _is_172_private(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "172" and parts[1].isdigit() and 16 <= int(parts[1]) <= 31


def _business_refusal(uow: UnitOfWork, charge: Charge, request: wire.ChargeRequest) -> str | None:
    """The failureCode with which a well-formed charge is declined at once. Source: reference/ppro.md, sections 5.4, 7."""
    if request.instrumentId is not None and uow.find(Instrument, request.instrumentId) is None:
        return "INSTRUMENT_NOT_FOUND"
    if charge.payment_method == "MOCK":
        return None
    if charge.payment_method != "ALIPAY":
        return "INVALID_PAYMENT_METHOD"
    if charge.currency not in ALIPAY_CURRENCIES:
        return "INVALID_CURRENCY"
    if charge.country not in ALIPAY_COUNTRIES:
        return "INVALID_COUNTRY"
    if alipay.in_fen(charge.money) > ALIPAY_MAXIMUM_FEN:
        return "AMOUNT_NOT_SUPPORTED"
    if not charge.return_url:
        return "INVALID_AUTHENTICATION_SETTINGS"
    return None


def _open_order(uow: UnitOfWork, charge: Charge) -> Charge:
    machine = charge.MACHINE
    assert machine is not None
    (timeout,) = machine.timeouts_in("AUTHENTICATION_PENDING")
    assert isinstance(timeout.after, timedelta)
    order = alipay.open_order(
        uow,
        charge,
        title="PPRO",
        amount=charge.money,
        merchant=uow.workspace.setting("ppro", "merchant_name", "Riverside Books"),
        reference=charge.reference or charge.id,
        operation="authorize",
        language=(charge.consumer.get("locale") or "")[:2] or None,
        expires_at=uow.now + timeout.after,
    )
    return uow.amend(charge, order_code=order.id)


# Deciding ------------------------------------------------------------------------------------------------------


def _bank_decides(uow: UnitOfWork, charge: Charge) -> Charge:
    """A charge that needs no consumer: the documented decline amounts and scenarios speak at once."""
    facts = {"operation": "authorize", "amount": charge.amount, "currency": charge.currency}
    effect = uow.rule("wallet", "ppro", **facts, reference=charge.reference, payment=charge.id)
    if effect is not None and effect.params.decline is not None:
        code = effect.params.code or errors.WALLET_REASONS.get(effect.params.decline, "GENERIC_DECLINE")
        return decline(uow, charge, errors.failure(code, effect.params.message))
    return approve(uow, charge)


def approve(uow: UnitOfWork, charge: Charge) -> Charge:
    """The consumer (or the bank) has said yes: confirm later, or authorize and capture.

    Source: reference/ppro.md, section 4.2, rows 3 to 5 and 10 to 12.
    """
    if charge.confirmation_delay_s is not None and charge.state != "AUTHORIZATION_ASYNC":
        delay = timedelta(seconds=charge.confirmation_delay_s)
        charge = _authorization(uow, charge, status="PROVIDER_CONFIRMATION_PENDING")
        charge = uow.fire(charge, "bank.confirms_later")
        uow.arm(charge, "timer.provider_confirmation", after=delay)
        return charge
    charge = _authorization(uow, charge, status="AUTHORIZED")
    if charge.requires_capture:
        charge = uow.fire(charge, "bank.authorized_for_capture")
        if not charge.auto_capture:
            return charge
        charge = uow.fire(charge, "api.capture")
    else:
        charge = uow.fire(charge, "bank.authorized")
    capture = _operation(uow, "capture", "CAPTURED", charge.amount)
    return uow.fire(charge, "bank.captured", about=capture, captures=(*charge.captures, capture))


def decline(uow: UnitOfWork, charge: Charge, failure: dict[str, Any], trigger: str = "bank.declined") -> Charge:
    charge = _authorization(uow, charge, status="FAILED", failure=failure)
    return uow.fire(charge, trigger, failure=failure)


def discard(uow: UnitOfWork, charge: Charge, type_: str, trigger: str, reference: str | None = None) -> Charge:
    """Ends a charge that nobody completed. On a timeout the authorization fails with it (inferred)."""
    entry = _operation(uow, "discard", "DISCARDED", None, reference=reference, type=type_)
    failure = errors.failure("PAYMENT_METHOD_TIMEOUT") if trigger.startswith("timer.") else None
    charge = _authorization(uow, charge, status="FAILED", failure=failure)
    charge = uow.fire(charge, trigger, about=entry, discards=(*charge.discards, entry))
    uow.disarm(charge, "timer.provider_confirmation")
    alipay.close(
        uow, charge.order_code, "expired" if failure else "cancelled", decided_by="timer" if failure else "api"
    )
    return charge


def _authorization(uow: UnitOfWork, charge: Charge, **changes: Any) -> Charge:
    """Updates the one authorization; its `created_at` stays."""
    last = replace(charge.authorizations[-1], updated_at=uow.now, **changes)
    return uow.amend(charge, authorizations=(*charge.authorizations[:-1], last))


def _operation(uow: UnitOfWork, prefix: str, status: str, amount: int | None, **more: Any) -> Operation:
    id_ = new_id(uow.ids, prefix)
    return Operation(id=id_, amount=amount, status=status, created_at=uow.now, updated_at=uow.now, **more)


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Charge) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            approve(uow, resource)
        case "wallet.declined" | "wallet.cancelled":
            code = teller.code or errors.WALLET_REASONS.get(teller.reason or "", "GENERIC_DECLINE")
            decline(uow, resource, errors.failure(code, teller.message), news)
        case "wallet.expired":
            discard(uow, resource, "AUTHENTICATION_TIMEOUT", "timer.authentication_timeout")


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    assert isinstance(resource, Charge)
    match trigger:
        case "timer.authentication_timeout":
            discard(uow, resource, "AUTHENTICATION_TIMEOUT", trigger)
        case "timer.provider_confirmation":
            if resource.state == "AUTHORIZATION_ASYNC":
                _bank_decides(uow, resource)
        case "timer.refund":
            _settle_refund(uow, resource, data["refund"], data["succeeds"])


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """`returnUrl` with `payment-charge-id`, the same for every outcome. Source: reference/ppro.md, section 7."""
    assert isinstance(payment, Charge)
    if payment.return_url is None:
        return None
    return with_query(payment.return_url, **{"payment-charge-id": payment.id})


# Reading -------------------------------------------------------------------------------------------------------


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.payment_charge(_charge(call, uow)), subject=call.path["id"])


def search_charges(call: Call, uow: UnitOfWork) -> Reply:
    """Exactly one filter; newest first, pages of 20 (both inferred). Source: reference/ppro.md, section 3.4."""
    reference, agreement = call.query.get("merchantPaymentChargeReference"), call.query.get("agreementId")
    if bool(reference) == bool(agreement):
        message = "exactly one of merchantPaymentChargeReference and agreementId must be given"
        raise Invalid([Violation("merchantPaymentChargeReference", "custom", message=message)])
    found = uow.by_key(Charge, "reference", reference) if reference else []
    try:
        start = int(call.query.get("page", "0"), 36)
    except ValueError as error:
        raise Invalid([Violation("page", "format", message="is not a token of nextPage")]) from error
    page = found[start : start + PAGE_SIZE]
    body: dict[str, Any] = {"data": [wire.payment_charge(charge) for charge in page]}
    if start + PAGE_SIZE < len(found):
        body["nextPage"] = _base36(start + PAGE_SIZE)
    body["_links"] = {}
    return Reply(200, body)


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits or "0"


def _charge(call: Call, uow: UnitOfWork) -> Charge:
    return uow.get(Charge, call.path["id"])


def list_operations(kind: str) -> Any:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        return Reply(200, wire.operations(_charge(call, uow), kind), subject=call.path["id"])

    return handler


def get_operation(kind: str) -> Any:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        charge = _charge(call, uow)
        operations: tuple[Operation, ...] = getattr(charge, kind)
        for operation in operations:
            if operation.id == call.path["operation"]:
                return Reply(200, wire.alone(charge, kind, operation), subject=charge.id)
        raise NotFound(kind, call.path["operation"])

    return handler


def get_funds_statuses(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.funds_statuses(_charge(call, uow)), subject=call.path["id"])


# Operations ----------------------------------------------------------------------------------------------------


def confirm(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/authorizations: completes MULTI_FACTOR with its code. A wrong code is a 200 with `FAILED`.

    Source: reference/ppro.md, sections 3.5 and 8.4.
    """
    charge = _charge(call, uow)
    if charge.state != "AUTHENTICATION_PENDING":
        raise IllegalTransition("ppro.payment_charge", charge.state, "api.confirm")
    order = alipay.order_of(uow, charge.order_code or "")
    if call.body.authenticationResult.details.get("verificationCode") == MFA_CODE:
        alipay.approve(uow, order)
    else:
        alipay.decline(uow, order, "authentication")
    charge = uow.get(Charge, charge.id)
    return Reply(200, wire.alone(charge, "authorizations", charge.authorizations[-1]))


def capture_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/captures. Above what is left open, or in another state: a FAILED capture, the charge as it was."""
    charge, asked = _charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantCaptureReference, "labels": call.body.labels}
    refused = _capture_refusal(charge, asked)
    if refused is not None:
        return _failed(uow, charge, "captures", "capture", asked, refused, more)
    capture = _operation(uow, "capture", "CAPTURED", asked, **more)
    charge = uow.fire(charge, "api.capture")
    trigger = "bank.captured" if asked == charge.left_open else "bank.captured_part"
    charge = uow.fire(charge, trigger, about=capture, captures=(*charge.captures, capture))
    return Reply(200, wire.alone(charge, "captures", capture))


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/voids: releases what is not captured yet."""
    charge, asked = _charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantVoidReference, "labels": call.body.labels}
    refused = _capture_refusal(charge, asked)
    if refused is not None:
        return _failed(uow, charge, "voids", "void", asked, refused, more)
    void = _operation(uow, "void", "VOIDED", asked, **more)
    charge = uow.fire(charge, "api.void")
    if asked < charge.left_open:
        trigger = "bank.voided_part"
    else:
        trigger = "bank.voided_rest" if charge.captured else "bank.voided"
    charge = uow.fire(charge, trigger, about=void, voids=(*charge.voids, void))
    return Reply(200, wire.alone(charge, "voids", void))


def _capture_refusal(charge: Charge, asked: int) -> str | None:
    if not charge.total("authorizations", "AUTHORIZED"):
        return "NO_AUTHORIZED_AMOUNT"
    if charge.state != "CAPTURE_PENDING" or asked > charge.left_open:
        return "EXCEEDS_AUTHORIZED_AMOUNT"
    return None


def refund_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refunds: full, partial, multiple, for 360 days. Over-refunds are FAILED refunds in a 200.

    Source: reference/ppro.md, sections 3.5, 4.2 rows 18 to 21, 5.4.
    """
    charge, asked = _charge(call, uow), call.body.amount
    more = {
        "reference": call.body.merchantRefundReference,
        "refund_reason": call.body.refundReason,
        "refund_descriptor": call.body.refundDescriptor,
        "labels": call.body.labels,
    }
    refused = _refund_refusal(uow, charge, asked)
    if refused is not None:
        return _failed(uow, charge, "refunds", "refund", asked, refused, more)
    facts = {"amount": asked, "currency": charge.currency, "reference": charge.reference, "payment": charge.id}
    effect = uow.rule("bank", "ppro", operation="refund", **facts)
    if effect is not None and (effect.params.decline or effect.params.outcome == "declined"):
        failure = errors.failure(effect.params.code or "GENERIC_DECLINE", effect.params.message)
        return _failed(uow, charge, "refunds", "refund", asked, failure, more)
    charge = uow.fire(charge, "api.refund")
    if effect is not None and effect.params.outcome == "pending":
        refund = _operation(uow, "refund", "PENDING", asked, **more)
        charge = uow.fire(charge, "bank.refund_pending", about=refund, refunds=(*charge.refunds, refund))
        after = effect.params.delay if effect.params.delay is not None else timedelta(seconds=30)
        uow.arm(charge, "timer.refund", after=after, refund=refund.id, succeeds=effect.params.then != "declined")
        return Reply(200, wire.alone(charge, "refunds", refund))
    refund = _operation(uow, "refund", "REFUNDED", asked, **more)
    charge = _refunded(uow, uow.amend(charge, refunds=(*charge.refunds, refund)), refund)
    return Reply(200, wire.alone(charge, "refunds", refund))


def _refund_refusal(uow: UnitOfWork, charge: Charge, asked: int) -> str | None:
    left = charge.captured - charge.refunded - charge.total("refunds", "PENDING")
    if charge.state == "REFUND_PROCESSING":
        return "SIMULTANEOUS_OPERATION_IN_PROGRESS"
    if charge.state != "CAPTURED" or left <= 0:
        return "EXCEEDS_REFUNDABLE_AMOUNT"
    if uow.now - charge.captures[-1].created_at > ALIPAY_REFUND_WINDOW:
        return "REFUND_PERIOD_EXPIRED"
    return "EXCEEDS_CAPTURED_AMOUNT" if asked > left else None


def _refunded(uow: UnitOfWork, charge: Charge, refund: Operation) -> Charge:
    assert refund.amount is not None
    alipay.refund(uow, charge.order_code, replace(charge.money, value=refund.amount))
    trigger = "bank.refunded" if charge.refunded == charge.captured else "bank.refunded_part"
    return uow.fire(charge, trigger, about=refund)


def _settle_refund(uow: UnitOfWork, charge: Charge, refund_id: str, succeeds: bool) -> None:
    refund = next(op for op in charge.refunds if op.id == refund_id)
    failure = None if succeeds else errors.failure("GENERIC_DECLINE")
    status = "REFUNDED" if succeeds else "FAILED"
    settled = replace(refund, status=status, failure=failure, updated_at=uow.now)
    charge = uow.amend(charge, refunds=tuple(settled if op.id == refund_id else op for op in charge.refunds))
    if succeeds:
        _refunded(uow, charge, settled)
    else:
        uow.fire(charge, "bank.refund_failed", about=settled, failure=failure)


def _failed(
    uow: UnitOfWork,
    charge: Charge,
    kind: str,
    prefix: str,
    amount: int,
    refused: str | dict[str, Any],
    more: dict[str, Any],
) -> Reply:
    """A refused operation is an entity too: stored on the charge, answered with 200, announced as `…_FAILED`."""
    failure = errors.failure(refused) if isinstance(refused, str) else refused
    operation = _operation(uow, prefix, "FAILED", amount, failure=failure, **more)
    operations: tuple[Operation, ...] = getattr(charge, kind)
    charge = uow.amend(charge, failure=failure, **{kind: (*operations, operation)})
    uow.emit(f"PAYMENT_CHARGE_{prefix.upper()}_FAILED", charge, operation)
    return Reply(200, wire.alone(charge, kind, operation))


def discard_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/discards (inferred: the endpoint is linked from every charge, its schema is unpublished)."""
    charge, reference = _charge(call, uow), call.body.merchantDiscardReference
    if charge.state not in ("AUTHENTICATION_PENDING", "AUTHORIZATION_ASYNC"):
        entry = _operation(
            uow, "discard", "FAILED", None, reference=reference, type="MERCHANT_INITIATED_DISCARD",
            failure=errors.failure("INTERNAL_PROCESSING_ERROR", f"Charge in status {charge.state} cannot be discarded"),
        )  # fmt: skip
        charge = uow.amend(charge, discards=(*charge.discards, entry), failure=entry.failure)
        uow.emit("PAYMENT_CHARGE_DISCARD_FAILED", charge, entry)
        return Reply(200, wire.alone(charge, "discards", entry))
    charge = discard(uow, charge, "MERCHANT_INITIATED_DISCARD", "api.discard", reference)
    return Reply(200, wire.alone(charge, "discards", charge.discards[-1]))


# Instruments ---------------------------------------------------------------------------------------------------


def _new_instrument(uow: UnitOfWork, type_: str, details: dict[str, Any] | None) -> Instrument:
    # RAW_CARD on input becomes CARD_PPRO_VAULTED on output. Source: reference/ppro.md, section 3.7.
    kind = "CARD_PPRO_VAULTED" if type_ == "RAW_CARD" else type_
    id_ = new_id(uow.ids, "instr")
    return uow.add(Instrument(id=id_, type=kind, details=details, created_at=uow.now, updated_at=uow.now))


def create_instrument(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.instrument(_new_instrument(uow, call.body.type, _details(call))))


def get_instrument(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.instrument(uow.get(Instrument, call.path["id"])))


def update_instrument(call: Call, uow: UnitOfWork) -> Reply:
    found = uow.get(Instrument, call.path["id"])
    return Reply(200, wire.instrument(uow.amend(found, type=call.body.type, details=_details(call))))


def delete_instrument(call: Call, uow: UnitOfWork) -> Reply:
    uow.delete(uow.get(Instrument, call.path["id"]))
    return Reply(204)


def _details(call: Call) -> dict[str, Any] | None:
    """A PASSTHROUGH_WALLET takes no details."""
    return None if call.body.type == "PASSTHROUGH_WALLET" else call.body.details
