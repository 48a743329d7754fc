"""Heads that are too large, at every provider: refused in its words before anything is done, and found in the caller's journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from merchant import Merchant
from support import Sim

from contract.calls import PROVIDERS
from simulator.engine.http import HEADER_LIMIT, HEADERS_LIMIT

HEADS = {
    "one header": {"X-Long": "x" * HEADER_LIMIT},
    "all together": {f"X-{n}": "x" * 1_000 for n in range(HEADERS_LIMIT // 1_000 + 1)},
    "the host": {"Host": "x" * 9_000},
}


@pytest.fixture(params=PROVIDERS)
async def merchant(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    provider = PROVIDERS[request.param]
    async with Sim(providers=[provider]) as sim:
        yield Merchant(sim, provider)


@pytest.mark.parametrize("headers", HEADS.values(), ids=HEADS)
async def test_headers_that_are_too_large_make_no_payment(merchant: Merchant, headers: dict[str, str]) -> None:
    request = merchant.shop.sign(merchant.account, merchant.creation())

    answer = await merchant.ask(request.plus(headers))

    assert answer.status == 431
    assert merchant.shop.is_error(answer)
    assert (await merchant.sim.http.get(f"{merchant.sim.path}/payments")).json()["data"] == []
    [entry] = await merchant.sim.requests()
    assert entry["status"] == 431
    assert max(map(len, entry["request"]["headers"].values())) <= 1_001


async def test_an_address_that_is_too_long_is_refused_as_headers_are(merchant: Merchant) -> None:
    request = merchant.shop.sign(merchant.account, merchant.creation())

    answer = await merchant.ask(replace(request, path=f"{request.path}?q={'x' * HEADERS_LIMIT}"))

    assert answer.status == 431
    assert (await merchant.sim.http.get(f"{merchant.sim.path}/payments")).json()["data"] == []


async def test_at_an_address_that_nobody_has_they_are_refused_too(merchant: Merchant) -> None:
    unknown = replace(merchant.creation(), path=merchant.shop.unknown_path(merchant.account))

    answer = await merchant.ask(merchant.shop.sign(merchant.account, unknown).plus(HEADS["one header"]))

    assert answer.status == 431
