"""What was committed lasts before its pages are in the file: all cases in one file, because they are one list.

The log beside the store is executed by whoever opens it next.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support import Sim
from surface.damaging import examined
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.store import StoreUnavailable, open_store, redo
from simulator.engine.store.lock import Lock
from simulator.engine.store.redo import MOST, TOGETHER
from simulator.engine.store.sqlite import SqliteStore
from simulator.engine.transactions import CHECKPOINT_S, Transactions

SERVED = "http://first.test"
LOG = "store.db-redo"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(str(file), address=SERVED)
    yield opened
    opened.close()


def write(store: SqliteStore, *names: str) -> None:
    """A turn in which a line is written for each name, and that is committed as those of merchants are."""
    store.begin()
    for name in names:
        store.set_meta(f"test-{name}", name)
    store.commit_logged()


def held(store: SqliteStore) -> set[str]:
    rows = store.rows("SELECT value FROM meta WHERE name LIKE 'test-%'")
    return {row[0] for row in rows}


def in_the_file(file: Path) -> set[str]:
    """What somebody else finds there: without the log."""
    with closing(sqlite3.connect(file)) as connection:
        return {row[0] for row in connection.execute("SELECT value FROM meta WHERE name LIKE 'test-%'")}


@pytest.fixture
def killed(file: Path, tmp_path: Path) -> Callable[[], Path]:
    """The files as they are when the process that serves them ends without a word, now."""
    times = iter(range(100))

    def kill() -> Path:
        folder = tmp_path / f"killed-{next(times)}"
        folder.mkdir()
        for one in file.parent.glob("store.db*"):
            shutil.copy(one, folder)
        return folder / file.name

    return kill


def opened_again(file: Path) -> set[str]:
    with closing(SqliteStore(str(file), address="http://second.test")) as store:
        assert not store._connection.in_transaction
        found = held(store)
    assert found == in_the_file(file)
    assert not file.with_name(LOG).exists()
    return found


def test_it_is_there_after_a_kill_though_no_page_was_written(
    store: SqliteStore, file: Path, killed: Callable[[], Path]
) -> None:
    write(store, "a", "b")
    write(store, "c")

    assert in_the_file(file) == set()
    assert opened_again(killed()) == held(store) == {"a", "b", "c"}


def test_it_is_executed_once(store: SqliteStore, file: Path, killed: Callable[[], Path]) -> None:
    """A log that could not be emptied after everything had come into the file says nothing new."""
    store.run("INSERT INTO meta (name, value) VALUES ('test-count', '0')")
    add = "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'test-count'"
    for _ in range(3):
        store.begin()
        store.run(add)
        store.commit_logged()
    before = file.with_name(LOG).read_bytes()
    store.checkpoint()
    file.with_name(LOG).write_bytes(before)

    assert opened_again(killed()) == {"3"}


@pytest.mark.parametrize("count", [TOGETHER - 1, TOGETHER, TOGETHER + 1, 3 * TOGETHER + 5])
def test_so_many_come_into_the_file_together(
    store: SqliteStore, file: Path, killed: Callable[[], Path], count: int
) -> None:
    names = [f"{n:03}" for n in range(count)]
    for name in names:
        write(store, name)

    assert len(in_the_file(file)) == count // TOGETHER * TOGETHER
    assert opened_again(killed()) == {*names}


def test_numbers_of_rows_are_those_that_were_answered(store: SqliteStore, killed: Callable[[], Path]) -> None:
    def insert(name: str) -> int:
        sql = (
            "INSERT INTO journal (workspace, at, kind, provider, subject, body) VALUES (1, 1, 'note', 'acme', ?, '{}')"
        )
        return store.exact_added(sql, (name,))

    store.begin()
    first = insert("first")
    store.commit_logged()
    store.begin()
    insert("taken back")
    store.rollback()
    store.begin()
    second = insert("second")
    store.run("DELETE FROM journal WHERE seq = ?", (first,))
    store.commit_logged()

    with closing(SqliteStore(str(killed()), address="http://second.test")) as again:
        assert again.rows("SELECT seq, subject FROM journal") == [(second, "second")]


def test_what_is_written_outside_of_any_turn_lasts_at_once(
    store: SqliteStore, file: Path, killed: Callable[[], Path]
) -> None:
    """Also while commits wait, whose transaction it would else be undone with."""
    write(store, "a")
    store.set_meta("test-b", "b")
    assert in_the_file(file) == {"a", "b"}

    write(store, "c")
    number = store.exact_added(
        "INSERT INTO journal (workspace, at, kind, provider, subject, body) VALUES (1, 1, ?, ?, ?, ?)",
        ("note", "acme", "x", "{}"),
    )
    store.begin()
    store.set_meta("test-d", "taken back")
    store.rollback()

    assert store.rows("SELECT seq FROM journal") == [(number,)]
    assert opened_again(killed()) == held(store) == {"a", "b", "c"}


def test_what_was_taken_back_is_in_no_log(store: SqliteStore, killed: Callable[[], Path]) -> None:
    write(store, "a")
    store.begin()
    store.set_meta("test-b", "b")
    store.rollback()
    store.begin()
    store.set_meta("test-c", "c")
    store.begin_part()
    store.set_meta("test-d", "d")
    store.rollback_part()
    store.begin_part()
    store.set_meta("test-e", "e")
    store.commit_part()
    store.commit_logged()

    assert held(store) == {"a", "c", "e"}
    assert opened_again(killed()) == {"a", "c", "e"}


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_half_a_frame_is_none(store: SqliteStore, killed: Callable[[], Path], cut: int) -> None:
    write(store, "a")
    write(store, "b")
    left = killed()
    log = left.with_name(LOG)
    log.write_bytes(log.read_bytes()[:-cut])

    assert opened_again(left) == {"a"}


def test_the_log_ends_where_it_is_damaged(store: SqliteStore, killed: Callable[[], Path]) -> None:
    write(store, "a")
    length = killed().with_name(LOG).stat().st_size
    write(store, "b")
    write(store, "c")
    left = killed()
    raw = bytearray(left.with_name(LOG).read_bytes())
    raw[length + 30] ^= 1
    left.with_name(LOG).write_bytes(raw)

    assert opened_again(left) == {"a"}


def test_a_log_of_another_store_is_not_ours(store: SqliteStore, killed: Callable[[], Path]) -> None:
    """The file was removed, and a new one is made: what stands beside it is of the old one."""
    write(store, "a")
    left = killed()
    for one in (left, left.with_name("store.db-wal")):
        one.unlink()

    assert opened_again(left) == set()


def test_nor_is_one_that_does_not_follow(store: SqliteStore, killed: Callable[[], Path]) -> None:
    """A copy of before was put back: what came between is missing, so that what follows it would not fit."""
    write(store, "a")
    store.checkpoint()
    copied = killed()
    store.begin()
    store.set_meta("test-b", "b")
    store.commit()
    write(store, "c")
    left = killed()
    shutil.copy(left.with_name(LOG), copied.with_name(LOG))

    assert opened_again(copied) == {"a"}
    assert opened_again(left) == {"a", "b", "c"}


def test_nor_is_that_of_a_server_that_began_where_the_copy_stands(
    store: SqliteStore, file: Path, tmp_path: Path
) -> None:
    """A copy that every run of a suite begins with, put back over what the last one has left, but for its log."""
    store.close()
    seed = file.read_bytes()
    with closing(SqliteStore(str(file), address=SERVED)) as run:
        write(run, "of the last run")
        log = file.with_name(LOG).read_bytes()
    file.write_bytes(seed)
    file.with_name(LOG).write_bytes(log)

    assert opened_again(file) == set()


def test_who_has_not_the_lock_takes_nothing_from_a_server_at_work(store: SqliteStore, file: Path) -> None:
    write(store, "a")
    store.checkpoint()
    write(store, "b")
    log = file.with_name(LOG).read_bytes()

    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA busy_timeout = 0")
        assert connection.execute("SELECT COUNT(*) FROM meta WHERE name LIKE 'test-%'").fetchone() == (1,)
    assert file.with_name(LOG).read_bytes() == log
    assert held(store) == {"a", "b"}


def test_but_from_one_that_was_killed(store: SqliteStore, killed: Callable[[], Path]) -> None:
    write(store, "a")
    left = killed()

    with closing(SqliteStore(str(left))) as again:  # in memory of a process, without an address
        assert held(again) == {"a"}
    assert not left.with_name(LOG).exists()


def test_what_does_not_fit_is_said_and_left_as_it_is(store: SqliteStore, killed: Callable[[], Path]) -> None:
    store.begin()
    store.run("INSERT INTO meta (name, value) VALUES ('test-a', 'a')")
    store.commit_logged()
    left = killed()
    with closing(sqlite3.connect(left)) as connection, connection:
        connection.execute("INSERT INTO meta (name, value) VALUES ('test-a', 'of somebody else')")
    log = left.with_name(LOG).read_bytes()

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"has left in store\.db-redo does not fit it"):
            open_store(str(left), "http://second.test")
    assert left.with_name(LOG).read_bytes() == log


# What is committed at once -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "is_logged"),
    [
        ("UPDATE meta SET value = 'a' WHERE name = 'test-z'", True),
        ("DELETE FROM meta WHERE name IN (SELECT 'test-z')", True),
        ("UPDATE meta SET value = 'a' WHERE NOT EXISTS (SELECT 1 FROM timers) AND name = 'test-z'", True),
        ("INSERT INTO meta (name, value) SELECT 'test-a', 'a'", False),
        ("UPDATE meta SET value = (SELECT 'a') WHERE name = 'test-z'", False),
        ("DELETE FROM meta WHERE name IN (SELECT name FROM meta WHERE name LIKE 'test-%' LIMIT 1)", False),
    ],
)
def test_a_choice_of_the_planner_is_not_left_to_it_twice(
    store: SqliteStore, killed: Callable[[], Path], sql: str, is_logged: bool
) -> None:
    store.run("INSERT INTO meta (name, value) VALUES ('test-z', 'z')")
    write(store, "b")
    store.begin()
    store.run(sql)

    assert store.commit_logged() == is_logged
    assert opened_again(killed()) == held(store)


def test_what_changes_rows_without_being_noted(store: SqliteStore, file: Path, killed: Callable[[], Path]) -> None:
    """Some statements give back what they have written."""
    write(store, "a")
    store.begin()
    store.rows("INSERT INTO meta (name, value) VALUES ('test-b', 'b') RETURNING value")

    assert not store.commit_logged()
    assert in_the_file(file) == {"a", "b"} == opened_again(killed())


@pytest.mark.parametrize(("count", "length"), [(MOST + 1, 1), (1, redo.LONGEST)])
def test_very_much(store: SqliteStore, file: Path, count: int, length: int) -> None:
    rows = [(f"test-{n}", f"{n}" * length) for n in range(count)]
    store.begin()
    store.run_many("INSERT INTO meta (name, value) VALUES (?, ?)", rows)

    assert not store.commit_logged()
    assert len(in_the_file(file)) == count


# Where something fails -----------------------------------------------------------------------------------------------


def test_where_there_is_no_room_nothing_is_promised(
    store: SqliteStore, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, "a")
    real = os.write

    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:20]))
        for name in ("b", "c"):
            store.begin()
            store.set_meta(f"test-{name}", name)
            with pytest.raises(sqlite3.OperationalError, match="No space left"):
                store.commit_logged()
            store.rollback()
    write(store, "d")

    assert held(store) == {"a", "d"}
    assert opened_again(killed()) == {"a", "d"}


def test_nor_where_the_first_finds_none(
    store: SqliteStore, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        store.begin()
        store.set_meta("test-a", "a")
        with pytest.raises(sqlite3.OperationalError):
            store.commit_logged()
        store.rollback()

    assert held(store) == set()
    write(store, "b")
    assert opened_again(killed()) == {"b"}


def test_half_a_frame_that_cannot_be_cut_off_ends_the_logging(
    store: SqliteStore, file: Path, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, "a")
    real = os.write

    def fails(descriptor: int, length: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:20]))
        broken.setattr(os, "ftruncate", fails)
        store.begin()
        store.set_meta("test-b", "b")
        with pytest.raises(sqlite3.OperationalError):
            store.commit_logged()
        store.rollback()
    write(store, "c")

    assert in_the_file(file) == {"a", "c"}
    write(store, "d")
    assert opened_again(killed()) == {"a", "c", "d"}


def test_a_log_that_was_removed_is_made_again(store: SqliteStore, file: Path, killed: Callable[[], Path]) -> None:
    write(store, "a")
    store.checkpoint()
    file.with_name(LOG).unlink()
    write(store, "b")

    assert opened_again(killed()) == {"a", "b"}


def test_one_that_is_removed_while_something_waits(store: SqliteStore, file: Path, killed: Callable[[], Path]) -> None:
    """What comes next goes into the file with it: nobody would find it in the log."""
    write(store, "a")
    file.with_name(LOG).unlink()
    write(store, "b")

    assert in_the_file(file) == {"a", "b"} == opened_again(killed())
    write(store, "c")
    assert opened_again(killed()) == {"a", "b", "c"}


def test_a_turn_that_fails_meanwhile_takes_nothing_along(store: SqliteStore, file: Path) -> None:
    write(store, "a")
    file.with_name(LOG).unlink()
    file.with_name(LOG).write_bytes(b"of somebody else")
    store.begin()
    store.set_meta("test-b", "b")
    store.rollback()

    assert held(store) == {"a"}
    store.checkpoint()
    assert in_the_file(file) == {"a"}


def test_where_no_log_can_be_made_it_is_committed_at_once(
    store: SqliteStore, file: Path, killed: Callable[[], Path]
) -> None:
    file.with_name(LOG).mkdir()
    write(store, "a")
    file.with_name(LOG).rmdir()

    assert in_the_file(file) == {"a"}
    write(store, "b")
    assert opened_again(killed()) == {"a", "b"}


def test_where_none_can_be_removed_it_says_nothing_new(
    store: SqliteStore, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    write(store, "a")
    left = killed()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", refused)
        for _ in range(2):
            with closing(SqliteStore(str(left), address="http://second.test")) as again:
                assert held(again) == {"a"}
    assert opened_again(left) == {"a"}


def test_few_that_are_large_come_into_the_file_before_they_are_many(store: SqliteStore, file: Path) -> None:
    """All of them are read again when a turn fails."""
    large = redo.LONGEST * 3 // 4
    for n in range(20):
        store.begin()
        store.set_meta(f"test-{n}", "x" * large)
        store.commit_logged()
        assert file.with_name(LOG).stat().st_size < redo.ENOUGH + redo.LONGEST

    assert file.with_name(LOG).stat().st_size > redo.LONGEST


def test_what_sqlite_gives_up_is_done_again(store: SqliteStore, killed: Callable[[], Path]) -> None:
    """Where a page cannot be written it rolls back the whole transaction, not the turn alone."""
    write(store, "a")
    store.begin()
    store.set_meta("test-b", "b")
    store._connection.rollback()
    store.rollback()

    assert held(store) == {"a"}
    store._connection.rollback()
    write(store, "c")
    assert held(store) == {"a", "c"}
    assert opened_again(killed()) == {"a", "c"}


class Failing:
    """Lets no transaction end while it is `on`, as a full disk does."""

    def __init__(self, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on, self.asked, self._store, self._run = True, 0, store, store.exact_run
        monkeypatch.setattr(store, "exact_run", self)

    def __call__(self, sql: str, values: Any = ()) -> int:
        if sql == "COMMIT" and self.on:
            self.asked += 1
            self._store._connection.rollback()
            raise sqlite3.OperationalError("database or disk is full")
        return self._run(sql, values)


def test_while_nothing_comes_into_the_file_what_is_logged_stands(
    store: SqliteStore, file: Path, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = Failing(store, monkeypatch)
    names = [f"{n:03}" for n in range(TOGETHER + 3)]
    for name in names:
        write(store, name)

    assert failing.asked > 0
    assert in_the_file(file) == set()
    assert held(store) == {*names} == opened_again(killed())
    failing.on = False
    store.checkpoint()
    assert in_the_file(file) == {*names}


def test_but_the_log_does_not_grow_for_ever(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    Failing(store, monkeypatch)
    for n in range(4 * TOGETHER):
        write(store, f"{n:03}")
    store.begin()
    store.set_meta("test-more", "more")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.commit_logged()
    store.rollback()

    assert len(held(store)) == 4 * TOGETHER


# What calls it -------------------------------------------------------------------------------------------------------


async def test_it_comes_into_the_file_a_moment_later(store: SqliteStore, file: Path) -> None:
    transactions = Transactions(store, lambda: None)
    with transactions.writing() as writing:
        writing.set_meta("test-a", "a")

    assert in_the_file(file) == set()
    await asyncio.sleep(3 * CHECKPOINT_S)
    assert in_the_file(file) == {"a"}


async def test_not_while_somebody_writes(store: SqliteStore, file: Path) -> None:
    transactions = Transactions(store, lambda: None)
    with transactions.writing() as writing:
        writing.set_meta("test-a", "a")
    with transactions.writing() as writing:
        writing.set_meta("test-b", "b")
        await asyncio.sleep(2 * CHECKPOINT_S)
        assert in_the_file(file) == set()

    await asyncio.sleep(3 * CHECKPOINT_S)
    assert in_the_file(file) == {"a", "b"}


async def test_trouble_is_told_until_it_is_over(
    store: SqliteStore, file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    transactions = Transactions(store, lambda: None)
    failing = Failing(store, monkeypatch)
    with transactions.writing() as writing:
        writing.set_meta("test-a", "a")
    await asyncio.sleep(2.5 * CHECKPOINT_S)

    assert transactions.trouble is not None and "disk is full" in transactions.trouble
    assert transactions.still_in_trouble() is not None
    assert "what is logged could not come into the store: database or disk is full" in caplog.text
    failing.on = False
    assert transactions.still_in_trouble() is None
    await asyncio.sleep(2.5 * CHECKPOINT_S)
    assert in_the_file(file) == {"a"}


def test_who_has_taken_the_file_does_not_wait_for_what_is_open(store: SqliteStore, file: Path) -> None:
    """The lock was removed, and another server has made it anew. It cannot begin before this one has ended."""
    write(store, "a")
    file.with_name("store.db.lock").unlink()
    other = Lock(file, "http://second.test")
    try:
        assert "start this simulator again" in (store.look() or "")
        store.checkpoint()
        assert in_the_file(file) == {"a"}
        with closing(sqlite3.connect(file, timeout=0)) as connection:
            connection.execute("BEGIN IMMEDIATE")
    finally:
        other.release()


async def test_what_waits_while_the_file_is_elsewhere_follows_when_it_is_back(store: SqliteStore, file: Path) -> None:
    transactions = Transactions(store, lambda: None)
    with transactions.writing() as writing:
        writing.set_meta("test-a", "a")
    shutil.move(file, elsewhere := file.with_name("elsewhere.db"))
    assert store.look() is not None
    await asyncio.sleep(2 * CHECKPOINT_S)
    shutil.move(elsewhere, file)
    assert store.look() is None

    await asyncio.sleep(3 * CHECKPOINT_S)
    assert in_the_file(file) == {"a"}


async def test_that_nothing_comes_into_the_file_is_said_once_and_tried_now_and_then(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("simulator.engine.transactions.CHECKPOINT_AGAIN_S", 2 * CHECKPOINT_S, raising=False)
    transactions = Transactions(store, lambda: None)
    failing = Failing(store, monkeypatch)
    with transactions.writing() as writing:
        writing.set_meta("test-a", "a")
    await asyncio.sleep(8 * CHECKPOINT_S)

    assert 2 <= failing.asked <= 4
    assert caplog.text.count("could not come into the store") == 1


def test_where_nobody_would_call_it_is_committed_at_once(store: SqliteStore, file: Path) -> None:
    with Transactions(store, lambda: None).writing() as writing:
        writing.set_meta("test-a", "a")

    assert in_the_file(file) == {"a"}


async def test_a_purchase_is_logged(file: Path, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that a merchant or a buyer does needs a commit of its own."""
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant = Merchant(sim)
        await merchant.charge("first")
        at_once: list[str] = []
        monkeypatch.setattr(SqliteStore, "commit", lambda store: at_once.append("committed"))
        charge = await merchant.charge("second")
        await sim.act("acme", charge, "pay")
        left = killed()
    assert at_once == []
    assert examined(left)[0] == 0, examined(left)[1]


def test_doctor_says_what_waits(store: SqliteStore, killed: Callable[[], Path]) -> None:
    write(store, "a")
    write(store, "b")
    left = killed()
    before = left.with_name(LOG).read_bytes()
    code, said = examined(left)

    assert code == 0
    assert "2 commits wait in store.db-redo" in said
    assert left.with_name(LOG).read_bytes() == before
    opened_again(left)
    assert "wait in" not in examined(left)[1]


def test_but_not_of_what_is_on_its_way(store: SqliteStore, file: Path) -> None:
    """Its server is there, and puts it in."""
    write(store, "a")

    assert "It is served by" in examined(file)[1]
    assert "was killed" not in examined(file)[1]


def test_doctor_names_all_that_a_copy_needs(
    store: SqliteStore, killed: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(where: str, **more: object) -> sqlite3.Connection:
        """As where SQLite may make nothing beside the file."""
        error = sqlite3.OperationalError("unable to open database file")
        error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise error

    write(store, "a")
    left = killed()
    monkeypatch.setattr(sqlite3, "connect", refused)

    assert "copy it with store.db-wal and store.db-redo to where" in examined(left)[1].replace("\n", " ")
