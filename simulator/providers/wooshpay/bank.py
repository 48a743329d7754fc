"""The bank behind WooshPay, which speaks only where a scenario or a test amount gives it something to say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.model import PaymentIntent, Refund

USUAL_DELAY = timedelta(seconds=30)
"""How long the bank thinks about what it calls pending, when the rule names no delay."""


def ask_bank(uow: UnitOfWork, intent: PaymentIntent, operation: str, amount: int) -> Any:
    """What a `bank` rule says about this operation (its parameters), or None. `amount` is in minor units."""
    facts = {"amount": amount, "currency": intent.currency, "reference": intent.merchant_order_id}
    effect = uow.rule("bank", "wooshpay", operation=operation, payment=intent.id, **facts)
    return effect.params if effect is not None else None


def declines(said: Any) -> bool:
    return said is not None and bool(said.decline or said.outcome == "declined")


def decides_later(said: Any) -> bool:
    return said is not None and said.outcome == "pending"


def await_decision(uow: UnitOfWork, resource: PaymentIntent | Refund, said: Any) -> None:
    """Arms `timer.settled`, which brings the bank's decision: success, unless the rule's `then` is declined."""
    after = USUAL_DELAY if said.delay is None else said.delay
    uow.arm(resource, "timer.settled", after=after, succeeds=said.then != "declined", code=said.code)
