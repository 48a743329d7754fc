"""A provider's days: when each of them ended, under the settings of its time. A day that is over never changes.

A change of settings does not end a day. The day in which it happens goes on until the first cut-off under the new settings that
has a later local date than the last cut-off before. So no two days have the same date, and each booking belongs to one day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from simulator.engine.calendar import Calendar
from simulator.kernel.clock import MICROSECOND
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from simulator.engine.terms import MoneySettings

MOST = 32
"""So many former terms are kept. Where there were more, the days of the oldest are worked out by the oldest that are left."""


@dataclass(frozen=True)
class Former:
    """Terms of the past, as the account keeps them."""

    until: datetime
    first: datetime | None
    terms: Mapping[str, str | bool]
    """What `MoneySettings.drawn` gave."""


@dataclass(frozen=True)
class Span:
    """Terms, and when they held: from the cut-off `first` on (None: always before), `until` others came (None: they hold now)."""

    terms: MoneySettings
    first: datetime | None = None
    until: datetime | None = None

    @property
    def calendar(self) -> Calendar:
        return self.terms.calendar

    def has(self, cutoff: datetime) -> bool:
        return (self.first is None or self.first <= cutoff) and (self.until is None or cutoff <= self.until)

    def next_cutoff(self, after: datetime) -> datetime | None:
        found = self.calendar.next_cutoff(after if self.first is None else max(after, self.first - MICROSECOND))
        return found if self.has(found) else None

    def cutoff_before(self, at: datetime) -> datetime | None:
        found = self.calendar.cutoff_before(at if self.until is None else min(at, self.until + MICROSECOND))
        return found if self.has(found) else None


@dataclass(frozen=True)
class Days:
    """All days of a provider: the oldest span first, the last one holds now. Between two may be a time without cut-offs."""

    spans: tuple[Span, ...]

    def terms_at(self, at: datetime) -> MoneySettings:
        return next(one.terms for one in self.spans if one.until is None or at <= one.until)

    def next_cutoff(self, after: datetime) -> datetime:
        """The first cut-off after that instant."""
        return next(found for one in self.spans if (found := one.next_cutoff(after)) is not None)

    def cutoff_before(self, at: datetime) -> datetime:
        """The last cut-off before that instant."""
        return next(found for one in reversed(self.spans) if (found := one.cutoff_before(at)) is not None)

    def is_cutoff(self, at: datetime) -> bool:
        return self.next_cutoff(at - MICROSECOND) == at

    def closes_on(self, cutoff: datetime) -> date:
        """The local date of a cut-off, regular or by hand."""
        return self.terms_at(cutoff).calendar.day(cutoff)

    def cutoffs_on(self, day: date) -> Iterator[datetime]:
        """The regular cut-offs of a local date: one, or none where the settings have changed."""
        for one in self.spans:
            if one.has(found := one.calendar.cutoff_on(day)):
                yield found

    def turned(self, terms: MoneySettings, at: datetime, passed: datetime | None) -> Days:
        """These days, with new terms from that instant on. `passed` is the last cut-off that there was, regular or by hand.

        If no cut-off has passed under the present terms, they are forgotten.
        """
        last, held = self.cutoff_before(at + MICROSECOND), self.spans[-1]
        first = terms.calendar.next_cutoff(at)
        while terms.calendar.day(first) <= self.closes_on(last):
            first = terms.calendar.next_cutoff(first)
        kept = list(self.spans[:-1])
        if held.first is None or held.first <= at or (passed is not None and passed > kept[-1].until):  # type: ignore[operator]
            kept.append(replace(held, until=at if at in (last, passed) else at - MICROSECOND))
        kept = kept[-MOST:]
        return Days((replace(kept[0], first=None), *kept[1:], Span(terms, first)))

    def former(self) -> tuple[Former, ...]:
        return tuple(Former(one.until, one.first, one.terms.drawn()) for one in self.spans if one.until is not None)


def days_of(terms: MoneySettings, first: datetime | None, former: tuple[Former, ...]) -> Days:
    """The days under the present terms, of which `first` is the first cut-off, and under the former ones."""
    before = (Span(terms.model_copy(update=dict(one.terms)), one.first, one.until) for one in former)
    return Days((*before, Span(terms, first)))
