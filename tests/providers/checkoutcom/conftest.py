from __future__ import annotations

import pytest
from support import Sim

from providers.checkoutcom.driver import Merchant


@pytest.fixture
async def cko(sim: Sim) -> Merchant:
    """A merchant on the Default platform whose workflow hears every event."""
    merchant = Merchant(sim)
    await merchant.listens()
    return merchant


@pytest.fixture
async def previous(sim: Sim) -> Merchant:
    return Merchant(sim, previous=True)
