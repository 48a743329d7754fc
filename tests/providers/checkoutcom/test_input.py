"""Requests as clients and shop plugins really send them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import HOSTED, RECURRING, Merchant

CARTRIDGE: dict[str, Any] = {
    "customer": {"email": "buyer@example.org", "name": "N L"},
    "amount": "4020",
    "currency": "USD",
    "source": {"type": "alipay"},
    "reference": "00000101",
    "metadata": {"udf1": "case"},
    "billing_descriptor": None,
}
"""What the Salesforce cartridge sends for Alipay, with the key of the Previous platform."""


@pytest.mark.parametrize("amount", ["2000", 2000.0, "0002000"])
async def test_an_amount_may_be_a_text_of_digits_or_a_whole_float(cko: Merchant, amount: Any) -> None:
    """ActiveMerchant sends text, others divide and multiply. What is answered is a whole number."""
    items = [{"name": "x", "unit_price": "1000", "quantity": 2.0, "total_amount": 2000.0, "tax_amount": "0"}]

    created = await cko.request(amount=amount, items=items)
    found = await cko.payment(created["id"])

    assert (created["status"], json.dumps(found["amount"])) == ("Pending", "2000")
    [item] = found["items"]
    whole = {"name": "x", "quantity": 2, "unit_price": 1000, "total_amount": 2000, "tax_amount": 0}
    assert json.dumps(item) == json.dumps(whole)


async def test_a_refund_may_be_a_text_of_digits(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(amount=1000)

    answer = await cko.refund(created["id"], {"amount": "100", "reference": "r1"})
    await sim.advance(seconds=5)

    assert (answer.status_code, answer.json()["action_id"][:4]) == (202, "act_")
    assert (await cko.payment(created["id"]))["balances"]["total_refunded"] == 100


@pytest.mark.parametrize("operation", ["captures", "voids"])
async def test_what_alipay_does_not_have_takes_a_text_of_digits_before_it_says_so(
    cko: Merchant, operation: str
) -> None:
    created = await cko.request()

    assert (await cko.post(f"/payments/{created['id']}/{operation}", {"amount": "100"})).status_code == 403


async def test_pages_take_texts_of_digits(cko: Merchant) -> None:
    products = [{"name": "Lantern", "quantity": "2", "price": 550.0}]

    page = await cko.made("/hosted-payments", HOSTED | {"amount": "1100", "products": products})
    link = await cko.made("/payment-links", HOSTED | {"amount": 1100.0, "expires_in": "60"})

    found = (await cko.get(f"/hosted-payments/{page['id']}")).json()
    assert json.dumps([found["amount"], found["products"]]) == json.dumps(
        [1100, [{"name": "Lantern", "quantity": 2, "price": 550}]]
    )
    assert link["expires_on"] == "2026-03-04T05:01:00+00:00"


async def test_the_cartridges_alipay_payment_is_taken_with_a_bare_key(sim: Sim, previous: Merchant) -> None:
    answer = await previous.post("/payments", CARTRIDGE, Content_Type="application/json;charset=UTF-8")

    body = answer.json()
    assert (answer.status_code, body["status"]) == (202, "Pending")
    await previous.pay(body["id"])
    found = await previous.payment(body["id"])
    assert (found["status"], found["amount"], found["metadata"]) == ("Captured", 4020, {"udf1": "case"})


async def test_a_previous_key_is_sent_bare_and_a_default_key_never(sim: Sim) -> None:
    own = sim.credentials("checkoutcom")

    async def status(authorization: str) -> int:
        answer = await sim.http.get("/payments?reference=x", headers={"Authorization": authorization})
        return answer.status_code

    assert await status(own["previous_secret_key"]) == 200
    assert await status(f"Bearer {own['secret_key']}") == 200
    assert await status(own["secret_key"]) == 401
    assert await status(f"Bearer {own['previous_secret_key']}") == 401


async def test_json_is_read_as_json_whatever_it_is_called(cko: Merchant) -> None:
    """curl calls every body a form unless it is told otherwise, and the published samples do not tell it."""
    for media_type in ("application/x-www-form-urlencoded", "text/plain", "application/json;charset=UTF-8"):
        body = json.dumps(RECURRING).encode()

        assert (await cko.post("/payments", body, Content_Type=media_type)).status_code == 202, media_type


@pytest.mark.parametrize("written", ["true", "false", "True", "1", "0"])
async def test_a_boolean_in_a_query_is_written_in_many_ways(cko: Merchant, written: str) -> None:
    answer = await cko.get(f"/disputes?this_channel_only={written}")

    assert (answer.status_code, answer.json()["this_channel_only"]) == (200, written.lower() in ("true", "1"))


@pytest.mark.parametrize("limit", ["1_0", "+5", "5.0", "²", "１０", " 5"])
async def test_a_number_in_a_query_is_written_in_ascii_digits(cko: Merchant, limit: str) -> None:
    answer = await cko.send("GET", f"/payments?reference=x&limit={limit.replace('+', '%2B').replace(' ', '%20')}")

    assert (answer.status_code, answer.json()["error_codes"]) == (422, ["paging_limit_invalid"])


@pytest.mark.parametrize("amount", [{}, {"amount": None}, {"amount": 0}])
async def test_the_previous_platform_takes_a_payment_without_an_amount_and_says_that_live_may_not(
    sim: Sim, previous: Merchant, amount: dict[str, Any]
) -> None:
    """Its document does not require one; nobody has seen what Alipay makes of it."""
    body = {"source": {"type": "alipay"}, "currency": "USD", "reference": "Reference", "merchant_initiated": False}

    answer = await previous.post("/payments", body | amount)

    assert (answer.status_code, answer.json()["status"]) == (202, "Pending")
    assert "amount is missing or 0" in answer.headers["simulator-notice"]
    await previous.pay(answer.json()["id"])
    found = await previous.payment(answer.json()["id"])
    assert (found["status"], found["amount"], set(found["balances"].values())) == ("Captured", 0, {0})
    async with Sim(strict=True) as strict:
        refused = await Merchant(strict, previous=True).refused(body | amount)
        assert refused == ("request_invalid", ["amount_invalid"])
