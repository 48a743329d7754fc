from __future__ import annotations

import pytest
from support import Sim

from providers.wooshpay.driver import Merchant


@pytest.fixture
async def wooshpay(sim: Sim) -> Merchant:
    return await Merchant(sim).listening()


@pytest.fixture
async def live(sim: Sim) -> Merchant:
    """The same account with its live key, as in the seed."""
    return await Merchant(sim, live=True).listening()
