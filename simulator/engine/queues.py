"""Who of one workspace's receivers is sent something next. Nobody waits for a receiver but those who send to it.

A receiver here is an *endpoint*: an address without its query, of one provider. Each has slots of its own, and one that ran out
of time has a single one until it answers again. Endpoints take turns, and at an endpoint its payments do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from simulator.engine.store import EVERY

Group = tuple[str, str, str]
"""Provider, payment and address: what is delivered one after the other. The payment is empty for an endpoint's one queue."""

Endpoint = tuple[str, str]

Place = tuple[int, int]
"""When a message is due, and its number: the order in which the store lists what is due."""

PER_ENDPOINT = 8
"""Deliveries that are under way to one endpoint."""

AT_ONCE = 64
"""Deliveries that are under way beside the first one of each endpoint, which is held up by no other endpoint."""

ENDPOINTS_AT_ONCE = 512
"""Endpoints to which something is under way: a bound for connections, far above what a merchant has."""

REMEMBERED = 10_000
"""Payments of an endpoint that are remembered as waiting; the rest is looked up again when they have had their turn, for which
the whole list is read once more."""


@lru_cache(1024)
def endpoint_of(group: Group) -> Endpoint:
    return group[0], group[2].partition("?")[0]


class Queue:
    """`news` is set whenever a try has ended, or there is more to do for who walks through the workspace's deadlines."""

    def __init__(self) -> None:
        self.active: dict[Group, asyncio.Task[None]] = {}
        self.news = asyncio.Event()
        self.problem: Exception | None = None
        """What went wrong with a delivery, on our side."""
        self.place: Place | None = None
        """Up to where the store's list of what is due has been looked at."""
        self._waiting: dict[Endpoint, dict[Group, None]] = {}
        """In the order of their turns."""
        self._busy: Counter[Endpoint] = Counter()
        self._late: set[Endpoint] = set()
        self._overflowed: set[Endpoint] = set()

    def add(self, groups: Iterable[Group]) -> None:
        """They have something due, unless they are known already."""
        for group in groups:
            if group in self.active:
                continue
            endpoint = endpoint_of(group)
            waiting = self._waiting.setdefault(endpoint, {})
            if len(waiting) < REMEMBERED:
                waiting[group] = None
            elif group not in waiting:
                self._overflowed.add(endpoint)

    def take(self) -> Group | None:
        """Whose turn it is, if there is a slot: it is served from now on, until `end`."""
        for endpoint, waiting in self._waiting.items():
            if self._has_slot(endpoint):
                group = next(iter(waiting))
                del waiting[group]
                del self._waiting[endpoint]
                if waiting:
                    self._waiting[endpoint] = waiting
                elif endpoint in self._overflowed:
                    self._overflowed.discard(endpoint)
                    self.place = None
                self._busy[endpoint] += 1
                return group
        return None

    def end(self, group: Group) -> None:
        endpoint = endpoint_of(group)
        del self.active[group]
        self._busy[endpoint] -= 1
        if not self._busy[endpoint]:
            del self._busy[endpoint]

    def gives_way(self, group: Group) -> bool:
        """Whether other payments wait for the slot of this one."""
        return endpoint_of(group) in self._waiting

    def ran_out_of_time(self, group: Group, did: bool) -> None:
        endpoint = endpoint_of(group)
        (self._late.add if did else self._late.discard)(endpoint)

    @property
    def seen(self) -> int:
        """The instant up to which all that is due was looked at and is nobody's turn any more; 0 where there is none."""
        return 0 if self.place is None or self.place[1] != EVERY or self._waiting else self.place[0]

    def due_from(self, due: int, seq: int = EVERY) -> None:
        """A message has become due, then or later. Without its number it is a new one, younger than all that were seen."""
        if self.place is not None and (due, seq) <= self.place:
            self.place = (due, -1)

    def concerns_others_than(self, endpoints: Iterable[Endpoint]) -> bool:
        """Whether something is under way or waits for other endpoints than these."""
        return not (self._busy.keys() | self._waiting.keys()) <= set(endpoints)

    def _has_slot(self, endpoint: Endpoint) -> bool:
        under_way = self._busy[endpoint]
        if not under_way:
            return len(self._busy) < ENDPOINTS_AT_ONCE
        own = 1 if endpoint in self._late else PER_ENDPOINT
        return under_way < own and len(self.active) - len(self._busy) < AT_ONCE
