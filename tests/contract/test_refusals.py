"""A refusal is as repeatable as anything else: with a seed, the same calls get the same answers, ids included."""

from __future__ import annotations

from dataclasses import replace

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from contract.calls import EVERYBODY
from simulator.engine.call import Call, Reply
from simulator.engine.provider import Provider
from simulator.engine.shop import Answer
from simulator.kernel.money import Money
from simulator.kernel.refusals import Refusal


def shown(answer: Answer, merchant: Merchant) -> tuple[int, str, dict[str, str]]:
    """Without the merchant's credentials, which are no workspace's twice."""
    text = answer.text
    for value in merchant.account.credentials.values():
        text = text.replace(str(value), "…")
    return answer.status, text, dict(answer.headers)


async def refusals(provider: Provider, seed: str) -> list[tuple[int, str, dict[str, str]]]:
    """A refund too many, twice, and a purchase between them."""
    async with Sim(providers=[provider], seed=seed) as sim:
        await sim.receive_webhooks(provider.name)
        merchant = Merchant(sim, provider)
        id_ = await merchant.paid()
        await merchant.until_refundable()
        too_much = merchant.shop.refund(merchant.account, id_, Money(9_999_999, "CNY"))
        first = await merchant.send(too_much)
        await merchant.create("order-2")
        second = await merchant.send(too_much)
        return [shown(first, merchant), shown(second, merchant)]


@pytest.mark.uncounted
@pytest.mark.parametrize("name", EVERYBODY)
async def test_with_a_seed_the_same_refusals_are_the_same_bytes(name: str) -> None:
    once, again = [await refusals(EVERYBODY[name], "seed") for _ in range(2)]

    assert [status for status, _, _ in once] == [status for status, _, _ in again]
    assert once == again


def numbered(refusal: Refusal, call: Call) -> Reply:
    return Reply(422, {"error_id": call.ids.hex(16)})


NUMBERED = replace(ACME, refuse=numbered)
"""The toy with an id in each of its errors."""


async def test_every_refusal_draws_ids_of_its_own_from_the_seed() -> None:
    mine, yours = await refusals(NUMBERED, "mine"), await refusals(NUMBERED, "yours")

    assert len({body for _, body, _ in mine + yours}) == 4
    assert await refusals(NUMBERED, "mine") == mine


async def test_refusals_do_not_change_the_ids_of_what_succeeds() -> None:
    """A test that tries something forbidden first gets the same payments."""
    ids = []
    for tries in (0, 3):
        async with Sim(providers=[NUMBERED], seed="seed") as sim:
            merchant = Merchant(sim, NUMBERED)
            for _ in range(tries):
                await merchant.read("ch_unknown")
            ids.append(await merchant.create())

    assert ids[0] == ids[1]


async def test_after_a_reset_the_refusals_begin_again() -> None:
    async with Sim(providers=[NUMBERED], seed="seed") as sim:
        merchant = Merchant(sim, NUMBERED)
        first, second = [(await merchant.read("ch_unknown")).body for _ in range(2)]
        await sim.http.post(f"{sim.path}/reset")
        again = (await merchant.read("ch_unknown")).body

    assert first != second
    assert again == first


async def test_who_is_unknown_is_refused_with_an_id_of_its_own_too() -> None:
    async with Sim(providers=[NUMBERED], seed="seed") as sim:
        merchant = Merchant(sim, NUMBERED)
        request = merchant.shop.sign(merchant.strangers, merchant.creation())
        bodies = [(await merchant.ask(request)).body for _ in range(2)]

    assert bodies[0] != bodies[1]
