"""Payment charges: making one, reading it, searching. Source: docs/providers/ppro.md, sources 3.1, 3.4, 7 and 8."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, parse_instant
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.ppro import failures, notices, rules, wire
from simulator.providers.ppro.handlers.instruments import add_instrument
from simulator.providers.ppro.handlers.operations import find_charge, is_own, new_operation
from simulator.providers.ppro.handlers.outcomes import bank_decides, decline
from simulator.providers.ppro.model import Charge, Instrument, new_id
from simulator.providers.ppro.settings import PproSettings
from simulator.wallet import alipay
from simulator.wallet.order import billing_details

PAGE_SIZE = 20


def create_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-charges: one payment attempt. Amounts in minor units.

    Raises `Refused` (422) for amounts of zero and less, `Invalid` (400) for malformed addresses.
    Source: docs/providers/ppro.md, sources 3.1, 7 and 8. Inferred: ppro.failed-create, ppro.code-up-front, ppro.no-url.
    """
    request: wire.ChargeRequest = call.body
    rules.check(call, uow, request)
    notices.check_charge(call, uow, request)
    charge = _new_charge(call, uow, request)
    uow.claim_scenarios(charge, charge.money, charge.reference)
    charge = uow.add(charge, events=["PAYMENT_CHARGE_CREATED"])
    status = "AUTHENTICATION_PENDING" if charge.authentication_types else "PROVIDER_CONFIRMATION_PENDING"
    authorization = new_operation(uow, "authorizations", status, charge.amount)
    charge = uow.amend(charge, authorizations=(authorization,))
    refused = rules.refusal(uow, charge, request)
    if refused is not None:
        charge = decline(uow, uow.amend(charge, authentication_types=()), failures.failure(refused))
    elif charge.authentication_types:
        charge = uow.fire(charge, "api.authenticate")
        charge = _open_order(uow, charge)
    else:
        charge = bank_decides(uow, charge)
    return Reply(200, wire.payment_charge(charge))


def _new_charge(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> Charge:
    keys = rules.mock_keys(request)
    types = rules.authentication_types(request, keys)
    settings = [entry.sent() for entry in request.authenticationSettings or []]
    scan_by = rules.setting(settings, "SCAN_CODE", "scanBy")
    id_ = new_id(uow.ids, "charge")
    described = None
    if request.instrument is not None:
        described = add_instrument(call, uow, request.instrument.type, request.instrument.details, id_)
    is_twin = uow.workspace.seed is not None and uow.is_taken(Charge, id_)
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
        instrument_id=_named(uow, request.instrumentId) or (described or _instrument_of(call, uow, request, id_)).id,
        instrument=wire.instrument(described) if described is not None else None,
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
        webhooks_from_network=uow.may_go_to("webhooksUrl", request.webhooksUrl),
    )


def _named(uow: UnitOfWork, id_: str | None) -> str | None:
    """The instrument that a request names. One that was made for another charge belongs to that one alone no longer."""
    stored = uow.find(Instrument, id_) if id_ is not None else None
    if stored is not None and stored.charge is not None:
        uow.amend(stored, charge=None)
    return id_


def _instrument_of(call: Call, uow: UnitOfWork, request: wire.ChargeRequest, charge: str) -> Instrument:
    """A new instrument for a charge whose request describes none."""
    type_ = "MOCK" if request.paymentMethod == "MOCK" else "PASSTHROUGH_WALLET"
    return add_instrument(call, uow, type_, None, charge)


def _open_order(uow: UnitOfWork, charge: Charge) -> Charge:
    order = alipay.open_order(
        uow,
        charge,
        title="PPRO",
        amount=charge.money,
        merchant=uow.settings(PproSettings).merchant_name,
        reference=charge.reference or charge.id,
        description=charge.payment_descriptor or "",
        billing=_billing(charge.consumer),
        operation="authorize",
        language=(charge.consumer.get("locale") or "")[:2] or None,
        expires_at=charge.authenticate_by,
    )
    return uow.amend(charge, order_code=order.id)


def _billing(consumer: Mapping[str, Any]) -> tuple[str, ...]:
    address = consumer.get("billingAddress") or {}
    parts: list[Any] = [part for part in address.values() if isinstance(part, str)]
    return billing_details(consumer.get("name"), parts or [consumer.get("country")], consumer.get("email"))


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/{id}: the charge. Raises `NotFound` (404)."""
    return Reply(200, wire.payment_charge(find_charge(call, uow)), subject=call.path["id"])


def search_charges(call: Call, uow: UnitOfWork) -> Reply:
    """GET /v1/payment-charges: needs exactly one filter. Newest first, in pages of 20.

    `page` is the token that stood in `nextPage`. Raises `Invalid` for no filter, for two, and for a page that does not exist.

    Source: docs/providers/ppro.md, source 3.4. Inferred: ppro.search-pages.
    """
    reference, agreement = call.query.get("merchantPaymentChargeReference"), call.query.get("agreementId")
    if bool(reference) == bool(agreement):
        message = "exactly one of merchantPaymentChargeReference and agreementId must be given"
        raise Invalid([Violation("merchantPaymentChargeReference", "custom", message=message)])
    if agreement:
        notices.check_search(call)
    found = uow.by_key(Charge, "reference", reference) if reference and "\0" not in reference else []
    found = [charge for charge in found if is_own(call, charge.merchant_id)]
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
    """A token of `nextPage`. It names the charge after which the page begins, so that new charges do not shift the pages."""
    return charge.id.removeprefix("charge_")[::-1]
