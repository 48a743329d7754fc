"""Snapshots: a named copy of everything that a workspace has, and back to it, over SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import STARTED, Sim
from toy.acme import TALKATIVE

from engine.merchant import Merchant
from simulator.engine.ledger import Booking, transfer
from simulator.engine.store import SqliteStore, Store, open_store, schema
from simulator.engine.sweeper import Sweeper
from simulator.engine.transactions import Transactions
from simulator.kernel.clock import EPOCH, iso_millis, time_of_day


@pytest.fixture
async def sim(where: str) -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE], db=where) as simulator:
        yield simulator


async def take(sim: Sim, **body: Any) -> dict[str, Any]:
    answer = await sim.http.post(f"{sim.path}/snapshots", json=body)
    assert answer.status_code == 201, answer.text
    taken: dict[str, Any] = answer.json()
    return taken


async def back(sim: Sim, name: str) -> dict[str, Any]:
    answer = await sim.http.post(f"{sim.path}/snapshots/{name}/restore")
    assert answer.status_code == 200, answer.text
    view: dict[str, Any] = answer.json()
    return view


def everything(sim: Sim) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the workspace as it is in the store, wherever it stands there."""
    runtime = sim.app.runtime
    runtime.write_late()
    place = runtime.store._at(sim.workspace.id)
    found = {}
    for table in schema.OF_A_WORKSPACE:
        columns = ", ".join(name for name in table.columns if name != "workspace")
        rows = runtime.store.exact_rows(f"SELECT {columns} FROM {table.name} WHERE {table.owned}", (place,))
        found[table.name] = sorted(tuple(row) for row in rows)
    return found


def sweep(store: Store) -> None:
    sweeper = Sweeper(Transactions(store, lambda: None), rest=0.0)
    while sweeper.step():
        pass


BOOKED = Booking(
    at=EPOCH, available=EPOCH, cause="adjustment", postings=transfer("adjustment", 5, "EUR", of="fees", to="merchant")
)


async def lived_in(sim: Sim, acme: Merchant) -> str:
    """Payments in all their states, webhooks that arrived and that did not, a key that was used; returns a charge that waits."""
    with sim.app.runtime.transactions.writing() as store:
        store.drop_payments(sim.workspace.id, [], [], [], 0)  # it counts that nothing was dropped
        store.insert_bookings([(sim.workspace.id, "acme", 1, 0, "paid", BOOKED.dump({}))])
    await acme.paid("paid")
    refunded = await acme.paid("refunded")
    await acme.refund(refunded, 400)
    sim.answer = lambda request: httpx.Response(503)
    await acme.paid("unheard")
    sim.answer = lambda request: httpx.Response(200)
    await acme.create("kept under a key", **{"acme-key": "k-1"})
    return await acme.charge("waiting")


@pytest.mark.uncounted
async def test_everything_that_a_workspace_has_comes_back(sim: Sim, acme: Merchant) -> None:
    waiting = await lived_in(sim, acme)
    before = everything(sim)
    assert all(before.values()), "a table without a row proves nothing"
    payments = (await sim.http.get(f"{sim.path}/payments")).json()
    taken = await take(sim, name="prepared")

    await sim.act("acme", waiting, "pay")
    await acme.paid("later")
    await acme.create("kept under a key", **{"acme-key": "k-2"})
    await sim.advance(hours=3)
    await sim.http.put(f"{sim.path}/buyers/li-na", json={"balance": 1})
    await back(sim, "prepared")

    after = everything(sim)
    (told,) = [row for row in after["journal"] if row not in before["journal"]]
    after["journal"].remove(told)
    assert after == before
    assert (await sim.http.get(f"{sim.path}/payments")).json() == payments
    assert taken == {"name": "prepared", "at": iso_millis(STARTED), "payments": 5}


async def test_it_comes_back_after_a_reset_too_whether_what_that_left_was_removed_or_not(
    sim: Sim, acme: Merchant
) -> None:
    waiting = await lived_in(sim, acme)
    before = everything(sim)
    await take(sim, name="prepared")

    for is_swept in (False, True):
        await sim.http.post(f"{sim.path}/reset")
        if is_swept:
            sweep(sim.app.runtime.store)
        await back(sim, "prepared")
        sweep(sim.app.runtime.store)

        after = everything(sim)
        assert set(before["journal"]) < set(after["journal"])
        assert {**after, "journal": []} == {**before, "journal": []}
        assert await acme.status(waiting) == "PENDING"


async def test_what_others_have_got_meanwhile_stays_theirs(sim: Sim, acme: Merchant) -> None:
    """A file gives the numbers of rows that are gone to whoever comes next."""
    waiting = await lived_in(sim, acme)
    deliveries = (await sim.http.get(f"{sim.path}/webhooks")).json()
    await take(sim, name="prepared")
    await sim.http.post(f"{sim.path}/reset")
    sweep(sim.app.runtime.store)
    other = await Sim.beside(sim).__aenter__()
    await other.receive_webhooks("acme", "http://other.test/hooks")
    theirs = Merchant(other)
    ids = [await theirs.paid(f"theirs-{n}") for n in range(8)]
    before = everything(other)

    await back(sim, "prepared")

    assert everything(other) == before
    assert [await theirs.status(id_) for id_ in ids] == ["CAPTURED"] * 8
    found = other.app.runtime.store.resources_by_key(other.workspace.id, "acme", "charge", "reference", "theirs-7")
    assert len(found) == 1
    sim._listeners.clear()
    assert (await sim.http.get(f"{sim.path}/webhooks")).json() == deliveries
    await sim.act("acme", waiting, "pay")
    assert await acme.status(waiting) == "CAPTURED"


async def test_the_numbers_of_the_feed_go_on_and_a_restore_is_told(sim: Sim, acme: Merchant) -> None:
    await lived_in(sim, acme)
    await take(sim, name="prepared")
    await acme.paid("later")
    store, runtime = sim.app.runtime.store, sim.app.runtime
    runtime.write_late()
    last = store.last_seq()

    await back(sim, "prepared")

    told = store.journal_after(sim.workspace.id, last, 100)
    assert [row[2] for row in told] == ["workspace"]
    assert b"restored to prepared" in bytes(told[0][5])


async def test_a_frozen_clock_is_restored_exactly_and_a_real_one_by_its_offset(sim: Sim) -> None:
    await take(sim, name="frozen")
    await sim.advance(hours=5)
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.http.post(f"{sim.path}/clock/advance", json={"by": "P30D"})
    offset = sim.workspace.clock.offset
    await take(sim, name="running")

    frozen = await back(sim, "frozen")
    running = await back(sim, "running")

    assert frozen["clock"] == {"now": iso_millis(STARTED), "mode": "frozen", "offset_s": 0.0}
    assert (running["clock"]["mode"], sim.workspace.clock.offset) == ("real", offset)
    assert abs(sim.workspace.clock.now() - (time_of_day() + offset)) < timedelta(seconds=5)


async def test_settings_endpoints_scenarios_and_pauses_come_back(sim: Sim, acme: Merchant) -> None:
    await sim.settings("acme", merchant_name="Before")
    await sim.arm([{"wallet": {"decline": "balance"}}], next=3)
    await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": True})
    await acme.paid()
    view = (await sim.http.get(sim.path)).json()
    armed = (await sim.http.get(f"{sim.path}/scenario")).json()
    await take(sim, name="prepared")

    await sim.settings("acme", merchant_name="After")
    await sim.http.delete(f"{sim.path}/scenario")
    await sim.http.delete(f"{sim.path}/webhooks/acme")
    await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": False})
    restored = await back(sim, "prepared")

    assert restored == view
    assert (await sim.http.get(f"{sim.path}/scenario")).json() == armed
    await sim.settle()
    assert sim.hooks == []


async def test_the_same_calls_give_the_same_ids_from_there(sim: Sim, acme: Merchant) -> None:
    await take(sim, name="prepared")
    ids = [await acme.charge(f"order-{n}") for n in range(3)]

    await back(sim, "prepared")

    assert [await acme.charge(f"order-{n}") for n in range(3)] == ids


async def test_a_webhook_that_was_on_its_way_leaves_again_and_the_try_that_was_broken_off_is_no_try(
    sim: Sim, acme: Merchant
) -> None:
    arrived, answered = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await answered.wait()
        return httpx.Response(200)

    id_ = await acme.charge()
    await sim.settle()
    sim.answer = slow
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")
    settling = asyncio.create_task(sim.http.post(f"{sim.path}/settle"))
    await arrived.wait()
    await take(sim, name="on-its-way")

    await back(sim, "on-its-way")
    assert (await settling).status_code == 422
    (pending,) = [one for one in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"] if not one["attempts"]]
    answered.set()
    await sim.settle()

    assert (pending["event"], pending["state"]) == ("charge.captured", "pending")
    delivered = (await sim.http.get(f"{sim.path}/webhooks/{pending['id']}")).json()
    assert (delivered["state"], [attempt["n"] for attempt in delivered["attempts"]]) == ("delivered", [1])


async def test_a_resend_by_hand_that_is_on_its_way_belongs_to_the_world_that_is_gone(sim: Sim, acme: Merchant) -> None:
    arrived, answered = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await answered.wait()
        return httpx.Response(200)

    await acme.paid()
    await take(sim, name="prepared")
    before = everything(sim)
    message = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"][0]
    sim.answer = slow
    resending = asyncio.create_task(sim.http.post(f"{sim.path}/webhooks/{message['id']}/resend"))
    await arrived.wait()

    await back(sim, "prepared")
    answered.set()
    await resending

    assert everything(sim)["attempts"] == before["attempts"]


async def test_an_advance_that_is_under_way_ends_with_a_word(sim: Sim, acme: Merchant) -> None:
    arrived = asyncio.Event()

    async def never(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    await acme.charge()
    await sim.settle()
    await take(sim, name="prepared")
    sim.answer = never
    advancing = asyncio.create_task(sim.http.post(f"{sim.path}/clock/advance", json={"by": "3h"}))
    await arrived.wait()

    await back(sim, "prepared")
    ended = await advancing

    assert (ended.status_code, ended.json()["error"]["message"]) == (422, "the workspace was restored meanwhile")
    assert sim.workspace.clock.now() == STARTED


async def test_what_fell_due_while_a_real_clock_ran_on_happens_after_the_restore(sim: Sim, acme: Merchant) -> None:
    await sim.http.post(f"{sim.path}/clock/resume")
    id_ = await acme.charge()
    await take(sim, name="prepared")
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")

    await back(sim, "prepared")
    await sim.advance(hours=2)

    assert await acme.status(id_) == "EXPIRED"


# Every table ----------------------------------------------------------------------------------------------------------


def tables(store: Store) -> set[str]:
    if isinstance(store, SqliteStore):
        return {row[0] for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    return {row[0] for row in store.rows(sql)}


def test_every_table_of_a_store_is_taken_along_or_said_to_hold_nothing_of_a_workspace(where: str) -> None:
    store = open_store(where)
    own = {table.name for table in schema.OF_A_WORKSPACE}

    assert tables(store) == own | {f"kept_{name}" for name in own} | schema.OF_NOBODY
    for table in schema.OF_A_WORKSPACE:
        assert store.columns(table.name) == {*table.columns}
        assert store.columns(f"kept_{table.name}") == {"place", "snapshot", *table.columns}
    store.close()


def test_a_new_table_says_whose_its_rows_are() -> None:
    (nobodys,) = schema.of_a_workspace({"notes": "seq {seq}, text TEXT NOT NULL"})

    with pytest.raises(ValueError, match="whose are the rows of notes"):
        nobodys.owned  # noqa: B018 - it raises


def test_a_table_that_is_added_later_is_taken_along(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "seq {seq}, workspace BIGINT NOT NULL, words TEXT, raw {blob}"
    notes = schema.of_a_workspace({"notes": text})
    monkeypatch.setattr(schema, "TABLES", f"{schema.TABLES} CREATE TABLE IF NOT EXISTS notes ({text});")
    monkeypatch.setattr(schema, "OF_A_WORKSPACE", (*schema.OF_A_WORKSPACE, *notes))
    store = open_store(where)
    one, other = (store.add_workspace(f"ws_{n}", f"ws_{n}", b"{}") for n in (1, 2))
    for id_ in (one, other):
        store.run("INSERT INTO notes (workspace, words, raw) VALUES (?, 'before', ?)", (id_, b"\x00\xff"))

    store.begin()
    taken = store.take_snapshot(one, "s", 10, b"{}")
    store.run("UPDATE notes SET words = 'after', raw = NULL")
    store.put_back(one, taken.id, store.last_seq())
    store.commit()

    rows = store.rows("SELECT workspace, words, raw FROM notes ORDER BY workspace")
    assert [tuple(row) for row in rows] == [(one, "before", b"\x00\xff"), (other, "after", None)]
    store.close()


def test_a_column_that_is_added_later_is_kept_too(where: str) -> None:
    store = open_store(where)
    store.run("DROP INDEX resources_hanging")
    store.run("ALTER TABLE resources DROP COLUMN hangs_on")
    store.run("ALTER TABLE kept_resources DROP COLUMN hangs_on")
    if store.dialect == "sqlite":
        store.run("PRAGMA user_version = 9")
    else:
        store.set_meta("schema_version", "9")
    store.close()

    again = open_store(where)

    assert "hangs_on" in again.columns("kept_resources")
    again.close()


def test_the_snapshots_of_a_workspace_that_is_gone_are_removed_step_by_step_and_no_others(where: str) -> None:
    store = open_store(where)
    one, other = (store.add_workspace(f"ws_{n}", f"ws_{n}", b"{}") for n in (1, 2))
    for id_ in (one, other):
        store.insert_journal([(id_, 10, "request", "acme", f"ch_{n}", "/acme", 200, b"{}") for n in range(5)])
        store.take_snapshot(id_, "s", 10, b"{}")
    store.leave(one)

    sweep(store)

    assert store.snapshots(one) == []
    assert {row[0] for row in store.rows("SELECT DISTINCT workspace FROM kept_journal")} == {other}
    assert len(store.snapshots(other)) == 1
    store.close()


def test_the_schema_is_read_as_it_is_written() -> None:
    """Types of two words, rules over several columns, and what may be absent."""
    attempts = next(table for table in schema.OF_A_WORKSPACE if table.name == "attempts")

    assert attempts.columns["duration_ms"] == "DOUBLE PRECISION"
    assert attempts.referring == {"message": "outbox"}
    assert attempts.blobs == {"headers", "body"}
    assert attempts.required == {"message", "n", "at", "duration_ms", "headers"}
    assert all(re.fullmatch(r"\w+", name) for table in schema.OF_A_WORKSPACE for name in table.columns)
