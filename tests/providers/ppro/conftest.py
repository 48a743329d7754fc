from __future__ import annotations

import pytest
from support import Sim

from providers.ppro.driver import Merchant


@pytest.fixture
async def ppro(sim: Sim) -> Merchant:
    await sim.receive_webhooks("ppro")
    return Merchant(sim)
