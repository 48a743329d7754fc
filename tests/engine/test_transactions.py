"""What is answered is kept, what fails leaves nothing, and requests that arrive together share one commit."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.engine.resource import changed
from simulator.engine.store import StoreConflict
from simulator.wallet.order import Order


class Counted:
    """Counts a store's commits."""

    def __init__(self, sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commits = 0
        self._commit = sim.app.runtime.store.commit
        monkeypatch.setattr(sim.app.runtime.store, "commit", self)

    def __call__(self) -> None:
        self.commits += 1
        self._commit()


async def test_requests_that_arrive_together_share_one_commit(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(sim, monkeypatch)

    answers = await asyncio.gather(*(acme.create(f"order-{n}") for n in range(8)))

    assert [answer.status_code for answer in answers] == [201] * 8
    assert counted.commits == 1
    assert len({answer.json()["id"] for answer in answers}) == 8


async def test_no_answer_leaves_before_its_commit(sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as broken:
        broken.setattr(sim.app.runtime.store, "commit", fail)
        answers = await asyncio.gather(acme.create("order-1"), acme.create("order-2"))
    after = await acme.create("order-3")

    assert [answer.status_code for answer in answers] == [500, 500]
    assert after.status_code == 201
    payments = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert [payment["reference"] for payment in payments] == ["order-3"]
    await sim.settle()
    assert sim.hooks == []


async def test_who_fails_takes_nobody_along(sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second of three requests in one transaction fails after it has written half of what it had to write."""
    insert_timers = sim.app.runtime.store.insert_timers

    def fail_once(rows: list[tuple[object, ...]]) -> None:
        insert_timers(rows)
        if len(seen) == 1:
            seen.append("failed")
            raise StoreConflict("somebody was faster")
        seen.append("written")

    seen: list[str] = []
    monkeypatch.setattr(sim.app.runtime.store, "insert_timers", fail_once)

    answers = await asyncio.gather(*(acme.create(f"order-{n}") for n in range(3)))

    assert sorted(answer.status_code for answer in answers) == [201, 201, 500]
    payments = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert len(payments) == 2
    assert len((await sim.http.get(f"{sim.path}/timers")).json()["data"]) == 2


async def test_a_refused_request_changes_nothing_and_is_in_the_journal(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.paid()
    hooks = len(sim.hooks)

    refused = await acme.refund(id_, 1001)

    assert (refused.status_code, refused.json()) == (409, {"acme_error": "LimitExceeded"})
    assert await acme.status(id_) == "CAPTURED"
    await sim.settle()
    assert len(sim.hooks) == hooks
    assert (await sim.requests())[1]["status"] == 409


async def test_a_unit_that_raises_leaves_state_timers_and_outbox_alone(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()
    runtime, kind = sim.app.runtime, sim.app.runtime.parties["acme"].kinds["charge"]

    with (
        pytest.raises(RuntimeError, match="halfway"),
        runtime.unit(sim.workspace, provider="acme", topic="test") as uow,
    ):
        uow.fire(uow.get(kind, id_), "wallet.paid")
        uow.flush()
        raise RuntimeError("halfway")

    assert await acme.status(id_) == "PENDING"
    await sim.settle()
    assert sim.hooks == []
    assert len((await sim.http.get(f"{sim.path}/timers")).json()["data"]) == 1


async def test_two_units_cannot_both_change_what_they_read(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()
    runtime, kind = sim.app.runtime, sim.app.runtime.parties["acme"].kinds["charge"]

    with pytest.raises(StoreConflict), runtime.unit(sim.workspace, provider="acme", topic="test") as second:
        second.amend(second.get(kind, id_), refunded=2)
        with runtime.unit(sim.workspace, provider="acme", topic="test") as first:
            first.amend(first.get(kind, id_), refunded=1)

    assert runtime.open(sim.workspace).get(kind, id_).refunded == 1


async def test_a_unit_sees_its_own_changes_before_they_are_committed(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge("order-7")
    kind = sim.app.runtime.parties["acme"].kinds["charge"]

    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        uow.amend(uow.get(kind, id_), reference="order-8")

        assert [charge.id for charge in uow.by_key(kind, "reference", "order-8")] == [id_]
        assert uow.by_key(kind, "reference", "order-7") == []


async def test_a_unit_that_was_opened_for_looking_cannot_write(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge("order-7")
    kind = sim.app.runtime.parties["acme"].kinds["charge"]
    uow = sim.app.runtime.open(sim.workspace)

    uow.amend(uow.get(kind, id_), reference="order-8")

    with pytest.raises(RuntimeError, match="opened for reading"):
        uow.by_key(kind, "reference", "order-8")


async def test_there_is_one_writer_at_a_time(sim: Sim, acme: Merchant) -> None:
    """Whoever wrote inside of another's block would be taken back with it, or stand without it."""
    runtime, kind = sim.app.runtime, sim.app.runtime.parties["acme"].kinds["charge"]
    id_ = await acme.charge()

    with (
        pytest.raises(RuntimeError, match="two writers at once"),
        runtime.unit(sim.workspace, provider="acme", topic="test") as uow,
    ):
        uow.fire(uow.get(kind, id_), "wallet.paid")
        uow.flush()
        runtime.change_workspace(sim.workspace, seed="another")

    assert await acme.status(id_) == "PENDING"
    assert sim.workspace.seed == "tests"


@pytest.mark.uncounted
async def test_what_shares_a_reference_is_found_however_many_there_are(sim: Sim, acme: Merchant) -> None:
    """Searches of the providers count and page through what is found here."""
    runtime, kind = sim.app.runtime, sim.app.runtime.parties["acme"].kinds["charge"]
    first = runtime.open(sim.workspace).get(kind, await acme.charge("order-7"))
    with runtime.unit(sim.workspace, provider="acme", topic="control") as uow:
        for number in range(1_002):
            uow.add(replace(first, id=f"ch_{number}", version=1, state="PENDING"))

    reading = runtime.open(sim.workspace)

    assert len(reading.by_key(kind, "reference", "order-7")) == 1_003
    assert len([*reading.every(kind)]) == 1_003


def test_changing_a_field_that_a_resource_does_not_have_is_refused(order: Order) -> None:
    with pytest.raises(TypeError, match="Order has no field colour"):
        changed(order, colour="red")

    assert changed(order, state="paid").state == "paid"
    assert order.state == "open"
