"""One Alipay purchase at PPRO, from the seed's request to the refund."""

from __future__ import annotations

from datetime import timedelta

import httpx
from support import Sim

from providers.ppro.driver import Merchant


def events(sim: Sim) -> list[str]:
    return [hook.body["type"] for hook in sim.hooks]


async def test_a_new_charge_waits_for_the_consumer(ppro: Merchant) -> None:
    charge = await ppro.create()

    assert charge["status"] == "AUTHENTICATION_PENDING"
    assert charge["createdAt"] == "2026-03-04T05:00:00.000Z"
    assert charge["authenticationMethods"][0]["details"]["requestUrl"] == (
        f"http://sim.test/default/authenticator.html?payment-charge-id={charge['id']}"
    )


async def test_a_paid_charge_is_captured_and_the_merchant_hears_of_it(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create(merchantPaymentChargeReference="shop-1001")

    paid = await sim.act("ppro", charge["id"], "pay")

    assert (paid["phase"], paid["decided_by"]) == ("paid", "buyer:li-na")
    assert (await ppro.charge(charge["id"]))["status"] == "CAPTURED"
    assert events(sim) == [
        "PAYMENT_CHARGE_CREATED",
        "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
        "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
        "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
    ]
    assert all(hook.verdict("ppro").valid for hook in sim.hooks)


async def test_an_unpaid_charge_expires_after_twelve_hours(sim: Sim, ppro: Merchant) -> None:
    """The webhook carries the instant of the deadline, not the instant at which we looked."""
    charge = await ppro.create()

    await sim.advance(hours=13)

    assert (await ppro.charge(charge["id"]))["status"] == "DISCARDED"
    assert sim.hooks[-1].body["type"] == "PAYMENT_CHARGE_DISCARDED"
    assert sim.hooks[-1].at == sim.started_at + timedelta(hours=12)
    assert sim.hooks[-1].body["time"] == "2026-03-04T17:00:00.000Z"


async def test_refunds_are_partial_then_full(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.paid()

    first = await ppro.refund(charge["id"], 400)
    second = await ppro.refund(charge["id"], 600)
    third = await ppro.refund(charge["id"], 1)

    assert [first["status"], second["status"], third["status"]] == ["REFUNDED", "REFUNDED", "FAILED"]
    assert third["failure"]["failureCode"] == "EXCEEDS_REFUNDABLE_AMOUNT"
    assert (await ppro.charge(charge["id"]))["status"] == "REFUNDED"


async def test_a_documented_amount_is_declined(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create(amount={"value": 300002, "currency": "CNY"})

    declined = await sim.act("ppro", charge["id"], "pay")

    assert (declined["phase"], declined["decided_by"]) == ("declined", "amount:300002")
    assert (await ppro.charge(charge["id"]))["failure"]["failureCode"] == "INSUFFICIENT_FUNDS"


async def test_no_key_is_answered_in_the_documented_words(sim: Sim) -> None:
    answer = await sim.http.get("/v1/payment-charges/charge_x")

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


async def test_a_failed_webhook_is_tried_again_on_schedule(sim: Sim, ppro: Merchant) -> None:
    refusals = iter([500, 500])
    sim.answer = lambda request: httpx.Response(next(refusals, 200) if b"CHARGE_CREATED" in request.content else 200)
    await ppro.mock()

    await sim.advance(minutes=2)

    times = [hook.at - sim.started_at for hook in sim.hooks if hook.body["type"] == "PAYMENT_CHARGE_CREATED"]
    assert times == [timedelta(0), timedelta(seconds=15), timedelta(seconds=45)]
