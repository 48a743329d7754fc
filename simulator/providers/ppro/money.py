"""What moves money at PPRO, how it is paid out, and what a settlement says of its funds.

Source: docs/providers/ppro.md, sources 3.5, 3.6 and 12.6. Inferred: ppro.funds-settled, ppro.settlement-numbers.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import Booking, MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ppro import settlement_files
from simulator.providers.ppro.handlers import funds_statuses
from simulator.providers.ppro.model import Charge, Operation
from simulator.providers.ppro.settlement_files import number


def _of(uow: UnitOfWork, charge: Charge, operation: Any) -> Moved | None:
    if not isinstance(operation, Operation) or operation.amount is None:
        return None
    told = {
        "reference": operation.reference or charge.reference,
        "merchant_id": charge.merchant_id,
        "method": charge.payment_method,
        "country": charge.country,
        "resource": charge.id,
        "number": number("8", charge.id),
    }
    if operation.kind == "refunds":
        told |= {"resource": operation.id, "number": number("9", operation.id), "of": told["number"]}
    return Moved(amount=Money(operation.amount, charge.currency), operation=operation.id, told=told)


def _funds_have_moved(uow: UnitOfWork, booking: Booking) -> None:
    """What is settled has been received, or sent."""
    if booking.cause in ("capture", "refund"):
        funds_statuses.settled(uow, booking.payment, booking.operation)


SETTLEMENT = Settlement(
    moves=(
        # resource       triggers                                    cause      what
        MoneyMove(Charge, ("bank.captured", "bank.captured_part"), "capture", _of),
        MoneyMove(Charge, ("bank.refunded", "bank.refunded_part"), "refund", _of),
    ),
    reports=settlement_files.reports,
    on_settled=_funds_have_moved,
)
