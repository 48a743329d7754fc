"""The published answers, key by key and in their order; ids, times and addresses are masked."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, ONE_TIME, RECURRING, Merchant, workflow
from providers.checkoutcom.test_sessions import DATA, SESSION
from providers.checkoutcom.test_setups import READY, SETUP

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
    for shape in (
        r"ps_[0-9A-Za-z]{27}",
        r"pss_[0-9a-f-]{36}",
        r"(?<=YmFzZTY0:)[A-Za-z0-9+/=…]+",
        r"[0-9a-f]{8}-[0-9a-f-]{27}",
    ):
        text = re.sub(shape, "ID", text)
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


QR = "https://g.alipayplus.com/page/aplus-linker/acwallet/qrcode.html?url=alipayconnect"
ACTION = f"""{{"id": "pay_cbndy7kofnve7de5bypsuo2mlu", "status": "Action Required", "type": "alipay_cn",
"action": {{"type": "redirect", "url": "{QR}"}}"""
PAYMENT = """{"id": "pay_4z3h7526xn6evko3vnybrmnu4e", "status": "Pending", "reference": "SETUP-1",
"customer": {"id": "cus_adxp7qbuck6evhppaaisem2eku"},
"_links": {"self": {"href": "https://api.checkout.com/payments/pay_4z3h7526xn6evko3vnybrmnu4e"},
"redirect": {"href": "https://psp.ac.alipay.com/page/simulation-wallet/acwallet/alipayconnectcode.html?code=28"}}}"""
WHOLE_SETUP = """{"id": "set_ju6cwgtplzyubautus24nv7i7e", "processing_channel_id": "pc_dfv7ool22prehj2dw737fgguiu",
"amount": 1000, "currency": "CNY", "payment_type": "Regular", "reference": "SETUP-1", "payment_methods": {
"alipay_cn": {"status": "ready", "flags": [], "terminal_type": "app", "os_type": "ios"},
"alipay_hk": {"status": "ready", "flags": []}}, "available_payment_methods": ["alipay_cn", "alipay_hk"],
"settings": {"capture": true, "success_url": "http://127.0.0.1:9000/ok", "failure_url": "http://127.0.0.1:9000/ko"},
"customer": {"email": {"address": "li.na@example.test", "verified": true}, "name": "Li Na"}"""
SELF = """"_links": {"self": {"href": "https://api.checkout.com/payments/setups/set_ju6cwgtplzyubautus24nv7i7e"}"""
FLOW: dict[str, tuple[int, str]] = {
    "session": (
        201,
        """{"id": "ps_3ASyjMSoTq8t1A9J9s9MzD7iV7n", "payment_session_token": "YmFzZTY0:eyJpZCI6",
"payment_session_secret": "pss_3f0e8d52-7c41-4b6a-9d20-5a1b2c3d4e5f",
"_links": {"self": {"href": "https://api.checkout.com/payment-sessions/ps_3ASyjMSoTq8t1A9J9s9MzD7iV7n"}}}""",
    ),
    "submit": (202, ACTION + "}"),
    "complete": (
        202,
        f"""{ACTION}, "payment_session_id": "ps_3ASyjMSoTq8t1A9J9s9MzD7iV7n",
"payment_session_secret": "pss_3f0e8d52-7c41-4b6a-9d20-5a1b2c3d4e5f"}}""",
    ),
    "declined": (
        201,
        """{"id": "pay_kkgq4pyqpv2ehhizq5cigz37si", "status": "Declined", "type": "alipay_cn",
"decline_reason": "not_enough_funds"}""",
    ),
    "invalid": (
        422,
        """{"request_id": "0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5", "error_type": "request_invalid",
"error_codes": ["amount_invalid", "customer_email_invalid"]}""",
    ),
    "unknown": (404, """{"request_id": "0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e6", "error_type": "resource_not_found"}"""),
    "setup": (200, f"{WHOLE_SETUP}, {SELF}}}}}"),
    "no amount": (
        422,
        """{"request_id": "0c1d2e3f-4a5b-4c6d-8e7f-90a1b2c3d4e5", "error_type": "request_invalid",
"error_codes": ["amount_required"]}""",
    ),
    "confirm": (202, PAYMENT),
    "confirm, the other reading": (
        202,
        f"""{WHOLE_SETUP}, "latest_payment": {PAYMENT}, {SELF},
"redirect": {{"href": "https://psp.ac.alipay.com/page/simulation-wallet/acwallet/alipayconnectcode.html?code=28"}}}}}}""",
    ),
}
"""By what they answer: the examples of Flow and of payment setups, as the official clients' fixtures have them."""


async def test_flow_and_setups_answer_as_published(sim: Sim, cko: Merchant) -> None:
    async def submitted(**session: Any) -> Any:
        made = await cko.made("/payment-sessions", SESSION | session)
        return await cko.post(f"/payment-sessions/{made['id']}/submit", {"session_data": DATA})

    async def confirmed() -> Any:
        setup = (await cko.post("/payments/setups", SETUP | READY)).json()
        return await cko.post(f"/payments/setups/{setup['id']}/confirm/alipay_cn")

    without = {name: value for name, value in SETUP.items() if name != "amount"}
    answers = {
        "session": await cko.post("/payment-sessions", SESSION),
        "submit": await submitted(),
        "complete": await cko.post("/payment-sessions/complete", SESSION | {"session_data": DATA}),
        "invalid": await cko.post("/payment-sessions", SESSION | {"amount": -1, "customer": {"email": "nobody"}}),
        "unknown": await cko.post("/payment-sessions/ps_unknown/submit", {"session_data": DATA}),
        "setup": await cko.post("/payments/setups", SETUP | READY),
        "no amount": await cko.post("/payments/setups", without),
        "confirm": await confirmed(),
    }
    await sim.settings("checkoutcom", setups_confirm_response="setup")
    answers["confirm, the other reading"] = await confirmed()
    await sim.arm([{"when": {"operation": "pay"}, "provider": {"decline": "not_enough_funds"}}])
    answers["declined"] = await submitted()

    assert answers.keys() == FLOW.keys()
    for name, answer in answers.items():
        status, body = FLOW[name]
        assert answer.status_code == status, name
        assert masked(answer.json()) == masked(json.loads(body)), name
