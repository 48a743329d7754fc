"""Decides to which receiver of a workspace something is sent next. A slow receiver holds up nothing but its own messages.

A receiver here is an *endpoint*: an address without its query, of one provider. Each has slots of its own, and one that
did not answer in time has a single slot until it does. Endpoints take turns, and so do the payments at an endpoint.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from simulator.engine.store import EVERY

Group = tuple[str, str, str]
"""Provider, payment and address: messages of one group are delivered one after the other. The payment is empty where a provider
keeps one queue for the whole endpoint."""

Endpoint = tuple[str, str]

Place = tuple[int, int]
"""When a message is due, and its number: the order in which the store lists what is due."""

PER_ENDPOINT = 8
"""How many deliveries may be under way to one endpoint."""

AT_ONCE = 64
"""How many deliveries may be under way in all. The first one to each endpoint does not count: no other endpoint holds it up."""

ENDPOINTS_AT_ONCE = 512
"""To how many endpoints something may be under way: a bound for connections, far above what a merchant has."""

REMEMBERED = 10_000
"""How many waiting payments of an endpoint are remembered. When these have had their turn, the store's whole list is read once
more to find the rest."""


@lru_cache(1024)
def endpoint_of(group: Group) -> Endpoint:
    return group[0], group[2].partition("?")[0]


class Queue:
    """The queue of one workspace. `news` wakes whoever advances its clock: a try has ended, or there is more to do."""

    def __init__(self) -> None:
        self.active: dict[Group, asyncio.Task[None]] = {}
        self.news = asyncio.Event()
        self.problem: Exception | None = None
        """What went wrong with a delivery, on our side."""
        self.place: Place | None = None
        """How far the store's list of what is due has been read."""
        self._waiting: dict[Endpoint, dict[Group, None]] = {}
        """The groups that wait at each endpoint; both in the order of their turns."""
        self._busy: Counter[Endpoint] = Counter()
        self._late: set[Endpoint] = set()
        self._overflowed: set[Endpoint] = set()

    def add(self, groups: Iterable[Group]) -> None:
        """Lets these groups wait for their turn. Those that are waiting or being served already stay where they are."""
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
        """The group whose turn it is, if there is a slot for it. It occupies the slot until `end`."""
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
        """Whether others wait at the endpoint of this group."""
        return endpoint_of(group) in self._waiting

    def ran_out_of_time(self, group: Group, did: bool) -> None:
        endpoint = endpoint_of(group)
        (self._late.add if did else self._late.discard)(endpoint)

    @property
    def seen(self) -> int:
        """The instant up to which everything that was due has been read and has had its turn; 0 where there is none."""
        return 0 if self.place is None or self.place[1] != EVERY or self._waiting else self.place[0]

    def due_from(self, due: int, seq: int = EVERY) -> None:
        """Says that a message is due from that instant on, so that the list is read again from there if it was read further. A new
        message has no number yet; it comes after all others of its instant."""
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
