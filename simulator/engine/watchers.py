"""Who wants to hear when something has changed: open pages that show a resource, or a workspace's clock.

In memory and of this process: whoever watches a workspace is connected to the one process that serves it (`homes.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulator.engine.changes import Identity


class Watchers:
    """Callbacks by what they watch. A callback must be quick and must not raise: it sets an event, say."""

    def __init__(self) -> None:
        self._callbacks: dict[Identity | int, set[Callable[[], None]]] = {}

    def watch(self, what: Identity | int, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back at each change of a resource (by its identity) or a workspace (by its number); the result stops it."""
        self._callbacks.setdefault(what, set()).add(callback)

        def stop() -> None:
            callbacks = self._callbacks.get(what, set())
            callbacks.discard(callback)
            if not callbacks:
                self._callbacks.pop(what, None)

        return stop

    def tell(self, what: Identity | int) -> None:
        for callback in tuple(self._callbacks.get(what, ())):
            callback()

    def tell_everybody(self) -> None:
        for what in list(self._callbacks):
            self.tell(what)

    def __len__(self) -> int:
        """How many things are watched."""
        return len(self._callbacks)


class Audience:
    """Connections that stay open to hear what happens: feeds, open pages, whoever waits. There are so many at most."""

    MOST = 500

    def __init__(self) -> None:
        self._present = 0

    @property
    def is_full(self) -> bool:
        return self._present >= self.MOST

    @contextmanager
    def present(self) -> Iterator[None]:
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1
