"""Work that nobody waits for, done in small steps: after each step comes a rest that is several times as long."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator

from simulator.engine.store import Store
from simulator.kernel.clock import stopwatch

log = logging.getLogger("simulator")

REST = 4.0
"""How many times as long as a step the rest after it is: that time belongs to everybody else."""

SHORTEST_REST_S = 0.005
AFTER_TROUBLE_S = 5.0


class Chore(ABC):
    """One such piece of work. Its `steps` do a little between two `yield`s, each time in a transaction of its own."""

    what: str
    """The line of the log when the store is away: what cannot be done now."""

    def __init__(self, store: Store, rest: float = REST) -> None:
        self._rest = rest
        self._store = store
        self._steps: Iterator[None] | None = None
        self._next_look: float | None = 0.0
        """When to look for work again, by the stopwatch; None until somebody calls `look`."""
        self._not_before = 0.0

    @abstractmethod
    def steps(self) -> Iterator[None] | None:
        """The steps that are to be done now; None where there are none."""

    def look(self) -> None:
        """Says that there may be something to do now."""
        self._next_look = 0.0

    def wait_s(self) -> float | None:
        """How long until the next step; None when nothing is to be done."""
        if self._steps is not None:
            return max(self._not_before - stopwatch(), 0.0)
        return None if self._next_look is None else max(self._not_before, self._next_look) - stopwatch()

    def step(self) -> bool:
        """Does one step if its time has come. False when nothing is left to do. An outage of the store is logged, and the step is
        tried again later."""
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
        """Does all steps without rests: for tests, and for whoever waits for the result."""
        self._not_before = 0.0
        self.look()
        while self.step():
            self._not_before = 0.0

    def after_look_s(self) -> float | None:
        """How long after the last step to look for work again; None where somebody will call `look`."""
        return None

    def _go_on(self) -> None:
        if self._steps is None:
            self._next_look = None
            self._steps = self.steps()
        if self._steps is not None and next(self._steps, self) is self:
            self._steps = None
        if self._steps is None and self._next_look is None and (after := self.after_look_s()) is not None:
            self._next_look = stopwatch() + after
