"""What moves money at Checkout.com, and how it is paid out. Source: docs/providers/checkoutcom.md, sources 3.4, 3.5 and 3.17."""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.checkoutcom.model import Action, Dispute, Payment


def _of_action(uow: UnitOfWork, payment: Payment, action: Any) -> Moved | None:
    if not isinstance(action, Action):
        return None
    told = {"reference": action.reference or payment.reference}
    return Moved(amount=Money(action.amount, payment.currency), operation=action.id, told=told)


def _disputed(uow: UnitOfWork, dispute: Dispute, about: Any) -> Moved:
    told = {"reference": dispute.payment_reference}
    return Moved(amount=Money(dispute.amount, dispute.currency), operation=dispute.id, told=told)


SETTLEMENT = Settlement(
    moves=(
        # resource        triggers                                   cause                  what
        MoneyMove(Payment, ("bank.captured",), "capture", _of_action),
        MoneyMove(Payment, ("bank.refunded_part", "bank.refunded_rest"), "refund", _of_action),
        MoneyMove(Dispute, ("api.create",), "chargeback", _disputed),
        MoneyMove(Dispute, ("bank.won",), "chargeback_reversal", _disputed),
    ),
    # Twelve characters, the reference on the bank statement.
    payout_id=lambda ids: f"000S1M{ids.text(6, '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ')}",
)
