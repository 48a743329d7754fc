"""Every provider in its turn, the toys included, in a simulator that serves all the others too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from contract.calls import EVERYBODY
from simulator.engine.provider import Provider
from simulator.providers import built_in

REPETITIVE = {
    f"test_{name}.py"
    for name in (
        "buyers",
        "comparing",
        "local_names",
        "plans",
        "public_credentials",
        "transfer",
        "unread",
        "weather",
        "words",
    )
}
"""Modules that make the same calls again and again: purchases that `test_contract` counts at every provider, refusals that the
providers' own tests count."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test of a repetitive module is counted once, in the last of its cases: a provider of ours and not a toy."""
    here, counted = Path(__file__).parent, set[str]()
    for item in sorted(items, key=lambda item: item.nodeid, reverse=True):
        if item.path.parent == here and item.path.name in REPETITIVE:
            test = item.nodeid.partition("[")[0]
            if test in counted:
                item.add_marker(pytest.mark.uncounted)
            counted.add(test)


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
