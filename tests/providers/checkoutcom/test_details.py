"""What a payment shows: the documented members in their order, the balances, the links, the session."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from support import Sim

from providers.checkoutcom.driver import ONE_TIME, RECURRING, Merchant
from simulator.kernel.ids import Ids

SEED_CAPTURED = """{"id": "pay_bsrduhejxiuerlh32hb5n6dvae", "requested_on": "2022-09-02T07:15:58.894077Z",
"source": {"type": "alipay_cn"}, "items": [{"name": "1st item name", "unit_price": 10, "reference": "1st item reference"}],
"amount": 1100, "currency": "EUR", "payment_type": "Regular", "reference": "ORD-5023-4E89", "status": "Captured",
"approved": true, "balances": {"total_authorized": 1100, "total_voided": 0, "available_to_void": 0,
"total_captured": 1100, "available_to_capture": 0, "total_refunded": 0, "available_to_refund": 1100},
"customer": {"id": "cus_mzrvode5g2jubm4bgbaad2usbu", "email": "john.smith@example.com", "name": "John Smith"},
"shipping": {"address": {"country": "GB"}}, "processing": {"partner_customer_id": "210220900020124540718"},
"_links": {"self": {"href": "https://gwc.ckotech.co/gateway/payments/pay_7domcpi745nu5bdhm5rtrblbem"},
"actions": {"href": "https://gwc.ckotech.co/gateway/payments/pay_7domcpi745nu5bdhm5rtrblbem/actions"},
"refund": {"href": "https://gwc.ckotech.co/gateway/payments/pay_7domcpi745nu5bdhm5rtrblbem/refunds"}}}"""
MASKS = (
    (r"[a-z]+_[a-z2-7]{26}", "ID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
    (r"https?://[^/\"]+(/gateway)?", "BASE"),
)


def masked(value: Any) -> str:
    """JSON with ids, times and origins masked, key order kept; the wallet's number of the buyer is one too."""
    text = json.dumps(value)
    for pattern, mask in MASKS:
        text = re.sub(pattern, mask, text)
    return re.sub(r'("partner_customer_id": ")\d{21}"', r'\1ID"', text)


async def test_a_captured_payment_is_the_seeds_example_key_by_key(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(RECURRING | {"payment_type": "Regular"})

    assert masked(await cko.payment(created["id"])) == masked(json.loads(SEED_CAPTURED))


async def test_a_pending_payment_can_still_be_paid_by_its_link(cko: Merchant) -> None:
    created = await cko.request(ONE_TIME)

    found = await cko.payment(created["id"])

    assert (found["status"], found["approved"], set(found["balances"].values())) == ("Pending", False, {0})
    assert list(found["_links"]) == ["self", "actions", "redirect"]
    assert found["_links"]["redirect"] == created["_links"]["redirect"]
    assert list(found["items"][0]) == ["name", "quantity", "unit_price", "reference"]
    assert found["requested_on"] == "2026-03-04T05:00:00Z"


async def test_metadata_keep_their_types_and_optional_members_their_places(cko: Merchant) -> None:
    more = {"description": "A lantern", "payment_ip": "192.0.2.7", "metadata": {"order": 77, "gift": True, "note": "x"}}
    created = await cko.paid(RECURRING | more)

    found = await cko.payment(created["id"])

    assert list(found) == [
        "id", "requested_on", "source", "items", "amount", "currency", "payment_type", "reference", "description",
        "status", "approved", "balances", "customer", "shipping", "payment_ip", "processing", "metadata", "_links",
    ]  # fmt: skip
    assert found["metadata"] == more["metadata"]
    assert found["source"] == {"id": created["source"]["id"], "type": "alipay_cn"}


@pytest.mark.parametrize(("act", "target"), [("pay", "success"), ("decline", "failure"), ("cancel", "failure")])
async def test_the_browser_comes_back_with_a_session_that_reads_the_payment(
    sim: Sim, cko: Merchant, act: str, target: str
) -> None:
    urls = {
        "success_url": "https://shop.example/success?a=1#top",
        "failure_url": "https://shop.example/failure?a=1#top",
    }
    created = await cko.request(ONE_TIME | urls)
    await sim.act("checkoutcom", created["id"], act)
    page = (await sim.http.get(created["_links"]["redirect"]["href"])).text

    match = re.search(r'href="([^"]+)"[^>]*data-testid="cko-done"', page)
    assert match is not None
    back = urlsplit(match[1].replace("&amp;", "&"))
    query = parse_qs(back.query)
    await sim.advance(seconds=5)
    found = (await cko.get(f"/payments/{query['cko-session-id'][0]}")).json()

    assert (back.path, back.fragment) == (f"/{target}", "top")
    assert list(query) == ["a", "cko-session-id", "cko-payment-id"]
    assert query["cko-payment-id"] == [created["id"]]
    assert found["id"] == created["id"]
    [action] = found["actions"]
    assert action["type"] == ("Capture" if act == "pay" else "Authorization")
    if act == "pay":
        assert list(action) == ["id", "type", "response_code", "response_summary"]
        assert list(found)[-2:] == ["actions", "_links"]


async def test_actions_are_an_array_newest_first(sim: Sim, cko: Merchant) -> None:
    created = await cko.request()
    nothing = await cko.actions(created["id"])
    await cko.pay(created["id"])
    answer = await cko.refund(created["id"], {"amount": 20, "reference": "RF-1", "metadata": {"why": "late"}})
    [pending, _] = await cko.actions(created["id"])
    await sim.advance(seconds=5)

    refund, capture = await cko.actions(created["id"])

    assert nothing == []
    assert list(answer.json()) == ["action_id", "reference", "_links"]
    assert (pending["approved"], "response_code" in pending) == (None, False)
    assert list(refund) == [
        "id", "type", "processed_on", "amount", "approved", "response_code", "response_summary", "reference", "metadata",
    ]  # fmt: skip
    assert (refund["id"], refund["type"], refund["amount"]) == (answer.json()["action_id"], "Refund", 20)
    assert list(capture) == [
        "id", "type", "processed_on", "amount", "approved", "response_code", "response_summary", "reference", "processing",
    ]  # fmt: skip
    assert (capture["type"], capture["reference"], capture["response_code"]) == ("Capture", "ORD-5023-4E89", "10000")


async def test_a_reversal_refunds_everything_that_is_left(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid(amount=1100)
    await cko.refund(created["id"], {"amount": 100})
    await sim.advance(seconds=5)

    answer = await cko.post(f"/payments/{created['id']}/reversals", {"reference": "REV-1"})
    await sim.advance(seconds=5)

    assert answer.status_code == 202
    assert list(answer.json()) == ["action_id", "reference", "action_type", "_links"]
    assert answer.json()["action_type"] == "Refund"
    assert await cko.status(created["id"]) == "Refunded"


@pytest.mark.parametrize("body", [None, {}, {"amount": 0}, {"amount": None}])
async def test_a_refund_without_an_amount_is_of_everything(sim: Sim, cko: Merchant, body: Any) -> None:
    created = await cko.paid(amount=1100)

    answer = await cko.refund(created["id"], body, content_type="application/json")
    await sim.advance(seconds=5)

    assert answer.status_code == 202
    assert await cko.status(created["id"]) == "Refunded"


def test_ids_are_base32_of_a_little_endian_guid() -> None:
    guid = uuid.UUID("3f0e8d52-7c41-4b6a-9d20-5a1b2c3d4e5f")

    made = Ids(lambda n: guid.bytes).base32_guid()

    assert made == "kkgq4p2bprvexhjalinsypkol4"
    raw = base64.b32decode(made.upper() + "======")
    assert uuid.UUID(bytes_le=raw) == guid


async def test_every_wallet_of_alipay_plus_names_itself_in_the_link(cko: Merchant) -> None:
    for type_ in ("alipay_cn", "alipay_hk", "alipay_plus", "gcash", "dana", "kakaopay", "truemoney", "tng"):
        created = await cko.request(ONE_TIME | {"source": {"type": type_}})
        assert f"pspName={type_.upper()}&loadMode=2" in created["_links"]["redirect"]["href"]
        assert (await cko.payment(created["id"]))["source"] == {"type": type_}


async def test_customs_fields_are_accepted_in_both_places_and_shown_nowhere(cko: Merchant) -> None:
    customs = {"customsCode": "ZONGSHU", "merchantCustomsCode": "M-1", "merchantCustomsName": "Riverside"}
    created = await cko.request(ONE_TIME | customs | {"processing": ONE_TIME["processing"] | customs})

    assert "ustoms" not in json.dumps(await cko.payment(created["id"]))


async def test_string_booleans_and_unknown_members_are_tolerated(cko: Merchant) -> None:
    more = {"capture": "false", "merchant_initiated": "true", "capture_on": "2026-01-01T10:00:00", "wishes": [1]}

    assert (await cko.request(ONE_TIME | more))["status"] == "Pending"
