"""The bank behind Connect, which speaks only where a scenario or a test amount gives it something to say."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline import model
from simulator.providers.worldline.model import Payment


def ask_bank(uow: UnitOfWork, payment: Payment, operation: str, amount: int) -> Any:
    """What a `bank` rule says about this operation (its parameters), or None. `amount` has two implied decimals."""
    effect = uow.rule(
        "bank",
        "worldline",
        operation=operation,
        amount=model.to_money(amount, payment.currency).value,
        currency=payment.currency,
        reference=payment.merchant_reference or payment.id,
        payment=payment.id,
    )
    return effect.params if effect is not None else None


def declines(said: Any) -> bool:
    """Whether it refuses at once."""
    return said is not None and (said.decline is not None or said.outcome == "declined")


def declines_in_the_end(said: Any) -> bool:
    """Whether it refuses, at once or after a while in which it was pending."""
    return declines(said) or (said is not None and said.then == "declined")


def stays_pending(said: Any) -> bool:
    """Whether nothing follows by itself: pending, and no delay is named."""
    return said is not None and said.outcome == "pending" and said.delay is None


def due_at(uow: UnitOfWork, said: Any, usual_s: float) -> datetime:
    """When the bank acts: after the rule's delay, or else after the usual number of seconds."""
    delay = said.delay if said is not None else None
    return uow.now + (timedelta(seconds=usual_s) if delay is None else delay)
