"""The enveloped toy as a provider that tries a webhook twice at once, calls a key that is in use no conflict, and pays out
without a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.provider import Call, Reply
from simulator.engine.settlement import Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel import refusals as r
from simulator.kernel.money import Money
from toy.acme import Charge, refuse
from toy.enveloped import ENVELOPED
from toy.settling import Terms

IN_USE = 422


def refuse_in_other_words(refusal: r.Refusal, call: Call) -> Reply:
    said = refuse(refusal, call)
    is_used = isinstance(refusal, r.IdempotencyConflict) and refusal.because == "in_progress"
    return replace(said, status=IN_USE) if is_used else said


def captured(uow: UnitOfWork, charge: Charge, about: object) -> Moved:
    return Moved(amount=Money(charge.amount, charge.currency))


def refunded(uow: UnitOfWork, charge: Charge, about: object) -> Moved:
    assert isinstance(about, Money)
    return Moved(amount=about)


assert ENVELOPED.shop is not None
HASTY = replace(
    ENVELOPED,
    title="Acme, hasty",
    refuse=refuse_in_other_words,
    settings=Terms,
    webhooks=replace(
        ENVELOPED.webhooks,
        retry=replace(ENVELOPED.webhooks.retry, delays=(timedelta(0), timedelta(minutes=1), timedelta(minutes=1))),
    ),
    shop=replace(ENVELOPED.shop, in_use=IN_USE),
    settlement=Settlement(
        moves=(
            MoneyMove(Charge, ("wallet.paid",), "capture", captured),
            MoneyMove(Charge, ("api.refund_part", "api.refund_rest"), "refund", refunded),
        )
    ),
)
