"""How something is written. There is one way:

    with transactions.writing() as store:
        store.insert_timers(...)

What is written within the block stands or falls together: if the block raises, exactly that is taken back. If it ends, it
has joined the one transaction of everybody who has written in this turn of the event loop. That transaction is committed
at once, or (`together=True`) when the turn is over; no answer may leave before `committed()` is done. A unit of work is
written in the same way, see `units.py`. Behind both is a `Share`: it begins, and then it joins or is undone.
Lines of the journal about what changed nothing are `note`d and written with whatever is committed next, or soon after.

One thread, one connection, one writer at a time. Several processes on one PostgreSQL would replace this module: each share
has a connection and a transaction of its own then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from simulator.engine.store import Store
from simulator.engine.store.base import Row

log = logging.getLogger("simulator")

JOURNAL_BUFFER = 200
"""Notes wait for this many, for the next commit, or for the loop's next turn before they are written."""


class Share:
    """One writer's part of the transaction. The first part opens it; those that join later stand behind a savepoint."""

    __slots__ = ("_is_writing", "_transactions", "store")

    def __init__(self, transactions: Transactions) -> None:
        self.store = transactions.store
        self._transactions = transactions
        self._is_writing = False

    @property
    def is_writing(self) -> bool:
        return self._is_writing

    def begin(self) -> None:
        """Lets the writer write. May be called again."""
        if not self._is_writing:
            self._transactions.open_part()
            self._is_writing = True

    def undo(self) -> None:
        """Takes back what was written; what others have written stays."""
        if self._is_writing:
            self._is_writing = False
            self._transactions.drop_part()

    def join(self, afterwards: Callable[[], None] | None = None) -> None:
        """What was written stands if the transaction does; `afterwards` is called once that is committed."""
        if self._is_writing:
            self._transactions.join_part(afterwards)
            self._is_writing = False


class Transactions:
    """The one transaction that is under way. `wake` is called when there is a note to write soon."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self.store = store
        self._wake = wake
        self._recover: Callable[[], None] = lambda: None
        self._is_written = False
        """Whether there is a part that has begun and has neither joined nor been undone."""
        self._has_joined = False
        """Whether there is something to commit."""
        self._commit_is_near = False
        self._afterwards: list[Callable[[], None]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._notes: list[Row] = []

    # Writing -----------------------------------------------------------------------------------------------------

    def share(self) -> Share:
        return Share(self)

    @contextmanager
    def writing(self, *, together: bool = False) -> Iterator[Store]:
        """For what no unit of work writes. With `together` somebody else commits: await `committed`."""
        share = self.share()
        try:
            share.begin()
            yield self.store
            share.join()
        except BaseException:
            share.undo()
            raise
        self.commit(together=together)

    def open_part(self) -> None:
        if self._is_written:
            raise RuntimeError("two writers at once: end the one before the other begins")
        if self._has_joined:
            self.store.begin_part()
        else:
            self.store.begin()
        self._is_written = True

    def drop_part(self) -> None:
        self._is_written = False
        if self._has_joined:
            self.store.rollback_part()
        else:
            self.store.rollback()

    def join_part(self, afterwards: Callable[[], None] | None) -> None:
        if self._has_joined:
            self.store.commit_part()
        self._is_written, self._has_joined = False, True
        if afterwards is not None:
            self._afterwards.append(afterwards)

    def if_a_commit_fails(self, recover: Callable[[], None]) -> None:
        """`recover` is called then: memory may hold what the store does not."""
        self._recover = recover

    # Committing --------------------------------------------------------------------------------------------------

    def commit(self, *, together: bool = False) -> None:
        """Commits everything that has joined, then lets the answers go: now, or `together` with the rest of this turn.

        Raises the store's error when it cannot be committed.
        """
        if not self._has_joined:
            return
        if together:
            if not self._commit_is_near:
                self._commit_is_near = True
                asyncio.get_running_loop().call_soon(self._commit_together)
            return
        self._has_joined = False
        afterwards, self._afterwards = self._afterwards, []
        waiting, self._waiting = self._waiting, []
        try:
            self.store.commit()
        except BaseException as error:
            self.store.rollback()
            self._recover()
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(error)
            raise
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
        for call in afterwards:
            call()

    def committed(self) -> asyncio.Future[None] | None:
        """What an answer waits for; None when everything is committed. Raises the store's error when it cannot commit."""
        if not self._has_joined:
            return None
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        return waiter

    def _commit_together(self) -> None:
        self._commit_is_near = False
        try:
            self.commit()
        except Exception:  # everybody who waits for this commit is told
            log.exception("the store could not commit")

    # Notes -------------------------------------------------------------------------------------------------------

    @property
    def has_notes(self) -> bool:
        return bool(self._notes)

    def note(self, rows: Sequence[Row]) -> None:
        """Journals something that changed nothing; written with the next commit or soon after."""
        if rows and not self._notes:
            self._wake()
        self._notes += rows
        if len(self._notes) >= JOURNAL_BUFFER:
            self.write_notes()

    def write_notes(self) -> None:
        if self._notes:
            with self.writing() as store:
                store.insert_journal(self.take_notes())

    def take_notes(self) -> list[Row]:
        """For who writes into the journal anyway, so that its lines stand in the order in which they were noted."""
        notes, self._notes = self._notes, []
        return notes

    def forget_notes(self, workspace_id: int) -> None:
        """Those of a workspace that is reset or deleted."""
        self._notes = [row for row in self._notes if row[0] != workspace_id]
