"""What is asked once more begins where it began the first time, and is asked only where nothing of it stands."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.engine import again
from simulator.engine.throttle import Buckets, RateLimit

LIMIT = RateLimit(rate=1.0, burst=3, enforced=True)
NOW = datetime(2026, 3, 4, tzinfo=UTC)


def met(error: Exception) -> None:
    with pytest.raises(again.Later), again.trying():
        again.or_later(error)


def test_a_call_that_met_a_lock_or_a_connection_that_was_cut_is_asked_again() -> None:
    met(again.Locked())
    met(again.Renewed())


def test_nothing_else_is_and_nothing_where_nobody_asks_again() -> None:
    again.or_later(again.Locked())
    with again.trying():
        again.or_later(RuntimeError())
        again.or_later(None)


@pytest.mark.parametrize("stands", [again.written, None])
def test_what_was_written_or_answered_is_not_done_twice(stands: object) -> None:
    with again.trying() as this:
        (stands or this.end)()  # type: ignore[operator]
        again.or_later(again.Locked())
    again.written()


async def test_what_goes_on_after_a_call_is_not_asked_again_with_it() -> None:
    """A task has the context of the call in which it was begun."""
    is_over = asyncio.Event()

    async def later() -> None:
        await is_over.wait()
        again.or_later(again.Locked())

    with again.trying():
        task = asyncio.create_task(later())
    is_over.set()
    await task


def test_a_try_takes_no_token_of_a_limit() -> None:
    buckets, left = Buckets(), list[int]()
    for _ in range(2):
        with pytest.raises(again.Later), again.trying():
            left.append(buckets.take(1, "all", LIMIT, NOW))
            again.or_later(again.Locked())
    left.append(buckets.take(1, "all", LIMIT, NOW))
    with pytest.raises(again.Later), again.trying():
        left.append(buckets.take(1, "all", LIMIT, NOW))
        again.or_later(again.Locked())

    assert [*left, buckets.take(1, "all", LIMIT, NOW)] == [2, 2, 2, 1, 1]


async def test_a_try_draws_no_id_of_a_refusal(sim: Sim) -> None:
    registry, workspace = sim.app.runtime.registry, sim.workspace
    drawn = []
    for _ in range(2):
        with pytest.raises(again.Later), again.trying():
            drawn.append(registry.ids_of_refusal(workspace).hex(8))
            again.or_later(again.Locked())
    drawn.append(registry.ids_of_refusal(workspace).hex(8))

    assert len(set(drawn)) == 1
    assert registry.ids_of_refusal(workspace).hex(8) not in drawn


def test_after_a_cut_memory_is_left_as_it_is() -> None:
    """It was dropped with the locks, and is read again."""
    undone = list[int]()
    with pytest.raises(again.Later), again.trying():
        again.undone_by(lambda: undone.append(1))
        again.or_later(again.Renewed())

    assert undone == []


@dataclass
class Store:
    is_held_up: bool = True


async def test_while_a_lock_is_in_the_way_the_loop_turns_between_two_that_begin() -> None:
    queue, order = again.Queue(Store()), list[str]()

    async def begin(name: str, is_once_more: bool) -> None:
        assert await queue.turn(is_once_more)
        order.append(name)
        asyncio.get_running_loop().call_soon(order.append, "else")

    await asyncio.gather(*(begin(name, name == "b") for name in "abc"))

    assert order[:4] == ["a", "else", "c", "else"]
    assert order[4] == "b"
    assert await again.Queue(Store(is_held_up=False)).turn(True) is False


async def test_patience_ends(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "PATIENCE_S", 0.1)
    tries = list[int]()

    def never() -> None:
        tries.append(1)
        raise again.Locked

    with pytest.raises(again.Locked):
        await sim.app.runtime.transactions.patiently(never)
    assert len(tries) > 1


async def test_what_is_due_is_looked_for_again_where_it_could_not_be_found_out(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was done is answered all the same."""
    runtime = sim.app.runtime

    def locked(*_: object, **__: object) -> None:
        raise runtime.store.OUTAGES[0]("locked")

    with monkeypatch.context() as held:
        held.setattr(runtime.store, "next_due", locked)
        answer = await sim.http.put(f"{sim.path}/webhooks/acme", json={"url": "http://merchant.test/x"})

    assert answer.status_code == 200
    assert sim.workspace.id in runtime._loop._not_before
