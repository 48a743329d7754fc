"""Says what is wrong with an SQLite file. It opens the file for reading only, also while a simulator serves it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import field
from pathlib import Path

from simulator.engine.store import redo, schema
from simulator.engine.store.base import Row
from simulator.engine.store.found import NoVersion, fault, look_at
from simulator.engine.store.lock import holder
from simulator.engine.store.resources import LISTED
from simulator.engine.store.rest import beside, is_at_rest, leaving_nothing
from simulator.engine.unreadable import Unreadable, members, reason
from simulator.kernel.values import dataclass

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
    """`faults` is what is wrong, `remarks` what is worth knowing, both in sentences."""

    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows that somebody has to read. `read` gets the `columns`, the first of which is the row's number, and raises what it
    likes where that cannot be done."""

    what: str
    table: str
    columns: tuple[str, ...]
    read: Callable[[Row], None]
    where: str = "TRUE"


def examine(file: Path, readings: Sequence[Reading] = (), parties: Collection[str] | None = None) -> Findings:
    """`parties` are the names of those that are installed. Raises `NotReadable`."""
    if not file.is_file() or file.stat().st_size == 0:
        raise NotReadable(f"{file}: there is no such file, or nothing is in it")
    try:
        if is_at_rest(file):
            found = _seen(file, readings, parties, "mode=ro&immutable=1")
            if is_at_rest(file):  # else somebody has begun to write meanwhile
                return found
        with leaving_nothing(file):
            return _seen(file, readings, parties, "mode=ro")
    except (OSError, RuntimeError) as error:
        raise NotReadable(f"{file}: {error}") from error
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
            return Findings([f"SQLite says: {error}: a database page is damaged."])
        more = ""
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CANTOPEN and beside(file, "-wal").exists():
            logs = " and ".join(f"{file.name}{one}" for one in ("-wal", "-redo") if beside(file, one).exists())
            more = f"; copy it with {logs} to where something can be written, and look at the copy"
        raise NotReadable(f"{file}: {fault(error)}{more}") from error


def _seen(file: Path, readings: Sequence[Reading], parties: Collection[str] | None, how: str) -> Findings:
    found = Findings()
    try:
        version = look_at(file, how)
    except NoVersion as error:
        found.faults.append(f"{_sentence(str(error))}.")
        version = schema.VERSION  # what is in it may be whole all the same
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{how}", uri=True, timeout=30)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")  # a damaged text is no reason to give up
        _examine(found, file, connection, version, readings, parties)
    return found


def _sentence(said: str) -> str:
    return said[0].upper() + said[1:]


def _examine(
    found: Findings,
    file: Path,
    connection: sqlite3.Connection,
    version: int,
    readings: Sequence[Reading],
    parties: Collection[str] | None,
) -> None:
    if server := holder(file):
        found.remarks.append(f"It is served by {server}.")
    if version < schema.VERSION:
        found.remarks.append(
            f"It has schema {version}; serve brings it to {schema.VERSION} and leaves a copy beside it first."
        )
    elif not server and (waiting := _waiting(file, connection, version)):
        what = "1 commit waits" if waiting == 1 else f"{waiting} commits wait"
        found.remarks.append(
            f"{what} in {redo.beside(file).name}, for its last server was killed. serve puts that in; the rest is said without it."
        )
    if not connection.execute("PRAGMA auto_vacuum").fetchone()[0]:
        found.remarks.append(
            "It never shrinks: an older version made it. sqlite3 FILE 'PRAGMA auto_vacuum = 2; VACUUM' mends that."
        )
    damaged = [row[0] for row in connection.execute(f"PRAGMA integrity_check({SHOWN})")]
    if damaged != ["ok"]:
        found.faults.extend(f"SQLite says: {' '.join(line.split())}." for line in damaged)
        return
    if version == schema.VERSION:
        found.faults.extend(_disagreeing(connection))
    found.faults.extend(_misfits(connection))
    if parties is not None and version == schema.VERSION:
        ever = _ever_installed(connection)
        found.faults.extend(_never_installed(connection, {*parties, *ever}))
        found.remarks.extend(_not_installed(connection, ever.difference(parties)))
    for reading in readings:
        found.faults.extend(_unreadable(connection, reading))


def _waiting(file: Path, connection: sqlite3.Connection, version: int) -> int:
    """Commits that are in the log and not in the file."""
    title = (
        connection.execute("SELECT value FROM meta WHERE name = 'redo'").fetchone()
        if version >= schema.LOGGED
        else None
    )
    if title is None:
        return 0
    store, _, number = str(title[0]).partition(" ")
    return sum(1 for _ in redo.Redo(file, store).frames(int(number))) if number.isdigit() else 0


def _disagreeing(connection: sqlite3.Connection) -> Iterator[str]:
    for what, sql in _AGREEING.items():
        try:
            count = connection.execute(sql).fetchone()[0]
        except sqlite3.OperationalError as error:
            yield f"It cannot be said whether there are {what}: {error}."
        else:
            if count:
                yield f"There are {count} {what}."


def _misfits(connection: sqlite3.Connection) -> Iterator[str]:
    """Sentences about the columns in which something else stands than was ever written there. SQLite keeps whatever it gets."""
    for table, columns in schema.all_columns().items():
        there = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        known = {name: schema.KEPT_AS[type_] for name, type_ in columns.items() if name in there}
        if not known:  # an older version had no such table
            continue
        counts = ", ".join(f"SUM(typeof({name}) NOT IN ('{kept}', 'null'))" for name, kept in known.items())
        row = connection.execute(f"SELECT {counts} FROM {table}").fetchone()  # noqa: S608
        for (name, kept), count in zip(known.items(), row, strict=True):
            if count:
                yield f"In {count} rows of {table}, {name} is no {kept}."


_OF_PROVIDERS = ("resources", "timers", "outbox", "ledger")


def _ever_installed(connection: sqlite3.Connection) -> set[str]:
    """Who was installed has credentials here."""
    known = {row[0] for row in connection.execute("SELECT DISTINCT provider FROM credentials")}
    for (body,) in connection.execute("SELECT body FROM workspaces WHERE LENGTH(body) > 0"):
        with suppress(ValueError, Unreadable, TypeError):  # which is told elsewhere
            known.update(members("a workspace", body).get("credentials", ()))
    return known


def _not_installed(connection: sqlite3.Connection, absent: Collection[str]) -> Iterator[str]:
    """A sentence for each of those that were installed, and whose rows wait until they are again."""
    here = "workspace NOT IN (SELECT place FROM leavings)"
    tables = " UNION ".join(f"SELECT provider FROM {table} WHERE {here}" for table in _OF_PROVIDERS)  # noqa: S608
    names = sorted(name for (name,) in connection.execute(tables) if name in absent) if absent else []
    if not names:
        return
    counts = "SELECT provider, COUNT(*) FROM {} WHERE {} AND {} GROUP BY provider"
    payments = dict(connection.execute(counts.format("resources", LISTED, here)))
    webhooks = dict(connection.execute(counts.format("outbox", "state = 'pending'", here)))
    for name in names:
        counted = f"payments: {payments.get(name, 0)}, webhooks to be delivered: {webhooks.get(name, 0)}"
        yield f"It holds rows of {name}, which is not installed ({counted}): they are kept, and wait until it is."


def _never_installed(connection: sqlite3.Connection, known: Collection[str]) -> Iterator[str]:
    """A sentence for each table with rows of those that are neither installed nor were."""
    for table in _OF_PROVIDERS:
        names = [row[0] for row in connection.execute(f"SELECT DISTINCT provider FROM {table} ORDER BY provider")]  # noqa: S608
        missing = [str(name) for name in names if name not in known]
        if missing:
            more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
            told = f"{', '.join(missing[:SHOWN])}{more}"
            yield f"There are rows of {table} of what is not installed, and never was ({told}): they are kept, and wait."


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
