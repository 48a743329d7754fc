"""A signature inside the body is made when the message leaves, like any other, and every attempt keeps what it sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from support import Sim
from toy import sealed
from toy.sealed import SEALED

from engine.merchant import Merchant
from simulator.engine.provider import Dropped, Provider, Sending, Signed


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[SEALED]) as simulator:
        yield simulator


async def deliveries(sim: Sim) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    return found


def refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503)


async def test_a_retry_after_a_change_of_the_secret_verifies_with_the_new_one(sim: Sim, acme: Merchant) -> None:
    sim.answer = refuse
    await acme.paid()
    first = sim.hooks[0].verdict("acme")
    await sim.receive_webhooks("acme", secret="changed")

    await sim.advance(minutes=1)

    assert first.valid
    assert [hook.verdict("acme").valid for hook in sim.hooks] == [False, True]


async def test_a_resent_message_verifies_with_the_present_secret(sim: Sim, acme: Merchant) -> None:
    await acme.paid()
    [delivered] = await deliveries(sim)
    await sim.receive_webhooks("acme", secret="changed")

    again = (await sim.http.post(f"{sim.path}/webhooks/{delivered['id']}/resend")).json()

    assert sim.hooks[1].verdict("acme").valid
    assert again["body"].encode() == sim.hooks[1].raw


async def test_every_attempt_keeps_the_bytes_that_left(sim: Sim, acme: Merchant) -> None:
    """The delivery shows the last ones; an attempt that sent others shows its own."""
    sim.answer = refuse
    await acme.paid()
    await sim.receive_webhooks("acme", secret="changed")

    await sim.advance(minutes=2)

    [delivery] = await deliveries(sim)
    sent = [attempt.get("body", delivery["body"]).encode() for attempt in delivery["attempts"]]
    assert sent == [hook.raw for hook in sim.hooks]
    assert ["body" in attempt for attempt in delivery["attempts"]] == [True, False, False]


async def test_a_message_that_was_never_sent_shows_what_would_leave_now(sim: Sim) -> None:
    await Merchant(sim).paid()
    [first] = await deliveries(sim)
    before = sealed.verify(sim.workspace, {}, first["body"].encode())
    await sim.http.put(f"{sim.path}/webhooks/acme", json={"url": "http://merchant.test/hooks", "secret": "changed"})
    [second] = await deliveries(sim)

    assert first["state"] == "kept"
    assert before.valid
    assert sealed.verify(sim.workspace, {}, second["body"].encode()).valid


async def test_a_forged_message_bears_a_right_signature(sim: Sim, acme: Merchant) -> None:
    """What `sign` is given is what it signs: another body, another secret."""
    sent: list[Sending] = []

    def spy(sending: Sending) -> Signed:
        sent.append(sending)
        return sealed.sign(sending)

    spying = replace(SEALED, webhooks=replace(SEALED.webhooks, sign=spy))
    async with Sim(providers=[spying]) as other:
        await other.receive_webhooks("acme")
        await Merchant(other).paid()

        forged = spying.webhooks.signed(replace(sent[0], body=sent[0].body.replace(b"1000", b"9000")))

        assert b"9000" in forged.body
        assert sealed.verify(other.workspace, forged.headers, forged.body).valid


@pytest.mark.parametrize("problem", [Dropped, KeyError])
async def test_a_message_that_cannot_be_signed_shows_what_was_rendered(problem: type[Exception]) -> None:
    """The attempt says why; a list of messages is no place to fail."""

    def fail(sending: Sending) -> Signed:
        raise problem("gone")

    broken: Provider = replace(SEALED, webhooks=replace(SEALED.webhooks, sign=fail))
    async with Sim(providers=[broken]) as sim:
        await Merchant(sim).paid()

        [kept] = await deliveries(sim)

        assert '"type":"charge.captured"' in kept["body"]
        assert "seal" not in kept["body"]
