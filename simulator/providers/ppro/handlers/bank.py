"""The bank's declines in PPRO's words. It approves everything, unless a scenario lets it decline or wait."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.bank import BankVerdict
from simulator.engine.uow import UnitOfWork
from simulator.providers.ppro import failures
from simulator.providers.ppro.model import Charge


def ask_bank(uow: UnitOfWork, charge: Charge, operation: str, amount: int) -> BankVerdict:
    """What the bank says to a capture, void, refund or settlement of `amount` minor units."""
    return uow.ask_bank(charge, operation, replace(charge.money, value=amount))


def bank_failure(verdict: BankVerdict, message: str) -> dict[str, Any]:
    """The `failure` of an operation that the bank declines. `message` is the text of a generic decline."""
    code = verdict.code or failures.of_reason(verdict.reason)
    return failures.failure(code, verdict.message or (message if code.endswith("GENERIC_DECLINE") else None))
