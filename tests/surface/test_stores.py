"""Files: one server for each, nothing done to those of others, a sentence for what is wrong with ours."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine import loop
from simulator.engine.store import StoreUnavailable, open_store, schema
from simulator.kernel import clock
from simulator.surface.app import App
from simulator.surface.launch import NotStarted, launched
from simulator.surface.settings import Settings
from surface.damaging import examined


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


async def filled(file: Path) -> None:
    """A store with a few payments in it."""
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant = Merchant(sim)
        for n in range(20):
            await merchant.charge(f"order-{n}")


def content(file: Path) -> bytes:
    return file.read_bytes()


def damage(file: Path) -> None:
    """Overwrites the middle of every page but the first ones, which say where the tables are."""
    size = 4096
    with file.open("r+b") as raw:
        for page in range(12, file.stat().st_size // size):
            raw.seek(page * size)
            raw.write(b"\xff" * size)


# One server for a file -------------------------------------------------------------------------------------------


def test_a_second_server_is_refused_with_the_address_of_the_first(file: Path) -> None:
    with launched(db=str(file)) as first, pytest.raises(NotStarted) as refused, launched(db=str(file)):
        pass

    port = first.url.rpartition(":")[2]
    assert f":{port} (process {first.pid})" in str(refused.value)
    assert "ended with 3" in str(refused.value)
    assert "Traceback" not in str(refused.value)


def test_another_name_of_the_file_is_the_same_file(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    first = open_store(str(file), "http://first.test")
    other.symlink_to(file)

    with pytest.raises(StoreUnavailable, match=r"in use by the simulator at http://first\.test"):
        open_store(str(other), "http://second.test")

    first.close()
    open_store(str(other), "http://second.test").close()


async def test_a_file_with_a_second_name_is_not_opened_for_nobody_would_find_the_other_server(
    file: Path, tmp_path: Path
) -> None:
    await filled(file)
    before = content(file)
    os.link(file, other := tmp_path / "other.db")

    for name in (file, other):
        with pytest.raises(StoreUnavailable, match="a second name"):
            open_store(str(name), "http://second.test")
        assert examined(name)[0] == 3

    assert content(file) == before
    other.unlink()
    open_store(str(file), "http://first.test").close()


def test_a_server_that_was_killed_locks_nobody_out(file: Path) -> None:
    with launched(db=str(file)) as first:
        os.kill(first.pid, signal.SIGKILL)
        os.waitpid(first.pid, 0)

        open_store(str(file), "http://second.test").close()


# Files of others ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [0, 1, schema.VERSION, schema.VERSION + 1])
def test_a_file_of_another_program_is_not_written_to(file: Path, version: int) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE meta (name TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    before = file.read_bytes()

    with pytest.raises(StoreUnavailable, match="belongs to another program"):
        open_store(str(file), "http://first.test")

    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_folder_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="it is a folder"):
        open_store(str(tmp_path), "http://first.test")


def test_a_file_that_another_program_has_signed_is_not_written_to_either(file: Path) -> None:
    open_store(str(file)).close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA application_id = 1")
    connection.close()

    with pytest.raises(StoreUnavailable, match="belongs to another program"):
        open_store(str(file))


def test_what_is_no_database_stays_as_it_is(file: Path) -> None:
    file.write_text("a letter to my landlord\n" * 100)
    before = file.read_bytes()

    with pytest.raises(StoreUnavailable, match="it is no SQLite file"):
        open_store(str(file))

    assert file.read_bytes() == before


def test_a_newer_store_is_refused_and_left_alone(file: Path) -> None:
    open_store(str(file)).close()
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    connection.close()

    with pytest.raises(StoreUnavailable, match="written by another version, a newer one"):
        open_store(str(file))


# Damage ------------------------------------------------------------------------------------------------------------


async def test_a_damaged_page_is_told_in_a_sentence_when_a_server_starts(file: Path) -> None:
    await filled(file)
    damage(file)

    with pytest.raises(NotStarted) as refused, launched(db=str(file)):
        pass

    assert "ended with 3" in str(refused.value)
    assert "damaged" in str(refused.value)
    assert "Traceback" not in str(refused.value)


async def test_a_page_that_is_damaged_meanwhile_is_a_sentence_in_the_log(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(file)
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant = Merchant(sim)
        damage(file)
        sim.app.runtime.store._execute("PRAGMA cache_size = 0")  # type: ignore[attr-defined]
        sim.app.runtime.store._execute("PRAGMA shrink_memory")  # type: ignore[attr-defined]
        answers = [(await merchant.create(f"more-{n}")).status_code for n in range(3)]

    assert answers == [500, 500, 500]
    assert any("a database page is damaged" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


# Doctor ------------------------------------------------------------------------------------------------------------


async def test_doctor_finds_nothing_wrong_with_a_good_store(file: Path) -> None:
    await filled(file)

    assert examined(file) == (0, "Nothing is wrong with it.\n")
    assert json.loads(examined(file, "--json")[1]) == {"ok": True, "faults": [], "notes": []}


async def test_doctor_names_what_does_not_agree_and_changes_nothing(file: Path) -> None:
    await filled(file)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM resources WHERE provider = 'acme'")
    connection.close()
    before = content(file)

    code, said = examined(file)

    assert code == 1
    assert "timers of a resource that is not there" in said
    assert content(file) == before


async def test_doctor_names_rows_that_cannot_be_read(file: Path) -> None:
    await filled(file)
    with sqlite3.connect(file) as connection:
        [[seq]] = connection.execute("SELECT MIN(seq) FROM resources").fetchall()
        connection.execute("UPDATE resources SET body = ? WHERE seq = ?", (b"{", seq))
        connection.execute("UPDATE workspaces SET body = ? WHERE id = 1", (b"{",))
    connection.close()

    code, said = examined(file)

    assert code == 1
    assert "Workspace number 1 cannot be read: it is no JSON." in said
    assert f"Resource number {seq} cannot be read: it is no JSON." in said


async def test_doctor_says_that_an_older_store_never_shrinks_and_has_an_older_schema(file: Path) -> None:
    await filled(file)
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION - 1}")
    connection.close()
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode = DELETE", "auto_vacuum = NONE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("VACUUM")
    connection.close()

    code, said = examined(file)

    assert code == 0
    assert f"It has schema {schema.VERSION - 1}; serve brings it to {schema.VERSION}" in said
    assert "It never shrinks" in said


def test_a_lock_whose_holder_has_said_nothing_is_somebodys(file: Path) -> None:
    first = open_store(str(file), "http://first.test")
    Path(f"{file}.lock").write_text("{}")

    with pytest.raises(StoreUnavailable, match="in use by another server"):
        open_store(str(file), "http://second.test")

    first.close()


async def test_doctor_finds_a_damaged_page(file: Path) -> None:
    await filled(file)
    damage(file)

    code, said = examined(file)

    assert code == 1
    assert "SQLite says" in said or "damaged" in said


@pytest.mark.parametrize("held", [None, b"", b"no database at all, but long enough to be looked at" * 20])
def test_doctor_says_what_it_cannot_read(file: Path, held: bytes | None) -> None:
    if held is not None:
        file.write_bytes(held)

    assert examined(file)[0] == 3


def test_doctor_looks_at_a_store_that_is_being_served(file: Path) -> None:
    with launched(db=str(file)) as server:
        code, said = examined(file)

    assert code == 0
    assert f"(process {server.pid})" in said


# A full disk -------------------------------------------------------------------------------------------------------


async def test_health_says_that_the_disk_is_full_and_that_it_no_longer_is(file: Path) -> None:
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant = Merchant(sim)
        store = sim.app.runtime.store
        pages = store.rows("PRAGMA page_count")[0][0]
        store.rows(f"PRAGMA max_page_count = {pages + 4}")
        answers = [(await merchant.create(f"order-{n}")).status_code for n in range(60)]
        full = await sim.http.get("/_sim/health")
        store.rows("PRAGMA max_page_count = 1000000")
        again = await sim.http.get("/_sim/health")
        created = await merchant.create("order-after")

    assert answers[-1] == 500
    assert full.status_code == 503
    assert "no room is left" in full.json()["error"]["message"]
    assert again.status_code == 200
    assert created.status_code == 201


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux sets another process's limits")
def test_a_file_that_may_not_grow_is_told_by_health_and_forgotten_when_it_may(file: Path) -> None:
    """The operating system refuses each write beyond a size, as it does beyond a quota."""
    import resource

    with launched(db=str(file)) as server, httpx.Client(base_url=server.url, timeout=30) as client:
        made = {"provider": next(iter(server.credentials))}
        payments = "/_sim/workspaces/default/payments"
        client.post(payments, json=made).raise_for_status()
        _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        largest = max(one.stat().st_size for one in file.parent.glob("store.db*"))
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (largest + 40_000, hard))
        answers = [client.post(payments, json=made).status_code for _ in range(40)]
        full = client.get("/_sim/health")
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
        again = client.get("/_sim/health")
        created = client.post(payments, json=made)

    assert set(answers) <= {201, 503}, answers
    assert full.status_code == 503, full.text
    assert "nothing can be written" in full.json()["error"]["message"]
    assert again.status_code == 200, again.text
    assert created.status_code == 201
    assert examined(file) == (0, "Nothing is wrong with it.\n")


def test_an_app_that_cannot_start_lets_the_file_go(file: Path, tmp_path: Path) -> None:
    open_store(str(file)).close()
    with pytest.raises(Exception, match="no such folder"):
        App(Settings(db=str(file), scenarios=str(tmp_path / "none")))

    open_store(str(file), "http://second.test").close()


# A clock that is set back ------------------------------------------------------------------------------------------


async def test_a_clock_set_back_by_hours_holds_no_webhook_that_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set back while the server runs: a retry keeps its pause, and is not held for the hours beside it."""
    async with Sim(providers=[ACME]) as sim:
        merchant, runtime = Merchant(sim), sim.app.runtime
        await sim.http.post(f"{sim.path}/clock/resume")
        await sim.receive_webhooks("acme")
        sim.answer = lambda request: httpx.Response(503)
        id_ = await merchant.charge()
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
        await sim.settle()
        before = runtime.store.messages(sim.workspace.id, state="pending")[0].due
        set_back(monkeypatch, timedelta(hours=5))
        runtime._loop.look_at_clock()
        after = runtime.store.messages(sim.workspace.id, state="pending")[0].due

    assert before is not None and after is not None
    assert abs(before - after - micros_of(timedelta(hours=5))) < micros_of(timedelta(minutes=1))


def micros_of(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)


async def test_a_clock_set_back_while_nothing_ran_holds_none_either(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant, ws = Merchant(sim), sim.workspace.public_id
        await sim.http.post(f"{sim.path}/clock/resume")
        await sim.receive_webhooks("acme")
        id_ = await merchant.charge()
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
        assert [m.attempts for m in sim.app.runtime.store.messages(sim.workspace.id)] == [0]
    set_back(monkeypatch, timedelta(hours=5))

    async with Sim(providers=[ACME], db=str(file)) as again:
        await again.http.post(f"/_sim/workspaces/{ws}/settle")

    assert len(again.hooks) == 1


def set_back(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    now = clock.time_of_day
    for module in (clock, loop):
        monkeypatch.setattr(module, "time_of_day", lambda: now() - by)


# An older store ----------------------------------------------------------------------------------------------------


def open_files() -> set[Path]:
    """Those that this process has open; none are known without `/proc`."""
    opened = set[Path]()
    for number in Path("/proc/self/fd").glob("*"):
        with suppress(OSError):  # the one that reads the folder
            opened.add(number.readlink())
    return opened


async def test_an_older_store_lies_beside_the_new_one_as_it_was(file: Path) -> None:
    """An upgrade that fails half-way leaves the file as it was, too."""
    await filled(file)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 1")
        connection.execute("CREATE TABLE witness (word TEXT)")
    connection.close()

    with pytest.raises(StoreUnavailable, match="duplicate column name"):
        open_store(str(file))  # for it is none of schema 1: the upgrade fails on its way
    assert not open_files() & {file, file.with_name("store.db-wal")}

    copy = file.with_name("store.db.schema-1")
    for left in (file, copy):
        with sqlite3.connect(left) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (1,)
            assert connection.execute("SELECT COUNT(*) FROM resources WHERE kind = 'charge'").fetchone() == (20,)
        connection.close()


# What a reset and a deleted workspace leave --------------------------------------------------------------------


async def test_what_a_deleted_workspace_leaves_is_removed_after_the_next_start_too(file: Path) -> None:
    """The server ends before it has removed anything; what is removed gives the file's pages back."""
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant, number = Merchant(sim), sim.workspace.id
        for n in range(200):
            await merchant.charge(f"order-{n}")
        deleted = await sim.http.delete(sim.path)
    rows = "SELECT COUNT(*) FROM resources WHERE workspace = ?"

    async with Sim(providers=[ACME], db=str(file)) as again:
        store, sweeper = again.app.runtime.store, again.app.runtime.sweeper
        before, pages = store.rows(rows, (number,))[0][0], store.rows("PRAGMA page_count")[0][0]
        while sweeper.step():
            pass
        after, fewer = store.rows(rows, (number,))[0][0], store.rows("PRAGMA page_count")[0][0]

    assert deleted.status_code == 204
    assert (before >= 200, after) == (True, 0)
    assert fewer < pages / 2


async def test_a_reset_writes_as_little_after_many_payments_as_after_few(file: Path) -> None:
    """What was is removed afterwards, after a restart too, while the workspace goes on under all its names."""
    written = []
    async with Sim(providers=[ACME], db=str(file)) as sim:
        store, merchant, number = sim.app.runtime.store, Merchant(sim), sim.workspace.id
        for payments in (2, 150):
            for n in range(payments):
                await merchant.charge(f"order-{n}")
            before = store._connection.total_changes  # type: ignore[attr-defined]
            (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
            written.append(store._connection.total_changes - before)  # type: ignore[attr-defined]
        listed = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
        kept = await merchant.charge("kept")
        there = store.rows("SELECT COUNT(*) FROM resources WHERE kind = 'charge'")[0][0]

    async with Sim(providers=[ACME], db=str(file)) as again:
        again._id = number
        runtime = again.app.runtime
        while runtime.sweeper.step():
            pass
        left = runtime.store.rows("SELECT COUNT(*) FROM resources WHERE kind = 'charge'")[0][0]
        found = [one["id"] for one in (await again.http.get(f"{again.path}/payments")).json()["data"]]

    assert written[0] == written[1]
    assert (listed, found) == ([], [kept])
    assert (there, left) == (153, 1)
    assert examined(file) == (0, "Nothing is wrong with it.\n")


async def test_an_attempt_that_a_reset_overtakes_is_recorded_nowhere(file: Path) -> None:
    """Somebody has asked for it by hand, so that the reset does not stop it."""
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant, runtime = Merchant(sim), sim.app.runtime
        await sim.receive_webhooks("acme")
        await merchant.paid("order")
        await sim.settle()
        [sent] = runtime.store.messages(sim.workspace.id)
        arrived, answers = asyncio.Event(), asyncio.Event()

        async def slowly(request: httpx.Request) -> httpx.Response:
            arrived.set()
            await answers.wait()
            return httpx.Response(200)

        sim.answer = slowly
        resent = asyncio.create_task(sim.http.post(f"{sim.path}/webhooks/{sent.id}/resend"))
        await arrived.wait()
        (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
        answers.set()
        answer = await resent
        runtime.write_late()

        assert answer.status_code == 404
        assert runtime.store.journal_of(sim.workspace.id, sent.subject) == []
