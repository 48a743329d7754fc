"""Payment instruments. Source: docs/providers/ppro.md, sources 3.7 and 3.8."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, NotFound, Violation
from simulator.providers.ppro import notices, wire
from simulator.providers.ppro.handlers.operations import is_own
from simulator.providers.ppro.model import Instrument, new_id


def _stored(type_: str, details: dict[str, Any] | None) -> dict[str, Any]:
    """What is kept of an instrument. Of a card neither the number nor the code is kept, so neither can be given out.

    Source: docs/providers/ppro.md, sources 3.7 and 3.8.
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


def add_instrument(
    call: Call, uow: UnitOfWork, type_: str, details: dict[str, Any] | None, charge: str | None = None
) -> Instrument:
    id_, owner = new_id(uow.ids, "instr"), call.credential["merchant_id"]
    stored = _stored(type_, details)
    own = Instrument(id=id_, merchant_id=owner, charge=charge, created_at=uow.now, updated_at=uow.now, **stored)
    return uow.add(own)


def find_instrument(call: Call, uow: UnitOfWork) -> Instrument:
    """Raises `NotFound` for another merchant's instrument too."""
    found = uow.get(Instrument, call.path["id"])
    if not is_own(call, found.merchant_id):
        raise NotFound(Instrument.KIND, found.id)
    return found


def create_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/payment-instruments: a stored instrument."""
    notices.check_instrument(call, call.body)
    return Reply(200, wire.instrument(add_instrument(call, uow, call.body.type, call.body.details)))


def get_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/{id}: for Alipay exactly `id` and `type`."""
    return Reply(200, wire.instrument(find_instrument(call, uow)))


def update_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """PUT …/{id}: replaces type and details."""
    notices.check_instrument(call, call.body)
    found = find_instrument(call, uow)
    return Reply(200, wire.instrument(uow.amend(found, **_stored(call.body.type, call.body.details))))


def delete_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE …/{id}: 204 without body."""
    uow.delete(find_instrument(call, uow))
    return Reply(204)
