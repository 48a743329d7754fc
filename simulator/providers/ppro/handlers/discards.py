"""Discards: the end of a charge that nobody completed. Source: docs/providers/ppro.md, sources 4.2 and 11."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures, wire
from simulator.providers.ppro.handlers.authorizations import move_authorization
from simulator.providers.ppro.handlers.operations import find_charge, new_operation, refused_operation
from simulator.providers.ppro.model import MERCHANT_DISCARD, Charge
from simulator.wallet import alipay


def discard_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/discards: every charge links to this endpoint, but its schema is not published. Inferred: ppro.discards."""
    charge, reference = find_charge(call, uow), call.body.merchantDiscardReference
    if charge.MACHINE is not None and charge.MACHINE.allows("api.discard", charge.state):
        charge = discard(uow, charge, MERCHANT_DISCARD, "api.discard", reference)
        return Reply(200, wire.alone(charge, charge.discards[-1]))
    message = f"Payment charge in status {charge.state} cannot be discarded"
    failure = failures.failure("INTERNAL_DECLINE/INTERNAL_PROCESSING_ERROR", message)
    return refused_operation(uow, charge, "discards", None, failure, {"reference": reference, "type": MERCHANT_DISCARD})


def discard(uow: UnitOfWork, charge: Charge, type_: str, trigger: str, reference: str | None = None) -> Charge:
    """Ends a charge that nobody completed.

    On a timeout the authorization fails too, but the charge itself shows no failure. A merchant's discard leaves the
    authorization as it stands. Inferred: ppro.timeout.
    """
    timed_out = trigger.startswith("timer.")
    if timed_out:
        charge = move_authorization(uow, charge, trigger, failure=failures.failure("PAYMENT_METHOD_TIMEOUT"))
    entry = new_operation(uow, "discards", "DISCARDED", None, reference=reference, type=type_)
    charge = uow.fire(charge, trigger, about=entry, discards=(*charge.discards, entry))
    uow.disarm(charge, "timer.provider_confirmation")
    outcome, decided_by = ("expired", "timer") if timed_out else ("cancelled", "api")
    alipay.close(uow, charge.order_code, outcome, decided_by=decided_by)
    alipay.refund(uow, charge.order_code, charge.money)  # whoever has paid before the provider confirmed
    return charge
