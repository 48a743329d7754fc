"""When money moves: cut-offs in a provider's own zone, business days, and the days on which it pays. Nothing here reads a clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from simulator.kernel.values import dataclass

Cadence = Literal["daily", "weekly", "monthly", "manual"]

DAY = timedelta(days=1)
FIXED_HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
"""With Good Friday and Easter Monday these are the days on which the euro's own payment system is closed."""


@lru_cache(maxsize=128)
def easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian algorithm."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def is_holiday(day: date) -> bool:
    return (day.month, day.day) in FIXED_HOLIDAYS or day - easter(day.year) in (-2 * DAY, DAY)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`cutoff` is a time of day in `zone`. Days are the zone's own, from midnight to midnight."""

    zone: ZoneInfo
    cutoff: time = time(0)
    cadence: Cadence = "daily"
    holidays: bool = True

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def instant(self, day: date, clock: time = time(0)) -> datetime:
        """What a clock on the wall shows, in UTC. Of a time that a change of the clocks leaves out, the one that comes instead."""
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def is_business(self, day: date) -> bool:
        return day.weekday() < 5 and not (self.holidays and is_holiday(day))

    def after(self, day: date, business_days: int) -> date:
        """The so-manieth business day after it."""
        while business_days > 0:
            day += DAY
            business_days -= self.is_business(day)
        return day

    def cutoff_on(self, day: date) -> datetime:
        return self.instant(day, self.cutoff)

    def next_cutoff(self, after: datetime) -> datetime:
        """The first one that is later."""
        day = self.day(after)
        while (found := self.cutoff_on(day)) <= after:
            day += DAY
        return found

    def cutoff_before(self, at: datetime) -> datetime:
        """The last one that is earlier."""
        day = self.day(at)
        while (found := self.cutoff_on(day)) >= at:
            day -= DAY
        return found

    def is_payday(self, day: date) -> bool:
        """Whether that day's cut-off pays: every business day; the first of a week, or of a month; none by itself."""
        if self.cadence == "manual" or not self.is_business(day):
            return False
        first = {"daily": day, "weekly": day - day.weekday() * DAY, "monthly": day.replace(day=1)}[self.cadence]
        return not any(self.is_business(first + n * DAY) for n in range((day - first).days))

    def next_payment(self, since: datetime) -> datetime | None:
        """The first cut-off from that instant on that pays; None where none does by itself."""
        if self.cadence == "manual":
            return None
        day = self.day(since)
        while (found := self.cutoff_on(day)) < since or not self.is_payday(day):
            day += DAY
        return found
