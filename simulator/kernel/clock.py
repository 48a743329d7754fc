"""Time. This is the one place where the time of day is read; everything else asks a `Clock`.

A workspace's clock is `real` (the time of day plus an offset, or faster than that) or `frozen` (it stands still). It never
runs backwards, and it stops at `LAST`.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from simulator.kernel.values import dataclass

Mode = Literal["real", "frozen"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LAST = datetime(2080, 1, 1, tzinfo=UTC)
"""As far as a clock goes, beginning at `EPOCH`. Ids that count milliseconds in 63 bits end in that year."""
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def time_of_day() -> datetime:
    """The machine's own time in UTC."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds from an arbitrary start, for measuring how long something took."""
    return time.perf_counter()


@dataclass(frozen=True, slots=True)
class Clock:
    """A workspace's time. `offset`, `rate` and `since` count in real mode, `standing_at` in frozen mode."""

    mode: Mode = "real"
    offset: timedelta = timedelta(0)
    standing_at: datetime | None = None
    advanced: timedelta = timedelta(0)
    """By how much it was moved, all in all; what it gains by its rate is added when it is set the next time."""
    rate: int = 1
    """Its own seconds in one of real time. A frozen clock keeps the rate at which it ran."""
    since: datetime = EPOCH
    """The time of day at which `offset` was right; since then a rate above 1 has gained on it."""

    @classmethod
    def beginning(cls, at: datetime | None = None, *, frozen: bool = False) -> Clock:
        """A new world's clock: it begins at an instant, and nobody has advanced it yet."""
        now = time_of_day()
        at = at or now
        return cls("frozen", timedelta(0), at) if frozen else cls("real", at - now)

    def now(self) -> datetime:
        if self.standing_at is not None:
            return self.standing_at
        return self._running(time_of_day())

    @property
    def moved(self) -> timedelta:
        """By how much it is ahead of a clock that nobody has advanced or made faster."""
        return self.advanced if self.standing_at is not None else self.advanced + self._gained(time_of_day())

    @property
    def ahead(self) -> timedelta:
        """How far it is from the time of day; below zero behind it."""
        now = time_of_day()
        return (self.standing_at or self._running(now)) - now

    def due(self, at: datetime) -> datetime:
        """The time of day at which a clock that runs shows `at`; past all days for what it never shows."""
        if at > LAST:
            return _NEVER
        if self.rate == 1:
            return at - self.offset
        return self.since + (at - self.offset - self.since) / self.rate + MICROSECOND

    def frozen(self, at: datetime | None = None) -> Clock:
        day = time_of_day()
        now = self.standing_at or self._running(day)
        at, gained = at or now, timedelta(0) if self.standing_at else self._gained(day)
        return replace(self, mode="frozen", standing_at=at, advanced=self.advanced + gained + (at - now))

    def resumed(self) -> Clock:
        """Runs on from where it stands, as fast as it ran before."""
        return self.running_at(self.rate)

    def running_at(self, rate: int) -> Clock:
        """Runs on from what it shows, so many times as fast as the time of day."""
        day = time_of_day()
        now = self.standing_at or self._running(day)
        gained = timedelta(0) if self.standing_at else self._gained(day)
        return Clock("real", now - day, None, self.advanced + gained, rate, day)

    def at_time_of_day(self) -> Clock:
        """Runs at the time of day; what is ahead of it runs on from what it shows."""
        running = self.running_at(1)
        return replace(running, offset=max(running.offset, timedelta(0)))

    def since_it_showed(self, at: datetime) -> Clock:
        """The clock that showed `at` at some time, as far from the time of day as it was then: what a fast one has gained since
        is left out."""
        if self.rate == 1 or self.standing_at is not None:
            return self
        at = min(at, LAST)
        then = self.due(at)
        return replace(self, offset=at - then, advanced=self.advanced + self._gained(then), since=time_of_day())

    def standing(self, at: datetime) -> Clock:
        """This clock, held at `at` while an advance walks from deadline to deadline."""
        return replace(self, standing_at=at)

    def moved_to(self, at: datetime) -> Clock:
        """This clock in its mode, showing `at`. A real clock has run on while it was held (`standing`): that is no advance."""
        if self.mode == "frozen":
            return replace(self, standing_at=at, advanced=self.advanced + (at - self.now()))
        day = time_of_day()
        moved = self._gained(day) + (at - self._running(day))
        return Clock("real", at - day, None, self.advanced + moved, self.rate, day)

    def _running(self, day: datetime) -> datetime:
        if self.rate == 1 and not self.offset:
            return min(day, LAST)
        ahead = self.offset if self.rate == 1 else self.offset + self._gained(day)
        return LAST if ahead > LAST - day else EPOCH if ahead < EPOCH - day else day + ahead

    def _gained(self, day: datetime) -> timedelta:
        return max(day - self.since, timedelta(0)) * (self.rate - 1)


def micros(at: datetime) -> int:
    """Microseconds since 1970, the form in which instants are stored."""
    return (at - EPOCH) // MICROSECOND


def from_micros(value: int) -> datetime:
    return EPOCH + timedelta(microseconds=value)


def millis(at: datetime) -> int:
    """Whole milliseconds since 1970, cut off."""
    return micros(at) // 1000


def iso_millis(at: datetime) -> str:
    """`2026-11-20T09:41:07.214Z`, cut off after the milliseconds; `at` is in UTC."""
    return _iso_millis(at)


@lru_cache(64)
def _iso_millis(at: datetime) -> str:
    """All that one call makes bears the same instant, and to write it costs as much as a hundred look-ups."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def iso_seconds(at: datetime) -> str:
    """`2026-11-20T09:41:07+00:00`, cut off after the seconds; `at` is in UTC."""
    return at.isoformat(timespec="seconds")


NO_FURTHER = f"the clock goes no further than {iso_millis(LAST)}"
"""What is said of an instant beyond `LAST`."""


_UNITS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_SHORT_UNITS = {"day": "d", "hour": "h", "minute": "min", "second": "s"}

_NUMBER = r"(\d+(?:\.\d+)?)"
_SHORT = re.compile(
    rf"^(?:{_NUMBER} ?d(?:ays?)?)? ?(?:{_NUMBER} ?h(?:ours?)?)? ?(?:{_NUMBER} ?m(?:in(?:ute)?s?)?)?"
    rf" ?(?:{_NUMBER} ?s(?:ec(?:ond)?s?)?)?$"
)
_ISO = re.compile(rf"^P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?$")


def parse_duration(text: str) -> timedelta:
    """ISO 8601 (`PT12H`, `P3DT2H`), short (`12h`, `90s`, `2h30m`, `1.5h`) or in words (`2 h 30 minutes`, `1 day`). Raises
    `ValueError` on anything else."""
    try:
        return _parsed_duration(text)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


def _parsed_duration(text: str) -> timedelta:
    given = " ".join(text.split())
    if (match := _ISO.match(given)) and given not in ("P", "PT") and not given.endswith("T"):
        weeks, days, hours, minutes, seconds = map(float, match.groups(default="0"))
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    if given and (match := _SHORT.match(given.lower())):
        days, hours, minutes, seconds = map(float, match.groups(default="0"))
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    raise ValueError(f"{text!r} is not a duration; write PT12H, 12h, 90s or 2h30m")


def spans(duration: timedelta) -> list[tuple[int, str]]:
    """The two largest units of a duration, rounded to seconds: `[(1, "day"), (2, "hour")]`; `[(0, "second")]` of nothing."""
    left = round(duration.total_seconds())
    found = []
    for unit, seconds in _UNITS.items():
        count, left = divmod(left, seconds)
        if count:
            found.append((count, unit))
    return found[:2] or [(0, "second")]


def short_duration(duration: timedelta) -> str:
    """`5 min`, `12 h`, `1 d 2 h`."""
    return " ".join(f"{count} {_SHORT_UNITS[unit]}" for count, unit in spans(duration))


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant with a zone. Raises `ValueError`, in words for whoever wrote it, when it is none or has none."""
    try:
        at = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is not an instant; write 2026-03-04T12:00:00Z") from error
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; end it with Z")
    return at.astimezone(UTC)
