"""The bank behind WooshPay takes its time where a scenario or a test amount says so."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine.bank import BankVerdict
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.model import PaymentIntent, Refund

USUAL_DELAY = timedelta(seconds=30)
"""How long the bank thinks about what it calls pending, when the rule names no delay."""


def await_decision(uow: UnitOfWork, resource: PaymentIntent | Refund, verdict: BankVerdict) -> None:
    """Arms `timer.settled`, which brings the bank's decision."""
    after = verdict.wait(USUAL_DELAY)
    uow.arm(resource, "timer.settled", after=after, succeeds=verdict.approves, code=verdict.code)
