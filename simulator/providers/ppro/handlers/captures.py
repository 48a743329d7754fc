"""Captures. Source: docs/providers/ppro.md, sources 3.5 and 5.4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures, wire
from simulator.providers.ppro.handlers.bank import ask_bank, bank_failure
from simulator.providers.ppro.handlers.funds_statuses import settle_later
from simulator.providers.ppro.handlers.operations import find_charge, new_operation, refused_operation
from simulator.providers.ppro.model import Charge, Operation


def capture_charge(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/captures. More than is left open, or another state: a FAILED capture, and the charge stays as it was."""
    charge, asked = find_charge(call, uow), call.body.amount
    more = {"reference": call.body.merchantCaptureReference, "labels": call.body.labels}
    refused = capture_refusal(charge, asked)
    if refused is not None:
        return refused_operation(uow, charge, "captures", asked, failures.failure(refused), more)
    charge = capture(uow, charge, asked, more)
    return Reply(200, wire.alone(charge, charge.captures[-1]))


def capture(uow: UnitOfWork, charge: Charge, amount: int, more: Mapping[str, Any]) -> Charge:
    """Captures an authorized charge, unless a scenario's bank declines it. `more` are further members of the operation."""
    verdict = ask_bank(uow, charge, "capture", amount)
    charge = uow.fire(charge, "api.capture")
    if not verdict.approves:
        failure = bank_failure(verdict, "Payment Capture Failed")
        capture = new_operation(uow, "captures", "FAILED", amount, failure=failure, **more)
        captures = (*charge.captures, capture)
        return uow.fire(charge, "bank.capture_failed", about=capture, captures=captures, failure=failure)
    return captured(uow, charge, new_operation(uow, "captures", "CAPTURED", amount, **more))


def captured(uow: UnitOfWork, charge: Charge, capture: Operation) -> Charge:
    """Puts a successful capture on its charge."""
    trigger = "bank.captured" if capture.amount == charge.left_open else "bank.captured_part"
    charge = uow.fire(charge, trigger, about=capture, captures=(*charge.captures, capture))
    return settle_later(uow, charge, capture)


def capture_refusal(charge: Charge, asked: int) -> str | None:
    """The failureCode with which a capture or void is refused; None if it is not. Source: docs/providers/ppro.md, source 5.4."""
    if not charge.total("authorizations", "AUTHORIZED"):
        return "NO_AUTHORIZED_AMOUNT"
    if charge.state != "CAPTURE_PENDING" or asked > charge.left_open:
        return "EXCEEDS_AUTHORIZED_AMOUNT"
    return None
