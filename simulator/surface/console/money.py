"""Money: what a provider owes the merchant, when it pays, and the files that tell of it. All of it is one view of the ledger
(`engine/balances.py`): nothing is computed here but the heights of bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, islice, pairwise
from operator import itemgetter
from typing import Any

from starlette.responses import Response

from simulator.engine import balances, settling
from simulator.engine.calendar import DAY
from simulator.engine.ledger import MERCHANT, Booking, Standing, decimal, floored, units
from simulator.engine.provider import Provider
from simulator.engine.settlement import Payout, Report, Settlement, kinds_of
from simulator.engine.terms import MoneySettings
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, micros
from simulator.kernel.money import Money, decimals
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import PAGE, Console, day
from simulator.surface.control.money import is_there, report_path

BARS = 7
TALL, DEEP = 80, 20
"""Pixels of the tallest bar up, and down."""
SHOWN = 4
"""Payouts, and reports, unless all are asked for."""
READ = 400
"""So many bookings are read to count the rows of a payout or to weigh a file; of more, the page says nothing."""


@dataclass(frozen=True)
class Figure:
    """An amount as it is shown: never more than there is. What is less than the last digit is left out, below zero it is added."""

    units: int
    currency: str

    @property
    def exact(self) -> str:
        return decimal(self.units)

    @property
    def symbol(self) -> str:
        """In whole cents: `−€ 2.13`."""
        money = floored(self.units, self.currency)
        return f"{'−' if money.value < 0 else ''}{Money(abs(money.value), money.currency).symbol()}"

    @property
    def cents(self) -> str:
        """In figures: `−78.15`; what is less stands in `rest`."""
        sign = "−" if self.units < 0 else ""
        whole, places = self._parts
        return f"{sign}{whole // 10**places:,}{f'.{whole % 10**places:0{places}}' if places else ''}"

    @property
    def rest(self) -> str:
        """The two digits behind the cents."""
        return f"{'' if decimals(self.currency) else '.'}{self._rest:02}"

    @property
    def _parts(self) -> tuple[int, int]:
        return self._small // 100, decimals(self.currency)

    @property
    def _rest(self) -> int:
        return self._small % 100

    @property
    def _small(self) -> int:
        """The amount in hundredths of a minor unit."""
        size: int = 10 ** (6 - decimals(self.currency))
        return abs(self.units // size)


@dataclass(frozen=True)
class Part:
    """A column of the balance: what it is, and how much."""

    name: str
    amount: Figure


@dataclass(frozen=True)
class Row:
    """The balance of one account in one currency."""

    purse: str
    merchant: str
    currency: str
    parts: Sequence[Part]
    available: Figure
    pending: Figure
    short: str
    """By how much it is below zero."""


@dataclass(frozen=True)
class Bar:
    """A day of the week that is looked at."""

    day: date
    text: str
    sales: Figure
    returns: Figure
    up: int
    down: int
    """Heights in pixels."""


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: one posting."""

    day: date
    time: str
    title: str
    kind: str
    account: str
    is_own: bool
    """Whether it is one of the merchant's account."""
    available: datetime | None
    """From when it is; None where that is at once."""
    payment: str
    payout: str
    amount: Figure
    balance: Figure | None
    """Of the merchant's account, after it."""


@dataclass(frozen=True)
class Paid:
    """A payout as the list shows it."""

    payout: Payout
    status: str
    """In the provider's own word."""
    amount: Figure
    rows: int | None
    """How many bookings it took; None where there are too many to count."""


@dataclass(frozen=True)
class File:
    """A report as the list shows it."""

    report: Report
    name: str
    """Shortened in the middle."""
    url: str
    size: str
    """Empty where it is not there, or too large to be weighed."""
    is_there: bool
    available_at: str
    due_in: str


class World:
    """One provider's ledger as the page looks at it."""

    def __init__(self, console: Console, provider: Provider, settlement: Settlement) -> None:
        self.console, self.provider, self.settlement = console, provider, settlement
        self.name = provider.name
        self.uow: UnitOfWork = console.runtime.open(console.workspace)
        self.now = self.uow.now
        self.terms: MoneySettings = settling.terms_of(self.uow, self.name)
        self.calendar = self.terms.calendar

    # Times, in the provider's own zone

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.calendar.zone)

    def dated(self, given: date | datetime) -> str:
        """`Thu 20 Nov`; the year where it is another."""
        texts = self.console.texts()
        local = self.local(given) if isinstance(given, datetime) else datetime.combine(given, datetime.min.time())
        year = "" if local.year == self.local(self.now).year else "%Y"
        weekday = texts("money_weekdays").split()[local.weekday()]
        return texts("money_date", weekday=weekday, day=day(local, texts.language, year))

    def at(self, at: datetime) -> str:
        """`Thu 20 Nov 12:00`."""
        return f"{self.dated(at)} {self.local(at):%H:%M}"

    def short(self, at: datetime) -> str:
        """The hour where it is today."""
        return f"{self.local(at):%H:%M}" if self.local(at).date() == self.local(self.now).date() else self.at(at)

    def until(self, at: datetime) -> str:
        return self.console.texts().short(max(at - self.now, timedelta(0)))

    # What is shown

    def balance(self) -> list[Row]:
        found = []
        for one in balances.balances(self.uow, self.name):
            parts = [Part(name, Figure(getattr(one, name), one.currency)) for name in self.settlement.columns]
            sums = Figure(one.available, one.currency), Figure(one.pending, one.currency)
            purse = f"{one.merchant} {one.currency}".strip()
            short = sums[0].symbol.removeprefix("−") if one.available < 0 else ""
            found.append(Row(purse, one.merchant, one.currency, parts, *sums, short))
        return found

    def bars(self, chosen: date, purse: str) -> list[Bar]:
        """The seven days among which the chosen one is, counted from today."""
        last = self.today - (self.today - chosen).days // BARS * BARS * DAY
        days = [last - n * DAY for n in range(BARS - 1, -1, -1)]
        held = [self.held(one, purse) for one in (*days, last + DAY)]
        sales = [after.sales - before.sales for before, after in pairwise(held)]
        returns = [after.returns - before.returns for before, after in pairwise(held)]
        most = max(*sales, *(abs(amount) * TALL // DEEP for amount in returns), 1)
        currency = balances.parts(purse)[1]
        return [
            Bar(
                one,
                self.dated(one),
                Figure(sold, currency),
                Figure(back, currency),
                _tall(sold, most),
                _tall(-back, most),
            )
            for one, sold, back in zip(days, sales, returns, strict=True)
        ]

    @property
    def today(self) -> date:
        return self.calendar.day(self.now)

    def held(self, day: date, purse: str) -> Standing:
        """What was there when a day began."""
        at = self.calendar.instant(day)
        standing = self.uow.standing(self.name) if at > self.now else self.uow.standing_at(self.name, at)
        return standing.get(purse, Standing())

    def numbers(self, day: date) -> tuple[int, int]:
        """The numbers of a day's first booking and of the next day's first."""
        store, workspace = self.uow.store, self.console.workspace.id
        begin, end = (micros(self.calendar.instant(one)) for one in (day, day + DAY))
        return store.first_booking_since(workspace, self.name, begin), store.first_booking_since(
            workspace, self.name, end
        )

    def entries(self, bookings: Sequence[Booking], purse: str, both: bool) -> Iterator[Entry]:
        """The postings to the merchant's account, or to all."""
        currency = balances.parts(purse)[1]
        for one in bookings:
            held = one.standing_before.get(purse, Standing()).held
            for posting in one.postings if one.purse == purse else ():
                is_own = posting.account == MERCHANT
                held += posting.amount if is_own else 0
                if not (is_own or both):
                    continue
                yield Entry(
                    self.calendar.day(one.at),
                    f"{self.local(one.at):%H:%M:%S}",
                    iso_millis(one.at),
                    posting.kind,
                    posting.account,
                    is_own,
                    one.available if one.available > one.at else None,
                    one.payment,
                    one.payout,
                    Figure(posting.amount, posting.currency),
                    Figure(held, currency) if is_own else None,
                )

    def payouts(self, most: int) -> Iterator[Paid]:
        """Newest first."""
        for payout in islice(self.uow.every(kinds_of(self.name).payout), most):
            rows = None
            if payout.last - payout.first < READ:
                taken = self.uow.bookings(self.name, first=payout.first, last=payout.last)
                rows = sum(payout.takes(one) for one in taken)
            status = self.settlement.statuses.get(payout.state, payout.state)
            yield Paid(payout, status, Figure(units(payout.money), payout.currency), rows)

    def reports(self) -> Iterator[Report]:
        """Newest day first."""
        for _, of_day in groupby(balances.reports(self.uow, self.name), key=itemgetter(0)):
            yield from (one for _, one in reversed(list(of_day)))

    def file(self, report: Report) -> File:
        there = is_there(self.uow, report)
        size = self._size(report) if there else ""
        url = report_path(self.console.workspace, self.name, report)
        return File(
            report,
            _shortened(report.name),
            url,
            size,
            there,
            iso_millis(report.available_at),
            self.until(report.available_at),
        )

    def _size(self, report: Report) -> str:
        """The size of the file, where it is made of few bookings (those of its day, and of the days that are paid out with it)."""
        store, workspace = self.uow.store, self.console.workspace.id
        begin, end = (
            store.first_booking_since(workspace, self.name, micros(at)) for at in (report.since - 7 * DAY, report.until)
        )
        if end - begin > READ:
            return ""
        weight = len(report.render())
        return f"{weight / 1024:,.1f} KB" if weight >= 1024 else f"{weight} B"

    @property
    def cutoff(self) -> Mapping[str, Any]:
        at = balances.next_cutoff(self.uow, self.name)
        pays = balances.will_pay(self.uow, self.name, at)
        texts = self.console.texts()
        amounts = texts("money_and").join(
            Figure(amount, balances.parts(purse)[1]).symbol for purse, amount in pays.items()
        )
        return {
            "at": at,
            "instant": iso_millis(at),
            "in": self.until(at),
            "shown": f"{self.dated(at)} {self.local(at):%H:%M:%S}",
            "pays": amounts,
            "zone": f"{self.terms.cutoff} {self.terms.time_zone}",
            "cadence": self.terms.cadence,
        }


def of_payment(console: Console, provider: Provider, payment: str) -> Mapping[str, Any] | None:
    """What a payment has moved on the merchant's account, and what is left of it; None where that is nothing."""
    if provider.settlement is None:
        return None
    world = World(console, provider, provider.settlement)
    bookings = world.uow.bookings_of(world.name, payment)[-PAGE:]
    purse = bookings[0].purse if bookings else ""
    entries = list(world.entries(bookings, purse, False))
    if not entries:
        return None
    currency = balances.parts(purse)[1]
    return {
        "world": world,
        "entries": entries,
        "currency": currency,
        "net": Figure(sum(one.amount.units for one in entries), currency),
    }


def _tall(amount: int, most: int) -> int:
    """The height of an amount's bar, where `most` is as tall as they get. Any amount above zero is tall enough to be seen."""
    return max(amount * TALL // most, 2) if amount > 0 else 0


def _shortened(name: str, most: int = 40) -> str:
    half = most // 2
    return name if len(name) <= most else f"{name[: half - 2]}…{name[-half:]}"


async def money_page(console: Console) -> Response:
    """`?provider=` and `?day=` (in its zone) say what is looked at, `?purse=` which balance where there are several, `?sides=both`
    shows the counter-accounts, `?all=payouts` or `?all=reports` whole lists."""
    settling_ones = {name: one for name, one in console.runtime.providers.items() if one.settlement is not None}
    name = console.chosen("provider", settling_ones) or _busy(console, settling_ones)
    tabs = [(one.name, one.title) for one in settling_ones.values()]
    provider = settling_ones.get(name or "")
    if provider is None or provider.settlement is None:
        return console.render("console/money.html", "console_money", place="money", tabs=tabs, provider=None)
    world = World(console, provider, provider.settlement)
    rows = world.balance()
    purse = console.chosen("purse", [one.purse for one in rows]) or (rows[0].purse if rows else "")
    all_of, both = console.chosen("all", ("payouts", "reports")), console.chosen("sides", ("both",)) == "both"
    payouts = list(world.payouts(PAGE if all_of == "payouts" else SHOWN + 1))
    reports = list(islice(world.reports(), PAGE if all_of == "reports" else SHOWN + 1))
    return console.render(
        "console/money.html",
        "console_money",
        place="money",
        tabs=tabs,
        provider=provider,
        world=world,
        rows=rows,
        purse=purse,
        currency=balances.parts(purse)[1],
        cutoff=world.cutoff,
        payouts=payouts if all_of == "payouts" else payouts[:SHOWN],
        more_payouts=len(payouts) > SHOWN,
        reports=[world.file(one) for one in (reports if all_of == "reports" else reports[:SHOWN])],
        more_reports=len(reports) > SHOWN,
        all_of=all_of,
        both=both,
        **_day(world, purse, both),
    )


def _busy(console: Console, providers: Mapping[str, Provider]) -> str | None:
    """The first one with which money has moved, else the first."""
    store, workspace = console.runtime.store, console.workspace.id
    return next((name for name in providers if store.last_booking(workspace, name)), next(iter(providers), None))


def _day(world: World, purse: str, both: bool) -> Mapping[str, Any]:
    """The days side by side, and the ledger of the chosen one: its newest page, or that before a number."""
    console = world.console
    chosen = _chosen_day(console, world.today)
    first, end = world.numbers(chosen)
    stop = min(end, console.before or end)
    begin = max(first, stop - PAGE)
    bookings = world.uow.bookings(world.name, first=begin, last=stop - 1)
    entries = list(world.entries(bookings, purse, both))
    moved = world.held(chosen + DAY, purse).held - world.held(chosen, purse).held
    oldest = world.uow.store.first_booking(console.workspace.id, world.name)[1]
    bars = world.bars(chosen, purse)
    return {
        "chosen": chosen,
        "bars": bars,
        "entries": entries,
        "whole": begin == first and stop == end,
        "moved": Figure(moved, balances.parts(purse)[1]),
        "older": begin if begin > first else None,
        "newer": stop < end,
        "earlier": bars[0].day - DAY if micros(world.calendar.instant(bars[0].day)) > oldest > 0 else None,
        "later": min(bars[-1].day + BARS * DAY, world.today) if bars[-1].day < world.today else None,
        "known": console.payments_among(one.payment for one in entries),
    }


def _chosen_day(console: Console, today: date) -> date:
    given = console.query.get("day")
    if not given:
        return today
    try:
        found = date.fromisoformat(given)
    except ValueError:
        found = date.max
    if found > today or found < date(1971, 1, 1):
        console.left_out["day"] = given
        return today
    return found
