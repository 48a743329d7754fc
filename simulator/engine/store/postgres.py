"""The shared store for a team: PostgreSQL through psycopg 3 (the extra `[postgres]`)."""

from __future__ import annotations

import select
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, ClassVar, TypeVar

import psycopg

from simulator.engine.again import Locked, Renewed
from simulator.engine.store import schema
from simulator.engine.store.base import Row
from simulator.engine.store.shared import SharedStore
from simulator.engine.unreadable import Unreadable
from simulator.kernel.clock import stopwatch

T = TypeVar("T")

NEVER_HANGS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How long a server that says nothing is waited for (seconds, the last in milliseconds), unless the address says otherwise."""

AGAIN_S = 2
"""The first of them, once it has answered before. Nobody waits for that: it is asked in a thread of its own."""

BLINK_S = 0.1
"""So long a call waits for a new connection, where the server has not been silent before."""

SILENCE_S = 3.0
"""How long a statement may say nothing; here they take milliseconds. One that is at work looks the same as one that is lost."""

LENGTH_S = 15.0
"""How long a statement may say nothing that copies, counts or removes as much as a workspace holds."""

UPGRADE_S = 600.0
"""How long a call may take while the tables are made or brought up to date."""

PAUSE_S = 1.0
"""Between two questions whether a silent server is back. Until it is, what needs the store is refused at once."""

LOCK_MS = 100
"""How long a statement waits for somebody else's lock, where what it belongs to is asked again (`again.py`)."""

NEXT_LOCK_MS = 5
"""How long it waits during `LATELY_S` after another has waited in vain: most likely it wants the same lock."""

LATELY_S = 1.0

LOCK_ALONE_MS = 3000
"""How long it waits where nobody asks again: the store is one program's own."""

SETTINGS = {
    "default_transaction_isolation": "'read committed'",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
}
"""The isolation is what is relied on, whatever the database has for its own. After the seconds of the last three the server ends
the session of a machine that is not there any more, and with it its locks; by itself it would wait two hours.

Every statement has its index. Without statistics, as they are missing on a fresh database, the planner would take tables for
small and walk through them; `tests/replicas/test_plans.py` counts the rows. Nothing here is worth compiling, and where a walk is
the only way the planner would think so."""

_VERSION = "schema_version"


class Newer(RuntimeError):
    """A later version of the simulator has written the tables."""

    def __init__(self, version: int) -> None:
        super().__init__(
            f"it was written by another version, a newer one (schema {version}, here {schema.VERSION}); "
            "use that version, or another database"
        )


class _Locked(psycopg.OperationalError, Locked):
    """For who does not ask again, it is an outage."""


_LOCKS = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)


class Spoilt(psycopg.OperationalError):
    """What was to be committed was undone."""


class Silent(psycopg.OperationalError):
    """It was waited for, and said nothing."""


class _Impatient(psycopg.Connection[Row]):
    """Gives a statement so many seconds; psycopg itself would wait for ever."""

    limit_s = SILENCE_S
    silence: Silent | None = None
    """What it was given up for; psycopg may raise something else on its way out of a pipeline."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **more: Any) -> T:
        try:
            return super().wait(_within(self.limit_s, gen), *args, **more)
        except Silent as error:
            self.silence = error
            raise


def _within(limit_s: float, steps: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """The steps, until they have waited `limit_s` for the server. psycopg comes back every 0.1 s with the news that nothing has
    come."""
    heard, ready = stopwatch(), None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        ready = yield wanted
        if ready:
            heard = stopwatch()
        elif stopwatch() - heard >= limit_s:
            steps.close()
            raise Silent(f"no answer to a statement within {limit_s:g} s")


class _Renewed(psycopg.OperationalError, Renewed):
    """For who does not ask, it is an outage."""


class PostgresStore(SharedStore):
    """`where` is a `postgresql://` address. The tables are made in the connection's default schema."""

    dialect: ClassVar[str] = "postgresql"
    SAME: ClassVar[str] = "IS NOT DISTINCT FROM"
    NUMBERED: ClassVar[str] = "OVERRIDING SYSTEM VALUE"
    PLACE_IN: ClassVar[str] = "strpos"
    OUTAGES: ClassVar[tuple[type[Exception], ...]] = (psycopg.OperationalError,)

    def __init__(self, where: str) -> None:
        self._where = where
        self._has_begun = False
        self._in_part = False
        """Whether somebody writes. What fails then is undone by them; what only reads meanwhile undoes itself."""
        self._has_savepoint = False
        """Whether nothing was written since the last one."""
        self._search: Future[_Impatient] | None = None
        """Where a new connection will be found."""
        self._not_before = 0.0
        self._said = ""
        """Why nothing was heard, until something is."""
        self._lock_ms = LOCK_ALONE_MS
        self._locked_at = -LATELY_S
        self._lost: Callable[[], None] | None = None
        self._address: str | None = None
        self._session: Row | None = None
        """The number and the beginning of the session that is known to others."""
        self._connection = self._connected()
        self._connection.execute("SELECT 1")
        self._connection.limit_s = UPGRADE_S
        try:
            with self.opening():
                self._bring_up_to_date()
        except BaseException:
            self._connection.close()
            raise
        self._connection.limit_s = SILENCE_S

    def _bring_up_to_date(self) -> None:
        """In one transaction: the tables of this version, or those that were there. Raises `Newer`."""
        found = self._version()
        if found == schema.VERSION:
            return
        if found > schema.VERSION:
            raise Newer(found)
        self.begin()
        try:
            for statement in schema.statements("postgresql", found):
                self._execute(statement)
            self.widen("postgresql")
            self.set_meta(_VERSION, str(schema.VERSION))
        except BaseException:
            self.rollback()
            raise
        self.commit()

    def _version(self) -> int:
        """The schema version of the tables that are there; 0 where there are none."""
        if self.exact_rows("SELECT to_regclass('meta')")[0][0] is None:
            return 0
        told = self.meta(_VERSION)
        return 1 if told is None else int(told)

    def when_lost(self, call: Callable[[], None]) -> None:
        self._lost = call

    def check_connection(self) -> None:
        if not self._has_begun and (self._connection.closed or self._has_news()):
            self._execute("SELECT 1")

    def _has_news(self) -> bool:
        """While nothing is asked, the server says something hardly ever but that it ends."""
        looking = select.poll()
        looking.register(self._connection.pgconn.socket, select.POLLIN)
        return bool(looking.poll(0))

    def called(self, address: str) -> None:
        self._address = address
        super().called(address)
        sql = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        self._session = self.exact_rows(sql)[0]

    @contextmanager
    def at_length(self) -> Iterator[None]:
        connection, limit_s = self._connection, self._connection.limit_s
        connection.limit_s = max(limit_s, LENGTH_S)
        try:
            yield
        finally:
            connection.limit_s = limit_s

    # Somebody else's locks ---------------------------------------------------------------------------------------

    @property
    def is_held_up(self) -> bool:  # type: ignore[override]
        return stopwatch() - self._locked_at < LATELY_S

    def _wait_for_locks(self) -> None:
        """To be called outside of a transaction, which would take it back with what fails."""
        wanted = LOCK_ALONE_MS if self._address is None else NEXT_LOCK_MS if self.is_held_up else LOCK_MS
        if wanted != self._lock_ms:
            self._connection.execute(f"SET lock_timeout = {wanted}".encode())
            self._lock_ms = wanted

    # Statements --------------------------------------------------------------------------------------------------

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Row]:
        if self._has_begun and not self._in_part:
            return self._beside_others(sql, values)
        return self._sent(sql, values)

    def _beside_others(self, sql: str, values: Sequence[Any]) -> psycopg.Cursor[Row]:
        """Who reads between two parts must not spoil them: a statement that fails spoils all that was written since the last
        savepoint."""
        self._save()
        try:
            return self._sent(sql, values)
        except psycopg.Error:
            if not self._connection.closed:
                self._sent("ROLLBACK TO SAVEPOINT part")
            raise

    def _save(self) -> None:
        if not self._has_savepoint:
            self._sent("SAVEPOINT part")
            self._has_savepoint = True

    def _sent(self, sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Row]:
        if self._connection.closed:
            self._connect_again()
        try:
            if not self._has_begun:
                self._wait_for_locks()
            return self._connection.execute(_placeholders(sql), _without_nul(values))
        except psycopg.OperationalError as error:
            self._tell(error)
            if not self._connection.closed or self._has_begun:
                raise
        self._connect_again()  # the server was started again since the last statement: nothing was under way
        return self._connection.execute(_placeholders(sql), _without_nul(values))

    def _tell(self, error: psycopg.OperationalError) -> None:
        """Raises `Silent` where nothing was heard, whatever else has come of that, and `Locked` where somebody else was in the
        way."""
        if (silence := self._connection.silence) is not None:
            self._give_up(silence)  # a busy machine may have been slow: it is asked at once
            raise silence from (None if silence is error else error)
        if isinstance(error, _LOCKS):
            self._locked_at = stopwatch()
            raise _Locked(f"somebody else holds what is needed ({error.diag.message_primary})") from error

    def _hand_over(self) -> None:
        """The locks went with the connection. Raises `Renewed`: what was to be done may be another's business now."""
        if self._session is not None and self._address is not None:
            # if the network dropped our last session, the server still has it, with its locks
            sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ? AND backend_start = ?"
            self.exact_rows(sql, self._session)
            self.called(self._address)
        if self._lost is not None:
            self._lost()
            raise _Renewed("the connection was lost: what was in memory is read again")

    def _give_up(self, error: Exception) -> None:
        """Nobody waits again for a while. What was under way is undone by the server once it notices."""
        self._connection.close()
        self._said = str(error)

    def _connect_again(self) -> None:
        """Connects again, in a thread: nobody may wait until a silent server is given up."""
        if self._has_begun:
            raise psycopg.OperationalError("the connection was lost in the middle of a transaction")
        if self._search is None:
            if stopwatch() < self._not_before:
                raise Silent(f"{self._said}; it is asked again every {PAUSE_S:g} s")
            self._search = _in_a_thread(partial(self._connected, connect_timeout=AGAIN_S))
        try:
            connection = self._search.result(0 if self._said else BLINK_S)
        except TimeoutError:
            self._said = self._said or "the server has not answered yet"
            raise Silent(self._said) from None
        except Exception as error:
            self._search, self._said = None, ""
            if isinstance(error, Silent):
                self._give_up(error)
                self._not_before = stopwatch() + PAUSE_S
            raise
        self._search, self._said = None, ""
        self._connection, self._lock_ms = connection, LOCK_ALONE_MS
        self._hand_over()

    def _connected(self, **more: Any) -> _Impatient:
        said = psycopg.conninfo.conninfo_to_dict(self._where)
        limits = {name: value for name, value in {**NEVER_HANGS, **more}.items() if name not in said}
        try:
            made = _Impatient.connect(self._where, autocommit=True, **limits)
        except psycopg.errors.ConnectionTimeout as error:
            within = said.get("connect_timeout", limits.get("connect_timeout"))
            raise Silent(f"{said.get('host', 'the server')} did not answer within {within} s") from error
        try:
            for name, value in {**SETTINGS, "lock_timeout": str(LOCK_ALONE_MS)}.items():
                made.execute(f"SET {name} = {value}".encode())
        except BaseException:
            made.close()
            raise
        return made

    def outage(self, error: BaseException | None) -> str | None:
        return " ".join(str(error).split()) if isinstance(error, psycopg.OperationalError | Unreadable) else None

    def columns(self, table: str) -> frozenset[str]:
        found = self._execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608
        return frozenset(column.name for column in found or ())

    def exact_rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return list(self._execute(sql, values).fetchall())

    def exact_run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._execute(sql, values).rowcount

    def exact_added(self, sql: str, values: Sequence[Any]) -> int:
        return int(self.exact_rows(f"{sql} RETURNING seq", values)[0][0])

    def exact_run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> int:
        rows = [_without_nul(row) for row in values]
        if len(rows) <= 1:
            return self.exact_run(sql, rows[0]) if rows else 0
        if self._connection.closed:
            self._connect_again()
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(_placeholders(sql), rows)
                return cursor.rowcount
        except psycopg.OperationalError as error:
            self._tell(error)
            raise

    def _new_numbers(self, table: str, count: int) -> Sequence[int]:
        """Others take some in between: nobody has to wait until all that they are for is written."""
        sql = f"SELECT nextval(pg_get_serial_sequence('{table}', 'seq')) FROM generate_series(1, CAST(? AS INT))"  # noqa: S608
        return sorted(int(row[0]) for row in self.exact_rows(sql, (count,)))

    def begin(self) -> None:
        self._sent("BEGIN")
        self._has_begun = self._in_part = True

    def commit(self) -> None:
        """Raises `Spoilt` where PostgreSQL has undone it instead, which it says without an error."""
        done = self._sent("COMMIT").statusmessage
        self._begun_no_more()
        if done != "COMMIT":
            raise Spoilt("a statement of the transaction had failed: it was undone")

    def rollback(self) -> None:
        status = psycopg.pq.TransactionStatus
        try:
            if self._connection.info.transaction_status not in (status.IDLE, status.UNKNOWN):
                self._sent("ROLLBACK")
        finally:
            self._begun_no_more()

    def _begun_no_more(self) -> None:
        self._has_begun = self._in_part = self._has_savepoint = False

    def first_part_stands(self) -> None:
        self._in_part = False

    def begin_part(self) -> None:
        self._save()
        self._in_part, self._has_savepoint = True, False

    def commit_part(self) -> None:
        self._sent("RELEASE SAVEPOINT part")
        self._in_part = False

    def rollback_part(self) -> None:
        self._sent("ROLLBACK TO SAVEPOINT part")
        self._in_part, self._has_savepoint = False, True

    def close(self) -> None:
        if self._search is not None:
            self._search.add_done_callback(_closed)
        self._connection.close()


def _in_a_thread(connect: Callable[[], _Impatient]) -> Future[_Impatient]:
    """The future result of `connect`, called in a thread of its own. The program does not wait for that thread when it ends."""
    found: Future[_Impatient] = Future()

    def look() -> None:
        try:
            found.set_result(connect())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=look, name="PostgreSQL", daemon=True).start()
    return found


def _closed(found: Future[_Impatient]) -> None:
    if found.exception() is None:
        found.result().close()


def _without_nul(values: Sequence[Any]) -> tuple[Any, ...]:
    """PostgreSQL's texts cannot hold U+0000; the look-up columns show U+FFFD for it, the JSON bodies keep it."""
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) and "\0" in v else v for v in values)


@lru_cache(1000)  # the text of some holds a number
def _placeholders(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()
