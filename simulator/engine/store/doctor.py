"""Says what is wrong with an SQLite file. It opens the file for reading only, also while a simulator serves it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from simulator.engine.store import schema
from simulator.engine.store.base import Row
from simulator.engine.store.lock import alone, holder
from simulator.engine.store.sqlite import fault, look_at
from simulator.engine.unreadable import reason

SHOWN = 20
"""Faults of one kind that are told."""

_NOWHERE = "workspace NOT IN (SELECT COALESCE(place, id) FROM workspaces UNION SELECT place FROM leavings)"

_AGREEING = {
    "messages of a workspace that is not there": f"SELECT COUNT(*) FROM outbox WHERE {_NOWHERE}",  # noqa: S608
    "payments or other resources of a workspace that is not there": f"SELECT COUNT(*) FROM resources WHERE {_NOWHERE}",  # noqa: S608
    "credentials of a workspace that is not there": """SELECT COUNT(*) FROM credentials
        WHERE workspace NOT IN (SELECT id FROM workspaces)""",
    "snapshots of a workspace that is not there": """SELECT COUNT(*) FROM snapshots
        WHERE workspace NOT IN (SELECT id FROM workspaces)""",
    "attempts at a message that is not there": """SELECT COUNT(*) FROM attempts
        WHERE message NOT IN (SELECT seq FROM outbox)""",
    "timers of a resource that is not there": """SELECT COUNT(*) FROM timers t WHERE NOT EXISTS (SELECT 1 FROM resources r
        WHERE r.id = t.id AND r.kind = t.kind AND r.provider = t.provider AND r.workspace = t.workspace)""",
    "look-up keys of a resource that is not there": """SELECT COUNT(*) FROM lookup_keys
        WHERE resource NOT IN (SELECT seq FROM resources)""",
}
"""What must be nought, by what it is."""


class NotReadable(Exception):
    """There is no store of ours that could be looked at; the message says why."""


@dataclass(frozen=True, slots=True)
class Findings:
    """`faults` is what is wrong, `notes` what is worth knowing, both in sentences."""

    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows that somebody has to read. `read` gets the `columns`, the first of which is the row's number, and raises what it
    likes where that cannot be done."""

    what: str
    table: str
    columns: tuple[str, ...]
    read: Callable[[Row], None]
    where: str = "TRUE"


def examine(file: Path, readings: Sequence[Reading] = ()) -> Findings:
    """Raises `NotReadable`."""
    if not file.is_file() or file.stat().st_size == 0:
        raise NotReadable(f"{file}: there is no such file, or nothing is in it")
    try:
        if _is_at_rest(file):
            found = _seen(file, readings, "mode=ro&immutable=1")
            if _is_at_rest(file):  # else somebody has begun to write meanwhile
                return found
        with _leaving_nothing(file):
            return _seen(file, readings, "mode=ro")
    except (OSError, RuntimeError) as error:
        raise NotReadable(f"{file}: {error}") from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            return Findings([f"SQLite says: {error}: a page of the file is damaged."])
        more = ""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN and _beside(file, "-wal").exists():
            more = f"; copy it with {file.name}-wal to where something can be written, and look at the copy"
        raise NotReadable(f"{file}: {fault(error)}{more}") from error


def _beside(file: Path, ending: str) -> Path:
    return Path(f"{file.resolve()}{ending}")


def _is_at_rest(file: Path) -> bool:
    """Whether everything is in the file, and nobody writes to it: then SQLite needs nothing beside it to read it."""
    unwritten = [one for ending in ("-wal", "-journal") if (one := _beside(file, ending)).exists()]
    return not any(one.stat().st_size for one in unwritten) and holder(file) is None


@contextmanager
def _leaving_nothing(file: Path) -> Iterator[None]:
    """What SQLite makes to read the newest changes goes again, unless somebody serves the file."""
    shared = _beside(file, "-shm")
    was_there = shared.exists()
    try:
        yield
    finally:
        if not was_there:
            with alone(file) as is_ours, suppress(OSError):
                if is_ours:
                    shared.unlink(missing_ok=True)


def _seen(file: Path, readings: Sequence[Reading], how: str) -> Findings:
    version = look_at(file, how)
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, timeout=30)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged text is no reason to give up
        return _examined(file, connection, version, readings)


def _examined(file: Path, connection: sqlite3.Connection, version: int, readings: Sequence[Reading]) -> Findings:
    found = Findings()
    if server := holder(file):
        found.notes.append(f"It is served by {server}.")
    if version < schema.VERSION:
        found.notes.append(
            f"It has schema {version}; serve brings it to {schema.VERSION} and leaves a copy beside it first."
        )
    if not connection.execute("PRAGMA auto_vacuum").fetchone()[0]:
        found.notes.append(
            "It never shrinks: an older version made it. sqlite3 FILE 'PRAGMA auto_vacuum = 2; VACUUM' mends that."
        )
    damaged = [row[0] for row in connection.execute(f"PRAGMA integrity_check({SHOWN})")]
    if damaged != ["ok"]:
        found.faults.extend(f"SQLite says: {' '.join(line.split())}." for line in damaged)
        return found
    if version == schema.VERSION:
        for what, sql in _AGREEING.items():
            if count := connection.execute(sql).fetchone()[0]:
                found.faults.append(f"There are {count} {what}.")
    for reading in readings:
        found.faults.extend(_unreadable(connection, reading))
    return found


def _unreadable(connection: sqlite3.Connection, reading: Reading) -> Iterator[str]:
    """Sentences about the rows that cannot be read, which are looked at one by one: a store may be larger than the memory."""
    try:
        rows = connection.execute(f"SELECT {', '.join(reading.columns)} FROM {reading.table} WHERE {reading.where}")  # noqa: S608
    except sqlite3.OperationalError:  # an older version had no such table or column
        return
    count = 0
    for row in rows:
        try:
            reading.read(row)
        except Exception as error:
            count += 1
            if count <= SHOWN:
                yield f"{reading.what.capitalize()} number {row[0]} cannot be read: {reason(error)}."
    if count > SHOWN:
        yield f"There are {count - SHOWN} more of the kind: {reading.what}."
