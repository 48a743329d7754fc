"""Opens units of work, and writes and commits what they did: state, timers, outbox and journal together, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from simulator.engine import again, journal
from simulator.engine.registry import Registry
from simulator.engine.store.base import Row
from simulator.engine.transactions import Share, Transactions
from simulator.engine.uow import UnitOfWork, World
from simulator.engine.workspace import Stride, Workspace
from simulator.kernel.clock import micros


class Units:
    """`strides` are the advances that are under way, by workspace; `afterwards` hears of each unit that is committed."""

    def __init__(
        self,
        world: World,
        registry: Registry,
        transactions: Transactions,
        strides: Mapping[int, Stride],
        afterwards: Callable[[UnitOfWork], None],
    ) -> None:
        self._world = world
        self._registry = registry
        self._transactions = transactions
        self._strides = strides
        self._afterwards = afterwards

    @contextmanager
    def unit(
        self, workspace: Workspace, *, provider: str, topic: str, now: datetime | None = None, together: bool = False
    ) -> Iterator[UnitOfWork]:
        """A unit of work: written when the block ends, undone when it raises.

        `topic` and `provider` are those of its lines in the journal, `now` its one instant. With `together` the commit is
        shared with whatever else is written in this turn of the loop: await `committed` before an answer leaves.
        """
        self._transactions.make_sure()
        share = Share(self._transactions)
        workspace = self._registry.current(workspace)
        uow = UnitOfWork(self._world, share, workspace, now or workspace.clock.now(), self._strides.get(workspace.id))
        try:
            yield uow
            uow.write()
            story = _story(uow, topic, provider)
            if not share.is_writing:
                self._transactions.journal(story)
                return
            share.journal(story)
            share.join(
                committed=lambda: self._afterwards(uow),
                undone=(lambda: self._registry.remember(workspace)) if uow.workspace_changed else None,
            )
        except BaseException:
            share.undo()
            raise
        again.written()
        if uow.workspace_changed:
            self._registry.remember(uow.workspace)
        self._transactions.commit(together=together)

    def read(self, workspace: Workspace) -> UnitOfWork:
        """A unit of work for looking only: it cannot write."""
        self._transactions.make_sure()
        workspace = self._registry.current(workspace)
        now = workspace.clock.now()
        return UnitOfWork(self._world, _Reading(self._transactions), workspace, now, self._strides.get(workspace.id))


class _Reading:
    """The share of somebody who only looks."""

    def __init__(self, transactions: Transactions) -> None:
        self.store = transactions.store

    def begin(self) -> None:
        raise RuntimeError("this unit of work was opened for reading; open one with `unit` to write")


def _story(uow: UnitOfWork, topic: str, provider: str) -> list[Row]:
    if not uow.moves and not uow.entry:
        return []
    subjects = list(uow.subjects)
    if not subjects and not uow.entry:
        subjects = list(dict.fromkeys(move["subject"] for move in uow.moves if move.get("subject")))
    return journal.rows_for(uow.workspace.id, micros(uow.now), topic, provider, uow.moves, subjects, **uow.entry)
