"""The shared store for a team: PostgreSQL through psycopg 3 (the extra `[postgres]`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, ClassVar

import psycopg

from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store

NEVER_HANGS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""How long a server that says nothing is waited for (seconds, the last in milliseconds), unless the address says otherwise."""


class PostgresStore(Store):
    """`where` is a `postgresql://` address. The tables are made in the connection's default schema."""

    dialect: ClassVar[str] = "postgresql"
    SAME: ClassVar[str] = "IS NOT DISTINCT FROM"
    NUMBERED: ClassVar[str] = "OVERRIDING SYSTEM VALUE"
    OUTAGES: ClassVar[tuple[type[Exception], ...]] = (psycopg.OperationalError,)

    def __init__(self, where: str) -> None:
        self._where = where
        self._has_begun = False
        self._connection = self._connected()
        for statement in schema.statements("postgresql", 1):
            self._connection.execute(statement.encode())
        self.widen("postgresql")

    def _execute(self, sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Row]:
        if self._connection.closed:
            self._connect_again()
        try:
            return self._connection.execute(_placeholders(sql), _without_nul(values))
        except psycopg.OperationalError:
            if not self._connection.closed or self._has_begun:
                raise
        self._connect_again()  # the server was started again since the last statement: nothing was under way
        return self._connection.execute(_placeholders(sql), _without_nul(values))

    def _connect_again(self) -> None:
        if self._has_begun:
            raise psycopg.OperationalError("the connection was lost in the middle of a transaction")
        self._connection = self._connected()

    def _connected(self) -> psycopg.Connection[Row]:
        said = psycopg.conninfo.conninfo_to_dict(self._where)
        return psycopg.connect(self._where, autocommit=True, **{k: v for k, v in NEVER_HANGS.items() if k not in said})

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
            with self._connection.cursor() as cursor:
                cursor.executemany(_placeholders(sql), rows)

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


@cache
def _placeholders(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()
