"""The embedded store: one SQLite connection in WAL mode, used inline on the event loop (no thread hop)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from simulator.engine.store import schema
from simulator.engine.store.base import Row, Store


class SqliteStore(Store):
    """`where` is a file or `:memory:`. `synchronous` is OFF, NORMAL or FULL; NORMAL survives `kill -9` whole."""

    dialect: ClassVar[str] = "sqlite"
    OUTAGES: ClassVar[tuple[type[Exception], ...]] = (sqlite3.OperationalError,)

    def __init__(self, where: str = ":memory:", synchronous: str = "NORMAL") -> None:
        if where != ":memory:":
            Path(where).expanduser().parent.mkdir(parents=True, exist_ok=True)
            where = str(Path(where).expanduser())
        self._connection = sqlite3.connect(
            where, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=30
        )
        self._execute = self._connection.execute
        for pragma in (
            "journal_mode = WAL",
            f"synchronous = {synchronous}",
            "temp_store = MEMORY",
            "secure_delete = OFF",
            "cache_size = -16000",
            "wal_autocheckpoint = 16000",
            "busy_timeout = 30000",
        ):
            self._execute(f"PRAGMA {pragma}")
        found = self._version()
        if found > schema.VERSION:
            raise RuntimeError(f"{where} was written by another version (schema {found}, here {schema.VERSION})")
        if found != schema.VERSION:
            self.begin()
            self._bring_up_to_date()
            self.commit()

    def _version(self) -> int:
        return int(self._execute("PRAGMA user_version").fetchone()[0])

    def _bring_up_to_date(self) -> None:
        """Makes the tables, or adds what an older version did not have. Within a transaction: somebody else may have done it."""
        found = self._version()
        for statement in schema.statements("sqlite", found):
            self._execute(statement)
        self._execute(f"PRAGMA user_version = {schema.VERSION}")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        return self._execute(sql, values).rowcount

    def run_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        for row in values:
            self._execute(sql, row)

    def begin(self) -> None:
        self._execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._execute("COMMIT")

    def rollback(self) -> None:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()
