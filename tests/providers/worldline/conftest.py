from __future__ import annotations

import pytest
from support import Sim

from providers.worldline.driver import Merchant


@pytest.fixture
async def worldline(sim: Sim) -> Merchant:
    await sim.receive_webhooks("worldline")
    return Merchant(sim)
