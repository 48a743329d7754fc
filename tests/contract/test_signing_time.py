"""Receivers live in real time, whatever the workspace's clock shows: every signature is of the time at which it leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from merchant import Merchant
from support import Hook, Sim

from contract.calls import PROVIDERS, own

TIMED = [name for name, provider in PROVIDERS.items() if provider.webhooks.tolerance is not None]


@pytest.fixture(params=PROVIDERS)
async def merchant(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    provider = PROVIDERS[request.param]
    async with Sim(providers=[provider]) as sim:
        await sim.receive_webhooks(provider.name)
        yield Merchant(sim, provider)


def is_accepted(merchant: Merchant, hook: Hook) -> bool:
    """By a receiver with the tolerance that is usual for this provider, where its signature names a time."""
    accepts = own(merchant.provider, "accepts")
    careful = accepts is None or accepts(merchant.sim, hook.headers, hook.raw, hook.arrived)
    return careful and hook.verdict(merchant.name).valid


def test_every_signature_that_names_a_time_has_a_careful_receiver() -> None:
    assert [name for name in PROVIDERS if own(PROVIDERS[name], "accepts") is not None] == TIMED


async def test_a_careful_receiver_takes_every_event_of_a_frozen_world(merchant: Merchant) -> None:
    """It stands months away from the receiver's clock."""
    id_ = await merchant.create()
    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.sim.settle()

    assert merchant.sim.hooks
    assert all(is_accepted(merchant, hook) for hook in merchant.sim.hooks)


async def test_a_careful_receiver_takes_every_event_after_an_advance(merchant: Merchant) -> None:
    await merchant.sim.advance(hours=13)

    id_ = await merchant.paid()
    await merchant.refund(id_, 400)
    await merchant.sim.advance(hours=13)

    assert merchant.sim.hooks
    assert all(is_accepted(merchant, hook) for hook in merchant.sim.hooks)


@pytest.mark.uncounted
async def test_a_careful_receiver_takes_every_retry_of_a_day(merchant: Merchant) -> None:
    if not merchant.provider.webhooks.retry.delays:
        pytest.skip("this provider tries no webhook again")
    merchant.sim.answer = lambda request: httpx.Response(503)
    id_ = await merchant.create()
    await merchant.sim.act(merchant.name, id_, "pay")

    await merchant.sim.advance(days=1)

    hooks = merchant.sim.hooks
    assert len(hooks) > len({hook.raw for hook in hooks})
    assert all(is_accepted(merchant, hook) for hook in hooks)
    assert max(hook.at for hook in hooks) > min(hook.at for hook in hooks)


async def test_the_inbox_judges_the_age_of_a_signature(merchant: Merchant) -> None:
    """Signed by the workspace's clock, which stands still, a message is too old (or of the future) when it comes."""
    sim = merchant.sim
    await sim.settings("simulator", signature_time="workspace")
    await sim.act(merchant.name, await merchant.create(), "pay")
    hook = sim.hooks[-1]

    inbox = f"/_sim/inbox/{sim.workspace.public_id}/shop"
    await sim.http.post(inbox, content=hook.raw, headers=hook.headers)

    [received] = (await sim.http.get(f"{sim.path}/inbox/shop")).json()["data"]
    verdict = received["signature"]
    if merchant.provider.verify is None:
        assert verdict is None
        return
    if merchant.name not in TIMED:
        assert verdict["valid"] is True
        return
    assert verdict["valid"] is False
    assert "the signature is right, but its time is" in verdict["reason"]
    assert "receivers take 5 min" in verdict["reason"]


@pytest.mark.parametrize("name", TIMED)
async def test_all_is_well_in_the_inbox_by_default(name: str) -> None:
    async with Sim(providers=[PROVIDERS[name]]) as sim:
        merchant = Merchant(sim, PROVIDERS[name])
        await sim.receive_webhooks(name)
        await sim.advance(hours=13)
        await sim.act(name, await merchant.create(), "pay")
        hook = sim.hooks[-1]
        inbox = f"/_sim/inbox/{sim.workspace.public_id}/shop"
        await sim.http.post(inbox, content=hook.raw, headers=hook.headers)

        [received] = (await sim.http.get(f"{sim.path}/inbox/shop")).json()["data"]

    assert received["signature"] == {"valid": True, "reason": ""}


def test_the_tolerances_are_those_of_the_helpers() -> None:
    assert {PROVIDERS[name].webhooks.tolerance for name in TIMED} == {timedelta(seconds=300)}
