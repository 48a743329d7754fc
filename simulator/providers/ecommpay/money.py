"""What moves money at ecommpay, and how it is paid out. Source: docs/providers/ecommpay.md, source 3.11.

Each project has balances of its own, and each is paid out apart. Inferred: ecommpay.balances.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay import registry
from simulator.providers.ecommpay.model import Operation, Payment, Refund, Sale


def _of(uow: UnitOfWork, operation: Operation, about: Any) -> Moved:
    payment = uow.get(Payment, operation.payment)
    is_own = payment.project_id == uow.workspace.credentials["ecommpay"]["project_id"]
    told = {
        "project_id": payment.project_id,
        "payment_id": payment.payment_id,
        "created_at": operation.created_at.isoformat(),
    }
    return Moved(
        amount=Money(operation.amount, operation.currency),
        operation=operation.id,
        merchant="" if is_own else str(payment.project_id),
        told=told,
    )


SETTLEMENT = Settlement(
    moves=(
        # resource     triggers            cause       what
        MoneyMove(Sale, ("wallet.paid",), "capture", _of),
        MoneyMove(Refund, ("bank.refunded",), "refund", _of),
        MoneyMove(Refund, ("bank.reversed",), "reversal", _of),
    ),
    reports=registry.reports,
    daily=True,
    every_day=True,
)
