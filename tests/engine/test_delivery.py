"""Webhooks leave in order, again when they must, and never twice as late because of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import Sim

from engine.merchant import Merchant

MINUTE = timedelta(minutes=1)


def failing(*types: str) -> Callable[[httpx.Request], httpx.Response]:
    """A receiver that answers 503 to these types."""
    return lambda request: httpx.Response(503 if any(t.encode() in request.content for t in types) else 200)


async def deliveries(sim: Sim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    return found


async def test_a_failed_delivery_is_tried_again_at_exact_instants_until_the_schedule_is_used_up(
    sim: Sim, acme: Merchant
) -> None:
    sim.answer = failing("charge.captured")
    await acme.paid()

    await sim.advance(hours=1)

    assert [hook.at - sim.started_at for hook in sim.hooks] == [0 * MINUTE, 1 * MINUTE, 2 * MINUTE]
    [delivery] = await deliveries(sim)
    assert delivery["state"] == "failed"
    assert [(attempt["n"], attempt["status"]) for attempt in delivery["attempts"]] == [(1, 503), (2, 503), (3, 503)]


async def test_a_retry_does_not_hold_back_what_happened_later(sim: Sim, acme: Merchant) -> None:
    sim.answer = failing("charge.captured")
    id_ = await acme.paid()

    await acme.refund(id_, 400)
    await sim.settle()

    assert acme.heard == ["charge.captured", "charge.refunded"]
    await sim.advance(minutes=1)
    assert acme.heard == ["charge.captured", "charge.refunded", "charge.captured"]


async def test_messages_of_one_payment_arrive_one_after_the_other(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge()
    under_way, most = 0, 0

    async def slowly(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200)

    sim.answer = slowly
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    for amount in (100, 200, 300):
        await acme.refund(id_, amount)
    await sim.settle()

    assert acme.heard == ["charge.captured", "charge.refunded", "charge.refunded", "charge.refunded"]
    assert [hook.body["charge"]["refunded"] for hook in sim.hooks] == [0, 100, 300, 600]
    assert most == 1


async def test_a_receiver_that_hangs_on_one_payment_does_not_delay_another(sim: Sim, acme: Merchant) -> None:
    stuck, other = await acme.charge("order-1"), await acme.charge("order-2")
    released, arrived = asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if stuck.encode() in request.content:
            await released.wait()
        else:
            arrived.set()
        return httpx.Response(200)

    sim.answer = hang
    for id_ in (stuck, other):
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    settling = asyncio.create_task(sim.settle())
    await arrived.wait()

    assert [delivery["state"] for delivery in await deliveries(sim)][:1] == ["pending"]
    released.set()
    await settling
    assert [delivery["state"] for delivery in await deliveries(sim)] == ["delivered", "delivered"]


async def test_tries_that_end_together_are_written_together(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [await acme.charge(f"order-{n}") for n in range(3)]
    store, everybody = sim.app.runtime.store, asyncio.Event()
    save_attempts, written = store.save_attempts, list[int]()

    async def receive(request: httpx.Request) -> httpx.Response:
        if len(sim.hooks) == 3:
            everybody.set()
        await everybody.wait()
        return httpx.Response(200)

    def save(tries: Any) -> None:
        written.append(len(tries))
        save_attempts(tries)

    sim.answer = receive
    monkeypatch.setattr(store, "save_attempts", save)
    for id_ in ids:
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    await sim.settle()

    assert written == [3]
    assert [(found["state"], len(found["attempts"])) for found in await deliveries(sim)] == [("delivered", 1)] * 3


async def test_what_was_ended_under_way_spoils_no_try_that_ends_with_its_own(sim: Sim, acme: Merchant) -> None:
    ids = [await acme.charge(f"order-{n}") for n in range(3)]
    everybody, ended = asyncio.Event(), asyncio.Event()

    async def refuse(request: httpx.Request) -> httpx.Response:
        if len(sim.hooks) == 3:
            everybody.set()
        await ended.wait()
        return httpx.Response(503)

    sim.answer = refuse
    for id_ in ids:
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    settling = asyncio.create_task(sim.settle())
    await everybody.wait()
    one = (await deliveries(sim))[1]
    await sim.http.post(f"{sim.path}/webhooks/{one['id']}/mark-delivered")
    ended.set()
    await settling

    states = {
        found["id"]: (found["state"], [attempt["status"] for attempt in found["attempts"]])
        for found in await deliveries(sim)
    }
    assert states.pop(one["id"]) == ("delivered", [503])
    assert list(states.values()) == [("pending", [503])] * 2


async def test_a_receiver_that_hangs_on_many_payments_does_not_delay_another_receiver(sim: Sim, acme: Merchant) -> None:
    """More payments hang than one receiver is sent at once; the next one has moved to another address."""
    stuck = [await acme.charge(f"order-{n}") for n in range(20)]
    released, arrived = asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        if request.url.host == "merchant.test":
            await released.wait()
        else:
            arrived.set()
        return httpx.Response(200)

    sim.answer = hang
    for id_ in stuck:
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    await sim.receive_webhooks("acme", "http://moved.test/hooks")
    await sim.http.post(f"{sim.path}/payments/acme/{await acme.charge('order-20')}/pay", json={})
    settling = asyncio.create_task(sim.settle())
    await arrived.wait()

    assert sum(hook.url == "http://merchant.test/hooks" for hook in sim.hooks) == 8
    released.set()
    await settling
    assert len(sim.hooks) == 21


async def test_resending_is_one_more_attempt_now_and_keeps_the_schedule(sim: Sim, acme: Merchant) -> None:
    sim.answer = failing("charge.captured")
    await acme.paid()
    [before] = await deliveries(sim)

    again = (await sim.http.post(f"{sim.path}/webhooks/{before['id']}/resend")).json()

    assert [attempt["n"] for attempt in again["attempts"]] == [1, 2]
    assert again["state"] == "pending"
    assert again["next_attempt_at"] == before["next_attempt_at"]


async def test_a_delivered_message_can_be_sent_again(sim: Sim, acme: Merchant) -> None:
    await acme.paid()
    [first] = await deliveries(sim)

    again = (await sim.http.post(f"{sim.path}/webhooks/{first['id']}/resend")).json()

    assert (again["state"], len(again["attempts"])) == ("delivered", 2)
    assert sim.hooks[0].raw == sim.hooks[1].raw


async def test_deleting_a_workspace_stops_what_is_on_its_way(sim: Sim, acme: Merchant) -> None:
    """Who waits for it, and who waits for a turn to advance the clock, is told that there is nothing left."""
    id_ = await acme.charge()
    begun, never = asyncio.Event(), asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        begun.set()
        await never.wait()
        return httpx.Response(200)

    sim.answer = hang
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    path = sim.path
    settling = asyncio.create_task(sim.http.post(f"{path}/settle"))
    await begun.wait()
    advancing = asyncio.create_task(sim.http.post(f"{path}/clock/advance", json={"by": "1h"}))
    await asyncio.sleep(0)

    deleted = await sim.http.delete(path)

    assert deleted.status_code == 204
    settled, late = await asyncio.gather(settling, advancing)
    assert (settled.status_code, settled.json()["error"]["code"]) == (404, "not_found")
    assert (late.status_code, late.json()["error"]["code"]) == (404, "not_found")
    assert (await sim.http.get(path)).status_code == 404
    assert len(sim.hooks) == 1


async def test_a_reset_workspace_forgets_its_promises(sim: Sim, acme: Merchant) -> None:
    await acme.charge()

    await sim.http.post(f"{sim.path}/reset")
    await sim.advance(hours=13)

    assert sim.hooks == []
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_in_real_time_a_webhook_leaves_by_itself(sim: Sim, acme: Merchant) -> None:
    arrived = asyncio.Event()

    def receive(request: httpx.Request) -> httpx.Response:
        arrived.set()
        return httpx.Response(200)

    sim.answer = receive
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.app.start()
    id_ = await acme.charge()
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})

    await arrived.wait()

    assert acme.heard == ["charge.captured"]
    await sim.settle()
    [delivery] = await deliveries(sim)
    assert delivery["state"] == "delivered"


@pytest.mark.uncounted
async def test_deliveries_go_on_while_the_live_loop_serves_hundreds(sim: Sim, acme: Merchant) -> None:
    """More payments than may be under way at once, all in real time: nobody is forgotten."""
    everybody = asyncio.Event()

    def receive(request: httpx.Request) -> httpx.Response:
        if len(sim.hooks) == 100:
            everybody.set()
        return httpx.Response(200)

    sim.answer = receive
    await sim.http.post(f"{sim.path}/clock/resume")
    await sim.app.start()
    ids = [await acme.charge(f"order-{n}") for n in range(100)]
    await asyncio.gather(*(sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={}) for id_ in ids))

    await everybody.wait()

    assert sorted(hook.body["charge"]["id"] for hook in sim.hooks) == sorted(ids)
