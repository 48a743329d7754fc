"""Walks a workspace's clock from deadline to deadline, and settles what is due. One walk in a workspace at a time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Literal

import orjson

from simulator.engine.dispatcher import Dispatcher
from simulator.engine.registry import Registry, WorkspaceError
from simulator.engine.store import Store
from simulator.engine.timers import Fired, Timers
from simulator.engine.transactions import Transactions
from simulator.engine.workspace import Stride
from simulator.kernel.clock import Clock, from_micros, micros, short_duration
from simulator.kernel.refusals import NotFound


class Walker:
    """Who walks begins all deliveries of the workspace and awaits them; `strides` are the advances that are under way."""

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
        self._locks: dict[int, asyncio.Lock] = {}
        self._walking: set[int] = set()

    def walks(self, workspace_id: int) -> bool:
        return workspace_id in self._walking

    async def advance(self, workspace_id: int, to: datetime, actor: Literal["console", "page"]) -> list[Fired]:
        """Walks from deadline to deadline up to `to`; at each, everything due is done, webhook attempts included.

        Raises `WorkspaceError` when that is in the past, `NotFound` when the workspace is deleted meanwhile.
        """
        fired: list[Fired] = []
        async with self._walk(workspace_id):
            started = self._registry[workspace_id].clock
            if to < started.now():
                raise WorkspaceError("the clock never runs backwards", "to")
            at = started.now()
            stride = self._strides[workspace_id] = Stride(at, to - at, actor)
            try:
                fired += await self._quiesce(workspace_id)
                while True:
                    raw = self._store.next_due(workspace_id)
                    if raw is None or from_micros(raw) > to:
                        break
                    at = max(at, from_micros(raw))
                    self._stand(workspace_id, started.standing(at))
                    fired += await self._quiesce(workspace_id)
                at = to
            finally:
                del self._strides[workspace_id]
                if workspace_id in self._registry:
                    self._registry.change(workspace_id, clock=started.moved_to(at))
        summary = f"advanced {short_duration(stride.by)} by {stride.actor}"
        row = (workspace_id, micros(to), "clock", "", None, None, None, orjson.dumps({"summary": summary, "moves": []}))
        self._transactions.note([row])
        return fired

    async def settle(self, workspace_id: int) -> None:
        """Does everything that is due at the workspace's present instant and returns when it is quiet."""
        async with self._walk(workspace_id):
            await self._quiesce(workspace_id)

    @asynccontextmanager
    async def _walk(self, workspace_id: int) -> AsyncIterator[None]:
        async with self._locks.setdefault(workspace_id, asyncio.Lock()):
            self._must_exist(workspace_id)
            self._walking.add(workspace_id)
            try:
                yield
            finally:
                self._walking.discard(workspace_id)

    def _stand(self, workspace_id: int, clock: Clock) -> None:
        """Not written: whoever opens the store after a crash finds the clock where the walk began."""
        self._registry.remember(dataclasses.replace(self._registry[workspace_id], clock=clock))

    async def _quiesce(self, workspace_id: int) -> list[Fired]:
        """Everything that is due now, and what becomes due by that."""
        self._transactions.commit()
        fired = self._timers.fire(workspace_id)
        self._dispatcher.start(workspace_id, fired)
        while await self._dispatcher.finished_one(workspace_id):
            self._must_exist(workspace_id)
            fired += self._timers.fire(workspace_id)
            self._dispatcher.start(workspace_id, fired)
        return fired

    def _must_exist(self, workspace_id: int) -> None:
        if workspace_id not in self._registry:
            raise NotFound("workspace", str(workspace_id))
