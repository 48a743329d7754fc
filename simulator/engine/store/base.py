"""What the engine asks of a store, in SQL that SQLite and PostgreSQL both understand.

Where a planner without statistics would walk through all that a workspace has, the SQL shows it the way: `CROSS JOIN` names the
table to begin with, a `+` before a column keeps its index out. `tests/engine/test_store.py` reads the plans.

A store is used by one thread at a time. Reads outside a transaction see the last commit; `begin` opens the one writing
transaction, and everything up to `commit` becomes visible together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

Row = Sequence[Any]

EVERY = 2**63 - 1
"""A limit that limits nothing, in both dialects; as an instant, one by which everything will have fallen due."""


class StoreConflict(Exception):
    """Somebody else has changed the resource since it was read."""


class TimerRow(NamedTuple):
    seq: int
    workspace: int
    due: int
    provider: str
    kind: str
    id: str
    trigger: str
    data: bytes


class OutboxRow(NamedTuple):
    seq: int
    id: str
    workspace: int
    provider: str
    event: str
    subject: str
    url: str | None
    state: str
    due: int | None
    created: int
    attempts: int
    context: bytes
    body: bytes


class AttemptRow(NamedTuple):
    message: int
    n: int
    at: int
    status: int | None
    duration_ms: float
    error: str | None
    headers: bytes
    answer: str | None
    body: bytes | None
    """What was sent; None where it was the message's own."""


_OUTBOX = "seq, id, workspace, provider, event, subject, url, state, due, created, attempts, context, body"
_ATTEMPT = "message, n, at, status, duration_ms, error, headers, answer, body"
_TIMER = "seq, workspace, due, provider, kind, id, trigger, data"


class Store(ABC):
    dialect: ClassVar[str]
    _timers_aside: str = ""
    _messages_aside: str = ""
    """SQL that passes over what waits; see `set_aside`."""
    OUTAGES: ClassVar[tuple[type[Exception], ...]]
    """What is raised when the store cannot be used at the moment: a full disk, a lost connection, a lock."""

    # Statements ------------------------------------------------------------------------------------------------

    @abstractmethod
    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]: ...

    @abstractmethod
    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Executes and returns the number of rows touched."""

    @abstractmethod
    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None: ...

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def rollback(self) -> None: ...

    @abstractmethod
    def close(self) -> None: ...

    def begin_part(self) -> None:
        """Within the transaction: what follows can be taken back alone."""
        self.run("SAVEPOINT part")

    def commit_part(self) -> None:
        self.run("RELEASE SAVEPOINT part")

    def rollback_part(self) -> None:
        self.run("ROLLBACK TO SAVEPOINT part")
        self.run("RELEASE SAVEPOINT part")

    # Meta ------------------------------------------------------------------------------------------------------

    def meta(self, name: str) -> str | None:
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return found[0][0] if found else None

    def set_meta(self, name: str, value: str) -> None:
        self.run(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    # Workspaces ------------------------------------------------------------------------------------------------

    def workspaces(self) -> list[Row]:
        return self.rows("SELECT id, body FROM workspaces ORDER BY id")

    def add_workspace(self, public_id: str, name: str, body: bytes) -> int:
        sql = "INSERT INTO workspaces (public_id, name, body) VALUES (?, ?, ?) RETURNING id"
        return int(self.rows(sql, (public_id, name, body))[0][0])

    def save_workspace(self, id_: int, name: str, body: bytes) -> None:
        self.run("UPDATE workspaces SET name = ?, body = ? WHERE id = ?", (name, body, id_))

    def add_credentials(self, workspace: int, lookups: Iterable[tuple[str, str]]) -> None:
        sql = "INSERT INTO credentials (provider, lookup, workspace) VALUES (?, ?, ?)"
        self.run_many(sql, [(provider, lookup, workspace) for provider, lookup in lookups])

    def remove_credentials(self, workspace: int) -> None:
        self.run("DELETE FROM credentials WHERE workspace = ?", (workspace,))

    def credentials(self) -> list[Row]:
        return self.rows("SELECT provider, lookup, workspace FROM credentials")

    def clear(self, workspace: int) -> None:
        """Drops everything that happened in a workspace; the workspace itself stays."""
        self.run(
            "DELETE FROM attempts WHERE message IN (SELECT seq FROM outbox WHERE workspace = ?)",
            (workspace,),
        )
        for table in ("resources", "keys", "timers", "outbox", "journal", "replies"):
            self.run(f"DELETE FROM {table} WHERE workspace = ?", (workspace,))  # noqa: S608

    def remove_workspace(self, workspace: int) -> None:
        self.clear(workspace)
        self.remove_credentials(workspace)
        self.run("DELETE FROM workspaces WHERE id = ?", (workspace,))

    def set_aside(self, providers: Sequence[str], timers: Sequence[int]) -> None:
        """Passes over what is due of these providers, and over these timers, until it is called again."""
        names = ", ".join("'{}'".format(name.replace("'", "''")) for name in providers)
        self._messages_aside = f"AND provider NOT IN ({names})" if names else ""
        self._timers_aside = self._messages_aside
        if timers:
            self._timers_aside += f" AND seq NOT IN ({', '.join(str(seq) for seq in timers)})"

    # Resources -------------------------------------------------------------------------------------------------

    def resource(self, workspace: int, provider: str, kind: str, id_: str) -> bytes | None:
        sql = "SELECT body FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?"
        found = self.rows(sql, (id_, kind, provider, workspace))
        return found[0][0] if found else None

    def resource_anywhere(self, provider: str, kind: str, id_: str, oldest: bool = False) -> tuple[int, bytes] | None:
        """The newest (or oldest) resource with that id in any workspace: pages are opened without a credential."""
        sql = "SELECT workspace, body FROM resources WHERE id = ? AND kind = ? AND provider = ? ORDER BY seq"
        found = self.rows(f"{sql} LIMIT 1" if oldest else f"{sql} DESC LIMIT 1", (id_, kind, provider))
        return (found[0][0], found[0][1]) if found else None

    def resources_by_key(
        self, workspace: int, provider: str, kind: str, name: str, value: str, limit: int = EVERY
    ) -> list[bytes]:
        """Newest first, all unless limited."""
        sql = """SELECT r.body FROM keys k CROSS JOIN resources r
            WHERE k.value = ? AND k.name = ? AND k.kind = ? AND k.provider = ? AND k.workspace = ?
            AND r.id = k.id AND r.kind = k.kind AND r.provider = k.provider AND r.workspace = k.workspace
            ORDER BY r.seq DESC LIMIT ?"""
        return [row[0] for row in self.rows(sql, (value, name, kind, provider, workspace, limit))]

    def key_anywhere(self, provider: str, kind: str, name: str, value: str) -> tuple[int, bytes] | None:
        sql = """SELECT r.workspace, r.body FROM keys k CROSS JOIN resources r
            WHERE k.value = ? AND k.name = ? AND k.kind = ? AND k.provider = ?
            AND r.id = k.id AND r.kind = k.kind AND r.provider = k.provider AND r.workspace = k.workspace
            ORDER BY r.seq DESC LIMIT 1"""
        found = self.rows(sql, (value, name, kind, provider))
        return (found[0][0], found[0][1]) if found else None

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
        one right above it, still newest first. `key` is name and value of a look-up key."""
        source, where = "resources r", "r.workspace = ? AND r.provider = ? AND r.kind = ?"
        values: list[Any] = [workspace, provider, kind]
        if key is not None:
            source = "keys k CROSS JOIN resources r"
            where = """k.value = ? AND k.name = ? AND k.workspace = ? AND k.provider = ? AND k.kind = ?
                AND r.id = k.id AND r.kind = k.kind AND r.provider = k.provider AND r.workspace = k.workspace"""
            values = [key[1], key[0], *values]
        if before is not None:
            where, values = f"{where} AND r.seq < ?", [*values, before]
        if after is not None:
            where, values = f"{where} AND r.seq > ?", [*values, after]
        order = "ASC" if after is not None and before is None else "DESC"
        sql = f"SELECT r.seq, r.body FROM {source} WHERE {where} ORDER BY r.seq {order} LIMIT ?"  # noqa: S608
        found = [(int(row[0]), row[1]) for row in self.rows(sql, [*values, limit])]
        return found[::-1] if order == "ASC" else found

    def seq_of(self, workspace: int, provider: str, kind: str, id_: str) -> int | None:
        sql = "SELECT seq FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?"
        found = self.rows(sql, (id_, kind, provider, workspace))
        return int(found[0][0]) if found else None

    def payments(
        self,
        workspace: int,
        *,
        provider: str | None,
        phase: str | None,
        reference: str | None,
        q: str | None,
        before: int | None,
        limit: int,
    ) -> list[Row]:
        """`(seq, provider, kind, id, body)`, newest first."""
        where, values = ["workspace = ?", "phase IS NOT NULL"], [workspace]  # type: list[str], list[Any]
        for clause, value in (("provider = ?", provider), ("phase = ?", phase), ("reference = ?", reference)):
            if value is not None:
                where.append(clause)
                values.append(value)
        if before is not None:
            where.append("seq < ?")
            values.append(before)
        if q:
            like = "%" + q.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
            where.append("(LOWER(id) LIKE ? ESCAPE '\\' OR LOWER(reference) LIKE ? ESCAPE '\\')")
            values += [like, like]
        sql = f"SELECT seq, provider, kind, id, body FROM resources WHERE {' AND '.join(where)}"  # noqa: S608
        return self.rows(f"{sql} ORDER BY seq DESC LIMIT ?", [*values, limit])

    def payment(self, workspace: int, provider: str, id_: str) -> Row | None:
        """`(kind, body)` of the payment with that id."""
        sql = """SELECT kind, body FROM resources
            WHERE id = ? AND provider = ? AND +workspace = ? AND phase IS NOT NULL"""
        found = self.rows(sql, (id_, provider, workspace))
        return found[0] if found else None

    def insert_resources(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, provider, kind, id, version, phase, reference, body)`."""
        sql = """INSERT INTO resources (workspace, provider, kind, id, version, phase, reference, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
        self.run_many(sql, rows)

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
    ) -> None:
        """Raises `StoreConflict` unless the stored version is `version - 1`."""
        sql = """UPDATE resources SET version = ?, phase = ?, reference = ?, body = ?
            WHERE id = ? AND kind = ? AND provider = ? AND workspace = ? AND version = ?"""
        values = (version, phase, reference, body, id_, kind, provider, workspace, version - 1)
        if self.run(sql, values) != 1:
            raise StoreConflict(f"{provider}/{kind}/{id_} has changed meanwhile")

    def delete_resource(self, workspace: int, provider: str, kind: str, id_: str) -> None:
        self.run(
            "DELETE FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?",
            (id_, kind, provider, workspace),
        )

    def insert_keys(self, rows: Sequence[Row]) -> None:
        """Rows of `(value, name, kind, provider, workspace, id)`."""
        sql = "INSERT INTO keys (value, name, kind, provider, workspace, id) VALUES (?, ?, ?, ?, ?, ?)"
        self.run_many(f"{sql} ON CONFLICT DO NOTHING", rows)

    def delete_keys(self, rows: Sequence[Row]) -> None:
        sql = """DELETE FROM keys WHERE value = ? AND name = ? AND kind = ? AND provider = ? AND workspace = ?
            AND id = ?"""
        self.run_many(sql, rows)

    # Timers ----------------------------------------------------------------------------------------------------

    def insert_timers(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, due, provider, kind, id, trigger, data)`."""
        sql = "INSERT INTO timers (workspace, due, provider, kind, id, trigger, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
        self.run_many(sql, rows)

    def delete_timers_of(self, workspace: int, provider: str, kind: str, id_: str, trigger: str | None) -> None:
        sql = "DELETE FROM timers WHERE id = ? AND kind = ? AND provider = ? AND +workspace = ?"
        values = [id_, kind, provider, workspace]
        if trigger is not None:
            sql, values = f"{sql} AND trigger = ?", [*values, trigger]
        self.run(sql, values)

    def delete_timer(self, seq: int) -> None:
        self.run("DELETE FROM timers WHERE seq = ?", (seq,))

    def timers(
        self, workspace: int, until: int | None = None, limit: int = 500, after: tuple[int, int] | None = None
    ) -> list[TimerRow]:
        """Soonest first; `after` are `due` and `seq` of the last one of the page before."""
        later = "" if after is None else "AND (due, seq) > (?, ?)"
        sql = f"SELECT {_TIMER} FROM timers WHERE workspace = ? AND due <= ? {later} {self._timers_aside} ORDER BY due, seq LIMIT ?"  # noqa: S608
        values = (workspace, EVERY if until is None else until, *(after or ()), limit)
        return [TimerRow(*row) for row in self.rows(sql, values)]

    def next_due(self, workspace: int) -> int | None:
        """When the next timer or message of a workspace falls due (microseconds)."""
        sql = f"""SELECT MIN(due) FROM (
            SELECT MIN(due) AS due FROM timers WHERE workspace = ? {self._timers_aside}
            UNION ALL SELECT MIN(due) AS due FROM outbox WHERE workspace = ? AND state = 'pending' {self._messages_aside}
            ) both_tables"""  # noqa: S608
        found = self.rows(sql, (workspace, workspace))
        return None if found[0][0] is None else int(found[0][0])

    # Outbox ----------------------------------------------------------------------------------------------------

    def insert_messages(self, rows: Sequence[Row]) -> None:
        """Rows of `(id, workspace, provider, event, subject, url, state, due, created, attempts, context, body)`."""
        sql = """INSERT INTO outbox
            (id, workspace, provider, event, subject, url, state, due, created, attempts, context, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        self.run_many(sql, rows)

    def due_messages(
        self, workspace: int, until: int, limit: int = 500, after: tuple[int, int] | None = None
    ) -> list[OutboxRow]:
        """Soonest first; `after` as in `timers`."""
        later = "" if after is None else "AND (due, seq) > (?, ?)"
        sql = f"""SELECT {_OUTBOX} FROM outbox
            WHERE workspace = ? AND state = 'pending' AND due <= ? {later} {self._messages_aside} ORDER BY due, seq LIMIT ?"""  # noqa: S608
        return [OutboxRow(*row) for row in self.rows(sql, (workspace, until, *(after or ()), limit))]

    def due_groups(self, workspace: int, until: int, look: int) -> list[tuple[str, str, str]]:
        """Provider, subject and address of the first `look` messages that are due, soonest first, each once."""
        sql = f"""SELECT provider, subject, url FROM outbox
            WHERE workspace = ? AND state = 'pending' AND due <= ? {self._messages_aside} ORDER BY due, seq LIMIT ?"""  # noqa: S608
        return list(dict.fromkeys(tuple(row) for row in self.rows(sql, (workspace, until, look))))

    def next_message(self, workspace: int, provider: str, subject: str, url: str, until: int) -> OutboxRow | None:
        """The first due message of a payment to one address."""
        sql = f"""SELECT {_OUTBOX} FROM outbox WHERE workspace = ? AND subject = ? AND provider = ? AND url = ?
            AND state = 'pending' AND +due <= ? ORDER BY +due, seq LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (workspace, subject, provider, url, until))
        return OutboxRow(*found[0]) if found else None

    def next_in_queue(self, workspace: int, provider: str, url: str, until: int) -> OutboxRow | None:
        """The first message to one address that is due, or that was tried before and is to be tried again."""
        sql = f"""SELECT {_OUTBOX} FROM outbox WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending'
            AND (+due <= ? OR attempts > 0) ORDER BY seq LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (workspace, provider, url, until))
        return OutboxRow(*found[0]) if found else None

    def hold_back(self, workspace: int, provider: str, url: str, until: int) -> None:
        """No message to this address is due before that instant."""
        sql = """UPDATE outbox SET due = ? WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending' AND due < ?"""
        self.run(sql, (until, workspace, provider, url, until))

    def let_go(self, workspace: int, provider: str, url: str, held_until: int, due: int) -> None:
        """The messages to this address that were held back until an instant, and were never tried, are due."""
        sql = """UPDATE outbox SET due = ? WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending' AND due = ?
            AND attempts = 0"""
        self.run(sql, (due, workspace, provider, url, held_until))

    def message_at(self, seq: int) -> OutboxRow | None:
        found = self.rows(f"SELECT {_OUTBOX} FROM outbox WHERE seq = ?", (seq,))  # noqa: S608
        return OutboxRow(*found[0]) if found else None

    def message(self, workspace: int, id_: str) -> OutboxRow | None:
        sql = f"SELECT {_OUTBOX} FROM outbox WHERE id = ? AND workspace = ?"  # noqa: S608
        found = self.rows(sql, (id_, workspace))
        return OutboxRow(*found[0]) if found else None

    def messages(
        self,
        workspace: int,
        *,
        provider: str | None = None,
        event: str | None = None,
        subject: str | None = None,
        state: str | None = None,
        after: int | None = None,
        limit: int = EVERY,
    ) -> list[OutboxRow]:
        """Oldest first."""
        where, values = ["workspace = ?"], [workspace]  # type: list[str], list[Any]
        filters = (("provider", provider), ("event", event), ("subject", subject), ("state", state))
        for column, value in filters:
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if after is not None:
            where.append("seq > ?")
            values.append(after)
        sql = f"SELECT {_OUTBOX} FROM outbox WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?"  # noqa: S608
        return [OutboxRow(*row) for row in self.rows(sql, [*values, limit])]

    def save_attempt(
        self,
        message: OutboxRow,
        *,
        n: int,
        at: int,
        status: int | None,
        duration_ms: float,
        error: str | None,
        headers: bytes,
        answer: str | None,
        body: bytes,
        state: str,
        due: int | None,
    ) -> None:
        """`body` is kept only where it is not the message's own."""
        own = None if body == message.body else body
        self.run(
            f"INSERT INTO attempts ({_ATTEMPT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (message.seq, n, at, status, duration_ms, error, headers, answer, own),
        )
        sql = "UPDATE outbox SET state = ?, due = ?, attempts = ? WHERE seq = ?"
        self.run(sql, (state, due, n, message.seq))

    def set_message_state(self, seq: int, state: str, due: int | None) -> None:
        self.run("UPDATE outbox SET state = ?, due = ? WHERE seq = ?", (state, due, seq))

    def set_message_url(self, seq: int, url: str) -> None:
        self.run("UPDATE outbox SET url = ? WHERE seq = ?", (url, seq))

    def attempts(self, messages: Sequence[int]) -> list[AttemptRow]:
        """Of these messages, each message's oldest first."""
        if not messages:
            return []
        marks = ", ".join("?" * len(messages))
        sql = f"SELECT {_ATTEMPT} FROM attempts WHERE message IN ({marks}) ORDER BY message, n"  # noqa: S608
        return [AttemptRow(*row) for row in self.rows(sql, messages)]

    def message_counts(self, workspace: int) -> dict[str, int]:
        sql = "SELECT state, COUNT(*) FROM outbox WHERE workspace = ? GROUP BY state"
        return {row[0]: int(row[1]) for row in self.rows(sql, (workspace,))}

    # Journal ---------------------------------------------------------------------------------------------------

    def insert_journal(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, at, kind, provider, subject, path, status, body)`."""
        sql = """INSERT INTO journal (workspace, at, kind, provider, subject, path, status, body)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
        self.run_many(sql, rows)

    def journal_of(self, workspace: int, subject: str) -> list[Row]:
        """`(seq, at, kind, provider, body)`, oldest first."""
        sql = """SELECT seq, at, kind, provider, body FROM journal
            WHERE workspace = ? AND subject = ? ORDER BY seq"""
        return self.rows(sql, (workspace, subject))

    def requests(
        self,
        workspace: int,
        *,
        provider: str | None,
        status: int | None,
        path: str | None,
        before: int | None,
        limit: int,
    ) -> list[Row]:
        """`(seq, at, provider, subject, path, status, body)`, newest first."""
        where, values = ["workspace = ?", "kind = 'request'"], [workspace]  # type: list[str], list[Any]
        if provider is not None:
            where.append("provider = ?")
            values.append(provider)
        if status is not None:
            where.append("status = ?")
            values.append(status)
        if path is not None:
            where.append("path LIKE ?")
            values.append(path.replace("*", "%") if "*" in path else f"{path}%")
        if before is not None:
            where.append("seq < ?")
            values.append(before)
        sql = "SELECT seq, at, provider, subject, path, status, body FROM journal"
        return self.rows(f"{sql} WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT ?", [*values, limit])

    # Idempotency -----------------------------------------------------------------------------------------------

    def reply(self, workspace: int, provider: str, scope: str, key: str) -> Row | None:
        """`(at, fingerprint, status, headers, body)`"""
        sql = """SELECT at, fingerprint, status, headers, body FROM replies
            WHERE key = ? AND scope = ? AND provider = ? AND workspace = ?"""
        found = self.rows(sql, (key, scope, provider, workspace))
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
        self.run(sql, (workspace, provider, scope, key, at, fingerprint, status, headers, body))
