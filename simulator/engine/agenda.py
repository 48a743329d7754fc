"""When something is due: the workspaces in the order of their next deadline, in seconds of real time.

Only the order is kept here. What is due is read from the store when the time has come, so an entry that is too early does
no harm.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from contextlib import suppress

LONGEST_WAIT_S = 3600.0

OVERTAKEN = 100
"""Entries that no longer count, beside as many as do: then they are thrown out together."""


class Agenda:
    """Each workspace has one entry that counts, its soonest."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []
        self._soonest: dict[int, float] = {}
        """The entry that counts, by workspace. The heap may hold later ones of the same workspace, which are passed over
        when their time comes: taking each out of the middle of a heap would be slow. One that comes in twelve hours is
        overtaken with every payment, so they do not stay until then."""
        self._nudge = asyncio.Event()

    def put(self, workspace_id: int, at: float) -> None:
        """`at` is a POSIX timestamp. Wakes who waits if nothing is due before."""
        if at >= self._soonest.get(workspace_id, math.inf):
            return
        self._soonest[workspace_id] = at
        heapq.heappush(self._heap, (at, workspace_id))
        if len(self._heap) > 2 * len(self._soonest) + OVERTAKEN:
            self._heap = [(soonest, id_) for id_, soonest in self._soonest.items()]
            heapq.heapify(self._heap)
        if self._heap[0][0] == at:
            self.wake()

    def is_due(self, workspace_id: int, now: float) -> bool:
        """Whether a workspace's time has come, and nobody has taken it yet."""
        return self._soonest.get(workspace_id, math.inf) <= now

    def wake(self) -> None:
        self._nudge.set()

    async def wait(self, now: float, at_most_s: float | None = None) -> None:
        """Until the first entry is due, somebody wakes us, or the time is up."""
        self._nudge.clear()
        wait = at_most_s
        if self._heap:
            until = max(0.0, self._heap[0][0] - now)
            wait = until if wait is None else min(wait, until)
        if wait is None or wait > 0:
            with suppress(TimeoutError):
                # not `wait_for`: before Python 3.12 it may swallow a cancellation that comes together with the nudge
                async with asyncio.timeout(None if wait is None else min(wait, LONGEST_WAIT_S)):
                    await self._nudge.wait()

    def take_due(self, now: float) -> list[int]:
        """The workspaces whose time has come; they are off the agenda."""
        due = []
        while self._heap and self._heap[0][0] <= now:
            at, workspace_id = heapq.heappop(self._heap)
            if self._soonest.get(workspace_id) == at:
                del self._soonest[workspace_id]
                due.append(workspace_id)
        return due
