"""Every provider in its turn, the toys included, in a simulator that serves all the others too."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from contract.calls import EVERYBODY
from simulator.engine.provider import Provider
from simulator.providers import built_in


@pytest.fixture(params=EVERYBODY)
def provider(request: pytest.FixtureRequest) -> Provider:
    return EVERYBODY[request.param]


@pytest.fixture
async def world(provider: Provider) -> AsyncIterator[Sim]:
    toy = provider if provider.name == ACME.name else ACME
    async with Sim(providers=[*built_in(), toy]) as sim:
        yield sim


@pytest.fixture
async def merchant(world: Sim, provider: Provider) -> Merchant:
    await world.receive_webhooks(provider.name)
    merchant = Merchant(world, provider)
    world.answer = merchant.takes
    return merchant
