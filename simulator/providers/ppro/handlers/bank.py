"""The bank behind PPRO. It approves everything, unless a scenario lets it decline a capture, void, refund or settlement."""

from __future__ import annotations

from typing import Any

from simulator.engine.scenarios import Effect
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures
from simulator.providers.ppro.model import Charge


def bank_rule(uow: UnitOfWork, charge: Charge, operation: str, amount: int | None) -> Effect | None:
    """What a scenario has the bank say about an operation, if any scenario does."""
    facts = {"amount": amount, "currency": charge.currency, "reference": charge.reference, "payment": charge.id}
    return uow.rule("bank", "ppro", operation=operation, **facts)


def declines(effect: Effect | None) -> bool:
    return effect is not None and (effect.params.decline is not None or effect.params.outcome == "declined")


def bank_failure(effect: Effect | None, message: str) -> dict[str, Any]:
    """The `failure` of an operation that the bank declines. `message` is the text of a generic decline."""
    assert effect is not None
    params = effect.params
    code = params.code or failures.of_reason(params.decline)
    return failures.failure(code, params.message or (message if code.endswith("GENERIC_DECLINE") else None))
