"""Payment sessions (Flow): made by the shop's server, submitted by it, or paid by the component in the shopper's browser."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
from pressing import page_of
from support import STARTED, Sim

from providers.checkoutcom.driver import Merchant
from providers.checkoutcom.test_oauth import with_scope
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


async def from_browser(sim: Sim, session: dict[str, Any], data: str = DATA, agent: str = "Desktop") -> httpx.Response:
    """What the component calls, from a page of another origin."""
    headers = {
        "Authorization": f"Bearer {sim.credentials('checkoutcom')['public_key']}",
        "Origin": "https://shop.example",
        "User-Agent": agent,
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


async def test_the_sessions_id_can_be_missing_on_the_way_back(sim: Sim, cko: Merchant) -> None:
    """As a shop plugin's authors have seen it, whose fallback can be tried so."""
    await sim.settings("checkoutcom", flow_return_params="without_session")
    payment = (await submitted(cko, await made(cko))).json()["id"]

    await cko.pay(payment)

    back = (await sim.payment("checkoutcom", payment))["wallet"]["return_url"]
    assert re.fullmatch(rf"http://127.0.0.1:9000/ok\?order=77&cko-session-id=sid_\w+&cko-payment-id={payment}", back)


async def test_the_component_pays_from_a_page_of_another_origin(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    path = f"/payment-sessions/{session['id']}"

    asked = await sim.http.request(
        "OPTIONS", f"{path}/pay", headers={"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    )
    answer = await from_browser(sim, session, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Mobile/15E148")
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
    desktop = await from_browser(sim, session)
    assert "/page/aplus-linker/acwallet/qrcode.html?url=" in desktop.json()["action"]["url"]
    said = await made(cko, processing={"terminal_type": "APP", "os_type": "ANDROID"})
    refused = await from_browser(sim, said, "sd_other")
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (422, "*")
    known = await from_browser(sim, said, agent="Mozilla/5.0 (iPhone) Mobile")
    assert "APP on ANDROID" in (await sim.http.get(known.json()["action"]["url"])).text


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


NO_DATA = (
    "",
    "made-up",
    "sd_!!!",
    "eyJ0eXBlIjoiYWxpcGF5X2NuIn0",
    DATA + "=",
    DATA.upper(),
    session_data("card"),
    session_data("alipay_hk"),
    "sd_eyJ0eXBlIjogImFsaXBheV9jbiJ9",  # {"type": "alipay_cn"}, with a space
    "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIiwidGVybWluYWxfdHlwZSI6IldBUCJ9",  # of a terminal too
)


async def test_session_data_is_the_constant_of_a_wallet_that_the_session_offers(cko: Merchant) -> None:
    """On every device the same, so that a script needs no browser."""
    session = await made(cko)
    unnamed = {name: value for name, value in SESSION.items() if name != "enabled_payment_methods"}

    found = {data: (await submitted(cko, session, session_data=data)).json()["error_codes"] for data in NO_DATA}
    completed = await cko.post("/payment-sessions/complete", unnamed | {"session_data": DATA + "="})
    card = await cko.post("/payment-sessions/complete", unnamed | {"payment_method": {"type": "card"}})

    assert session_data("alipay_cn") == DATA
    assert found == {data: ["session_data_invalid"] for data in NO_DATA}
    assert (completed.status_code, completed.json()["error_codes"]) == (422, ["session_data_invalid"])
    assert (card.status_code, card.json()["error_codes"]) == (422, ["payment_method_not_supported"])
    assert (await submitted(cko, session)).status_code == 202


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


REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"amount": -1, "customer": {"email": "nobody"}}, ["amount_invalid", "customer_email_invalid"]),
    ({"amount": None}, ["amount_invalid"]),
    ({"currency": "XXY"}, ["currency_invalid"]),
    ({"currency": "BRL"}, ["currency_not_supported"]),
    ({"billing": None}, ["billing_address_country_required"]),
    ({"billing": {"address": {}}}, ["billing_address_country_required"]),
    (
        {"billing": {"address": {"country": "CN"}, "phone": {"country_code": "+86", "number": "one"}}},
        ["billing_phone_number_invalid"],
    ),
    ({"3ds": {"challenge_indicator": "low_value"}}, ["three_ds_invalid"]),
    ({"success_url": None, "failure_url": None}, ["success_url_required", "failure_url_required"]),
    ({"enabled_payment_methods": ["alipay"]}, ["enabled_payment_methods_invalid"]),
    ({"disabled_payment_methods": ["alipay_plus"]}, ["disabled_payment_methods_invalid"]),
    ({"locale": "xx"}, ["locale_invalid"]),
    ({"customer": {"id": "cus_" + "a" * 26}}, ["customer_not_found"]),
    ({"expires_on": "2026-03-04T04:59:59Z"}, ["expires_on_invalid"]),
    ({"processing_channel_id": "pc_1"}, ["processing_channel_id_invalid"]),
]


async def test_a_session_that_cannot_be_is_refused_with_every_code(cko: Merchant) -> None:
    for changes, codes in REFUSED:
        body = {name: value for name, value in (SESSION | changes).items() if value is not None}

        answer = await cko.post("/payment-sessions", body)

        assert answer.status_code == 422, changes
        assert list(answer.json()) == ["request_id", "error_type", "error_codes"]
        assert (answer.json()["error_type"], answer.json()["error_codes"]) == ("request_invalid", codes)


OFFERS: list[tuple[dict[str, Any], list[str]]] = [
    ({"enabled_payment_methods": []}, ["alipay_cn", "alipay_hk"]),
    ({"enabled_payment_methods": ["card", "gcash", "alipay_cn"]}, ["alipay_cn", "gcash"]),
    ({"enabled_payment_methods": [], "disabled_payment_methods": ["alipay_hk"]}, ["alipay_cn"]),
    ({"enabled_payment_methods": ["card"]}, []),
]


async def test_a_session_offers_what_is_enabled_and_not_disabled(cko: Merchant) -> None:
    for changes, names in OFFERS:
        token = decoded((await made(cko, **changes))["payment_session_token"])

        assert [method["type"] for method in token["payment_methods"]] == names


async def test_strict_availability_asks_for_currency_country_and_email(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", flow_strict_availability=True)
    fitting: dict[str, Any] = {"enabled_payment_methods": [], "currency": "HKD"}

    async def offered(**changes: Any) -> list[str]:
        token = decoded((await made(cko, **fitting | changes))["payment_session_token"])
        return [method["type"] for method in token["payment_methods"]]

    assert await offered() == ["alipay_cn"]
    assert await offered(billing={"address": {"country": "HK"}}) == ["alipay_hk"]
    assert await offered(currency="EUR") == []
    assert await offered(customer={"name": "Li Na"}) == []


async def test_a_session_ends_when_it_says_and_its_try_with_it(sim: Sim, cko: Merchant) -> None:
    session = await made(cko, expires_on="2026-03-04T05:05:00Z")
    payment = (await submitted(cko, session)).json()["id"]

    await sim.advance(minutes=5)

    late = await submitted(cko, session)
    assert (late.status_code, late.json()["error_codes"]) == (422, ["payment_session_expired"])
    assert await cko.status(payment) == "Expired"
    assert (await cko.get(f"/payment-sessions/{session['id']}")).json()["status"] == "Expired"


async def test_a_submission_changes_what_the_session_said_but_not_who_pays(cko: Merchant) -> None:
    session = await made(cko)
    said = {
        "amount": 1300,
        "reference": "ORDER-78",
        "items": [{"name": "Tea", "quantity": 1, "unit_price": 1300}],
        "customer": {"email": "other@example.test", "name": "Li N."},
        "metadata": {"order": "78"},
        "locale": "zh-CN",
    }

    answer = await submitted(cko, session, **said)

    assert answer.headers["simulator-notice"].split("; ", 1) == [
        "members that the simulator does not read: locale",
        "customer.email has no effect here; who pays is settled when the session is made",
    ]
    found = await cko.payment(answer.json()["id"])
    assert (found["amount"], found["reference"], found["items"]) == (1300, "ORDER-78", said["items"])
    assert found["metadata"] == {"order": "78", "cko_payment_session_id": session["id"]}
    assert (found["customer"]["email"], found["customer"]["name"]) == ("li.na@example.test", "Li N.")


async def test_without_a_session_it_is_made_and_paid_at_once(sim: Sim, cko: Merchant) -> None:
    body = {name: value for name, value in SESSION.items() if name != "enabled_payment_methods"}

    answer = await cko.post("/payment-sessions/complete", body | {"session_data": DATA, "reference": "FLOW-1002"})
    fixture = await cko.post("/payment-sessions/complete", body | {"payment_method": {"type": "alipay_hk"}})
    nothing = await cko.post("/payment-sessions/complete", body)

    found = answer.json()
    assert answer.status_code == 202
    assert list(found) == ["id", "status", "type", "action", "payment_session_id", "payment_session_secret"]
    await cko.pay(found["id"])
    assert (await cko.get(f"/payment-sessions/{found['payment_session_id']}")).json()["status"] == "Paid"
    assert (fixture.status_code, fixture.json()["type"]) == (202, "alipay_hk")
    assert (nothing.status_code, nothing.json()["error_codes"]) == (422, ["session_data_required"])


async def test_a_scenario_declines_at_once(sim: Sim, cko: Merchant) -> None:
    await sim.arm([{"when": {"operation": "pay"}, "provider": {"decline": "not_enough_funds"}}])
    session = await made(cko)

    answer = await from_browser(sim, session)

    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "id": body["id"], "status": "Declined", "type": "alipay_cn", "decline_reason": "not_enough_funds",
    }  # fmt: skip
    await sim.settle()
    assert cko.heard() == ["payment_declined"]
    assert await cko.status(body["id"]) == "Declined"
    assert (await cko.actions(body["id"]))[0]["response_code"] == "20051"
    completed = await cko.post(
        "/payment-sessions/complete", {**SESSION, "enabled_payment_methods": None, "session_data": DATA}
    )
    assert (completed.status_code, "payment_session_id" in completed.json()) == (201, False)


async def test_a_submission_beside_an_open_try_says_that_both_can_be_paid(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    first, second = [await submitted(cko, session) for _ in range(2)]
    ids = [answer.json()["id"] for answer in (first, second)]

    assert "simulator-notice" not in first.headers
    notice = f"{ids[0]}, an earlier try over 1100 CNY, is still open and can be paid too"
    assert notice in second.headers["simulator-notice"]
    await sim.act("checkoutcom", ids[0], "pay")
    refused = await submitted(cko, session)
    assert (refused.status_code, refused.json()["error_codes"]) == (422, ["payment_session_already_paid"])


async def test_a_method_that_is_not_activated_refuses(sim: Sim, cko: Merchant) -> None:
    await sim.settings("checkoutcom", alipay_refusal="payee_not_onboarded")

    answer = await submitted(cko, await made(cko))

    assert answer.status_code == 422
    assert (answer.json()["error_type"], answer.json()["error_codes"]) == ("invalid_request", ["payee_not_onboarded"])


async def test_a_token_needs_the_scope_of_sessions(sim: Sim) -> None:
    for scope, status in {"payment-sessions": 201, "gateway": 201, "gateway:payment": 403, "vault": 403}.items():
        merchant = await with_scope(sim, scope)

        assert (await merchant.post("/payment-sessions", SESSION)).status_code == status, scope


async def test_the_control_api_decides_about_a_session_too(sim: Sim, cko: Merchant) -> None:
    """As about a hosted page: the first method that it offers is chosen."""
    session = await made(cko)

    await sim.act("checkoutcom", session["id"], "pay")
    await sim.advance(seconds=5)

    found = (await cko.get(f"/payment-sessions/{session['id']}")).json()
    assert (found["status"], found["payment"]["status"]) == ("Paid", "Captured")


async def test_what_is_lawful_here_and_not_there_is_said(sim: Sim, cko: Merchant) -> None:
    session = await made(cko)
    own, path = sim.credentials("checkoutcom"), f"/payment-sessions/{session['id']}"
    public = {"Authorization": f"Bearer {own['public_key']}"}

    def said(answer: httpx.Response) -> str:
        return answer.headers.get("simulator-notice", "")

    assert said(await cko.post("/payment-sessions", SESSION)) == ""
    assert "offers no wallet" in said(
        await cko.post("/payment-sessions", SESSION | {"enabled_payment_methods": ["card"]})
    )
    assert "verifies a card" in said(await cko.post("/payment-sessions", SESSION | {"amount": 0}))
    assert "is a test amount" in said(await cko.post("/payment-sessions", SESSION | {"amount": 1051}))
    assert "secret key" in said(await cko.post("/payment-sessions", SESSION, Origin="https://shop.example"))
    unnamed = {name: value for name, value in SESSION.items() if name != "reference"}
    assert "no reference" in said(await submitted(cko, await cko.made("/payment-sessions", unnamed)))
    assert "no document describes" in said(await sim.http.get(path, headers=public))
    assert said(await sim.http.get(path, headers=public | {"Origin": "http://localhost:3000"})) == ""
    assert "neither https" in said(await sim.http.get(path, headers=public | {"Origin": "http://shop.example"}))


async def test_the_diagram_shows_the_browsers_part(sim: Sim, cko: Merchant) -> None:
    """What came before the payment stands in its story: the session, and what the component in the browser called."""
    session = await made(cko)
    public = {
        "Authorization": f"Bearer {sim.credentials('checkoutcom')['public_key']}",
        "Origin": "https://shop.example",
    }
    await sim.http.get(f"/payment-sessions/{session['id']}", headers=public)

    id_ = (await from_browser(sim, session)).json()["id"]

    shown = (await sim.http.get(f"{sim.path}/payments/checkoutcom/{id_}/diagram")).json()
    calls = [(row["from"], row["to"], row["label"]) for row in shown["rows"] if row["kind"] in ("request", "answer")]
    assert calls == [
        ("merchant", "provider", "POST /payment-sessions"),
        ("provider", "merchant", "201"),
        ("buyer", "provider", "GET /payment-sessions/…"),
        ("provider", "buyer", "200"),
        ("buyer", "provider", "POST …/pay"),
        ("provider", "buyer", "202 Pending"),
    ]
    timeline = (await sim.payment("checkoutcom", id_))["timeline"]
    assert [(entry["from"], entry["actor"]) for entry in timeline if entry["kind"] == "request"] == [
        ("merchant", "merchant"), ("buyer", "browser"), ("buyer", "browser"),
    ]  # fmt: skip
    for shown_id in (id_, session["id"]):
        page = await page_of(sim, f"/payments/{shown_id}")
        assert 'data-from="buyer" data-to="provider"' in page
    assert [request["sent_by"] for request in (await sim.requests())[:3]] == ["browser", "browser", "merchant"]


async def test_the_published_requests_are_lawful_on_a_strict_server() -> None:
    async with Sim(strict=True) as strict:
        merchant = Merchant(strict)
        setup = {"settings": {"success_url": "https://shop.example/ok", "failure_url": "https://shop.example/ko"}}

        without = {name: value for name, value in SESSION.items() if name != "enabled_payment_methods"}
        session = await merchant.post("/payment-sessions", SESSION)
        answers = [
            session,
            await submitted(merchant, session.json(), reference="ORDER-77"),
            await merchant.post("/payment-sessions/complete", without | {"session_data": DATA}),
            await merchant.post("/payments/setups", setup | {"amount": 1000, "currency": "CNY"}),
        ]

    assert [answer.status_code for answer in answers] == [201, 202, 202, 200]
    assert [answer.headers.get("simulator-notice") for answer in answers] == [None] * 4
