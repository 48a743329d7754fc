"""A workspace whose clock runs faster than the time of day."""

from __future__ import annotations

import pytest
from support import Sim

from engine.merchant import Merchant
from engine.test_time import at, clock, until


async def rate(sim: Sim, times: int) -> dict[str, object]:
    found: dict[str, object] = (
        (await sim.http.post(f"{sim.path}/clock/rate", json={"rate": times})).raise_for_status().json()
    )
    return found


async def test_what_falls_due_in_seconds_of_a_fast_clock_happens_by_itself_at_its_own_instant(
    sim: Sim, acme: Merchant
) -> None:
    charge = await acme.charge("order-1")
    await sim.advance(hours=1, minutes=59, seconds=50)

    await rate(sim, 3600)
    await sim.app.start()
    await until(sim, lambda: bool(sim.hooks))

    payment = await sim.payment("acme", charge)
    due = [entry["at"] for entry in payment["timeline"] if entry["summary"].endswith("EXPIRED")]
    assert payment["phase"] == "expired"
    assert due == [at(sim, hours=2)]


async def test_a_frozen_clock_runs_when_it_gets_a_rate_and_keeps_it_over_a_freeze(sim: Sim) -> None:
    frozen = await clock(sim)

    fast = await rate(sim, 60)
    stopped = (await sim.http.post(f"{sim.path}/clock/freeze", json={})).json()
    resumed = (await sim.http.post(f"{sim.path}/clock/resume")).json()

    assert (frozen["mode"], fast["mode"], fast["rate"]) == ("frozen", "real", 60)
    assert (stopped["mode"], resumed["mode"], resumed["rate"]) == ("frozen", "real", 60)
    assert frozen["now"] <= str(fast["now"]) <= stopped["now"] <= resumed["now"]


async def test_the_usual_pace_is_not_mentioned(sim: Sim) -> None:
    await rate(sim, 60)

    assert "rate" not in await rate(sim, 1)


async def test_a_step_that_the_clock_has_overtaken_meanwhile_is_no_step_back(sim: Sim) -> None:
    await rate(sim, 3600)

    answer = await sim.http.post(f"{sim.path}/clock/advance", json={"by": "0.001s"})

    assert answer.status_code == 200, answer.text


async def test_a_store_that_is_opened_again_knows_the_rate(sim: Sim) -> None:
    await rate(sim, 60)

    again = type(sim.workspace).load(sim.workspace.id, sim.workspace.dump())

    assert again.clock == sim.workspace.clock


@pytest.mark.parametrize("wrong", [0, 3601, 1.5, "fast", None])
async def test_a_rate_is_a_number_from_one_to_an_hour_a_second(sim: Sim, wrong: object) -> None:
    answer = await sim.http.post(f"{sim.path}/clock/rate", json={"rate": wrong})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "rate")
