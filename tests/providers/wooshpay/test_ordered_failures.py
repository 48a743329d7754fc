"""Failures that a scenario or a test amount orders, and repeated keys."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_WEB, Merchant
from providers.wooshpay.test_errors import intent, refusal, session
from simulator.providers.wooshpay.errors import CATALOGUE

# Failures that a scenario or a test amount orders ----------------------------------------------------------------

ORDERED = [(190, 402, "payment_failed"), (191, 500, "api_error"), (192, 429, "rate_limit")]


@pytest.mark.parametrize(("amount", "status", "code"), ORDERED)
async def test_a_test_amount_fails_creation_and_confirmation(
    sim: Sim, wooshpay: Merchant, amount: int, status: int, code: str
) -> None:
    later = await wooshpay.made("payment_intents", {"amount": amount, "currency": "CNY"})
    await sim.settle()
    heard = len(sim.hooks)

    at_once = await wooshpay.post(*intent(amount=amount))
    confirmed = await wooshpay.post(
        f"payment_intents/{later['id']}/confirm", {"payment_method_data": {"type": "alipay"}}
    )
    await sim.settle()

    assert refusal(at_once) == refusal(confirmed) == (status, code, None)
    assert await wooshpay.status(later["id"]) == "requires_payment_method"
    assert len((await wooshpay.read("payment_intents"))["data"]) == 1
    assert len(sim.hooks) == heard


@pytest.mark.uncounted
async def test_amounts_under_one_hundred_are_plain_successes(sim: Sim, wooshpay: Merchant) -> None:
    for amount in (1, 2, 3, 4, 5, 11, 12, 13, 20, 90, 91, 92):
        paid = await wooshpay.paid(amount=amount)
        refund = await wooshpay.refund(paid["id"])
        assert (paid["status"], refund["status"]) == ("succeeded", "succeeded"), amount


@pytest.mark.parametrize(
    ("amount", "phase", "code"),
    [
        (101, "declined", "payment_intent_payment_attempt_failed"),
        (102, "declined", "payment_intent_authentication_failure"),
        (103, "expired", "payment_intent_payment_attempt_expired"),
    ],
)
async def test_a_test_amount_chooses_how_the_attempt_fails(
    sim: Sim, wooshpay: Merchant, amount: int, phase: str, code: str
) -> None:
    created = await wooshpay.pay_link(amount=amount)

    view = await sim.act("wooshpay", created["id"], "pay")

    failed = await wooshpay.intent(created["id"])
    assert (view["phase"], view["decided_by"]) == (phase, f"amount:{amount}")
    assert (failed["status"], failed["last_payment_error"]["code"]) == ("requires_payment_method", code)
    assert not {"next_action", "payment_method", "amount_received"} & set(failed)


async def test_every_reason_of_the_wallet_has_a_code(sim: Sim, wooshpay: Merchant) -> None:
    codes = {}
    for reason in ("balance", "limit", "blocked", "authentication", "declined"):
        created = await wooshpay.pay_link()
        await sim.act("wooshpay", created["id"], "decline", reason=reason)
        codes[reason] = (await wooshpay.intent(created["id"]))["last_payment_error"]["code"]

    assert codes.pop("authentication") == "payment_intent_authentication_failure"
    assert set(codes.values()) == {"payment_intent_payment_attempt_failed"}


ANY_FAILURE = {
    400: "parameter_invalid",
    402: "payment_failed",
    409: "idempotency_key_in_use",
    429: "rate_limit",
    500: "api_error",
    502: "api_error",
    503: "api_error",
    504: "api_error",
}


async def test_a_scenario_can_order_any_failure(sim: Sim, wooshpay: Merchant) -> None:
    for status, code in ANY_FAILURE.items():
        await sim.arm([{"api": {"status": status, "times": 1}}])
        answer = await wooshpay.post(*intent())
        body = answer.json()["error"]
        assert (answer.status_code, body["code"], body["type"]) == (status, code, CATALOGUE[code][1])
        await sim.http.delete(f"{sim.path}/scenario")

    assert (await wooshpay.read("payment_intents"))["data"] == []


async def test_a_scenario_may_choose_its_own_code_and_words(sim: Sim, wooshpay: Merchant) -> None:
    await sim.arm([{"api": {"status": 402, "code": "lost_in_transit", "message": "Gone."}}])

    answer = await wooshpay.post(*intent())

    assert answer.json() == {"error": {"type": "invalid_request_error", "code": "lost_in_transit", "message": "Gone."}}


async def test_a_refusal_of_the_bank_behind_a_confirmed_payment_declines_it(sim: Sim, wooshpay: Merchant) -> None:
    await sim.arm([{"when": {"operation": "confirm"}, "bank": {"decline": "declined"}}])
    created = await wooshpay.pay_link()

    await sim.act("wooshpay", created["id"], "pay")

    assert await wooshpay.status(created["id"]) == "requires_payment_method"


async def test_the_flat_envelope_is_a_setting(sim: Sim, wooshpay: Merchant) -> None:
    await sim.settings("wooshpay", error_envelope="flat")

    answer = await wooshpay.post("payment_intents", {})

    assert list(answer.json()) == ["type", "code", "message", "param"]


async def test_a_strict_server_wants_a_return_url_and_the_others_note_that_the_live_api_may() -> None:
    body = {"amount": 100, "currency": "CNY", "confirm": True, "payment_method_data": {"type": "alipay"}}
    async with Sim(strict=True) as strict:
        refused = await Merchant(strict).post("payment_intents", body)
    async with Sim() as relaxed:
        noted = await Merchant(relaxed).post("payment_intents", body)

    assert refusal(refused) == (400, "parameter_missing", "return_url")
    assert noted.status_code == 200
    assert "return_url" in noted.headers["simulator-notice"]


# Idempotency ---------------------------------------------------------------------------------------------------


async def test_a_repeated_key_repeats_the_answer_and_executes_nothing(sim: Sim, wooshpay: Merchant) -> None:
    key = {"Idempotency-Key": "order-1001-pay"}

    first = await wooshpay.post(*intent(), **key)
    second = await wooshpay.post(*intent(), **key)

    assert (second.status_code, second.content) == (200, first.content)
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "order-1001-pay"
    assert len((await wooshpay.read("payment_intents"))["data"]) == 1


@pytest.mark.parametrize("other", [intent(amount=21), ("refunds", SEED_WEB), session()])
async def test_a_key_of_something_else_conflicts_and_keeps_its_own_answer(
    wooshpay: Merchant, other: tuple[str, Any]
) -> None:
    key = {"Idempotency-Key": "order-1001-pay"}
    first = await wooshpay.post(*intent(), **key)

    conflict = await wooshpay.post(*other, **key)
    again = await wooshpay.post(*intent(), **key)

    assert refusal(conflict) == (409, "idempotency_key_mismatch", None)
    assert conflict.json()["error"]["type"] == "idempotency_error"
    assert again.content == first.content


async def test_a_refusal_is_repeated_too(wooshpay: Merchant) -> None:
    key = {"Idempotency-Key": "k"}

    first = await wooshpay.post(*intent(amount=0), **key)
    second = await wooshpay.post(*intent(amount=0), **key)

    assert (first.status_code, second.content) == (400, first.content)
    assert second.headers["idempotent-replayed"] == "true"


async def test_a_key_is_forgotten_after_a_day(sim: Sim, wooshpay: Merchant) -> None:
    key = {"Idempotency-Key": "k"}
    first = await wooshpay.post(*intent(), **key)

    await sim.advance(hours=24)
    second = await wooshpay.post(*intent(), **key)

    assert first.json()["id"] != second.json()["id"]


async def test_a_key_may_have_255_characters(wooshpay: Merchant) -> None:
    fits = await wooshpay.post("customers", **{"Idempotency-Key": "k" * 255})
    too_long = await wooshpay.post("customers", **{"Idempotency-Key": "k" * 256})

    assert fits.status_code == 200
    assert refusal(too_long) == (400, "parameter_invalid", "Idempotency-Key")


async def test_a_strict_server_refuses_a_parameter_that_is_not_read() -> None:
    """In the words of Stripe's API, by its path. Without `--strict` it is noticed."""
    async with Sim(strict=True) as strict:
        nested = await Merchant(strict).post("customers", {"address": {"street": "x"}})
        listed = await Merchant(strict).get("customers", **{"expand[]": "data"})

    assert refusal(nested) == (400, "parameter_unknown", "address[street]")
    assert nested.json()["error"]["message"] == "Received unknown parameter: address[street]"
    assert refusal(listed) == (400, "parameter_unknown", "expand")
