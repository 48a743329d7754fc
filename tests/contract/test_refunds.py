"""What a refund must not do: give back another currency, or what the merchant has taken back."""

from __future__ import annotations

from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from simulator.engine.shop import Request
from simulator.kernel.money import Money, decimals


def _of_another_currency(merchant: Merchant, id_: str) -> Request | None:
    """The refund of the same number in another currency; None where the request does not name any."""
    other = next((one for one in merchant.shop.currencies if one != "CNY" and decimals(one) == 2), "EUR")
    request = merchant.shop.refund(merchant.account, id_, Money(400, other))
    return request if other in request.path or other.encode() in request.body else None


async def _refunded(world: Sim, merchant: Merchant, id_: str) -> int:
    value: int = (await world.payment(merchant.name, id_))["refunded"]["value"]
    return value


async def _given_back(world: Sim) -> int:
    """What the buyer has of a payment of 1000 again."""
    buyers: list[dict[str, Any]] = (await world.http.get(f"{world.path}/buyers")).raise_for_status().json()["data"]
    balance: int = next(one["balance"]["value"] for one in buyers if one["slug"] == "li-na")
    return balance - (800_000 - 1000)


@pytest.mark.uncounted
async def test_a_refund_in_another_currency_than_the_payments_is_refused(world: Sim, merchant: Merchant) -> None:
    """Wherever its request names one: nothing is converted, and the number alone is not the amount."""
    id_ = await merchant.paid()
    request = _of_another_currency(merchant, id_)
    if request is None:
        pytest.skip(f"{merchant.provider.title}'s refund request names no currency")

    answer = await merchant.ask_refund(request)
    await merchant.until_refunded(days=1)

    assert await merchant.was_refused(id_, answer)
    assert (await _refunded(world, merchant, id_), await _given_back(world)) == (0, 0)


@pytest.mark.uncounted
async def test_a_refund_that_is_withdrawn_frees_its_amount_and_its_money_never_arrives(
    world: Sim, merchant: Merchant
) -> None:
    """Of 1000 the first takes 600, which leaves too little for the second unless it is withdrawn."""
    if merchant.shop.withdraw is None:
        pytest.skip(f"{merchant.provider.title} has no call that withdraws a refund")
    id_ = await merchant.paid()
    await world.arm([{"when": {"operation": "refund"}, "bank": {"delay": "PT5H"}}])
    first = await merchant.refund(id_, 600)

    withdrawn = await merchant.send(merchant.shop.withdraw(merchant.account, id_, first))
    second = await merchant.refund(id_, 500)
    await merchant.until_refunded(days=1)

    assert (first.status < 300, withdrawn.status < 300) == (True, True)
    assert not await merchant.was_refused(id_, second)
    assert (await _refunded(world, merchant, id_), await _given_back(world)) == (500, 500)
