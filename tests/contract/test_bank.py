"""The bank behind each provider does what a scenario says: it declines, takes its time, or changes its mind."""

from __future__ import annotations

from typing import Any

import pytest
from merchant import Merchant
from support import Sim


async def _refunded(world: Sim, merchant: Merchant, id_: str) -> int:
    value: int = (await world.payment(merchant.name, id_))["refunded"]["value"]
    return value


async def _calls(world: Sim, merchant: Merchant, id_: str) -> int:
    """How many of the merchant's calls the payment's story tells."""
    timeline = (await world.payment(merchant.name, id_))["timeline"]
    return sum(entry["kind"] == "request" for entry in timeline)


async def _arm(world: Sim, operation: str, **bank: Any) -> None:
    await world.arm([{"when": {"operation": operation}, "bank": bank}])


@pytest.mark.uncounted
async def test_the_bank_declines_a_refund(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()
    await _arm(world, "refund", decline="declined")

    refund = await merchant.refund(id_, 400)
    await world.advance(hours=1)

    assert await merchant.was_refused(id_, refund)
    assert await _refunded(world, merchant, id_) == 0


@pytest.mark.uncounted
async def test_the_bank_takes_its_time_with_a_refund(world: Sim, merchant: Merchant) -> None:
    """A delay alone is enough: the bank approves when it is over, and not before."""
    id_ = await merchant.paid()
    await _arm(world, "refund", delay="PT5H")

    refund = await merchant.refund(id_, 1000)
    await world.advance(hours=4)
    before = await _refunded(world, merchant, id_)
    await merchant.until_refunded(hours=2)

    assert refund.status < 300
    assert (before, await _refunded(world, merchant, id_)) == (0, 1000)


@pytest.mark.uncounted
async def test_a_refund_that_the_bank_has_not_decided_stands_in_the_payments_story(
    world: Sim, merchant: Merchant
) -> None:
    """Though nothing has moved yet: the answer says whose it is (`Reply.subject`)."""
    id_ = await merchant.paid()
    await _arm(world, "refund", delay="PT5H")
    before = await _calls(world, merchant, id_)

    await merchant.refund(id_, 1000)

    assert await _calls(world, merchant, id_) == before + 1


@pytest.mark.uncounted
async def test_the_bank_declines_a_refund_after_a_while(world: Sim, merchant: Merchant) -> None:
    """What it declined can be refunded again."""
    id_ = await merchant.paid()
    await _arm(world, "refund", outcome="pending", then="declined", delay="PT5H")

    refund = await merchant.refund(id_, 1000)
    await merchant.until_refunded(hours=6)
    await world.http.delete(f"{world.path}/scenario")
    declined = await _refunded(world, merchant, id_)
    await merchant.refund(id_, 1000)
    await merchant.until_refunded(hours=6)

    assert refund.status < 300
    assert (declined, await _refunded(world, merchant, id_)) == (0, 1000)


@pytest.mark.uncounted
async def test_the_merchant_hears_of_a_refund_that_was_declined_later(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()
    await _arm(world, "refund", outcome="pending", then="declined", delay="PT5H")
    await merchant.refund(id_, 1000)
    await world.advance(hours=4)
    world.hooks.clear()

    await merchant.until_refunded(hours=2)

    assert [hook.verdict(merchant.name).valid for hook in world.hooks][:1] == [True]


@pytest.mark.uncounted
async def test_the_bank_ends_well_what_it_calls_pending_for_a_time(world: Sim, merchant: Merchant) -> None:
    id_ = await merchant.paid()
    await _arm(world, "refund", outcome="pending", delay="PT5H")

    await merchant.refund(id_, 1000)
    await world.advance(hours=4)
    before = await _refunded(world, merchant, id_)
    await merchant.until_refunded(hours=2)

    assert (before, await _refunded(world, merchant, id_)) == (0, 1000)
