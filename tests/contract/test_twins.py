"""Hosted pages of two workspaces with one seed, which draw the same ids: each address opens the page of its own workspace."""

from __future__ import annotations

import pytest
from merchant import Merchant
from support import Sim

from contract.calls import EVERYBODY
from simulator.engine.provider import Provider

HOSTS = sorted(title for title, provider in EVERYBODY.items() if provider.pages)


async def twin_of(sim: Sim) -> Sim:
    """A workspace beside it that has its seed."""
    twin = Sim.beside(sim)
    twin._seed = sim._seed
    return await twin.__aenter__()


async def link(merchant: Merchant, amount: int, variant: str) -> str | None:
    """Where the buyer of a new purchase is sent; None in a variant that sends them nowhere."""
    heard = len(merchant.heard())
    answer = await merchant.answer(f"order-{variant}", amount, variant=variant)
    await merchant.settle()
    documents = [document for one in (answer, *merchant.heard(heard)) if (document := one.json) is not None]
    return next((url for document in documents if (url := merchant.shop.pay_url(document)) is not None), None)


async def check_that_pages_are_their_own(sim: Sim, provider: Provider) -> None:
    """In every variant the two addresses differ, and each shows what is paid in its own workspace."""
    merchants = [Merchant(sim, provider), Merchant(await twin_of(sim), provider)]
    for merchant, inbox in zip(merchants, ("https://shop.example/hooks", "https://twin.example/hooks"), strict=True):
        await merchant.sim.receive_webhooks(provider.name, inbox)
    opened = 0
    for variant in merchants[0].shop.variants:
        amounts = {"11.00": 1100, "17.00": 1700}
        links = [await link(one, amount, variant) for one, amount in zip(merchants, amounts.values(), strict=True)]
        if links == [None, None]:
            continue
        assert links[0] != links[1]
        for url, shown in zip(links, amounts, strict=True):
            page = await sim.http.get(str(url), follow_redirects=True)
            assert page.status_code == 200, page.text
            assert [amount for amount in amounts if amount in page.text] == [shown], (variant, url)
            opened += 1
    assert opened


@pytest.mark.parametrize("title", HOSTS)
async def test_workspaces_of_one_seed_have_pages_of_their_own(title: str) -> None:
    async with Sim(providers=[EVERYBODY[title]]) as sim:
        await check_that_pages_are_their_own(sim, EVERYBODY[title])
