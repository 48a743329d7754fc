"""Waiting without sleeping: the call answers when it holds, and says what was seen instead when it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from buying import ANY, order
from merchant import Merchant
from support import Sim
from toy.acme import TALKATIVE

from simulator.surface.client import Client, SaidNo, Workspace


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim, TALKATIVE)


async def wait(sim: Sim, **query: Any) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/wait", params=query)


def waiting(sim: Sim, **query: Any) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(wait(sim, **query))


async def a_turn() -> None:
    """Everybody who can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_holds_already_is_answered_at_once(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.create()

    answer = await wait(sim, provider="acme", resource_id=id_, phase="waiting")

    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (200, id_, "PENDING")


async def test_it_answers_at_the_moment_at_which_it_holds(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.create()
    task = waiting(sim, resource_id=id_, phase="paid")
    await a_turn()
    assert not task.done()

    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")

    assert (await task).json()["phase"] == "paid"


async def test_a_payment_that_is_not_there_yet_can_be_waited_for(sim: Sim, acme: Merchant) -> None:
    task = waiting(sim, provider="acme", status="PENDING")
    await a_turn()

    id_ = await acme.create()

    assert (await task).json()["id"] == id_


async def test_a_webhook_is_answered_once_the_receiver_has_it_and_settling_is_part_of_it(
    sim: Sim, acme: Merchant
) -> None:
    """The clock stands still, and nobody else delivers."""
    id_ = await acme.create()
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")

    answer = await wait(sim, provider="acme", event="charge.captured", resource_id=id_)

    delivery = answer.json()
    assert (delivery["event"], delivery["state"], delivery["resource_id"]) == ("charge.captured", "delivered", id_)
    assert [hook.body["type"] for hook in sim.hooks][-1] == "charge.captured"


async def test_one_that_was_refused_is_waited_for_until_a_retry_arrives(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(503)
    await acme.create()
    task = waiting(sim, event="charge.created")
    await a_turn()
    assert not task.done()

    sim.answer = lambda request: httpx.Response(200)
    await sim.advance(minutes=1)

    assert [attempt["status"] for attempt in (await task).json()["attempts"]] == [503, 200]


async def test_one_that_is_kept_for_want_of_a_url_has_arrived(sim: Sim) -> None:
    await Merchant(sim, TALKATIVE).create()

    answer = await wait(sim, event="charge.created")

    assert answer.json()["state"] == "kept"


async def test_a_forged_webhook_is_not_what_anybody_waits_for(sim: Sim, acme: Merchant) -> None:
    await sim.arm([{"when": {"event": "charge.captured"}, "webhooks": {"forge": "signature"}}])
    id_ = await acme.create()
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")

    answer = await wait(sim, event="charge.captured", resource_id=id_)

    assert answer.json()["adversarial"] is False


async def test_a_receiver_that_takes_its_time_keeps_nobody_from_seeing_what_happens(sim: Sim, acme: Merchant) -> None:
    arrived, answered = asyncio.Event(), asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        arrived.set()
        await answered.wait()
        return httpx.Response(200)

    sim.answer = slow
    id_ = await acme.create()
    task = waiting(sim, resource_id=id_, phase="paid")
    await arrived.wait()

    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")
    payment = await task
    answered.set()
    await sim.settle()

    assert payment.json()["phase"] == "paid"
    assert {one["state"] for one in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]} == {"delivered"}


async def test_a_webhook_and_the_phase_of_its_payment_are_waited_for_together(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.create()
    task = waiting(sim, event="charge.created", phase="paid")
    await a_turn()
    assert not task.done()

    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")

    assert (await task).json()["event"] == "charge.created"


async def test_what_does_not_come_is_408_with_what_was_seen_instead(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(503)
    id_ = await acme.create()

    answer = await wait(sim, provider="acme", resource_id=id_, phase="paid", event="charge.created", timeout="0.1s")

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (408, "timeout")
    assert error["message"] == (
        f"not within 0.1 s: provider acme, resource_id {id_}, phase paid, event charge.created; seen instead: "
        f"charge.created of {id_} is pending, try 1 answered 503; acme {id_} is waiting (PENDING)"
    )
    assert [one["id"] for one in error["seen"]["payments"]] == [id_]
    assert [one["event"] for one in error["seen"]["deliveries"]] == ["charge.created"]


async def test_waiting_for_an_event_that_does_not_come_shows_which_came(sim: Sim, acme: Merchant) -> None:
    await sim.arm([{"when": {"event": "charge.captured"}, "webhooks": {"forge": "signature"}}])
    ids = [await acme.create(), await acme.create()]
    await sim.http.post(f"{sim.path}/payments/acme/{ids[0]}/pay")

    answer = await wait(sim, provider="acme", event="charge.refunded", timeout="0.1s")
    of_one = await wait(sim, resource_id=ids[1], event="charge.refunded", timeout="0.1s")

    error = answer.json()["error"]
    assert [(one["event"], one["resource_id"]) for one in error["seen"]["deliveries"]] == [
        ("charge.captured", ids[0]),
        ("charge.captured", ids[0]),
        ("charge.pending", ids[1]),
        ("charge.created", ids[1]),
        ("charge.pending", ids[0]),
    ]
    assert (
        f"charge.captured of {ids[0]} is delivered, try 1 answered 200; adversarial charge.captured of"
        in error["message"]
    )
    assert [one["resource_id"] for one in of_one.json()["error"]["seen"]["deliveries"]] == [ids[1], ids[1]]


async def test_an_event_that_nobody_sends_is_refused_with_those_that_are_sent(sim: Sim, acme: Merchant) -> None:
    answer = await wait(sim, provider="acme", event="charge.eaten", timeout="0.1s")

    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "event")
    assert error["message"] == "event: Acme sends no 'charge.eaten'"
    assert error["allowed"] == sorted(TALKATIVE.webhooks.events)


async def test_where_there_is_nothing_the_refusal_says_so(sim: Sim) -> None:
    answer = await wait(sim, phase="paid", timeout="0s")

    assert answer.json()["error"]["message"].endswith("seen instead: nothing")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "phase"),
        ({"provider": "acme"}, "phase"),
        ({"phase": "eaten"}, "phase"),
        ({"phase": "paid", "timeout": "soon"}, "timeout"),
        ({"phase": "paid", "timeout": "P1D"}, "timeout"),
        ({"phase": "paid", "provider": "amce"}, "provider"),
        ({"event": "charge.eaten"}, "event"),
    ],
)
async def test_what_cannot_be_waited_for_is_refused(sim: Sim, query: dict[str, str], field: str) -> None:
    answer = await wait(sim, **query)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_a_workspace_that_is_deleted_meanwhile_is_404(sim: Sim, acme: Merchant) -> None:
    task = waiting(sim, phase="paid")
    await a_turn()

    await sim.http.delete(sim.path)

    assert (await task).status_code == 404
    assert len(sim.app.runtime.news) == 0


async def test_a_restore_is_seen_too(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.create()
    await sim.http.post(f"{sim.path}/snapshots", json={"name": "waiting"})
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay")
    task = waiting(sim, resource_id=id_, phase="waiting")
    await a_turn()

    await sim.http.post(f"{sim.path}/snapshots/waiting/restore")

    assert (await task).json()["phase"] == "waiting"


async def test_nobody_is_left_waiting_when_the_server_stops(sim: Sim, acme: Merchant) -> None:
    task = waiting(sim, phase="paid", timeout="600s")
    await a_turn()

    sim.app.runtime.hang_up()

    assert (await task).status_code == 408


def test_the_client_waits_at_a_real_server(world: Workspace, client: Client) -> None:
    world.set_webhook(ANY.name, world.inbox_url("shop"))
    id_ = order(world)
    world.pay(ANY.name, id_)

    payment = world.wait_for(provider=ANY.name, resource_id=id_, phase="paid")
    event = world.deliveries(resource_id=id_)[-1]["event"]
    delivery = world.wait_for_webhook(ANY.name, event, resource_id=id_)

    assert payment["id"] == id_
    assert (delivery["event"], delivery["state"]) == (event, "delivered")
    with pytest.raises(SaidNo) as late:
        world.wait_for(resource_id=id_, phase="expired", timeout="0.2s")
    assert (late.value.status, late.value.code) == (408, "timeout")
    assert late.value.seen is not None
    assert [one["phase"] for one in late.value.seen["payments"]] == ["paid"]
