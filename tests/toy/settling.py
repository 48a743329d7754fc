"""The toy provider with a ledger that pays out: nothing of it moves money by itself, `post` does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from support import Sim

from simulator.engine import settling
from simulator.engine.ledger import Booking, Moved, decimal
from simulator.engine.settlement import Period, Report, Settlement
from simulator.engine.terms import MoneySettings
from simulator.kernel.money import Money
from toy.acme import ACME

P = "acme"


class Terms(MoneySettings):
    SECTION: ClassVar[str] = "acme"

    merchant_name: str = "Riverside Books"


def listed(period: Period, bookings: list[Booking]) -> bytes:
    lines = [f"{one.number},{one.payment},{decimal(one.net)},{one.currency}" for one in bookings]
    total = period.total(sum(one.net for one in bookings))
    return "\n".join([*lines, f"total,{decimal(total)}"]).encode()


def reports(period: Period) -> list[Report]:
    common: dict[str, Any] = {"since": period.since, "until": period.until, "failed": period.failed}
    ready = period.ready(period.until + timedelta(hours=2))
    day = Report(
        name=f"day-{period.day}.csv", type="day", date=period.day, available_at=ready,
        render=partial(listed, period, period.bookings), **common,
    )  # fmt: skip
    paid = [
        Report(
            name=f"{payout.id}.csv", type="payout", date=period.closes_on, available_at=ready, payout=payout.id, main=True,
            render=partial(listed, period, period.of(payout)), **common,
        )
        for payout in period.payouts
    ]  # fmt: skip
    moved = any(one.net for one in period.uow.bookings_between(P, period.since, period.until))
    return [*([day] if moved else []), *paid]


SETTLING = replace(ACME, settings=Terms, settlement=Settlement(moves=(), reports=reports))


def post(sim: Sim, cause: str, value: int, currency: str = "EUR", payment: str = "p1", **more: Any) -> None:
    with sim.app.runtime.unit(sim.workspace, provider=P, topic="control") as uow:
        uow.journal("state", "bank", cause, subject=payment)
        uow.touch(P, payment)
        settling.post(uow, P, cause, Moved(amount=Money(value, currency), **more), payment)
