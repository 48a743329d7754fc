"""Where state lives. The only place with SQL."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from simulator.engine.masking import COMMON
from simulator.engine.store.base import EVERY, FOREVER, AttemptRow, OutboxRow, Store, StoreConflict, TimerRow
from simulator.engine.store.found import DOCTOR, fault
from simulator.engine.store.lock import InUse
from simulator.engine.store.shared import SharedStore
from simulator.engine.store.snapshots import SnapshotRow
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.unreadable import Unreadable

__all__ = [
    "EVERY",
    "FOREVER",
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
    "wrong_place",
]


class StoreUnavailable(RuntimeError):
    """The store cannot be opened: no such place, no permission, no server, another version's file."""


POSTGRES = ("postgresql://", "postgres://")
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]+:)/")
"""Of more than one letter: `C:/` is a drive."""
SHORTEST = 3
"""Characters of what is taken for a secret: shorter ones stand in any sentence."""

_QUERY_SECRETS = re.compile(r"password=([^&]+)", re.IGNORECASE)
_SETTINGS = re.compile(r"\bpassword\s*=", re.IGNORECASE)


def wrong_place(where: str) -> str | None:
    """Why no store can be there, in a sentence without what may be a password; None where one can. A file of such a name would
    tell the password to whoever lists the folder."""
    if where.startswith(POSTGRES):
        return None
    if scheme := _SCHEME.match(where):
        return f"no store is opened at an address that begins with {scheme[1]}"
    return "no store is opened at settings with a password in them" if _SETTINGS.search(where) else None


def _without_secrets(said: str, where: str) -> str:
    """What PostgreSQL's client says of an address. It repeats the whole, or the piece that it cannot read."""
    told, _, host = where.partition("://")[2].rpartition("@")
    pieces = [*re.split("[/?#:@]", told.partition(":")[2]), *_QUERY_SECRETS.findall(host)]
    secrets = {text for one in pieces for text in (one, unquote(one)) if len(text) >= SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        said = said.replace(secret, "***")
    return COMMON.sentence(said)


def open_store(where: str, address: str | None = None) -> Store:
    """A file name or `:memory:` opens SQLite, a `postgresql://` address PostgreSQL. Raises `StoreUnavailable`.

    `address` is where the store will be served: a file that another server has is refused with that one's.
    """
    if why_not := wrong_place(where):
        raise StoreUnavailable(f"{why_not}: it is an SQLite file, :memory: or a postgresql:// address")
    if where.startswith(POSTGRES):
        try:
            import psycopg

            from simulator.engine.store.postgres import Newer, PostgresStore
        except ImportError as error:
            raise StoreUnavailable("PostgreSQL needs the package psycopg; install psp-simulator[postgres]") from error
        try:
            return PostgresStore(where)
        except (psycopg.Error, Newer) as error:
            raise StoreUnavailable(f"cannot open the PostgreSQL store: {_without_secrets(str(error), where)}") from None
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
        more = "" if where.startswith(POSTGRES) else f"; {DOCTOR.replace('FILE', where)} says more"
        raise StoreUnavailable(f"cannot read the store {where}: {error}{more}") from error
