"""Heads that are too large, at every provider: refused in its words before anything is done, and found in the caller's journal."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from contract.calls import PROVIDERS
from simulator.engine import validation
from simulator.engine.http import HEADER_LIMIT, HEADERS_LIMIT
from simulator.engine.unread import DEPTH
from simulator.kernel.refusals import Refusal
from simulator.kernel.shapes import MEMBERS

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


@pytest.mark.uncounted
@pytest.mark.parametrize("levels", [DEPTH // 2, DEPTH - 10, DEPTH + 10, 205, 500])
async def test_however_deep_a_body_is_the_provider_answers_in_its_words(merchant: Merchant, levels: int) -> None:
    """Everywhere in it: each member of a valid body in its turn, each that the model has beside them, and one that nobody knows.

    A fuzz of 500,000 requests found one that was taken, kept, and could not be read any more: from then on every list of its kind
    was a 500.
    """
    request = merchant.creation()
    if not request.body.startswith(b"{"):
        pytest.skip("its requests are forms")
    models = [endpoint.body for endpoint in merchant.provider.endpoints if endpoint.body is not None]
    known = {field.alias or name for model in models for name, field in model.model_fields.items()}
    lists, objects = '[{"a":' * (levels // 2) + "1" + "}]" * (levels // 2), '{"a":' * levels + "1" + "}" * levels
    for name, deep in product(sorted({*json.loads(request.body), *known, "of_nobody"}), (lists, objects)):
        body = json.dumps({**json.loads(request.body), name: "DEEP"}).replace('"DEEP"', deep)

        try:
            signed = merchant.shop.sign(merchant.account, replace(request, body=body.encode()))
        except (Refusal, TypeError):
            continue  # so deep a body cannot be signed there

        answer = await merchant.ask(signed)

        assert answer.status < 500, answer.text
        assert answer.status < 300 or merchant.shop.is_error(answer), answer.text
    payments = (await merchant.sim.http.get(f"{merchant.sim.path}/payments?limit=200")).json()["data"]
    for payment in payments:
        where = f"{merchant.sim.path}/payments/{merchant.name}/{payment['id']}"
        shown, paid = await merchant.sim.http.get(where), await merchant.sim.http.post(f"{where}/pay", json={})
        assert shown.status_code == 200 and paid.status_code < 500, (shown.text, paid.text)
        if merchant.shop.read is not None:
            read = await merchant.send(merchant.shop.read(merchant.account, payment["id"]))
            assert read.status < 300, read.text


@pytest.mark.uncounted
@pytest.mark.parametrize("more", [MEMBERS + 1, MEMBERS // 2])
async def test_however_wide_a_body_is_it_is_looked_at_in_bounds(
    merchant: Merchant, more: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """490,000 numbers where a text belonged, or a few, held two providers for 42 seconds: each was told of."""
    request, looked_at = merchant.creation(), 0
    if not request.body.startswith(b"{"):
        pytest.skip("its requests are forms")
    fault = validation._fault

    def counted(*given: Any) -> Any:
        nonlocal looked_at
        looked_at += 1
        return fault(*given)

    monkeypatch.setattr(validation, "_fault", counted)
    wide = ([1] * more, [{}] * more, {f"k{n}": n for n in range(more)})
    for name, value in product([*json.loads(request.body), "of_nobody"], wide):
        body = json.dumps({**json.loads(request.body), name: value}).encode()
        try:
            signed = merchant.shop.sign(merchant.account, replace(request, body=body))
        except (Refusal, TypeError):
            continue  # so wide a body cannot be signed there
        looked_at = 0

        answer = await merchant.ask(signed)

        assert answer.status < 500, answer.text
        if more > MEMBERS or answer.status >= 300:
            assert merchant.shop.is_error(answer), answer.text
        assert looked_at <= (0 if more > MEMBERS else 3 * validation.TOLD)  # who explains a refusal looks again
    if more > MEMBERS:
        assert (await merchant.sim.http.get(f"{merchant.sim.path}/payments")).json()["data"] == []
