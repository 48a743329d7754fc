"""Time is walked from deadline to deadline; nothing sleeps, and nothing happens at another instant than its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.engine import timers
from simulator.engine.timers import Fired
from simulator.kernel.clock import iso_millis, stopwatch


def at(sim: Sim, **after: float) -> str:
    return iso_millis(sim.started_at + timedelta(**after))


async def until(sim: Sim, said: Callable[[], bool]) -> None:
    """Waits for the live loop: each webhook that arrives may be the one."""
    arrived = asyncio.Event()

    def receive(request: httpx.Request) -> httpx.Response:
        if said():
            arrived.set()
        return httpx.Response(200)

    sim.answer = receive
    await arrived.wait()


async def clock(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/clock")).json()
    return found


async def test_deadlines_are_walked_in_order_and_tell_their_own_instant(sim: Sim, acme: Merchant) -> None:
    first = await acme.charge("order-1")
    await sim.advance(minutes=30)
    second = await acme.charge("order-2")

    fired = await sim.advance(hours=13)

    assert [(f["at"], f["kind"], f["resource_id"]) for f in fired] == [
        (at(sim, hours=2), "timer.expired", first),
        (at(sim, hours=2), "webhook", first),
        (at(sim, hours=2, minutes=30), "timer.expired", second),
        (at(sim, hours=2, minutes=30), "webhook", second),
    ]
    assert [hook.at for hook in sim.hooks] == [sim.started_at + timedelta(minutes=m) for m in (120, 150)]


async def test_a_retry_takes_its_turn_between_timers(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(500 if len(sim.hooks) == 1 else 200)
    await acme.charge("order-1")
    await sim.advance(seconds=90)
    await acme.charge("order-2")

    fired = await sim.advance(hours=3)

    assert [(f["at"], f["kind"]) for f in fired] == [
        (at(sim, hours=2), "timer.expired"),
        (at(sim, hours=2), "webhook"),
        (at(sim, hours=2, minutes=1), "webhook"),
        (at(sim, hours=2, seconds=90), "timer.expired"),
        (at(sim, hours=2, seconds=90), "webhook"),
    ]


async def test_thirteen_hours_take_a_moment(sim: Sim, acme: Merchant) -> None:
    for n in range(50):
        await acme.charge(f"order-{n}")

    started = stopwatch()
    fired = await sim.advance(hours=13)

    assert len(fired) == 100
    assert stopwatch() - started < 5


async def test_a_frozen_clock_stands_still_until_it_is_moved(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()

    await sim.advance(hours=1, minutes=59)

    assert (await clock(sim))["now"] == at(sim, hours=1, minutes=59)
    assert (await clock(sim))["mode"] == "frozen"
    assert await acme.status(id_) == "PENDING"
    assert sim.hooks == []


async def test_a_resumed_clock_runs_on_from_where_it_stood(sim: Sim) -> None:
    await sim.advance(days=400)

    resumed = (await sim.http.post(f"{sim.path}/clock/resume")).json()

    assert resumed["mode"] == "real"
    assert at(sim, days=400) <= resumed["now"] < at(sim, days=400, minutes=1)
    assert (await clock(sim))["offset_s"] == resumed["offset_s"]


async def test_the_clock_never_runs_backwards(sim: Sim) -> None:
    refused = await sim.http.post(f"{sim.path}/clock/advance", json={"to": at(sim, seconds=-1)})

    assert refused.status_code == 422
    assert (await clock(sim))["now"] == at(sim)


async def test_a_timer_that_comes_too_late_changes_nothing(sim: Sim, acme: Merchant) -> None:
    """It was armed for a state that the charge has left by another way."""
    id_ = await acme.charge()
    runtime = sim.app.runtime
    with runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        uow.arm(uow.get(runtime.parties["acme"].kinds["charge"], id_), "timer.expired", after=timedelta(hours=1))
    await acme.void(id_)
    with runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        uow.arm(uow.get(runtime.parties["acme"].kinds["charge"], id_), "timer.expired", after=timedelta(hours=1))

    fired = await sim.advance(hours=3)

    assert [(f["at"], f["kind"]) for f in fired] == [(at(sim, hours=1), "timer.expired")]
    assert await acme.status(id_) == "VOIDED"
    assert sim.hooks == []
    assert (await sim.http.get(f"{sim.path}/timers")).json()["data"] == []


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """One timer at a time."""
    monkeypatch.setattr(timers, "A_TURN_S", 0.0)


@pytest.mark.usefixtures("short_turns")
async def test_many_deadlines_at_once_leave_room_for_requests(sim: Sim, acme: Merchant) -> None:
    """In real time a turn of the loop fires a few of the timers that are due, then serves who has asked meanwhile."""
    ids = [await acme.charge(f"order-{n}") for n in range(40)]
    runtime = sim.app.runtime
    with runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        for id_ in ids:
            uow.arm(uow.get(runtime.parties["acme"].kinds["charge"], id_), "timer.expired", after=timedelta(0))

    fired = list[Fired]()
    assert runtime.timers.fire(sim.workspace.id, fired)

    assert [f["resource_id"] for f in fired] == ids[:1]
    assert await acme.status(ids[-1]) == "PENDING"
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.app.start()
    await until(sim, lambda: len(sim.hooks) == 40)
    assert await acme.status(ids[-1]) == "EXPIRED"


@pytest.mark.usefixtures("short_turns")
async def test_many_deadlines_at_once_in_an_advance_leave_room_for_requests(sim: Sim, acme: Merchant) -> None:
    """A payout over a million bookings goes through ten thousand of them at one instant."""
    ids = await _due_at_once(sim, acme, 100)
    walk = asyncio.create_task(sim.advance(hours=3))

    while await acme.status(ids[0]) == "PENDING":
        assert not walk.done()
        await asyncio.sleep(0)

    assert await acme.status(ids[-1]) == "PENDING"
    assert sim.hooks == []
    assert [one["resource_id"] for one in await walk if one["kind"] == "timer.expired"] == ids
    assert await acme.status(ids[-1]) == "EXPIRED"


@pytest.mark.usefixtures("short_turns")
async def test_an_advance_through_many_deadlines_at_once_ends_with_a_reset(sim: Sim, acme: Merchant) -> None:
    ids = await _due_at_once(sim, acme, 100)
    walk = asyncio.create_task(sim.http.post(f"{sim.path}/clock/advance", json={"by": "3h"}))
    while await acme.status(ids[0]) == "PENDING":
        assert not walk.done()
        await asyncio.sleep(0)

    assert (await sim.http.post(f"{sim.path}/reset")).status_code == 200

    assert ((await walk).status_code, (await walk).json()["error"]["message"]) == (
        422,
        "the workspace was reset meanwhile",
    )
    assert (await sim.http.get(f"{sim.path}/timers")).json()["data"] == []
    assert sim.hooks == []


async def _due_at_once(sim: Sim, acme: Merchant, how_many: int) -> list[str]:
    ids = [await acme.charge(f"order-{n}") for n in range(how_many)]
    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        for id_ in ids:
            charge = uow.get(sim.app.runtime.parties["acme"].kinds["charge"], id_)
            uow.arm(charge, "timer.expired", at=sim.started_at + timedelta(hours=1))
    return ids


async def test_leaving_a_state_disarms_its_timeout(sim: Sim, acme: Merchant) -> None:
    await acme.void(await acme.charge())

    assert (await sim.http.get(f"{sim.path}/timers")).json()["data"] == []
    assert await sim.advance(hours=3) == []


async def test_what_fell_due_while_the_simulator_was_off_happens_after_its_start(tmp_path: Any) -> None:
    """The same file opened again: the promise was written with the change."""
    from toy.acme import ACME

    async with Sim(providers=[ACME], db=str(tmp_path / "acme.db")) as before:
        await before.receive_webhooks("acme")
        merchant = Merchant(before)
        id_ = await merchant.charge()
        await before.http.post(f"{before.path}/payments/acme/{id_}/pay", json={})
        path = before.path

    async with Sim(providers=[ACME], db=str(tmp_path / "acme.db")) as after:
        await after.http.post(f"{path}/settle")

        assert [hook.body["charge"]["id"] for hook in after.hooks] == [id_]


async def test_equal_seeds_give_equal_identifiers(tmp_path: Any) -> None:
    from toy.acme import ACME

    ids = []
    for _ in range(2):
        async with Sim(providers=[ACME], seed="spring") as sim:
            ids.append([await Merchant(sim).charge(f"order-{n}") for n in range(3)])

    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
