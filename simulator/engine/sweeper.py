"""Removes in small steps what reset and deleted workspaces have left behind."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.engine.chores import REST, Chore
from simulator.engine.store import Store
from simulator.engine.transactions import Transactions

ROWS = 300
"""Removed in a step."""

WALKED = 2000
"""Rows that are looked at in a step, where they cannot be found by their workspace."""

DB_PAGES = 100
"""Database pages that are given back to the disk in a step: each is moved, so it costs more than a row."""


class Sweeper(Chore):
    """What is left is a list in the store, so a server that ends in between goes on at its next start."""

    what = "what was deleted cannot be removed now"

    def __init__(self, transactions: Transactions, rest: float = REST) -> None:
        super().__init__(transactions.store, rest)
        self._transactions = transactions

    def steps(self) -> Iterator[None] | None:
        left = self._store.left()
        return self._sweep(left) if left else None

    def _sweep(self, left: list[int]) -> Iterator[None]:
        for place in left:
            for part in (self._store.sweep_due, self._store.sweep_journal):
                there_may_be_more = True
                while there_may_be_more:
                    with self._transactions.writing():
                        there_may_be_more = part(place, ROWS) > 0
                    yield
        there_may_be_more = True
        while there_may_be_more:
            with self._transactions.writing():
                there_may_be_more = self._store.sweep_snapshots(ROWS) > 0
            yield
        key, is_walking = None, True
        while is_walking:
            with self._transactions.writing():
                key = self._store.sweep_keys(left, key, WALKED)
            is_walking = key is not None
            yield
        number: int | None = 0
        while number is not None:
            with self._transactions.writing():
                number = self._store.sweep_resources(left, number, WALKED)
            yield
        with self._transactions.writing():
            self._store.forget_left(left)
        yield
        yield from shrunk(self._store, 0)


def shrunk(store: Store, spare: int) -> Iterator[None]:
    """Gives the store's empty database pages back to the disk, except `spare` of them."""
    for _ in range(max(store.empty_db_pages() - spare, 0) // DB_PAGES + 1):
        store.shrink(DB_PAGES)
        yield
