"""Where state lives. The only place with SQL."""

from simulator.engine.store.base import OutboxRow, Store, StoreConflict, TimerRow
from simulator.engine.store.sqlite import SqliteStore

__all__ = ["OutboxRow", "SqliteStore", "Store", "StoreConflict", "TimerRow", "open_store"]


def open_store(where: str) -> Store:
    """A file name or `:memory:` opens SQLite, a `postgresql://` address PostgreSQL."""
    if where.startswith(("postgresql://", "postgres://")):
        from simulator.engine.store.postgres import PostgresStore

        return PostgresStore(where)
    return SqliteStore(where)
