"""Which of several armed scenarios speaks, and which of its rules is counted."""

from __future__ import annotations

from support import Sim

from engine.merchant import Merchant


def fails(status: int, *, times: int | None = None, **when: object) -> dict[str, object]:
    api = {"status": status} | ({"times": times} if times is not None else {})
    return {"when": when, "api": api}


async def statuses(acme: Merchant, calls: int) -> list[int]:
    return [(await acme.create(f"order-{number}")).status_code for number in range(calls)]


async def test_the_scenario_that_was_armed_last_speaks_first(sim: Sim, acme: Merchant) -> None:
    """Two that do not fit beside each other: a scope of its own keeps the older one armed."""
    await sim.arm([fails(503)])
    await sim.arm([fails(429)], provider="acme")

    assert await statuses(acme, 1) == [429]

    await sim.arm([fails(503)])
    assert await statuses(acme, 1) == [503]


async def test_what_the_newest_has_no_opinion_on_is_left_to_the_older_ones(sim: Sim, acme: Merchant) -> None:
    await sim.arm([fails(503)])
    await sim.arm([fails(429, operation="get")], provider="acme")

    assert await statuses(acme, 1) == [503]


async def test_a_failure_is_counted_at_the_rule_that_spoke(sim: Sim, acme: Merchant) -> None:
    """The second rule is used up; the first, which speaks about other calls, still has both of its times."""
    await sim.arm([fails(500, times=2, operation="void"), fails(503, times=1, operation="create")])

    created = await statuses(acme, 2)
    voided = [(await acme.void("ch_x")).status_code for _ in range(3)]

    assert created == [503, 201]
    assert voided == [500, 500, 404]


async def test_a_failure_is_counted_at_the_scenario_that_spoke(sim: Sim, acme: Merchant) -> None:
    """One that was armed earlier and says the same keeps its own times, and speaks when the newer is used up."""
    await sim.arm([fails(503, times=1)])
    await sim.arm([fails(429, times=2)], provider="acme")

    assert await statuses(acme, 4) == [429, 429, 503, 201]


async def test_a_rule_with_times_that_is_used_up_leaves_the_next_rule_to_speak(sim: Sim, acme: Merchant) -> None:
    await sim.arm([fails(500, times=1), fails(503, times=2)])

    assert await statuses(acme, 4) == [500, 503, 503, 201]
