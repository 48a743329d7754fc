"""The merchant's side of each provider: whatever stands where a signature should be, the answer is a verdict."""

from __future__ import annotations

import httpx
import pytest
from merchant import Merchant
from support import Sim

ODD = ["é之", "\udc80", "t=é,v1=é", "t=\udc80,s=\udc80", "", "=,;", "t=9" + "9" * 40 + ",v1=0,s=0"]


@pytest.mark.uncounted
@pytest.mark.parametrize("odd", ODD)
async def test_a_signature_of_odd_characters_is_wrong(merchant: Merchant, odd: str) -> None:
    if merchant.provider.verify is None:
        pytest.skip("this provider's webhooks are not signed")
    await merchant.paid()
    [hook, *_] = merchant.sim.hooks
    verify = merchant.provider.verify
    assert verify is not None

    headers = {name: odd for name in hook.headers if "signature" in name}

    assert hook.verdict(merchant.name).valid
    if headers:
        assert not verify(merchant.sim.workspace, {**hook.headers, **headers}, hook.raw).valid


@pytest.mark.uncounted
async def test_a_merchant_that_is_down_hears_later(world: Sim, merchant: Merchant) -> None:
    """The outage is shorter than any provider's schedule of retries."""
    if not merchant.provider.webhooks.retry.delays:
        pytest.skip("this provider tries no webhook again")
    world.answer = lambda request: httpx.Response(503)
    id_ = await merchant.waiting()
    await world.act(merchant.name, id_, "pay")
    missed = len(world.hooks)
    world.hooks.clear()

    world.answer = merchant.takes
    await world.advance(days=12)

    states = {view["state"] for view in (await world.http.get(f"{world.path}/webhooks?limit=500")).json()["data"]}
    assert missed > 0
    assert world.hooks
    assert states == {"delivered"}
