"""What ecommpay refuses, in its own words: at once, or accepted first and told by callback."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant
from simulator.kernel.ids import Ids
from simulator.providers.ecommpay import errors, keys

ID = SALE["general"]["payment_id"]


def body_of(answer: httpx.Response) -> tuple[int, dict[str, Any]]:
    return answer.status_code, answer.json()


def said(code: str) -> dict[str, Any]:
    return {"status": "error", "code": code, "message": errors.catalogue()[code]}


async def nothing_happened(sim: Sim, ecommpay: Merchant) -> None:
    """No payment, no callback, now or later."""
    await sim.advance(hours=1)
    assert sim.hooks == []
    listed = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert listed == []


REQUIRED = [
    ("general",), ("general", "project_id"), ("general", "payment_id"), ("general", "signature"), ("customer",),
    ("customer", "ip_address"), ("payment",), ("payment", "amount"), ("payment", "currency"),
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED, ids=".".join)
async def test_a_missing_required_member_is_refused_at_once(
    sim: Sim, ecommpay: Merchant, path: tuple[str, ...]
) -> None:
    body = ecommpay.signed(SALE)
    holder = body if len(path) == 1 else body[path[0]]
    del holder[path[-1]]

    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", json=body)

    assert body_of(answer) == (400, said("2004"))
    await nothing_happened(sim, ecommpay)


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"text"', b"12", b"\xff", b'{"a":"\\ud800"}', b"[" * 3000])
async def test_what_is_no_json_object_is_unprocessable(sim: Sim, ecommpay: Merchant, raw: bytes) -> None:
    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", content=raw)

    assert body_of(answer) == (422, said("2003"))
    await nothing_happened(sim, ecommpay)


@pytest.mark.parametrize("project", [999_999, 0, -1, 2**63, "abc", 1.5, True, [], {}])
async def test_an_unknown_project_is_not_found(sim: Sim, ecommpay: Merchant, project: Any) -> None:
    body = copy.deepcopy(SALE)
    body["general"]["project_id"] = project

    answer = await ecommpay.post("payment/wallet/alipay/sale", body)

    assert body_of(answer) == (404, said("2442"))
    await nothing_happened(sim, ecommpay)


@pytest.mark.parametrize(("signature", "code"), [("", "3262"), ("wrong", "3261"), (12, "3261"), ("签名", "3261")])
async def test_a_wrong_signature_is_refused_and_the_journal_shows_what_was_expected(
    sim: Sim, ecommpay: Merchant, signature: Any, code: str
) -> None:
    """The answer is the provider's; the sorted lines are for whoever looks into the journal."""
    body = ecommpay.signed(SALE)
    expected = body["general"]["signature"]
    body["general"]["signature"] = signature

    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", json=body)

    assert body_of(answer) == (400, said(code))
    [entry] = [request for request in await sim.requests() if request["path"].endswith("/sale")]
    assert entry["help"]["lines"][0] == "customer:city:city"
    assert entry["help"]["signed"] == ";".join(entry["help"]["lines"])
    assert (entry["help"]["expected"], entry["help"]["received"]) == (expected, str(signature))
    await nothing_happened(sim, ecommpay)


async def test_a_body_changed_after_signing_is_refused(sim: Sim, ecommpay: Merchant) -> None:
    body = ecommpay.signed(SALE)
    body["payment"]["amount"] = 1

    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", json=body)

    assert body_of(answer) == (400, said("3261"))
    await nothing_happened(sim, ecommpay)


async def test_another_workspaces_secret_does_not_open_this_project(sim: Sim, ecommpay: Merchant) -> None:
    ecommpay.secret = "another"

    assert body_of(await ecommpay.sale()) == (400, said("3261"))


async def test_unknown_paths_methods_and_huge_bodies_are_answered_in_the_same_format(sim: Sim) -> None:
    unknown = await sim.http.post("/v2/payment/nothing", json={})
    method = await sim.http.get("/v2/payment/status")
    huge = await sim.http.post("/v2/payment/status", content=b"x" * 1_100_000)
    asked = await sim.http.request("OPTIONS", "/v2/payment/status", content=b"x" * 1_100_000)

    assert body_of(unknown) == (404, said("702"))
    assert body_of(method) == (405, said("702"))
    assert body_of(huge) == body_of(asked) == (413, said("702"))


async def test_numbers_as_digits_are_accepted_for_the_project_only(sim: Sim, ecommpay: Merchant) -> None:
    body = copy.deepcopy(SALE)
    body["general"]["project_id"] = str(ecommpay.project)

    answer = await ecommpay.post("payment/wallet/alipay/sale", body)

    assert (answer.status_code, answer.json()["project_id"]) == (200, ecommpay.project)


# Refunds ---------------------------------------------------------------------------------------------------------

REFUSED_REFUNDS: dict[str, tuple[dict[str, Any], str]] = {
    "more than is left": ({"amount": 1001}, "3283"),
    "another currency": ({"amount": 100, "currency": "USD"}, "3284"),
    "a currency without an amount": ({"currency": "CNY"}, "3286"),
    "an amount that is text": ({"amount": "100"}, "502"),
    "an amount of zero": ({"amount": 0}, "502"),
}


@pytest.mark.parametrize("what", REFUSED_REFUNDS)
async def test_a_refused_refund_is_a_declined_operation_and_leaves_the_payment_alone(
    sim: Sim, ecommpay: Merchant, what: str
) -> None:
    payment, code = REFUSED_REFUNDS[what]
    await ecommpay.paid()
    before = (await ecommpay.status())["payment"]

    answer = await ecommpay.refund(**payment)

    told = ecommpay.last
    assert (told["operation"]["type"], told["operation"]["status"], told["operation"]["code"]) == (
        "refund",
        "decline",
        code,
    )
    assert told["operation"]["request_id"] == answer["request_id"]
    assert told["payment"] == before
    assert (await ecommpay.status())["payment"] == before


async def test_a_refund_of_a_payment_that_was_not_paid_is_declined(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin()

    await ecommpay.refund(amount=100)

    assert ecommpay.told[-1] == ("awaiting redirect result", "refund", "decline")
    assert ecommpay.last["operation"]["code"] == "3060"


async def test_a_refund_of_an_unknown_payment_is_told_by_callback(sim: Sim, ecommpay: Merchant) -> None:
    answer = await ecommpay.refund("nobody-knows", amount=100)

    assert ecommpay.told == [("error", "refund", "error")]
    assert ecommpay.last["errors"][0]["code"] == 3061
    assert ecommpay.last["operation"]["request_id"] == answer["request_id"]


async def test_a_refund_without_its_description_is_refused_at_once(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()
    body = {"general": {"payment_id": ID}, "payment": {"amount": 100}}

    answer = await ecommpay.post("payment/wallet/alipay/refund", body)

    assert body_of(answer) == (400, said("2004"))
    assert await ecommpay.status_of() == "success"


async def test_a_repeated_merchant_refund_id_is_declined(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()

    await ecommpay.refund(amount=100, merchant_refund_id="r-1")
    await ecommpay.refund(amount=100, merchant_refund_id="r-1")

    first, second = ecommpay.callbacks[-2:]
    assert [c["payment"]["merchant_refund_id"] for c in (first, second)] == ["r-1", "r-1"]
    assert (first["operation"]["status"], second["operation"]["code"]) == ("success", "3230")


# Others ------------------------------------------------------------------------------------------------------------


async def test_the_catalogue_has_all_codes() -> None:
    assert len(errors.catalogue()) == 378
    assert set(errors.WALLET_REASONS.values()) | set(errors.FIELD_CODES.values()) <= set(errors.catalogue())


@pytest.mark.parametrize("code", ["20304", "20402", "20603", "402", "10105", "30303"])
async def test_a_scenario_can_produce_any_code(sim: Sim, ecommpay: Merchant, code: str) -> None:
    await sim.arm([{"when": {"operation": "sale"}, "wallet": {"decline": "declined", "code": code}}])
    await ecommpay.begin()

    await sim.act("ecommpay", ID, "pay")

    assert ecommpay.last["operation"]["code"] == code
    assert ecommpay.last["operation"]["message"] == errors.catalogue()[code]


@pytest.mark.parametrize("id_", ["a\u0000b", "x" * 5000, "付款", "a/b", "../c"])
async def test_an_odd_id_is_unknown_and_no_trouble(sim: Sim, ecommpay: Merchant, id_: str) -> None:
    request = {"project_id": ecommpay.project, "request_id": id_}

    status = await ecommpay.status(id_)
    of_request = await ecommpay.post("payment/status/request", request)

    assert status["errors"][0]["code"] == 3061
    assert body_of(of_request) == (404, said("3061"))


@pytest.mark.parametrize("id_", ["付款 1", "a/b", "..", "x" * 255, "a?b#c"])
async def test_a_payment_id_that_cannot_stand_in_a_path_is_found_by_its_reference(
    sim: Sim, ecommpay: Merchant, id_: str
) -> None:
    await ecommpay.begin(id_)
    listed = await sim.http.get(f"{sim.path}/payments", params={"reference": id_})

    [view] = listed.json()["data"]
    await sim.act("ecommpay", view["id"], "pay")

    assert view["id"].isdigit()
    assert await ecommpay.status_of(id_) == "success"


async def test_a_scenario_fails_the_api_in_its_own_words(sim: Sim, ecommpay: Merchant) -> None:
    await sim.arm([{"when": {"operation": "sale"}, "api": {"status": 503, "times": 1}}])

    failed = await ecommpay.sale()
    after = await ecommpay.sale()

    assert body_of(failed) == (503, said("501"))
    assert after.status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("payment/status", {"general": {}}),
        ("payment/status/request", {"project_id": 1}),
        ("payment/clarification", {"general": {"payment_id": "a"}}),
        ("info/available_methods_for_merchant/list", {}),
    ],
)
async def test_every_call_wants_its_own_members(sim: Sim, ecommpay: Merchant, path: str, body: dict[str, Any]) -> None:
    answer = await ecommpay.post(path, body)

    assert body_of(answer) == (400, said("2004"))


async def test_the_answers_bear_the_observed_headers(sim: Sim, ecommpay: Merchant) -> None:
    answer = await ecommpay.sale()

    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert (answer.headers["server"], answer.headers["cache-control"]) == ("openresty", "no-cache")
    assert answer.headers["expires"] == "Wed, 04 Mar 2026 04:59:59 GMT"
    assert json.loads(answer.content)["status"] == "success"


# Words ---------------------------------------------------------------------------------------------------------------

ADDRESSES = ["http://[::1", "http://[x]/", "http://a:b/", "http://a:99999/", "http:///x", "//shop.example", "http://℀/"]


@pytest.mark.parametrize("url", ADDRESSES)
async def test_an_address_that_no_library_can_read_is_refused_in_the_platforms_words(
    sim: Sim, ecommpay: Merchant, url: str
) -> None:
    await ecommpay.begin(general={"merchant_callback_url": url})
    page = await ecommpay.open(merchant_callback_url=url)

    assert ecommpay.last["errors"] == [
        {
            "code": 2003,
            "message": "Invalid URL format",
            "field": "general.merchant_callback_url",
            "constraint": "format",
        }
    ]
    assert (page.status_code, "merchant_callback_url" in page.text) == (400, True)


NO_INSTANTS = (
    "2026-03-04", "20260304T130100Z", "2026-W10-3T13:01:00Z", "2026-02-30T13:01:00Z", "２０２６-03-04T13:01:00Z",
    "2026-03-04T13:01:00", "2026-03-04 13:01:00Z", "soon",
)  # fmt: skip


@pytest.mark.parametrize("instant", NO_INSTANTS)
async def test_what_is_no_instant_is_refused_in_the_platforms_words(sim: Sim, ecommpay: Merchant, instant: str) -> None:
    await ecommpay.begin(payment={"best_before": instant})

    [error] = ecommpay.last["errors"]
    assert (error["field"], error["message"]) == ("payment.best_before", "Invalid date-time")


@pytest.mark.parametrize("offset", ["Z", "+08", "+08:00", "+0800", "-03:30"])
async def test_an_instant_may_have_any_of_the_documented_offsets(sim: Sim, ecommpay: Merchant, offset: str) -> None:
    answer = await ecommpay.begin(payment={"best_before": f"2027-03-04T13:01:00{offset}"})

    assert ecommpay.last["operation"]["request_id"] == answer["request_id"]
    assert ecommpay.told == [("awaiting redirect result", "sale", "awaiting redirect result")]


OTHER_DIGITS = ["²", "１０００", "١٠"]
"""Digits to Unicode, and to Python's `isdigit` or `int`, but not to this API."""


@pytest.mark.parametrize("digits", OTHER_DIGITS)
async def test_digits_are_ascii_digits(sim: Sim, ecommpay: Merchant, digits: str) -> None:
    of_project = copy.deepcopy(SALE)
    of_project["general"]["project_id"] = digits
    birth_day = {"customer": {"day_of_birth": f"{digits[:1] * 2}-01-1990", "phone": digits * 4}}

    answer = await ecommpay.post("payment/wallet/alipay/sale", of_project)
    page = await ecommpay.open(payment_amount=digits)
    nobodys_page = await ecommpay.open(project_id=digits)
    await ecommpay.begin(**birth_day)

    assert body_of(answer) == (404, said("2442"))
    assert (page.status_code, nobodys_page.status_code) == (400, 404)
    assert {error["field"] for error in ecommpay.last["errors"]} == {"customer.day_of_birth", "customer.phone"}


async def test_what_is_no_text_is_told_as_json(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.begin(payment={"description": {"a": [True, None]}})

    assert ecommpay.last["payment"]["description"] == '{"a":[true,null]}'


KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    # What is sent: the field, and how its type is told.
    "text for an object": ({"return_url": "x"}, "return_url", "String value found, but an object is required"),
    "a list for an object": ({"callback": []}, "callback", "Array value found, but an object is required"),
    "a number for a text": ({"customer": {"zip": 1}}, "customer.zip", "Integer value found, but a string is required"),
    "a fraction for a number": (
        {"payment": {"amount": 1.5}},
        "payment.amount",
        "Number value found, but an integer is required",
    ),
    "a text for a boolean": (
        {"callback": {"force_disable": "yes"}},
        "callback.force_disable",
        "String value found, but a boolean is required",
    ),
    "a number for a boolean": (
        {"callback": {"force_disable": 2}},
        "callback.force_disable",
        "Integer value found, but a boolean is required",
    ),
}


@pytest.mark.parametrize("what", KINDS)
async def test_a_wrong_type_is_told_in_the_platforms_words(sim: Sim, ecommpay: Merchant, what: str) -> None:
    changes, field, message = KINDS[what]

    await ecommpay.begin(**changes)

    assert ecommpay.last["errors"] == [{"code": 2003, "message": message, "field": field, "constraint": "type"}]


@pytest.mark.parametrize("drawn", [b"\x00" * 9, b"\xff" * 9, b"\x09" * 9])
def test_a_new_project_has_nine_digits(drawn: bytes) -> None:
    """Always, so that answers of equal seeds are equally long."""
    own = keys.credentials(Ids(lambda length: (drawn * length)[:length]), False)

    assert len(str(own["project_id"])) == 9
