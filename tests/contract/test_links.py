"""Whatever the console links a call, a webhook or a timer to is there: what is about no payment is told, and is no link."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from merchant import Merchant
from pressing import console
from support import Sim

from simulator.engine.provider import Provider

PAGES = ("requests", "webhooks", "clock")


async def dead(sim: Sim) -> dict[str, str]:
    """The links to payments that lead nowhere, each with a page that has it."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = (await sim.http.get(f"{console(sim)}/{page}")).text
        assert f'data-testid="{page}"' in text
        for link in re.findall(r'href="(/console/[^"/]+/payments/[^"]+)"', text):
            found[html.unescape(link)] = page
    return {link: page for link, page in found.items() if (await sim.http.get(link)).status_code != 200}


async def test_what_a_payment_has_led_to_links_to_it_and_a_sample_does_not(
    world: Sim, merchant: Merchant, provider: Provider
) -> None:
    """Its calls, captures and refunds, its webhooks, and what it waits for; and the sample of an event, which is of nobody's."""
    id_ = await merchant.paid()
    await merchant.until_refundable()
    await merchant.refund(id_)
    await merchant.answer("order-2")
    calls = (await world.http.get(f"{console(world)}/requests")).text
    event = f"{world.path}/webhooks/{merchant.name}/test-event"
    sample = (await world.http.post(event, json={"event": provider.webhooks.events[0]})).raise_for_status().json()

    page = (await world.http.get(f"{console(world)}/webhooks/{sample['id']}")).text

    assert f"/payments/{quote(id_, safe='')}" in calls
    assert await dead(world) == {}
    assert sample["resource_id"] in page
    assert "/payments/" not in page
