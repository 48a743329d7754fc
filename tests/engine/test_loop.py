"""The live loop, on a workspace whose clock runs: no deadline is forgotten, however close together they are."""

from __future__ import annotations

import asyncio

import pytest
from support import Sim

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

    def arming(self: Timers, workspace_id: int, at_most: int | None = None) -> list[Fired]:
        nonlocal turns
        fired = fire(self, workspace_id, at_most)
        turns += 1
        if turns == 1:
            arm("ch_second")
        if any(one["resource_id"] == "ch_second" for one in fired):
            second_has_fired.set()
        return fired

    monkeypatch.setattr(Timers, "fire", arming)
    arm("ch_first")
    runtime._loop.schedule(workspace.id)
    loop = asyncio.create_task(runtime.run())

    async with asyncio.timeout(5):
        await second_has_fired.wait()
    loop.cancel()
