"""Doing something once more: a call that met a lock of another process, or found the connection to the store cut, before
anything of it was written.

A statement waits for a lock no longer than a blink, because everything else that this process does waits with it. A call that
met a lock is undone like any failure and begins again a moment later; others are served in between. After `PATIENCE_S` it is
refused, as when the store is away. Two places do things again: `surface/replica.py`, for all that happens within a call, and
`Transactions.patiently`, for work that no call waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from simulator.kernel.clock import stopwatch

PATIENCE_S = 8.0
"""For how long something is tried again."""

PAUSE_S = 0.05
"""The pause after the first try. Each further one is half as long again, up to `LONGEST_PAUSE_S`."""

LONGEST_PAUSE_S = 0.4

APART_S = 0.03
"""When several calls wait to be tried again, their tries are this far apart: each may hold up everybody else for a blink."""


class Locked(Exception):
    """Another process holds a lock that a statement needs, or the two blocked each other. The transaction must be undone; it may
    succeed a moment later."""


class Renewed(Exception):
    """The store's connection was lost before this statement, with every lock, and another has taken its place. The statement was
    not executed, and no transaction was under way."""


class Later(BaseException):
    """Nothing of the call was done, and it is tried again in a moment. This is no error: no handler may turn it into an answer."""


class Try:
    """One try to answer a call. If the call is tried again, what this try has changed in memory is taken back."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether it cannot be tried again: something was written, an answer has begun, or the try has ended."""
        self._undo: list[Callable[[], None]] = []

    def end(self) -> None:
        self.is_over = True

    def undone_by(self, call: Callable[[], None]) -> None:
        self._undo.append(call)

    def take_back(self) -> None:
        while self._undo:
            self._undo.pop()()


_TRY: ContextVar[Try | None] = ContextVar("try", default=None)


@contextmanager
def trying() -> Iterator[Try]:
    """Marks a block as one try. If it ends with `Later`, the caller does it again."""
    this = Try()
    token = _TRY.set(this)
    try:
        yield this
    finally:
        this.end()
        _TRY.reset(token)


def written() -> None:
    """Says that something of this try was written, so that it cannot begin again."""
    if (this := _TRY.get()) is not None:
        this.end()


def undone_by(call: Callable[[], None]) -> None:
    """Remembers a call that takes back a change in memory, in case this is tried again."""
    if (this := _TRY.get()) is not None:
        this.undone_by(call)


def or_later(error: BaseException | None) -> None:
    """To be called before an error becomes an answer. Raises `Later` where the call can be tried again instead."""
    this = _TRY.get()
    if this is not None and not this.is_over and isinstance(error, Locked | Renewed):
        this.end()
        if isinstance(error, Locked):  # otherwise nothing in memory holds any more
            this.take_back()
        raise Later from error


def pauses() -> Iterator[float]:
    pause = PAUSE_S
    while True:
        yield pause
        pause = min(pause * 1.5, LONGEST_PAUSE_S)


class HeldUp(Protocol):
    @property
    def is_held_up(self) -> bool: ...


class Queue:
    """Lets calls begin one by one while a lock of another process is in the way, so that the event loop can do other things in
    between. A call that is tried again also waits for its time."""

    def __init__(self, store: HeldUp) -> None:
        self._store = store
        self._gate = asyncio.Lock()
        self._free_at = 0.0

    async def turn(self, is_once_more: bool) -> bool:
        """Waits until a call may begin. Returns whether it had to wait."""
        if not self._store.is_held_up:
            return False
        if is_once_more:
            at = max(stopwatch(), self._free_at)
            self._free_at = at + APART_S
            await asyncio.sleep(at - stopwatch())
        async with self._gate:
            await asyncio.sleep(0)
        return True
