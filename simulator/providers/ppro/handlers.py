"""What PPRO's operations do. Declines are 200 answers with `status: FAILED`, never errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine.pages import with_query
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.scenarios import Effect
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, parse_duration, parse_instant
from simulator.kernel.refusals import IllegalTransition, Invalid, NotFound, Refused, Violation
from simulator.providers.ppro import failures, rules, wire
from simulator.providers.ppro.model import Charge, Instrument, Operation, new_id
from simulator.wallet import alipay
from simulator.wallet.order import Order

MFA_CODE = "777123"
PENDING_REFUND_DELAY = timedelta(seconds=30)
PAGE_SIZE = 20


# Creating ------------------------------------------------------------------------------------------------------


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-charges: one payment attempt. Amounts in minor units.

    Raises `Refused` (422) for amounts of zero and less, `Invalid` (400) for addresses that are none.
    Source: reference/ppro.md, sections 3.1, 7 and 8.
    """
    request: wire.ChargeRequest = call.body
    rules.check(call, request)
    charge = _new_charge(call, uow, request)
    uow.claim_scenarios("ppro", charge.id)
    charge = uow.add(charge, events=["PAYMENT_CHARGE_CREATED"])
    status = "AUTHENTICATION_PENDING" if charge.authentication_types else "PROVIDER_CONFIRMATION_PENDING"
    authorization = _operation(uow, "authorizations", "authz", status, charge.amount)
    charge = uow.amend(charge, authorizations=(authorization,))
    refused = rules.refusal(uow, charge, request)
    if refused is not None:
        charge = decline(uow, uow.amend(charge, authentication_types=()), failures.failure(refused))
    elif charge.authentication_types:
        charge = uow.fire(charge, "api.authenticate")
        charge = _open_order(uow, charge)
    else:
        charge = _bank_decides(uow, charge)
    return Reply(200, wire.payment_charge(charge))


def _new_charge(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> Charge:
    keys = rules.mock_keys(request)
    types = rules.authentication_types(request, keys)
    settings = [entry.sent() for entry in request.authenticationSettings or []]
    scan_by = rules.setting(settings, "SCAN_CODE", "scanBy")
    id_ = new_id(uow.ids, "charge")
    is_twin = uow.workspace.seed is not None and uow.runtime.locate(Charge, id_) is not None
    return Charge(
        id=id_,
        state="AUTHORIZATION_PROCESSING",
        created_at=uow.now,
        updated_at=uow.now,
        merchant_id=call.credential["merchant_id"],
        origin=call.base_url,
        twin_in=uow.workspace.public_id if is_twin else "",
        payment_method=request.paymentMethod,
        payment_medium=request.paymentMedium or "ECOMMERCE",
        initiator=request.initiator,
        schedule_type=request.scheduleType or "UNSCHEDULED",
        instrument_id=request.instrumentId or _instrument_of(uow, request).id,
        amount=request.amount.value,
        currency=request.amount.currency,
        country=request.consumer.country,
        payment_descriptor=request.paymentDescriptor,
        consumer=request.consumer.sent(),
        order=request.order.sent() if request.order is not None else None,
        authentication_types=types,
        authentication_settings=tuple(settings),
        authenticate_by=rules.authenticate_by(types, scan_by, uow.now),
        scan_by=iso_millis(parse_instant(scan_by)) if scan_by else None,
        return_url=rules.setting(settings, "REDIRECT", "returnUrl"),
        requires_capture=keys.get("requiresCapture") == "true",
        auto_capture=bool(request.autoCapture),
        confirmation_delay_s=rules.confirmation_delay(keys),
        reference=request.merchantPaymentChargeReference,
        labels=request.labels,
        webhooks_url=request.webhooksUrl,
    )


def _instrument_of(uow: UnitOfWork, request: wire.ChargeRequest) -> Instrument:
    """The charge's own instrument, also when the request named none."""
    if request.instrument is not None:
        return _add_instrument(uow, request.instrument.type, request.instrument.details)
    return _add_instrument(uow, "MOCK" if request.paymentMethod == "MOCK" else "PASSTHROUGH_WALLET", None)


def _open_order(uow: UnitOfWork, charge: Charge) -> Charge:
    order = alipay.open_order(
        uow,
        charge,
        title="PPRO",
        amount=charge.money,
        merchant=str(uow.workspace.setting("ppro", "merchant_name", "Riverside Books")),
        reference=charge.reference or charge.id,
        operation="authorize",
        language=(charge.consumer.get("locale") or "")[:2] or None,
        expires_at=charge.authenticate_by,
    )
    return uow.amend(charge, order_code=order.id)


# Deciding ------------------------------------------------------------------------------------------------------


def _bank_decides(uow: UnitOfWork, charge: Charge) -> Charge:
    """No consumer is asked (any more): documented decline amounts and scenarios speak at once.

    A scenario's delay, `open` and `expired` make the provider confirm later, not yet, or never.
    """
    outcome, delay, params = "paid", None, None
    facts = {"operation": "authorize", "amount": charge.amount, "currency": charge.currency}
    for effect in uow.rules("wallet", "ppro", **facts, reference=charge.reference, payment=charge.id):
        delay = effect.params.delay if delay is None else delay
        if effect.params.decline is not None or effect.params.outcome is not None:
            params = effect.params
            outcome = "declined" if params.decline is not None else params.outcome
            break
    if charge.state == "AUTHORIZATION_PROCESSING" and (delay or outcome in ("open", "expired")):
        return _confirm_later(uow, charge, delay or timedelta(seconds=rules.DEFAULT_CONFIRMATION_DELAY_S))
    match outcome:
        case "declined" | "cancelled":
            assert params is not None
            code = params.code or failures.of_reason(params.decline or outcome)
            return decline(uow, charge, failures.failure(code, params.message))
        case "expired":
            return discard(uow, charge, "PROVIDER_CONFIRMATION_TIMEOUT", "timer.confirmation_timeout")
        case "open":
            return charge
        case _:
            return approve(uow, charge)


def approve(uow: UnitOfWork, charge: Charge) -> Charge:
    """The consumer (or the bank) has said yes: confirm later, or authorize and capture.

    Source: reference/ppro.md, section 4.2, rows 3 to 5 and 10 to 12.
    """
    if charge.confirmation_delay_s is not None and charge.state != "AUTHORIZATION_ASYNC":
        return _confirm_later(uow, charge, timedelta(seconds=charge.confirmation_delay_s))
    charge = _move_authorization(uow, charge, "bank.authorized")
    if not charge.requires_capture:
        charge = uow.fire(charge, "bank.authorized")
        return _captured(uow, charge, _operation(uow, "captures", "capture", "CAPTURED", charge.amount))
    charge = uow.fire(charge, "bank.authorized_for_capture")
    return _capture(uow, charge, charge.amount, {}) if charge.auto_capture else charge


def _confirm_later(uow: UnitOfWork, charge: Charge, delay: timedelta) -> Charge:
    charge = _move_authorization(uow, charge, "bank.confirms_later")
    charge = uow.fire(charge, "bank.confirms_later")
    uow.arm(charge, "timer.provider_confirmation", after=delay)
    return charge


def decline(uow: UnitOfWork, charge: Charge, failure: dict[str, Any], trigger: str = "bank.declined") -> Charge:
    charge = _move_authorization(uow, charge, trigger, failure=failure)
    return uow.fire(charge, trigger, failure=failure)


def discard(uow: UnitOfWork, charge: Charge, type_: str, trigger: str, reference: str | None = None) -> Charge:
    """Ends a charge that nobody completed.

    On a timeout the authorization fails with it, the charge itself shows no failure; a merchant's discard leaves the
    authorization as it stands. Inferred: reference/ppro.md, section 11, question 7.
    """
    timed_out = trigger.startswith("timer.")
    if timed_out:
        charge = _move_authorization(uow, charge, trigger, failure=failures.failure("PAYMENT_METHOD_TIMEOUT"))
    entry = _operation(uow, "discards", "discard", "DISCARDED", None, reference=reference, type=type_)
    charge = uow.fire(charge, trigger, about=entry, discards=(*charge.discards, entry))
    uow.disarm(charge, "timer.provider_confirmation")
    outcome, decided_by = ("expired", "timer") if timed_out else ("cancelled", "api")
    alipay.close(uow, charge.order_code, outcome, decided_by=decided_by)
    return charge


def _move_authorization(uow: UnitOfWork, charge: Charge, trigger: str, **changes: Any) -> Charge:
    """Moves the one authorization; its `created_at` stays."""
    *others, last = charge.authorizations
    return uow.amend(charge, authorizations=(*others, last.moved(trigger, uow.now, **changes)))


def _operation(uow: UnitOfWork, kind: str, prefix: str, status: str, amount: int | None, **more: Any) -> Operation:
    id_ = new_id(uow.ids, prefix)
    return Operation(id=id_, kind=kind, amount=amount, status=status, created_at=uow.now, updated_at=uow.now, **more)


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved."""
    assert isinstance(resource, Charge) and isinstance(teller, Order)
    match news:
        case "wallet.paid":
            approve(uow, resource)
        case "wallet.declined" | "wallet.cancelled":
            code = teller.code or failures.of_reason(teller.reason)
            decline(uow, resource, failures.failure(code, teller.message), news)
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
            _decide_refund(uow, resource, data)
        case "timer.funds":
            _move_funds(uow, resource, data["kind"], data["operation"])


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """`returnUrl` with `payment-charge-id`, the same for every outcome. Source: reference/ppro.md, section 7."""
    assert isinstance(payment, Charge)
    if payment.return_url is None:
        return None
    return with_query(payment.return_url, **{"payment-charge-id": payment.id})


# Reading -------------------------------------------------------------------------------------------------------


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/{id}: the charge. Raises `NotFound` (404)."""
    return Reply(200, wire.payment_charge(_charge(call, uow)), subject=call.path["id"])


def search_charges(call: Call, uow: UnitOfWork) -> Reply:
    """Exactly one filter; newest first, pages of 20 (both inferred). `page` is a token of `nextPage`.

    Source: reference/ppro.md, section 3.4.
    """
    reference, agreement = call.query.get("merchantPaymentChargeReference"), call.query.get("agreementId")
    if bool(reference) == bool(agreement):
        message = "exactly one of merchantPaymentChargeReference and agreementId must be given"
        raise Invalid([Violation("merchantPaymentChargeReference", "custom", message=message)])
    found = uow.by_key(Charge, "reference", reference) if reference and "\0" not in reference else []
    start, token = 0, call.query.get("page")
    if token is not None:
        start = next((n for n, charge in enumerate(found, 1) if _token(charge) == token), 0)
        if start == 0:
            raise Invalid([Violation("page", "format", message="is not a token of nextPage")])
    page = found[start : start + PAGE_SIZE]
    body: dict[str, Any] = {"data": [wire.payment_charge(charge) for charge in page]}
    if start + PAGE_SIZE < len(found):
        body["nextPage"] = _token(page[-1])
    body["_links"] = {}
    return Reply(200, body)


def _token(charge: Charge) -> str:
    """Names the charge after which a page begins, so that new charges do not shift the pages."""
    return charge.id.removeprefix("charge_")[::-1]


def _charge(call: Call, uow: UnitOfWork) -> Charge:
    return uow.get(Charge, call.path["id"])


def list_operations(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        """GET: all operations of one kind of a charge."""
        return Reply(200, wire.operations(_charge(call, uow), kind), subject=call.path["id"])

    return handler


def get_operation(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        """GET: one operation of a charge. Raises `NotFound`."""
        charge = _charge(call, uow)
        return Reply(200, wire.alone(charge, _find(charge, kind, call.path["operation"])), subject=charge.id)

    return handler


def _find(charge: Charge, kind: str, id_: str) -> Operation:
    for operation in charge.operations(kind):
        if operation.id == id_:
            return operation
    raise NotFound(kind, id_)


def get_funds_statuses(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/funds-statuses: where the money of each capture and refund is, as a bare array."""
    return Reply(200, wire.funds_statuses(_charge(call, uow)), subject=call.path["id"])


# Authorizations ------------------------------------------------------------------------------------------------


def confirm(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/authorizations: completes MULTI_FACTOR with its code. A wrong code is a 200 with `FAILED`.

    Raises `IllegalTransition` (400) when the charge waits for nobody, `Invalid` (400) when it does not offer the type
    (both inferred). Source: reference/ppro.md, sections 3.5 and 8.4.
    """
    charge = _charge(call, uow)
    if charge.state != "AUTHENTICATION_PENDING" or charge.order_code is None:
        raise IllegalTransition("ppro.payment_charge", charge.state, "api.confirm")
    result = call.body.authenticationResult
    if "MULTI_FACTOR" not in charge.authentication_types or result.type not in (None, "MULTI_FACTOR"):
        offered = ", ".join(charge.authentication_types)
        message = f"is not offered by this payment charge, which waits for {offered}"
        raise Invalid([Violation("authenticationResult.type", "custom", message=message)])
    if result.details.verificationCode is None:
        raise Invalid([Violation("authenticationResult.details.verificationCode", "required")])
    check_code(uow, charge, result.details.verificationCode)
    charge = uow.get(Charge, charge.id)
    return Reply(200, wire.alone(charge, charge.authorizations[-1]))


def check_code(uow: UnitOfWork, charge: Charge, code: str) -> None:
    """The consumer's code: `777123` approves, anything else fails. Source: reference/ppro.md, section 8.4."""
    assert charge.order_code is not None
    order = alipay.order_of(uow, charge.order_code)
    if code == MFA_CODE:
        alipay.approve(uow, order)
    else:
        alipay.decline(uow, order, "authentication")


# Captures and voids --------------------------------------------------------------------------------------------


def capture_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/captures. Above what is left open, or in another state: a FAILED capture, the charge as it was."""
    charge, asked = _charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantCaptureReference, "labels": call.body.labels}
    refused = _capture_refusal(charge, asked)
    if refused is not None:
        return _refused(uow, charge, "captures", "capture", asked, refused, more)
    charge = _capture(uow, charge, asked, more)
    return Reply(200, wire.alone(charge, charge.captures[-1]))


def _capture(uow: UnitOfWork, charge: Charge, amount: int, more: Mapping[str, Any]) -> Charge:
    """A separate capture, which a scenario's bank may decline."""
    effect = _bank_rule(uow, charge, "capture", amount)
    charge = uow.fire(charge, "api.capture")
    if _declines(effect):
        failure = _bank_failure(effect, "Payment Capture Failed")
        capture = _operation(uow, "captures", "capture", "FAILED", amount, failure=failure, **more)
        captures = (*charge.captures, capture)
        return uow.fire(charge, "bank.capture_failed", about=capture, captures=captures, failure=failure)
    return _captured(uow, charge, _operation(uow, "captures", "capture", "CAPTURED", amount, **more))


def _captured(uow: UnitOfWork, charge: Charge, capture: Operation) -> Charge:
    trigger = "bank.captured" if capture.amount == charge.left_open else "bank.captured_part"
    charge = uow.fire(charge, trigger, about=capture, captures=(*charge.captures, capture))
    _settle_later(uow, charge, capture)
    return charge


def void_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/voids: releases what is not captured yet."""
    charge, asked = _charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantVoidReference, "labels": call.body.labels}
    refused = _capture_refusal(charge, asked)
    if refused is not None:
        return _refused(uow, charge, "voids", "void", asked, refused, more)
    effect = _bank_rule(uow, charge, "void", asked)
    charge = uow.fire(charge, "api.void")
    if _declines(effect):
        failure = _bank_failure(effect, "Payment Void Failed")
        void = _operation(uow, "voids", "void", "FAILED", asked, failure=failure, **more)
        changes: dict[str, Any] = {"failure": failure}
        trigger = "bank.void_failed"
    else:
        void, changes = _operation(uow, "voids", "void", "VOIDED", asked, **more), {}
        trigger = "bank.voided_rest" if charge.captured else "bank.voided"
        trigger = "bank.voided_part" if asked < charge.left_open else trigger
        alipay.refund(uow, charge.order_code, replace(charge.money, value=asked))
    charge = uow.fire(charge, trigger, about=void, voids=(*charge.voids, void), **changes)
    return Reply(200, wire.alone(charge, void))


def _capture_refusal(charge: Charge, asked: int) -> str | None:
    """Source: reference/ppro.md, section 5.4."""
    if not charge.total("authorizations", "AUTHORIZED"):
        return "NO_AUTHORIZED_AMOUNT"
    if charge.state != "CAPTURE_PENDING" or asked > charge.left_open:
        return "EXCEEDS_AUTHORIZED_AMOUNT"
    return None


# Refunds -------------------------------------------------------------------------------------------------------


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
        return _refused(uow, charge, "refunds", "refund", asked, refused, more)
    effect = _bank_rule(uow, charge, "refund", asked)
    charge = uow.fire(charge, "api.refund")
    if effect is not None and effect.params.outcome == "pending":
        refund = _operation(uow, "refunds", "refund", "PENDING", asked, **more)
        charge = uow.fire(charge, "bank.refund_pending", about=refund, refunds=(*charge.refunds, refund))
        params = effect.params
        after = params.delay if params.delay is not None else PENDING_REFUND_DELAY
        code = (params.code or failures.of_reason(params.decline)) if params.then == "declined" else None
        uow.arm(charge, "timer.refund", after=after, refund=refund.id, code=code, message=params.message)
    elif _declines(effect):
        failure = _bank_failure(effect, "Payment Refund Failed")
        refund = _operation(uow, "refunds", "refund", "FAILED", asked, failure=failure, **more)
        refunds = (*charge.refunds, refund)
        charge = uow.fire(charge, "bank.refund_failed", about=refund, refunds=refunds, failure=failure)
    else:
        refund = _operation(uow, "refunds", "refund", "REFUNDED", asked, **more)
        charge = _refunded(uow, uow.amend(charge, refunds=(*charge.refunds, refund)), refund)
    return Reply(200, wire.alone(charge, refund))


def _refund_refusal(uow: UnitOfWork, charge: Charge, asked: int) -> str | None:
    """Source: reference/ppro.md, section 5.4."""
    if charge.total("refunds", "PENDING"):
        return "SIMULTANEOUS_OPERATION_IN_PROGRESS"
    left = charge.captured - charge.refunded
    if charge.state != "CAPTURED" or left <= 0:
        return "EXCEEDS_REFUNDABLE_AMOUNT"
    last = max(capture.created_at for capture in charge.captures if capture.status == "CAPTURED")
    if charge.payment_method == "ALIPAY" and uow.now - last > rules.ALIPAY_REFUND_WINDOW:
        return "REFUND_PERIOD_EXPIRED"
    return "EXCEEDS_CAPTURED_AMOUNT" if asked > left else None


def _refunded(uow: UnitOfWork, charge: Charge, refund: Operation) -> Charge:
    assert refund.amount is not None
    alipay.refund(uow, charge.order_code, replace(charge.money, value=refund.amount))
    trigger = "bank.refunded" if charge.refunded == charge.captured else "bank.refunded_part"
    charge = uow.fire(charge, trigger, about=refund)
    _settle_later(uow, charge, refund)
    return charge


def _decide_refund(uow: UnitOfWork, charge: Charge, data: Mapping[str, Any]) -> None:
    """What the bank says about a refund that was pending."""
    refund = _find(charge, "refunds", data["refund"])
    charge = uow.fire(charge, "bank.refund_decided")
    if data["code"] is None:
        settled = refund.moved("bank.refunded", uow.now)
        _refunded(uow, _replace(uow, charge, settled), settled)
        return
    failure = failures.failure(data["code"], data["message"] or "Payment Refund Failed")
    settled = refund.moved("bank.refund_failed", uow.now, failure=failure)
    uow.fire(_replace(uow, charge, settled), "bank.refund_failed", about=settled, failure=failure)


def _replace(uow: UnitOfWork, charge: Charge, operation: Operation) -> Charge:
    return uow.amend(charge, **{operation.kind: _with(charge, operation)})


def _with(charge: Charge, operation: Operation) -> tuple[Operation, ...]:
    return tuple(operation if op.id == operation.id else op for op in charge.operations(operation.kind))


# Behind PPRO ---------------------------------------------------------------------------------------------------


def _bank_rule(uow: UnitOfWork, charge: Charge, operation: str, amount: int | None) -> Effect | None:
    facts = {"amount": amount, "currency": charge.currency, "reference": charge.reference, "payment": charge.id}
    return uow.rule("bank", "ppro", operation=operation, **facts)


def _declines(effect: Effect | None) -> bool:
    return effect is not None and (effect.params.decline is not None or effect.params.outcome == "declined")


def _bank_failure(effect: Effect | None, message: str) -> dict[str, Any]:
    assert effect is not None
    params = effect.params
    code = params.code or failures.of_reason(params.decline)
    return failures.failure(code, params.message or (message if code.endswith("GENERIC_DECLINE") else None))


def _settle_later(uow: UnitOfWork, charge: Charge, operation: Operation) -> None:
    """Setting `funds_after`: settlement speaks of a capture or refund after that time. Off unless it is set."""
    after = uow.workspace.setting("ppro", "funds_after")
    if after is None:
        return
    try:
        delay = parse_duration(str(after))
    except ValueError as error:
        raise Refused("setting", {"message": f"funds_after: {error}"}) from error
    uow.arm(charge, "timer.funds", after=delay, kind=operation.kind, operation=operation.id)


def _move_funds(uow: UnitOfWork, charge: Charge, kind: str, id_: str) -> None:
    """Source: reference/ppro.md, sections 3.6 and 4.2, row 22."""
    operation = _find(charge, kind, id_)
    declined = _declines(_bank_rule(uow, charge, "settle", operation.amount))
    if kind == "captures":
        funds = "CAPTURE_FUNDS_MISSING" if declined else "CAPTURE_FUNDS_RECEIVED"
    else:
        funds = "REFUND_FUNDS_REJECTED" if declined else "REFUND_FUNDS_SENT"
    moved = replace(operation, funds=funds)
    changes: dict[str, Any] = {kind: _with(charge, moved), "updated_at": charge.updated_at}
    uow.fire(charge, "bank.funds_moved", about=moved, **changes)


# Refusals that are entities ------------------------------------------------------------------------------------


def _refused(
    uow: UnitOfWork, charge: Charge, kind: str, prefix: str, amount: int, code: str, more: Mapping[str, Any]
) -> Reply:
    """A refused operation is an entity too: stored on the charge, answered with 200, announced as `…_FAILED`.

    Inferred: an older manual answers 400 instead; setting `refusals: "400"` does so (`Refused("operation")`).
    Source: reference/ppro.md, sections 5.4 and 11, question 1.
    """
    failure = failures.failure(code)
    if uow.workspace.setting("ppro", "refusals") == "400":
        raise Refused("operation", failure)
    operation = _operation(uow, kind, prefix, "FAILED", amount, failure=failure, **more)
    charge = uow.amend(charge, failure=failure, **{kind: (*charge.operations(kind), operation)})
    uow.emit(f"PAYMENT_CHARGE_{prefix.upper()}_FAILED", charge, operation)
    return Reply(200, wire.alone(charge, operation))


def discard_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/discards (inferred: the endpoint is linked from every charge, its schema is unpublished)."""
    charge, reference = _charge(call, uow), call.body.merchantDiscardReference
    type_ = "MERCHANT_INITIATED_DISCARD"
    if charge.MACHINE is not None and charge.MACHINE.allows("api.discard", charge.state):
        charge = discard(uow, charge, type_, "api.discard", reference)
        return Reply(200, wire.alone(charge, charge.discards[-1]))
    message = f"Payment charge in status {charge.state} cannot be discarded"
    failure = failures.failure("INTERNAL_DECLINE/INTERNAL_PROCESSING_ERROR", message)
    if uow.workspace.setting("ppro", "refusals") == "400":
        raise Refused("operation", failure)
    entry = _operation(uow, "discards", "discard", "FAILED", None, reference=reference, type=type_, failure=failure)
    charge = uow.amend(charge, discards=(*charge.discards, entry), failure=failure)
    uow.emit("PAYMENT_CHARGE_DISCARD_FAILED", charge, entry)
    return Reply(200, wire.alone(charge, entry))


# Instruments ---------------------------------------------------------------------------------------------------


def _stored(type_: str, details: dict[str, Any] | None) -> dict[str, Any]:
    """What is kept of an instrument. A card is vaulted: neither its number nor its code is ever given out.

    Source: reference/ppro.md, sections 3.7 and 3.8.
    """
    if type_ == "PASSTHROUGH_WALLET":
        return {"type": type_, "details": None}
    if type_ != "RAW_CARD":
        return {"type": type_, "details": details}
    given = details or {}
    number = given.get("number")
    if not isinstance(number, str) or not number.isascii() or not number.isdigit() or not 12 <= len(number) <= 19:
        raise Invalid([Violation("details.number", "format", message="must be a card number")])
    kept = {"bin": number[:6], "last4Digits": number[-4:]}
    kept |= {name: given[name] for name in ("expiryMonth", "expiryYear", "holderName") if name in given}
    return {"type": "CARD_PPRO_VAULTED", "details": kept}


def _add_instrument(uow: UnitOfWork, type_: str, details: dict[str, Any] | None) -> Instrument:
    id_ = new_id(uow.ids, "instr")
    return uow.add(Instrument(id=id_, created_at=uow.now, updated_at=uow.now, **_stored(type_, details)))


def create_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-instruments: a stored instrument."""
    return Reply(200, wire.instrument(_add_instrument(uow, call.body.type, call.body.details)))


def get_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/{id}: for Alipay exactly `id` and `type`."""
    return Reply(200, wire.instrument(uow.get(Instrument, call.path["id"])))


def update_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """PUT …/{id}: another type or other details."""
    found = uow.get(Instrument, call.path["id"])
    return Reply(200, wire.instrument(uow.amend(found, **_stored(call.body.type, call.body.details))))


def delete_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE …/{id}: 204 without body."""
    uow.delete(uow.get(Instrument, call.path["id"]))
    return Reply(204)


# Left out ------------------------------------------------------------------------------------------------------


def left_out(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    """An endpoint of the live API that the simulator does not have: 404 in PPRO's own words, and a note."""

    def handler(call: Call, uow: UnitOfWork) -> Reply:
        call.differs_live(f"{kind}s exist at the live API; the simulator leaves them out")
        raise NotFound(kind, call.target)

    return handler
