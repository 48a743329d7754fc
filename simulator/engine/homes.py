"""Where a workspace is at home: the one process that serves it, of several on one store.

A process keeps much of a workspace in memory: its clock and scenarios, what is due when, who waits for which receiver, what
its rate limits have left, who looks at its pages. So each workspace is served by exactly one process at a time, and everybody
else passes on what is asked of it (`surface/replica.py`). Whoever is asked first for a workspace that nobody serves takes it
home, unless another has more room; what nobody asks for and has something due is taken home by whoever sees it first.

The right to serve a workspace is a lock of the store's, held by the very connection that writes. With the connection the lock
is gone, and so nothing can be written by who does not hold it: a process that was killed, or cut off from the store, is
succeeded at once, and finds out by its first statement. What was in memory is dropped then and read again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Protocol

from simulator.engine.again import Later
from simulator.engine.chores import Chore
from simulator.engine.registry import Registry
from simulator.engine.store import SharedStore
from simulator.engine.workspace import Workspace
from simulator.kernel.ids import Ids

log = logging.getLogger("simulator")

LOOK_S = 0.5
"""Between two looks for workspaces that nobody serves."""


IS_WANTED: ContextVar[bool] = ContextVar("is_wanted", default=True)
"""Whether what is done now has to be done by this process, if nobody else holds the workspace. A request that has just come may
as well be answered by another."""


class Elsewhere(Later):
    """What was asked is answered by another process, at `address`; None where that is not known yet: ask again in a moment."""

    def __init__(self, address: str | None) -> None:
        super().__init__(address or "nobody yet")
        self.address = address


class Homes(Protocol):
    """What the runtime asks about workspaces that may be at home elsewhere."""

    def named(self, public_id_or_name: str) -> Workspace | None:
        """It is at home here from now on, if there is one of that name. Raises `Elsewhere`."""

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        """The same for the workspace that has this credential."""

    def standing_at(self, place: int) -> int | None:
        """The same for the workspace whose rows stand there, and its number; None where there is none any more."""

    def alone(self) -> AbstractContextManager[None]:
        """Meanwhile no other process takes a name or a credential for a new workspace."""

    def make_room(self) -> None:
        """Called before a new one is made. Raises `Elsewhere` where another process serves fewer."""

    def hold(self, workspace_id: int) -> None:
        """A new one, of which nobody knows yet, is at home here."""

    def all(self) -> list[Workspace]:
        """Every workspace, wherever it is at home: to be looked at, not to be changed."""

    def shown(self, public_id_or_name: str) -> Workspace | None:
        """One of them, as it stands in the store."""


class AlwaysHere:
    """The home of all workspaces of a store that one process has for itself."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def named(self, public_id_or_name: str) -> Workspace | None:
        return self._registry.named(public_id_or_name)

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        return self._registry.by_credential(provider, lookup)

    def standing_at(self, place: int) -> int | None:
        return place if place in self._registry else None

    def alone(self) -> AbstractContextManager[None]:
        return nullcontext()

    def make_room(self) -> None:
        return

    def hold(self, workspace_id: int) -> None:
        return

    def all(self) -> list[Workspace]:
        return self._registry.all()

    def shown(self, public_id_or_name: str) -> Workspace | None:
        return self._registry.named(public_id_or_name)


class SharedHomes(Chore):
    """One process among several. The registry knows those workspaces only that are at home here.

    `came` is called with a workspace that has just been taken home, `lost` with all that were, when the store's connection
    was lost.
    """

    what = "workspaces that nobody serves cannot be looked for now"

    def __init__(
        self,
        store: SharedStore,
        registry: Registry,
        came: Callable[[Workspace], None],
        lost: Callable[[list[int]], None],
    ) -> None:
        super().__init__(store, rest=0.0)
        self._shared = store
        self._registry = registry
        self._came = came
        self._lost = lost
        self._ids = Ids()
        store.when_lost(self._all_lost)

    def named(self, public_id_or_name: str) -> Workspace | None:
        if self._registry.named(public_id_or_name) is None:
            self._take(self._shared.workspace_named(public_id_or_name))
        return self._registry.named(public_id_or_name)

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        if self._registry.by_credential(provider, lookup) is None:
            self._take(self._shared.workspace_of(provider, lookup))
        return self._registry.by_credential(provider, lookup)

    def standing_at(self, place: int) -> int | None:
        id_ = self._shared.workspace_at(place)
        return id_ if self._take(id_) else None

    def alone(self) -> AbstractContextManager[None]:
        return self._shared.making()

    def make_room(self) -> None:
        if not IS_WANTED.get() and (address := self._shared.with_most_room()) is not None:
            raise Elsewhere(address)

    def hold(self, workspace_id: int) -> None:
        self._shared.hold_lock(workspace_id)

    def all(self) -> list[Workspace]:
        own = {workspace.id: workspace for workspace in self._registry.all()}
        return [own.get(id_) or Workspace.load(id_, raw) for id_, raw in self._shared.workspaces()]

    def shown(self, public_id_or_name: str) -> Workspace | None:
        if (found := self._registry.named(public_id_or_name)) is not None:
            return found
        id_ = self._shared.workspace_named(public_id_or_name)
        raw = None if id_ is None else self._shared.one_workspace(id_)
        return None if id_ is None or raw is None else Workspace.load(id_, raw[0])

    def _take(self, id_: int | None) -> bool:
        """Whether it is at home here from now on; False where there is none. Raises `Elsewhere`."""
        if id_ is None:
            return False
        if id_ in self._registry:
            return True
        if not IS_WANTED.get() and self._shared.holder(id_) is None:
            self.make_room()
        if not self._shared.hold_lock(id_):
            raise Elsewhere(self._shared.holder(id_))
        workspace = self._registry.read_one(id_)
        if workspace is None:
            self._shared.drop_lock(id_)
            return False
        self._came(workspace)
        return True

    def _all_lost(self) -> None:
        gone = [workspace.id for workspace in self._registry.all()]
        self._registry.forget_all()
        self._lost(gone)

    # What nobody asks for -----------------------------------------------------------------------------------------

    def after_look_s(self) -> float | None:
        return LOOK_S / 2 + LOOK_S * self._ids.bytes(1)[0] / 255  # so that processes do not look at the same moment

    def steps(self) -> Iterator[None] | None:
        for id_ in self._shared.held():
            if id_ not in self._registry:  # it was deleted, or never came to be
                self._shared.drop_lock(id_)
        orphans, processes = self._shared.orphans()
        return self._adopt(orphans, processes) if orphans else None

    def _adopt(self, orphans: list[int], processes: int) -> Iterator[None]:
        """A fair share of them: the others take theirs."""
        mixed = sorted(orphans, key=lambda _: self._ids.bytes(8))
        for id_ in mixed[: -(-len(orphans) // max(processes, 1))]:
            try:
                self._take(id_)
            except Elsewhere:
                continue  # another was quicker
            yield
