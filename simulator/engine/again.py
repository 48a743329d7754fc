"""What is asked once more: a call that met somebody else's lock, or found the store's connection cut, before anything of it
was written.

A statement waits for a lock no longer than a blink, because everything else that this process does waits with it. What met one is
undone as any failure is, and runs again a moment later from the beginning, while others are served in between; after
`PATIENCE_S` it is refused like anything that the store cannot do. Two know how to ask again: who serves calls
(`surface/replica.py`), for all that happens within one, and `Transactions.patiently`, for what no call waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from simulator.kernel.clock import stopwatch

PATIENCE_S = 8.0
"""How long something is asked again and again."""

PAUSE_S = 0.05
"""Between two tries, at first; each pause is half as long again as the one before, up to `LONGEST_PAUSE_S`."""

LONGEST_PAUSE_S = 0.4

APART_S = 0.03
"""So far apart the tries are of all that wait: each may take a blink from everybody else."""


class Locked(Exception):
    """Somebody else holds what a statement wants, or the two were in each other's way. What it belongs to has to be undone; the
    same may succeed a moment later."""


class Renewed(Exception):
    """The store's connection was lost before this statement, with every lock, and another has taken its place. The statement was
    not executed, and no transaction was under way."""


class Later(BaseException):
    """Nothing of what was asked was done, and it is asked again in a moment. It is no error, and no handler may make an answer
    of it."""


class Try:
    """One try to answer a call. What it has changed in memory only is taken back if it is asked again."""

    def __init__(self) -> None:
        self.is_over = False
        """Whether something of it was written, or it was answered, or has ended."""
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
    """What is done within is asked again if it ends with `Later`."""
    this = Try()
    token = _TRY.set(this)
    try:
        yield this
    finally:
        this.end()
        _TRY.reset(token)


def written() -> None:
    """Something of what is done here stands from now on, so that it cannot be done from the beginning."""
    if (this := _TRY.get()) is not None:
        this.end()


def undone_by(call: Callable[[], None]) -> None:
    """How memory becomes again what it was, if this is asked again."""
    if (this := _TRY.get()) is not None:
        this.undone_by(call)


def or_later(error: BaseException | None) -> None:
    """To be called before an error is answered. Raises `Later` where this can be asked again instead."""
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
    """While somebody else's lock is in the way, what is begun is begun one by one, and the event loop does what else there is in
    between. What is begun once more waits until its time has come."""

    def __init__(self, store: HeldUp) -> None:
        self._store = store
        self._gate = asyncio.Lock()
        self._free_at = 0.0

    async def turn(self, is_once_more: bool) -> bool:
        """Whether it had to be waited for."""
        if not self._store.is_held_up:
            return False
        if is_once_more:
            at = max(stopwatch(), self._free_at)
            self._free_at = at + APART_S
            await asyncio.sleep(at - stopwatch())
        async with self._gate:
            await asyncio.sleep(0)
        return True
