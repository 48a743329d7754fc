"""The second example of docs/adding-a-provider.md, refunds that are resources of their own, works as it stands there, and passes
what the contract suite asks of refunds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from contract import test_bank as bank
from contract import test_contract as contract
from contract import test_refunds as refunds
from merchant import Merchant
from support import Sim
from toy.refunds import WITH_REFUNDS, read_refund

from simulator.engine.shop import Request

ASKED: list[Callable[[Sim, Merchant], Awaitable[None]]] = [
    *(test for name, test in vars(bank).items() if name.startswith("test_")),
    contract.test_every_webhook_verifies_with_the_merchants_own_code,
    contract.test_more_than_was_paid_cannot_be_refunded,
    contract.test_what_was_not_paid_cannot_be_refunded,
    contract.test_a_part_can_be_refunded,
    contract.test_all_that_is_left_can_be_refunded,
    contract.test_a_refund_returns_the_money_to_the_buyer,
    refunds.test_a_refund_that_is_withdrawn_frees_its_amount_and_its_money_never_arrives,
]


@pytest.fixture
async def world() -> AsyncIterator[Sim]:
    async with Sim(providers=[WITH_REFUNDS]) as sim:
        await sim.receive_webhooks("newpay")
        yield sim


@pytest.fixture
def merchant(world: Sim) -> Merchant:
    return Merchant(world, WITH_REFUNDS)


@pytest.mark.uncounted
@pytest.mark.parametrize("asked", ASKED, ids=lambda asked: asked.__name__.removeprefix("test_"))
async def test_it_does_what_the_contract_suite_asks_of_refunds(
    world: Sim, merchant: Merchant, asked: Callable[[Sim, Merchant], Awaitable[None]]
) -> None:
    await asked(world, merchant)


async def facts(merchant: Merchant, id_: str, request: Request) -> tuple[Any, ...]:
    """The refund's status, and the payment's phase with what has been given back."""
    payment = await merchant.sim.payment("newpay", id_)
    return (await merchant.send(request)).json["status"], payment["phase"], payment["refunded"]["value"]


@pytest.mark.parametrize(
    ("bank", "moments"),
    [
        (None, [(10, "pending"), (24 * 60, "processing"), (10, "refunded")]),
        ({"decline": "declined"}, [(10, "pending"), (10, "failed")]),
        ({"delay": "PT5H"}, [(10, "pending"), (290, "processing"), (10, "refunded")]),
        ({"delay": "PT2M"}, [(2, "pending"), (10, "refunded")]),
    ],
)
async def test_each_step_takes_the_time_that_the_bank_leaves_it(
    merchant: Merchant, bank: dict[str, str] | None, moments: list[tuple[int, str]]
) -> None:
    """Minutes of each status: nothing counts as given back before the money goes."""
    id_ = await merchant.paid()
    if bank is not None:
        await merchant.sim.arm([{"when": {"operation": "refund"}, "bank": bank}])
    request = read_refund(merchant.account, id_, await merchant.refund(id_, 400))

    for minutes, status in moments:
        wanted = (status, "partly_refunded", 400) if status == "refunded" else (status, "paid", 0)
        assert await facts(merchant, id_, request) == wanted
        await merchant.sim.advance(minutes=minutes - 0.5)
        assert await facts(merchant, id_, request) == wanted
        await merchant.sim.advance(minutes=0.5)


async def test_one_that_is_withdrawn_is_gone_and_can_be_asked_for_again(merchant: Merchant) -> None:
    id_ = await merchant.paid()
    answer = await merchant.refund(id_, 1000)
    request = read_refund(merchant.account, id_, answer)

    withdrawn = await merchant.send(Request("DELETE", request.path))
    again = await merchant.refund(id_, 1000)
    late = read_refund(merchant.account, id_, again)
    await merchant.sim.advance(minutes=11)

    assert (answer.status, withdrawn.status, again.status) == (201, 204, 201)
    assert (await merchant.send(request)).status == 404
    assert (await merchant.send(Request("DELETE", late.path))).status == 409
    told = [entry["summary"] for entry in (await merchant.sim.payment("newpay", id_))["timeline"]]
    assert "refund pending > deleted" in told
