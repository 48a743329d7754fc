"""What lies where a store is to be: ours, another program's, a damaged one. And what SQLite says of it, in words."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TypeGuard

from simulator.engine.store import schema
from simulator.engine.store.rest import is_at_rest, leaving_nothing

DOCTOR = "psp-simulator doctor --db FILE"

DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""What SQLite calls a damaged file. It is raised as a plain `DatabaseError`, which anything else may be too."""


def _sqlite_code(error: BaseException | None) -> int:
    return int(getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def is_damage(error: BaseException | None) -> TypeGuard[sqlite3.DatabaseError]:
    return isinstance(error, sqlite3.DatabaseError) and _sqlite_code(error) in DAMAGE


def fault(error: sqlite3.DatabaseError) -> str:
    """SQLite's words, and what they mean where that is known."""
    sqlite_code = _sqlite_code(error)
    meaning = {
        sqlite3.SQLITE_CORRUPT: f"a database page is damaged; {DOCTOR} says more, and a copy is what helps",
        sqlite3.SQLITE_NOTADB: "it is no SQLite file",
        sqlite3.SQLITE_FULL: "no room is left",
    }.get(sqlite_code)
    return f"{error} ({meaning})" if meaning else str(error)


class Unusable(RuntimeError):
    """What lies there cannot be our store: the message says why."""


class NoVersion(Unusable):
    """It is ours, but bears the number of a schema that no version ever had."""


def look_at(file: Path, how: str | None = None) -> int:
    """The schema version of the file; 0 if it is new. Only looks: nothing is written, whatever lies there, nor left beside it.
    `how` it is opened is for SQLite.

    Raises `Unusable` for what is no store of ours or is of a newer version, `sqlite3.Error` for what cannot be read.
    """
    if file.is_dir():
        raise Unusable("it is a folder")
    if not file.exists() or file.stat().st_size == 0:
        return 0
    if file.stat().st_nlink > 1:  # lock and newest changes stand beside one name, where the other does not find them
        raise Unusable("it has a second name (a hard link), by which another server would not find this one; copy it")
    if how is None:
        if is_at_rest(file):
            return look_at(file, "mode=ro&immutable=1")
        with leaving_nothing(file):
            return look_at(file, "mode=ro")
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, timeout=30)
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()
    is_empty = (application, version, tables) == (0, 0, set())
    is_old = application == 0 and tables >= schema.OWN_TABLES
    if application != schema.APPLICATION and not is_empty and not is_old:
        raise Unusable("it belongs to another program")
    if version < 0 or (version == 0 and tables):
        raise NoVersion(f"it says that it has schema {version}, which no version ever wrote: take a copy from before")
    if version > schema.VERSION:
        raise Unusable(
            f"it was written by another version, a newer one (schema {version}, here {schema.VERSION}); "
            "use that version, or another file"
        )
    return version
