"""Snapshots: the rows of a workspace as they were, in the twins of the tables (`schema.OF_A_WORKSPACE`), and their way back.

Rows keep their numbers, so whatever names them by those still fits. An SQLite file gives numbers of deleted rows to others;
then the rows that come back are moved behind all that there are. The journal's numbers are never given twice (its newest row
stays, whatever is deleted), so a client of the live feed goes on where it was.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.engine.store import schema
from simulator.engine.store.resources import LISTED
from simulator.engine.store.statements import Statements

JOURNAL = "journal"


class SnapshotRow(NamedTuple):
    id: int
    name: str
    at: int
    payments: int
    body: bytes


_SNAPSHOT = "id, name, at, payments, body"


class Snapshots(Statements):
    def widen(self, dialect: str) -> None:
        """Gives the twins the columns that the tables have got since they were made."""
        for table in schema.OF_A_WORKSPACE:
            for statement in schema.widening(dialect, table, self.columns(f"kept_{table.name}")):
                self.exact_run(statement)

    def snapshots(self, workspace: int, after: int = 0, limit: int = 500) -> list[SnapshotRow]:
        """Oldest first; `after` is the number of the last one of the page before."""
        sql = f"SELECT {_SNAPSHOT} FROM snapshots WHERE workspace = ? AND id > ? ORDER BY id LIMIT ?"  # noqa: S608
        return [SnapshotRow(*row) for row in self.exact_rows(sql, (workspace, after, limit))]

    def snapshot(self, workspace: int, name: str) -> SnapshotRow | None:
        sql = f"SELECT {_SNAPSHOT} FROM snapshots WHERE workspace = ? AND name = ?"  # noqa: S608
        found = self.exact_rows(sql, (workspace, name))
        return SnapshotRow(*found[0]) if found else None

    def take_snapshot(self, workspace: int, name: str, at: int, body: bytes) -> SnapshotRow:
        """Copies everything that the workspace has; `body` is the workspace itself."""
        place = self._at(workspace)
        sql = f"SELECT COUNT(*) FROM resources WHERE workspace = ? AND {LISTED}"  # noqa: S608
        payments = int(self.rows(sql, (place,))[0][0])
        sql = "INSERT INTO snapshots (workspace, name, at, payments, body) VALUES (?, ?, ?, ?, ?) RETURNING id"
        number = int(self.exact_rows(sql, (workspace, name, at, payments, body))[0][0])
        for table in schema.OF_A_WORKSPACE:
            names = ", ".join(table.columns)
            sql = f"INSERT INTO kept_{table.name} (snapshot, {names}) SELECT {number}, {names} FROM {table.name}"  # noqa: S608
            self.run(f"{sql} WHERE {table.owned}", (place,))
        return SnapshotRow(number, name, at, payments, body)

    def rows_of(self, workspace: int, most: int) -> int:
        """How many rows a workspace has, counted up to so many."""
        found = 0
        for table in schema.OF_A_WORKSPACE:
            sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM {table.name} WHERE {table.owned} LIMIT ?) counted"  # noqa: S608
            found += int(self.rows(sql, (self._at(workspace), most - found))[0][0])
            if found >= most:
                return most
        return found

    def rows_of_snapshots(self, workspace: int) -> int:
        """How many rows the snapshots of a workspace hold."""
        own = "snapshot IN (SELECT id FROM snapshots WHERE workspace = ?)"
        counted = (f"SELECT COUNT(*) FROM kept_{table.name} WHERE {own}" for table in schema.OF_A_WORKSPACE)  # noqa: S608
        return sum(int(self.rows(sql, (workspace,))[0][0]) for sql in counted)

    def rows_of_all_snapshots(self, most: int) -> int:
        """How many rows the snapshots of all workspaces hold, counted up to so many of each table."""
        return sum(
            int(self.rows(f"SELECT COUNT(*) FROM (SELECT 1 FROM kept_{table.name} LIMIT ?) counted", (most,))[0][0])  # noqa: S608
            for table in schema.OF_A_WORKSPACE
        )

    def put_back(self, workspace: int, snapshot: int, journal_before: int) -> None:
        """Everything that the workspace has is what the snapshot has; its journal from that row on stays as well. Rows that have
        not changed are not touched: going back costs what has happened since."""
        place = self._at(workspace)
        for table in reversed(schema.OF_A_WORKSPACE):
            self._drop_leavings(table, snapshot)
        moved = {t.name: self._moved(t.name, place, snapshot) for t in schema.OF_A_WORKSPACE if t.is_numbered}
        by = {table.name: _raised(table, moved) for table in schema.OF_A_WORKSPACE}
        for table in reversed(schema.OF_A_WORKSPACE):
            sql, values = f"DELETE FROM {table.name} WHERE {table.owned}", [place]  # noqa: S608
            if not by[table.name]:
                sql += (
                    f" AND NOT EXISTS (SELECT 1 FROM kept_{table.name} k WHERE k.snapshot = ? AND {self._same(table)})"  # noqa: S608
                )
                values.append(snapshot)
            if table.name == JOURNAL:
                sql += " AND seq < ?"
                values.append(journal_before)
            self.run(sql, values)
        for table in schema.OF_A_WORKSPACE:
            values_of = {name: f"k.{name}" for name in table.columns} | {"workspace": str(place)} | by[table.name]
            sql = f"""INSERT INTO {table.name} ({", ".join(table.columns)}) {self.NUMBERED}
                SELECT {", ".join(values_of[name] for name in table.columns)} FROM kept_{table.name} k
                WHERE k.snapshot = ?"""  # noqa: S608
            if not by[table.name]:
                there = " AND ".join(f"t.{name} = k.{name}" for name in table.unique)
                ours = f"t.workspace = {place}" if "workspace" in table.columns else ""
                there = " AND ".join(part for part in (there, ours) if part)
                sql += f" AND NOT EXISTS (SELECT 1 FROM {table.name} t WHERE {there})"  # noqa: S608
            self.run(f"{sql} ORDER BY k.place", (snapshot,))

    def _same(self, table: schema.Table) -> str:
        """SQL that holds where a row and one of the snapshot (`k`) are the same."""
        own = [name for name in table.columns if name != "workspace"]
        return " AND ".join(
            f"k.{name} {'=' if name in table.unique else self.SAME} {table.name}.{name}" for name in own
        )

    def _drop_leavings(self, table: schema.Table, snapshot: int) -> None:
        """Removes rows of a reset that wait for their removal and are the same as rows that come back now."""
        left = "workspace IN (SELECT place FROM leavings)"
        if table.is_numbered:
            chosen = f"SELECT seq FROM kept_{table.name} WHERE snapshot = ?"  # noqa: S608
            self.run(f"DELETE FROM {table.name} WHERE seq IN ({chosen}) AND {left}", (snapshot,))  # noqa: S608
        elif "workspace" not in table.columns:
            for column, of in table.referring.items():
                chosen = f"""SELECT k.seq FROM kept_{of} k CROSS JOIN {of} t
                    WHERE k.snapshot = ? AND t.seq = k.seq AND t.{left}"""  # noqa: S608
                self.run(f"DELETE FROM {table.name} WHERE {column} IN ({chosen})", (snapshot,))  # noqa: S608

    def _moved(self, table: str, place: int, snapshot: int) -> int:
        """By how much the numbers of the rows of a snapshot are raised: nought, unless somebody else has one of them now."""
        if table == JOURNAL:
            return 0
        taken = f"""SELECT 1 FROM kept_{table} k CROSS JOIN {table} t
            WHERE k.snapshot = ? AND t.seq = k.seq AND t.workspace <> ? LIMIT 1"""  # noqa: S608
        if not self.rows(taken, (snapshot, place)):
            return 0
        lowest = self.rows(f"SELECT MIN(seq) FROM kept_{table} WHERE snapshot = ?", (snapshot,))[0][0]  # noqa: S608
        highest = self.rows(f"SELECT MAX(seq) FROM {table}")[0][0]  # noqa: S608
        return int(highest - lowest + 1)

    def drop_snapshot(self, snapshot: int) -> None:
        for table in schema.OF_A_WORKSPACE:
            self.run(f"DELETE FROM kept_{table.name} WHERE snapshot = ?", (snapshot,))  # noqa: S608
        self.run("DELETE FROM snapshots WHERE id = ?", (snapshot,))

    def sweep_snapshots(self, most: int) -> int:
        """Removes so many rows of snapshots whose workspace is gone; returns how many there were to remove."""
        there = "SELECT id FROM workspaces WHERE LENGTH(body) > 0"
        found = self.rows(f"SELECT id FROM snapshots WHERE workspace NOT IN ({there}) ORDER BY id LIMIT 1")  # noqa: S608
        if not found:
            return 0
        for table in schema.OF_A_WORKSPACE:
            chosen = f"SELECT place FROM kept_{table.name} WHERE snapshot = ? LIMIT ?"  # noqa: S608
            if gone := self.run(f"DELETE FROM kept_{table.name} WHERE place IN ({chosen})", (found[0][0], most)):  # noqa: S608
                return gone
        return self.run("DELETE FROM snapshots WHERE id = ?", (found[0][0],))


def _raised(table: schema.Table, moved: dict[str, int]) -> dict[str, str]:
    """The columns of a snapshot's rows with numbers that are raised, and how."""
    named = [*table.referring.items(), *([("seq", table.name)] if table.is_numbered else [])]
    return {column: f"k.{column} + {moved[of]}" for column, of in named if moved[of]}
