"""Walks a workspace's clock from deadline to deadline, and settles what is due. One walk in a workspace at a time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from simulator.engine import journal
from simulator.engine.dispatcher import Dispatcher, Watch
from simulator.engine.registry import Registry, WorkspaceError
from simulator.engine.store import Store
from simulator.engine.timers import Timers
from simulator.engine.transactions import Transactions
from simulator.engine.workspace import Stride, in_words
from simulator.kernel.clock import LAST, NO_FURTHER, Clock, from_micros, micros, short_duration, time_of_day
from simulator.kernel.refusals import NotFound

AHEAD = timedelta(seconds=1)
"""A clock that is ahead of the time of day by no more than this runs at it, and stays ahead by that little."""


TOO_FAR = "the clock is ahead of the time of day and never runs backwards; a reset or a new workspace is not ahead"


class Ahead(WorkspaceError):
    """The clock is ahead of the time of day, and cannot go back to it: none runs backwards."""


class _Walk:
    """A walk that is under way. Who halts the workspace says by `ended_by` why it must end."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.ended_by: Exception | None = None
        self.is_stopped = False
        """Whether it is to arrive where it is."""

    @contextmanager
    def ending(self) -> Iterator[None]:
        """What is done within ends when somebody halts the workspace. Raises the reason."""
        with suppress(_Halted):
            yield
        if self.ended_by is not None:
            raise self.ended_by


class _Halted(Exception):
    """The walk must end: the workspace is about to be reset or deleted."""


class Walker:
    """Who walks begins all deliveries of the workspace and awaits them; `strides` are the advances that are under way.

    Only the walk itself moves the clock, step by step from what it shows at present. So who freezes it, or lets it run,
    during an advance changes its mode, and that holds where the advance arrives; also where that was to run at the time of day.
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
        self._given: Counter[int] = Counter()
        """How often somebody has set the clock."""

    def walks(self, workspace_id: int) -> bool:
        return workspace_id in self._walks

    def stop(self, workspace_id: int) -> bool:
        """Lets an advance that is under way arrive at the deadline that it has reached; False where there is none."""
        if workspace_id not in self._strides:
            return False
        self._walks[workspace_id].is_stopped = True
        return True

    async def advance(
        self, workspace_id: int, to: datetime | timedelta | None, actor: Literal["console", "page"]
    ) -> Watch:
        """Walks from deadline to deadline up to `to`. At each deadline everything due is done, webhook attempts included.

        `to` is an instant, a duration from what the clock shows when this advance has its turn, or None for the next deadline.
        A receiver that runs out of time is waited for once. Raises `WorkspaceError` if `to` is in the past or beyond the last
        instant of all clocks, or if the workspace is reset meanwhile; `NotFound` if it is deleted.
        """
        async with self._walk(workspace_id) as walk:
            at = self._registry[workspace_id].clock.now()
            stride = Stride(at, self._target(workspace_id, at, to) - at, actor)
            await self._go(workspace_id, walk, stride, _unchanged)
            self._tell_advance(workspace_id, walk.watch, stride)
        return walk.watch

    def _target(self, workspace_id: int, at: datetime, to: datetime | timedelta | None) -> datetime:
        if to is None:
            raw, field = self._store.next_due(workspace_id), "next"
            to = at if raw is None else max(at, from_micros(raw))
        elif isinstance(to, timedelta):
            field = "by"
            to = None if to > LAST - at else at + to
        else:
            field = "to"
            if to < at and self._registry[workspace_id].clock.rate > 1:
                to = at  # it has run past that since it was asked
        if to is None or to > LAST:
            raise WorkspaceError(NO_FURTHER, field)
        if to < at:
            raise WorkspaceError("the clock never runs backwards", field)
        return to

    async def back(self, workspace_id: int) -> Clock:
        """Walks to the time of day as `advance` does, and lets the clock run at it from there: unless it is stopped, or somebody
        has set the clock since this was asked. The clock as it is then.

        Raises `Ahead` when the clock is further than the time of day, before or by then, and what `advance` does.
        """
        given, is_back = self._given[workspace_id], False
        async with self._walk(workspace_id) as walk:

            def is_other() -> bool:
                return walk.is_stopped or self._given[workspace_id] != given

            def at_time_of_day(clock: Clock) -> Clock:
                nonlocal is_back
                is_back = not is_other() and clock.ahead <= AHEAD
                return clock.at_time_of_day() if is_back else clock

            day, clock = time_of_day(), self._registry[workspace_id].clock
            if clock.ahead > AHEAD:
                raise Ahead(TOO_FAR)
            at = clock.now()
            if clock.rate > 1:
                self._stand(workspace_id, at)  # it would overtake the time of day meanwhile
            stride = Stride(at, max(day - at, timedelta(0)), "console")
            clock = await self._go(workspace_id, walk, stride, at_time_of_day)
            if stride.by:
                self._tell_advance(workspace_id, walk.watch, stride)
            if is_back:
                said = in_words(self._registry[workspace_id], {"clock": clock})
                self._transactions.journal([journal.line_about(workspace_id, micros(clock.now()), "clock", said)])
            elif not is_other() or clock.ahead > AHEAD:
                raise Ahead(TOO_FAR)
        return clock

    async def _go(self, workspace_id: int, walk: _Walk, stride: Stride, then: Callable[[Clock], Clock]) -> Clock:
        """Walks as far as the stride goes, or until it is stopped; the clock there is what `then` makes of it."""
        at, to = stride.since, stride.since + stride.by
        arrived: Callable[[Clock], Clock] = _unchanged
        self._strides[workspace_id] = stride
        with walk.ending():
            try:
                await self._quiesce(workspace_id, walk)
                while (raw := self._store.next_due(workspace_id, micros(at))) is not None and from_micros(raw) <= to:
                    if walk.is_stopped:
                        break
                    at = from_micros(raw)
                    self._stand(workspace_id, at)
                    await self._quiesce(workspace_id, walk)
                at, arrived = at if walk.is_stopped else to, then
            finally:
                del self._strides[workspace_id]
                await self._transactions.patiently(partial(self._arrive, workspace_id, walk, at, arrived))
        if workspace_id not in self._registry:  # another process serves it now
            raise NotFound("workspace", str(workspace_id))
        walk.watch.arrived_at = at
        return self._registry[workspace_id].clock

    def _tell_advance(self, workspace_id: int, watch: Watch, stride: Stride) -> None:
        assert watch.arrived_at is not None
        summary = f"advanced {short_duration(watch.arrived_at - stride.since)} by {stride.actor}"
        sent = sum(one["kind"] == "webhook" for one in watch.fired)
        more = {"since": micros(stride.since), "by": stride.actor, "sent": sent, "timers": len(watch.fired) - sent}
        row = journal.line_about(workspace_id, micros(watch.arrived_at), "clock", summary, **more)
        self._transactions.journal([row])

    async def settle(self, workspace_id: int) -> Watch:
        """Does everything that is due at the workspace's present instant and returns when it is quiet, or no more.

        A receiver that runs out of time is waited for once. Raises `WorkspaceError` when the workspace is reset meanwhile,
        `NotFound` when it is deleted.
        """
        async with self._walk(workspace_id) as walk:
            with walk.ending():
                await self._quiesce(workspace_id, walk)
        return walk.watch

    def given(self, workspace_id: int, clock: Clock) -> Clock:
        """To be asked when somebody sets the clock: it, as it is shown for now. One that runs stands still until the advance is
        over."""
        self._given[workspace_id] += 1
        if workspace_id not in self._strides or clock.standing_at is not None:
            return clock
        return clock.standing(self._registry[workspace_id].clock.now())

    @asynccontextmanager
    async def halted(self, workspace_id: int, reason: Exception) -> AsyncIterator[None]:
        """Nobody walks and nothing is delivered within; an advance that is under way ends with `reason`."""
        async with self._gates[workspace_id]:
            if (walk := self._walks.get(workspace_id)) is not None:
                walk.ended_by = reason  # the walk reads `ended_by` as soon as its deliveries have been stopped
            async with self._dispatcher.halted(workspace_id):
                yield

    def forget(self, workspace_id: int) -> None:
        """Drops what is kept of a workspace that is gone. A walk that waits for its turn there finds out by itself."""
        del self._given[workspace_id]
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

    def _arrive(self, workspace_id: int, walk: _Walk, at: datetime, then: Callable[[Clock], Clock]) -> None:
        """Moves the clock and lets it go on in its own mode, or as `then` says: in memory first, in case that it cannot be
        written."""
        if walk.ended_by is not None or workspace_id not in self._registry:
            return
        workspace = self._registry[workspace_id]
        clock = then(workspace.clock.moved_to(max(at, workspace.clock.now())))
        self._registry.remember(dataclasses.replace(workspace, clock=clock))
        self._registry.change(workspace_id, clock=clock)


def _unchanged(clock: Clock) -> Clock:
    return clock
