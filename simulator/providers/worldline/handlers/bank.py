"""What the bank behind the provider says, where a scenario or a test amount gives it a voice."""

from __future__ import annotations

from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline import model
from simulator.providers.worldline.model import Payment


def ask_bank(uow: UnitOfWork, payment: Payment, operation: str, amount: int) -> Any:
    """What an armed scenario or a test amount says about this operation behind the provider, if anything."""
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


def is_declined(effect: Any) -> bool:
    return effect.decline is not None or effect.outcome == "declined"
