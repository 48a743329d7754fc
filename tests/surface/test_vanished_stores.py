"""A store that is removed, or whose lock is gone, or that is looked through where it lies."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.store import StoreUnavailable, open_store
from simulator.engine.store.sqlite import SqliteStore
from surface.damaging import beside, content, eventually, examined, filled, pay, replace, served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


# Where it is -------------------------------------------------------------------------------------------------------

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows lets nobody remove a file that is open")


@posix
def test_a_store_that_is_renamed_is_missed_and_found_again(file: Path) -> None:
    with served(file) as (server, client):
        file.rename(away := file.with_name("away.db"))
        missing = eventually(client, 503)
        refused = pay(server, client)
        made = file.exists()
        away.rename(file)
        eventually(client, 200)
        taken = pay(server, client)
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)

    assert f"{file} was removed or renamed" in missing.json()["error"]["message"]
    assert refused.status_code == 503
    assert not made
    assert taken.status_code == 201
    with served(file, 0) as (_, client):
        assert len(client.get("/_sim/workspaces/default/payments").json()["data"]) == 3


@posix
def test_nothing_is_promised_in_a_store_that_was_removed(file: Path) -> None:
    with served(file) as (server, client):
        for one in file.parent.glob("store.db*"):
            one.unlink()
        time.sleep(2.5)  # nobody asks for health
        refused = pay(server, client)
        health = client.get("/_sim/health")

    assert (refused.status_code, health.status_code) == (503, 503)
    assert list(file.parent.glob("store.db")) == []


@posix
async def test_nor_where_another_file_stands_by_now(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    await filled(file, 2)
    async with Sim(providers=[ACME], db=str(file)) as sim:
        replace(file, b"somebody else's")
        health = await sim.http.get("/_sim/health")
        created = await Merchant(sim).create("order")

    assert health.status_code == 503
    assert "is another file by now" in health.json()["error"]["message"]
    assert created.status_code == 500
    assert content(file) == b"somebody else's"
    assert not any(record.exc_info for record in caplog.records)


@posix
def test_nor_where_the_newest_changes_were_removed(file: Path) -> None:
    with served(file) as (server, client):
        Path(f"{file}-wal").unlink()
        missing = eventually(client, 503)
        refused = pay(server, client)
    with served(file, 0) as (_, client):
        kept = len(client.get("/_sim/workspaces/default/payments").json()["data"])

    assert "-wal with the newest changes was removed" in missing.json()["error"]["message"]
    assert refused.status_code == 503
    assert kept == 2


def test_a_look_at_a_store_without_a_file_is_none() -> None:
    store = SqliteStore()

    assert (store.look(), store.LOOK_S) == (None, None)


# The lock ----------------------------------------------------------------------------------------------------------


@posix
def test_a_lock_that_is_removed_is_made_anew(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = open_store(str(file), "http://first.test")
    Path(f"{file}.lock").unlink()

    assert first.look() is None

    with pytest.raises(StoreUnavailable, match=r"in use by the simulator at http://first\.test"):
        open_store(str(file), "http://second.test")
    assert "the lock beside the store was removed" in caplog.text
    first.close()
    open_store(str(file), "http://second.test").close()


@posix
def test_who_finds_another_server_in_the_file_writes_no_more(file: Path) -> None:
    """Also when the other one has ended: what is known of the store here may be no longer so."""
    first = open_store(str(file), "http://first.test")
    Path(f"{file}.lock").unlink()
    second = open_store(str(file), "http://second.test")

    said = first.look()
    assert said is not None and "in use by the simulator at http://second.test" in said
    with pytest.raises(first.OUTAGES, match="nothing is written here any more"):
        first.begin()
    assert second.look() is None
    second.close()
    assert first.look() == said
    first.close()


# Doctor leaves nothing -----------------------------------------------------------------------------------------------


async def test_doctor_leaves_nothing_beside_a_store_that_was_closed(file: Path) -> None:
    await filled(file)
    before = beside(file)

    assert examined(file)[0] == 0
    assert beside(file) == before


def test_doctor_reads_what_a_killed_server_has_left_and_leaves_it_so(file: Path) -> None:
    with served(file, 3) as (server, _):
        os.kill(server.pid, signal.SIGKILL)
        os.waitpid(server.pid, 0)
    Path(f"{file}-shm").unlink(missing_ok=True)
    before = beside(file)
    assert f"{file.name}-wal" in before

    code, said = examined(file)
    assert code == 0
    assert said.endswith("\nNothing is wrong with it.\n")
    assert beside(file) == before


@posix
async def test_doctor_reads_a_store_in_a_folder_to_which_nothing_can_be_written(file: Path) -> None:
    await filled(file)
    connect, opened = sqlite3.connect, []

    def read_only(where: str, **more: object) -> sqlite3.Connection:
        """As on a read-only mount: SQLite may make nothing beside the file. Root may write to any folder."""
        opened.append(where)
        if "immutable=1" not in where:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(where, **more)  # type: ignore[call-overload, no-any-return]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sqlite3, "connect", read_only)
        assert examined(file) == (0, "Nothing is wrong with it.\n")
    assert opened


async def test_doctor_begins_anew_where_a_server_begins_to_write_meanwhile(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(file)
    from simulator.engine.store import doctor

    seen, look = list[str](), doctor._seen

    def served_meanwhile(where: Path, readings: object, parties: object, how: str) -> doctor.Findings:
        seen.append(how)
        if len(seen) == 1:
            stores.append(open_store(str(file), "http://first.test"))
        return look(where, readings, parties, how)  # type: ignore[arg-type]

    stores: list[object] = []
    monkeypatch.setattr(doctor, "_seen", served_meanwhile)
    code, said = examined(file)
    stores[0].close()  # type: ignore[attr-defined]

    assert (code, seen) == (0, ["mode=ro&immutable=1", "mode=ro"])
    assert "It is served by the simulator at http://first.test" in said
