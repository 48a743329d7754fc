"""The live loop, on a workspace whose clock runs: no deadline is forgotten, however close together they are."""

from __future__ import annotations

import asyncio

import pytest
from support import Sim

from simulator.engine.agenda import OVERTAKEN, Agenda
from simulator.engine.timers import Fired, Timers
from simulator.kernel.clock import micros


async def test_what_falls_due_while_a_turn_is_under_way_gets_the_next_turn(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second timer is armed after the turn has looked for timers, and is due before the turn ends."""
    runtime, second_has_fired = sim.app.runtime, asyncio.Event()
    workspace = runtime.default
    fire, turns = Timers.fire, 0

    def arm(id_: str) -> None:
        row = (workspace.id, micros(workspace.clock.now()), "acme", "charge", id_, "timer.expired", b"{}")
        with runtime.transactions.writing() as store:
            store.insert_timers([row])

    def arming(self: Timers, workspace_id: int) -> bool:
        nonlocal turns
        fired = list[Fired]()
        is_more = fire(self, workspace_id, fired)
        turns += 1
        if turns == 1:
            arm("ch_second")
        if any(one["resource_id"] == "ch_second" for one in fired):
            second_has_fired.set()
        return is_more

    monkeypatch.setattr(Timers, "fire", arming)
    arm("ch_first")
    runtime._loop.schedule(workspace.id)
    loop = asyncio.create_task(runtime.run())

    async with asyncio.timeout(5):
        await second_has_fired.wait()
    loop.cancel()


@pytest.mark.parametrize("turns", range(5))
async def test_a_loop_that_is_woken_and_ended_at_the_same_moment_ends(turns: int) -> None:
    """A server that stops commits something first, which wakes the loop: it used to go on for ever then."""
    agenda = Agenda()
    agenda.put(1, 1000.0)

    async def serve() -> None:
        while True:
            await agenda.wait(0.0)

    loop = asyncio.create_task(serve())
    for _ in range(5):
        await asyncio.sleep(0)
    agenda.wake()
    for _ in range(turns):
        await asyncio.sleep(0)
    loop.cancel()
    for _ in range(10):
        await asyncio.sleep(0)

    assert loop.cancelled()


def test_deadlines_that_are_overtaken_do_not_stay_until_their_time() -> None:
    """A payment expires in twelve hours and its webhooks are due before: each takes that deadline off and puts it on again."""
    agenda, hours = Agenda(), 12 * 3600.0
    agenda.put(2, 5 * hours)
    for now in range(2_000):
        agenda.put(1, now + hours)
        agenda.put(1, float(now))
        assert agenda.take_due(float(now)) == [1]

    assert len(agenda._heap) <= 2 * 2 + OVERTAKEN
    assert agenda.take_due(5 * hours) == [2]
