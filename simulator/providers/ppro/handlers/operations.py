"""The operations of a charge of every kind: finding, making and replacing them, and those that are refused.

Source: docs/providers/ppro.md, sources 3.5 and 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.ppro import wire
from simulator.providers.ppro.model import Charge, Operation, new_id
from simulator.providers.ppro.settings import PproSettings

PREFIXES = {
    # kind: what its ids begin with
    "authorizations": "authz",
    "captures": "capture",
    "refunds": "refund",
    "discards": "discard",
    "voids": "void",
}


def is_own(call: Call, owner: str) -> bool:
    """Whether something that belongs to this merchant is seen under the call's `Merchant-Id`.

    Source: docs/providers/ppro.md, corrections.
    """
    asking = call.credential["merchant_id"]
    return not asking or not owner or owner == asking


def find_charge(call: Call, uow: UnitOfWork) -> Charge:
    """Raises `NotFound` for another merchant's charge too, even if the same key serves both."""
    charge = uow.get(Charge, call.path["id"])
    if not is_own(call, charge.merchant_id):
        raise NotFound(Charge.KIND, charge.id)
    return charge


def find_operation(charge: Charge, kind: str, id_: str) -> Operation:
    for operation in charge.operations(kind):
        if operation.id == id_:
            return operation
    raise NotFound(kind, id_)


def new_operation(uow: UnitOfWork, kind: str, status: str, amount: int | None, **more: Any) -> Operation:
    """A new operation. The caller adds it to its charge."""
    id_ = new_id(uow.ids, PREFIXES[kind])
    return Operation(id=id_, kind=kind, amount=amount, status=status, created_at=uow.now, updated_at=uow.now, **more)


def replace_operation(uow: UnitOfWork, charge: Charge, operation: Operation) -> Charge:
    """The charge with this operation in the place of the one with the same id."""
    return uow.amend(charge, **{operation.kind: with_operation(charge, operation)})


def with_operation(charge: Charge, operation: Operation) -> tuple[Operation, ...]:
    return tuple(operation if op.id == operation.id else op for op in charge.operations(operation.kind))


def list_operations(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        """GET: all operations of one kind of a charge. Inferred: ppro.list-links."""
        return Reply(200, wire.operations(find_charge(call, uow), kind), subject=call.path["id"])

    return handler


def get_operation(kind: str) -> Callable[[Call, UnitOfWork], Reply]:
    def handler(call: Call, uow: UnitOfWork) -> Reply:
        """GET: one operation of a charge. Raises `NotFound`."""
        charge = find_charge(call, uow)
        return Reply(200, wire.alone(charge, find_operation(charge, kind, call.path["operation"])), subject=charge.id)

    return handler


def refused_operation(
    uow: UnitOfWork, charge: Charge, kind: str, amount: int | None, failure: dict[str, Any], more: Mapping[str, Any]
) -> Reply:
    """The answer to a refused operation, which is an entity too: stored on its charge as FAILED and announced as `…_FAILED`.

    With setting `refusals: "400"` it is as an older manual says: raises `Refused("operation")`, and nothing is stored.
    Source: docs/providers/ppro.md, source 5.4. Inferred: ppro.refused-operations, ppro.charge-failure.
    """
    if uow.settings(PproSettings).refusals == "400":
        raise Refused("operation", failure)
    operation = new_operation(uow, kind, "FAILED", amount, failure=failure, **more)
    charge = uow.amend(charge, failure=failure, **{kind: (*charge.operations(kind), operation)})
    uow.emit(f"PAYMENT_CHARGE_{PREFIXES[kind].upper()}_FAILED", charge, operation)
    return Reply(200, wire.alone(charge, operation))
