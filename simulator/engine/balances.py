"""Says what money is where, of one provider in one workspace: balances, the ledger's entries with their payouts, the reports.

Nothing here changes anything; all of it follows from the ledger and the settings.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import chain

from simulator.engine.calendar import DAY
from simulator.engine.ledger import Booking, units
from simulator.engine.settlement import Account, Payout, Period, Report, kinds_of
from simulator.engine.settling import days_of, leaving, settlement_of, terms_of
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import MICROSECOND, micros
from simulator.kernel.values import dataclass

PAGE = 500
"""So many bookings are read at a time."""
FIRST = date(2, 1, 1)
"""No report is older: the days around it have to be dates too."""
FARTHEST = 2 * DAY
"""The dates that one instant has in two time zones are at most so far apart."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What one of the merchant's accounts holds in one currency, in units of the ledger."""

    merchant: str
    currency: str
    pending: int = 0
    """Captured, and not yet the merchant's to have."""
    available: int = 0
    """What the next payout would take; below zero where refunds exceed sales."""
    payable: int = 0
    """On its way to the bank."""


def balances(uow: UnitOfWork, provider: str) -> list[Balance]:
    """The balances as of now, by account and currency, also those that have come back to zero."""
    return [
        Balance(*parts(purse), pending := one.later(uow.now), one.held - pending, one.payable)
        for purse, one in sorted(uow.standing(provider).items())
    ]


def parts(purse: str) -> tuple[str, str]:
    """The merchant's account, and the currency."""
    merchant, _, currency = purse.rpartition(" ")
    return merchant, currency


def next_cutoff(uow: UnitOfWork, provider: str) -> datetime:
    """The next one for which something waits, or the end of this day."""
    account = uow.find(kinds_of(provider).account, Account.ID)
    armed = [at for at in account.armed if at > uow.now] if account is not None else []
    return min(armed) if armed else days_of(uow, provider).next_cutoff(uow.now)


def will_pay(uow: UnitOfWork, provider: str, cutoff: datetime) -> dict[str, int]:
    """What that cut-off would pay out, by purse in units of the ledger, in whole cents, if nothing happens before it."""
    terms = terms_of(uow, provider)
    if not terms.calendar.is_payday(terms.calendar.day(cutoff)):
        return {}
    due = {purse: one.held - one.later(cutoff) for purse, one in uow.standing(provider).items()}
    paid = ((purse, leaving(terms, purse, amount)) for purse, amount in sorted(due.items()))
    return {purse: units(money) for purse, money in paid if money is not None}


class Payouts:
    """Which payout a booking stands in."""

    def __init__(self, uow: UnitOfWork, provider: str) -> None:
        self._by_purse: defaultdict[str, list[Payout]] = defaultdict(list)
        for payout in uow.every(kinds_of(provider).payout):
            self._by_purse[payout.purse].append(payout)
        for found in self._by_purse.values():
            found.sort(key=lambda payout: payout.cutoff)

    def of(self, booking: Booking) -> str:
        """Its id; empty while none has taken it."""
        if booking.payout or not booking.net:
            return booking.payout
        found = self._by_purse.get(booking.purse, [])
        soonest = max(booking.available, booking.at + MICROSECOND)
        place = bisect_left(found, soonest, key=lambda payout: payout.cutoff)
        return found[place].id if place < len(found) else ""


def each_booking(uow: UnitOfWork, provider: str, first: int = 1) -> Iterator[Booking]:
    """Oldest first, read a page at a time."""
    last = uow.store.last_booking(uow.workspace.id, provider)
    for begin in range(first, last + 1, PAGE):
        yield from uow.bookings(provider, first=begin, last=min(begin + PAGE - 1, last))


def in_payout(uow: UnitOfWork, provider: str, payout: Payout) -> list[Booking]:
    """The bookings that it pays out, then its own: that of the payout itself, and of its return if it failed."""
    rows = uow.bookings(provider, first=payout.first)
    own = [one for one in rows if one.payout == payout.id]
    return [*(one for one in rows if one.number <= payout.last and payout.takes(one) and one not in own), *own]


# Reports --------------------------------------------------------------------------------------------------------------


def period(uow: UnitOfWork, provider: str, until: datetime) -> Period:
    return Period(uow, provider, settlement_of(uow, provider), days_of(uow, provider), until)


def reports_on(uow: UnitOfWork, provider: str, day: date) -> list[Report]:
    """Those of a local date whose day is over, there or still to come. Of a day that was ended by hand there are those of its
    payouts."""
    settlement, known = settlement_of(uow, provider), days_of(uow, provider)
    if not FIRST <= day <= uow.now.date() + FARTHEST:
        return []
    found: list[Report] = []
    regular = {at for one in (day, day + DAY) for at in known.cutoffs_on(one)}
    for until in sorted({*regular, *_cutoffs(uow, provider, day)}):
        if until <= uow.now and is_whole(over := period(uow, provider, until)):
            found += [one for one in settlement.files(over) if one.date == day]
    return found


def _cutoffs(uow: UnitOfWork, provider: str, day: date) -> Iterator[datetime]:
    """The cut-offs of a local date that are kept, whenever they were."""
    known, kind = days_of(uow, provider), kinds_of(provider).cutoff
    for utc in (day - DAY, day, day + DAY):
        for one in uow.by_key(kind, "day", utc.isoformat()):
            if known.closes_on(one.at) == day:
                yield one.at


def is_whole(over: Period) -> bool:
    """Whether everything that its reports are made of is still kept (setting `keep`)."""
    first, at = over.uow.store.first_booking(over.uow.workspace.id, over.provider)
    return first <= 1 or (micros(over.since) > at and all(payout.first >= first for payout in over.payouts))


def reports(uow: UnitOfWork, provider: str) -> Iterator[tuple[date, Report]]:
    """All of them with their dates, newest first. A day that passed without a cut-off has its files here where it has them in the
    folder for reports (`Settlement.every_day`): when a cut-off has followed."""
    known, fills = days_of(uow, provider), settlement_of(uow, provider).every_day
    waiting, ends = set[date](), set[datetime]()
    for cutoff in uow.every(kinds_of(provider).cutoff):
        over = period(uow, provider, cutoff.at)
        fresh = [cutoff.at, *(over.idle_before() if fills and not over.by_hand else ())]
        ends |= {*fresh}
        waiting |= {known.closes_on(at) - before for at in fresh for before in (0 * DAY, DAY)}
        past = {one for one in waiting if one > over.closes_on + FARTHEST}
        waiting -= past
        yield from _reports_of(uow, provider, past, ends)
    yield from _reports_of(uow, provider, waiting, ends)


def _reports_of(uow: UnitOfWork, provider: str, dates: set[date], ends: set[datetime]) -> Iterator[tuple[date, Report]]:
    for day in sorted(dates, reverse=True):
        yield from ((day, one) for one in reports_on(uow, provider, day) if one.until in ends)


def report_of(uow: UnitOfWork, provider: str, payout: Payout) -> Report | None:
    """The report that tells of a payout: its own, of its cut-off or of the day that begins with it; else one of all payouts of the
    cut-off; else the main one, where that is no report about the day."""
    settlement = settlement_of(uow, provider)
    over = period(uow, provider, payout.cutoff)
    files, its_day = settlement.files(over), over.days.next_cutoff(payout.cutoff)
    own = [one for one in files if one.payout == payout.id]
    if not own and its_day <= uow.now:
        own = [one for one in settlement.files(period(uow, provider, its_day)) if one.payout == payout.id]
    shared = [one for one in files if one.payout]
    return main_report(own) or next(chain(own, shared), None) or (None if settlement.daily else main_report(files))


def main_report(found: Sequence[Report]) -> Report | None:
    return next((one for one in found if one.main), None)
