"""The bank behind PPRO: a scenario's rules may let it decline captures, voids, refunds and settlements."""

from __future__ import annotations

from typing import Any

from simulator.engine.scenarios import Effect
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures
from simulator.providers.ppro.model import Charge


def bank_rule(uow: UnitOfWork, charge: Charge, operation: str, amount: int | None) -> Effect | None:
    facts = {"amount": amount, "currency": charge.currency, "reference": charge.reference, "payment": charge.id}
    return uow.rule("bank", "ppro", operation=operation, **facts)


def declines(effect: Effect | None) -> bool:
    return effect is not None and (effect.params.decline is not None or effect.params.outcome == "declined")


def bank_failure(effect: Effect | None, message: str) -> dict[str, Any]:
    assert effect is not None
    params = effect.params
    code = params.code or failures.of_reason(params.decline)
    return failures.failure(code, params.message or (message if code.endswith("GENERIC_DECLINE") else None))
