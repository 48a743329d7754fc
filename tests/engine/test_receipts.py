"""What counts as received, and who waits for whom, is the provider's retry policy: the engine only asks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from support import HOOKS, Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.provider import Provider
from simulator.kernel.retry import Receipt, RetryPolicy


def with_retries(**changes: Any) -> Provider:
    policy: RetryPolicy = replace(ACME.webhooks.retry, **changes)
    return replace(ACME, webhooks=replace(ACME.webhooks, retry=policy))


async def deliveries(sim: Sim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    return found


# What is read of an answer ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charset", "body", "text"),
    [
        ("unicode_escape", rb"\ud800 ok", "\ufffd ok"),
        ("raw_unicode_escape", rb"\udfff", "\ufffd"),
        ("idna", b"ok", "ok"),
        ("undefined", b"ok", "ok"),
        ("base64", b"b2s=", "b2s="),
        ("utf-16-le", b"\x00\xd8", "\ufffd"),
        ("no-such\0", b"ok", "ok"),
    ],
)
async def test_whatever_a_receiver_calls_its_character_set_the_try_is_recorded(
    charset: str, body: bytes, text: str
) -> None:
    """Some of these names made a text that no store takes: the message was tried for ever, and who waited got an error."""
    async with Sim(providers=[ACME]) as sim:
        await sim.receive_webhooks("acme")
        sim.answer = lambda request: httpx.Response(
            200, headers={"content-type": f"text/plain; charset={charset}"}, content=body
        )
        await Merchant(sim).paid("order")

        told = await deliveries(sim)

    assert {(one["state"], len(one["attempts"]), one["attempts"][0]["response_body"]) for one in told} == {
        ("delivered", 1, text)
    }


# What acknowledges -----------------------------------------------------------------------------------------------------


def says_accepted(receipt: Receipt) -> bool:
    return receipt.status == 200 and receipt.headers.get("x-shop") == "Corner" and receipt.body == b"[accepted]"


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (httpx.Response(200, headers={"X-Shop": "Corner"}, content=b"[accepted]"), "delivered"),
        (httpx.Response(200, headers={"X-Shop": "Corner"}, content=b"thank you"), "pending"),
        (httpx.Response(200, content=b"[accepted]"), "pending"),
        (httpx.Response(202, headers={"X-Shop": "Corner"}, content=b"[accepted]"), "pending"),
    ],
    ids=["as demanded", "another body", "without the header", "another status"],
)
async def test_a_provider_may_demand_a_certain_answer(answer: httpx.Response, state: str) -> None:
    async with Sim(providers=[with_retries(acknowledges=says_accepted)]) as sim:
        await sim.receive_webhooks("acme")
        sim.answer = lambda request: answer

        await Merchant(sim).paid()

        [delivery] = await deliveries(sim)
        assert delivery["state"] == state


# One queue for an endpoint ---------------------------------------------------------------------------------------------


@pytest.fixture
async def queued() -> AsyncIterator[Sim]:
    """Acme, which tells an endpoint one thing after the other."""
    async with Sim(providers=[with_retries(queue="endpoint")]) as sim:
        await sim.receive_webhooks("acme")
        yield sim


def told(sim: Sim) -> list[tuple[str, float]]:
    """Which payment, and how many minutes after the start."""
    return [(h.body["charge"]["id"], (h.at - sim.started_at).total_seconds() / 60) for h in sim.hooks]


async def two_paid(sim: Sim) -> tuple[str, str]:
    """Both before the first webhook leaves."""
    acme = Merchant(sim)
    first, second = await acme.charge("order-1"), await acme.charge("order-2")
    for id_ in (first, second):
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    return first, second


def refuse_first(times: int) -> Any:
    left = [times]

    def answer(request: httpx.Request) -> httpx.Response:
        left[0] -= 1
        return httpx.Response(503 if left[0] >= 0 else 200)

    return answer


async def test_what_is_tried_again_holds_back_what_happened_later_at_other_payments(queued: Sim) -> None:
    first, second = await two_paid(queued)
    queued.answer = refuse_first(1)
    await queued.settle()
    third = await Merchant(queued).paid("order-3")

    before = told(queued)
    await queued.advance(minutes=1)

    assert before == [(first, 0)]
    assert told(queued)[1:] == [(first, 1), (second, 1), (third, 1)]


async def test_what_has_failed_for_good_holds_back_no_longer(queued: Sim) -> None:
    first, second = await two_paid(queued)
    queued.answer = refuse_first(3)

    await queued.advance(minutes=5)

    assert told(queued) == [(first, 0), (first, 1), (first, 2), (second, 2)]
    assert [delivery["state"] for delivery in await deliveries(queued)] == ["failed", "delivered"]


@pytest.mark.parametrize("act", ["stop", "mark-delivered"])
async def test_a_message_that_is_ended_by_hand_lets_those_behind_it_go(queued: Sim, act: str) -> None:
    first, second = await two_paid(queued)
    queued.answer = refuse_first(1)
    await queued.settle()
    [held, _] = await deliveries(queued)

    await queued.http.post(f"{queued.path}/webhooks/{held['id']}/{act}")
    await queued.settle()

    assert told(queued) == [(first, 0), (second, 0)]


async def test_a_resent_message_lets_those_behind_it_go(queued: Sim) -> None:
    first, second = await two_paid(queued)
    queued.answer = refuse_first(1)
    await queued.settle()
    [held, _] = await deliveries(queued)

    await queued.http.post(f"{queued.path}/webhooks/{held['id']}/resend")
    await queued.settle()

    assert told(queued) == [(first, 0), (first, 0), (second, 0)]


async def test_another_endpoint_does_not_wait(queued: Sim) -> None:
    queued.answer = lambda request: httpx.Response(503 if str(request.url) == HOOKS else 200)
    await Merchant(queued).paid("order-1")
    await queued.receive_webhooks("acme", "http://moved.test/hooks")

    other = await Merchant(queued).paid("order-2")

    assert [(hook.url, hook.body["charge"]["id"]) for hook in queued.hooks][1:] == [("http://moved.test/hooks", other)]


async def test_two_messages_never_leave_for_one_endpoint_at_once(queued: Sim) -> None:
    under_way, most = 0, 0

    async def slowly(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return httpx.Response(200)

    queued.answer = slowly
    first, second = await two_paid(queued)
    await queued.settle()

    assert (told(queued), most) == ([(first, 0), (second, 0)], 1)


async def test_a_queue_that_waits_costs_nothing_meanwhile(queued: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time the loop sleeps until the first of them may be tried again."""
    await two_paid(queued)
    queued.answer = refuse_first(1)
    await queued.settle()
    looks = []
    due_groups = queued.app.runtime.store.due_groups
    monkeypatch.setattr(queued.app.runtime.store, "due_groups", lambda *a: looks.append(a) or due_groups(*a))
    await queued.http.post(f"{queued.path}/clock/resume")
    await queued.app.start()

    for _ in range(200):
        await asyncio.sleep(0)

    assert len(queued.hooks) == 1
    assert len(looks) <= 3
