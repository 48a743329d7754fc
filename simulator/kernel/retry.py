"""When to try a webhook again, as data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


def any_2xx(status: int) -> bool:
    return 200 <= status < 300


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delays[n-1]` is the pause after the n-th failed attempt; when they are used up the message has failed."""

    delays: tuple[timedelta, ...]
    timeout_s: float = 10.0
    acknowledges: Callable[[int], bool] = any_2xx

    @property
    def attempts(self) -> int:
        return len(self.delays) + 1

    def pause_after(self, attempt: int) -> timedelta | None:
        """The pause after failed attempt number `attempt` (from 1), None when it was the last."""
        return self.delays[attempt - 1] if attempt <= len(self.delays) else None


def doubling(first_s: float, attempts: int) -> tuple[timedelta, ...]:
    """Pauses that double each time: `doubling(15, 15)` is 15 s, 30 s, … 14 pauses for 15 attempts."""
    return tuple(timedelta(seconds=first_s * 2**n) for n in range(attempts - 1))
