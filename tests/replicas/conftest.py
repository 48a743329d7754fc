"""Every provider in its turn, the toy included, in a workspace of two processes on one PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from contract.calls import PROVIDERS
from engine import postgres
from merchant import Merchant
from toy.acme import ACME

from replicas.pair import Pair, World, running
from simulator.engine.provider import Provider
from simulator.providers import built_in


@pytest.fixture(scope="session")
def database() -> Iterator[str]:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    if (why := postgres.missing()) is not None:
        pytest.skip(why)
    with postgres.cluster() as address:
        yield address


@pytest.fixture(scope="session")
def pair(database: str) -> Iterator[Pair]:
    with postgres.own_schema(database) as db, running(db, [*built_in(), ACME]) as pair:
        yield pair


EACH = os.environ.get("REPLICA_PROVIDERS") == "all"
"""Which process is asked is none of a provider's business: two stand for all, unless somebody wants to see each."""


@pytest.fixture(params=[*PROVIDERS][:: 1 if EACH else 5])
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


@pytest.fixture
async def world(pair: Pair) -> AsyncIterator[World]:
    async with World(pair) as world:
        yield world


@pytest.fixture
async def merchant(world: World, provider: Provider) -> Merchant:
    await world.receive_webhooks(provider.name)
    merchant = Merchant(world, provider)
    world.answer = merchant.takes
    return merchant
