"""The store goes away in the middle of something: everybody is told, and memory shows no more than what is kept."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import httpx
import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant


def fail(*_: object) -> None:
    raise sqlite3.OperationalError("disk I/O error")


async def test_everybody_who_waits_for_a_commit_is_told_that_the_store_is_gone(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be rolled back either, and cannot be asked what it holds."""
    store = sim.app.runtime.store
    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", fail)
        broken.setattr(store, "rollback", fail)
        broken.setattr(store, "workspaces", fail)
        answers = await asyncio.wait_for(asyncio.gather(*(acme.create(f"order-{n}") for n in range(3))), 60)

    assert [answer.status_code for answer in answers] == [500, 500, 500]
    notice = "the store is not available: disk I/O error"
    assert [answer.headers.get("simulator-notice") for answer in answers] == [notice] * 3
    assert (await acme.create("order-3")).status_code == 201
    payments = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert [payment["reference"] for payment in payments] == ["order-3"]


async def test_a_call_that_the_control_api_makes_is_not_told_as_refused_by_the_provider(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That would be a 422, which nobody sends once more."""
    id_ = await acme.charge("order-1")
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")
    with monkeypatch.context() as broken:
        broken.setattr(sim.app.runtime.store, "insert_resources", fail)
        broken.setattr(sim.app.runtime.store, "update_resource", fail)
        made = await sim.http.post(f"{sim.path}/payments", json={"provider": "acme"})
        refunded = await sim.http.post(f"{sim.path}/payments/acme/{id_}/refund", json={})

    for answer in (made, refunded):
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
    assert (await sim.http.post(f"{sim.path}/payments/acme/{id_}/refund", json={})).status_code == 200


async def test_what_could_not_be_committed_is_not_remembered_either(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The seed's next draw: it counts the calls that stand."""
    with monkeypatch.context() as broken:
        broken.setattr(sim.app.runtime.store, "commit", fail)
        await acme.create("order-1")
        drawn = sim.workspace.draws
    created = await acme.create("order-2")

    assert drawn == 0
    async with Sim(providers=[ACME]) as undisturbed:
        assert (await Merchant(undisturbed).create("order-2")).json()["id"] == created.json()["id"]


async def test_a_commit_whose_confirmation_is_lost_counts_once_the_store_is_there_again(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The merchant was told 500, as with any lost answer; the next call must not draw the same ids again."""
    store = sim.app.runtime.store
    commit = store.commit

    def commit_and_lose_the_connection() -> None:
        commit()
        fail()

    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", commit_and_lose_the_connection)
        lost = await acme.create("order-1")
    again = await acme.create("order-1")

    assert (lost.status_code, again.status_code) == (500, 201)
    assert len((await sim.http.get(f"{sim.path}/payments")).json()["data"]) == 2
    assert sim.workspace.draws == 2


async def test_what_only_read_is_still_journalled_after_a_failed_commit(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = await acme.charge("order-1")
    await acme.status(id_)
    with monkeypatch.context() as broken:
        broken.setattr(sim.app.runtime.store, "commit", fail)
        await acme.create("order-2")

    entries = [(entry["method"], entry["status"]) for entry in await sim.requests()]

    assert entries == [("POST", 500), ("GET", 200), ("POST", 201)]


async def test_a_unit_that_could_not_be_undone_takes_its_transaction_along(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of it would be committed with the others otherwise."""
    store = sim.app.runtime.store
    insert_timers, calls = store.insert_timers, list[str]()

    def second_fails(rows: Any) -> None:
        insert_timers(rows)
        calls.append("inserted")
        if len(calls) == 2:
            fail()

    with monkeypatch.context() as broken:
        broken.setattr(store, "insert_timers", second_fails)
        broken.setattr(store, "rollback_part", fail)
        answers = await asyncio.gather(*(acme.create(f"order-{n}") for n in range(3)))

    assert [answer.status_code for answer in answers] == [500, 500, 500]
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []
    assert (await sim.http.get(f"{sim.path}/timers")).json()["data"] == []
    assert (await acme.create("order-4")).status_code == 201


async def test_a_store_that_stays_away_leaves_nothing_open(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first to write after its return finds what the last one could not take back."""
    store = sim.app.runtime.store
    with monkeypatch.context() as broken:
        broken.setattr(store, "insert_timers", fail)
        broken.setattr(store, "rollback", fail)
        assert (await acme.create("order-1")).status_code == 500

    assert (await acme.create("order-2")).status_code == 201
    payments = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert [payment["reference"] for payment in payments] == ["order-2"]


async def test_a_turn_that_fails_is_taken_again(sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time: the store could not be read when the webhook fell due, and can be a moment later."""
    arrived, store = asyncio.Event(), sim.app.runtime.store
    timers, failures = store.timers, list[str]()

    def fail_twice(*args: Any, **more: Any) -> Any:
        if len(failures) < 2:
            failures.append("failed")
            fail()
        return timers(*args, **more)

    def receive(request: httpx.Request) -> httpx.Response:
        arrived.set()
        return httpx.Response(200)

    sim.answer = receive
    await sim.http.post(f"{sim.path}/clock/resume")
    id_ = await acme.charge()
    monkeypatch.setattr(store, "timers", fail_twice)
    await sim.app.start()
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})

    await asyncio.wait_for(arrived.wait(), 60)

    assert len(failures) == 2
    assert acme.heard == ["charge.captured"]


async def test_a_delivery_that_could_not_be_recorded_is_made_again(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real time: the message was due before and is due after, so nothing else would wake the loop. Each try is written twice:
    with those that end with it, then alone."""
    arrived, store = asyncio.Event(), sim.app.runtime.store
    save_attempts, failures = store.save_attempts, list[str]()

    def fail_at_first(*args: Any, **more: Any) -> None:
        if len(failures) < 4:
            failures.append("failed")
            fail()
        save_attempts(*args, **more)
        arrived.set()

    monkeypatch.setattr(store, "save_attempts", fail_at_first)
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.app.start()
    id_ = await acme.charge()
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})

    await asyncio.wait_for(arrived.wait(), 60)

    assert acme.heard == ["charge.captured"] * 3


async def test_a_workspace_whose_deletion_was_not_confirmed_is_gone(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, path = sim.app.runtime.store, sim.path
    commit = store.commit

    def commit_and_lose_the_connection() -> None:
        commit()
        fail()

    with monkeypatch.context() as broken:
        broken.setattr(store, "commit", commit_and_lose_the_connection)
        unsure = await sim.http.delete(path)
    await sim.http.get("/_sim/workspaces/default/payments")

    assert (unsure.status_code, unsure.json()["error"]["code"]) == (503, "store_unavailable")
    assert (await sim.http.get(path)).status_code == 404
    assert [workspace["name"] for workspace in (await sim.http.get("/_sim/workspaces")).json()["data"]] == ["default"]
    assert (await acme.create("order-1")).status_code == 401


async def test_an_advance_that_fails_leaves_the_clock_where_it_had_come(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And running as before: a clock that stands for the walk alone must not stand for ever."""
    await sim.http.post(f"{sim.path}/clock/resume")
    await acme.charge()
    store = sim.app.runtime.store
    timers = store.timers

    def fail_on_the_way(*args: Any, **more: Any) -> Any:
        if sim.workspace.clock.standing_at is not None:
            fail()
        return timers(*args, **more)

    with monkeypatch.context() as broken:
        broken.setattr(store, "timers", fail_on_the_way)
        broken.setattr(store, "save_workspace", fail)
        failed = await sim.http.post(f"{sim.path}/clock/advance", json={"by": "3h"})

    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "store_unavailable")
    assert sim.workspace.clock.standing_at is None
    assert sim.workspace.clock.mode == "real"
