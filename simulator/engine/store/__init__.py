"""Where state lives. The only place with SQL."""

import sqlite3

from simulator.engine.store.base import EVERY, AttemptRow, OutboxRow, Store, StoreConflict, TimerRow
from simulator.engine.store.sqlite import SqliteStore

__all__ = [
    "EVERY",
    "AttemptRow",
    "OutboxRow",
    "SqliteStore",
    "Store",
    "StoreConflict",
    "StoreUnavailable",
    "TimerRow",
    "open_store",
]


class StoreUnavailable(RuntimeError):
    """The store cannot be opened: no such place, no permission, no server, another version's file."""


def open_store(where: str) -> Store:
    """A file name or `:memory:` opens SQLite, a `postgresql://` address PostgreSQL. Raises `StoreUnavailable`."""
    if where.startswith(("postgresql://", "postgres://")):
        try:
            import psycopg

            from simulator.engine.store.postgres import PostgresStore
        except ImportError as error:
            raise StoreUnavailable("PostgreSQL needs the package psycopg; install psp-simulator[postgres]") from error
        try:
            return PostgresStore(where)
        except psycopg.Error as error:
            raise StoreUnavailable(f"cannot open the PostgreSQL store: {error}") from error
    try:
        return SqliteStore(where)
    except (OSError, RuntimeError, sqlite3.Error) as error:
        raise StoreUnavailable(f"cannot open the store {where}: {error}") from error
