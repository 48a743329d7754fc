"""Temporary workspaces go a day after their last use; no other ever goes by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support import STARTED, Sim
from toy.acme import ACME

from engine.merchant import Merchant

DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)


class Day:
    """The time of day, which passes when the test says so."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def passes(self, by: timedelta) -> None:
        self.at += by


@pytest.fixture
async def sim(tmp_path: Path) -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME], db=str(tmp_path / "store.db")) as simulator:
        yield simulator


def day_of(sim: Sim) -> Day:
    day = Day(sim.workspace.created_at + timedelta(hours=1))
    sim.app.runtime.temporary.now = day
    return day


async def make(sim: Sim, **body: Any) -> Sim:
    """Another workspace, temporary, with a driver of its own."""
    clock = {"mode": "frozen", "now": "2026-03-04T05:00:00Z"}
    answer = await sim.http.post("/_sim/workspaces", json={"temporary": True, "clock": clock} | body)
    assert answer.status_code == 201, answer.text
    made = Sim.beside(sim)
    found = sim.app.runtime.registry.named(answer.json()["id"])
    assert found is not None
    made._id = found.id
    return made


async def look(sim: Sim) -> None:
    """What the loop does in quiet moments, and what it sets going."""
    runtime = sim.app.runtime
    runtime.temporary.run()
    for task in [*runtime.lifecycle._going]:
        await task


def is_there(sim: Sim) -> bool:
    return sim._id in sim.app.runtime.registry


async def test_it_goes_a_day_after_it_was_made_if_nobody_uses_it(sim: Sim) -> None:
    day, world = day_of(sim), await make(sim)

    day.passes(DAY - MOMENT)
    await look(sim)
    assert is_there(world)
    day.passes(MOMENT)
    await look(sim)

    assert not is_there(world)


async def test_no_other_workspace_ever_goes_by_itself(sim: Sim) -> None:
    day = day_of(sim)
    lasting = await make(sim, temporary=False)

    day.passes(timedelta(days=4000))
    await look(sim)

    assert [is_there(one) for one in (sim, lasting)] == [True, True]
    assert sim.app.runtime.default.temporary is False


async def _call_of_the_control_api(world: Sim) -> None:
    await world.http.get(f"{world.path}/clock")


async def _call_of_the_merchant(world: Sim) -> None:
    await Merchant(world).charge()


async def _a_page(world: Sim) -> None:
    store = world.app.runtime.store
    [(_, provider, _, id_, _)] = store.payments(
        world._id or 0, provider=None, phase=None, reference=None, q=None, before=None, limit=1
    )
    payment = world.app.runtime.open(world.workspace).get(world.app.runtime.parties[provider].kinds["charge"], id_)
    await world.http.get(f"/w/{payment.order_code}")  # type: ignore[attr-defined]


async def _a_webhook_to_its_inbox(world: Sim) -> None:
    await world.http.post(f"/_sim/inbox/{world.workspace.public_id}/mine", content=b"{}")


async def _a_console_page(world: Sim) -> None:
    await world.http.get(f"/console/{world.workspace.name}")


@pytest.mark.parametrize(
    "use",
    [_call_of_the_control_api, _call_of_the_merchant, _a_page, _a_webhook_to_its_inbox, _a_console_page],
    ids=lambda use: use.__name__.strip("_"),
)
async def test_whoever_asks_for_it_uses_it(sim: Sim, use: Callable[[Sim], Awaitable[None]]) -> None:
    day, world = day_of(sim), await make(sim)
    await Merchant(world).charge("for its page")

    day.passes(DAY - MOMENT)
    await use(world)
    day.passes(DAY - MOMENT)
    await look(sim)
    assert is_there(world)
    day.passes(MOMENT)
    await look(sim)

    assert not is_there(world)


async def test_what_its_own_clock_does_is_no_use(sim: Sim) -> None:
    day, world = day_of(sim), await make(sim, clock={"mode": "real"})
    await Merchant(world).charge()

    day.passes(DAY)
    sim.app.runtime.timers.fire(world.workspace.id)
    await look(sim)

    assert not is_there(world)


async def test_a_snapshot_or_a_reset_makes_it_no_less_temporary_and_an_import_lasts(sim: Sim) -> None:
    day, world = day_of(sim), await make(sim)
    await world.http.post(f"{world.path}/snapshots", json={"name": "s"})
    restored = (await world.http.post(f"{world.path}/snapshots/s/restore")).json()
    emptied = (await world.http.post(f"{world.path}/reset")).json()
    document = (await world.http.get(f"{world.path}/export")).json()
    imported = (await world.http.post("/_sim/workspaces/import", json=document)).json()

    day.passes(DAY)
    await look(sim)

    assert [view["temporary"] for view in (restored, emptied, imported)] == [True, True, False]
    assert (is_there(world), sim.app.runtime.registry.named(imported["id"]) is not None) == (False, True)


async def test_its_last_use_is_known_after_the_server_was_started_again(tmp_path: Path) -> None:
    db = str(tmp_path / "again.db")
    async with Sim(providers=[ACME], db=db) as sim:
        day, world = day_of(sim), await make(sim)
        name = world.workspace.name
        day.passes(DAY - MOMENT)
        await _call_of_the_control_api(world)
    async with Sim(providers=[ACME], db=db) as again:
        again.app.runtime.temporary.now = day
        day.passes(DAY - MOMENT)
        await look(again)
        assert again.app.runtime.registry.named(name) is not None
        day.passes(MOMENT)
        await look(again)

        assert again.app.runtime.registry.named(name) is None


async def test_it_is_written_now_and_then_so_that_a_crash_forgets_little(sim: Sim) -> None:
    day, world = day_of(sim), await make(sim)
    day.passes(timedelta(minutes=30))
    await _call_of_the_control_api(world)

    await look(sim)

    assert world.workspace.used_at == day.at


async def test_what_is_no_truth_value_is_refused(sim: Sim) -> None:
    answer = await sim.http.post("/_sim/workspaces", json={"temporary": "yes"})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "temporary")
    assert sim.workspace.clock.now() == STARTED
