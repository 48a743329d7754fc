"""Time. This is the one place where the time of day is read; everything else asks a `Clock`.

A workspace's clock is `real` (the time of day plus an offset) or `frozen` (it stands still). It never runs backwards.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

Mode = Literal["real", "frozen"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def time_of_day() -> datetime:
    """The machine's own time in UTC."""
    return datetime.now(UTC)


def stopwatch() -> float:
    """Seconds from an arbitrary start, for measuring how long something took."""
    return time.perf_counter()


@dataclass(frozen=True, slots=True)
class Clock:
    """A workspace's time. `offset` counts in real mode, `standing_at` in frozen mode."""

    mode: Mode = "real"
    offset: timedelta = timedelta(0)
    standing_at: datetime | None = None
    advanced: timedelta = timedelta(0)
    """By how much it was moved, all in all."""

    @classmethod
    def beginning(cls, at: datetime | None = None, *, frozen: bool = False) -> Clock:
        """A new world's clock: it begins at an instant, and nobody has advanced it yet."""
        now = time_of_day()
        at = at or now
        return cls("frozen", timedelta(0), at) if frozen else cls("real", at - now)

    def now(self) -> datetime:
        if self.standing_at is not None:
            return self.standing_at
        return time_of_day() + self.offset

    def frozen(self, at: datetime | None = None) -> Clock:
        now = self.now()
        at = at or now
        return Clock("frozen", self.offset, at, self.advanced + (at - now))

    def resumed(self) -> Clock:
        """Runs on from where it stands."""
        now = self.now()
        return Clock("real", now - time_of_day(), None, self.advanced)

    def standing(self, at: datetime) -> Clock:
        """The same clock held at `at` while an advance walks from deadline to deadline."""
        return replace(self, standing_at=at)

    def moved_to(self, at: datetime) -> Clock:
        """The same mode, showing `at`. A real clock has run on while it was held (`standing`): that is no advance."""
        if self.mode == "frozen":
            return Clock("frozen", self.offset, at, self.advanced + (at - self.now()))
        now = time_of_day()
        return Clock("real", at - now, None, self.advanced + (at - (now + self.offset)))


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
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


_UNITS = {"day": 86_400, "hour": 3600, "minute": 60, "second": 1}
_SHORT_UNITS = {"day": "d", "hour": "h", "minute": "min", "second": "s"}

_SHORT = re.compile(r"^(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)s)?$")
_ISO = re.compile(r"^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$")


def parse_duration(text: str) -> timedelta:
    """ISO 8601 (`PT12H`, `P3DT2H`) or short (`12h`, `90s`, `2h30m`, `1d`). Raises `ValueError` on anything else."""
    try:
        return _parsed_duration(text)
    except OverflowError as error:
        raise ValueError(f"{text!r} is too long") from error


def _parsed_duration(text: str) -> timedelta:
    given = text.strip()
    if (match := _ISO.match(given)) and given not in ("P", "PT") and not given.endswith("T"):
        weeks, days, hours, minutes, seconds = match.groups(default="0")
        parts = timedelta(weeks=int(weeks), days=int(days), hours=int(hours), minutes=int(minutes))
        return parts + timedelta(seconds=float(seconds))
    if given and (match := _SHORT.match(given.lower())):
        days, hours, minutes, seconds = match.groups(default="0")
        return timedelta(days=int(days), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
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
