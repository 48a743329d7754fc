"""Every refusal: status, type, code, param, in the documented envelope; nothing changes and nothing is sent."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from support import Sim

from providers.wooshpay.driver import SEED_SESSION, SEED_WEB, Merchant, error
from simulator.providers.wooshpay.errors import CATALOGUE

MISSING = "resource_missing"
INTEGER, ENUM = "parameter_invalid_integer", "parameter_invalid_string_enum"
UNKNOWN = "pi_1666729870215872512"


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    """Status, code and param; the envelope is checked on the way."""
    status, type_, code, param = error(answer)
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"])[:3] == ["type", "code", "message"]
    assert body["error"]["message"]
    if code in CATALOGUE:
        assert (status, type_) == CATALOGUE[code][:2]
    return status, code, param


def item(**changes: Any) -> dict[str, Any]:
    data = {"currency": "CNY", "unit_amount": 100, "product_data": {"name": "tea"}}
    return {"price_data": data | changes, "quantity": 1}


def intent(**changes: Any) -> tuple[str, dict[str, Any]]:
    body = SEED_WEB | changes
    return "payment_intents", {name: value for name, value in body.items() if value != "-"}


def session(**changes: Any) -> tuple[str, dict[str, Any]]:
    body = SEED_SESSION | changes
    return "checkout/sessions", {name: value for name, value in body.items() if value != "-"}


def endpoint(**changes: Any) -> tuple[str, dict[str, Any]]:
    return "webhook_endpoints", {"url": "https://shop.example/h", "enabled_events": ["*"]} | changes


# fmt: off
INVALID: list[tuple[tuple[str, Any], tuple[int, str, str | None]]] = [
    (intent(amount="-"),                      (400, "parameter_missing", "amount")),
    (intent(amount=None),                     (400, "parameter_missing", "amount")),
    (intent(currency="-"),                    (400, "parameter_missing", "currency")),
    (intent(payment_method_data="-"),         (400, "parameter_missing", "payment_method_data")),
    (intent(payment_method_data={}),          (400, "parameter_missing", "payment_method_data[type]")),
    (intent(amount=1.5),                      (400, "parameter_invalid_integer", "amount")),
    (intent(amount="abc"),                    (400, "parameter_invalid_integer", "amount")),
    (intent(amount=True),                     (400, "parameter_invalid_integer", "amount")),
    (intent(amount=[1]),                      (400, "parameter_invalid_integer", "amount")),
    (intent(amount=0),                        (400, "amount_too_small", "amount")),
    (intent(amount=-5),                       (400, "amount_too_small", "amount")),
    (intent(amount=2**62),                    (400, "amount_too_large", "amount")),
    (intent(amount=10**400),                  (400, "invalid_json", None)),
    (intent(currency="JPY"),                  (400, "currency_not_supported", "currency")),
    (intent(currency="XXX"),                  (400, "currency_not_supported", "currency")),
    (intent(currency=7),                      (400, "parameter_invalid", "currency")),
    (intent(confirm="perhaps"),               (400, "parameter_invalid", "confirm")),
    (intent(payment_method_data={"type": "cash"}), (400, "parameter_invalid_string_enum", "payment_method_data[type]")),
    (intent(payment_method_data={"type": "card"}), (400, "payment_method_type_mismatch", "payment_method_data[type]")),
    (intent(payment_method_types=[]),         (400, "parameter_invalid_empty", "payment_method_types")),
    (intent(payment_method_types=["cash"]),   (400, "parameter_invalid_string_enum", "payment_method_types[0]")),
    (intent(payment_method_options={"alipay": {"terminal_type": "TV"}}),
                                              (400, ENUM, "payment_method_options[alipay][terminal_type]")),
    (intent(payment_method_options={"alipay": {"os_type": "BEOS"}}),
                                              (400, ENUM, "payment_method_options[alipay][os_type]")),
    (intent(capture_method="later"),          (400, "parameter_invalid_string_enum", "capture_method")),
    (intent(return_url="javascript:alert(1)"), (400, "url_invalid", "return_url")),
    (intent(return_url="data:text/html,x"),   (400, "url_invalid", "return_url")),
    (intent(metadata={"a": {"b": "c"}}),      (400, "parameter_invalid", "metadata")),
    (intent(metadata="text"),                 (400, "parameter_invalid", "metadata")),
    (intent(shipping={"phone": "1"}),         (400, "parameter_missing", "shipping[name]")),
    (intent(customer="cus_1706288169156083712"), (404, "resource_missing", "customer")),
    (intent(customer="me"),                   (400, "id_invalid", "customer")),
    (intent(payment_method_data="-", payment_method="pm_1666729870102626304"), (404, "resource_missing", "payment_method")),
    (intent(description="x" * 6000),          (400, "parameter_invalid", "description")),
    (intent(description="a\0b"),              (400, "invalid_json", None)),
    (session(success_url="-"),                (400, "parameter_missing", "success_url")),
    (session(success_url=""),                 (400, "parameter_invalid_empty", "success_url")),
    (session(success_url="javascript:alert(1)"), (400, "url_invalid", "success_url")),
    (session(cancel_url="vbscript:x"),        (400, "url_invalid", "cancel_url")),
    (session(line_items="-"),                 (400, "parameter_missing", "line_items")),
    (session(line_items=[]),                  (400, "parameter_invalid_empty", "line_items")),
    (session(line_items=[{"quantity": 1}]),   (400, "parameter_missing", "line_items[0][price_data]")),
    (session(line_items=[{"price_data": item()["price_data"]}]), (400, "parameter_missing", "line_items[0][quantity]")),
    (session(line_items=[item() | {"quantity": 0}]), (400, "parameter_invalid_integer", "line_items[0][quantity]")),
    (session(line_items=[item(unit_amount=0)]), (400, "amount_too_small", "line_items[0][price_data][unit_amount]")),
    (session(line_items=[item(), item(unit_amount="x")]), (400, INTEGER, "line_items[1][price_data][unit_amount]")),
    (session(line_items=[item(), item(currency="USD")]), (400, "checkout_mixed_currencies", "line_items")),
    (session(line_items=[item(recurring={"interval": "month"})]), (400, "checkout_recurring_not_supported", "line_items")),
    (session(line_items=[item(currency="JPY")]), (400, "currency_not_supported", "line_items[0][price_data][currency]")),
    (session(line_items=[item(product_data=None)]), (400, "parameter_missing", "line_items[0][price_data][product_data]")),
    (session(line_items=[{"price": "price_1666733999659155456", "quantity": 1}]), (404, MISSING, "line_items[0][price]")),
    (session(line_items=[item(unit_amount=10**15), item()]), (400, "amount_too_large", "line_items")),
    (session(mode="gift"),                    (400, "parameter_invalid_string_enum", "mode")),
    (session(mode="setup"),                   (400, "parameter_invalid_string_enum", "mode")),
    (session(mode="subscription"),            (400, "checkout_recurring_not_supported", "line_items")),
    (session(expires_at=1),                   (400, "parameter_invalid_integer", "expires_at")),
    (session(payment_intent_data={"capture_method": "manual"}), (400, "parameter_invalid", "capture_method")),
    (("refunds", {}),                         (400, "parameter_missing", "payment_intent")),
    (("refunds", {"payment_intent": UNKNOWN}), (404, "resource_missing", "payment_intent")),
    (("refunds", {"charge": "ch_1666729870215872512"}), (404, "resource_missing", "charge")),
    (("refunds", {"payment_intent": "pi_x"}), (400, "id_invalid", "payment_intent")),
    (("refunds", {"payment_intent": UNKNOWN, "reason": "regret"}), (400, "parameter_invalid_string_enum", "reason")),
    (("refunds", {"payment_intent": UNKNOWN, "amount": "0"}), (400, "amount_too_small", "amount")),
    (("refunds", {"payment_intent": UNKNOWN, "amount": "1.5"}), (400, "parameter_invalid_integer", "amount")),
    (endpoint(url=None),                      (400, "parameter_missing", "url")),
    (endpoint(url="shop.example"),            (400, "url_invalid", "url")),
    (endpoint(url="ftp://shop.example"),      (400, "url_invalid", "url")),
    (endpoint(url="https://shop.example/\r\nX: 1"), (400, "url_invalid", "url")),
    (endpoint(enabled_events=[]),             (400, "parameter_invalid_empty", "enabled_events")),
    (endpoint(enabled_events=None),           (400, "parameter_missing", "enabled_events")),
    (("payment_methods", {}),                 (400, "parameter_missing", "type")),
    (("prices", {"currency": "CNY", "unit_amount": 1}), (400, "parameter_missing", "product")),
    ((f"payment_intents/{UNKNOWN}", {}),      (404, "resource_missing", "id")),
    ((f"payment_intents/{UNKNOWN}/confirm", {}), (404, "resource_missing", "id")),
    (("payment_intents/pi_/capture", {}),     (404, "resource_missing", "id")),
    (("payment_intents/cs_1666729870215872512/cancel", {}), (404, "resource_missing", "id")),
    (("checkout/sessions/cs_1666733999608823808/expire", {}), (404, "resource_missing", "id")),
    (("checkout/sessions/{CHECKOUT_SESSION_ID}/expire", {}), (400, "id_invalid", "id")),
    (("nothing", {}),                         (404, "url_not_found", None)),
    (("refunds/re_1/cancel", {}),             (404, "url_not_found", None)),
]
# fmt: on


async def test_what_breaks_a_rule_is_refused_and_changes_nothing(sim: Sim, wooshpay: Merchant) -> None:
    """One world for all of them: after each, there still is nothing in it."""
    for (path, body), expected in INVALID:
        answer = await wooshpay.post(path, body)
        assert refusal(answer) == expected, (path, body, answer.text)
    await sim.settle()

    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []
    assert (await wooshpay.read("events"))["data"] == []
    assert len((await wooshpay.read("webhook_endpoints"))["data"]) == 1
    assert sim.hooks == []
    assert len(await sim.requests()) >= 50


# fmt: off
UNREADABLE = [
    (b"{",                            "application/json"),
    (b"[]",                           "application/json"),
    (b'"text"',                       "application/json"),
    (b'{"amount": NaN}',              "application/json"),
    (b"\xff\xfe",                     "application/json"),
    (b'{"description": "\\ud800"}',   "application/json"),
    (b"[" * 5000,                     "application/json"),
    (b'{"a":' * 5000,                 "application/json"),
    (b"amount=1&amount[b]=2",         "application/x-www-form-urlencoded"),
    (b"a[b]=1&a=2",                   "application/x-www-form-urlencoded"),
    (b"a[b=1",                        "application/x-www-form-urlencoded"),
    (b"a" + b"[b]" * 50 + b"=1",      "application/x-www-form-urlencoded"),
    (b"amount=%00",                   "application/x-www-form-urlencoded"),
    (b"amount=\xff",                  "application/x-www-form-urlencoded"),
]
# fmt: on


async def test_a_body_that_cannot_be_read_is_refused(sim: Sim, wooshpay: Merchant) -> None:
    for body, content_type in UNREADABLE:
        headers = {**wooshpay.headers, "content-type": content_type}
        answer = await sim.http.post("/v1/payment_intents", content=body, headers=headers)
        assert refusal(answer) == (400, "invalid_json", None), body

    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_headers_that_are_too_large_are_refused(sim: Sim, wooshpay: Merchant) -> None:
    answer = await sim.http.get("/v1/customers", headers={**wooshpay.headers, "x-long": "a" * 70_000})

    assert refusal(answer) == (431, "headers_too_large", None)


async def test_an_enormous_body_is_refused(sim: Sim, wooshpay: Merchant) -> None:
    answer = await sim.http.post("/v1/customers", content=b"x" * 1_500_000, headers=wooshpay.headers)

    assert refusal(answer) == (400, "body_too_large", None)


async def test_an_enormous_header_is_refused(sim: Sim, wooshpay: Merchant) -> None:
    answer = await sim.http.get("/v1/customers", headers={**wooshpay.headers, "X-Long": "x" * 9_000})

    assert refusal(answer) == (431, "headers_too_large", None)


# Keys ----------------------------------------------------------------------------------------------------------


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode()).decode()


KEYS = [
    (None, "api_key_missing"),
    ("", "api_key_missing"),
    ("Basic", "api_key_missing"),
    ("Basic %%%", "api_key_missing"),
    ("Basic " + base64.b64encode(b"\xff\xfe:").decode(), "api_key_missing"),
    ("Basic \xff", "api_key_missing"),
    (basic(":"), "api_key_missing"),
    (basic("sk_test_without_a_colon"), "api_key_missing"),
    ("Digest abc", "api_key_missing"),
    (basic("sk_test_nobody:"), "api_key_invalid"),
    ("Bearer sk_live_nobody", "api_key_invalid"),
    ("Bearer whsec_something", "api_key_invalid"),
]


async def test_without_a_known_key_nothing_happens(sim: Sim, wooshpay: Merchant) -> None:
    for authorization, code in KEYS:
        headers = {} if authorization is None else {"authorization": authorization.encode("latin-1")}
        answer = await sim.http.post("/v1/payment_intents", json=SEED_WEB, headers=headers)
        assert refusal(answer) == (401, code, None), authorization
        assert ("Invalid API Key" in answer.json()["error"]["message"]) is (code == "api_key_invalid")
        assert "nobody" not in answer.text

    assert (await wooshpay.read("payment_intents"))["data"] == []


async def test_basic_and_bearer_are_both_accepted(sim: Sim, wooshpay: Merchant) -> None:
    """The scheme in any case; a password is ignored."""
    given = [basic(f"{wooshpay.key}:"), basic(f"{wooshpay.key}:ignored"), f"Bearer {wooshpay.key}"]

    for authorization in [*given, *(one[0].lower() + one[1:] for one in given)]:
        answer = await sim.http.get("/v1/payment_intents", headers={"authorization": authorization})
        assert answer.status_code == 200, authorization


async def test_a_publishable_key_may_read_and_confirm_with_the_client_secret_and_nothing_else(
    sim: Sim, wooshpay: Merchant
) -> None:
    created = await wooshpay.made("payment_intents", {"amount": 100, "currency": "CNY"})
    path, secret = f"/v1/payment_intents/{created['id']}", created["client_secret"]
    public = {"authorization": f"Bearer {wooshpay.keys['publishable_key']}"}
    method = {"payment_method_data": {"type": "alipay"}, "return_url": "https://shop.example/r"}

    forbidden = [
        await sim.http.post("/v1/payment_intents", json=SEED_WEB, headers=public),
        await sim.http.post(f"{path}/cancel", headers=public),
        await sim.http.get("/v1/payment_intents", headers=public),
    ]
    blind = await sim.http.get(path, headers=public)
    guessed = await sim.http.get(path, params={"client_secret": secret + "x"}, headers=public)
    read = await sim.http.get(path, params={"client_secret": secret}, headers=public)
    confirmed = await sim.http.post(f"{path}/confirm", json=method | {"client_secret": secret}, headers=public)

    assert {refusal(answer) for answer in forbidden} == {(403, "secret_key_required", None)}
    assert refusal(blind) == (400, "parameter_missing", "client_secret")
    assert refusal(guessed) == (404, "resource_missing", "client_secret")
    assert read.json() == created
    assert confirmed.json()["status"] == "requires_action"


async def test_another_accounts_objects_do_not_exist(sim: Sim, wooshpay: Merchant) -> None:
    mine = await wooshpay.pay_link()
    other = Sim.beside(sim)
    await other.__aenter__()

    answer = await Merchant(other).get(f"payment_intents/{mine['id']}")

    assert refusal(answer) == (404, "resource_missing", "id")


# Paths ---------------------------------------------------------------------------------------------------------


ROUTES = [
    ("GET", "/v1/nothing"),
    ("GET", "/v1/payment_intents/a/b/c"),
    ("DELETE", "/v1/payment_intents"),
    ("PUT", "/v1/refunds/re_1"),
    ("PATCH", "/v1/checkout/sessions"),
]


async def test_an_unknown_route_and_a_wrong_method_are_both_404(sim: Sim, wooshpay: Merchant) -> None:
    for method, path in ROUTES:
        answer = await sim.http.request(method, path, headers=wooshpay.headers)
        assert refusal(answer) == (404, "url_not_found", None), path


ILL_FORMED = [
    "payment_intents/pi_abc",
    "payment_intents/pi_%0d%0aX-Evil:1",
    "payment_intents/pi_１６６６",
    "payment_intents/" + "9" * 5000,
    "refunds/ch_1",
    "charges/x",
    "events/evt_",
    "customers/cus",
    "payment_methods/pm-1",
    "webhook_endpoints/we_x",
    "products/prod_x",
    "prices/price_x",
    "checkout/sessions/{CHECKOUT_SESSION_ID}",
]
UNKNOWN_IDS = [
    "payment_intents/pi_1",
    "refunds/re_1",
    "charges/ch_1",
    "events/evt_1",
    "customers/cus_1",
    "payment_methods/pm_1",
    "webhook_endpoints/we_1",
    "products/prod_1",
    "prices/price_1",
    "checkout/sessions/cs_1",
    "checkout/sessions/cs_test_1",
]


async def test_what_is_no_id_is_missing_and_invalid_only_for_a_session(wooshpay: Merchant) -> None:
    """A public integration tests its connection with an intent that is no id. The words were observed for sessions."""
    for path in ILL_FORMED:
        answer = await wooshpay.get(path)
        is_session = path.startswith("checkout/")
        assert refusal(answer) == ((400, "id_invalid", "id") if is_session else (404, "resource_missing", "id")), path
        assert (answer.json()["error"]["message"] == "id is invalid") == is_session
        assert "x-evil" not in answer.headers


async def test_an_unknown_id_is_missing(wooshpay: Merchant) -> None:
    for path in UNKNOWN_IDS:
        assert refusal(await wooshpay.get(path)) == (404, "resource_missing", "id"), path


# Refunds -------------------------------------------------------------------------------------------------------


async def test_what_cannot_be_given_back_is_refused(sim: Sim, wooshpay: Merchant) -> None:
    waiting = (await wooshpay.pay_link())["id"]
    paid = (await wooshpay.paid(amount=1999))["id"]
    await sim.settle()
    heard = len(sim.hooks)

    refused = [
        await wooshpay.post("refunds", {"payment_intent": waiting}),
        await wooshpay.post("refunds", {"payment_intent": paid, "amount": 2000}),
        await wooshpay.post("refunds", {"payment_intent": paid, "amount": 413}),
    ]
    await sim.settle()

    assert [refusal(answer) for answer in refused] == [
        (400, "charge_not_paid", "payment_intent"),
        (400, "amount_too_large", "amount"),
        (402, "refund_failed", None),
    ]
    assert (await sim.payment("wooshpay", paid))["refunded"]["value"] == 0
    assert len(sim.hooks) == heard
    assert (await wooshpay.read("refunds"))["data"] == []


async def test_a_capture_above_what_was_authorized_is_refused(sim: Sim, wooshpay: Merchant) -> None:
    card = {"payment_method_data": {"type": "card"}, "payment_method_types": ["card"], "payment_method_options": None}
    intent = (await wooshpay.pay_link(**card, amount=900, capture_method="manual"))["id"]
    await sim.act("wooshpay", intent, "pay")

    answer = await wooshpay.post(f"payment_intents/{intent}/capture", {"amount_to_capture": 901})

    assert refusal(answer) == (400, "amount_too_large", "amount_to_capture")
    assert await wooshpay.status(intent) == "requires_capture"


# Completeness --------------------------------------------------------------------------------------------------


def test_every_code_of_the_catalogue_is_met_by_a_test() -> None:
    """By name, in this folder: whoever adds a code adds the test that reaches it."""
    from pathlib import Path

    text = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))

    assert [code for code in CATALOGUE if f'"{code}"' not in text] == []
