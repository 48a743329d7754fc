"""A merchant's own name for a payment may have the digits of a card number: it is told as it is, and no other has it."""

from __future__ import annotations

import pytest
from merchant import Merchant, purchase
from support import Sim

from simulator.engine.cards import cut_text
from simulator.providers import BUILT_IN

PLAIN = "4111111111111112"
ALIKE = "4111111111111111", "4111110000091111"
"""Card numbers to whoever looks at their digits, and both are cut to the same."""


async def _told(merchant: Merchant, reference: str) -> tuple[str, list[int]]:
    """The payment's id, and how often the provider says its reference: in each answer and in each webhook of its life."""
    began = len(merchant.sim.hooks)
    created = await merchant.answer(reference)
    id_ = await merchant.id_of(created, purchase(reference))
    await merchant.settle()
    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.until_refundable()
    refunded = await merchant.refund(id_, 400)
    await merchant.sim.advance(hours=1)
    answers = [created.body, refunded.body]
    if merchant.shop.read is not None:
        answers.append((await merchant.read(id_)).body)
    said = [*answers, *(hook.raw for hook in merchant.sim.hooks[began:])]
    return id_, [text.count(reference.encode()) for text in said]


@pytest.mark.uncounted
async def test_what_looks_like_a_card_number_is_told_as_any_other_reference_is(world: Sim, merchant: Merchant) -> None:
    assert len({cut_text(one) for one in ALIKE}) == 1 != len(set(ALIKE))

    told = [await _told(merchant, one) for one in ALIKE]
    _, plain = await _told(merchant, PLAIN)

    assert [counts for _, counts in told] == [plain, plain]
    assert sum(plain) > 0 or merchant.name not in BUILT_IN  # the toys say nothing of it
    assert len({id_ for id_, _ in told}) == 2


async def test_each_of_two_that_would_be_cut_alike_is_found_by_its_own_reference(
    world: Sim, merchant: Merchant
) -> None:
    ids = [await merchant.waiting(one) for one in ALIKE]

    found = [
        (await world.http.get(f"{world.path}/payments", params={"reference": one})).json()["data"] for one in ALIKE
    ]

    assert [[one["id"] for one in rows] for rows in found] == [[ids[0]], [ids[1]]]
    assert [[one["reference"] for one in rows] for rows in found] == [[ALIKE[0]], [ALIKE[1]]]


async def test_the_control_api_makes_a_payment_of_it_too(world: Sim, merchant: Merchant) -> None:
    body = {"provider": merchant.name, "reference": ALIKE[0]}

    made = await world.http.post(f"{world.path}/payments", json=body)

    assert (made.status_code, made.json()["reference"]) == (201, ALIKE[0])
