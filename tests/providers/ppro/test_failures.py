"""The failure catalogue: each pair can be had for an authorization, a capture, a void and a refund."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from published import facts
from support import STARTED, Sim

from providers.ppro.driver import Merchant
from simulator.engine.facets import REASONS
from simulator.providers.ppro import failures
from simulator.providers.ppro.failures import PAIRS


def expected(type_: str, code: str) -> dict[str, str]:
    return {"failureType": type_, "failureCode": code}


def pair(failure: dict[str, Any]) -> dict[str, str]:
    assert failure["failureMessage"]
    return {name: failure[name] for name in ("failureType", "failureCode")}


def test_the_catalogue_is_the_published_one() -> None:
    published = [tuple(pair) for pair in facts("ppro-failures")["pairs"]]

    assert sorted(PAIRS) == published
    assert len(PAIRS) == 76


def test_a_bare_code_has_one_usual_type() -> None:
    twice = {code for _, code in PAIRS if sum(code == other for _, other in PAIRS) > 1}

    assert set(failures.USUAL_TYPE) == twice
    assert all((type_, code) in PAIRS for code, type_ in failures.USUAL_TYPE.items())
    assert set(failures.MESSAGES) <= {code for _, code in PAIRS}


def test_every_reason_of_the_wallet_has_a_code() -> None:
    codes = {code for _, code in PAIRS}

    assert set(REASONS) == set(failures.WALLET_REASONS)
    assert set(failures.WALLET_REASONS.values()) <= codes


def test_a_code_outside_of_the_catalogue_is_the_providers() -> None:
    assert failures.failure("E_77") == {
        "failureType": "PROVIDER_DECLINE",
        "failureCode": "E_77",
        "failureMessage": "E 77",
    }


@pytest.mark.uncounted
async def test_a_scenario_can_decline_an_authorization_with_any_pair(sim: Sim, ppro: Merchant) -> None:
    for type_, code in PAIRS:
        await sim.arm([{"wallet": {"decline": "declined", "code": f"{type_}/{code}", "message": "No."}}])

        at_once = await ppro.mock()

        assert pair(at_once["failure"]) == expected(type_, code)
        assert at_once["failure"]["failureMessage"] == "No."
        assert pair(sim.hooks[-1].body["data"]["failure"]) == expected(type_, code)


async def test_a_scenario_can_decline_what_the_consumer_has_approved(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"wallet": {"decline": "declined", "code": "PROVIDER_ERROR/UNRESPONSIVE_PROVIDER"}}])
    charge = await ppro.create()

    await sim.act("ppro", charge["id"], "pay")

    failure = (await ppro.charge(charge["id"]))["failure"]
    assert pair(failure) == expected("PROVIDER_ERROR", "UNRESPONSIVE_PROVIDER")


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("operation", "event", "state"),
    [
        ("capture", "CAPTURE_FAILED", "CAPTURE_PENDING"),
        ("void", "VOID_FAILED", "CAPTURE_PENDING"),
        ("refund", "REFUND_FAILED", "CAPTURED"),
    ],
)
async def test_a_scenario_can_decline_an_operation_with_any_pair(
    sim: Sim, ppro: Merchant, operation: str, event: str, state: str
) -> None:
    charge = await ppro.mock("" if operation == "refund" else "requiresCapture=true")

    for type_, code in PAIRS:
        await sim.arm([{"when": {"operation": operation}, "bank": {"decline": "declined", "code": f"{type_}/{code}"}}])
        failed = await getattr(ppro, operation)(charge["id"], 100)
        assert (failed["status"], pair(failed["failure"])) == ("FAILED", expected(type_, code))
        assert ppro.heard[-1] == event

    after = await ppro.charge(charge["id"])
    assert (after["status"], pair(after["failure"])) == (state, expected(*PAIRS[-1]))
    assert len(after[f"{operation}s"]) == len(PAIRS)


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("balance", "INSUFFICIENT_FUNDS"),
        ("limit", "IS_EXCEEDING_ACCOUNT_LIMIT"),
        ("blocked", "BLOCKED_ACCOUNT"),
        ("authentication", "AUTHENTICATION_FAILED"),
        ("cancelled", "CANCELED_BY_CONSUMER"),
        ("expired", "EXPIRED_SESSION"),
        ("declined", "GENERIC_DECLINE"),
    ],
)
async def test_a_neutral_reason_becomes_a_code(sim: Sim, ppro: Merchant, reason: str, code: str) -> None:
    charge = await ppro.create()

    await sim.act("ppro", charge["id"], "decline", reason=reason)

    failure = (await ppro.charge(charge["id"]))["failure"]
    assert pair(failure) == expected("PROVIDER_DECLINE", code)


async def test_a_refund_may_be_pending_and_then_succeed(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"outcome": "pending", "delay": "2h"}}])
    charge = await ppro.paid()

    pending = await ppro.refund(charge["id"], 1000)
    meanwhile = await ppro.charge(charge["id"])
    second = await ppro.refund(charge["id"], 1)
    await sim.advance(hours=2)

    after = await ppro.charge(charge["id"])
    assert (pending["status"], meanwhile["status"]) == ("PENDING", "CAPTURED")
    assert second["failure"]["failureCode"] == "SIMULTANEOUS_OPERATION_IN_PROGRESS"
    assert (after["status"], after["refunds"][0]["status"]) == ("REFUNDED", "REFUNDED")
    assert after["refunds"][0]["createdAt"] == pending["createdAt"]
    assert after["refunds"][0]["updatedAt"] == "2026-03-04T07:00:00.000Z"
    assert ppro.heard[-3:] == ["REFUND_PENDING", "REFUND_FAILED", "REFUND_SUCCEEDED"]
    assert sim.hooks[-1].at == STARTED + timedelta(hours=2)


async def test_a_pending_refund_may_fail_and_give_the_money_free_again(sim: Sim, ppro: Merchant) -> None:
    bank = {"outcome": "pending", "then": "declined", "code": "REFUND_BLOCKED_TEMPORARILY"}
    await sim.arm([{"when": {"operation": "refund"}, "bank": bank}])
    charge = await ppro.paid()
    await ppro.refund(charge["id"], 1000)

    await sim.advance(seconds=30)

    after = await ppro.charge(charge["id"])
    assert (after["status"], after["refunds"][0]["status"]) == ("CAPTURED", "FAILED")
    assert pair(after["failure"]) == expected("PROVIDER_DECLINE", "REFUND_BLOCKED_TEMPORARILY")
    assert ppro.heard[-1] == "REFUND_FAILED"
    await sim.http.delete(f"{sim.path}/scenario")
    assert (await ppro.refund(charge["id"], 1000))["status"] == "REFUNDED"


@pytest.mark.parametrize(
    ("wallet", "status", "code"),
    [
        ({"outcome": "cancelled"}, "FAILED", "CANCELED_BY_CONSUMER"),
        ({"outcome": "paid"}, "CAPTURED", None),
        ({"decline": "balance"}, "FAILED", "INSUFFICIENT_FUNDS"),
    ],
)
async def test_a_scenario_speaks_at_once_where_nobody_is_asked(
    sim: Sim, ppro: Merchant, wallet: dict[str, str], status: str, code: str | None
) -> None:
    await sim.arm([{"wallet": wallet}], next=1)

    charge, next_ = await ppro.mock(), await ppro.mock()

    assert (charge["status"], charge.get("failure", {}).get("failureCode")) == (status, code)
    assert next_["status"] == "CAPTURED"


@pytest.mark.parametrize(
    ("wallet", "status", "event"),
    [
        ({"delay": "1m", "outcome": "paid"}, "CAPTURED", "CAPTURE_SUCCEEDED"),
        ({"delay": "1m", "decline": "limit"}, "FAILED", "AUTHORIZATION_FAILED"),
        ({"delay": "1m", "outcome": "expired"}, "DISCARDED", "DISCARDED"),
        ({"delay": "1m", "outcome": "open"}, "AUTHORIZATION_ASYNC", "PROVIDER_CONFIRMATION_PENDING"),
    ],
)
async def test_a_scenario_may_make_the_provider_slow(
    sim: Sim, ppro: Merchant, wallet: dict[str, str], status: str, event: str
) -> None:
    await sim.arm([{"wallet": wallet}])
    charge = await ppro.mock()

    await sim.advance(minutes=1)

    after = await ppro.charge(charge["id"])
    assert (charge["status"], after["status"]) == ("AUTHORIZATION_ASYNC", status)
    assert ppro.heard[-1] == event
    if status == "DISCARDED":
        assert after["discards"][0]["type"] == "PROVIDER_CONFIRMATION_TIMEOUT"
        assert after["authorizations"][0]["failure"]["failureCode"] == "PAYMENT_METHOD_TIMEOUT"


async def test_a_delay_alone_leaves_the_outcome_to_the_amount(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"wallet": {"delay": "1m"}}])
    charge = await ppro.mock(value=300002)

    await sim.advance(minutes=1)

    after = await ppro.charge(charge["id"])
    assert (charge["status"], after["status"]) == ("AUTHORIZATION_ASYNC", "FAILED")
    assert after["failure"]["failureCode"] == "INSUFFICIENT_FUNDS"


async def test_an_auto_capture_may_be_declined_too(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"when": {"operation": "capture"}, "bank": {"decline": "declined"}}])

    charge = await ppro.mock("requiresCapture=true", autoCapture=True)

    assert (charge["status"], charge["captures"][0]["status"]) == ("CAPTURE_PENDING", "FAILED")
    assert charge["failure"]["failureMessage"] == "Payment Capture Failed"
    assert ppro.heard == ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_FAILED"]
