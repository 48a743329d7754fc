"""What falls due: timers, and messages to merchants with their attempts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from typing import Any, NamedTuple

import orjson

from simulator.engine.store.resources import StoreConflict
from simulator.engine.store.statements import EVERY, FOREVER, Row, Statements
from simulator.engine.store.written import ATTEMPT, MESSAGE, as_written
from simulator.engine.unreadable import raw_bytes


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
    from_network: int | None
    """Whether another machine named the URL; an older version did not say, and then it counts as named here."""
    plan: bytes | None = None
    """What a scenario has in mind for it (`messages.Plan`)."""


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
    sent: int | None
    """When, in real time; None for what an older version has sent. `at` is the workspace's time."""


_OUTBOX = "seq, id, workspace, provider, event, subject, url, state, due, created, attempts, context, body, from_network, plan"
_TIMER = "seq, workspace, due, provider, kind, id, trigger, data"
_ATTEMPT = "message, n, at, status, duration_ms, error, headers, answer, body, sent"
_FAILING = ("state = 'failed'", "state = 'pending' AND attempts > 0")
"""Each as its partial index says it."""

_NOT_LEFT = "NOT EXISTS (SELECT 1 FROM leavings l WHERE l.place = outbox.workspace)"
"""Not of a workspace that was deleted or reset since."""

_ATTACK = "substr(plan, 1, 8) IN (?, ?)"
_EARNEST = f"(plan IS NULL OR NOT {_ATTACK})"
ATTACKS = (b'{"forge"', b'{"stale_')
"""How the plan of a message begins that no merchant should take."""

WATCHED, TOGETHER = 20_000, 500
"""So many pending messages are watched while a workspace settles, and asked about at a time."""

LOOKED_AT = 5000
"""So many messages a filtered page of the ledger looks at, so that none is slow in a full store."""


def _attempt(row: Row) -> AttemptRow:
    return as_written("attempt at message", AttemptRow(*row), ATTEMPT)


class Outbox(Statements):
    def _timer(self, row: Row) -> TimerRow:
        found = TimerRow(*row)
        return found._replace(workspace=self._of(found.workspace)) if self._standing else found

    def _message(self, row: Row) -> OutboxRow:
        found = as_written("message", OutboxRow(*row), MESSAGE)
        return found._replace(workspace=self._of(found.workspace)) if self._standing else found

    def insert_timers(self, rows: Sequence[Row]) -> None:
        """Rows of `(workspace, due, provider, kind, id, trigger, data)`."""
        sql = "INSERT INTO timers (workspace, due, provider, kind, id, trigger, data) VALUES (?, ?, ?, ?, ?, ?, ?)"
        self.run_many(sql, self._placed(rows))

    def delete_timers_of(self, workspace: int, provider: str, kind: str, id_: str, trigger: str | None) -> None:
        sql = "DELETE FROM timers WHERE id = ? AND kind = ? AND provider = ? AND +workspace = ?"
        values = [id_, kind, provider, self._at(workspace)]
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
        values = (self._at(workspace), FOREVER if until is None else until, *(after or ()), limit)
        return [self._timer(row) for row in self.rows(sql, values)]

    def timers_of(self, workspace: int, ids: Sequence[str]) -> list[TimerRow]:
        """The timers of the resources with these ids, of whatever kind, soonest first."""
        places = ", ".join("?" for _ in ids)
        sql = f"SELECT {_TIMER} FROM timers WHERE id IN ({places}) AND +workspace = ? {self._timers_aside} ORDER BY due, seq"  # noqa: S608
        return [self._timer(row) for row in self.rows(sql, (*ids, self._at(workspace)))] if ids else []

    def undated(self) -> tuple[int, int]:
        """How many timers and pending messages have a due time that is no instant. Only damage writes such a row; it never
        falls due."""
        return 0, 0

    def waiting_providers(self) -> list[str]:
        """The providers of timers and messages that wait, as far as that is cheap to say."""
        return []

    def with_rows(self, providers: Set[str]) -> Set[str]:
        """Which of the providers have rows in a workspace; all of them where that is not cheap to say."""
        return providers

    def next_due(self, workspace: int, after: int = 0, *, seen: int = 0) -> int | None:
        """When the next timer or message of a workspace falls due after `after`; messages up to `seen` do not count either. All
        in microseconds. Rows without an instant are passed over (`undated`)."""
        sql = f"""SELECT MIN(due) FROM (
            SELECT due FROM (SELECT due FROM timers WHERE workspace = ? AND due > ? AND due <= ? {self._timers_aside}
                ORDER BY workspace, due, seq LIMIT 1) timer
            UNION ALL SELECT due FROM (SELECT due FROM outbox
                WHERE workspace = ? AND state = 'pending' AND due > ? AND due <= ? {self._aside(workspace)}
                ORDER BY workspace, due, seq LIMIT 1) message) both_tables"""  # noqa: S608
        place = self._at(workspace)
        found = self.rows(sql, (place, after, FOREVER, place, max(after, seen), FOREVER))
        return None if found[0][0] is None else int(found[0][0])

    def insert_messages(self, rows: Sequence[Row]) -> None:
        """Rows of `(id, workspace, provider, event, subject, url, state, due, created, attempts, context, body, from_network,
        plan)`."""
        sql = """INSERT INTO outbox
            (id, workspace, provider, event, subject, url, state, due, created, attempts, context, body, from_network, plan)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
        self.run_many(sql, self._placed(rows, 1))

    def due_messages(
        self, workspace: int, until: int, limit: int = 500, after: tuple[int, int] | None = None
    ) -> list[OutboxRow]:
        """Soonest first; `after` as in `timers`."""
        later = "" if after is None else "AND (due, seq) > (?, ?)"
        sql = f"""SELECT {_OUTBOX} FROM outbox
            WHERE workspace = ? AND state = 'pending' AND due <= ? {later} {self._aside(workspace)} ORDER BY due, seq LIMIT ?"""  # noqa: S608
        return [self._message(row) for row in self.rows(sql, (self._at(workspace), until, *(after or ()), limit))]

    def due_groups(
        self, workspace: int, until: int, limit: int, after: tuple[int, int] | None = None
    ) -> list[tuple[str, str, str, int, int]]:
        """Provider, subject and address of the messages that are due, soonest first, with when each is due and its number."""
        later = "" if after is None else "AND (due, seq) > (?, ?)"
        sql = f"""SELECT provider, subject, url, due, seq FROM outbox
            WHERE workspace = ? AND state = 'pending' AND due <= ? {later} {self._aside(workspace)} ORDER BY due, seq LIMIT ?"""  # noqa: S608
        return [
            (row[0], row[1], row[2], row[3], row[4])
            for row in self.rows(sql, (self._at(workspace), until, *(after or ()), limit))
        ]

    def next_message(self, workspace: int, provider: str, subject: str, url: str, until: int) -> OutboxRow | None:
        """The first due message of a payment to one address."""
        sql = f"""SELECT {_OUTBOX} FROM outbox WHERE workspace = ? AND subject = ? AND provider = ? AND url = ?
            AND state = 'pending' AND +due <= ? ORDER BY +due, seq LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (self._at(workspace), subject, provider, url, until))
        return self._message(found[0]) if found else None

    def together_with(self, message: OutboxRow, until: int) -> list[OutboxRow]:
        """The other due messages that leave at the same moment as this one: those of the same plan."""
        sql = f"""SELECT {_OUTBOX} FROM outbox WHERE workspace = ? AND subject = ? AND provider = ? AND url = ?
            AND state = 'pending' AND +due <= ? AND plan = ? AND seq <> ? ORDER BY seq"""  # noqa: S608
        group = (self._at(message.workspace), message.subject, message.provider, message.url)
        return [self._message(row) for row in self.rows(sql, (*group, until, message.plan, message.seq))]

    def plans_of(self, workspace: int, provider: str, subject: str, url: str, after: int) -> list[bytes]:
        """The plans of a payment's messages to one address that are due after an instant."""
        sql = """SELECT plan FROM outbox WHERE workspace = ? AND subject = ? AND provider = ? AND url = ?
            AND state = 'pending' AND +due > ? AND plan IS NOT NULL ORDER BY seq"""
        return [
            raw_bytes("the plan of a message", row[0])
            for row in self.rows(sql, (self._at(workspace), subject, provider, url, after))
        ]

    def next_in_queue(self, workspace: int, provider: str, url: str, until: int) -> OutboxRow | None:
        """The first message to one address that is due, or that was tried before and is to be tried again."""
        sql = f"""SELECT {_OUTBOX} FROM outbox WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending'
            AND (+due <= ? OR attempts > 0) ORDER BY seq LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (self._at(workspace), provider, url, until))
        return self._message(found[0]) if found else None

    def hold_back(self, workspace: int, provider: str, url: str, until: int) -> None:
        """No message to this address is due before that instant."""
        sql = """UPDATE outbox SET due = ? WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending' AND due < ?"""
        self.run(sql, (until, self._at(workspace), provider, url, until))

    def let_go(self, workspace: int, provider: str, url: str, held_until: int, due: int) -> None:
        """The messages to this address that were held back until an instant, and were never tried, are due."""
        sql = """UPDATE outbox SET due = ? WHERE workspace = ? AND provider = ? AND url = ? AND state = 'pending' AND due = ?
            AND attempts = 0"""
        self.run(sql, (due, self._at(workspace), provider, url, held_until))

    def latest_of_pending(self) -> list[tuple[int, int]]:
        """For each workspace with messages that wait: its number, and the last instant at which one was made or tried."""
        sql = f"""SELECT workspace, MAX(at) FROM (
            SELECT workspace, MAX(created) AS at FROM outbox WHERE state = 'pending' GROUP BY workspace
            UNION ALL SELECT o.workspace, MAX(a.at) AS at FROM outbox o JOIN attempts a ON a.message = o.seq
            WHERE o.state = 'pending' GROUP BY o.workspace) both_tables
            WHERE workspace NOT IN (SELECT place FROM leavings) AND at <= {FOREVER} GROUP BY workspace"""  # noqa: S608
        return [(self._of(row[0]), int(row[1])) for row in self.rows(sql)]

    def bring_forward(self, workspace: int, now: int, by: int) -> None:
        """What waits for an instant after `now` waits for that much less (microseconds)."""
        sql = "UPDATE outbox SET due = due - ? WHERE workspace = ? AND state = 'pending' AND due > ?"
        self.run(sql, (by, self._at(workspace), now))

    def as_it_stands(self, message: OutboxRow) -> OutboxRow | None:
        """A message that was read before, with what of it may have changed since. None if its workspace was deleted or reset:
        then it is nobody's any more."""
        sql = f"SELECT url, state, due, attempts, from_network FROM outbox WHERE seq = ? AND {_NOT_LEFT}"  # noqa: S608
        found = self.rows(sql, (message.seq,))
        if not found:
            return None
        url, state, due, attempts, from_network = found[0]
        return message._replace(url=url, state=state, due=due, attempts=attempts, from_network=from_network)

    def message(self, workspace: int, id_: str) -> OutboxRow | None:
        sql = f"SELECT {_OUTBOX} FROM outbox WHERE id = ? AND workspace = ?"  # noqa: S608
        found = self.rows(sql, (id_, self._at(workspace)))
        return self._message(found[0]) if found else None

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
        where: list[str] = ["workspace = ?"]
        values: list[Any] = [self._at(workspace)]
        filters = (("provider", provider), ("event", event), ("subject", subject), ("state", state))
        for column, value in filters:
            if value is not None:
                where.append(f"{column} = ?")
                values.append(value)
        if after is not None:
            where.append("seq > ?")
            values.append(after)
        sql = f"SELECT {_OUTBOX} FROM outbox WHERE {' AND '.join(where)} ORDER BY seq LIMIT ?"  # noqa: S608
        return [self._message(row) for row in self.rows(sql, [*values, limit])]

    def count_failing(self, workspace: int, most: int) -> int:
        """How many messages were refused, whether they will be tried again or not; no more than twice `most` are counted."""
        return sum(n for _, n in self.failing_of(workspace, most))

    def failing_of(self, workspace: int, most: int) -> list[tuple[str, int]]:
        """The providers whose messages were refused, and how many; no more than twice `most` are counted in all."""
        parts = [
            f"""SELECT provider FROM (SELECT provider FROM outbox WHERE workspace = ? AND {is_failing} AND {_EARNEST}
            ORDER BY seq DESC LIMIT ?) newest_{n}"""  # noqa: S608
            for n, is_failing in enumerate(_FAILING)
        ]
        sql = f"SELECT provider, COUNT(*) FROM ({' UNION ALL '.join(parts)}) failing GROUP BY provider"  # noqa: S608
        return [(row[0], int(row[1])) for row in self.rows(sql, (self._at(workspace), *ATTACKS, most) * len(_FAILING))]

    def tallies(self, workspace: int, newest: int) -> list[tuple[str, str, int]]:
        """Provider, what became of it, and how many of so many of the newest messages: `failing`, `adversarial`, or a state."""
        sql = f"""SELECT provider, kind, COUNT(*) FROM (
            SELECT provider, CASE WHEN plan IS NOT NULL AND {_ATTACK} THEN 'adversarial'
            WHEN {" OR ".join(_FAILING)} THEN 'failing' ELSE state END AS kind FROM outbox
            WHERE workspace = ? ORDER BY seq DESC LIMIT ?) newest
            GROUP BY provider, kind"""  # noqa: S608
        found = self.rows(sql, (*ATTACKS, self._at(workspace), newest))
        return [(row[0], row[1], int(row[2])) for row in found]

    def ledger(
        self,
        workspace: int,
        *,
        providers: Sequence[str] | None,
        event: str | None,
        group: str | None,
        before: int | None,
        limit: int,
    ) -> tuple[list[OutboxRow], int | None]:
        """Newest first, of these providers. `group` is a state, `failing` (refused, whether it will be tried again or not), or
        `adversarial`, which is in no other.

        At most `LOOKED_AT` messages are looked at. If that was not enough for `limit`, the second part is the number before which
        the search goes on; else it is None.
        """
        if group != "failing":
            of_attacks = None if group is None else group == "adversarial"
            state = None if of_attacks else group
            return self.page_of_messages(
                workspace,
                providers=providers,
                event=event,
                group=state,
                adversarial=of_attacks,
                place=before,
                limit=limit,
            )
        if providers is not None and not providers:
            return [], None
        wanted: list[tuple[str, Sequence[Any]]] = [(_EARNEST, ATTACKS)]
        if providers is not None:
            wanted.append((f"provider IN ({', '.join('?' for _ in providers)})", providers))
        if event is not None:
            wanted.append(("event = ?", (event,)))
        where = " AND ".join(clause for clause, _ in wanted)
        given = [value for _, some in wanted for value in some]
        older, place = ("", ()) if before is None else ("AND seq < ?", (before,))
        found: list[Row] = []
        for is_failing in _FAILING:
            within, values = f"workspace = ? AND {is_failing} {older}", (self._at(workspace), *place)
            last = self._message_back(within, values, "DESC") or 0
            sql = f"SELECT {_OUTBOX} FROM outbox WHERE {within} AND seq >= ? AND {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
            found += self.rows(sql, [*values, last, *given, limit])
        return sorted((self._message(row) for row in found), key=lambda row: -row.seq)[:limit], None

    def soonest_failing(self, workspace: int, most: int) -> tuple[str | None, int] | None:
        """Address and number of tries of the refused message that is tried again first; `most` of those due first are looked at."""
        sql = f"""SELECT url, attempts FROM (SELECT url, attempts, due, seq FROM outbox
            WHERE workspace = ? AND state = 'pending' {self._aside(workspace)} ORDER BY due, seq LIMIT ?) soonest
            WHERE attempts > 0 ORDER BY due, seq LIMIT 1"""  # noqa: S608
        found = self.rows(sql, (self._at(workspace), most))
        return (found[0][0], int(found[0][1])) if found else None

    def outcomes(self, workspace: int, subjects: Sequence[str]) -> list[Row]:
        """`(subject, id, event, state, attempts)` of all messages about these payments but the forged ones, oldest first."""
        places = ", ".join("?" for _ in subjects)
        sql = f"""SELECT subject, id, event, state, attempts FROM outbox
            WHERE workspace = ? AND subject IN ({places}) AND {_EARNEST} ORDER BY +seq"""  # noqa: S608
        return self.rows(sql, (self._at(workspace), *subjects, *ATTACKS)) if subjects else []

    def save_attempts(self, tries: Sequence[tuple[OutboxRow, AttemptRow, str, int | None]]) -> None:
        """Each with its message as it was read, and the state and instant that this has from now on. The journal has a line of
        each, for who follows it. Raises `StoreConflict` where a message is another by now, or nobody's: then none may stand."""
        sql = f"UPDATE outbox SET state = ?, due = ?, attempts = ? WHERE seq = ? AND attempts = ? AND state = ? AND {_NOT_LEFT}"  # noqa: S608
        states = [
            (state, due, row.n, message.seq, message.attempts, message.state) for message, row, state, due in tries
        ]
        if self.run_many(sql, states) != len(states):
            raise StoreConflict
        sql = f"INSERT INTO attempts ({_ATTEMPT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        self.run_many(sql, [row for _, row, _, _ in tries])
        sql = "INSERT INTO journal (workspace, at, kind, provider, subject, body) VALUES (?, ?, 'webhook', ?, ?, ?)"
        self.run_many(sql, [self._line(message, row) for message, row, _, _ in tries])

    def _line(self, message: OutboxRow, row: AttemptRow) -> Row:
        told: dict[str, Any] = {"moves": [], "id": message.id, "event": message.event}
        told |= {"n": row.n, "status": row.status, "error": row.error}
        return self._at(message.workspace), row.at, message.provider, message.subject, orjson.dumps(told)

    def set_message_state(self, seq: int, state: str, due: int | None) -> None:
        self.run("UPDATE outbox SET state = ?, due = ? WHERE seq = ?", (state, due, seq))

    def try_failed_again(self, workspace: int, provider: str | None, due: int) -> int:
        """Makes every message that was refused due at an instant, given up or not; returns how many. What no merchant should take
        is rightly refused."""
        values: list[Any] = [due, self._at(workspace), *ATTACKS]
        narrow = ""
        if provider is not None:
            narrow = "AND provider = ?"
            values.append(provider)
        return sum(
            self.run(
                f"""UPDATE outbox SET state = 'pending', due = ?
                WHERE workspace = ? AND {is_failing} AND {_EARNEST} {narrow} {self._aside(workspace)}""",  # noqa: S608
                values,
            )
            for is_failing in reversed(_FAILING)
        )

    def page_of_messages(
        self,
        workspace: int,
        *,
        providers: Sequence[str] | None = None,
        event: str | None = None,
        subject: str | None = None,
        group: str | None = None,
        adversarial: bool | None = None,
        newest: bool = True,
        place: int | None = None,
        limit: int,
    ) -> tuple[list[OutboxRow], int | None]:
        """Those behind a `place`, newest or oldest first. `group` is a state or `failing` (refused, whether it will be tried again
        or not); `adversarial` says whether they are attacks.

        Of a list with filters so many as `LOOKED_AT` messages are looked at. Where those were not enough for `limit`, and there are
        more, the second part is the place behind which to look on.
        """
        if providers is not None and not providers:
            return [], None
        behind, order = ("<", "DESC") if newest else (">", "ASC")
        within, values = "workspace = ?", list[Any]([self._at(workspace)])
        for clause, value in (("subject = ?", subject), (f"seq {behind} ?", place)):
            if value is not None:
                within, values = f"{within} AND {clause}", [*values, value]
        wanted: list[tuple[str, Sequence[Any]]] = [
            (f"{column} = ?", (value,))
            for column, value in (("event", event), ("state", None if group == "failing" else group))
            if value is not None
        ]
        if providers is not None:
            wanted.append((f"provider IN ({', '.join('?' for _ in providers)})", providers))
        if group == "failing":
            wanted.append((f"({' OR '.join(f'({one})' for one in _FAILING)})", ()))
        if adversarial is not None:
            wanted.append((f"plan IS NOT NULL AND {_ATTACK}" if adversarial else _EARNEST, ATTACKS))
        last = self._message_back(within, values, order) if wanted else None
        if last is not None:
            wanted.append(("seq >= ?" if newest else "seq <= ?", (last,)))
        where = " AND ".join([within, *(clause for clause, _ in wanted)])
        sql = f"SELECT {_OUTBOX} FROM outbox WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608
        given = [value for _, some in wanted for value in some]
        rows = [self._message(row) for row in self.rows(sql, [*values, *given, limit])]
        return rows, last if len(rows) < limit else None

    def _message_back(self, within: str, values: Sequence[Any], order: str) -> int | None:
        """The number of the last of the messages that are looked at; None where there are fewer."""
        sql = f"SELECT seq FROM outbox WHERE {within} ORDER BY seq {order} LIMIT 1 OFFSET ?"  # noqa: S608
        found = self.rows(sql, [*values, LOOKED_AT - 1])
        return int(found[0][0]) if found else None

    def last_attempt(self, message: int) -> AttemptRow | None:
        found = self.rows(f"SELECT {_ATTEMPT} FROM attempts WHERE message = ? ORDER BY n DESC LIMIT 1", (message,))  # noqa: S608
        return _attempt(found[0]) if found else None

    def set_message_url(self, seq: int, url: str, from_network: bool) -> None:
        self.run("UPDATE outbox SET url = ?, from_network = ? WHERE seq = ?", (url, int(from_network), seq))

    def first_sent(self, message: int) -> int | None:
        """The real time of the first attempt at a message; None if there was none, or if an older version made it."""
        found = self.rows("SELECT sent FROM attempts WHERE message = ? ORDER BY n LIMIT 1", (message,))
        return None if not found else found[0][0]

    def attempts(self, messages: Sequence[int]) -> list[AttemptRow]:
        """The attempts of these messages; each message's oldest first."""
        if not messages:
            return []
        marks = ", ".join("?" * len(messages))
        sql = f"SELECT {_ATTEMPT} FROM attempts WHERE message IN ({marks}) ORDER BY message, n"  # noqa: S608
        return [_attempt(row) for row in self.rows(sql, messages)]

    def count_pending(self, workspace: int) -> int:
        sql = """SELECT COUNT(*) FROM (SELECT seq FROM outbox WHERE workspace = ? AND state = 'pending'
            ORDER BY due, seq LIMIT ?) pending"""
        return int(self.rows(sql, (self._at(workspace), EVERY))[0][0])

    def pending_now(self, workspace: int) -> tuple[list[int], int]:
        """The numbers of the pending messages, those due soonest (`WATCHED`), and that of the newest message of all."""
        sql = "SELECT seq FROM outbox WHERE workspace = ? AND state = 'pending' ORDER BY due, seq LIMIT ?"
        found = [int(row[0]) for row in self.rows(sql, (self._at(workspace), WATCHED))]
        return found, int(self.rows("SELECT MAX(seq) FROM outbox", ())[0][0] or 0)

    def outcomes_since(self, workspace: int, pending: Sequence[int], newest: int) -> dict[str, int]:
        """By state, how many there are of those that were pending (`pending_now`) and of those that came after the newest one."""
        sql = "SELECT state, COUNT(*) FROM outbox WHERE +workspace = ? AND seq > ? GROUP BY state"
        found = Counter({row[0]: int(row[1]) for row in self.rows(sql, (self._at(workspace), newest))})
        for start in range(0, len(pending), TOGETHER):
            some = pending[start : start + TOGETHER]
            sql = f"SELECT state, COUNT(*) FROM outbox WHERE seq IN ({', '.join('?' * len(some))}) GROUP BY state"  # noqa: S608
            found.update({row[0]: int(row[1]) for row in self.rows(sql, some)})
        return dict(found)
