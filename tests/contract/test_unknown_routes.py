"""Addresses that nobody has and operations that are left out, at every provider: in its words, and in the caller's journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.provider import LeftOut, Provider
from simulator.engine.routes import Routes
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface.skeleton import PROVIDER as NEWPAY

EVERYBODY = {provider.name: provider for provider in (*built_in(), ACME)}
LACKING = "chargeInAdvance"


def lacking_one_more(provider: Provider) -> Provider:
    """The provider with one operation more that the simulator lacks, at the address that nobody has."""
    assert provider.shop is not None
    own = provider.credentials(Ids(), True)
    path = provider.shop.unknown_path(Account(own, "http://sim.test", time_of_day()))
    path = path.replace(f"/{own.get('merchant_id')}/", "/{merchantId:digits}/")
    return replace(provider, left_out=(*provider.left_out, LeftOut("POST", path, LACKING)))


@pytest.fixture(params=EVERYBODY)
async def merchant(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    provider = EVERYBODY[request.param]
    async with Sim(providers=[provider]) as sim:
        yield Merchant(sim, provider)


@pytest.fixture(params=EVERYBODY)
async def early_merchant(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    """One at a provider that has more than the simulator."""
    provider = lacking_one_more(EVERYBODY[request.param])
    async with Sim(providers=[provider]) as sim:
        yield Merchant(sim, provider)


async def journalled(merchant: Merchant) -> dict[str, Any]:
    return (await merchant.sim.requests())[0]


async def test_an_address_that_nobody_has_is_in_its_callers_journal_with_help(merchant: Merchant) -> None:
    creation = merchant.creation()
    misspelt = replace(creation, path=merchant.shop.unknown_path(merchant.account))

    answer = await merchant.send(misspelt)

    assert answer.status == 404
    assert merchant.shop.is_error(answer)
    entry = await journalled(merchant)
    assert (entry["provider"], entry["path"], entry["status"]) == (merchant.name, misspelt.path, 404)
    assert entry["help"]["reason"] == f"there is no POST {misspelt.path}"
    assert isinstance(entry["help"]["did_you_mean"], list)


async def test_an_address_one_segment_away_from_a_known_one_is_told_with_that(merchant: Merchant) -> None:
    """One is missing, too many, or misspelt."""
    creation = merchant.creation()
    right = [segment for segment in creation.path.partition("?")[0].split("/") if segment]
    routes = Routes()
    for endpoint in merchant.provider.endpoints:
        routes.add(merchant.provider, endpoint)
    found = routes.match(creation.method, right)
    assert found is not None
    meant = f"{creation.method} {found[0].routes[creation.method][1].path}"
    wrong = [[*right[:at], "alipay", *right[at:]] for at in range(1, len(right) + 1)]
    wrong += [[*right[:at], f"{right[at]}x", *right[at + 1 :]] for at in range(1, len(right))]
    wrong += [[*right[:at], *right[at + 1 :]] for at in range(1, len(right) - 1)]

    for segments in wrong:
        answer = await merchant.send(replace(creation, path=f"/{'/'.join(segments)}"))
        help_ = (await journalled(merchant)).get("help", {})
        if answer.status == 404 and "did_you_mean" in help_:  # else the address of something that is not there
            assert meant in help_["did_you_mean"], segments


async def test_an_address_in_nobodys_shape_is_its_callers_by_the_credential(merchant: Merchant) -> None:
    answer = await merchant.send(replace(merchant.creation(), path="/nobodys/shape"))

    assert answer.status == 404
    assert merchant.shop.is_error(answer)
    assert (await journalled(merchant))["path"] == "/nobodys/shape"


async def test_an_address_in_the_shape_of_two_providers_is_its_callers_by_the_credential() -> None:
    """In whichever order they are served."""
    greedy = replace(NEWPAY, claims=lambda call: call.target.startswith(("/acme/", "/newpay/")))
    async with Sim(providers=[greedy, ACME]) as sim:
        merchant, neighbour = Merchant(sim, ACME), Merchant(sim, greedy)
        known = await merchant.send(replace(merchant.creation(), path="/acme/nothing"))
        others = await neighbour.send(replace(neighbour.creation(), path="/acme/nothing"))
        strangers = await merchant.ask(replace(merchant.creation(), path="/acme/nothing"))

    assert merchant.shop.is_error(known)
    assert neighbour.shop.is_error(others)
    assert neighbour.shop.is_error(strangers), "nobody's: of the first whose shape it has"


async def test_what_is_left_out_says_so_in_the_providers_words(early_merchant: Merchant) -> None:
    merchant = early_merchant
    call = replace(merchant.creation(), path=merchant.shop.unknown_path(merchant.account))

    answer = await merchant.send(call)

    assert answer.status == 404
    assert merchant.shop.is_error(answer)
    assert "text/html" not in answer.headers.get("content-type", "")
    assert answer.headers["simulator-notice"] == f"{LACKING} is left out of the simulator"
    entry = await journalled(merchant)
    assert (entry["path"], entry["help"]) == (call.path, {"left_out": LACKING})


async def test_what_is_left_out_asks_for_a_credential_first(early_merchant: Merchant) -> None:
    merchant = early_merchant
    shop, strangers = merchant.shop, merchant.strangers
    call = replace(shop.create(strangers, shop.sample), path=shop.unknown_path(strangers))

    answer = await merchant.ask(shop.sign(strangers, call))

    assert answer.status == shop.stranger
    assert shop.is_error(answer)
    assert await merchant.sim.requests() == []
