"""What is asked and dropped of payments that are no longer kept (`engine/keeping.py` decides which).

Nothing here is linear in what a workspace has: counts and lists go on from where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from simulator.engine.store.statements import Row, Statements


class Dropped(NamedTuple):
    """What a workspace has dropped since it was made or reset, and when it last did (its clock, in microseconds)."""

    payments: int
    requests: int
    at: int


class Keeping(Statements):
    def place_of(self, workspace: int) -> int:
        """The number under which the store keeps the workspace's rows: a reset gives it another one."""
        return self._at(workspace)

    def count_payments_after(self, workspace: int, after: int, most: int) -> tuple[int, int]:
        """How many payments come after that number, at most so many, and the number of the last of them."""
        sql = """SELECT COUNT(*), MAX(seq) FROM (SELECT seq FROM resources
            WHERE workspace = ? AND phase IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?) newer"""
        [(count, last)] = self.rows(sql, (self._at(workspace), after, most))
        return int(count), int(last or after)

    def payments_after(self, workspace: int, after: int, most: int) -> list[Row]:
        """`(seq, provider, kind, body)`, oldest first; sessions and pages around payments among them."""
        sql = """SELECT seq, provider, kind, body FROM resources
            WHERE workspace = ? AND phase IS NOT NULL AND seq > ? ORDER BY seq LIMIT ?"""
        return self.rows(sql, (self._at(workspace), after, most))

    def last_resource(self) -> int:
        return int(self.rows("SELECT MAX(seq) FROM resources")[0][0] or 0)

    def stories(self, workspace: int, subjects: Sequence[str]) -> list[Row]:
        """`(subject, body)` of the lines of the journal that have moves."""
        sql = f"SELECT subject, body FROM journal WHERE workspace = ? AND subject IN ({_marks(subjects)}) AND kind != 'webhook'"  # noqa: S608
        return self.rows(sql, (self._at(workspace), *subjects))

    def hanging(self, workspace: int, subjects: Sequence[str], ids: Sequence[str]) -> list[Row]:
        """`(seq, provider, kind, body)` of what hangs on these payments, or has one of these ids."""
        columns, place = "seq, provider, kind, body", self._at(workspace)
        sql = f"SELECT {columns} FROM resources WHERE workspace = ? AND hangs_on IN ({_marks(subjects)})"  # noqa: S608
        found = {row[0]: row for row in self.rows(sql, (place, *subjects))}
        sql = f"SELECT {columns} FROM resources WHERE id IN ({_marks(ids)}) AND +workspace = ?"  # noqa: S608
        return [*(found | {row[0]: row for row in self.rows(sql, (*ids, place))}).values()]

    def with_timers(self, workspace: int, ids: Sequence[str]) -> set[str]:
        """Which of these ids have a timer that is still to fall due."""
        sql = f"SELECT DISTINCT id FROM timers WHERE id IN ({_marks(ids)}) AND +workspace = ?"  # noqa: S608
        return {row[0] for row in self.rows(sql, (*ids, self._at(workspace)))}

    def with_pending(self, workspace: int, subjects: Sequence[str]) -> set[str]:
        """Which of these payments have a message that is still to be sent."""
        sql = f"""SELECT DISTINCT subject FROM outbox
            WHERE workspace = ? AND subject IN ({_marks(subjects)}) AND state = 'pending'"""  # noqa: S608
        return {row[0] for row in self.rows(sql, (self._at(workspace), *subjects))}

    def drop_payments(
        self, workspace: int, subjects: Sequence[str], resources: Sequence[int], keys: Iterable[Row], at: int
    ) -> None:
        """Drops these payments' resources with their look-up keys, their messages, attempts and journal."""
        place = self._at(workspace)
        self._drop_resources(place, resources, keys)
        about = f"workspace = ? AND subject IN ({_marks(subjects)})"
        messages = [row[0] for row in self.rows(f"SELECT seq FROM outbox WHERE {about}", (place, *subjects))]  # noqa: S608
        self.run_many("DELETE FROM attempts WHERE message = ?", [(seq,) for seq in messages])
        self.run_many("DELETE FROM outbox WHERE seq = ?", [(seq,) for seq in messages])
        newest = "seq < (SELECT MAX(seq) FROM journal)"  # one stays, so that the numbers go on
        self.run(f"DELETE FROM journal WHERE {about} AND {newest}", (place, *subjects))  # noqa: S608
        self._count_dropped(place, len(subjects), 0, at)

    def count_loose_after(self, workspace: int, after: int, most: int) -> tuple[int, int]:
        """How many lines of the journal that belong to no payment come after that number, at most so many, and the number of the
        last of them."""
        sql = """SELECT COUNT(*), MAX(seq) FROM (SELECT seq FROM journal
            WHERE workspace = ? AND subject IS NULL AND seq > ? ORDER BY seq LIMIT ?) newer"""
        [(count, last)] = self.rows(sql, (self._at(workspace), after, most))
        return int(count), int(last or after)

    def drop_loose(self, workspace: int, most: int, before: int | None, at: int) -> int:
        """Drops the oldest lines of the journal that belong to no payment, those from before an instant if it is said.
        Returns how many."""
        place = self._at(workspace)
        older = "" if before is None else "AND at < ?"
        chosen = """SELECT seq FROM journal WHERE workspace = ? AND subject IS NULL
            AND seq < (SELECT MAX(seq) FROM journal) ORDER BY seq LIMIT ?"""
        values = (place, most) if before is None else (place, most, before)
        gone = self.run(f"DELETE FROM journal WHERE seq IN ({chosen}) {older}", values)  # noqa: S608
        if gone:
            self._count_dropped(place, 0, gone, at)
        return gone

    def count_kind_after(self, workspace: int, kind: tuple[str, str], after: int, most: int) -> tuple[int, int, int]:
        """How many resources of a listed kind (its provider and name) come after that number, at most so many; the number of the
        last of them; and how many bytes they have."""
        sql = """SELECT COUNT(*), MAX(seq), SUM(size) FROM (SELECT seq, LENGTH(body) size FROM resources
            WHERE workspace = ? AND provider = ? AND kind = ? AND unlisted IS NULL AND seq > ? ORDER BY seq LIMIT ?) newer"""
        [(count, last, size)] = self.rows(sql, (self._at(workspace), *kind, after, most))
        return int(count), int(last or after), int(size or 0)

    def oldest_of_kind(self, workspace: int, kind: tuple[str, str], most: int) -> list[Row]:
        """`(seq, body)` of a listed kind, oldest first."""
        sql = """SELECT seq, body FROM resources
            WHERE workspace = ? AND provider = ? AND kind = ? AND unlisted IS NULL ORDER BY seq LIMIT ?"""
        return self.rows(sql, (self._at(workspace), *kind, most))

    def drop_resources(self, workspace: int, resources: Sequence[int], keys: Iterable[Row], at: int) -> None:
        """Drops resources that belong to no payment, with their look-up keys."""
        place = self._at(workspace)
        self._drop_resources(place, resources, keys)
        self._count_dropped(place, 0, len(resources), at)

    def _drop_resources(self, place: int, resources: Sequence[int], keys: Iterable[Row]) -> None:
        sql = """DELETE FROM lookup_keys WHERE value = ? AND name = ? AND kind = ? AND provider = ? AND workspace = ?
            AND resource = ?"""
        self.run_many(sql, [(*row[:4], place, row[4]) for row in keys])
        self.run_many("DELETE FROM resources WHERE seq = ?", [(seq,) for seq in resources])

    def has_replies(self, workspace: int, provider: str) -> bool:
        """Whether any answer to a repeated request is kept."""
        sql = "SELECT 1 FROM replies WHERE workspace = ? AND provider = ? LIMIT 1"
        return bool(self.rows(sql, (self._at(workspace), provider)))

    def drop_replies(
        self, workspace: int, provider: str, after: tuple[str, str], most: int, before: int
    ) -> tuple[str, str] | None:
        """Of the answers to repeated requests, looks at so many and drops those from before an instant. Returns where to go on."""
        place = self._at(workspace)
        sql = """SELECT key, scope, at FROM replies
            WHERE workspace = ? AND provider = ? AND (key, scope) > (?, ?) ORDER BY key, scope LIMIT ?"""
        found = self.rows(sql, (place, provider, *after, most))
        gone = [(place, provider, key, scope) for key, scope, at in found if at < before]
        self.run_many("DELETE FROM replies WHERE workspace = ? AND provider = ? AND key = ? AND scope = ?", gone)
        return (found[-1][0], found[-1][1]) if len(found) == most else None

    def _count_dropped(self, place: int, payments: int, requests: int, at: int) -> None:
        sql = """INSERT INTO dropped (workspace, payments, requests, at) VALUES (?, ?, ?, ?)
            ON CONFLICT (workspace) DO UPDATE SET payments = dropped.payments + excluded.payments,
            requests = dropped.requests + excluded.requests, at = excluded.at"""
        self.run(sql, (place, payments, requests, at))

    def dropped(self) -> dict[int, Dropped]:
        """By workspace, where anything was."""
        sql = """SELECT workspace, payments, requests, at FROM dropped
            WHERE workspace NOT IN (SELECT place FROM leavings)"""
        return {self._of(place): Dropped(*row) for place, *row in self.rows(sql)}


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values)) or "NULL"
