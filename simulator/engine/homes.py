"""Where a workspace is at home: the one process that serves it, of several on one store.

A process keeps much of a workspace in memory: its clock and scenarios, what is due when, who waits for which receiver, what
its rate limits have left, who looks at its pages. So exactly one process at a time serves a workspace, and the others pass
its requests on to that one (`surface/replica.py`). A workspace that nobody serves is taken home by the first process that is
asked for it, unless another serves fewer. If nobody asks for it but something is due there, the first process that sees it
takes it home.

The right to serve a workspace is a lock in the store, held by the same connection that writes. If the connection is lost, so
is the lock, and a process without the lock cannot write. So when a process is killed or cut off from the store, another one
takes over at once. One that was cut off learns of it by its next statement; it drops what it had in memory and reads it again.
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
"""Whether this process must take home the workspace that is asked for, if nobody serves it. False for a request that has just
arrived: another process that serves fewer workspaces may take it."""


class Elsewhere(Later):
    """Another process must answer this, at `address`. None where no address is known yet: ask again in a moment."""

    def __init__(self, address: str | None) -> None:
        super().__init__(address or "nobody yet")
        self.address = address


class Homes(Protocol):
    """What the runtime asks about workspaces that may be at home elsewhere."""

    def named(self, public_id_or_name: str) -> Workspace | None:
        """The workspace of that name, at home here from now on; None where there is none. Raises `Elsewhere`."""

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        """The workspace that has this credential, at home here from now on; None where there is none. Raises `Elsewhere`."""

    def standing_at(self, place: int) -> int | None:
        """The own number of the workspace whose rows the store keeps under the number `place`, at home here from now on; None where
        there is no such workspace any more. Raises `Elsewhere`."""

    def alone(self) -> AbstractContextManager[None]:
        """Within this block no other process can take a name or a credential for a new workspace."""

    def make_room(self) -> None:
        """To be called before a new workspace is made. Raises `Elsewhere` where another process serves fewer."""

    def hold(self, workspace_id: int) -> None:
        """Makes this process the home of a new workspace, which nobody else knows yet."""

    def all(self) -> list[Workspace]:
        """Every workspace, wherever it is at home. Only for looking: they must not be changed."""

    def shown(self, public_id_or_name: str) -> Workspace | None:
        """One of these, of that id or name."""


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
    """One process among several. Its registry knows only the workspaces that are at home here.

    `came` is called with a workspace that has just been taken home. `lost` is called when the connection to the store was
    lost, with all workspaces that were at home here.
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
        """Takes a workspace home. False where there is no such workspace. Raises `Elsewhere`."""
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
        """Takes home a fair share of the orphans; the other processes take theirs."""
        mixed = sorted(orphans, key=lambda _: self._ids.bytes(8))
        for id_ in mixed[: -(-len(orphans) // max(processes, 1))]:
            try:
                self._take(id_)
            except Elsewhere:
                continue  # another was quicker
            yield
