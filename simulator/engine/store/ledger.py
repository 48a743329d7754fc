"""The ledger: bookings by workspace and provider, numbered from 1 and only ever added.

They lie in the order of their numbers, so that one more costs one page of the log, and none for an index.
"""

from __future__ import annotations

from collections.abc import Sequence

from simulator.engine.store.statements import EVERY, Row, Statements

_BOOKING = "number, at, payment, body"


class Ledger(Statements):
    def last_booking(self, workspace: int, provider: str) -> int:
        """Its number; 0 while there is none."""
        sql = "SELECT number FROM ledger WHERE workspace = ? AND provider = ? ORDER BY number DESC LIMIT 1"
        found = self.rows(sql, (self._at(workspace), provider))
        return int(found[0][0]) if found else 0

    def newest_booking(self, workspace: int, provider: str, before: int = EVERY) -> Row | None:
        """`(number, at, payment, body)` of the last one, or the last one below a number."""
        sql = f"""SELECT {_BOOKING} FROM ledger WHERE workspace = ? AND provider = ? AND number < ?
            ORDER BY number DESC LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (self._at(workspace), provider, before))
        return found[0] if found else None

    def first_booking(self, workspace: int, provider: str) -> tuple[int, int]:
        """Its number and its instant, of those that are kept; nought where there is none."""
        sql = "SELECT number, at FROM ledger WHERE workspace = ? AND provider = ? ORDER BY number LIMIT 1"
        found = self.rows(sql, (self._at(workspace), provider))
        return (int(found[0][0]), int(found[0][1])) if found else (0, 0)

    def drop_bookings(self, workspace: int, provider: str, before: int) -> None:
        """Drops those with lower numbers."""
        sql = "DELETE FROM ledger WHERE workspace = ? AND provider = ? AND number < ?"
        self.run(sql, (self._at(workspace), provider, before))

    def insert_bookings(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, provider, number, at, payment, body)`."""
        sql = "INSERT INTO ledger (workspace, provider, number, at, payment, body) VALUES (?, ?, ?, ?, ?, ?)"
        self.run_many(sql, self._placed(rows))

    def bookings(
        self, workspace: int, provider: str, *, first: int = 1, last: int = EVERY, limit: int = EVERY
    ) -> list[Row]:
        """`(number, at, payment, body)` of the bookings from one number to another, oldest first."""
        sql = f"""SELECT {_BOOKING} FROM ledger WHERE workspace = ? AND provider = ? AND number >= ? AND number <= ?
            ORDER BY number LIMIT ?"""  # noqa: S608
        return self.rows(sql, (self._at(workspace), provider, first, last, limit))

    def bookings_numbered(self, workspace: int, provider: str, numbers: Sequence[int]) -> list[Row]:
        """`(number, at, payment, body)` of the bookings with these numbers, oldest first."""
        marks = ", ".join("?" * len(numbers)) or "NULL"
        sql = f"SELECT {_BOOKING} FROM ledger WHERE workspace = ? AND provider = ? AND number IN ({marks}) ORDER BY number"  # noqa: S608
        return self.rows(sql, (self._at(workspace), provider, *numbers))

    def first_booking_since(self, workspace: int, provider: str, at: int) -> int:
        """The number of the first one from an instant on, found by halving: instants never decrease with the numbers. One more
        than the last where there is none."""
        low, high = self.first_booking(workspace, provider)[0], self.last_booking(workspace, provider) + 1
        while low < high:
            middle = (low + high) // 2
            sql = "SELECT number, at FROM ledger WHERE workspace = ? AND provider = ? AND number >= ? ORDER BY number LIMIT 1"
            found = self.rows(sql, (self._at(workspace), provider, middle))
            if found and found[0][1] < at:
                low = int(found[0][0]) + 1
            else:
                high = middle
        return low
