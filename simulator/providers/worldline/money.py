"""What moves money at Worldline, and how it is remitted. Source: docs/providers/worldline.md, sources 4.1 and 4.2.

Money stands in the ledger from PAID on: until then a payment is in doubt. Days count from its capture.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline.model import Payment, Refund, to_money


def _paid(uow: UnitOfWork, payment: Payment, about: Any) -> Moved:
    told = {"merchant_reference": payment.merchant_reference}
    return Moved(amount=payment.money, operation=payment.id, since=payment.captured_at, told=told)


def _reversed(uow: UnitOfWork, payment: Payment, about: Any) -> Moved | None:
    if not payment.amount_reversed:
        return None
    return replace(_paid(uow, payment, about), amount=to_money(payment.amount_reversed, payment.currency))


def _refunded(uow: UnitOfWork, refund: Refund, about: Any) -> Moved:
    payment = uow.get(Payment, refund.payment)
    told = {"merchant_reference": payment.merchant_reference}
    return Moved(amount=to_money(refund.amount, refund.currency), operation=refund.id, told=told)


SETTLEMENT = Settlement(
    moves=(
        # resource        triggers             cause       what
        MoneyMove(Payment, ("timer.settled",), "capture", _paid),
        MoneyMove(Payment, ("bank.reversed",), "reversal", _reversed),
        MoneyMove(Refund, ("timer.executed",), "refund", _refunded),
    ),
    daily=True,
)
