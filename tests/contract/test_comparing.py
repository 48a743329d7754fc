"""A scenario for an amount finds the calls about that amount, however the provider's API writes it."""

from __future__ import annotations

from typing import Any

import pytest
from merchant import Merchant
from toy.priced import PRICED, UNREAD

from contract.calls import EVERYBODY
from simulator.engine.provider import Provider
from simulator.engine.shop import json_request

ALL = {**EVERYBODY, "Acme, priced": PRICED, "Acme, priced and unread": UNREAD}


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Provider:
    return ALL[request.param]


every = pytest.mark.parametrize("provider", [title for title in ALL if ALL[title] is not UNREAD], indirect=True)
priced = pytest.mark.parametrize("provider", ["Acme, priced"], indirect=True)
unread = pytest.mark.parametrize("provider", ["Acme, priced and unread"], indirect=True)


async def armed(merchant: Merchant, when: dict[str, Any], **scope: Any) -> dict[str, Any]:
    body = {"rules": [{"when": when, "api": {"status": 503}}], "scope": {"provider": merchant.name, **scope}}
    answer = await merchant.sim.http.put(f"{merchant.sim.path}/scenario", json=body)
    [found] = answer.raise_for_status().json()["data"]
    return dict(found)


@every
async def test_a_rule_for_the_amount_of_a_purchase_strikes_that_purchase_alone(merchant: Merchant) -> None:
    """Red for a provider whose calls write an amount otherwise than as a whole number of minor units: `Provider.compares`."""
    found = await armed(merchant, {"amount": 1100})

    other, struck = await merchant.answer("order-1", 1000), await merchant.answer("order-2", 1100)

    assert "not_shown" not in found
    assert (other.status < 300, struck.status) == (True, 503)


@priced
async def test_a_rule_for_a_refunds_amount_and_one_for_a_reference_of_its_own_hold_too(merchant: Merchant) -> None:
    id_ = await merchant.paid("order-1")
    await armed(merchant, {"operation": "refund", "amount": 400})
    assert [(await merchant.refund(id_, amount)).status for amount in (400, 300)] == [503, 200]

    await merchant.sim.http.delete(f"{merchant.sim.path}/scenario")
    await armed(merchant, {"reference": "order-7*"})
    assert [(await merchant.answer(reference)).status for reference in ("order-71", "order-8")] == [503, 201]


@priced
async def test_a_scope_for_an_amount_is_held_against_the_same(merchant: Merchant) -> None:
    await armed(merchant, {}, match={"amount": 1100})

    assert [(await merchant.answer("order-1", amount)).status for amount in (1000, 1100)] == [201, 503]


@priced
async def test_a_call_without_a_body_says_nothing(merchant: Merchant) -> None:
    id_ = await merchant.create()
    await armed(merchant, {"amount": 1000})

    assert (await merchant.read(id_)).status == 200


@priced
@pytest.mark.parametrize("body", [{"amount": "10.005"}, {"amount": None}, {}, [], "10.00", {"amount": {"value": 1}}])
async def test_a_body_that_says_no_such_amount_is_the_providers_to_refuse(merchant: Merchant, body: Any) -> None:
    await armed(merchant, {"amount": 1000})
    answer = await merchant.send(json_request("POST", "/acme/charges", body))

    assert answer.status == 400


@unread
async def test_where_no_amount_is_read_the_one_who_arms_a_rule_for_one_is_told(merchant: Merchant) -> None:
    because = "the amounts of its calls are not read, so no rule for an amount holds"

    found = await armed(merchant, {"amount": 1000})
    silent = await armed(merchant, {"operation": "create"})

    assert found["not_shown"] == [{"provider": "acme", "because": because}]
    assert "not_shown" not in silent
