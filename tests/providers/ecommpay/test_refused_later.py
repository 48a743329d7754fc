"""What ecommpay accepts first and refuses by callback."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant
from providers.ecommpay.test_errors import ID

REJECTED: dict[str, tuple[dict[str, Any], int, str | None]] = {
    # What changes in the seed's request: the code, and the field it is about. Source: docs/providers/ecommpay.md, source 5.3.
    "currency not enabled": ({"payment": {"currency": "BRL"}}, 3023, "payment.currency"),
    "currency unknown": ({"payment": {"currency": "QQQ"}}, 3121, "payment.currency"),
    "currency malformed": ({"payment": {"currency": "cny"}}, 3121, "payment.currency"),
    "currency with a digit": ({"payment": {"currency": "A1B"}}, 3121, "payment.currency"),
    "amount below the limit": ({"payment": {"amount": 999}}, 3358, "payment.amount"),
    "amount above the limit": ({"payment": {"amount": 500_001}}, 2642, "payment.amount"),
    "customer id missing": ({"customer": {"id": None}}, 2154, "customer.id"),
    "customer id empty": ({"customer": {"id": ""}}, 2154, "customer.id"),
    "customer id malformed": ({"customer": {"id": "x" * 256}}, 2124, "customer.id"),
    "e-mail malformed": ({"customer": {"email": "nobody"}}, 2426, "customer.email"),
    "country malformed": ({"customer": {"country": "China"}}, 2610, "customer.country"),
    "city malformed": ({"customer": {"city": "x" * 257}}, 2611, "customer.city"),
    "day of birth malformed": ({"customer": {"day_of_birth": "1990-01-31"}}, 2609, "customer.day_of_birth"),
    "amount is text": ({"payment": {"amount": "1000"}}, 2003, "payment.amount"),
    "amount is fractional": ({"payment": {"amount": 10.5}}, 2003, "payment.amount"),
    "amount is zero": ({"payment": {"amount": 0}}, 2003, "payment.amount"),
    "amount is negative": ({"payment": {"amount": -1}}, 2003, "payment.amount"),
    "amount is huge": ({"payment": {"amount": 10**13 + 1, "currency": "EUR"}}, 2003, "payment.amount"),
    "phone with a plus": ({"customer": {"phone": "+8613632264148"}}, 2003, "customer.phone"),
    "description too long": ({"payment": {"description": "x" * 256}}, 2003, "payment.description"),
    "ip address malformed": ({"customer": {"ip_address": "here"}}, 2003, "customer.ip_address"),
    "return to a script": ({"return_url": {"success": "javascript:alert(1)"}}, 2003, "return_url.success"),
    "callback to a script": ({"general": {"merchant_callback_url": "javascript:1"}}, 2003, "general.merchant_callback_url"),
    "best before is no date": ({"payment": {"best_before": "soon"}}, 2003, "payment.best_before"),
    "callback delay too long": ({"callback": {"delay": 601}}, 2003, "callback.delay"),
}  # fmt: skip


@pytest.mark.uncounted
@pytest.mark.parametrize("what", REJECTED)
async def test_what_fails_its_checks_is_answered_with_200_and_then_told_by_callback(
    sim: Sim, ecommpay: Merchant, what: str
) -> None:
    """No payment comes of it: a status request knows nothing, and the id may be used again."""
    changes, code, field = REJECTED[what]

    answer = await ecommpay.sale(**changes)
    await sim.settle()
    before = list(sim.hooks)
    await sim.advance(seconds=0.5)

    assert answer.status_code == 200, answer.text
    assert before == []
    [told] = ecommpay.callbacks
    [first] = told["errors"]
    assert (first["code"], first.get("field")) == (code, field)
    assert (told["payment"]["status"], told["operation"]["status"]) == ("error", "error")
    assert told["operation"]["request_id"] == answer.json()["request_id"]
    assert told["operation"]["code"] == ("502" if code == 2003 else str(code))
    assert "id" not in told["operation"]
    assert (await ecommpay.status())["errors"][0]["code"] == 3061
    again = await ecommpay.begin()
    assert ecommpay.last["operation"]["request_id"] == again["request_id"]
    assert ecommpay.last["payment"]["status"] == "awaiting redirect result"


CONSTRAINTS = {
    "type": ({"payment": {"amount": "1000"}}, "String value found, but an integer is required"),
    "minimum": ({"payment": {"amount": 0}}, "Must have a minimum value of 1"),
    "maxLength": ({"payment": {"description": "x" * 256}}, "Must be at most 255 characters long"),
    "pattern": ({"customer": {"phone": "12a"}}, "Does not match the regex pattern ^[0-9]{4,24}$"),
    "enum": ({"customer": {"gender": "other"}}, "Does not have a value in the enumeration"),
    "format": ({"return_url": {"success": "nowhere"}}, "Invalid URL format"),
}


@pytest.mark.parametrize("constraint", CONSTRAINTS)
async def test_a_schema_violation_names_its_constraint(sim: Sim, ecommpay: Merchant, constraint: str) -> None:
    changes, message = CONSTRAINTS[constraint]

    await ecommpay.begin(**changes)

    [item] = ecommpay.last["errors"]
    assert (item["code"], item["constraint"], item["message"]) == (2003, constraint, message)
    assert ecommpay.last["operation"]["message"] == "Validation error"


@pytest.mark.parametrize("again", [ID, ID.lower()])
async def test_a_payment_id_is_used_once_whatever_its_case(sim: Sim, ecommpay: Merchant, again: str) -> None:
    """The payment that has the id stays as it is."""
    await ecommpay.paid()
    before = await ecommpay.status()

    answer = await ecommpay.sale(again)
    await sim.advance(seconds=1)

    assert answer.status_code == 200
    assert ecommpay.last["errors"] == [
        {"code": 3041, "message": "Payment ID already exists", "field": "general.payment_id"}
    ]
    assert await ecommpay.status() == before


@pytest.mark.parametrize("id_", [" a", "a ", "a\tb", "a\u0000b", "a\r\nX-Evil: 1"])
async def test_a_malformed_payment_id_is_told_by_callback(sim: Sim, ecommpay: Merchant, id_: str) -> None:
    await ecommpay.sale(id_)
    await sim.advance(seconds=1)

    assert ecommpay.last["errors"][0]["code"] == 3024
    assert ecommpay.last["payment"]["id"] == id_


@pytest.mark.parametrize("id_", [12, True, ["a"], {"a": 1}, ""])
async def test_a_payment_id_of_another_type_is_told_by_callback(sim: Sim, ecommpay: Merchant, id_: Any) -> None:
    answer = await ecommpay.sale(id_)
    await sim.advance(seconds=1)

    assert answer.status_code == 200
    assert ecommpay.last["errors"][0]["field"] == "general.payment_id"
    assert isinstance(ecommpay.last["payment"]["id"], str)


async def test_an_unknown_method_is_told_by_callback(sim: Sim, ecommpay: Merchant) -> None:
    answer = await ecommpay.post("payment/wallet/wechat/sale", SALE)
    await sim.advance(seconds=1)

    assert answer.status_code == 200
    assert ecommpay.last["errors"] == [{"code": 2541, "message": "Unknown Payment Method"}]
    assert ecommpay.last["payment"]["method"] == "wechat"


async def test_a_payout_is_told_to_be_unsupported(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.post("payment/wallet/alipay/payout", SALE)
    await sim.advance(seconds=1)

    assert ecommpay.last["operation"]["message"] == "Operation not supported by provider"


async def test_odd_members_are_carried_along(sim: Sim, ecommpay: Merchant) -> None:
    """Unknown members are part of the signed data and otherwise ignored."""
    deep: Any = 1
    for _ in range(200):
        deep = [deep]

    await ecommpay.begin(addendum={"deep": deep}, booking_info={"a": 1.0}, of_my_own=[True, ""])

    assert ecommpay.told == [("awaiting redirect result", "sale", "awaiting redirect result")]


@pytest.mark.parametrize("what", REJECTED)
async def test_the_journal_says_with_the_request_what_only_a_callback_tells(
    sim: Sim, ecommpay: Merchant, what: str
) -> None:
    changes, code, field = REJECTED[what]
    await ecommpay.sale(**changes)

    entry = (await sim.requests())[0]
    page = (await sim.http.get(f"/console/{sim.workspace.name}/requests/{entry['id']}")).text

    rule = entry["why"]["rules"][0]
    assert (entry["status"], rule["field"]) == (200, field)
    assert rule["text"].startswith(f"{code} ")
    assert f'data-testid="rule" data-field="{field}"' in page


async def test_a_currency_that_is_one_letter_off_is_asked_about_with_the_request(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.sale(payment={"currency": "CNZ"})

    slips = (await sim.requests())[0]["why"]["slips"]

    assert slips == [{"kind": "value", "field": "payment.currency", "given": "CNZ", "meant": "CNY"}]
