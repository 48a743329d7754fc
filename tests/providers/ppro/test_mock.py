"""The mock authenticator as the API shows it: descriptor keys, decline amounts, codes, the virtual clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import Merchant

ALL = "REDIRECT,SCAN_CODE,MULTI_FACTOR"


async def test_without_keys_a_mock_charge_is_captured_in_the_create_answer(ppro: Merchant) -> None:
    charge = await ppro.mock("Acme - ORDER 1234")

    assert (charge["status"], charge["paymentDescriptor"]) == ("CAPTURED", "Acme - ORDER 1234")
    assert "authenticationMethods" not in charge
    assert ppro.heard == ["CREATED", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]


@pytest.mark.parametrize(
    ("descriptor", "types"),
    [
        ("requiresAuthentication=true", ["REDIRECT"]),
        ("requiresAuthentication=true;authenticationType=SCAN_CODE", ["SCAN_CODE"]),
        ("authenticationType=MULTI_FACTOR,REDIRECT;requiresAuthentication=true", ["MULTI_FACTOR", "REDIRECT"]),
        (f"requiresAuthentication=true;authenticationType={ALL},REDIRECT", ALL.split(",")),
        ("requiresAuthentication=true;authenticationType=TELEPATHY", ["REDIRECT"]),
        ("hello;requiresAuthentication=true;colour=blue;;=", ["REDIRECT"]),
    ],
)
async def test_keys_say_which_methods_are_offered_and_in_which_order(
    ppro: Merchant, descriptor: str, types: list[str]
) -> None:
    charge = await ppro.mock(descriptor)

    assert charge["status"] == "AUTHENTICATION_PENDING"
    assert [method["type"] for method in charge["authenticationMethods"]] == types
    assert [list(method) for method in charge["authenticationMethods"]] == [["details", "type"]] * len(types)
    told = ppro.hook("AUTHENTICATION_PENDING").body["data"]
    # The webhook has only the type of a method without details.
    bare = [{n: v for n, v in method.items() if v} for method in charge["authenticationMethods"]]
    assert told["authenticationMethods"] == bare


@pytest.mark.parametrize(
    "descriptor",
    [
        "authenticationType=SCAN_CODE",
        "requiresauthentication=true",
        "requiresAuthentication = true",
        "requiresAuthentication=TRUE",
        "requiresAuthentication=false;authenticationType=REDIRECT",
    ],
)
async def test_keys_are_exact(ppro: Merchant, descriptor: str) -> None:
    assert (await ppro.mock(descriptor))["status"] == "CAPTURED"


async def test_a_right_code_authorizes_and_a_wrong_one_fails(ppro: Merchant) -> None:
    right, wrong = await ppro.waiting("MULTI_FACTOR"), await ppro.waiting("MULTI_FACTOR")

    confirmed, refused = await ppro.confirm(right["id"]), await ppro.confirm(wrong["id"], "123")

    assert (confirmed.json()["status"], await ppro.status(right["id"])) == ("AUTHORIZED", "CAPTURED")
    assert confirmed.json()["id"] == right["authorizations"][0]["id"]
    assert (refused.status_code, refused.json()["status"]) == (200, "FAILED")
    failure = refused.json()["failure"]
    assert (failure["failureType"], failure["failureCode"]) == ("PROVIDER_DECLINE", "AUTHENTICATION_FAILED")
    assert await ppro.status(wrong["id"]) == "FAILED"


async def test_confirming_updates_the_one_authorization(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")
    await sim.advance(seconds=15)

    confirmed = (await ppro.confirm(charge["id"])).json()

    assert len((await ppro.charge(charge["id"]))["authorizations"]) == 1
    assert confirmed["createdAt"] == "2026-03-04T05:00:00.000Z"
    assert confirmed["updatedAt"] == "2026-03-04T05:00:15.000Z"


@pytest.mark.parametrize(
    "result",
    [
        {"type": "MULTI_FACTOR", "details": {}},
        {"type": "MULTI_FACTOR", "details": {"verificationCode": 777123}},
        {"type": "APP_NOTIFICATION", "details": {"instrumentProviderIdentity": "x"}},
        {"type": "MULTI_FACTOR"},
        None,
    ],
)
async def test_an_incomplete_confirmation_is_refused(ppro: Merchant, result: Any) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")

    answer = await ppro.post(f"payment-charges/{charge['id']}/authorizations", {"authenticationResult": result})

    assert answer.status_code == 400
    assert await ppro.status(charge["id"]) == "AUTHENTICATION_PENDING"


async def test_a_second_confirmation_comes_too_late(ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")
    await ppro.confirm(charge["id"], "wrong")

    again = await ppro.confirm(charge["id"])

    told = again.json()["failureMessage"]
    assert (again.status_code, told) == (400, "Operation is not allowed for a payment charge in status FAILED")


@pytest.mark.parametrize(
    ("value", "code", "message"),
    [
        (300000, "GENERIC_DECLINE", "Payment Authorization Failed"),
        (300001, "GENERIC_DECLINE", "Payment Authorization Failed"),
        (300002, "INSUFFICIENT_FUNDS", "Payment Authorization Failed, insufficient funds"),
        (350000, "GENERIC_DECLINE", "Payment Authorization Failed"),
        (399902, "INSUFFICIENT_FUNDS", "Payment Authorization Failed, insufficient funds"),
        (400000, "GENERIC_DECLINE", "Payment Authorization Failed"),
    ],
)
async def test_documented_amounts_fail_in_the_create_answer(
    ppro: Merchant, value: int, code: str, message: str
) -> None:
    charge = await ppro.mock(value=value)

    expected = {"failureType": "PROVIDER_DECLINE", "failureCode": code, "failureMessage": message}
    assert (charge["status"], charge["failure"]) == ("FAILED", expected)
    assert ppro.heard == ["CREATED", "AUTHORIZATION_FAILED"]


@pytest.mark.parametrize("value", [299999, 400001])
async def test_the_amounts_beside_them_do_not(ppro: Merchant, value: int) -> None:
    assert (await ppro.mock(value=value))["status"] == "CAPTURED"


@pytest.mark.parametrize("method", ["MOCK", "ALIPAY"])
async def test_with_authentication_a_documented_amount_fails_after_the_approval(ppro: Merchant, method: str) -> None:
    charge = await ppro.waiting("REDIRECT", value=300002) if method == "MOCK" else None
    charge = charge or await ppro.create(amount={"value": 300002, "currency": "CNY"})
    before = charge["status"]

    await ppro.press(charge["id"], "success")

    after = await ppro.charge(charge["id"])
    assert (before, after["status"]) == ("AUTHENTICATION_PENDING", "FAILED")
    assert after["failure"]["failureCode"] == "INSUFFICIENT_FUNDS"
    assert (await ppro.sim.payment("ppro", charge["id"]))["decided_by"] == "amount:300002"


@pytest.mark.parametrize(
    ("delay", "seconds"), [("", 10), (";providerConfirmationDelay=3s", 3), (";providerConfirmationDelay=7", 7)]
)
async def test_the_provider_confirms_on_the_virtual_clock(sim: Sim, ppro: Merchant, delay: str, seconds: int) -> None:
    charge = await ppro.mock(f"providerConfirmation=true{delay}")
    [authorization] = charge["authorizations"]

    await sim.advance(hours=1)

    assert (charge["status"], authorization["status"]) == ("AUTHORIZATION_ASYNC", "PROVIDER_CONFIRMATION_PENDING")
    assert await ppro.status(charge["id"]) == "CAPTURED"
    assert ppro.heard == ["CREATED", "PROVIDER_CONFIRMATION_PENDING", "AUTHORIZATION_SUCCEEDED", "CAPTURE_SUCCEEDED"]
    assert sim.hooks[-1].at == sim.started_at + timedelta(seconds=seconds)


@pytest.mark.parametrize("delay", ["soon", "-3s", "1e9s", "inf", "99999999999s", "3m"])
async def test_a_delay_that_is_none_counts_as_ten_seconds(sim: Sim, ppro: Merchant, delay: str) -> None:
    await ppro.mock(f"providerConfirmation=true;providerConfirmationDelay={delay}")

    await sim.advance(hours=1)

    assert sim.hooks[-1].at == sim.started_at + timedelta(seconds=10)


async def test_authentication_then_confirmation_then_capture(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", more="providerConfirmation=true;requiresCapture=true")

    statuses = [charge["status"]]
    await ppro.press(charge["id"], "success")
    statuses.append(await ppro.status(charge["id"]))
    await sim.advance(seconds=10)
    statuses.append(await ppro.status(charge["id"]))
    await ppro.capture(charge["id"])
    statuses.append(await ppro.status(charge["id"]))

    assert statuses == ["AUTHENTICATION_PENDING", "AUTHORIZATION_ASYNC", "CAPTURE_PENDING", "CAPTURED"]
    assert ppro.heard == [
        "CREATED",
        "AUTHENTICATION_PENDING",
        "PROVIDER_CONFIRMATION_PENDING",
        "AUTHORIZATION_SUCCEEDED",
        "CAPTURE_SUCCEEDED",
    ]


async def test_scan_by_ends_a_charge_that_can_only_be_scanned(sim: Sim, ppro: Merchant) -> None:
    settings = [{"type": "SCAN_CODE", "settings": {"scanBy": "2026-03-04T05:30:00+00:00"}}]
    alone = await ppro.waiting("SCAN_CODE", authenticationSettings=settings)
    both = await ppro.waiting("SCAN_CODE", "MULTI_FACTOR", authenticationSettings=settings)

    await sim.advance(minutes=30)

    assert alone["authenticationMethods"][0]["details"]["scanBy"] == "2026-03-04T05:30:00.000Z"
    assert (await ppro.charge(alone["id"]))["discards"][0]["type"] == "AUTHENTICATION_TIMEOUT"
    assert await ppro.status(both["id"]) == "AUTHENTICATION_PENDING"


async def test_a_code_that_was_to_be_scanned_yesterday_is_declined(ppro: Merchant) -> None:
    settings = [{"type": "SCAN_CODE", "settings": {"scanBy": "2026-03-03T05:00:00Z"}}]

    charge = await ppro.waiting("SCAN_CODE", authenticationSettings=settings)

    assert charge["failure"]["failureCode"] == "INVALID_AUTHENTICATION_SETTINGS"


async def test_an_amount_that_no_wallet_holds_is_declined(ppro: Merchant) -> None:
    charge = await ppro.waiting("REDIRECT", value=2**63 - 1)

    assert charge["failure"]["failureCode"] == "AMOUNT_NOT_SUPPORTED"
    assert charge["authorizations"][0]["amount"] == 2**63 - 1
