"""What moves money at Checkout.com, and how it is paid out.

Source: docs/providers/checkoutcom.md, sources 3.4, 3.5, 3.17 and 15.1.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.checkoutcom import files, reports
from simulator.providers.checkoutcom.breakdowns import PREVIOUS, chargeback_id, told, told_of_action
from simulator.providers.checkoutcom.handlers import disputes
from simulator.providers.checkoutcom.model import Action, Dispute, Payment


def _account_of(payment: Payment) -> str:
    return PREVIOUS if payment.platform == "previous" else ""


def _of_action(uow: UnitOfWork, payment: Payment, action: Any) -> Moved | None:
    if not isinstance(action, Action):
        return None
    return Moved(
        amount=Money(action.amount, payment.currency),
        operation=action.id,
        merchant=_account_of(payment),
        told=told_of_action(uow, payment, action),
    )


def _disputed(uow: UnitOfWork, dispute: Dispute, cause: str) -> Moved:
    payment = uow.get(Payment, dispute.payment_id)
    return Moved(
        amount=Money(dispute.amount, dispute.currency),
        operation=chargeback_id(dispute, cause),
        merchant=_account_of(payment),
        told=told(uow, payment, dispute.payment_reference, dispute.created_at),
    )


def _charged_back(uow: UnitOfWork, dispute: Dispute, about: Any) -> Moved:
    return _disputed(uow, dispute, "chargeback")


def _won(uow: UnitOfWork, dispute: Dispute, about: Any) -> Moved:
    return _disputed(uow, dispute, "chargeback_reversal")


def _raise_chargeback(uow: UnitOfWork, payment: str) -> None:
    """A dispute like any other."""
    disputes.begin(uow, uow.get(Payment, payment), "won")


SETTLEMENT = Settlement(
    moves=(
        # resource        triggers                                   cause                  what
        MoneyMove(Payment, ("bank.captured",), "capture", _of_action),
        MoneyMove(Payment, ("bank.refunded_part", "bank.refunded_rest"), "refund", _of_action),
        MoneyMove(Dispute, ("api.create",), "chargeback", _charged_back),
        MoneyMove(Dispute, ("bank.won",), "chargeback_reversal", _won),
    ),
    columns=("pending", "available", "payable"),
    # Twelve characters, the reference on the bank statement. Source: source 15.1.
    payout_id=lambda ids: f"000S1M{ids.text(6, '0123456789ABCDEFGHJKLMNPQRSTUVWXYZ')}",
    reports=files.reports,
    on_report=reports.on_report,
    on_chargeback=_raise_chargeback,
)
