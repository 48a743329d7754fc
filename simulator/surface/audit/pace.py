"""How long the shop works on what it has taken, in real time: a right shop may answer first and work afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from simulator.kernel.values import dataclass

T = TypeVar("T")

GLANCE_S = 0.02
"""Between two looks at what is waited for."""

FIRST = 4
"""Times the patience, once: before the first check a shop was told of a payment that does not exist, and may still look for it."""


@dataclass(slots=True, kw_only=True)
class Pace:
    """The pace of one audit, which learns how long this shop takes."""

    patience_s: float = 3.0
    """How long is waited for what a right shop comes to."""
    quiet_s: float = 0.1
    """What has stayed the same for so long has settled."""
    slow_api_s: float = 0.5
    """How long an API call takes whose answer a shop should wait for before its own. Whoever answers sooner has not waited."""

    is_first: bool = True
    """Nothing was waited for yet."""

    def until(self, look: Callable[[], T], is_wanted: Callable[[T], bool]) -> T:
        """What was seen last: as wanted, or what it was when patience was at its end."""
        began, is_first, self.is_first = time.monotonic(), self.is_first, False
        patience_s = self.patience_s * (FIRST if is_first else 1)
        while not is_wanted(seen := look()) and time.monotonic() - began < patience_s:
            time.sleep(GLANCE_S)
        took = time.monotonic() - began
        if took > GLANCE_S and is_wanted(seen) and not is_first:  # which is not how long it usually takes
            self.quiet_s = max(self.quiet_s, min(2 * took, self.patience_s))
        return seen

    def settled(self, look: Callable[[], T]) -> T:
        """What was seen twice; or last, where it never stays the same."""
        began, seen = time.monotonic(), look()
        while True:
            time.sleep(self.quiet_s)
            before, seen = seen, look()
            if seen == before or time.monotonic() - began >= self.patience_s:
                return seen
