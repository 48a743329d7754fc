"""Refusals in Checkout.com's words. Whatever is refused changes nothing and is told to nobody."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from support import Sim

from providers.checkoutcom.driver import CHANNEL, ONE_TIME, RECURRING, Merchant

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def is_empty(answer: httpx.Response, status: int) -> bool:
    """401, 403 and 404: no body, no Content-Type, but a request id."""
    has_id = re.fullmatch(UUID, answer.headers["cko-request-id"]) is not None
    bare = answer.content == b"" and answer.headers["content-length"] == "0" and "content-type" not in answer.headers
    return answer.status_code == status and bare and has_id


async def nothing_happened(sim: Sim) -> None:
    await sim.advance(minutes=1)
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []
    assert sim.hooks == []


REQUEST_INVALID: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("no source", {}, ["source"], ["payment_source_required"]),
    ("a source that is no object", {"source": "alipay_cn"}, [], ["source_invalid"]),
    ("no source type", {"source": {}}, [], ["source_type_required"]),
    ("an unknown source type", {"source": {"type": "bitcoin"}}, [], ["payment_method_not_supported"]),
    ("the Previous platform's type", {"source": {"type": "alipay"}}, [], ["payment_method_not_supported"]),
    ("no amount", {}, ["amount"], ["amount_invalid"]),
    ("amount 0", {"amount": 0}, [], ["amount_invalid"]),
    ("a negative amount", {"amount": -1}, [], ["amount_invalid"]),
    ("a fraction", {"amount": 10.5}, [], ["amount_invalid"]),
    ("a fraction as text", {"amount": "12.50"}, [], ["amount_invalid"]),
    ("a negative number as text", {"amount": "-1"}, [], ["amount_invalid"]),
    ("a word", {"amount": "x"}, [], ["amount_invalid"]),
    ("nothing as text", {"amount": ""}, [], ["amount_invalid"]),
    ("a digit that is not ASCII", {"amount": "²"}, [], ["amount_invalid"]),
    ("full-width digits", {"amount": "１０"}, [], ["amount_invalid"]),
    ("more digits than a number has", {"amount": "9" * 5000}, [], ["amount_invalid"]),
    ("a fraction that was meant to be whole", {"amount": 1998.9999999999998}, [], ["amount_invalid"]),
    ("a price with a fraction", {"items": [{"unit_price": 1998.9999999999998}]}, [], ["items_0_unit_price_invalid"]),
    (
        "a customer with digits that are not ASCII",
        {"customer": {"id": "cus_" + "１" * 26}},
        [],
        ["customer_id_invalid"],
    ),
    ("a boolean amount", {"amount": True}, [], ["amount_invalid"]),
    ("a huge amount", {"amount": 10**30}, [], ["amount_invalid"]),
    ("no currency", {}, ["currency"], ["currency_required"]),
    ("an unknown currency", {"currency": "XXZ"}, [], ["currency_invalid"]),
    ("a currency in lower case", {"currency": "eur"}, [], ["currency_invalid"]),
    ("a currency that Alipay+ does not take", {"currency": "PLN"}, [], ["currency_not_supported"]),
    ("an unknown payment type", {"payment_type": "Sometimes"}, [], ["payment_type_invalid"]),
    ("a reference that is too long", {"reference": "x" * 81}, [], ["reference_invalid"]),
    ("a broken e-mail", {"customer": {"email": "john"}}, [], ["customer_email_invalid"]),
    ("a malformed customer", {"customer": {"id": "cus_1"}}, [], ["customer_id_invalid"]),
    ("an unknown customer", {"customer": {"id": "cus_" + "a" * 26}}, [], ["customer_not_found"]),
    ("a phone that is too short", {"customer": {"phone": {"number": "123"}}}, [], ["phone_number_length_invalid"]),
    (
        "a country code that is too long",
        {"customer": {"phone": {"country_code": "12345678", "number": "123456"}}},
        [],
        ["country_phone_code_length_invalid"],
    ),
    ("an unknown country", {"shipping": {"address": {"country": "ZZ"}}}, [], ["country_invalid"]),
    ("a script as return address", {"success_url": "javascript:alert(1)"}, [], ["success_url_invalid"]),
    ("no address at all", {"failure_url": "nowhere"}, [], ["fail_url_invalid"]),
    ("a bad IP", {"payment_ip": "300.1.1.1"}, [], ["ip_address_invalid"]),
    ("nested metadata", {"metadata": {"a": {"b": 1}}}, [], ["metadata_key_invalid"]),
    ("risk without its switch", {"risk": {}}, [], ["risk_enabled_required"]),
    ("a malformed channel", {"processing_channel_id": "pc_1"}, [], ["processing_channel_id_invalid"]),
    ("an item without a whole quantity", {"items": [{"quantity": 0}]}, [], ["items_0_quantity_invalid"]),
    ("a NUL in a reference", {"reference": "a\0b"}, [], ["reference_invalid"]),
    ("a NUL in metadata", {"metadata": {"a\0": "x"}}, [], ["metadata_key_invalid"]),
    (
        "several mistakes at once, in the order of the fields",
        {"amount": -1, "currency": "XXZ", "payment_type": "X", "payment_ip": "x"},
        [],
        ["amount_invalid", "currency_invalid", "payment_type_invalid", "ip_address_invalid"],
    ),
    (
        "rules of the fields and what the account knows, together",
        {"amount": -1, "currency": "PLN", "customer": {"id": "cus_" + "a" * 26}, "payment_ip": "x", "3ds": 7},
        [],
        ["amount_invalid", "currency_not_supported", "customer_not_found", "3ds_invalid", "ip_address_invalid"],
    ),
    (
        "several that only the account knows",
        {"currency": "PLN", "customer": {"id": "cus_" + "a" * 26}},
        [],
        ["currency_not_supported", "customer_not_found"],
    ),
]


@pytest.mark.parametrize(
    ("what", "changes", "without", "codes"), REQUEST_INVALID, ids=[row[0] for row in REQUEST_INVALID]
)
async def test_the_gateway_names_every_rule_that_was_broken(
    sim: Sim, cko: Merchant, what: str, changes: dict[str, Any], without: list[str], codes: list[str]
) -> None:
    body = {name: value for name, value in (ONE_TIME | changes).items() if name not in without}

    assert await cko.refused(body) == ("request_invalid", codes)

    await nothing_happened(sim)


CONNECTOR: list[tuple[dict[str, Any], str]] = [
    ({"reference": ""}, "reference_invalid"),
    ({"reference": None}, "reference_invalid"),
    ({"processing": {"terminal_type": "TV"}}, "terminal_type_invalid"),
    ({"processing": {"terminal_type": "app", "os_type": "IOS"}}, "terminal_type_invalid"),
    ({"processing": {"terminal_type": "APP"}}, "os_type_required"),
    ({"processing": {"terminal_type": "WAP"}}, "os_type_required"),
    ({"processing": {"terminal_type": "WAP", "os_type": "WINDOWS"}}, "os_type_invalid"),
]


@pytest.mark.parametrize(("changes", "code"), CONNECTOR)
async def test_the_wallets_connector_swaps_the_words_and_names_one_code(
    sim: Sim, cko: Merchant, changes: dict[str, Any], code: str
) -> None:
    assert await cko.refused(ONE_TIME | changes) == ("invalid_request", [code])

    await nothing_happened(sim)


@pytest.mark.parametrize("code", ["apm_service_unavailable", "payee_not_onboarded"])
async def test_a_method_that_is_not_activated_is_refused_by_setting_or_scenario(
    sim: Sim, cko: Merchant, code: str
) -> None:
    await sim.settings("checkoutcom", alipay_refusal=code)
    assert await cko.refused(ONE_TIME) == ("invalid_request", [code])
    await sim.settings("checkoutcom", alipay_refusal=None)

    await sim.arm([{"when": {"amount": 10}, "provider": {"refusal": code}}])

    assert await cko.refused(ONE_TIME) == ("invalid_request", [code])
    assert (await cko.request(ONE_TIME | {"amount": 11}))["status"] == "Pending"


async def test_a_channel_is_only_judged_when_the_account_is_strict(sim: Sim, cko: Merchant) -> None:
    own = sim.credentials("checkoutcom")["processing_channel_id"]
    assert (await cko.request(ONE_TIME))["status"] == "Pending"

    await sim.settings("checkoutcom", strict_channels=True, channel_required=True)

    assert await cko.refused(ONE_TIME) == ("request_invalid", ["cko_processing_channel_id_invalid"])
    without = {name: value for name, value in ONE_TIME.items() if name != "processing_channel_id"}
    assert await cko.refused(without) == ("request_invalid", ["processing_channel_id_required"])
    assert (await cko.request(ONE_TIME | {"processing_channel_id": own}))["status"] == "Pending"
    assert own != CHANNEL


BROKEN: list[tuple[bytes, str, list[str]]] = [
    (b"{", "request_malformed", ["request_json_invalid"]),
    (b'{"amount": 01}', "request_malformed", ["request_json_invalid"]),
    (b"\xff\xfe", "request_malformed", ["request_json_invalid"]),
    (b'{"reference": "\\ud800"}', "request_malformed", ["request_json_invalid"]),
    (b"[" * 5000 + b"]" * 5000, "request_malformed", ["request_json_invalid"]),
    (b"", "request_invalid", ["request_invalid"]),
    (b"[]", "request_invalid", ["request_invalid"]),
    (b"null", "request_invalid", ["request_invalid"]),
    (b'"text"', "request_invalid", ["request_invalid"]),
]


@pytest.mark.parametrize(("raw", "error_type", "codes"), BROKEN)
async def test_a_body_that_is_no_object_is_refused(
    sim: Sim, cko: Merchant, raw: bytes, error_type: str, codes: list[str]
) -> None:
    assert await cko.refused(raw, Content_Type="application/json") == (error_type, codes)

    await nothing_happened(sim)
    assert (await sim.requests())[0]["status"] == 422 or (await sim.requests())[-1]["status"] == 422


async def test_a_body_of_more_than_a_megabyte_is_refused(sim: Sim, cko: Merchant) -> None:
    answer = await cko.post("/payments", ONE_TIME | {"description": "x" * 1_100_000})

    assert is_empty(answer, 413)
    await nothing_happened(sim)


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer sk_sbox_aaaaaaaaaaaaaaaaaaaaaaaaaab",
        "sk_sbox_aaaaaaaaaaaaaaaaaaaaaaaaaab",
        "Basic c2tfc2JveDo=",
        "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzY29wZSI6W119.c2ln",
        "Bearer a.b.c",
        "sk_test_00000000-0000-4000-8000-00000000dead",
    ],
)
async def test_no_good_credential_is_an_empty_401(sim: Sim, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await sim.http.post("/payments", json=ONE_TIME, headers=headers)

    assert is_empty(answer, 401)
    await nothing_happened(sim)


async def test_a_key_needs_the_right_dress(sim: Sim) -> None:
    """Bearer before a Default key, nothing before a Previous one; a public key opens nothing here."""
    own = sim.credentials("checkoutcom")
    for header, status in (
        (own["secret_key"], 401),
        (f"Bearer {own['previous_secret_key']}", 401),
        (f"Bearer {own['public_key']}", 403),
        (own["previous_public_key"], 403),
    ):
        answer = await sim.http.post("/payments", json=ONE_TIME, headers={"Authorization": header})
        assert is_empty(answer, status)
    await nothing_happened(sim)


async def test_the_journal_says_why_a_key_was_refused(sim: Sim) -> None:
    own = sim.credentials("checkoutcom")

    await sim.http.get("/payments/pay_x", headers={"Authorization": own["secret_key"]})

    [entry] = await sim.requests()
    assert entry["help"]["reason"] == "this key needs Bearer and one space before it"


@pytest.mark.parametrize(
    "path",
    [
        "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/payments/sid_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/payments/x",
        "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa/actions",
        "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa/nothing",
        "/customers/cus_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/customers/nobody@example.com",
        "/instruments/src_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/workflows/wf_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/workflows/events/evt_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/workflows/events/subject/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/hosted-payments/hpp_aaaaaaaaaaaa",
        "/payment-links/pl_aaaaaaaaaaaa",
        "/balances/ent_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        "/payments/%00",
        "/payments/%F0%9F%98%80",
    ],
)
async def test_what_does_not_exist_is_an_empty_404(cko: Merchant, path: str) -> None:
    assert is_empty(await cko.get(path), 404)


async def test_a_session_id_has_no_actions_of_its_own(sim: Sim, cko: Merchant) -> None:
    created = await cko.request()
    payment = sim.app.runtime.store.resource(sim.workspace.id, "checkoutcom", "payment", created["id"])
    assert payment is not None
    session = re.search(rb"sid_[a-z2-7]{26}", payment)
    assert session is not None

    assert (await cko.get(f"/payments/{session[0].decode()}")).json()["id"] == created["id"]
    assert is_empty(await cko.get(f"/payments/{session[0].decode()}/actions"), 404)


async def test_another_workspaces_payment_does_not_exist_here(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid()
    async with Sim(seed="other") as other:
        answer = await Merchant(other).get(f"/payments/{created['id']}")
    made = (await sim.http.post("/_sim/workspaces", json={})).json()
    key = made["credentials"]["checkoutcom"]["secret_key"]

    here = await sim.http.get(f"/payments/{created['id']}", headers={"Authorization": f"Bearer {key}"})

    assert is_empty(answer, 404)
    assert is_empty(here, 404)


REFUNDS: list[tuple[dict[str, Any], str, list[str]]] = [
    ({"amount": 1101}, "processing_error", ["amount_exceeds_balance"]),
    ({"amount": -1}, "request_invalid", ["amount_invalid"]),
    ({"amount": 1.5}, "request_invalid", ["amount_invalid"]),
    ({"amount": "12.50"}, "request_invalid", ["amount_invalid"]),
    ({"reference": "x" * 81}, "request_invalid", ["reference_invalid"]),
    ({"metadata": []}, "request_invalid", ["metadata_key_invalid"]),
    ({"capture_action_id": "act_unknown"}, "request_invalid", ["capture_action_id_invalid"]),
]


@pytest.mark.parametrize(("body", "error_type", "codes"), REFUNDS)
async def test_a_refused_refund_says_why(
    sim: Sim, cko: Merchant, body: dict[str, Any], error_type: str, codes: list[str]
) -> None:
    created = await cko.paid(amount=1100)
    before, sim.hooks[:] = await cko.payment(created["id"]), []

    answer = await cko.refund(created["id"], body)

    found = answer.json()
    assert (answer.status_code, found["error_type"], found["error_codes"]) == (422, error_type, codes)
    assert await cko.payment(created["id"]) == before
    await sim.settle()
    assert sim.hooks == []


async def test_two_quick_full_refunds_are_not_both_accepted(sim: Sim, cko: Merchant) -> None:
    created = await cko.paid()

    first, second = await cko.refund(created["id"]), await cko.refund(created["id"])

    assert (first.status_code, second.status_code, second.content) == (202, 403, b"")


async def test_refunds_end_after_a_year_and_after_a_hundred_and_fifty(sim: Sim, cko: Merchant) -> None:
    many, old = await cko.paid(amount=1000), await cko.paid(amount=1000)
    for _ in range(150):
        assert (await cko.refund(many["id"], {"amount": 1})).status_code == 202
    refused = await cko.refund(many["id"], {"amount": 1})

    await sim.advance(days=366)

    assert refused.json()["error_codes"] == ["action_failure_limit_exceeded"]
    assert (await cko.refund(old["id"])).status_code == 403


async def test_lists_need_a_reference_and_sane_paging(cko: Merchant) -> None:
    for query, code in (
        ("", "reference_required"),
        ("?reference=", "reference_invalid"),
        ("?reference=%00", "reference_invalid"),
        ("?reference=x&limit=0", "paging_limit_invalid"),
        ("?reference=x&limit=101", "paging_limit_invalid"),
        ("?reference=x&limit=a", "paging_limit_invalid"),
        ("?reference=x&skip=-1", "paging_skip_invalid"),
    ):
        answer = await cko.get(f"/payments{query}")
        assert (answer.status_code, answer.json()["error_codes"]) == (422, [code]), query


async def test_a_list_pages_newest_first_and_counts_all(cko: Merchant) -> None:
    ids = [(await cko.request(reference="R-1"))["id"] for _ in range(3)]
    await cko.request(reference="R-2")

    page = (await cko.get("/payments?reference=R-1&limit=2&skip=1")).json()
    nothing = (await cko.get("/payments?reference=nobody")).json()
    found = (await cko.post("/payments/search", {"query": "reference:'R-1' AND status:'Pending'", "limit": 1})).json()

    assert list(page) == ["limit", "skip", "total_count", "data"]
    assert (page["limit"], page["skip"], page["total_count"]) == (2, 1, 3)
    assert [payment["id"] for payment in page["data"]] == ids[1::-1]
    assert nothing == {"limit": 10, "skip": 0, "total_count": 0, "data": []}
    assert [payment["id"] for payment in found["data"]] == [ids[2]]


async def test_a_wrong_method_is_answered_without_a_body(cko: Merchant) -> None:
    answer = await cko.send("DELETE", "/payments")

    assert is_empty(answer, 405)
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("status", "code", "body"), [(409, None, False), (429, "duplicate_request", True), (502, None, False)]
)
async def test_a_scenario_makes_the_api_fail_in_its_own_format(
    sim: Sim, cko: Merchant, status: int, code: str | None, body: bool
) -> None:
    api = {"status": status, "times": 1} | ({"code": code} if code else {})
    await sim.arm([{"when": {"operation": "pay"}, "api": api}])

    answer = await cko.post("/payments", RECURRING)

    assert answer.status_code == status
    assert (answer.json()["error_codes"] == [code]) if body else answer.content == b""
    assert (await cko.post("/payments", RECURRING)).status_code == 202
