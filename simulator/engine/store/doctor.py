"""Says what is wrong with an SQLite file. It opens the file for reading only, also while a simulator serves it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from simulator.engine.store import schema
from simulator.engine.store.lock import holder
from simulator.engine.store.sqlite import fault, look_at

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


def examine(file: Path) -> Findings:
    """Raises `NotReadable`."""
    if not file.is_file() or file.stat().st_size == 0:
        raise NotReadable(f"{file}: there is no such file, or nothing is in it")
    try:
        version = look_at(file)
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            return _examined(file, connection, version)
    except (OSError, RuntimeError) as error:
        raise NotReadable(f"{file}: {error}") from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            return Findings([f"{fault(error)}."])
        raise NotReadable(f"{file}: {fault(error)}") from error


def _examined(file: Path, connection: sqlite3.Connection, version: int) -> Findings:
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
    for id_, body in connection.execute("SELECT id, body FROM workspaces"):
        if body and not _is_json(body):
            found.faults.append(f"Workspace number {id_} cannot be read.")
    bad = [seq for seq, body in connection.execute("SELECT seq, body FROM resources") if not _is_json(body)]
    found.faults.extend(f"Resource number {seq} cannot be read." for seq in bad[:SHOWN])
    return found


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
