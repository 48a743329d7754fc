"""The shared store for a team: PostgreSQL through psycopg 3 (the extra `[postgres]`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import psycopg

from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store


class PostgresStore(Store):
    """`where` is a `postgresql://` address. The tables are made in the connection's default schema."""

    dialect: ClassVar[str] = "postgresql"

    def __init__(self, where: str) -> None:
        self._connection = psycopg.connect(where, autocommit=True)
        for statement in schema.statements("postgresql"):
            self._connection.execute(statement)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return list(self._connection.execute(_placeholders(sql), tuple(values)).fetchall())

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(_placeholders(sql), tuple(values)).rowcount

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        rows = [tuple(row) for row in values]
        if rows:
            with self._connection.cursor() as cursor:
                cursor.executemany(_placeholders(sql), rows)

    def begin(self) -> None:
        self._connection.execute("BEGIN")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


def _placeholders(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()
