from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from support import STARTED, Sim
from toy.acme import ACME

from engine import postgres
from engine.merchant import Merchant
from simulator.kernel.money import Money
from simulator.wallet.order import Order


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """A simulator of the toy provider alone: the engine's promises hold for any."""
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim)


@pytest.fixture
def order() -> Order:
    return Order(
        id="k7QmX2pD", state="open", created_at=STARTED, updated_at=STARTED, payee_provider="acme", payee_kind="charge",
        payee_id="ch_1", payee_title="Acme", amount=Money(1100, "EUR"), cny=8603, rate="7.8210",
        merchant="Corner Shop", reference="order-1",
    )  # fmt: skip


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.cluster() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "store.db")
        return
    with postgres.own_schema(request.getfixturevalue("postgres_server")) as address:
        yield address
