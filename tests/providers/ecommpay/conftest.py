from __future__ import annotations

import pytest
from support import Sim

from providers.ecommpay.driver import Merchant


@pytest.fixture
async def ecommpay(sim: Sim) -> Merchant:
    await sim.receive_webhooks("ecommpay")
    return Merchant(sim)
