"""Payment sessions (Flow): made by the shop's server, submitted by it, or paid by the component in the shopper's browser."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest
from support import STARTED, Sim

from providers.checkoutcom.driver import Merchant
from simulator.kernel.ids import Ids
from simulator.providers.checkoutcom.model import new_session_id
from simulator.providers.checkoutcom.wire.sessions import session_data

DATA = "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0"
SESSION: dict[str, Any] = {
    "amount": 1100,
    "currency": "CNY",
    "reference": "FLOW-1001",
    "billing": {"address": {"country": "CN"}},
    "customer": {"email": "li.na@example.test", "name": "Li Na"},
    "items": [{"name": "Tea", "quantity": 1, "unit_price": 1100, "reference": "SKU-1"}],
    "success_url": "http://127.0.0.1:9000/ok?order=77",
    "failure_url": "http://127.0.0.1:9000/ko?order=77",
    "enabled_payment_methods": ["alipay_cn"],
    "locale": "en-GB",
    "metadata": {"order": "77"},
}


async def made(cko: Merchant, **changes: Any) -> dict[str, Any]:
    return await cko.made("/payment-sessions", SESSION | changes)


async def submitted(cko: Merchant, session: dict[str, Any], **more: Any) -> httpx.Response:
    return await cko.post(f"/payment-sessions/{session['id']}/submit", {"session_data": DATA, **more})


async def from_browser(sim: Sim, session: dict[str, Any], data: str = DATA) -> httpx.Response:
    """What the component calls, from a page of another origin."""
    headers = {
        "Authorization": f"Bearer {sim.credentials('checkoutcom')['public_key']}",
        "Origin": "https://shop.example",
    }
    body = {"session_data": data, "payment_session_secret": session["payment_session_secret"]}
    return await sim.http.post(f"/payment-sessions/{session['id']}/pay", json=body, headers=headers)


def decoded(token: str) -> dict[str, Any]:
    prefix, _, rest = token.partition(":")
    assert base64.b64decode(prefix) == b"base64"
    found: dict[str, Any] = json.loads(base64.b64decode(rest, validate=True))
    return found


def test_an_id_is_a_ksuid_of_its_second() -> None:
    assert new_session_id(Ids(lambda n: bytes(range(n))), STARTED) == "ps_3ASyjMSoTq8t1A9J9s9MzD7iV7n"


async def test_a_session_is_made_with_a_token_that_says_all(sim: Sim, cko: Merchant) -> None:
    body = await made(cko)

    assert list(body) == ["id", "payment_session_token", "payment_session_secret", "_links"]
    assert re.fullmatch(r"ps_3ASyj[0-9A-Za-z]{22}", body["id"])
    assert re.fullmatch(
        r"pss_[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", body["payment_session_secret"]
    )
    assert body["_links"] == {"self": {"href": f"http://sim.test/payment-sessions/{body['id']}"}}
    channel = sim.credentials("checkoutcom")["processing_channel_id"]
    token = decoded(body["payment_session_token"])
    assert token == {
        "id": body["id"],
        "entity_id": channel.replace("pc_", "ent_"),
        "experiments": {},
        "processing_channel_id": channel,
        "amount": 1100,
        "locale": "en-GB",
        "currency": "CNY",
        "payment_methods": [{"type": "alipay_cn"}],
        "feature_flags": [],
        "risk": {"enabled": False},
        "merchant_name": "Riverside Books",
        "payment_session_secret": body["payment_session_secret"],
        "payment_type": "Regular",
        "integration_domain": "sim.test",
    }


async def test_a_submitted_session_is_an_ordinary_payment(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)

    answer = await submitted(
        cko, session, reference="ORDER-77", success_url="http://127.0.0.1:9000/ok?order=77&key=wc_1"
    )

    body = answer.json()
    assert answer.status_code == 202
    assert {**body, "id": "", "action": {**body["action"], "url": ""}} == {
        "id": "", "status": "Action Required", "type": "alipay_cn", "action": {"type": "redirect", "url": ""},
    }  # fmt: skip
    assert "/page/aplus-linker/acwallet/qrcode.html?url=alipayconnect" in body["action"]["url"]
    cashier = await sim.http.get(body["action"]["url"])
    assert 'data-testid="wallet-cashier"' in cashier.text
    await cko.pay(body["id"])
    paid = await cko.payment(body["id"])
    assert (paid["status"], paid["reference"], paid["source"]) == ("Captured", "ORDER-77", {"type": "alipay_cn"})
    assert paid["metadata"] == {"order": "77", "cko_payment_session_id": session["id"]}
    assert paid["customer"]["email"] == "li.na@example.test"
    assert cko.heard() == ["payment_pending", "payment_capture_pending", "payment_captured"]
    assert {hook.body["data"]["metadata"]["cko_payment_session_id"] for hook in sim.hooks} == {session["id"]}
    back = (await sim.payment("checkoutcom", body["id"]))["wallet"]["return_url"]
    sid = re.search(r"cko-session-id=(sid_\w+)", back)
    assert sid is not None
    assert back == (
        f"http://127.0.0.1:9000/ok?order=77&key=wc_1&cko-session-id={sid[1]}&cko-payment-id={body['id']}"
        f"&cko-payment-session-id={session['id']}"
    )


async def test_the_component_pays_from_a_page_of_another_origin(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    path = f"/payment-sessions/{session['id']}"

    asked = await sim.http.request(
        "OPTIONS", f"{path}/pay", headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    )
    answer = await from_browser(sim, session, session_data(type="alipay_cn", terminal_type="WAP", os_type="IOS"))
    public = {"Authorization": f"Bearer {sim.credentials('checkoutcom')['public_key']}"}
    shown = await sim.http.get(path, headers=public)

    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
    assert asked.headers["access-control-allow-headers"] == "Authorization, Content-Type"
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (202, "*")
    assert "/page/simulation-wallet/acwallet/alipayconnectcode.html?code=" in answer.json()["action"]["url"]
    assert shown.headers["access-control-allow-origin"] == "*"
    assert shown.json()["payment"] == {
        "id": answer.json()["id"], "status": "Pending", "source": {"type": "alipay_cn"},
    }  # fmt: skip
    assert (await cko.get(path)).json()["payment"]["reference"] == "FLOW-1001"


async def test_who_may_call_what(sim: Sim, cko: Merchant, previous: Merchant) -> None:
    session = await made(cko)
    own = sim.credentials("checkoutcom")
    path = f"/payment-sessions/{session['id']}"

    async def status(key: str, path: str, body: dict[str, str]) -> int:
        return (await sim.http.post(path, json=body, headers={"Authorization": key})).status_code

    public, secret = f"Bearer {own['public_key']}", f"Bearer {own['secret_key']}"
    right = {"session_data": DATA, "payment_session_secret": session["payment_session_secret"]}
    assert await status(public, "/payment-sessions", {}) == 403
    assert await status(public, f"{path}/submit", right) == 403
    assert await status(secret, f"{path}/pay", right) == 403
    assert await status(public, f"{path}/pay", right | {"payment_session_secret": "pss_other"}) == 403
    assert await status(previous.headers["Authorization"], f"{path}/submit", right) == 403
    unknown = await cko.post("/payment-sessions/ps_unknown/submit", {"session_data": DATA})
    assert unknown.status_code == 404
    assert unknown.json() == {
        "request_id": unknown.headers["cko-request-id"], "error_type": "resource_not_found",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", "session_data_invalid"),
        ("made-up", "session_data_invalid"),
        ("sd_!!!", "session_data_invalid"),
        (session_data(kind="alipay_cn"), "session_data_invalid"),
        (session_data(type="card"), "payment_method_not_supported"),
        (session_data(type="alipay_hk"), "payment_method_not_supported"),
    ],
)
async def test_session_data_that_no_component_made_is_refused(cko: Merchant, data: str, code: str) -> None:
    answer = await submitted(cko, await made(cko), session_data=data)

    assert (answer.status_code, answer.json()["error_codes"]) == (422, [code])


async def test_a_session_can_be_tried_again_until_it_is_paid_or_expires(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    first = (await submitted(cko, session)).json()
    await sim.act("checkoutcom", first["id"], "decline")

    second = (await submitted(cko, session)).json()
    await cko.pay(second["id"])
    third = await submitted(cko, session)

    assert first["id"] != second["id"]
    assert (await cko.status(first["id"]), await cko.status(second["id"])) == ("Declined", "Captured")
    assert (third.status_code, third.json()["error_codes"]) == (422, ["payment_session_already_paid"])
    late = await made(cko)
    await sim.advance(hours=1)
    assert (await submitted(cko, late)).json()["error_codes"] == ["payment_session_expired"]
