"""The published answers, key by key and in their order; ids, times and addresses are masked."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, ONE_TIME, RECURRING, Merchant, workflow

GOLDEN = {
    "one-time": """{"id": "pay_bsrduhejxiuerlh32hb5n6dvae", "status": "Pending", "reference": "ORD-5023-4E89",
"customer": {"id": "cus_2g4ehcpm6phexgkzahlwxvbgne", "email": "john.smith@example.com", "name": "John Smith"},
"_links": {"self": {"href": "https://api.checkout.com/payments/pay_bsrduhejxiuerlh32hb5n6dvae"},
"redirect": {"href": "https://psp.ac.alipay.com/page/simulation-wallet/acwallet/alipayconnectcode.html?code=28"}}}""",
    "recurring": """{"id": "pay_4z3h7526xn6evko3vnybrmnu4e", "status": "Pending", "reference": "ORD-5023-4E89",
"customer": {"id": "cus_2g4ehcpm6phexgkzahlwxvbgne", "email": "john.smith@example.com", "name": "John Smith"},
"source": {"id": "src_gnyde6bvifsukobwjb2vkwkbni", "type": "alipay_cn"},
"_links": {"self": {"href": "https://gwc.ckotech.co/gateway/payments/pay_4z3h7526xn6evko3vnybrmnu4e"},
"redirect": {"href": "https://g.alipayplus.com/page/aplus-linker/acwallet/qrcode.html?url=alipayconne"}}}""",
    "follow-up": """{"id": "pay_xljv6f7ye4lebinkv7i7pho634", "status": "Pending", "reference": "ORD-5023-4E89-1234",
"customer": {"id": "cus_mzrvode5g2jubm4bgbaad2usbu", "email": "john.smith@example.com", "name": "John Smith"},
"source": {"id": "src_inmwstthmjyfcskeir3gcqtyj4", "type": "alipay_cn"},
"_links": {"self": {"href": "https://gwc.ckotech.co/gateway/payments/pay_xljv6f7ye4lebinkv7i7pho634"}}}""",
    "refund": """{"action_id": "act_c4x2vjvnx4uelb4io72fa4e57a",
"_links": {"payment": {"href": "http://gwc.ckotech.co/gateway/payments/pay_fzzdurog3squjj2ityho7x3o64"}}}""",
    "workflow": """{"id": "wf_kkgzt7swhpretkm2bkn4ygwcne",
"_links": {"self": {"href": "https://api.sandbox.checkout.com/workflows/wf_kkgzt7swhpretkm2bkn4ygwcne"}}}""",
    "previous": """{"id": "pay_3elm33vykciuxapco2b7yboloy", "status": "Pending",
"customer": {"id": "cus_j4bsdqyix3werouww6g2wxjype"},
"_links": {"self": {"href": "https://sandbox.checkout.com/api2/payments/pay_3elm33vykciuxapco2b7yboloy"},
"redirect": {"href": "https://sandbox.checkout.com/LP.Core/api/payment/108674"}}}""",
}


def masked(value: Any) -> str:
    """The address keeps its file, so that the kind of page still counts."""
    text = re.sub(r'"https?://[^"]*?([A-Za-z.]+\.html)[^"]*"', r'"URL \1"', json.dumps(value))
    return re.sub(r"[a-z]+_[a-z2-7]{26}", "ID", re.sub(r'"https?://[^"]*"', '"URL"', text))


@pytest.mark.parametrize("name", GOLDEN)
async def test_the_published_answer_is_given(sim: Sim, cko: Merchant, previous: Merchant, name: str) -> None:
    known = await cko.paid(RECURRING)
    match name:
        case "one-time":
            answer = await cko.post("/payments", ONE_TIME)
        case "recurring":
            answer = await cko.post("/payments", RECURRING)
        case "follow-up":
            answer = await cko.post("/payments", FOLLOW_UP | {"source": {"type": "id", "id": known["source"]["id"]}})
        case "refund":
            answer = await cko.refund(known["id"], {"amount": 20})
        case "workflow":
            answer = await cko.post("/workflows", workflow())
        case _:
            answer = await previous.post("/payments", {"source": {"type": "alipay"}, "amount": 2000, "currency": "USD"})

    assert answer.status_code == (201 if name == "workflow" else 202)
    assert masked(answer.json()) == masked(json.loads(GOLDEN[name]))


async def test_the_published_follow_up_works_exactly_as_printed(cko: Merchant) -> None:
    """It names an agreement that no request of the page makes: every workspace has it."""
    first = await cko.request(FOLLOW_UP)
    second = await cko.request(FOLLOW_UP | {"reference": "ORD-5023-4E89-1235"})

    assert first["status"] == "Pending"
    assert first["source"] == {"id": "src_inmwstthmjyfcskeir3gcqtyj4", "type": "alipay_cn"}
    assert "redirect" not in first["_links"]
    assert first["customer"] == second["customer"]
    assert (first["customer"]["email"], first["customer"]["name"]) == ("john.smith@example.com", "John Smith")
