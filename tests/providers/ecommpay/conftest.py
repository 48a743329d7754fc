from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support import Sim

from providers.ecommpay.driver import Merchant


@pytest.fixture
async def ecommpay(sim: Sim) -> Merchant:
    await sim.receive_webhooks("ecommpay")
    return Merchant(sim)


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    """A merchant at a simulator that refuses what the live platform would refuse."""
    async with Sim(strict=True) as sim:
        await sim.receive_webhooks("ecommpay")
        yield Merchant(sim)
