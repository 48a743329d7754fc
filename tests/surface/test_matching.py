"""A scenario that is armed for certain payments only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def _arm(sim: Sim, name: str, **scope: Any) -> None:
    (await sim.http.put(f"{sim.path}/scenario", json={"name": name, "scope": scope})).raise_for_status()


async def _phase(sim: Sim, **about: Any) -> str:
    merchant = Merchant(sim, ACME)
    charge = await merchant.create(**about)
    await sim.http.post(f"{sim.path}/payments/acme/{charge}/pay", json={})
    return str((await sim.payment("acme", charge))["phase"])


@pytest.mark.parametrize("more", [{}, {"next": 1}])
@pytest.mark.parametrize("match", [{"amount": 700}, {"reference": "bad-*"}, {"amount": [1, 700], "currency": "CNY"}])
async def test_it_holds_for_the_payments_that_match_and_for_no_others(
    sim: Sim, more: dict[str, Any], match: dict[str, Any]
) -> None:
    await _arm(sim, "declined-balance", match=match, **more)

    phases = [await _phase(sim, amount=800, reference="good-1"), await _phase(sim, amount=700, reference="bad-1")]

    assert phases == ["paid", "declined"]


async def test_the_next_payment_is_the_next_that_matches(sim: Sim) -> None:
    await _arm(sim, "declined-balance", next=1, match={"amount": 700})

    phases = [await _phase(sim, amount=amount) for amount in (800, 700, 700)]

    assert phases == ["paid", "declined", "paid"]


async def test_a_refund_of_another_amount_belongs_to_its_payment(sim: Sim) -> None:
    await _arm(sim, "refund-refused", match={"amount": 700})
    merchant, refunded = Merchant(sim, ACME), []

    for amount in (700, 800):
        charge = await merchant.paid(amount=amount)
        await sim.http.post(f"{sim.path}/payments/acme/{charge}/refund", json={"amount": 300})
        refunded.append((await sim.payment("acme", charge))["refunded"]["value"])

    assert refunded == [0, 300]


async def test_a_call_is_held_against_what_its_body_says(sim: Sim) -> None:
    await _arm(sim, "api-500", match={"reference": "bad-*"})
    merchant = Merchant(sim, ACME)

    statuses = [(await merchant.answer(reference)).status for reference in ("good-1", "bad-1")]

    assert statuses == [201, 500]


@pytest.mark.parametrize(
    ("match", "field"),
    [
        ({"amuont": 1}, "scope.match.amuont"),
        ({"amount": "much"}, "scope.match.amount"),
        ("700", "scope.match"),
    ],
)
async def test_what_nothing_can_match_is_refused_with_what_there_is(sim: Sim, match: Any, field: str) -> None:
    answer = await sim.http.put(f"{sim.path}/scenario", json={"name": "declined-balance", "scope": {"match": match}})

    error = answer.json()["error"]
    assert answer.status_code == 422
    assert error["field"].startswith(field)
