"""Funds statuses: where the money of each capture and refund is. Source: docs/providers/ppro.md, sources 3.6 and 4.2."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from simulator.engine import settling
from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import wire
from simulator.providers.ppro.handlers.operations import find_charge, find_operation, with_operation
from simulator.providers.ppro.model import Charge, Operation
from simulator.providers.ppro.settings import PproSettings


def get_funds_statuses(call: Call, uow: UnitOfWork) -> Reply:
    """GET …/funds-statuses: where the money of each capture and refund is, as a bare array."""
    return Reply(200, wire.funds_statuses(find_charge(call, uow)), subject=call.path["id"])


def settle_later(uow: UnitOfWork, charge: Charge, operation: Operation, usual: timedelta | None = None) -> Charge:
    """Lets settlement report a capture or refund after the time in setting `funds_after`, or that of a bank rule.

    Without either it does with the settlement that takes it (`settled`), unless a bank rule leaves it open for ever.
    """
    assert operation.amount is not None
    usual = usual if usual is not None else uow.settings(PproSettings).funds_after
    due = settling.funds_due(uow, charge, replace(charge.money, value=operation.amount), usual)
    if due is None:
        return charge
    uow.arm(charge, "timer.funds", at=due, kind=operation.kind, operation=operation.id)
    told = with_operation(charge, replace(operation, funds_at=due))
    return uow.amend(charge, **{operation.kind: told, "updated_at": charge.updated_at})


def settled(uow: UnitOfWork, charge_id: str, operation_id: str) -> None:
    """A settlement has taken a capture or refund: its funds are there, unless they are told of at a time of their own."""
    charge = uow.find(Charge, charge_id)
    found = (*charge.captures, *charge.refunds) if charge is not None else ()
    operation = next((one for one in found if one.id == operation_id), None)
    if charge is not None and operation is not None and operation.funds is None and operation.funds_at is None:
        settle_later(uow, charge, operation, timedelta(0))


def move_funds(uow: UnitOfWork, charge: Charge, kind: str, id_: str) -> None:
    """Settlement reports where the money of an operation is. Source: docs/providers/ppro.md, sources 3.6 and 4.2, row 22."""
    operation = find_operation(charge, kind, id_)
    assert operation.amount is not None
    declined = not settling.funds_have_come(uow, charge, replace(charge.money, value=operation.amount))
    if kind == "captures":
        funds = "CAPTURE_FUNDS_MISSING" if declined else "CAPTURE_FUNDS_RECEIVED"
    else:
        funds = "REFUND_FUNDS_REJECTED" if declined else "REFUND_FUNDS_SENT"
    moved = replace(operation, funds=funds)
    changes: dict[str, Any] = {kind: with_operation(charge, moved), "updated_at": charge.updated_at}
    uow.fire(charge, "bank.funds_moved", about=moved, **changes)
