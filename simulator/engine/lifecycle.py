"""What becomes of whole workspaces: they are reset, kept as snapshots and restored, brought along as documents, removed; other
processes take them over and give them back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.engine import portable, report_folder
from simulator.engine.absent import Absent
from simulator.engine.arrivals import Arrivals
from simulator.engine.dispatcher import Dispatcher
from simulator.engine.homes import Homes
from simulator.engine.keeping import Keeper
from simulator.engine.registry import Registry, WorkspaceError
from simulator.engine.renaming import Renamed
from simulator.engine.store import SnapshotRow
from simulator.engine.sweeper import Sweeper
from simulator.engine.throttle import Buckets
from simulator.engine.transactions import Transactions
from simulator.engine.walking import Walker
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.refusals import NotFound

if TYPE_CHECKING:
    from simulator.engine.document import Document


class Lifecycle:
    """What is under way in a workspace is broken off first: deliveries without a trace, an advance with an error. `schedule` puts
    the next deadline of a workspace on the agenda."""

    def __init__(
        self,
        registry: Registry,
        transactions: Transactions,
        homes: Homes,
        walker: Walker,
        dispatcher: Dispatcher,
        keeper: Keeper,
        sweeper: Sweeper,
        buckets: Buckets,
        absent: Absent,
        arrivals: Arrivals,
        reports: Callable[[], Path | None],
        schedule: Callable[[int], None],
    ) -> None:
        self._registry = registry
        self._transactions = transactions
        self._homes = homes
        self._walker = walker
        self._dispatcher = dispatcher
        self._keeper = keeper
        self._sweeper = sweeper
        self._buckets = buckets
        self._absent = absent
        self._arrivals = arrivals
        self._reports = reports
        self._schedule = schedule
        self._going: set[asyncio.Task[None]] = set()
        """What removes temporary workspaces, and breaks off what was under way in lost ones."""

    async def reset(self, workspace: Workspace) -> Workspace:
        """Drops what happened; keeps credentials, endpoints and settings. A frozen clock runs again. See `Registry.reset`."""
        async with self._walker.halted(workspace.id, WorkspaceError("the workspace was reset meanwhile")):
            self._buckets.forget(workspace.id)
            fresh = self._registry.reset(workspace.id)
            report_folder.set_aside(self._reports(), fresh)
            self._sweeper.look()
            self._absent.set_aside()
            return fresh

    def take_snapshot(self, workspace: Workspace, name: str | None) -> SnapshotRow:
        """A copy of everything that the workspace has. Raises `WorkspaceError` when the name is taken."""
        self._transactions.write_late()
        return self._registry.take_snapshot(workspace.id, name)

    async def restore(self, workspace: Workspace, snapshot: str) -> Workspace:
        """Back to a snapshot. What is under way is broken off: deliveries without a trace, an advance with an error."""
        async with self._walker.halted(workspace.id, WorkspaceError("the workspace was restored meanwhile")):
            self._buckets.forget(workspace.id)
            restored = self._registry.restore(workspace.id, snapshot)
            self._keeper.forget(workspace.id)
            self._absent.set_aside()
        self._schedule(workspace.id)
        return restored

    def export(self, workspace: Workspace) -> dict[str, Any]:
        """Everything that the workspace has, as a document (`portable`). Raises `TooMuch`."""
        self._transactions.write_late()
        current = self._registry.current(workspace)
        return portable.written(current, self._registry.rows_to_take_along(workspace.id), time_of_day())

    async def bring_in(
        self, document: Document, *, name: str | None = None, from_network: bool = False
    ) -> tuple[Workspace, list[Renamed]]:
        """A new workspace from a document, and what has another name in it. See `Arrivals.admit`."""
        workspace, renamed = await self._arrivals.admit(document, self._homes.alone, name, from_network=from_network)
        self._schedule(workspace.id)
        return workspace, renamed

    def drop_snapshot(self, snapshot: SnapshotRow) -> None:
        with self._transactions.writing() as store:
            store.drop_snapshot(snapshot.id)

    async def delete(self, workspace: Workspace) -> None:
        """An advance that is under way ends with `NotFound`, as does whatever comes later."""
        async with self._walker.halted(workspace.id, NotFound("workspace", workspace.public_id)):
            self._buckets.forget(workspace.id)
            self._registry.delete(workspace.id)
            self._sweeper.look()
            self._absent.set_aside()
        self._walker.forget(workspace.id)

    def came_home(self, workspace: Workspace) -> None:
        """Another process has served it until now, or nobody."""
        self._dispatcher.look_again(workspace.id)
        self._absent.set_aside()
        self._schedule(workspace.id)

    def lost(self, workspaces: list[int]) -> None:
        """Others may serve them now: what is under way here must not be recorded."""
        for id_ in workspaces:
            self._buckets.forget(id_)
            self._keeper.forget(id_)
            self.aside(self._break_off(id_))

    async def _break_off(self, workspace_id: int) -> None:
        async with self._walker.halted(workspace_id, WorkspaceError("the store was away meanwhile")):
            pass
        self._walker.forget(workspace_id)

    def aside(self, what: Coroutine[Any, Any, None]) -> None:
        """Runs it in the background while requests are served."""
        task = asyncio.create_task(what)
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def close(self) -> None:
        """Waits for what is done aside."""
        await asyncio.gather(*self._going)
