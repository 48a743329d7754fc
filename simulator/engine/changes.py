"""What one unit of work has read and what it will write: resources, timers, messages, as rows of the store.

It decides nothing: which move is legal, which timer is armed and which message is promised is the `UnitOfWork`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar, cast

import orjson

from simulator.engine.messages import Dispatch, Message
from simulator.engine.resource import Resource, Summary, changed, dump, load
from simulator.engine.store.base import Store
from simulator.kernel.clock import micros

R = TypeVar("R", bound=Resource)

Identity = tuple[str, str, str]
"""Provider, kind and id of a resource, within a workspace."""


def identity_of(resource: Resource) -> Identity:
    return (resource.PROVIDER, resource.KIND, resource.id)


class Share(Protocol):
    """The store as one writer sees it. `begin` must be called before the first write, and may be called again."""

    @property
    def store(self) -> Store: ...

    def begin(self) -> None: ...


class Changes:
    """Reads see what this unit has changed already; nothing is written before `flush` or `write`."""

    def __init__(self, workspace: int, share: Share, summary_of: Callable[[Resource], Summary | None]) -> None:
        self.touched: set[Identity] = set()
        """Every resource that was added, changed or deleted."""
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

    def __bool__(self) -> bool:
        return bool(self._dirty or self._deleted or self._timers or self._disarmed or self._messages)

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
        identity = identity_of(resource)
        self._live[identity] = self._dirty[identity] = resource
        self.touched.add(identity)

    def remove(self, resource: Resource) -> None:
        """With all its timers."""
        identity = identity_of(resource)
        self._live[identity] = None
        self._dirty.pop(identity, None)
        if identity in self._base:
            self._deleted[identity] = resource
        self._disarmed.append((*identity, None))
        self.touched.add(identity)

    # Timers and messages ---------------------------------------------------------------------------------------

    def arm(self, resource: Resource, trigger: str, due: int, data: bytes) -> None:
        self._timers.append((self._workspace, due, resource.PROVIDER, resource.KIND, resource.id, trigger, data))
        self._due(due)

    def disarm(self, resource: Resource, trigger: str | None) -> None:
        """Those of this unit too, which the store does not know yet."""
        identity = identity_of(resource)
        self._timers = [row for row in self._timers if row[2:5] != identity or trigger not in (None, row[5])]
        self._disarmed.append((*identity, trigger))

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
        store, workspace = self._store, self._workspace
        inserts: dict[Identity, tuple[Any, ...]] = {}
        rekeyed: list[tuple[Identity, Mapping[str, str], Mapping[str, str]]] = []
        for identity, resource in self._dirty.items():
            provider, kind, id_ = identity
            base = self._base.get(identity)
            stored = changed(resource, version=base.version + 1 if base else 1)
            phase = reference = None
            if (summary := self._summary_of(stored)) is not None:
                phase, reference = summary.phase, summary.reference
            if base is None:
                unlisted = None if resource.LISTED else 1
                inserts[identity] = (workspace, provider, kind, id_, 1, phase, reference, dump(stored), unlisted)
            else:
                store.update_resource(workspace, provider, kind, id_, stored.version, phase, reference, dump(stored))
            keys_before, keys = base.keys() if base else {}, stored.keys()
            if keys != keys_before:
                rekeyed.append((identity, keys_before, keys))
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
        """Writes the look-up keys that resources have got, and drops those that they had. `numbers` are those of new ones."""
        got: list[tuple[Any, ...]] = []
        lost: list[tuple[Any, ...]] = []
        for identity, before, after in rekeyed:
            provider, kind, id_ = identity
            number = numbers.get(identity)
            if number is None:
                number = self._store.seq_of(self._workspace, provider, kind, id_)
            shared = (kind, provider, self._workspace, number)
            lost += [(v, n, *shared) for n, v in before.items() if after.get(n) != v]
            got += [(v, n, *shared) for n, v in after.items() if before.get(n) != v]
        if lost:
            self._store.delete_keys(lost)
        if got:
            self._store.insert_keys(got)

    def write(self, now: datetime) -> None:
        """Writes everything. The messages get their sequence from the order in which they were promised."""
        self.flush()
        if not (self._disarmed or self._timers or self._messages):
            return
        self._share.begin()
        for provider, kind, id_, trigger in self._disarmed:
            self._store.delete_timers_of(self._workspace, provider, kind, id_, trigger)
        if self._timers:
            self._store.insert_timers(self._timers)
        if self._messages:
            self._store.insert_messages(self._outbox_rows(micros(now)))

    def _outbox_rows(self, created: int) -> list[tuple[Any, ...]]:
        rows, messages = [], list(self._messages)
        if any(dispatch.reversed for *_, dispatch in messages):
            messages.reverse()
        for id_, provider, message, dispatch in messages:
            due = created + dispatch.delay // timedelta(microseconds=1)
            state = "kept" if dispatch.url is None else "pending"
            for copy_number in range(dispatch.copies):
                copy_id = id_ if copy_number == 0 else f"{id_}_{copy_number + 1}"
                context = orjson.dumps(dict(message.context))
                row = (copy_id, self._workspace, provider, message.event, dispatch.subject, dispatch.url, state)
                rest = (due if state == "pending" else None, created, 0, context, message.body)
                rows.append((*row, *rest, int(dispatch.from_network)))
                if state == "pending":
                    self._due(due)
        return rows
