"""Removes in small steps, while nobody waits for it, what reset and deleted workspaces have left behind."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from simulator.engine.transactions import Transactions
from simulator.kernel.clock import stopwatch

log = logging.getLogger("simulator")

ROWS = 300
"""Removed in a step."""

WALKED = 2000
"""Rows that are looked at in a step, where they cannot be found by their workspace."""

REST = 4.0
"""So many times as long as a step took, everybody else has before the next one."""

SHORTEST_REST_S = 0.005
AFTER_TROUBLE_S = 5.0


class Sweeper:
    """What is left is a list in the store, so a server that ends in between goes on at its next start."""

    def __init__(self, transactions: Transactions, rest: float = REST) -> None:
        self._rest = rest
        self._transactions = transactions
        self._store = transactions.store
        self._steps: Iterator[None] | None = None
        self._may_be_more = True
        self._not_before = 0.0

    def look(self) -> None:
        """There is something to remove."""
        self._may_be_more = True

    def wait_s(self) -> float | None:
        """How long until the next step; None when nothing is to be done."""
        if self._steps is None and not self._may_be_more:
            return None
        return max(self._not_before - stopwatch(), 0.0)

    def step(self) -> bool:
        """Does a little if it is time; False when nothing is left to do. An outage is told, and it is tried again later."""
        wait = self.wait_s()
        if wait is None or wait > 0:
            return wait is not None
        began = stopwatch()
        try:
            self._go_on()
            self._not_before = stopwatch() + (
                max(self._rest * (stopwatch() - began), SHORTEST_REST_S) if self._rest else 0.0
            )
        except self._store.OUTAGES as error:
            self._steps, self._may_be_more = None, True
            self._not_before = stopwatch() + AFTER_TROUBLE_S
            log.warning("what was deleted cannot be removed now: %s", self._store.outage(error))
        return self._steps is not None or self._may_be_more

    def _go_on(self) -> None:
        if self._steps is None:
            self._may_be_more = False
            left = self._store.left()
            if not left:
                return
            self._steps = self._sweep(left)
        if next(self._steps, self) is self:
            self._steps = None

    def _sweep(self, left: list[int]) -> Iterator[None]:
        for place in left:
            for part in (self._store.sweep_due, self._store.sweep_journal):
                there_may_be_more = True
                while there_may_be_more:
                    with self._transactions.writing():
                        there_may_be_more = part(place, ROWS) > 0
                    yield
        there_may_be_more = True
        while there_may_be_more:
            with self._transactions.writing():
                there_may_be_more = self._store.sweep_snapshots(ROWS) > 0
            yield
        key, is_walking = None, True
        while is_walking:
            with self._transactions.writing():
                key = self._store.sweep_keys(left, key, WALKED)
            is_walking = key is not None
            yield
        number: int | None = 0
        while number is not None:
            with self._transactions.writing():
                number = self._store.sweep_resources(left, number, WALKED)
            yield
        with self._transactions.writing():
            self._store.forget_left(left)
        yield
        for _ in range(self._store.empty_pages() // WALKED + 1):
            self._store.shrink(WALKED)
            yield
