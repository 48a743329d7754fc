"""What a provider says of its settlement, and what of it is kept: the account, the payouts, the cut-offs that have passed.

`settling.py` moves them. A provider without a `Settlement` has no ledger, and everything else works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from simulator.engine.calendar import DAY, Calendar
from simulator.engine.days import Days, Former
from simulator.engine.ledger import MERCHANT, UNIT, Booking, MoneyMove, purse_of, times
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from simulator.engine.terms import MoneySettings

# What is kept -------------------------------------------------------------------------------------------------------

PAYOUT = Machine(
    "settlement.payout",
    initial="pending",
    table=[
        # trigger       from       to        webhook: the provider's, see `Settlement.on_payout`
        ("bank.paid",   "pending", "paid",   None),
        ("bank.failed", "pending", "failed", None),
    ],
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Account(Resource):
    """What a workspace has at a provider. There is one as soon as money has moved.

    What stands in the ledger below number `summed` was due at a cut-off that paid; payouts and reserves go on from where the last
    one ended. Nothing here is more than the ledger says, only sooner found.
    """

    KIND: ClassVar[str] = "settlement_account"
    ID: ClassVar[str] = "settlement"

    armed: tuple[datetime, ...] = ()
    """The cut-offs that have a timer."""
    former: tuple[Former, ...] = ()
    """Terms that hold no more, but did when earlier cut-offs passed: see `days.py`."""
    first: datetime | None = None
    """The first cut-off under the present terms; None where there were no other terms before."""
    summed: int = 1
    unpaid: dict[str, int] = field(default_factory=dict)
    """By purse (`Booking.purse`), as what follows: no booking before this one is still to be taken by a payout."""
    paid_until: dict[str, datetime] = field(default_factory=dict)
    """The cut-off of the last payout."""
    held: int = 1
    """The first booking whose reserve may not have been released."""
    reserves: bool = False
    """Whether there may be one."""


@dataclass(frozen=True, kw_only=True)
class Payout(Resource):
    """What leaves for the merchant's bank at a cut-off, in one currency: `pending`, then `paid` or `failed`."""

    KIND: ClassVar[str] = "settlement_payout"
    MACHINE: ClassVar[Machine | None] = PAYOUT
    LISTED: ClassVar[bool] = True

    amount: int
    """In minor units: whole cents leave, the rest stays."""
    currency: str
    merchant: str = ""
    """Which of the merchant's accounts."""
    fee: int = 0
    """The fee for the payout (setting `fee_payout`), in units of the ledger."""
    cutoff: datetime
    after: datetime | None = None
    """The cut-off of the payout before it of this account in this currency."""
    first: int
    """The first booking that may stand in it."""
    last: int
    arrives_at: datetime
    paid_at: datetime | None = None
    failed_at: datetime | None = None
    fails: bool = False
    decided_by: str = ""

    @property
    def money(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def purse(self) -> str:
        return purse_of(self.merchant, self.currency)

    def takes(self, booking: Booking) -> bool:
        """Whether a booking stands in it."""
        return (
            booking.purse == self.purse
            and (booking.net > 0 or booking.cause != "payout")
            and booking.net != 0
            and booking.is_due(self.cutoff)
            and (self.after is None or not booking.is_due(self.after))
        )

    def keys(self) -> dict[str, str]:
        return {"cutoff": self.cutoff.isoformat()}


@dataclass(frozen=True, kw_only=True)
class Cutoff(Resource):
    """A cut-off that has passed. Its id is its instant."""

    KIND: ClassVar[str] = "settlement_cutoff"
    LISTED: ClassVar[bool] = True

    at: datetime
    fault: str = ""
    """What a scenario does to its reports: `failed`, `row_missing`, `amount_differs`, `fee_changed`, `wrong_total`."""
    late_s: float = 0.0
    """How much later than usual they come."""
    decided_by: str = ""

    def keys(self) -> dict[str, str]:
        """Its day in UTC."""
        return {"day": self.at.date().isoformat()}


SETTLED = (Account, Payout, Cutoff)


def id_of(cutoff: datetime) -> str:
    return cutoff.strftime("%Y%m%dT%H%M%SZ")


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kinds of one provider."""

    account: type[Account]
    payout: type[Payout]
    cutoff: type[Cutoff]

    def __iter__(self) -> Any:
        return iter((self.account, self.payout, self.cutoff))


@cache
def kinds_of(provider: str) -> Kinds:
    """A resource says of which provider it is by its class."""

    def own(kind: type[Any]) -> Any:
        made = type(
            kind.__name__, (kind,), {"PROVIDER": provider, "__module__": kind.__module__, "__doc__": kind.__doc__}
        )
        return dataclass(frozen=True, kw_only=True)(made)

    return Kinds(own(Account), own(Payout), own(Cutoff))


TIMERS = ("timer.cutoff", "timer.settled", "timer.pays", "timer.report", "timer.chargeback")

# What views are made of -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Report:
    """A file, made on demand. `render` gives the same bytes whenever it is called, as long as nothing is removed from the store."""

    name: str
    type: str
    """The provider's own word."""
    date: date
    """Under which it is asked for: local, in the provider's zone."""
    available_at: datetime
    render: Callable[[], bytes]
    media_type: str = "text/csv"
    since: datetime
    until: datetime
    payout: str | None = None
    main: bool = False
    """Whether it is the one that the date alone gives."""
    failed: bool = False
    """Whether it never comes, because a scenario says so."""


LOOKS_BACK = 31
"""So many days without a cut-off have files in the folder and in the list (`Settlement.every_day`), and no more."""

PAGE = 500
"""So many bookings are read at a time."""


class Period:
    """A day of a provider's ledger, from one cut-off to the next: what its reports are made of, already altered by a scenario."""

    uow: UnitOfWork
    provider: str
    since: datetime
    """The cut-off at which it begins: what is booked then belongs to it."""
    until: datetime
    """The one at which it ends. A `Report` about the day bears both."""

    def __init__(self, uow: UnitOfWork, provider: str, settlement: Settlement, days: Days, until: datetime) -> None:
        self.uow, self.provider, self.days, self.until = uow, provider, days, until
        self._is_daily = settlement.daily
        self.since = days.cutoff_before(until)

    @cached_property
    def terms(self) -> MoneySettings:
        """The settings under which it ended, as far as its files are drawn by them."""
        return self.days.terms_at(self.until)

    @property
    def calendar(self) -> Calendar:
        return self.terms.calendar

    @property
    def day(self) -> date:
        """The local date on which it begins; of a day from midnight to midnight, its date. Where settings have changed, the date
        before that of its end."""
        return self.closes_on - DAY

    @property
    def closes_on(self) -> date:
        """The local date of the cut-off that ends it."""
        return self.calendar.day(self.until)

    @property
    def by_hand(self) -> bool:
        """Whether it was ended before its time, to pay out: then the day goes on, and its own reports come at its end."""
        return not self.days.is_cutoff(self.until)

    @cached_property
    def cutoff(self) -> Cutoff | None:
        """What was kept of that cut-off; None where nothing happened that it would have been for, or it is still to come."""
        return self.uow.find(kinds_of(self.provider).cutoff, id_of(self.until))

    def idle_before(self) -> list[datetime]:
        """Where the days ended that have passed without a cut-off since the last one that had one, newest first; none if those are
        too many."""
        idle: list[datetime] = []
        until = self.since
        while self.uow.find(kinds_of(self.provider).cutoff, id_of(until)) is None:
            if len(idle) == LOOKS_BACK:
                return []
            idle.append(until)
            until = self.days.cutoff_before(until)
        return idle

    @cached_property
    def payouts(self) -> list[Payout]:
        """The payouts that the cut-off at its end has made, by account and currency."""
        found = self.uow.by_key(kinds_of(self.provider).payout, "cutoff", self.until.isoformat())
        return sorted(found, key=lambda payout: payout.purse)

    def payouts_made(self) -> list[Payout]:
        """The payouts that are booked in this period: by the cut-off with which it begins, and by hand. Oldest first, then by
        `purse`."""
        kinds, days = kinds_of(self.provider), (self.until.date() - self.since.date()).days
        dates = (self.since.date() + n * DAY for n in range(days + 1))
        passed = [one.at for on in dates for one in self.uow.by_key(kinds.cutoff, "day", on.isoformat())]
        begun = sorted(at for at in passed if self.since <= at < self.until)
        found = [one for at in begun for one in self.uow.by_key(kinds.payout, "cutoff", at.isoformat())]
        return sorted(found, key=lambda payout: (payout.cutoff, payout.purse))

    @cached_property
    def has_bookings(self) -> bool:
        first, behind = self.uow.numbers_between(self.provider, self.since, self.until)
        return first < behind

    def each_booking(self) -> Iterator[Booking]:
        """Its `bookings` one by one, read a page at a time: for who may have seen enough before the end."""
        if self._fault or "bookings" in vars(self):
            yield from self.bookings
            return
        first, behind = self.uow.numbers_between(self.provider, self.since, self.until)
        for begin in range(first, behind, PAGE):
            yield from self.uow.bookings(self.provider, first=begin, last=min(begin + PAGE, behind) - 1)

    @cached_property
    def bookings(self) -> list[Booking]:
        """What was booked in it, oldest first."""
        rows = self.uow.bookings_between(self.provider, self.since, self.until)
        return self._altered(rows) if self._is_daily else rows

    def of(self, payout: Payout) -> list[Booking]:
        """What stands in a payout, oldest first."""
        rows = self.uow.bookings(self.provider, first=payout.first, last=payout.last)
        taken = [one for one in rows if payout.takes(one)]
        is_spoilt = not self._is_daily and payout.id == self.payouts[0].id
        return self._altered(taken) if is_spoilt else taken

    def total(self, amount: int) -> int:
        """What a report is to say of a sum of its rows: the same, unless a scenario makes that wrong."""
        return amount + UNIT if self._fault == "wrong_total" else amount

    def ready(self, at: datetime) -> datetime:
        """The instant at which a report becomes ready: `at`, or later if a scenario delays it."""
        return at + timedelta(seconds=self.cutoff.late_s if self.cutoff is not None else 0)

    @property
    def failed(self) -> bool:
        return self._fault == "failed"

    @property
    def _fault(self) -> str:
        return self.cutoff.fault if self.cutoff is not None else ""

    def _altered(self, rows: list[Booking]) -> list[Booking]:
        """With the fault that a scenario has planted: in the first capture, or else in the first movement of a payment, or row."""
        alter = _FAULTS.get(self._fault)
        if alter is None or not rows:
            return rows
        place = min(range(len(rows)), key=lambda at: (rows[at].cause != "capture", rows[at].gross is None, at))
        changed = alter(rows[place])
        return [*rows[:place], *([changed] if changed is not None else []), *rows[place + 1 :]]


def _other_amount(booking: Booking) -> Booking:
    """One unit of its currency less, on both sides."""
    gross = booking.gross or Money(0, booking.currency)
    less = min(abs(gross.value), 100) * (1 if gross.value >= 0 else -1)
    share = times(booking.on(MERCHANT, booking.cause), Decimal(less) / (gross.value or 1))
    return _moved(replace(booking, gross=Money(gross.value - less, gross.currency)), booking.cause, -share)


def _other_fee(booking: Booking) -> Booking:
    """Its largest fee twice."""
    fees = [one for one in booking.postings if one.account == MERCHANT and one.kind.startswith("fee_")]
    return (
        _moved(booking, min(fees, key=lambda fee: fee.amount).kind, min(fee.amount for fee in fees))
        if fees
        else booking
    )


def _moved(booking: Booking, kind: str, by: int) -> Booking:
    """The booking with so much more of that kind on the merchant's account, and as much less on the other side."""
    postings = list(booking.postings)
    places = [at for at, one in enumerate(postings) if (one.kind, one.currency) == (kind, booking.currency)]
    own = next((at for at in places if postings[at].account == MERCHANT), None)
    other = next((at for at in places if postings[at].account != MERCHANT), None)
    if own is None or other is None:
        return booking
    for at, more in ((own, by), (other, -by)):
        postings[at] = replace(postings[at], amount=postings[at].amount + more)
    return replace(booking, postings=tuple(postings))


_FAULTS: Mapping[str, Callable[[Booking], Booking | None]] = {
    "row_missing": lambda booking: None,
    "amount_differs": _other_amount,
    "fee_changed": _other_fee,
}


# What a provider says -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """A provider's settlement, as tables and functions: `Provider.settlement`."""

    moves: tuple[MoneyMove, ...]
    """Which moves move money."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """The states of a payout in the provider's own words, where they are others."""
    columns: Sequence[str] = ("pending", "available")
    """Which parts of a balance the provider shows: `pending`, `available`, `payable`."""
    payout_id: Callable[[Ids], str] = lambda ids: f"po_{ids.text(20)}"
    """A new payout's id. The ids are drawn from what the payout is, so they are the same whenever it is made again."""
    reports: Callable[[Period], Sequence[Report]] | None = None
    """The files of a day, those too that are not there yet. One of them may be the `main` one."""
    daily: bool = False
    """Whether the main report is about what was booked in the day, and not about what its cut-off pays out."""
    every_day: bool = False
    """Whether a day on which nothing was booked has files too. It passes without a cut-off, so those are put into the folder for
    reports with the next cut-off's, and are listed from then on."""
    on_settled: Callable[[UnitOfWork, Booking], None] | None = None
    """Called for each booking that a payout takes, when it is made or soon after."""
    on_payout: Callable[[UnitOfWork, Payout, str], None] | None = None
    """Called when a payout was `created`, has been `paid` or has `failed`: to emit webhooks."""
    on_report: Callable[[UnitOfWork, Period, Report], None] | None = None
    """Called when a report is there (or has failed): to emit webhooks."""
    on_chargeback: Callable[[UnitOfWork, str], None] | None = None
    """Raises a chargeback of this payment in the provider's own way; without one the ledger alone shows it."""

    def files(self, period: Period) -> list[Report]:
        """The `reports` of a period; of a day that was ended by hand those of its payouts alone."""
        made = self.reports(period) if self.reports is not None else ()
        return [one for one in made if one.payout or not period.by_hand]

    @cached_property
    def table(self) -> Mapping[tuple[str, str], tuple[MoneyMove, ...]]:
        """By kind and trigger."""
        found: dict[tuple[str, str], tuple[MoneyMove, ...]] = {}
        for move in self.moves:
            for trigger in move.triggers:
                key = (move.resource.KIND, trigger)
                found[key] = (*found.get(key, ()), move)
        return found
