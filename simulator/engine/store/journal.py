"""The journal, and the answers that are given again when a request is repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from simulator.engine import cards
from simulator.engine.store.statements import Row, Statements
from simulator.engine.unreadable import Unreadable

FAR = 2**62

AT_ONCE = 500
"""So many paths are read in one go, to be held against a pattern."""


def _lines(rows: list[Row]) -> list[Row]:
    """Rows that begin with a number and an instant, and end with a body. Raises `Unreadable` where one does not."""
    for row in rows:
        if not isinstance(row[1], int) or not isinstance(row[-1], bytes):
            wrong = "at" if not isinstance(row[1], int) else "body"
            raise Unreadable(f"row {row[0]} of the journal", f"{wrong} is none that was ever written")
    return rows


class Journal(Statements):
    def insert_journal(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, at, kind, provider, subject, path, status, body)`."""
        sql = """INSERT INTO journal (workspace, at, kind, provider, subject, path, status, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
        self.run_many(sql, self._placed(rows))

    def journal_of(self, workspace: int, subject: str) -> list[Row]:
        """`(seq, at, kind, provider, body)`, oldest first."""
        sql = """SELECT seq, at, kind, provider, body FROM journal
            WHERE workspace = ? AND subject = ? ORDER BY seq"""
        return _lines(self.rows(sql, (self._at(workspace), subject)))

    def tails_of(self, workspace: int, subjects: Sequence[str], most: int) -> list[Row]:
        """`(subject, provider, at, end of the body)` of the first rows of each, so many at most."""
        one = """SELECT * FROM (SELECT subject, provider, at, substr(body, length(body) - 31) FROM journal
            WHERE workspace = ? AND subject = ? ORDER BY seq LIMIT ?) of_"""
        sql = " UNION ALL ".join(f"{one}{n}" for n, _ in enumerate(subjects))
        place = self._at(workspace)
        return self.rows(sql, [value for subject in subjects for value in (place, subject, most)]) if subjects else []

    def journal_after(self, workspace: int, seq: int, limit: int) -> list[Row]:
        """`(seq, at, kind, provider, subject, body)`, oldest first. Walks the rows of all workspaces from there on."""
        sql = """SELECT seq, at, kind, provider, subject, body FROM journal
            WHERE seq > ? AND +workspace = ? ORDER BY seq LIMIT ?"""
        return self.rows(sql, (seq, self._at(workspace), limit))

    def clock_lines(self, workspace: int, after: int, limit: int) -> list[Row]:
        """`(seq, at, body)` of what was done to the clock since a row of the journal, oldest first."""
        sql = """SELECT seq, at, body FROM journal WHERE workspace = ? AND kind = 'clock' AND seq > ? ORDER BY seq LIMIT ?"""
        return _lines(self.rows(sql, (self._at(workspace), after, limit)))

    def newest_clock_lines(self, workspace: int, limit: int) -> list[Row]:
        """`(at, body)` of what was done to the clock, newest first."""
        sql = """SELECT at, body FROM journal WHERE workspace = ? AND kind = 'clock' ORDER BY seq DESC LIMIT ?"""
        return self.rows(sql, (self._at(workspace), limit))

    def last_seq(self) -> int:
        """The number of the journal's newest row, in whatever workspace; 0 while there is none."""
        found = self.rows("SELECT MAX(seq) FROM journal", ())
        return int(found[0][0] or 0)

    def request(self, workspace: int, seq: int) -> Row | None:
        """One row as `requests` has them."""
        sql = """SELECT seq, at, provider, subject, path, status, body FROM journal
            WHERE seq = ? AND +workspace = ? AND kind = 'request'"""
        found = _lines(self.rows(sql, (seq, self._at(workspace))))
        return found[0] if found else None

    def requests(
        self,
        workspace: int,
        *,
        provider: str | None,
        status: int | None,
        path: str | None,
        before: int | None,
        limit: int,
        refused: bool = False,
        method: str | None = None,
        statuses: tuple[int, int] | None = None,
        from_seq: int | None = None,
    ) -> list[Row]:
        """`(seq, at, provider, subject, path, status, body)`, newest first; `refused` are those with a status from 400,
        `statuses` those from the one to below the other. `path` is how it begins, or all of it with `*` for anything, whatever
        the case of letters. It is not looked below `from_seq`."""
        where: list[str] = ["workspace = ?", "kind = 'request'"]
        values: list[Any] = [self._at(workspace)]
        if provider is not None:
            where.append("provider = ?")
            values.append(provider)
        if status is not None:
            where.append("status = ?")
            values.append(status)
        if refused:
            where.append("status >= 400")
        if statuses is not None:
            where.append("status >= ? AND status < ?")
            values += statuses
        if method is not None:
            begins = b'{"method":"' + method.encode() + b'"'  # an entry of the journal begins so
            where.append("substr(body, 1, ?) = ?")
            values += [len(begins), begins]
        if from_seq is not None:
            where.append("seq >= ?")
            values.append(from_seq)
        if path is not None:
            return self._with_path(" AND ".join(where), values, cards.cut_text(path), before, limit)
        sql = f"SELECT seq, at, provider, subject, path, status, body FROM journal WHERE {' AND '.join(where)}"  # noqa: S608
        values += [FAR if before is None else before, limit]
        return _lines(self.rows(f"{sql} AND seq < ? ORDER BY seq DESC LIMIT ?", values))

    def _with_path(self, where: str, values: Sequence[Any], sought: str, before: int | None, limit: int) -> list[Row]:
        """Held against the pattern here: with `LIKE` a path costs its length times that of the pattern."""
        sql = f"SELECT seq, path FROM journal WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
        fits, end, found = _fitting(sought), FAR if before is None else before, list[int]()
        while len(found) < limit and (rows := self.rows(sql, [*values, end, AT_ONCE])):
            found += [seq for seq, path in rows if path is not None and fits(path)]
            end = rows[-1][0]
        return self._requests_numbered(found[:limit])

    def _requests_numbered(self, numbers: Sequence[int]) -> list[Row]:
        """Newest first."""
        sql = (
            """SELECT seq, at, provider, subject, path, status, body FROM journal WHERE seq IN ({}) ORDER BY seq DESC"""
        )
        parts = [numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE)]
        return [row for part in parts for row in _lines(self.rows(sql.format(", ".join("?" * len(part))), part))]

    def count_requests(self, workspace: int, most: int) -> int:
        """How many requests there are, among the `most` newest."""
        sql = """SELECT COUNT(*) FROM (SELECT seq FROM journal WHERE workspace = ? AND kind = 'request'
            ORDER BY seq DESC LIMIT ?) newest"""
        return int(self.rows(sql, (self._at(workspace), most))[0][0])

    def request_back(self, workspace: int, before: int | None, steps: int) -> int | None:
        """The number of the request that stands so many before another one, or before the end; None where there are fewer."""
        sql = """SELECT seq FROM journal WHERE workspace = ? AND kind = 'request' AND seq < ?
            ORDER BY seq DESC LIMIT 1 OFFSET ?"""
        found = self.rows(sql, (self._at(workspace), FAR if before is None else before, steps - 1))
        return int(found[0][0]) if found else None

    def request_at(self, workspace: int, at: int, last: int) -> int:
        """The number from which on the requests of an instant stand, up to a `last` one. They stand in the order of time, so that
        it is found by halving."""
        low, high = 0, last
        sql = (
            """SELECT seq, at FROM journal WHERE workspace = ? AND kind = 'request' AND seq >= ? ORDER BY seq LIMIT 1"""
        )
        while low < high:
            middle = (low + high) // 2
            found = self.rows(sql, (self._at(workspace), middle))
            if not found or found[0][1] >= at:
                high = middle
            else:
                low = int(found[0][0]) + 1
        return low

    def requests_like(
        self, workspace: int, row: Row, at: int, start: int, subject: str | None, limit: int
    ) -> list[Row]:
        """Those of an instant before a row of `requests`, from a `start` on, that asked the same of the same provider and were
        answered alike; only those about a subject where one is given. Oldest first."""
        where, values = "kind = 'request'", [self._at(workspace), start, row[0], at, row[2], row[4], row[5]]
        if subject is not None:
            where, values = f"subject = ? AND +{where}", [values[0], subject, *values[1:]]
        sql = f"""SELECT seq, at, provider, subject, path, status, body FROM journal
            WHERE workspace = ? AND {where} AND seq >= ? AND seq < ? AND at = ? AND provider = ? AND path = ? AND status = ?
            ORDER BY seq LIMIT ?"""  # noqa: S608
        return _lines(self.rows(sql, [*values, limit]))

    def requests_from(self, workspace: int, seq: int, limit: int) -> list[Row]:
        """Rows as `requests` has them, but oldest first."""
        sql = """SELECT seq, at, provider, subject, path, status, body FROM journal
            WHERE workspace = ? AND kind = 'request' AND seq >= ? ORDER BY seq LIMIT ?"""
        return _lines(self.rows(sql, (self._at(workspace), seq, limit)))

    def reply(self, workspace: int, provider: str, scope: str, key: str) -> Row | None:
        """`(at, fingerprint, status, headers, body)`"""
        sql = """SELECT at, fingerprint, status, headers, body FROM replies
            WHERE key = ? AND scope = ? AND provider = ? AND workspace = ?"""
        found = self.rows(sql, (_key(key), scope, provider, self._at(workspace)))
        return found[0] if found else None

    def save_reply(
        self,
        workspace: int,
        provider: str,
        scope: str,
        key: str,
        at: int,
        fingerprint: bytes,
        status: int,
        headers: bytes,
        body: bytes,
    ) -> None:
        sql = """INSERT INTO replies (workspace, provider, scope, key, at, fingerprint, status, headers, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (key, scope, provider, workspace) DO UPDATE SET at = excluded.at,
            fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
            body = excluded.body"""
        self.run(sql, (self._at(workspace), provider, scope, _key(key), at, fingerprint, status, headers, body))


def _fitting(sought: str) -> Callable[[str], bool]:
    """Whether a path begins so, or fits the pattern: in one go through it, however many `*` there are."""
    first, *parts = sought.lower().split("*")
    if not parts:
        return lambda path: path.lower().startswith(first)
    *between, last = parts

    def fits(path: str) -> bool:
        path = path.lower()
        at, end = len(first), len(path) - len(last)
        if not path.startswith(first) or not path.endswith(last):
            return False
        for part in between:
            if (found := path.find(part, at, max(end, 0))) < 0:
                return False
            at = found + len(part)
        return at <= end

    return fits


def _key(key: str) -> str:
    """As it is kept: where it looks like a card's number, two that are cut alike are still two."""
    shown = cards.cut_text(key)
    return key if shown == key else f"{shown}#{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
