"""Where a list of hours has to say the day: one rule for the console's lists, the diagram, the command line and `tail`."""

from __future__ import annotations


class Days:
    """The date where the day changes from one row to the next, first from that of `seen_at`: the clock's today, which the reader
    knows. Instants are written as everywhere: `2025-11-20T09:52:28.000Z`."""

    def __init__(self, seen_at: str = "") -> None:
        self._today = self._last = seen_at[:10]

    def change(self, at: str) -> str:
        """The date that stands before the row of this instant, or nothing."""
        last, self._last = self._last, at[:10]
        return self._last if last not in ("", self._last) else ""

    def shown(self, at: str) -> str:
        """An instant for a row that is read by itself: any day but today's is named."""
        return self.change(at) or (at[:10] if self._today not in ("", at[:10]) else "")
