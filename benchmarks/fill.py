"""Fills a store with payments without making them one by one: what one payment left behind is copied under new ids."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def multiply(db: Path, provider: str, payment: str, count: int) -> None:
    """Copies the payment `payment` with its wallet order, look-up keys, timers, messages and journal `count` times.

    The server must not be running.
    """
    connection = sqlite3.connect(db, isolation_level=None)
    chance = random.Random(f"{provider}/{count}")
    family = _family(connection, provider, payment)
    templates = {table: _template(connection, table, family) for table in _TABLES}
    keys = _keys(connection, family)
    connection.execute("BEGIN IMMEDIATE")
    for _ in range(count):
        names = {id_.encode(): _renamed(id_, chance).encode() for id_ in family}
        for table, (columns, rows) in templates.items():
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
            connection.executemany(sql, [[_rename(value, names) for value in row] for row in rows])
        for *key, owner in keys:
            of = "SELECT seq FROM resources WHERE id = ? AND kind = ? AND provider = ? AND workspace = ?"
            sql = f"INSERT INTO lookup_keys (value, name, kind, provider, workspace, resource) VALUES (?, ?, ?, ?, ?, ({of}))"
            connection.execute(sql, (*key, _rename(owner, names), *key[2:]))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


_TABLES = ("resources", "timers", "outbox", "journal")


def _keys(connection: sqlite3.Connection, family: list[str]) -> list[tuple[object, ...]]:
    """The look-up keys of the family, each with its owner's id at the end."""
    columns = "k.value, k.name, k.kind, k.provider, k.workspace, r.id"
    found = connection.execute(f"SELECT {columns} FROM lookup_keys k JOIN resources r ON r.seq = k.resource").fetchall()
    return [row for row in found if row[-1] in family]


def _family(connection: sqlite3.Connection, provider: str, payment: str) -> list[str]:
    """The ids of everything that was made for the payment: all that the one request stored, and its messages."""
    made = connection.execute(
        "SELECT id FROM resources WHERE provider IN (?, 'wallet') AND kind != 'buyer'", (provider,)
    ).fetchall()
    sent = connection.execute("SELECT id FROM outbox WHERE subject = ?", (payment,)).fetchall()
    return [row[0] for row in made + sent]


def _template(
    connection: sqlite3.Connection, table: str, family: list[str]
) -> tuple[list[str], list[tuple[object, ...]]]:
    cursor = connection.execute(f"SELECT * FROM {table}")
    columns = [column[0] for column in cursor.description]
    kept = [index for index, name in enumerate(columns) if name != "seq"]
    column = columns.index("subject" if table in ("outbox", "journal") else "id")
    rows = [tuple(row[i] for i in kept) for row in cursor.fetchall() if row[column] in family]
    return [columns[i] for i in kept], rows


def _renamed(id_: str, chance: random.Random) -> str:
    """Same prefix, same length, same alphabet; as scattered as the real ones."""
    head = id_[: id_.rindex("_") + 1] if "_" in id_ else ""
    return head + "".join(chance.choices(ALPHABET, k=len(id_) - len(head)))


def _rename(value: object, names: dict[bytes, bytes]) -> object:
    if isinstance(value, str):
        return names.get(value.encode(), value.encode()).decode()
    if isinstance(value, bytes):
        for old, new in names.items():
            value = value.replace(old, new)
    return value
