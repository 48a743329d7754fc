"""The files of a day: the registry of operations as CSV, and a financial statement for each balance.

The columns of the real CSV are chosen in Dashboard and published nowhere, and the real statement is a PDF or a spreadsheet: these
are the members that the Data API tells, and a page. Inferred: ecommpay.registry, ecommpay.statement.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from html import escape
from zoneinfo import ZoneInfo

from simulator.engine.balances import parts
from simulator.engine.ledger import MERCHANT, Booking, floored, purse_of, rounded, units
from simulator.engine.settlement import Period, Report
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay.wire.data import printed
from simulator.providers.ecommpay.wire.operations import COLUMNS, MOVES, booked, fee, settled

READY = timedelta(hours=2)
"""From the cut-off until its report is ready (our own convention)."""


def reports(period: Period) -> list[Report]:
    """The registry of every day, also of one on which nothing happened, and the statements of its balances. A payout by hand has
    none: it stands in the statement of its day."""
    if period.by_hand:
        return []
    stamp = f"{period.day:%Y%m%d}"
    registry = Report(
        name=f"registry_{stamp}.csv",
        type="registry",
        date=period.day,
        available_at=period.ready(period.until + READY),
        render=partial(registry_of, period),
        since=period.since,
        until=period.until,
        main=True,
        failed=period.failed,
    )
    return [registry, *(_statement(period, stamp, purse) for purse in _purses(period))]


def _statement(period: Period, stamp: str, purse: tuple[str, str]) -> Report:
    project, currency = purse
    return Report(
        name=f"statement_{project}_{currency}_{stamp}.html",
        type="statement",
        date=period.day,
        available_at=period.ready(period.until + READY),
        render=partial(statement_of, period, project, currency),
        media_type="text/html",
        payout=_payout_in(period, project, currency),
        since=period.since,
        until=period.until,
        failed=period.failed,
    )


def _payout_in(period: Period, project: str, currency: str) -> str | None:
    """The first payout of the balance that was made in the day: its statement tells of it."""
    purse = purse_of("" if project == main_project(period) else project, currency)
    return next((one.id for one in period.payouts_made() if one.purse == purse), None)


def rows_of(period: Period) -> list[tuple[Booking, Money]]:
    """What was done with payments in it, and what that has cost."""
    costs = _costs(period)
    return [(one, costs.of(one)) for one in period.bookings if one.cause in MOVES]


def zone_of(period: Period) -> ZoneInfo:
    return period.calendar.zone


def registry_of(period: Period) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(booked(one, cost, zone_of(period)) for one, cost in rows_of(period))
    return text.getvalue().encode()


# Costs ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Costs:
    """What each row of a day has cost, and what else has moved its balances, in whole cents that add up to what the balances have
    changed by: what rounding row by row would lose is given to the rows that lack most. Inferred: ecommpay.registry."""

    truth: Mapping[int, Booking]
    fees: Mapping[int, int]
    others: Mapping[tuple[str, str], int]
    """By purse and line of the statement."""

    def of(self, booking: Booking) -> Money:
        """With what a scenario adds to the fee."""
        more = fee(booking) - fee(self.truth[booking.number])
        return Money(self.fees[booking.number] + rounded(more, booking.currency).value, booking.currency)


def _costs(period: Period) -> Costs:
    """From what was booked, whatever a scenario tells of it."""
    rows = period.uow.bookings_between(period.provider, period.since, period.until)
    begun, ended = (period.uow.standing_at(period.provider, at) for at in (period.since, period.until))
    fees: dict[int, int] = {}
    others: dict[tuple[str, str], int] = {}
    for purse in dict.fromkeys(one.purse for one in rows):
        own = [one for one in rows if one.purse == purse]
        moves, currency = [one for one in own if one.cause in MOVES], own[0].currency
        change = [floored(held[purse].held if purse in held else 0, currency).value for held in (begun, ended)]
        gross = {one.number: _sign(one) * settled(one).value for one in moves}
        parts = [one.net - _held_back(one) - units(Money(gross[one.number], currency)) for one in moves]
        moved = [sum(one.on(MERCHANT, *kinds) for one in own) for _, kinds in OTHERS]
        whole = _shared(change[1] - change[0] - sum(gross.values()), [*parts, *moved], currency)
        fees |= {one.number: -value for one, value in zip(moves, whole, strict=False)}
        others |= {(purse, name): value for (name, _), value in zip(OTHERS, whole[len(moves) :], strict=True)}
    return Costs({one.number: one for one in rows}, fees, others)


def _sign(booking: Booking) -> int:
    return -1 if booking.cause in TAKEN else 1


def _held_back(booking: Booking) -> int:
    """The part of an operation that is no fee: a line of the statement tells it."""
    return booking.on(MERCHANT, "reserve_hold")


def _shared(total: int, parts: Sequence[int], currency: str) -> list[int]:
    """The parts in whole cents that add up to the total: each rounded down, and a cent more for those that lack most."""
    floors = [floored(one, currency).value for one in parts]
    lacks = sorted(range(len(parts)), key=lambda at: units(Money(floors[at], currency)) - parts[at])
    for at in lacks[: total - sum(floors)]:
        floors[at] += 1
    return floors


# Statements -----------------------------------------------------------------------------------------------------------


def main_project(period: Period) -> str:
    return str(period.uow.workspace.credentials["ecommpay"]["project_id"])


def project_of(merchant: str, main: str) -> str:
    """Whose balance it is: that of the workspace's own project bears no name."""
    return merchant or main


def balance_name(project: str, currency: str) -> str:
    """As the documented example is called: Project_Cosmo1_balance_AUD."""
    return f"Project_{project}_balance_{currency}"


def _purses(period: Period) -> list[tuple[str, str]]:
    """The balances on which something happened, by project and currency, and the project's own one."""
    main = main_project(period)
    own = {(main, period.terms.settled_in("CNY")[0])}
    every = {parts(purse) for purse in period.uow.standing("ecommpay")}
    moved, most = set(own), own | {(project_of(merchant, main), currency) for merchant, currency in every}
    bookings = period.each_booking()
    while moved != most and (one := next(bookings, None)) is not None:
        moved.add((project_of(one.merchant, main), one.currency))
    return sorted(moved)


LINES = (
    # what              of which bookings
    ("Sales", ("capture",)),
    ("Refunds", ("refund",)),
    ("Reversals", ("reversal",)),
    ("Chargebacks", ("chargeback",)),
    ("Won chargebacks", ("chargeback_reversal",)),
)
TAKEN = ("refund", "reversal", "chargeback")
OTHERS = (
    # what              of which kinds of postings
    ("Reserve held", ("reserve_hold",)),
    ("Reserve released", ("reserve_release",)),
    ("Adjustments", ("adjustment",)),
    ("Fees of payouts", ("fee_payout",)),
    ("Paid out or returned", ("payout",)),
)


def statement_of(period: Period, project: str, currency: str) -> bytes:
    """Operational totals, charged fees and the balance, all of it always there. Lines are the sums of the registry's rows."""
    main = main_project(period)
    rows = [one for one in period.bookings if (project_of(one.merchant, main), one.currency) == (project, currency)]
    lines = [*_lines(rows, currency, _costs(period))]
    change = sum(units(amount) for _, _, amount in lines)
    total = rounded(period.total(change), currency)
    begun, ended = (_held(period, at, project, currency) for at in (period.since, period.until))
    told = [
        ("Balance at the beginning", None, begun),
        *lines,
        ("Change of the balance", None, total),
        ("Balance at the end", None, ended),
    ]
    title, zone = "Financial statement", zone_of(period)
    facts = (
        ("Balance", balance_name(project, currency)),
        ("From", printed(period.since, zone)),
        ("To", printed(period.until, zone)),
        ("Time zone", zone.key),
    )
    head = "".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>\n" for name, value in facts)
    body = "".join(
        f"<tr><th>{name}</th><td>{'' if count is None else count}</td><td>{amount.major()}</td><td>{currency}</td></tr>\n"
        for name, count, amount in told
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
        f"<h1>{title}</h1>\n<table>\n{head}</table>\n"
        f"<table>\n<tr><th></th><th>Count</th><th>Amount</th><th>Currency</th></tr>\n{body}</table>\n</body>\n</html>\n"
    ).encode()


def _held(period: Period, at: datetime, project: str, currency: str) -> Money:
    """What the balance was at an instant, in whole cents and not more."""
    merchant = "" if project == main_project(period) else project
    standing = period.uow.standing_at(period.provider, at).get(purse_of(merchant, currency))
    return floored(standing.held if standing is not None else 0, currency)


def _lines(rows: Sequence[Booking], currency: str, costs: Costs) -> Iterator[tuple[str, int | None, Money]]:
    for name, causes in LINES:
        own = [one for one in rows if one.cause in causes]
        yield name, len(own), Money(sum(_sign(one) * settled(one).value for one in own), currency)
    for name, causes in LINES:
        own = [one for one in rows if one.cause in causes and costs.of(one).value]
        yield f"Fees of {name.lower()}", len(own), Money(-sum(costs.of(one).value for one in own), currency)
    for name, kinds in OTHERS:
        moved = [one for one in rows if one.on(MERCHANT, *kinds)]
        yield name, len(moved), Money(costs.others[moved[0].purse, name] if moved else 0, currency)
