"""A receiver that hangs harms nobody but itself: neither other receivers, nor who settles or advances, nor the timers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine import dispatcher, queues
from simulator.engine.provider import Provider
from simulator.engine.queues import PER_ENDPOINT, Queue


def waiting_for(seconds: float) -> Provider:
    """Acme, which gives a receiver so much time."""
    return replace(ACME, webhooks=replace(ACME.webhooks, retry=replace(ACME.webhooks.retry, timeout_s=seconds)))


class Hanging:
    """A merchant's network in which whatever has `hang` in its address never answers, until it is released.

    `most` counts how many requests an address had at once.
    """

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.released, self._called = asyncio.Event(), asyncio.Event()
        self.now: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        sim.answer = self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self._called.set()
        if "hang" not in url:
            return httpx.Response(200)
        self.now[url] += 1
        self.most[url] = max(self.most[url], self.now[url])
        try:
            await self.released.wait()
        finally:
            self.now[url] -= 1
        return httpx.Response(200)

    async def called(self, url: str, times: int = 1) -> None:
        """Waits until an address was called so often; half a minute is for ever."""
        async with asyncio.timeout(30):
            while sum(hook.url == url for hook in self.sim.hooks) < times:
                self._called.clear()
                await self._called.wait()


async def paid(sim: Sim, url: str, payments: int = 1) -> list[str]:
    """Payments that are told at this address."""
    acme = Merchant(sim)
    await sim.receive_webhooks("acme", url)
    ids = [await acme.charge(f"{url}#{n}"[-60:]) for n in range(payments)]
    for id_ in ids:
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    return ids


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """In which whoever waits for a hanging receiver waits for ever."""
    async with Sim(providers=[waiting_for(3600)]) as simulator:
        yield simulator


@pytest.fixture
async def impatient() -> AsyncIterator[Sim]:
    """A twentieth of a second."""
    async with Sim(providers=[waiting_for(0.05)]) as simulator:
        yield simulator


# Other receivers -------------------------------------------------------------------------------------------------


async def healthy_hears(sim: Sim, merchants: Hanging, url: str = "http://merchant.test/healthy") -> None:
    """While all the others hang."""
    await paid(sim, url)
    settling = asyncio.create_task(sim.settle())
    await merchants.called(url)
    assert not settling.done()
    merchants.released.set()
    await settling


async def test_a_hanging_path_does_not_delay_another_path_of_the_same_server(sim: Sim) -> None:
    merchants = Hanging(sim)
    await paid(sim, "http://merchant.test/hang", 20)

    await healthy_hears(sim, merchants)

    assert merchants.most == {"http://merchant.test/hang": PER_ENDPOINT}
    assert len(sim.hooks) == 21


@pytest.mark.uncounted
async def test_fifty_hanging_servers_do_not_delay_a_healthy_one(sim: Sim) -> None:
    merchants = Hanging(sim)
    for n in range(50):
        await paid(sim, f"http://hang-{n}.test/hooks", 2)

    await healthy_hears(sim, merchants)

    assert len(merchants.most) == 50
    assert len(sim.hooks) == 101


async def test_addresses_that_differ_in_their_query_are_one_receiver(sim: Sim) -> None:
    """Some merchants name the order there: a thousand orders are not a thousand receivers."""
    merchants = Hanging(sim)
    for n in range(20):
        await paid(sim, f"http://merchant.test/hang?order={n}")

    await healthy_hears(sim, merchants)

    assert sum(merchants.most.values()) == 20
    assert len(sim.hooks) == 21


async def test_however_much_waits_for_a_hanging_receiver_the_next_one_is_found(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is due is read in portions; the first of them are all for the one that hangs."""
    monkeypatch.setattr(dispatcher, "LOOK_AHEAD", 5)
    monkeypatch.setattr(queues, "REMEMBERED", 3)
    merchants = Hanging(sim)
    await paid(sim, "http://merchant.test/hang", 40)

    await healthy_hears(sim, merchants)

    assert sorted(Counter(hook.body["charge"]["id"] for hook in sim.hooks).values()) == [1] * 41


@pytest.mark.parametrize("by", ["a walk", "the live loop"])
async def test_others_have_their_turn_between_two_portions_of_what_is_due(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """A receiver that was away for days may have a hundred thousand messages due."""
    monkeypatch.setattr(dispatcher, "LOOK_AHEAD", 5)
    Hanging(sim)
    await paid(sim, "http://merchant.test/healthy", 40)
    turns, seen = 0, list[tuple[int, int]]()
    due_groups = sim.app.runtime.store.due_groups

    def counted(*given: Any) -> Any:
        seen.append((turns, len(rows := due_groups(*given))))
        return rows

    monkeypatch.setattr(sim.app.runtime.store, "due_groups", counted)
    serving = asyncio.create_task(sim.settle() if by == "a walk" else sim.app.start())
    while len(sim.hooks) < 40:
        turns += 1
        await asyncio.sleep(0)
    await serving

    assert len({turn for turn, rows in seen if rows}) == len([rows for _, rows in seen if rows]) >= 8
    assert max(rows for _, rows in seen) == 5


async def test_a_receiver_that_ran_out_of_time_gets_one_at_once_until_it_answers(impatient: Sim) -> None:
    merchants = Hanging(impatient)
    await paid(impatient, "http://merchant.test/hang", 12)

    await impatient.app.start()
    await impatient.settle()
    first, merchants.most = merchants.most.copy(), Counter()
    await merchants.called("http://merchant.test/hang", 12)

    assert first == {"http://merchant.test/hang": PER_ENDPOINT}
    assert merchants.most == {"http://merchant.test/hang": 1}
    merchants.released.set()


async def test_payments_take_turns_at_their_receiver(sim: Sim, acme: Merchant) -> None:
    """One with a great deal to tell does not keep a slot from those that come after it."""
    talkative = [await acme.charge(f"order-{n}") for n in range(PER_ENDPOINT)]
    quiet = await acme.charge("quiet")
    for id_ in talkative:
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
        for _ in range(5):
            await acme.refund(id_, 10)
    await sim.http.post(f"{sim.path}/payments/acme/{quiet}/pay", json={})

    await sim.settle()

    order = [hook.body["charge"]["id"] for hook in sim.hooks]
    assert order.index(quiet) <= 2 * PER_ENDPOINT
    for id_ in talkative:
        told = [hook.body["charge"]["refunded"] for hook in sim.hooks if hook.body["charge"]["id"] == id_]
        assert told == [0, 10, 20, 30, 40, 50]


async def test_another_provider_of_the_same_receiver_has_slots_of_its_own(sim: Sim) -> None:
    other: Provider = ACME
    queue = Queue()
    for n in range(PER_ENDPOINT + 5):
        queue.add([(other.name, f"ch_{n}", HOOKS)])
    queue.add([("sixth", "pay_1", HOOKS)])
    taken = []
    while (group := queue.take()) is not None:
        taken.append(group)
        queue.active[group] = asyncio.create_task(asyncio.sleep(0))

    assert taken[1] == ("sixth", "pay_1", HOOKS)
    assert Counter(group[0] for group in taken) == {"acme": PER_ENDPOINT, "sixth": 1}
    await asyncio.gather(*queue.active.values())


# Who settles, and who advances -------------------------------------------------------------------------------------


async def settled(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.post(f"{sim.path}/settle")).raise_for_status().json()
    return found


async def test_settle_returns_when_the_receivers_time_is_over_and_says_for_what_it_waited(impatient: Sim) -> None:
    """The payment has four messages for the same address: only the first try is waited for."""
    merchants = Hanging(impatient)
    [id_] = await paid(impatient, "http://merchant.test/hang")
    for _ in range(3):
        await Merchant(impatient).refund(id_, 100)

    answer = await settled(impatient)

    first = (await impatient.http.get(f"{impatient.path}/webhooks")).json()["data"][0]
    [waited] = answer["waited_for"]
    assert (waited["delivery"], waited["url"]) == (first["id"], "http://merchant.test/hang")
    assert waited["seconds"] >= 0.05
    assert [attempt["error"] for attempt in first["attempts"]] == ["no complete answer within 0.05 s"]
    assert answer["pending"] == 4
    merchants.released.set()
    await impatient.advance(minutes=5)
    told = (await impatient.http.get(f"{impatient.path}/webhooks")).json()["data"]
    assert [delivery["state"] for delivery in told] == ["delivered"] * 4


async def test_who_waited_for_nobody_is_not_told_that(sim: Sim, acme: Merchant) -> None:
    await acme.charge()

    assert "waited_for" not in await settled(sim)


async def test_advance_waits_for_a_hanging_receiver_once_and_not_at_each_retry(impatient: Sim) -> None:
    Hanging(impatient)
    await paid(impatient, "http://merchant.test/hang")

    answer = (await impatient.http.post(f"{impatient.path}/clock/advance", json={"by": "1h"})).json()

    assert answer["now"] == "2026-03-04T06:00:00.000Z"
    assert [waited["url"] for waited in answer["waited_for"]] == ["http://merchant.test/hang"]


async def test_what_hangs_is_tried_again_after_the_advance_until_the_schedule_is_used_up(impatient: Sim) -> None:
    merchants = Hanging(impatient)
    await paid(impatient, "http://merchant.test/hang")
    await impatient.app.start()

    await impatient.advance(hours=1)
    await merchants.called("http://merchant.test/hang", 3)
    await impatient.settle()

    [delivery] = (await impatient.http.get(f"{impatient.path}/webhooks")).json()["data"]
    assert delivery["state"] == "failed"
    assert [attempt["at"][11:19] for attempt in delivery["attempts"]] == ["05:00:00", "05:01:00", "06:00:00"]


async def test_what_others_are_told_leaves_while_somebody_waits_for_a_hanging_receiver(sim: Sim) -> None:
    merchants = Hanging(sim)
    await sim.app.start()
    await paid(sim, "http://merchant.test/hang")
    settling = asyncio.create_task(settled(sim))
    await merchants.called("http://merchant.test/hang")

    await paid(sim, "http://merchant.test/healthy")
    await merchants.called("http://merchant.test/healthy")

    assert not settling.done()
    merchants.released.set()
    assert (await settling)["delivered"] == 2


# Timers ------------------------------------------------------------------------------------------------------------


async def test_in_real_time_a_hanging_receiver_does_not_hold_the_timers(sim: Sim) -> None:
    """The refund is decided a fifth of a second later, while the first webhook still hangs and others have come and gone."""
    merchants = Hanging(sim)
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.app.start()
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"delay": "PT0.2S"}}])
    [id_] = await paid(sim, "http://merchant.test/hang")
    await Merchant(sim).refund(id_, 100)

    await paid(sim, "http://merchant.test/others")
    await merchants.called("http://merchant.test/others", 2)

    assert merchants.now["http://merchant.test/hang"] == 1
    merchants.released.set()
