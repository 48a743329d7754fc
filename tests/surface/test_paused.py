"""Webhooks that are paused: held back, none lost, no advance waits for them; afterwards they leave in their order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim, ACME)


async def pause(sim: Sim, paused: Any = True, provider: str = "acme") -> httpx.Response:
    return await sim.http.put(f"{sim.path}/webhooks/{provider}/paused", json={"paused": paused})


async def states(sim: Sim) -> list[str]:
    return [one["state"] for one in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]]


def told(sim: Sim) -> list[tuple[str, str]]:
    return [(hook.body["type"], hook.body["charge"]["id"]) for hook in sim.hooks]


async def test_what_is_paused_waits_and_leaves_in_its_order(sim: Sim, acme: Merchant) -> None:
    view = (await pause(sim)).json()
    first, second = await acme.paid("order-1"), await acme.paid("order-2")
    await acme.refund(first, 400)
    await sim.settle()
    before = list(sim.hooks)

    resumed = (await pause(sim, False)).json()
    await sim.settle()

    assert (view["paused"], resumed["paused"], before) == (["acme"], [], [])
    assert told(sim) == [("charge.captured", first), ("charge.captured", second), ("charge.refunded", first)]
    assert await states(sim) == ["delivered"] * 3


async def test_an_advance_goes_past_what_is_paused(sim: Sim, acme: Merchant) -> None:
    await pause(sim)
    await acme.paid()

    fired = await sim.advance(hours=1)
    nothing = await sim.http.post(f"{sim.path}/clock/advance", json={"next": True})

    assert [one["kind"] for one in fired] == []
    assert nothing.json()["fired"] == []
    assert (sim.hooks, await states(sim)) == ([], ["pending"])


async def test_a_retry_is_held_back_and_goes_on_with_its_schedule(sim: Sim, acme: Merchant) -> None:
    sim.answer = lambda request: httpx.Response(503)
    await acme.paid()

    await pause(sim)
    await sim.advance(hours=1)
    paused_at = len(sim.hooks)
    sim.answer = lambda request: httpx.Response(200)
    await pause(sim, False)
    await sim.settle()

    assert (paused_at, len(sim.hooks)) == (1, 2)
    assert await states(sim) == ["delivered"]


async def test_by_hand_a_webhook_leaves_all_the_same(sim: Sim, acme: Merchant) -> None:
    await pause(sim)
    await acme.paid()
    [held] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    sent = (await sim.http.post(f"{sim.path}/webhooks/{held['id']}/resend", json={})).json()

    assert (sent["state"], len(sim.hooks)) == ("delivered", 1)


async def test_a_test_event_is_held_back_too(sim: Sim, acme: Merchant) -> None:
    await pause(sim)

    sent = (await sim.http.post(f"{sim.path}/webhooks/acme/test-event", json={"event": "charge.captured"})).json()

    assert (sent["state"], sent["attempts"], sim.hooks) == ("pending", [], [])


async def test_another_workspace_goes_on(sim: Sim, acme: Merchant) -> None:
    await pause(sim)
    async with Sim.beside(sim) as other:
        await other.receive_webhooks("acme")
        await Merchant(other, ACME).paid()

        assert (await states(other), await states(sim)) == (["delivered"], [])


async def test_pausing_twice_is_pausing_once_and_a_reset_lets_go(sim: Sim, acme: Merchant) -> None:
    views = [(await pause(sim)).json()["paused"], (await pause(sim)).json()["paused"]]

    await sim.http.post(f"{sim.path}/reset")
    await acme.paid()

    assert views == [["acme"], ["acme"]]
    assert (await states(sim), len(sim.hooks)) == (["delivered"], 1)


async def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "store.db")
    async with Sim(providers=[ACME], db=file) as before:
        await before.receive_webhooks("acme")
        await pause(before)
        await Merchant(before, ACME).paid()
        id_ = before.workspace.public_id

    async with Sim(providers=[ACME], db=file) as after:
        found = after.app.runtime.find_workspace(id_)
        assert found is not None
        await after.app.runtime.settle(found)
        held = list(after.hooks)
        await after.http.put(f"/_sim/workspaces/{id_}/webhooks/acme/paused", json={"paused": False})
        await after.app.runtime.settle(found)

        assert (held, len(after.hooks)) == ([], 1)


@pytest.mark.parametrize("paused", ["yes", 1, None])
async def test_only_true_and_false_are_taken(sim: Sim, paused: Any) -> None:
    answer = await pause(sim, paused)

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "paused")


async def test_an_unknown_provider_is_not_found(sim: Sim) -> None:
    assert (await pause(sim, provider="nobody")).status_code == 404
