"""What moves money at PPRO, and how it is paid out. Source: docs/providers/ppro.md, sources 3.5 and 3.6."""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ppro.model import Charge, Operation


def _of(uow: UnitOfWork, charge: Charge, operation: Any) -> Moved | None:
    if not isinstance(operation, Operation) or operation.amount is None:
        return None
    told = {"reference": operation.reference or charge.reference, "merchant_id": charge.merchant_id}
    return Moved(amount=Money(operation.amount, charge.currency), operation=operation.id, told=told)


SETTLEMENT = Settlement(
    moves=(
        # resource       triggers                                    cause      what
        MoneyMove(Charge, ("bank.captured", "bank.captured_part"), "capture", _of),
        MoneyMove(Charge, ("bank.refunded", "bank.refunded_part"), "refund", _of),
    ),
)
