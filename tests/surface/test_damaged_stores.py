"""A store that is damaged: said at a start and while it is served, and no traceback."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.store import StoreUnavailable, open_store, schema
from simulator.engine.store.sqlite import SqliteStore
from simulator.surface.launch import NotStarted, launched
from surface.damaging import beside, changed, damage, examined, filled, forget, pay, served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(scope="module")
def of_a_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server of all providers has left behind, with two payments in it."""
    file = tmp_path_factory.mktemp("served") / "store.db"
    with served(file):
        pass
    return file


@pytest.fixture
def left(of_a_server: Path, file: Path) -> Path:
    """A copy of that, of one's own."""
    return Path(shutil.copy(of_a_server, file))


# A page ------------------------------------------------------------------------------------------------------------


async def test_a_page_that_is_damaged_meanwhile_is_no_bug_but_an_outage(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(file, 60)
    async with Sim(providers=[ACME], db=str(file)) as sim:
        damage(file)
        store = sim.app.runtime.store
        assert isinstance(store, SqliteStore)
        forget(store)
        listed = [await sim.http.get(f"{sim.path}/payments") for _ in range(2)]
        page = await sim.http.get(f"/console/{sim.workspace.name}")
        health = await sim.http.get("/_sim/health")

    for answer in listed:
        assert answer.status_code == 503, answer.text
        assert "psp-simulator doctor --db FILE" in answer.json()["error"]["message"]
    assert page.status_code == 503
    assert health.status_code == 503
    assert "damaged" in health.json()["error"]["message"]
    assert any("the store is damaged" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


def test_who_meets_a_damaged_page_keeps_the_connection(file: Path) -> None:
    with served(file, 60):
        pass
    with served(file, 0) as (server, client):
        damage(file)
        seen = [client.get(f"/_sim/workspaces/default/{what}") for what in ("payments", "requests", "webhooks")]
        seen += [pay(server, client) for _ in range(3)]
        statuses = {answer.status_code for answer in seen}
        health = client.get("/_sim/health").status_code

    assert statuses <= {200, 201, 503}
    assert 503 in statuses
    assert health == 503


@pytest.mark.parametrize(
    "wrong",
    [
        lambda store: store.exact_rows("SELECT nothing FROM resources WHERE ?", ()),
        lambda store: store.exact_run("INSERT INTO meta (name, value) VALUES (NULL, NULL)"),
    ],
)
def test_a_mistake_of_ours_is_no_outage(wrong: Callable[[SqliteStore], object]) -> None:
    store = SqliteStore()

    with pytest.raises(sqlite3.Error) as raised:
        wrong(store)

    assert store.look() is None
    if not isinstance(raised.value, sqlite3.OperationalError):
        assert store.outage(raised.value) is None
        assert not isinstance(raised.value, store.OUTAGES)
    store.close()


def test_an_error_of_sqlite_without_the_code_of_damage_is_no_outage() -> None:
    store = SqliteStore()

    assert store.outage(sqlite3.DatabaseError("not authorized")) is None
    store.close()


# Rows --------------------------------------------------------------------------------------------------------------

UNREADABLE = {
    "cut off": b"{",
    "no workspace": b"{}",
    "nothing": b"null",
    "a text": "{}",
    "a list": b"[]",
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_workspace_that_cannot_be_read_is_a_sentence_at_a_start_and_a_finding(
    file: Path, body: bytes | str
) -> None:
    await filled(file, 1)
    changed(file, "UPDATE workspaces SET body = ? WHERE id = 1", body)

    with pytest.raises(NotStarted) as refused, launched(db=str(file)):
        pass
    code, said = examined(file)

    assert "ended with 3" in str(refused.value)
    assert "workspace number 1 cannot be read" in str(refused.value)
    assert f"psp-simulator doctor --db {file}" in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert code == 1
    assert "Workspace number 1 cannot be read" in said


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("before", "after"),
    [('"mode"', '"mude"'), ('"credentials":{', '"credentials":[],"x":{'), ('"draws":0', '"draws":"many"')],
)
async def test_so_is_one_with_a_damaged_member(file: Path, before: str, after: str) -> None:
    open_store(str(file)).close()
    await filled(file, 0)
    changed(file, "UPDATE workspaces SET body = CAST(REPLACE(CAST(body AS TEXT), ?, ?) AS BLOB)", before, after)

    with pytest.raises(NotStarted, match=r"workspace number \d cannot be read") as refused, launched(db=str(file)):
        pass

    assert "Traceback" not in str(refused.value)
    assert examined(file)[0] == 1


def test_doctor_finds_nothing_wrong_where_money_was_settled(file: Path) -> None:
    """At every provider: paid, and paid out."""
    with served(file, 0) as (server, client):
        world = "/_sim/workspaces/default"
        for provider in server.credentials:
            made = client.post(f"{world}/payments", json={"provider": provider}).raise_for_status().json()
            client.post(f"{world}/payments/{provider}/{made['id']}/pay").raise_for_status()
        client.post(f"{world}/clock/advance", json={"by": "10d"}).raise_for_status()

    assert examined(file) == (0, "Nothing is wrong with it.\n")


def test_doctor_reads_resources_lines_and_messages_as_a_server_does(file: Path) -> None:
    with served(file, 30):
        pass
    changed(file, "UPDATE resources SET body = CAST('{}' AS BLOB) WHERE seq = 3")
    changed(file, "UPDATE journal SET body = x'7b'")
    changed(file, "UPDATE journal SET body = CAST('{}' AS BLOB) WHERE seq = 2")
    changed(file, "UPDATE timers SET data = CAST('[]' AS BLOB) WHERE seq = 1")

    code, said = examined(file)
    lines = said.splitlines()

    assert code == 1
    assert [line for line in lines if line.startswith("Resource number 3 cannot be read: ")]
    assert "Row of the journal number 1 cannot be read: it is no JSON." in lines
    assert [line for line in lines if line.startswith("Row of the journal number 2 cannot be read: ")]
    assert "Timer number 1 cannot be read: it is no object." in lines
    assert sum(line.startswith("Row of the journal number") for line in lines) == 20
    assert [
        line
        for line in lines
        if line.startswith("There are ") and line.endswith(" more of the kind: row of the journal.")
    ]


async def test_a_row_that_cannot_be_read_is_told_as_such_to_who_meets_it(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(file)
    changed(file, "UPDATE resources SET body = CAST('{}' AS BLOB) WHERE provider = 'acme' AND kind = 'charge'")
    changed(file, "UPDATE journal SET body = x'7b'")
    async with Sim(providers=[ACME], db=str(file)) as sim:
        default = "/_sim/workspaces/" + next(w.public_id for w in sim.app.runtime.workspaces() if w.name != "default")
        payments = await sim.http.get(f"{default}/payments")
        requests = await sim.http.get(f"{default}/requests")
        health = await sim.http.get("/_sim/health")

    assert payments.status_code == 503
    assert "a charge of acme cannot be read (id: missing)" in payments.json()["error"]["message"]
    assert requests.status_code == 503
    assert "of the journal cannot be read (it is no JSON)" in requests.json()["error"]["message"]
    assert health.status_code == 200
    assert not any(record.exc_info for record in caplog.records)


async def test_a_row_in_the_feed_that_cannot_be_read_is_passed_over(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Sim(providers=[ACME], db=str(file)) as sim:
        merchant, store = Merchant(sim), sim.app.runtime.store
        for n in range(3):
            await merchant.charge(f"order-{n}")
        sim.app.runtime.write_late()
        lines = [row[0] for row in store.rows("SELECT seq FROM journal WHERE kind = 'request' ORDER BY seq")]
        store.run("UPDATE journal SET body = ? WHERE seq = ?", (b"{", lines[0]))
        store.run(
            "UPDATE resources SET body = ? WHERE seq = (SELECT MAX(seq) FROM resources WHERE kind = 'charge')", (b"{}",)
        )
        feed = await sim.http.get(f"{sim.path}/events?after=0&follow=false")

    told = [line for line in feed.text.splitlines() if line.startswith("event: request")]
    assert feed.status_code == 200
    assert len(told) == len(lines) - 1
    assert any(f"row {lines[0]} of the journal cannot be read" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


async def test_the_timer_of_a_row_that_cannot_be_read_is_given_up_with_a_line_of_the_log(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with Sim(providers=[ACME], db=str(file)) as sim:
        await Merchant(sim).charge("order")
        sim.app.runtime.store.run("UPDATE resources SET body = ? WHERE kind = 'charge'", (b"{}",))
        advanced = await sim.http.post(f"{sim.path}/clock/advance", json={"by": "2d"})
        left = sim.app.runtime.store.timers(sim.workspace.id)

    assert advanced.status_code == 200
    assert left == []
    assert any("a charge of acme cannot be read" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


# What stands in a column -----------------------------------------------------------------------------------------------


def add_message(file: Path) -> None:
    place = "(SELECT MAX(COALESCE(place, id)) FROM workspaces)"
    changed(
        file,
        f"""INSERT INTO outbox (id, workspace, provider, event, subject, state, due, created, attempts, context, body)
        SELECT 'm', {place}, MIN(provider), 'e', 's', 'pending', 1, 1, 0, x'7b7d', x'7b7d' FROM credentials""",
    )
    changed(
        file, "INSERT INTO attempts SELECT seq, 1, 1, 200, 1.0, NULL, CAST('{}' AS BLOB), NULL, NULL, NULL FROM outbox"
    )


def known_ids(sim: Sim) -> str:
    return "/_sim/workspaces/" + next(w.public_id for w in sim.app.runtime.workspaces() if w.name != "default")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE timers SET due = 'abc'", "of timers, due is no integer"),
        ("UPDATE outbox SET due = 'abc'", "of outbox, due is no integer"),
        ("UPDATE outbox SET created = x'00'", "of outbox, created is no integer"),
        ("UPDATE resources SET body = CAST(body AS TEXT)", "of resources, body is no blob"),
        ("UPDATE journal SET at = 1.5", "of journal, at is no integer"),
        ("UPDATE meta SET value = x'00' WHERE name = (SELECT MIN(name) FROM meta)", "of meta, value is no text"),
        ("UPDATE credentials SET workspace = 'abc'", "of credentials, workspace is no integer"),
        ("UPDATE timers SET due = 1000000000000000000", "it is at no instant that there is"),
    ],
)
def test_doctor_counts_what_was_never_written_so(left: Path, sql: str, said: str) -> None:
    add_message(left)
    assert examined(left)[0] == 0
    changed(left, sql)

    code, text = examined(left)

    assert code == 1
    assert said in text
    assert len(text.splitlines()) < 50


def test_doctor_names_those_that_are_not_installed(left: Path) -> None:
    changed(left, "UPDATE timers SET provider = 'gone'")
    changed(left, "UPDATE resources SET provider = 'gone'")

    code, said = examined(left)

    assert code == 1
    assert "There are rows of timers of what is not installed, and never was (gone)" in said
    assert "There are rows of resources of what is not installed, and never was (gone)" in said


@pytest.mark.parametrize("due", ["abc", 10**18, b"\x00"])
def test_a_server_starts_with_timers_that_are_due_at_no_instant(left: Path, due: object) -> None:
    changed(left, "UPDATE timers SET due = ?", due)

    with served(left, 1) as (_, client):
        health = client.get("/_sim/health")
        timers = client.get("/_sim/workspaces/default/timers")

    assert health.status_code == 200
    assert timers.status_code == 200


async def test_a_message_that_is_due_at_no_instant_is_told_to_who_asks_and_in_the_log(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await filled(file, 1)
    add_message(file)
    changed(file, "UPDATE outbox SET due = 'abc', state = 'pending'")
    async with Sim(providers=[ACME], db=str(file)) as sim:
        listed = await sim.http.get(f"{known_ids(sim)}/webhooks")
        advanced = await sim.http.post(f"{known_ids(sim)}/clock/advance", json={"by": "2d"})

    assert listed.status_code == 503
    assert "cannot be read (due is none that was ever written)" in listed.json()["error"]["message"]
    assert advanced.status_code == 200
    assert any("webhooks are due at what is no instant" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


async def test_messages_of_who_is_not_installed_wait(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    await filled(file, 1)
    add_message(file)
    changed(file, "UPDATE outbox SET provider = 'gone', state = 'pending', due = 1, url = 'http://127.0.0.1:9/'")
    async with Sim(providers=[ACME], db=str(file)) as sim:
        listed = await sim.http.get(f"{known_ids(sim)}/webhooks")
        advanced = await sim.http.post(f"{known_ids(sim)}/clock/advance", json={"by": "2d"})

    assert (listed.status_code, advanced.status_code) == (200, 200)
    assert any("rows of gone, which is not installed" in record.getMessage() for record in caplog.records)
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize(
    ("sql", "asked"),
    [
        ("UPDATE resources SET body = 'nope'", ("payments", "export")),
        ("UPDATE resources SET body = CAST(body AS TEXT)", ("payments", "export")),
        ("UPDATE resources SET body = 7", ("payments", "export")),
        ("UPDATE journal SET body = 'x'", ("requests", "export")),
        ("UPDATE journal SET body = CAST(body AS TEXT)", ("requests", "export")),
        ("UPDATE journal SET at = 'x'", ("requests", "export")),
        ("UPDATE outbox SET body = 'x'", ("webhooks", "export")),
        ("UPDATE outbox SET created = 'x'", ("webhooks", "export")),
        ("UPDATE attempts SET headers = 'x'", ("webhooks", "export")),
    ],
)
async def test_a_row_with_another_type_cannot_be_read_and_is_no_bug(
    file: Path, caplog: pytest.LogCaptureFixture, sql: str, asked: tuple[str, ...]
) -> None:
    await filled(file, 1)
    add_message(file)
    changed(file, sql)
    async with Sim(providers=[ACME], db=str(file)) as sim:
        answers = [await sim.http.get(f"{known_ids(sim)}/{what}") for what in asked]

    assert [answer.status_code for answer in answers] == [503] * len(asked)
    assert all("cannot be read" in answer.json()["error"]["message"] for answer in answers)
    assert not any(record.exc_info for record in caplog.records)


# The head of the file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [-3, 0])
async def test_a_schema_that_never_was_is_refused_and_a_finding(file: Path, version: int) -> None:
    await filled(file, 1)
    changed(file, f"PRAGMA user_version = {version}")
    before = beside(file)

    with pytest.raises(NotStarted) as refused, launched(db=str(file)):
        pass
    code, said = examined(file)

    assert "ended with 3" in str(refused.value)
    assert f"schema {version}, which no version ever wrote" in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert code == 1
    assert f"schema {version}, which no version ever wrote" in said
    assert "serve brings it" not in said
    assert beside(file) == before


async def test_a_start_that_is_refused_leaves_nothing_beside_a_newer_store(file: Path) -> None:
    await filled(file, 1)
    changed(file, f"PRAGMA user_version = {schema.VERSION + 1}")
    before = beside(file)

    with pytest.raises(StoreUnavailable, match="a newer one"):
        open_store(str(file), "http://first.test")

    assert beside(file) == before


@pytest.mark.parametrize("other", ["999", "'abc'"])
async def test_credentials_that_stand_as_anothers_are_damage(file: Path, other: str) -> None:
    await filled(file, 1)
    changed(file, f"UPDATE credentials SET workspace = {other}")
    with pytest.raises(NotStarted) as refused, launched(db=str(file)):
        pass
    code, said = examined(file)

    assert "ended with 3" in str(refused.value)
    assert "the credentials of workspace" in str(refused.value)
    assert "psp-simulator doctor --db" in str(refused.value)
    assert code == 1
    assert "credentials" in said
