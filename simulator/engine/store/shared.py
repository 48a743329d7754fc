"""What several processes on one store agree on: who serves which workspace, and what each has to read again.

The locks are PostgreSQL's advisory ones, held by the session that writes. Which processes there are is told by the sessions, which
bear the store's name; only where the process of a session is reached is written down, and nobody reads it without the session.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from simulator.engine.store.base import Store

NAME = "psp-simulator "
"""How the name of a session begins; a number for the schema follows."""

AT = "reached at "
"""So begins the name under which a process says where it is reached; the number of its session follows."""

OPENING = 0
"""The lock that is held while somebody makes the tables or checks that they are there. No workspace has this number."""

MAKING = -1
"""The lock that is held while somebody checks that a name or a credential is free, and takes it."""

_CLASS = "hashtext(current_schema())"
"""Stores in two schemas of one database do not know each other."""

_HELD = f"""SELECT objid::BIGINT AS id, pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2
    AND objid::BIGINT BETWEEN 1 AND 2147483647
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::BIGINT = {_CLASS}::BIGINT & 4294967295"""  # noqa: S608

_SESSIONS = f"""SELECT pid FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = '{NAME}' || {_CLASS}"""  # noqa: S608

_SCHEDULED = """EXISTS (SELECT 1 FROM timers t WHERE t.workspace = COALESCE(w.place, w.id))
    OR EXISTS (SELECT 1 FROM outbox o WHERE o.workspace = COALESCE(w.place, w.id) AND o.state = 'pending')"""


class SharedStore(Store):
    """A store of which this process may not be the only one."""

    @abstractmethod
    def when_lost(self, call: Callable[[], None]) -> None:
        """`call` hears when the connection was lost, and with it every lock; whoever has met that gets `Renewed`."""

    @abstractmethod
    def check_connection(self) -> None:
        """Called before anything is begun. Raises `Renewed` where the connection was cut since the last statement, or what says why
        there is no other."""

    def called(self, address: str) -> None:
        """Where this process is reached by the others."""
        sql = f"SELECT pg_backend_pid(), set_config('application_name', '{NAME}' || {_CLASS}, FALSE)"
        own = self.exact_rows(sql)[0][0]
        self.set_meta(f"{AT}{own}", address)
        sql = "DELETE FROM meta WHERE name LIKE ? AND name NOT IN (SELECT ? || pid FROM pg_stat_activity)"
        self.exact_run(sql, (f"{AT}%", AT))

    # Locks ---------------------------------------------------------------------------------------------------------

    @contextmanager
    def opening(self) -> Iterator[None]:
        """One process at a time, however long the one before takes."""
        with self.at_length():
            self._wait_for_opening()
        try:
            yield
        finally:
            self.drop_lock(OPENING)

    def _wait_for_opening(self) -> None:
        limit = self.exact_rows("SELECT current_setting('lock_timeout')")[0][0]
        self.exact_rows("SELECT set_config('lock_timeout', '0', FALSE)")
        self.exact_rows(f"SELECT pg_advisory_lock({_CLASS}, {OPENING})")
        self.exact_rows("SELECT set_config('lock_timeout', ?, FALSE)", (limit,))

    @contextmanager
    def making(self) -> Iterator[None]:
        """One process at a time, in the middle of no transaction."""
        self.exact_rows(f"SELECT pg_advisory_lock({_CLASS}, {MAKING})")
        try:
            yield
        finally:
            self.drop_lock(MAKING)

    def hold_lock(self, id_: int) -> bool:
        """Takes a lock if nobody has it; whether this process holds it from now on."""
        return bool(self.exact_rows(f"SELECT pg_try_advisory_lock({_CLASS}, ?::INT)", (id_,))[0][0])

    def drop_lock(self, id_: int) -> None:
        self.exact_rows(f"SELECT pg_advisory_unlock({_CLASS}, ?::INT)", (id_,))

    def held(self) -> list[int]:
        """The workspaces whose locks this process holds."""
        return [int(row[0]) for row in self.exact_rows(f"{_HELD} AND pid = pg_backend_pid()")]

    def holder(self, id_: int) -> str | None:
        """The address of the process that holds it."""
        sql = f"SELECT m.value FROM ({_HELD}) held JOIN meta m ON m.name = ? || held.pid WHERE held.id = ?"  # noqa: S608
        found = self.exact_rows(sql, (AT, id_))
        return str(found[0][0]) if found else None

    def with_most_room(self) -> str | None:
        """The address of the process that holds the fewest; None where no other holds fewer than this one."""
        sql = f"""SELECT m.value, COUNT(held.id) AS n, s.pid = pg_backend_pid() AS own
            FROM ({_SESSIONS}) s JOIN meta m ON m.name = ? || s.pid LEFT JOIN ({_HELD}) held ON held.pid = s.pid
            GROUP BY m.value, s.pid ORDER BY n, own DESC LIMIT 1"""  # noqa: S608
        found = self.exact_rows(sql, (AT,))
        return str(found[0][0]) if found and not found[0][2] else None

    def orphans(self) -> tuple[list[int], int]:
        """The workspaces with something scheduled that nobody serves, and how many processes there are."""
        sql = f"""WITH held AS MATERIALIZED ({_HELD}) SELECT w.id FROM workspaces w
            WHERE LENGTH(w.body) > 0 AND w.id NOT IN (SELECT id FROM held) AND ({_SCHEDULED})"""  # noqa: S608
        found = [int(row[0]) for row in self.exact_rows(sql)]
        return found, int(self.exact_rows(f"SELECT COUNT(*) FROM ({_SESSIONS}) s")[0][0])  # noqa: S608
