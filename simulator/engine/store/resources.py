"""The resources of all parties in one table, and the keys by which they are looked up in another.

A key names its resource by its sequence number: new ones stand together at the end of those of the same value, and a list
under a key comes in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Any

from simulator.engine.resource import PREFACE
from simulator.engine.store.statements import EVERY, Row, Statements, all_at_rest


class StoreConflict(Exception):
    """Somebody else has changed the resource since it was read."""


_NOT_LEFT = "AND NOT EXISTS (SELECT 1 FROM leavings l WHERE l.place = r.workspace)"
"""Not of a workspace that was deleted or reset since."""


LISTED = f"phase IS NOT NULL AND phase != '{PREFACE}'"
"""A payment, or what was opened for one and has none yet."""

_FAILING = """EXISTS (SELECT 1 FROM outbox o WHERE o.workspace = resources.workspace AND o.subject = resources.id
    AND o.provider = resources.provider AND (o.state = 'failed' OR (o.state = 'pending' AND o.attempts > 0)))"""


LONGEST_NAME = 4_000
"""No id and no reference has more characters: a longer text is not looked for."""

KEYS_AT_ONCE = 16
"""Look-up keys that one statement writes: a payment has up to eight."""


@cache
def _insert_keys(count: int) -> str:
    places = ", ".join(["(?, ?, ?, ?, ?, ?)"] * count)
    columns = "value, name, kind, provider, workspace, resource"
    return f"INSERT INTO lookup_keys ({columns}) VALUES {places} ON CONFLICT DO NOTHING"  # noqa: S608


class Resources(Statements):
    def resource(self, workspace: int, provider: str, kind: str, id_: str) -> bytes | None:
        sql = "SELECT body FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?"
        found = self.rows(sql, (id_, kind, provider, self._at(workspace)))
        return found[0][0] if found else None

    def resources_of(self, workspace: int, provider: str, kind: str, ids: Sequence[str]) -> list[bytes]:
        """The bodies of the resources with these ids, in no order."""
        places = ", ".join("?" for _ in ids)
        sql = f"SELECT body FROM resources WHERE id IN ({places}) AND kind = ? AND provider = ? AND workspace = ?"  # noqa: S608
        return [row[0] for row in self.rows(sql, (*ids, kind, provider, self._at(workspace)))] if ids else []

    def resource_anywhere(self, provider: str, kind: str, id_: str, oldest: bool = False) -> tuple[int, bytes] | None:
        """The newest (or oldest) resource with that id in any workspace: pages are opened without a credential."""
        sql = f"SELECT workspace, body FROM resources r WHERE id = ? AND kind = ? AND provider = ? {_NOT_LEFT} ORDER BY seq"  # noqa: S608
        found = self.rows(f"{sql} LIMIT 1" if oldest else f"{sql} DESC LIMIT 1", (id_, kind, provider))
        return (self._of(found[0][0]), found[0][1]) if found else None

    def resources_by_key(
        self, workspace: int, provider: str, kind: str, name: str, value: str, limit: int = EVERY
    ) -> list[bytes]:
        """Newest first, all unless limited."""
        sql = """SELECT r.body FROM lookup_keys k CROSS JOIN resources r
            WHERE k.value = ? AND k.name = ? AND k.kind = ? AND k.provider = ? AND k.workspace = ? AND r.seq = k.resource
            ORDER BY k.resource DESC LIMIT ?"""
        return [row[0] for row in self.rows(sql, (value, name, kind, provider, self._at(workspace), limit))]

    def key_anywhere(self, provider: str, kind: str, name: str, value: str) -> tuple[int, bytes] | None:
        sql = f"""SELECT r.workspace, r.body FROM lookup_keys k CROSS JOIN resources r
            WHERE k.value = ? AND k.name = ? AND k.kind = ? AND k.provider = ? AND r.seq = k.resource {_NOT_LEFT}
            ORDER BY k.resource DESC LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (value, name, kind, provider))
        return (self._of(found[0][0]), found[0][1]) if found else None

    def resources_of_kind(
        self,
        workspace: int,
        provider: str,
        kind: str,
        *,
        before: int | None,
        after: int | None,
        limit: int,
        key: tuple[str, str] | None = None,
    ) -> list[tuple[int, bytes]]:
        """`(seq, body)`, newest first; `before` and `after` are exclusive sequence numbers. With `after` the page is the
        one right above it, still newest first. `key` is name and value of a look-up key; without it what is `unlisted`
        is not found."""
        source, seq, where = (
            "resources r",
            "r.seq",
            "r.workspace = ? AND r.provider = ? AND r.kind = ? AND r.unlisted IS NULL",
        )
        values: list[Any] = [self._at(workspace), provider, kind]
        if key is not None:
            source, seq = "lookup_keys k CROSS JOIN resources r", "k.resource"
            where = """k.value = ? AND k.name = ? AND k.workspace = ? AND k.provider = ? AND k.kind = ?
                AND r.seq = k.resource"""
            values = [key[1], key[0], *values]
        if before is not None:
            where, values = f"{where} AND {seq} < ?", [*values, before]
        if after is not None:
            where, values = f"{where} AND {seq} > ?", [*values, after]
        order = "ASC" if after is not None and before is None else "DESC"
        sql = f"SELECT r.seq, r.body FROM {source} WHERE {where} ORDER BY {seq} {order} LIMIT ?"  # noqa: S608
        found = [(int(row[0]), row[1]) for row in self.rows(sql, [*values, limit])]
        return found[::-1] if order == "ASC" else found

    def seq_of(self, workspace: int, provider: str, kind: str, id_: str) -> int | None:
        sql = "SELECT seq FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?"
        found = self.rows(sql, (id_, kind, provider, self._at(workspace)))
        return int(found[0][0]) if found else None

    def payments(
        self,
        workspace: int,
        *,
        provider: str | None = None,
        phase: str | None = None,
        reference: str | None = None,
        q: str | None = None,
        failing: bool = False,
        before: int | None = None,
        from_seq: int | None = None,
        limit: int,
    ) -> list[Row]:
        """`(seq, provider, kind, id, body)`, newest first, down to `from_seq`. `q` is a part of an id or of a reference; `failing`
        are those with a webhook that was refused or given up."""
        where: list[str] = ["workspace = ?", LISTED]
        values: list[Any] = [self._at(workspace)]
        for clause, value in (
            ("provider = ?", provider),
            ("phase = ?", phase),
            ("reference = ?", reference),
            ("seq < ?", before),
            ("seq >= ?", from_seq),
        ):
            if value is not None:
                where.append(clause)
                values.append(value)
        if q and len(q) > LONGEST_NAME:
            return []
        if q:
            where.append(f"({self.PLACE_IN}(LOWER(id), ?) > 0 OR {self.PLACE_IN}(LOWER(reference), ?) > 0)")
            values += [q.lower(), q.lower()]
        if failing:
            where.append(_FAILING)
        sql = f"SELECT seq, provider, kind, id, body FROM resources WHERE {' AND '.join(where)}"  # noqa: S608
        return self.rows(f"{sql} ORDER BY seq DESC LIMIT ?", [*values, limit])

    def payment_back(self, workspace: int, before: int | None, steps: int, reference: str | None = None) -> int | None:
        """The number of the payment that stands so many before another one, or before the end; None where there are fewer. With a
        `reference` those are counted that have it."""
        also, values = ("", ()) if reference is None else ("AND reference = ?", (reference,))
        sql = f"""SELECT seq FROM resources WHERE workspace = ? AND {LISTED} AND seq < ? {also}
            ORDER BY seq DESC LIMIT 1 OFFSET ?"""  # noqa: S608
        end = EVERY if before is None else before
        found = self.rows(sql, (self._at(workspace), end, *values, steps - 1))
        return int(found[0][0]) if found else None

    def count_payments(self, workspace: int, most: int, phase: str | None = None) -> int:
        """How many payments there are (in a phase), among the `most` newest."""
        only, values = ("", ()) if phase is None else ("WHERE phase = ?", (phase,))
        sql = f"""SELECT COUNT(*) FROM (SELECT phase FROM resources
            WHERE workspace = ? AND {LISTED} ORDER BY seq DESC LIMIT ?) newest {only}"""  # noqa: S608
        return int(self.rows(sql, (self._at(workspace), most, *values))[0][0])

    def payment(self, workspace: int, provider: str, id_: str) -> Row | None:
        """`(kind, body)` of the payment with that id."""
        sql = """SELECT kind, body FROM resources
            WHERE id = ? AND provider = ? AND +workspace = ? AND phase IS NOT NULL"""
        found = self.rows(sql, (id_, provider, self._at(workspace)))
        return found[0] if found else None

    def payments_among(self, workspace: int, ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """`(provider, id)` of the payments that have one of these ids, each with its reference."""
        places = ", ".join("?" for _ in ids)
        sql = f"""SELECT provider, id, reference FROM resources
            WHERE id IN ({places}) AND +workspace = ? AND phase IS NOT NULL"""  # noqa: S608
        found = self.rows(sql, (*ids, self._at(workspace))) if ids else []
        return {(row[0], row[1]): row[2] or "" for row in found}

    def payments_anywhere(self, id_: str, limit: int) -> list[tuple[int, str]]:
        """`(workspace, provider)` of the payments with that id, in whatever workspace, newest first."""
        sql = f"""SELECT workspace, provider FROM resources r WHERE id = ? AND phase IS NOT NULL {_NOT_LEFT}
            ORDER BY seq DESC LIMIT ?"""  # noqa: S608
        return [(self._of(row[0]), row[1]) for row in self.rows(sql, (id_, limit))]

    def count_resources(self, workspace: int, provider: str, kind: str, most: int) -> int:
        """How many of a listed kind there are, counted up to so many."""
        sql = """SELECT COUNT(*) FROM (SELECT 1 FROM resources
            WHERE workspace = ? AND provider = ? AND kind = ? AND unlisted IS NULL LIMIT ?) counted"""
        return int(self.rows(sql, (self._at(workspace), provider, kind, most))[0][0])

    def insert_resources(self, rows: Sequence[Row]) -> list[int]:
        """Rows of `(workspace, provider, kind, id, version, phase, reference, body, unlisted, hangs_on)`. Returns their numbers."""
        sql = """INSERT INTO resources (workspace, provider, kind, id, version, phase, reference, body, unlisted, hangs_on)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        return [self.exact_added(sql, row) for row in all_at_rest([*self._placed(rows)])]

    def update_resource(
        self,
        workspace: int,
        provider: str,
        kind: str,
        id_: str,
        version: int,
        phase: str | None,
        reference: str | None,
        body: bytes,
        hangs_on: str | None,
    ) -> None:
        """Raises `StoreConflict` unless the stored version is `version - 1`."""
        sql = """UPDATE resources SET version = ?, phase = ?, reference = ?, body = ?, hangs_on = ?
            WHERE id = ? AND kind = ? AND provider = ? AND workspace = ? AND version = ?"""
        values = (version, phase, reference, body, hangs_on, id_, kind, provider, self._at(workspace), version - 1)
        if self.run(sql, values) != 1:
            raise StoreConflict(f"{provider}/{kind}/{id_} has changed meanwhile")

    def delete_resource(self, workspace: int, provider: str, kind: str, id_: str) -> None:
        self.run(
            "DELETE FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?",
            (id_, kind, provider, self._at(workspace)),
        )

    def insert_keys(self, rows: Sequence[Row]) -> None:
        """Rows of `(value, name, kind, provider, workspace, number of the resource)`."""
        placed = [*self._placed(rows, 4)]
        for first in range(0, len(placed), KEYS_AT_ONCE):
            some = placed[first : first + KEYS_AT_ONCE]
            self.run(_insert_keys(len(some)), [*chain.from_iterable(some)])

    def delete_keys(self, rows: Sequence[Row]) -> None:
        sql = """DELETE FROM lookup_keys WHERE value = ? AND name = ? AND kind = ? AND provider = ? AND workspace = ?
            AND resource = ?"""
        self.run_many(sql, self._placed(rows, 4))
