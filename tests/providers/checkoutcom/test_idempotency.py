"""`Cko-Idempotency-Key`: only processed requests are stored; a repeat gives the same answer and does nothing."""

from __future__ import annotations

from support import Sim

from providers.checkoutcom.driver import ONE_TIME, Merchant

KEY = "0d1f2c9e-5a0b-4f3c-8a3e-6a1f1f6c2b77"


async def test_a_repeated_payment_is_answered_alike_and_made_once(sim: Sim, cko: Merchant) -> None:
    first = await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)
    second = await cko.post("/payments", ONE_TIME, CKO_IDEMPOTENCY_KEY=KEY)
    third = await cko.post("/payments", ONE_TIME | {"amount": 11}, cko_idempotency_key=KEY)
    await sim.settle()

    assert [(a.status_code, a.content) for a in (second, third)] == [(202, first.content)] * 2
    assert second.headers["content-type"] == "application/json"
    notices = [a.headers.get("simulator-notice", "") for a in (second, third)]
    assert ["the request is another one now" in notice for notice in notices] == [False, True]
    assert len({a.headers["cko-request-id"] for a in (first, second, third)}) == 3
    assert cko.heard() == ["payment_pending"]


async def test_a_repeated_refund_has_the_same_action(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid()
    sim.hooks.clear()

    answers = [await cko.refund(created["id"], {"amount": 20}, Cko_Idempotency_Key=KEY) for _ in range(3)]
    await sim.advance(seconds=5)

    assert len({a.content for a in answers}) == 1
    assert (await cko.payment(created["id"]))["balances"]["total_refunded"] == 20
    assert cko.heard() == ["payment_refund_pending", "payment_refunded"]


async def test_a_refused_request_is_not_stored(cko: Merchant) -> None:
    refused = await cko.post("/payments", ONE_TIME | {"amount": -1}, Cko_Idempotency_Key=KEY)
    unpaid = await cko.request()
    forbidden = await cko.refund(unpaid["id"], {}, Cko_Idempotency_Key=KEY)
    await cko.pay(unpaid["id"])

    mended = await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)
    refund = await cko.refund(unpaid["id"], {}, Cko_Idempotency_Key=KEY)

    assert [a.status_code for a in (refused, forbidden, mended, refund)] == [422, 403, 202, 202]


async def test_the_key_counts_per_endpoint_and_per_client_and_for_a_day(sim: Sim, cko: Merchant) -> None:
    first = (await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)).json()["id"]
    await cko.pay(first)
    refund = await cko.refund(first, {"amount": 1}, Cko_Idempotency_Key=KEY)

    await sim.advance(hours=23)
    before = (await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)).json()["id"]
    await sim.advance(hours=2)
    after = (await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)).json()["id"]

    assert refund.status_code == 202
    assert before == first
    assert after != first


async def test_a_broken_body_is_noticed_before_the_key(cko: Merchant) -> None:
    await cko.post("/payments", ONE_TIME, Cko_Idempotency_Key=KEY)

    answer = await cko.post("/payments", b"{", Cko_Idempotency_Key=KEY)

    assert answer.json()["error_codes"] == ["request_json_invalid"]
