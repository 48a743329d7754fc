"""The shared store for a team: PostgreSQL through psycopg 3 (the extra `[postgres]`)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, TypeVar

import psycopg

from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store
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
"""The first of them, once it has answered before: who calls meanwhile waits so long."""

SILENCE_S = 15.0
"""How long a statement may take. One that says nothing looks the same as one that is at work."""

UPGRADE_S = 600.0
"""The same while the tables are made or brought up to date."""

PAUSE_S = 5.0
"""How long nobody asks again after nothing was heard: until then what needs the store is refused at once."""


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
    """The same steps. psycopg comes back every 0.1 s with the news that nothing has come."""
    began, ready = stopwatch(), None
    while True:
        try:
            wanted = steps.send(ready)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        ready = yield wanted
        if not ready and stopwatch() - began >= limit_s:
            steps.close()
            raise Silent(f"no answer to a statement within {limit_s:g} s")


class PostgresStore(Store):
    """`where` is a `postgresql://` address. The tables are made in the connection's default schema."""

    dialect: ClassVar[str] = "postgresql"
    SAME: ClassVar[str] = "IS NOT DISTINCT FROM"
    NUMBERED: ClassVar[str] = "OVERRIDING SYSTEM VALUE"
    OUTAGES: ClassVar[tuple[type[Exception], ...]] = (psycopg.OperationalError,)

    def __init__(self, where: str) -> None:
        self._where = where
        self._has_begun = False
        self._not_before = 0.0
        self._said = ""
        self._connection = self._connected()
        self._connection.execute("SELECT 1")
        self._connection.limit_s = UPGRADE_S
        for statement in schema.statements("postgresql", 1):
            self._connection.execute(statement.encode())
        self.widen("postgresql")
        self._connection.limit_s = SILENCE_S

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Row]:
        if self._connection.closed:
            self._connect_again()
        try:
            return self._connection.execute(_placeholders(sql), _without_nul(values))
        except psycopg.OperationalError as error:
            self._tell_silence(error)
            if not self._connection.closed or self._has_begun:
                raise
        self._connect_again()  # the server was started again since the last statement: nothing was under way
        return self._connection.execute(_placeholders(sql), _without_nul(values))

    def _tell_silence(self, error: Exception) -> None:
        """Raises `Silent` where nothing was heard, whatever else has come of that."""
        if (silence := self._connection.silence) is not None:
            self._give_up(silence)
            raise silence from (None if silence is error else error)

    def _give_up(self, error: Exception) -> None:
        """Nobody waits again for a while. What was under way is undone by the server once it notices."""
        self._connection.close()
        self._not_before, self._said = stopwatch() + PAUSE_S, str(error)

    def _connect_again(self) -> None:
        if self._has_begun:
            raise psycopg.OperationalError("the connection was lost in the middle of a transaction")
        if stopwatch() < self._not_before:
            raise Silent(f"{self._said}; it is asked again every {PAUSE_S:g} s")
        try:
            self._connection = self._connected(connect_timeout=AGAIN_S)
        except Silent as error:
            self._give_up(error)
            raise

    def _connected(self, **more: Any) -> _Impatient:
        said = psycopg.conninfo.conninfo_to_dict(self._where)
        limits = {name: value for name, value in {**NEVER_HANGS, **more}.items() if name not in said}
        try:
            return _Impatient.connect(self._where, autocommit=True, **limits)
        except psycopg.errors.ConnectionTimeout as error:
            within = said.get("connect_timeout", limits.get("connect_timeout"))
            raise Silent(f"{said.get('host', 'the server')} did not answer within {within} s") from error

    def outage(self, error: BaseException | None) -> str | None:
        return " ".join(str(error).split()) if isinstance(error, psycopg.OperationalError) else None

    def columns(self, table: str) -> frozenset[str]:
        found = self._execute(f"SELECT * FROM {table} LIMIT 0").description  # noqa: S608
        return frozenset(column.name for column in found or ())

    def exact_rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return list(self._execute(sql, values).fetchall())

    def exact_run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._execute(sql, values).rowcount

    def exact_added(self, sql: str, values: Sequence[Any]) -> int:
        return int(self.exact_rows(f"{sql} RETURNING seq", values)[0][0])

    def exact_run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        rows = [_without_nul(row) for row in values]
        if len(rows) == 1:
            self._execute(sql, rows[0])
        elif rows:
            if self._connection.closed:
                self._connect_again()
            try:
                with self._connection.cursor() as cursor:
                    cursor.executemany(_placeholders(sql), rows)
            except psycopg.OperationalError as error:
                self._tell_silence(error)
                raise

    def _reserve(self, table: str, count: int) -> int:
        if not count:
            return 0
        own = f"pg_get_serial_sequence('{table}', 'seq')"
        return int(self.exact_rows(f"SELECT setval({own}, nextval({own}) + ?)", (count - 1,))[0][0]) - count + 1

    def begin(self) -> None:
        self._execute("BEGIN")
        self._has_begun = True

    def commit(self) -> None:
        self._execute("COMMIT")
        self._has_begun = False

    def rollback(self) -> None:
        status = psycopg.pq.TransactionStatus
        self._has_begun = False
        if self._connection.info.transaction_status not in (status.IDLE, status.UNKNOWN):
            self._execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def _without_nul(values: Sequence[Any]) -> tuple[Any, ...]:
    """PostgreSQL's texts cannot hold U+0000; the look-up columns show U+FFFD for it, the JSON bodies keep it."""
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) and "\0" in v else v for v in values)


@lru_cache(1000)  # the text of some holds a number
def _placeholders(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()
