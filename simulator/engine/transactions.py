"""How something is written. There is one way:

    with transactions.writing() as store:
        store.insert_timers(...)

What is written within the block stands or falls together: if the block raises, exactly that is taken back. If it ends, it
has joined the one transaction of everybody who has written in this turn of the event loop. That transaction is committed
at once, or (`together=True`) when the turn is over; no answer may leave before `committed()` is done. A unit of work is
written in the same way, see `units.py`. Behind both is a `Share`: it begins, and then it joins or is undone.
Lines of the journal about what changed nothing wait (`journal`) and are written with whatever is committed next, or soon after.

When a commit fails, everybody who waits for it is told, and what they have changed in memory is undone. It may have
succeeded all the same, if only its confirmation was lost: before anybody opens the next unit of work, what is kept in
memory is read again from the store.

One thread, one connection, one writer at a time. Of several processes on one PostgreSQL each has its own, and its workspaces.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from simulator.engine import again
from simulator.engine.again import Locked
from simulator.engine.store import Store
from simulator.engine.store.base import Row
from simulator.kernel.clock import stopwatch

log = logging.getLogger("simulator")

T = TypeVar("T")

JOURNAL_BUFFER = 200
"""Lines of the journal that come late are written when there are so many, with the next commit, or in the loop's next turn."""

TRIAL = 65_536
"""Bytes that are written to see whether there is room."""

CHECKPOINT_S = 0.1
"""Seconds after a commit that was logged until it has come into the store."""

CHECKPOINT_AGAIN_S = 1.0
"""How long to wait with the next checkpoint after one that failed, for each executes again what is logged."""

LATE_KEPT = 10_000
"""While the store is away, the newest."""


class Share:
    """One writer's part of the transaction. The first part opens it; those that join later stand behind a savepoint."""

    __slots__ = ("_has_late", "_transactions", "is_writing", "store")

    def __init__(self, transactions: Transactions) -> None:
        self.store = transactions.store
        self._transactions = transactions
        self.is_writing = False
        self._has_late = False

    def begin(self) -> None:
        """Lets the writer write. May be called again."""
        if not self.is_writing:
            self._transactions.open_part()
            self.is_writing = True

    def journal(self, rows: Sequence[Row]) -> None:
        """Writes lines of the journal, after those that were late before them."""
        self.begin()
        self.store.insert_journal([*self._transactions.late, *rows])
        self._has_late = True

    def undo(self) -> None:
        """Takes back what was written; what others have written stays."""
        if self.is_writing:
            self.is_writing = False
            self._transactions.drop_part()

    def join(self, *, committed: Callable[[], None] | None = None, undone: Callable[[], None] | None = None) -> None:
        """What was written stands if the transaction does: one of the two is called when that is known."""
        if self.is_writing:
            self._transactions.join_part(committed, undone, self._has_late)
            self.is_writing = False


class _Batch:
    """What has joined the transaction that is under way."""

    __slots__ = ("committed", "late", "spoilt_by", "undone", "waiting")

    def __init__(self) -> None:
        self.committed: list[Callable[[], None]] = []
        self.undone: list[Callable[[], None]] = []
        self.waiting: list[asyncio.Future[None]] = []
        self.late: list[Row] = []
        self.spoilt_by: BaseException | None = None
        """A part could not be taken back, so that nothing of the whole may be committed."""


class Transactions:
    """The one transaction that is under way. `wake` is called when there is a late line to write soon."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self.store = store
        self.late: list[Row] = []
        """Lines of the journal that wait to be written."""
        self.trouble: str | None = None
        """Why nothing could be written when somebody last tried, in a sentence; None when it could."""
        self._queue = again.Queue(store)
        self._wake = wake
        self._recover: Callable[[], None] = lambda: None
        self._is_doubtful = False
        """Whether a commit or a rollback has failed since the store was last read as a whole."""
        self._is_written = False
        """Whether there is a part that has begun and has neither joined nor been undone."""
        self._batch: _Batch | None = None
        """None while there is nothing to commit."""
        self._commit_is_near = False
        self._checkpoint_on: asyncio.AbstractEventLoop | None = None
        """The loop that will call `_checkpoint`."""
        self._checkpoint_trouble: str | None = None
        """Why the last one failed: said once, however often it is tried."""

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
        again.written()
        self.commit(together=together)

    def open_part(self) -> None:
        if self._is_written:
            raise RuntimeError("two writers at once: end the one before the other begins")
        if self._batch is not None:
            self.store.begin_part()
        else:
            try:
                self.make_sure()
                self.store.begin()
            except Exception as error:
                self.trouble = self.store.outage(error)
                raise
        self._is_written = True

    def drop_part(self) -> None:
        """To be called where the error is at hand that was the reason."""
        self._is_written = False
        if not isinstance(sys.exception(), Locked):  # which says nothing of the store
            self.trouble = self.store.outage(sys.exception()) or self.trouble
        try:
            if self._batch is not None:
                self.store.rollback_part()
            else:
                self.store.rollback()
        except Exception as error:
            self._log("what was written could not be taken back", error)
            if self._batch is not None:
                self._batch.spoilt_by = error
            else:
                self._is_doubtful = True

    def join_part(
        self, committed: Callable[[], None] | None, undone: Callable[[], None] | None, has_late: bool
    ) -> None:
        if self._batch is not None:
            self.store.commit_part()
        else:
            self.store.first_part_stands()
            self._batch = _Batch()
        self._is_written = False
        if committed is not None:
            self._batch.committed.append(committed)
        if undone is not None:
            self._batch.undone.append(undone)
        if has_late:
            self._batch.late += self.late
            self.late = []

    # Committing --------------------------------------------------------------------------------------------------

    def commit(self, *, together: bool = False) -> None:
        """Commits everything that has joined, then lets the answers go: now, or `together` with the rest of this turn.

        Raises the store's error when it cannot be committed.
        """
        if self._batch is None:
            return
        if together:
            if not self._commit_is_near:
                self._commit_is_near = True
                asyncio.get_running_loop().call_soon(self.commit_or_tell)
            return
        batch, self._batch = self._batch, None
        try:
            if batch.spoilt_by is not None:
                raise batch.spoilt_by
            self._commit_store()
        except BaseException as error:
            self._fail(batch, error)
            raise
        for waiter in batch.waiting:
            if not waiter.done():
                waiter.set_result(None)
        for call in batch.committed:
            call()

    def _commit_store(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # nobody would call in a moment
            self.store.commit()
            self.trouble = None
            return
        if not self.store.commit_logged():
            self.trouble = None
        elif self._checkpoint_on is not loop:
            self._checkpoint_on = loop
            loop.call_later(CHECKPOINT_S, self._checkpoint)

    def _checkpoint(self) -> None:
        """Not while somebody writes: then in a moment."""
        loop, self._checkpoint_on, again_s = self._checkpoint_on, None, CHECKPOINT_S
        if self._batch is None and not self._is_written:
            try:
                is_done = self.store.checkpoint()
            except Exception as error:
                self.trouble, again_s = self.store.outage(error), CHECKPOINT_AGAIN_S
                if str(error) != self._checkpoint_trouble:
                    self._log("what is logged could not come into the store", error)
                self._checkpoint_trouble = str(error)
            else:
                if is_done:
                    self.trouble = self._checkpoint_trouble = None
                    return
        assert loop is not None
        self._checkpoint_on = loop
        loop.call_later(again_s, self._checkpoint)

    def _fail(self, batch: _Batch, error: BaseException) -> None:
        self._is_doubtful = True
        self.trouble = self.store.outage(error)
        for waiter in batch.waiting:
            if not waiter.done():
                waiter.set_exception(error)
        for undo in reversed(batch.undone):
            undo()
        self.late = [*batch.late, *self.late]
        try:
            self.store.rollback()
        except Exception as another:
            self._log("a transaction that failed could not be rolled back", another)

    def commit_or_tell(self) -> None:
        """Commits for a caller that does not wait for it: an error is logged, and raised to those who wait."""
        self._commit_is_near = False
        try:
            self.commit()
        except Exception as error:  # everybody who waits for this commit is told
            self._log("the store could not commit", error)

    def _log(self, what: str, error: Exception) -> None:
        """To be called where it is at hand: an outage is a sentence, anything else a traceback."""
        if (outage := self.store.outage(error)) is not None:
            log.error("%s: %s", what, outage)
        else:
            log.exception("%s", what)

    def committed(self) -> asyncio.Future[None] | None:
        """What an answer waits for; None when everything is committed. Raises the store's error when it cannot commit."""
        if self._batch is None:
            return None
        waiter = asyncio.get_running_loop().create_future()
        self._batch.waiting.append(waiter)
        return waiter

    def tell(self, waiters: Iterable[asyncio.Future[None]]) -> None:
        """Each waits for what has joined, as for `committed`."""
        if self._batch is not None:
            self._batch.waiting += waiters

    def still_in_trouble(self) -> str | None:
        """`trouble`, unless a trial shows that as much as a request needs can be written again."""
        if self.trouble is not None:
            try:
                with self.writing() as store:
                    store.set_meta("trial", " " * TRIAL)
                with self.writing() as store:
                    store.set_meta("trial", "")
                self.store.checkpoint()
                self.trouble = None
            except self.store.OUTAGES as error:
                self.trouble = self.store.outage(error)
                log.warning("still nothing can be written: %s", self.trouble)
        return self.trouble

    # Somebody else's locks -----------------------------------------------------------------------------------------

    async def turn(self, *, is_once_more: bool = False) -> None:
        """To be awaited before something is begun: while somebody else's lock is in the way it may have to wait, and then
        nobody else's share waits with it."""
        if await self._queue.turn(is_once_more):
            self.commit_or_tell()

    async def patiently(self, do: Callable[[], T]) -> T:
        """What `do` comes to; it is done again while somebody else's lock is in the way. What it has failed at must leave
        nothing behind."""
        until = stopwatch() + again.PATIENCE_S
        for pause in again.pauses():
            try:
                return do()
            except Locked:
                if stopwatch() >= until:
                    raise
            await asyncio.sleep(pause)
            await self.turn(is_once_more=True)
        raise AssertionError

    # After a failure -----------------------------------------------------------------------------------------------

    def if_a_commit_fails(self, recover: Callable[[], None]) -> None:
        """`recover` reads again from the store what is kept in memory."""
        self._recover = recover

    def make_sure(self) -> None:
        """To be called before memory is relied on. Raises the store's error while it is still away."""
        if self._is_doubtful and self._batch is None and not self._is_written:
            self.store.rollback()
            self._recover()
            self._is_doubtful = False

    # Journal -----------------------------------------------------------------------------------------------------

    def journal(self, rows: Sequence[Row]) -> None:
        """Journals something that changed nothing; written with the next commit or soon after."""
        if rows and not self.late:
            self._wake()
        self.late += rows
        if len(self.late) >= JOURNAL_BUFFER:
            self.write_late_or_tell()
            del self.late[:-LATE_KEPT]

    def write_late(self) -> None:
        """Raises the store's error; those that are late are kept then."""
        if not self.late:
            return
        share = self.share()
        try:
            share.journal([])
            share.join()
        except BaseException:
            share.undo()
            raise
        self.commit()

    def write_late_or_tell(self) -> None:
        try:
            self.write_late()
        except Exception as error:
            self._log("the journal of what only read could not be written; it is kept for later", error)

    def forget_late(self, workspace_id: int) -> None:
        """Forgets the late lines of a workspace that is reset or deleted."""
        self.late = [row for row in self.late if row[0] != workspace_id]
