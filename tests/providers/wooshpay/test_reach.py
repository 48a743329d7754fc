"""What another machine registers as a webhook endpoint's address."""

from __future__ import annotations

from support import HOOKS, Sim

from providers.wooshpay.driver import Merchant

HERE = "http://localhost:3000/hooks"


async def test_an_address_of_this_machine_is_refused_to_another_one(sim: Sim) -> None:
    merchant, body = Merchant(sim), {"url": HERE, "enabled_events": ["*"]}
    async with sim.moved():
        refused = await merchant.post("webhook_endpoints", body)
    taken = await merchant.made("webhook_endpoints", body)
    async with sim.moved():
        kept = await merchant.post(f"webhook_endpoints/{taken['id']}", {"url": "http://127.0.0.1/hooks"})

    assert (refused.status_code, kept.status_code) == (400, 400)
    [endpoint] = (await merchant.read("webhook_endpoints"))["data"]
    assert endpoint["url"] == HERE
    assert "from_network" not in endpoint


async def test_whoever_named_the_address_last_is_kept_with_it(sim: Sim) -> None:
    merchant = Merchant(sim)
    async with sim.moved():
        endpoint = await merchant.listen("payment_intent.succeeded", url=HOOKS)
    await merchant.paid()
    await merchant.made(f"webhook_endpoints/{endpoint['id']}", {"url": HOOKS})

    await merchant.paid()

    assert [hook.from_network for hook in sim.hooks] == [True, False]
