"""Where state lives. The only place with SQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.engine.store.base import EVERY, AttemptRow, OutboxRow, Store, StoreConflict, TimerRow
from simulator.engine.store.lock import InUse
from simulator.engine.store.shared import SharedStore
from simulator.engine.store.snapshots import SnapshotRow
from simulator.engine.store.sqlite import DOCTOR, SqliteStore, fault
from simulator.engine.unreadable import Unreadable

__all__ = [
    "EVERY",
    "AttemptRow",
    "OutboxRow",
    "SharedStore",
    "SnapshotRow",
    "SqliteStore",
    "Store",
    "StoreConflict",
    "StoreUnavailable",
    "TimerRow",
    "open_store",
    "readable",
]


_POSTGRESQL = ("postgresql://", "postgres://")


class StoreUnavailable(RuntimeError):
    """The store cannot be opened: no such place, no permission, no server, another version's file."""


def open_store(where: str, address: str | None = None) -> Store:
    """A file name or `:memory:` opens SQLite, a `postgresql://` address PostgreSQL. Raises `StoreUnavailable`.

    `address` is where the store will be served: a file that another server has is refused with that one's.
    """
    if where.startswith(_POSTGRESQL):
        try:
            import psycopg

            from simulator.engine.store.postgres import Newer, PostgresStore
        except ImportError as error:
            raise StoreUnavailable("PostgreSQL needs the package psycopg; install psp-simulator[postgres]") from error
        try:
            return PostgresStore(where)
        except (psycopg.Error, Newer) as error:
            raise StoreUnavailable(f"cannot open the PostgreSQL store: {error}") from error
    try:
        return SqliteStore(where, address=address)
    except InUse as error:
        raise StoreUnavailable(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"cannot open the store {where}: {fault(error)}") from error
    except (OSError, RuntimeError, sqlite3.Error) as error:
        raise StoreUnavailable(f"cannot open the store {where}: {error}") from error


@contextmanager
def readable(where: str) -> Iterator[None]:
    """What a start reads may show that the store is damaged. Raises `StoreUnavailable` then."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"cannot read the store {where}: {fault(error)}") from error
    except Unreadable as error:
        more = "" if where.startswith(_POSTGRESQL) else f"; {DOCTOR.replace('FILE', where)} says more"
        raise StoreUnavailable(f"cannot read the store {where}: {error}{more}") from error
