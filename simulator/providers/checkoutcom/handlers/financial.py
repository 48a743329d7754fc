"""Financial actions of a payment, some seconds later. Source: docs/providers/checkoutcom.md, source 15.4."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from simulator.engine import balances
from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom.breakdowns import PREVIOUS, chargeback_id, financial_action
from simulator.providers.checkoutcom.handlers.paging import page
from simulator.providers.checkoutcom.model import Action, Dispute, Payment
from simulator.providers.checkoutcom.wire import reports as wire

LATER = timedelta(seconds=5)
"""So long what has happened is not there yet. Inferred: checkoutcom.financial-delay."""


def list_actions(call: Call, uow: UnitOfWork) -> Reply:
    """GET /financial-actions: oldest first; nothing for a payment that does not exist."""
    query: wire.FinancialActionsQuery = call.body
    payouts = balances.Payouts(uow, "checkoutcom")
    found = [
        booking
        for payment in _payments(uow, query)
        for booking in uow.bookings_of("checkoutcom", payment)
        if booking.merchant != PREVIOUS
        and booking.at + LATER <= uow.now
        and query.action_id in (None, booking.operation)
        and query.reference in (None, booking.told.get("reference"))
    ]
    shown, around = page(call, uow, query, sorted(found, key=lambda booking: booking.number))
    data = [wire.financial_action(financial_action(uow, one, payouts.of(one))) for one in shown]
    return Reply(200, {**around, "data": data})


def _payments(uow: UnitOfWork, query: wire.FinancialActionsQuery) -> Iterable[str]:
    """The payment that is meant, or those with the reference."""
    if query.payment_id is not None:
        return [query.payment_id]
    if query.action_id is not None:
        action = uow.find(Action, query.action_id)
        return [action.payment_id] if action is not None else _of_chargeback(uow, query.action_id)
    return [payment.id for payment in uow.by_key(Payment, "reference", query.reference or "")]


def _of_chargeback(uow: UnitOfWork, action: str) -> list[str]:
    causes = ("chargeback", "chargeback_reversal")
    return [
        dispute.payment_id
        for dispute in uow.every(Dispute)
        if any(chargeback_id(dispute, cause) == action for cause in causes)
    ]
