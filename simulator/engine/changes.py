"""What one unit of work has read and what it will write: resources, timers, messages, as rows of the store.

It decides nothing: which move is legal, which timer is armed and which message is promised is the `UnitOfWork`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, cast

import orjson

from simulator.engine.ledger import Booking, Standing, standing_after, standing_in
from simulator.engine.messages import NO_PLAN, Dispatch, Message, Plan
from simulator.engine.resource import Resource, Summary, changed, dump, hangs_on, load, remember
from simulator.engine.store.base import Row, Store
from simulator.engine.unreadable import raw_bytes
from simulator.kernel.clock import from_micros, micros

R = TypeVar("R", bound=Resource)

Identity = tuple[str, str, str]
"""Provider, kind and id of a resource, within a workspace."""


def identity_of(resource: Resource) -> Identity:
    return (resource.PROVIDER, resource.KIND, resource.id)


def booked(row: Row) -> Booking:
    """A row of the ledger."""
    number, at, payment, body = row
    return Booking.load(number, from_micros(at), payment, raw_bytes(f"booking {number}", body))


class Share(Protocol):
    """The store as one writer sees it. `begin` must be called before the first write, and may be called again."""

    @property
    def store(self) -> Store: ...

    def begin(self) -> None: ...


class Changes:
    """Reads see what this unit has changed already; nothing is written before `flush` or `write`."""

    def __init__(self, workspace: int, share: Share, summary_of: Callable[[Resource], Summary | None]) -> None:
        self.touched: set[Identity] = set()
        """Every resource that was added, changed or deleted, once that is written."""
        self.next_due: int | None = None
        """The soonest deadline that this unit makes."""
        self._workspace = workspace
        self._share = share
        self._store = share.store
        self._summary_of = summary_of
        self._live: dict[Identity, Resource | None] = {}
        self._base: dict[Identity, Resource] = {}
        self._dirty: dict[Identity, Resource] = {}
        self._deleted: dict[Identity, Resource] = {}
        self._timers: list[tuple[Any, ...]] = []
        self._disarmed: list[tuple[str, str, str, str | None]] = []
        self._messages: list[tuple[str, str, Message, Dispatch]] = []
        self._bookings: list[tuple[str, Booking, dict[str, Any] | None]] = []

    def __bool__(self) -> bool:
        return bool(self._dirty or self._deleted or self._timers or self._disarmed or self._messages or self._bookings)

    # Resources -------------------------------------------------------------------------------------------------

    def find(self, kind: type[R], id_: str) -> R | None:
        identity = (kind.PROVIDER, kind.KIND, id_)
        if identity in self._live:
            return cast("R | None", self._live[identity])
        raw = self._store.resource(self._workspace, kind.PROVIDER, kind.KIND, id_)
        return self.adopt(kind, raw) if raw is not None else None

    def adopt(self, kind: type[R], raw: bytes) -> R:
        """A resource as the store has just given it, unless this unit knows it already."""
        resource = load(kind, raw)
        identity = identity_of(resource)
        if identity in self._live:
            return cast(R, self._live[identity])
        self._live[identity] = self._base[identity] = resource
        return resource

    def put(self, resource: Resource) -> None:
        identity = (resource.PROVIDER, resource.KIND, resource.id)
        self._live[identity] = self._dirty[identity] = resource

    def remove(self, resource: Resource) -> None:
        """Removes the resource with all its timers."""
        identity = identity_of(resource)
        self._live[identity] = None
        self._dirty.pop(identity, None)
        if identity in self._base:
            self._deleted[identity] = resource
        self._disarmed.append((*identity, None))
        self.touched.add(identity)

    # Money -----------------------------------------------------------------------------------------------------

    def book(self, provider: str, booking: Booking, move: dict[str, Any] | None) -> None:
        """The move in the journal, if there is one, gets the number of the booking."""
        self._bookings.append((provider, booking, move))

    def bookings(self, provider: str) -> list[Booking]:
        """The bookings of this unit that are not written yet. They have no numbers."""
        return [booking for of, booking, _ in self._bookings if of == provider]

    def _write_bookings(self) -> None:
        last: dict[str, tuple[int, Mapping[str, Standing]]] = {}
        rows = []
        for provider, booking, move in self._bookings:
            if provider not in last:
                newest = self._store.newest_booking(self._workspace, provider)
                last[provider] = (
                    (0, {}) if newest is None else (newest[0], standing_in(raw_bytes("a booking", newest[3])))
                )
            number, standing = last[provider][0] + 1, standing_after(last[provider][1], booking)
            last[provider] = number, standing
            body = booking.dump(standing)
            rows.append((self._workspace, provider, number, micros(booking.at), booking.payment, body))
            if move is not None:
                move.setdefault("booked", []).append(number)
        self._store.insert_bookings(rows)

    # Timers and messages ---------------------------------------------------------------------------------------

    def arm(self, resource: Resource, trigger: str, due: int, data: bytes) -> None:
        self._timers.append((self._workspace, due, resource.PROVIDER, resource.KIND, resource.id, trigger, data))
        self._due(due)

    def disarm(self, resource: Resource, trigger: str | None) -> None:
        """Takes timers back, those of this unit included, which the store does not know yet."""
        identity = identity_of(resource)
        self._timers = [row for row in self._timers if row[2:5] != identity or trigger not in (None, row[5])]
        if not self._is_new(identity):
            self._disarmed.append((*identity, trigger))

    def _is_new(self, identity: Identity) -> bool:
        """Whether it was added by this unit, and the store knows nothing of it."""
        return identity in self._dirty and identity not in self._base

    def promise(self, id_: str, provider: str, message: Message, dispatch: Dispatch) -> None:
        self._messages.append((id_, provider, message, dispatch))

    @property
    def promised(self) -> list[str]:
        """The events of the messages, each once, in order."""
        return list(dict.fromkeys(message.event for _, _, message, _ in self._messages))

    def _due(self, due: int) -> None:
        self.next_due = due if self.next_due is None else min(self.next_due, due)

    # Writing ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Writes the resources, so that queries see them."""
        if not (self._dirty or self._deleted):
            return
        self._share.begin()
        store, workspace, summary_of = self._store, self._workspace, self._summary_of
        self.touched.update(self._dirty)
        inserts: dict[Identity, tuple[Any, ...]] = {}
        rekeyed: list[tuple[Identity, Mapping[str, str], Mapping[str, str]]] = []
        for identity, resource in self._dirty.items():
            base = self._base.get(identity)
            version = base.version + 1 if base is not None else 1
            stored = resource if resource.version == version else changed(resource, version=version)
            summary, body = summary_of(stored), dump(stored)
            phase, reference = (None, None) if summary is None else (summary.listed_as, summary.reference)
            hangs, keys = hangs_on(stored), stored.keys()
            if base is None:
                row = (workspace, *identity, version, phase, reference, body)
                inserts[identity] = (*row, None if stored.LISTED else 1, hangs)
                if keys:
                    rekeyed.append((identity, {}, keys))
            else:
                store.update_resource(workspace, *identity, version, phase, reference, body, hangs)
                if keys != (keys_before := base.keys()):
                    rekeyed.append((identity, keys_before, keys))
            remember(stored, body)
            self._live[identity] = self._base[identity] = stored
        for identity in self._deleted:
            rekeyed.append((identity, self._base.pop(identity).keys(), {}))
        numbers = dict(zip(inserts, store.insert_resources([*inserts.values()]), strict=True))
        if rekeyed:
            self._rekey(rekeyed, numbers)
        for provider, kind, id_ in self._deleted:
            store.delete_resource(workspace, provider, kind, id_)
        self._dirty.clear()
        self._deleted.clear()

    def _rekey(
        self,
        rekeyed: Sequence[tuple[Identity, Mapping[str, str], Mapping[str, str]]],
        numbers: Mapping[Identity, int],
    ) -> None:
        """Writes the look-up keys that resources have got, and deletes those that they have lost. `numbers` are the row numbers of
        the resources that are new."""
        got: list[tuple[Any, ...]] = []
        lost: list[tuple[Any, ...]] = []
        for identity, before, after in rekeyed:
            provider, kind, id_ = identity
            number = numbers.get(identity)
            if number is None:
                number = self._store.seq_of(self._workspace, provider, kind, id_)
            shared = (kind, provider, self._workspace, number)
            if before:
                lost += [(v, n, *shared) for n, v in before.items() if after.get(n) != v]
            got += [(v, n, *shared) for n, v in after.items() if before.get(n) != v]
        if lost:
            self._store.delete_keys(lost)
        if got:
            self._store.insert_keys(got)

    def write(self, now: datetime) -> None:
        """Writes everything. The messages get their sequence from the order in which they were promised."""
        self.flush()
        if not (self._disarmed or self._timers or self._messages or self._bookings):
            return
        self._share.begin()
        for provider, kind, id_, trigger in self._disarmed:
            self._store.delete_timers_of(self._workspace, provider, kind, id_, trigger)
        if self._timers:
            self._store.insert_timers(self._timers)
        if self._messages:
            self._store.insert_messages(self._outbox_rows(micros(now)))
        if self._bookings:
            self._write_bookings()

    def _outbox_rows(self, created: int) -> list[tuple[Any, ...]]:
        rows, gathered = [], _Gathering(self._workspace, self._store, created)
        for id_, provider, message, dispatch in _in_order(self._messages):
            due, window = gathered.due(provider, dispatch)
            state = "kept" if dispatch.url is None else "pending"
            context = orjson.dumps(dict(message.context))
            for own_id, plan in _expanded(id_, dispatch, window):
                row = (own_id, self._workspace, provider, message.event, dispatch.subject, dispatch.url, state)
                rest = (due if state == "pending" else None, created, 0, context, message.body)
                rows.append((*row, *rest, int(dispatch.from_network), plan.dump()))
                if state == "pending":
                    self._due(due)
        return rows


Promised = tuple[str, str, Message, Dispatch]


def _in_order(messages: list[Promised]) -> list[Promised]:
    """The messages of one unit of work in the order in which they leave if all are due at the same instant."""
    orders = {dispatch.order for *_, dispatch in messages}
    if orders == {"as_happened"}:
        return messages  # nearly every message has no plan
    if "reversed" in orders:
        return messages[::-1]
    places = [at for at, (*_, dispatch) in enumerate(messages) if dispatch.order == "shuffled"]
    mixed, ordered = sorted(places, key=lambda at: messages[at][3].rank), list(messages)
    for place, at in zip(places, mixed, strict=True):
        ordered[place] = messages[at]
    return ordered


def _expanded(id_: str, dispatch: Dispatch, window: int) -> Iterable[tuple[str, Plan]]:
    """The ids and plans of the messages that one message becomes, in the order in which they leave."""
    if (
        dispatch.copies == dispatch.at_once == 1
        and dispatch.adversary is None
        and not (dispatch.before_answer or window)
    ):
        return ((id_, NO_PLAN),)  # as nearly all
    return _several(id_, dispatch, window)


def _several(id_: str, dispatch: Dispatch, window: int) -> Iterator[tuple[str, Plan]]:
    if dispatch.adversary is not None and dispatch.url is not None:
        yield f"{id_}_forged", replace(dispatch.adversary, window=window)
    for number in range(dispatch.copies * dispatch.at_once):
        first = number - number % dispatch.at_once
        own_id = _numbered(id_, number)
        together = _numbered(id_, first) if dispatch.at_once > 1 else ""
        yield own_id, Plan(together=together, before_answer=dispatch.before_answer, window=window)


def _numbered(id_: str, number: int) -> str:
    return id_ if number == 0 else f"{id_}_{number + 1}"


class _Gathering:
    """Works out when messages are due that are to leave in another order than their events happened.

    Without a `delay` only the messages of one unit of work change places (`_in_order`). With one, the first message of a payment
    to an address opens a window, which ends when that message is due; all messages of the payment until then leave at its end.
    To be reversed, those of a later unit of work are due some microseconds before those of an earlier one; to be shuffled, each
    is due up to a millisecond before the end, by its rank.
    """

    def __init__(self, workspace: int, store: Store, created: int) -> None:
        self._workspace, self._store, self._created = workspace, store, created
        self._known: dict[tuple[str, str, str | None], tuple[int, int]] = {}
        """The end of the window, and how many messages of earlier units of work are gathered in it."""

    def due(self, provider: str, dispatch: Dispatch) -> tuple[int, int]:
        """The instant at which the message is due, and the end of its window; 0 where it is in none."""
        due = self._created + dispatch.delay // timedelta(microseconds=1)
        if dispatch.order == "as_happened" or not dispatch.delay or dispatch.url is None:
            return due, 0
        group = (provider, dispatch.subject, dispatch.url)
        window, number = self._known.get(group) or self._stored(*group) or (due, 0)
        self._known[group] = (window, number)
        return window - (number % 1000 if dispatch.order == "reversed" else dispatch.rank % 1000), window

    def _stored(self, provider: str, subject: str, url: str) -> tuple[int, int] | None:
        plans = self._store.plans_of(self._workspace, provider, subject, url, self._created)
        windows = [window for window in (Plan.load(plan).window for plan in plans) if window > self._created]
        return (windows[0], len(windows)) if windows else None
