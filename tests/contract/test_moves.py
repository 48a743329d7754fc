"""What the control API says may happen next is what happens; and what the merchant does can be done from here."""

from __future__ import annotations

from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from simulator.engine.provider import Provider


async def _make(world: Sim, provider: Provider, **more: Any) -> dict[str, Any]:
    answer = await world.http.post(f"{world.path}/payments", json={"provider": provider.name, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _fired(world: Sim, payment: dict[str, Any]) -> list[str]:
    listed = await world.http.get(f"{world.path}/webhooks", params={"resource_id": payment["id"]})
    return [delivery["event"] for delivery in listed.json()["data"]]


async def _moves(world: Sim, payment: dict[str, Any]) -> list[dict[str, Any]]:
    path = f"{world.path}/payments/{payment['provider']}/{payment['id']}/moves"
    found: list[dict[str, Any]] = (await world.http.get(path)).json()["data"]
    return found


async def _mark(world: Sim, payment: dict[str, Any], trigger: str) -> Any:
    path = f"{world.path}/payments/{payment['provider']}/{payment['id']}/mark"
    return await world.http.post(path, json={"trigger": trigger})


async def test_a_test_payment_is_the_merchants_own_call(world: Sim, provider: Provider) -> None:
    payment = await _make(world, provider, reference="from-the-console")

    (request,) = (await world.http.get(f"{world.path}/requests")).json()["data"]

    assert (payment["phase"], payment["reference"]) == ("waiting", "from-the-console")
    assert (request["sent_by"], request["provider"], request["resource_id"]) == (
        "console",
        provider.name,
        payment["id"],
    )


async def test_every_variant_and_currency_can_be_tried(world: Sim, provider: Provider) -> None:
    shop = provider.shop
    assert shop is not None
    amount = {"value": 5000, "currency": shop.currencies[0]}

    made = [await _make(world, provider, variant=variant, amount=amount) for variant in shop.variants]

    assert [payment["amount"] for payment in made] == [amount] * len(shop.variants)


async def test_what_the_provider_refuses_is_told_in_its_own_words(world: Sim, provider: Provider) -> None:
    """Where the provider takes a request first and refuses it later, there is no payment to show."""
    body = {"provider": provider.name, "amount": {"value": -1, "currency": "EUR"}}

    answer = await world.http.post(f"{world.path}/payments", json=body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) in [(422, "refused"), (409, "no_payment")]
    assert provider.title in error["message"]
    if error["code"] == "refused":
        assert error["answer"]["status"] >= 400
        assert error["message"].endswith(error["answer"]["body"][:300])


@pytest.mark.uncounted
async def test_each_legal_move_does_what_it_says(world: Sim, provider: Provider) -> None:
    """It leads to the state and fires the events that were shown, and the console has decided."""
    triggers = [move["trigger"] for move in await _moves(world, await _make(world, provider))]
    assert len(triggers) > 2
    for trigger in triggers:
        payment = await _make(world, provider)
        (move,) = [move for move in await _moves(world, payment) if move["trigger"] == trigger]
        before = await _fired(world, payment)

        answer = await _mark(world, payment, trigger)

        fired = (await _fired(world, payment))[len(before) :]
        assert (answer.status_code, answer.json()["status"]) == (200, move["to"] or payment["status"])
        assert list(dict.fromkeys(fired)) == move["events"]


async def test_looking_at_the_moves_changes_nothing(world: Sim, provider: Provider) -> None:
    payment = await _make(world, provider)
    path = f"{world.path}/payments/{provider.name}/{payment['id']}"
    before = (await world.http.get(path)).json(), await _fired(world, payment)

    await _moves(world, payment)

    assert ((await world.http.get(path)).json(), await _fired(world, payment)) == before


async def test_a_move_that_is_not_legal_is_refused_with_those_that_are(world: Sim, provider: Provider) -> None:
    payment = await _make(world, provider)

    answer = await _mark(world, payment, "wallet.bribed")

    assert answer.status_code == 409
    assert answer.json()["error"]["allowed"] == [move["trigger"] for move in await _moves(world, payment)]


@pytest.mark.uncounted
async def test_a_refund_is_the_merchants_own_call(world: Sim, merchant: Merchant) -> None:
    """All that is left, unless an amount is given, which is never more than that."""
    partly, wholly = await merchant.paid("partly"), await merchant.paid("wholly")
    path = f"{world.path}/payments/{merchant.name}"

    too_much = await world.http.post(f"{path}/{partly}/refund", json={"amount": 10**9})
    part = await world.http.post(f"{path}/{partly}/refund", json={"amount": 1})
    whole = await world.http.post(f"{path}/{wholly}/refund", json={})
    await merchant.until_refunded(days=3)

    payment = await world.payment(merchant.name, wholly)
    assert too_much.status_code == 422
    assert too_much.json()["error"]["allowed"] == [payment["amount"]["value"]]
    assert (part.status_code, (await world.payment(merchant.name, partly))["refunded"]["value"]) == (200, 1)
    assert (whole.status_code, payment["refunded"]) == (200, payment["amount"])
