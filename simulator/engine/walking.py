"""Walks a workspace's clock from deadline to deadline, and settles what is due. One walk in a workspace at a time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Literal

from simulator.engine import journal
from simulator.engine.dispatcher import Dispatcher, Watch
from simulator.engine.registry import Registry, WorkspaceError
from simulator.engine.store import Store
from simulator.engine.timers import Timers
from simulator.engine.transactions import Transactions
from simulator.engine.workspace import Stride
from simulator.kernel.clock import LAST, NO_FURTHER, Clock, from_micros, micros, short_duration
from simulator.kernel.refusals import NotFound


class _Walk:
    """A walk that is under way. Who halts the workspace says by `ended_by` why it must end."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.ended_by: Exception | None = None
        self.is_stopped = False
        """Whether it is to arrive where it is."""


class _Halted(Exception):
    """The walk must end: the workspace is about to be reset or deleted."""


class Walker:
    """Who walks begins all deliveries of the workspace and awaits them; `strides` are the advances that are under way.

    Only the walk itself moves the clock, step by step from what it shows at present. So who freezes it, or lets it run,
    during an advance changes its mode, and that holds where the advance arrives.
    """

    def __init__(
        self,
        store: Store,
        registry: Registry,
        transactions: Transactions,
        timers: Timers,
        dispatcher: Dispatcher,
        strides: dict[int, Stride],
    ) -> None:
        self._store = store
        self._registry = registry
        self._transactions = transactions
        self._timers = timers
        self._dispatcher = dispatcher
        self._strides = strides
        self._turns: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Who may walk next."""
        self._gates: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Held while a workspace is halted: no walk begins then."""
        self._walks: dict[int, _Walk] = {}

    def walks(self, workspace_id: int) -> bool:
        return workspace_id in self._walks

    def stop(self, workspace_id: int) -> bool:
        """Lets an advance that is under way arrive at the deadline that it has reached; False where there is none."""
        if workspace_id not in self._strides:
            return False
        self._walks[workspace_id].is_stopped = True
        return True

    async def advance(self, workspace_id: int, to: datetime | None, actor: Literal["console", "page"]) -> Watch:
        """Walks from deadline to deadline up to `to`; at each, everything due is done, webhook attempts included. None is the
        next deadline; what is overdue is done now.

        A receiver that runs out of time is waited for once. Raises `WorkspaceError` when that is in the past or beyond the last
        instant of all clocks, or the workspace is reset meanwhile, `NotFound` when it is deleted.
        """
        async with self._walk(workspace_id) as walk:
            at = self._registry[workspace_id].clock.now()
            field = "next" if to is None else "to"
            if to is None:
                raw = self._store.next_due(workspace_id)
                to = at if raw is None else max(at, from_micros(raw))
            if to < at and self._registry[workspace_id].clock.rate > 1:
                to = at  # it has run past that since it was asked
            if to < at:
                raise WorkspaceError("the clock never runs backwards", "to")
            if to > LAST:
                raise WorkspaceError(NO_FURTHER, field)
            stride = self._strides[workspace_id] = Stride(at, to - at, actor)
            try:
                await self._quiesce(workspace_id, walk)
                while (raw := self._store.next_due(workspace_id, micros(at))) is not None and from_micros(raw) <= to:
                    if walk.is_stopped:
                        break
                    at = from_micros(raw)
                    self._stand(workspace_id, at)
                    await self._quiesce(workspace_id, walk)
                at = to = at if walk.is_stopped else to
            except _Halted as halted:
                assert walk.ended_by is not None
                raise walk.ended_by from halted
            finally:
                del self._strides[workspace_id]
                if walk.ended_by is None and workspace_id in self._registry:
                    await self._transactions.patiently(partial(self._arrive, workspace_id, at))
        walk.watch.arrived_at = to
        by, fired = to - stride.since, walk.watch.fired
        summary = f"advanced {short_duration(by)} by {stride.actor}"
        sent = sum(one["kind"] == "webhook" for one in fired)
        more = {"since": micros(stride.since), "by": stride.actor, "sent": sent, "timers": len(fired) - sent}
        row = journal.note(workspace_id, micros(to), "clock", summary, **more)
        self._transactions.journal([row])
        return walk.watch

    async def settle(self, workspace_id: int) -> Watch:
        """Does everything that is due at the workspace's present instant and returns when it is quiet, or no more.

        A receiver that runs out of time is waited for once.
        """
        async with self._walk(workspace_id) as walk:
            with suppress(_Halted):
                await self._quiesce(workspace_id, walk)
        return walk.watch

    def held(self, workspace_id: int, clock: Clock) -> Clock:
        """The clock that somebody sets, as it is shown for now: one that runs stands still until the advance is over."""
        if workspace_id not in self._strides or clock.standing_at is not None:
            return clock
        return clock.standing(self._registry[workspace_id].clock.now())

    @asynccontextmanager
    async def halted(self, workspace_id: int, reason: Exception) -> AsyncIterator[None]:
        """Nobody walks and nothing is delivered within; an advance that is under way ends with `reason`."""
        async with self._gates[workspace_id]:
            if (walk := self._walks.get(workspace_id)) is not None:
                walk.ended_by = reason  # it sees this as soon as its deliveries have been stopped
            async with self._dispatcher.halted(workspace_id):
                yield

    def forget(self, workspace_id: int) -> None:
        """Of a workspace that is gone; who waits for his turn finds that out by himself."""
        for locks in (self._turns, self._gates):
            if workspace_id in locks and not locks[workspace_id].locked():
                del locks[workspace_id]

    @asynccontextmanager
    async def _walk(self, workspace_id: int) -> AsyncIterator[_Walk]:
        async with self._turns[workspace_id]:
            async with self._gates[workspace_id]:
                if workspace_id not in self._registry:
                    raise NotFound("workspace", str(workspace_id))
                walk = self._walks[workspace_id] = _Walk(self._dispatcher.watch(workspace_id))
            try:
                yield walk
            finally:
                del self._walks[workspace_id]
                self._dispatcher.unwatch(workspace_id)

    async def _quiesce(self, workspace_id: int, walk: _Walk) -> None:
        """Everything that is due now, and what becomes due by that, meanwhile too."""
        while True:
            if walk.ended_by is not None:
                raise _Halted
            if await self._transactions.patiently(partial(self._begin, workspace_id, walk)):
                await asyncio.sleep(0)  # ten thousand timers may be due at an instant, and others want to be served
            elif not await self._dispatcher.news(workspace_id):
                return

    def _begin(self, workspace_id: int, walk: _Walk) -> bool:
        """Does some of what is due: True where that may not be all. When all timers have fired, what is to be sent leaves."""
        if walk.ended_by is not None or workspace_id not in self._registry:
            return False
        self._transactions.commit()
        if self._timers.fire(workspace_id, told=walk.watch.fired):
            return True
        return self._dispatcher.start(workspace_id)

    def _stand(self, workspace_id: int, at: datetime) -> None:
        """Moves the clock and lets it stand. Not written: after a crash it is where the advance began."""
        workspace = self._registry[workspace_id]
        at = max(at, workspace.clock.now())
        self._registry.remember(dataclasses.replace(workspace, clock=workspace.clock.moved_to(at).standing(at)))

    def _arrive(self, workspace_id: int, at: datetime) -> None:
        """Moves the clock and lets it go on in its own mode: in memory first, in case that it cannot be written."""
        workspace = self._registry[workspace_id]
        clock = workspace.clock.moved_to(max(at, workspace.clock.now()))
        self._registry.remember(dataclasses.replace(workspace, clock=clock))
        self._registry.change(workspace_id, clock=clock)
