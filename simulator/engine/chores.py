"""What is done in small steps while nobody waits for it: a step, then a rest that is several times as long."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

from simulator.engine.store import Store
from simulator.kernel.clock import stopwatch

log = logging.getLogger("simulator")

REST = 4.0
"""So many times as long as a step took, everybody else has before the next one."""

SHORTEST_REST_S = 0.005
AFTER_TROUBLE_S = 5.0


class Chore(ABC):
    """`steps` does a little between two `yield`s, each in a transaction of its own."""

    what: str
    """What cannot be done while the store is away, for the log."""

    def __init__(self, store: Store, rest: float = REST) -> None:
        self._rest = rest
        self._store = store
        self._steps: Iterator[None] | None = None
        self._next_look: float | None = 0.0
        """When there may be something to do (as a stopwatch tells it); None while somebody else will say it."""
        self._not_before = 0.0

    @abstractmethod
    def steps(self) -> Iterator[None] | None:
        """What is to be done at present, if there is anything."""

    def look(self) -> None:
        """There may be something to do now."""
        self._next_look = 0.0

    def wait_s(self) -> float | None:
        """How long until the next step; None when nothing is to be done."""
        if self._steps is not None:
            return max(self._not_before - stopwatch(), 0.0)
        return None if self._next_look is None else max(self._not_before, self._next_look) - stopwatch()

    def step(self) -> bool:
        """Does a little if it is time; False when nothing is left to do. An outage is told, and it is tried again later."""
        wait = self.wait_s()
        if wait is None or wait > 0:
            return self._is_under_way
        began = stopwatch()
        try:
            with self._store.at_length():
                self._go_on()
            rest = max(self._rest * (stopwatch() - began), SHORTEST_REST_S) if self._rest else 0.0
            self._not_before = stopwatch() + rest
        except self._store.OUTAGES as error:
            self._steps, self._next_look = None, 0.0
            self._not_before = stopwatch() + AFTER_TROUBLE_S
            log.warning("%s: %s", self.what, self._store.outage(error))
        return self._is_under_way

    @property
    def _is_under_way(self) -> bool:
        return self._steps is not None or self._next_look == 0.0

    def run(self) -> None:
        """All that there is to do, at once: for tests, and for who waits."""
        self._not_before = 0.0
        self.look()
        while self.step():
            self._not_before = 0.0

    def after_look_s(self) -> float | None:
        """When everything is done, how long until it is looked again; None where somebody calls `look`."""
        return None

    def _go_on(self) -> None:
        if self._steps is None:
            self._next_look = None
            self._steps = self.steps()
        if self._steps is not None and next(self._steps, self) is self:
            self._steps = None
        if self._steps is None and self._next_look is None and (after := self.after_look_s()) is not None:
            self._next_look = stopwatch() + after
