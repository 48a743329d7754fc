"""What clients, plugins and newer pages of the manual have corrected: one test for each line of it."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlencode

import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant, sign
from simulator.providers.ecommpay import signing

ID = SALE["general"]["payment_id"]
SALE_PATH = "payment/wallet/alipay/sale"


# A signature that only an SDK's own rendering explains --------------------------------------------------------------

RENDERINGS: dict[str, tuple[dict[str, Any], Any]] = {
    # What is added to the seed's sale, and who signs it in which way of their own. Source: docs/providers/ecommpay.md, source 2.3.
    "null": ({"addendum": {"note": None}}, "Python 1.0.6"),
    "a float": ({"addendum": {"weight": 1.0}}, "Python 1.0.6"),
    "a list over ten": ({"addendum": {"items": [f"v{n}" for n in range(12)]}}, "Go"),
    "a name before another": ({"addendum": {"a": {"x": 1}, "a1": 2}}, "JavaScript"),
}


def signed_by(merchant: Merchant, body: dict[str, Any], signer: str) -> dict[str, Any]:
    body["general"]["project_id"] = merchant.project
    dialect = next(dialect for dialect in signing.DIALECTS if dialect.signer == signer)
    lines = signing.written(signing.read(body), dialect)
    body["general"]["signature"] = signing.digest(merchant.secret, ";".join(lines))
    return body


@pytest.mark.parametrize("what", RENDERINGS)
async def test_a_secondary_dialect_is_accepted_with_a_notice(
    sim: Sim, ecommpay: Merchant, strict: Merchant, what: str
) -> None:
    more, signer = RENDERINGS[what]
    body = {**copy.deepcopy(SALE), **more}

    answer = await sim.http.post(f"/v2/{SALE_PATH}", json=signed_by(ecommpay, copy.deepcopy(body), signer))
    plain = signed_by(ecommpay, {**copy.deepcopy(body), "general": {"payment_id": "other"}}, "documentation, PHP")
    documented = await sim.http.post(f"/v2/{SALE_PATH}", json=plain)
    refused = await strict.sim.http.post(f"/v2/{SALE_PATH}", json=signed_by(strict, copy.deepcopy(body), signer))

    assert answer.status_code == 200
    assert f"signature: it fits only in the rendering of {signer}" in answer.headers["simulator-notice"]
    assert "signature:" not in documented.headers.get("simulator-notice", "")
    assert (refused.status_code, refused.json()["code"]) == (400, "3261")


async def test_a_boolean_as_a_word_is_accepted_on_payment_page_with_a_notice(
    ecommpay: Merchant, strict: Merchant
) -> None:
    answers = []
    for merchant in (ecommpay, strict):
        parameters = merchant.page(close_on_missclick="1") | {"close_on_missclick": "true"}
        answers.append(await merchant.sim.http.get("/payment", params=parameters))

    assert [answer.status_code for answer in answers] == [200, 400]
    assert (
        "signature: it fits only in the rendering of an SDK that sends booleans as words"
        in answers[0].headers["simulator-notice"]
    )


# The nested query of PHP ------------------------------------------------------------------------------------------


NESTED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "an object in an object": ({"a": {"b": {"c": "1"}}}, [("a[b][c]", "1")]),
    "a list with its numbers": ({"a": ["x", "y"]}, [("a[0]", "x"), ("a[1]", "y")]),
    "a list without them": ({"a": ["x", "y"]}, [("a[]", "x"), ("a[]", "y")]),
    "a list of objects": (
        {"receipt": {"positions": [{"quantity": "1"}, {"quantity": "2"}]}},
        [("receipt[positions][0][quantity]", "1"), ("receipt[positions][1][quantity]", "2")],
    ),
}


@pytest.mark.uncounted
@pytest.mark.parametrize("way", ["GET", "POST", "check", "check by JSON"])
@pytest.mark.parametrize("what", NESTED)
async def test_a_b_c_in_brackets_is_the_nested_form_that_php_sends(
    sim: Sim, ecommpay: Merchant, what: str, way: str
) -> None:
    tree, query = NESTED[what]
    flat = {name: value for name, value in ecommpay.page().items() if name != "signature"}
    signature = sign(ecommpay.secret, {**flat, **tree})
    encoded = urlencode([*flat.items(), *query, ("signature", signature)])

    match way:
        case "GET":
            answer = await sim.http.get(f"/payment?{encoded}")
        case "POST":
            form = {"content-type": "application/x-www-form-urlencoded"}
            answer = await sim.http.post("/payment", content=encoded, headers=form)
        case "check":
            answer = await sim.http.get(f"/params/check?{encoded}")
        case _:
            answer = await sim.http.post("/params/check", json={**flat, **tree, "signature": signature})

    assert answer.status_code == 200, answer.text


async def test_the_nested_form_survives_every_step_of_payment_page(sim: Sim, ecommpay: Merchant) -> None:
    flat = {name: value for name, value in ecommpay.page(force_payment_method="alipay").items() if name != "signature"}
    signature = sign(ecommpay.secret, {**flat, "a": ["x", "y"]})
    page = await sim.http.get(
        f"/payment?{urlencode([*flat.items(), ('a[]', 'x'), ('a[]', 'y'), ('signature', signature)])}"
    )

    emulator = await ecommpay.press(page, "ecp-pay")
    await ecommpay.press(emulator, "ecp-success", last_name="Zhou")

    assert await ecommpay.status_of("580") == "success"


async def test_brackets_that_are_signed_as_they_stand_are_refused(sim: Sim, ecommpay: Merchant) -> None:
    """PHP, in which the platform is written, would have read an object."""
    answer = await sim.http.get("/payment", params=ecommpay.page(**{"a[b]": "1"}))

    assert answer.status_code == 400


# The refund of a whole purchase on its day -----------------------------------------------------------------------------


async def test_a_full_refund_on_the_same_day_is_a_refund_by_default(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()

    await ecommpay.refund()

    assert ecommpay.told[-1] == ("refunded", "refund", "success")


@pytest.mark.parametrize("amount", [{}, {"amount": 1000}])
async def test_a_full_refund_on_the_same_day_is_a_reversal_where_the_project_says_so(
    sim: Sim, ecommpay: Merchant, amount: dict[str, int]
) -> None:
    await sim.settings("ecommpay", same_day_refund="reversal")
    await ecommpay.paid()

    answer = await ecommpay.refund(**amount)

    assert ecommpay.told[-1] == ("reversed", "reversal", "success")
    assert ecommpay.last["operation"]["request_id"] == answer["request_id"]
    assert ecommpay.last["payment"]["sum"]["amount"] == 0
    status = await ecommpay.status()
    assert [operation["type"] for operation in status["operations"]] == ["sale", "reversal"]
    assert (await sim.payment("ecommpay", ID))["phase"] == "refunded"
    assert (await sim.http.get(f"{sim.path}/webhooks")).json()["data"][-1]["event"] == "reversal success"
    await ecommpay.refund(amount=1)
    assert ecommpay.last["operation"]["code"] == "3060"


async def test_what_is_no_full_refund_or_comes_later_is_a_refund_in_every_project(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", same_day_refund="reversal")
    await ecommpay.paid("in-parts")
    await ecommpay.paid("next-day")

    await ecommpay.refund("in-parts", amount=999)
    await ecommpay.refund("in-parts")
    await sim.advance(hours=24)
    await ecommpay.refund("next-day")

    assert ecommpay.told[-3:] == [
        ("partially refunded", "refund", "success"), ("refunded", "refund", "success"), ("refunded", "refund", "success"),
    ]  # fmt: skip


async def test_a_reversal_can_be_declined(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", same_day_refund="reversal")
    await ecommpay.paid(payment={"amount": 50_000})

    await ecommpay.refund()

    assert ecommpay.told[-1] == ("success", "reversal", "decline")


# Lists, numbers, sums ---------------------------------------------------------------------------------------------------


async def test_an_errors_list_has_at_most_ten_items(sim: Sim, ecommpay: Merchant) -> None:
    wrong = dict.fromkeys(("first_name", "last_name", "zip", "state", "street", "address", "district", "building"), 1)
    customer = {**wrong, "email": "x", "phone": "y", "country": "z", "gender": "w"}
    await ecommpay.begin(customer=customer)
    told = ecommpay.last

    await ecommpay.paid("paid")
    for _ in range(2):
        body = {"general": {"payment_id": "paid"}, "customer": customer, "payment": {"amount": 1, "description": "r"}}
        await ecommpay.post("payment/wallet/alipay/refund", body)
    await sim.advance(seconds=1)
    request = {"project_id": ecommpay.project, "request_id": told["operation"]["request_id"]}
    of_request = (await ecommpay.post("payment/status/request", request)).json()

    assert len(told["errors"]) == 10
    assert len(ecommpay.last["errors"]) == 10
    assert len((await ecommpay.status("paid"))["errors"]) == 10
    assert len(of_request["errors"]) == 10


async def test_operation_ids_grow_with_time(sim: Sim, ecommpay: Merchant) -> None:
    """By one within a second, and with the clock, so that they also grow over a reset."""
    for n in range(3):
        await ecommpay.paid(f"p-{n}")
        await ecommpay.refund(f"p-{n}", amount=100)
    ids = [operation["id"] for n in range(3) for operation in (await ecommpay.status(f"p-{n}"))["operations"]]
    (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
    await sim.receive_webhooks("ecommpay")
    await sim.advance(hours=1)
    await ecommpay.paid("later")
    later = (await ecommpay.status("later"))["operations"][0]["id"]

    assert sorted(set(ids)) == ids
    assert later > ids[-1]
    assert all(len(str(number)) == 14 and number // 10**9 == 20891 for number in (*ids, later))


async def test_a_refund_of_amount_null_is_reported_as_2003(sim: Sim, ecommpay: Merchant) -> None:
    await ecommpay.paid()

    await ecommpay.refund(amount=None)

    assert ecommpay.told[-1] == ("success", "refund", "decline")
    assert ecommpay.last["errors"] == [
        {
            "code": 2003,
            "message": "NULL value found, but an integer is required",
            "field": "payment.amount",
            "constraint": "type",
        }
    ]


NULLS: dict[str, dict[str, Any]] = {
    "payment": {"payment": None},
    "customer.ip_address": {"customer": {"ip_address": None}},
    "payment.currency": {"payment": {"amount": 1, "currency": None, "description": "r"}},
    "payment.merchant_refund_id": {"payment": {"amount": 1, "merchant_refund_id": None, "description": "r"}},
    "callback": {"callback": None},
    "callback.delay": {"callback": {"delay": None}},
}


@pytest.mark.parametrize("member", NULLS)
async def test_null_is_not_the_same_as_absent(sim: Sim, ecommpay: Merchant, member: str) -> None:
    await ecommpay.paid()

    answer = await ecommpay.post("payment/refund", {"general": {"payment_id": ID}, **NULLS[member]})
    await sim.advance(seconds=1)

    assert answer.status_code == 200
    assert ecommpay.told[-1] == ("success", "refund", "decline")
    assert ecommpay.last["errors"][0]["field"] == member


MALFORMED: dict[str, tuple[dict[str, Any], int | None]] = {
    # What a malformed refund asks for, and the amount that its callback tells.
    "null": ({"amount": None}, None),
    "a text": ({"amount": "100"}, None),
    "a fraction": ({"amount": 1.5}, None),
    "below zero": ({"amount": -1}, None),
    "zero": ({"amount": 0}, 0),
    "a good amount beside another fault": ({"amount": 100, "merchant_refund_id": 5}, 100),
    "no amount beside another fault": ({"merchant_refund_id": 5}, None),
}


@pytest.mark.parametrize("what", MALFORMED)
async def test_a_malformed_refund_never_reports_a_remainder_as_its_sum(sim: Sim, ecommpay: Merchant, what: str) -> None:
    payment, amount = MALFORMED[what]
    await ecommpay.paid()

    answer = await ecommpay.refund(**payment)

    operation = ecommpay.last["operation"]
    expected = None if amount is None else {"amount": amount, "currency": "CNY"}
    assert (operation.get("sum_initial"), operation.get("sum_converted")) == (expected, expected)
    assert (await ecommpay.status())["operations"][1].get("sum_initial") == expected
    request = {"project_id": ecommpay.project, "request_id": answer["request_id"]}
    of_request = (await ecommpay.post("payment/status/request", request)).json()
    assert of_request["operations"][1].get("sum") == expected


@pytest.mark.parametrize("amount", [1000.0, 1e3])
async def test_a_whole_float_is_an_integer(sim: Sim, ecommpay: Merchant, amount: float) -> None:
    """PrestaShop's plugin sends what PHP's `round` gives, which JSON prints as 1000.0 and PHP signs as 1000."""
    body = copy.deepcopy(SALE)
    body["payment"]["amount"] = amount
    sale = await sim.http.post(f"/v2/{SALE_PATH}", json=signed_by(ecommpay, body, "documentation, PHP"))
    await sim.advance(seconds=1)
    await sim.act("ecommpay", ID, "pay")
    refund = {
        "general": {"payment_id": ID},
        "payment": {"amount": 400.0, "currency": "CNY", "description": ""},
        "interface_type": {"id": 17},
    }

    answer = await sim.http.post("/v2/payment/card/refund", json=signed_by(ecommpay, refund, "documentation, PHP"))
    await sim.advance(seconds=1)

    assert (sale.status_code, answer.status_code) == (200, 200)
    assert ecommpay.told[-1] == ("partially refunded", "refund", "success")
    assert b'"amount":400,' in ecommpay.last_hook.raw and b"400.0" not in ecommpay.last_hook.raw
    assert ecommpay.last["payment"]["sum"]["amount"] == 600


# What the seed demands ---------------------------------------------------------------------------------------------------


async def test_a_sale_without_a_return_address_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant
) -> None:
    for changes in ({"return_url": None}, {"return_url": {"return": None}}):
        answers = [await merchant.sale(**changes) for merchant in (ecommpay, strict)]

        assert [answer.status_code for answer in answers] == [200, 400]
        assert "return_url.return: the Alipay article demands it" in answers[0].headers["simulator-notice"]
        assert answers[1].json()["code"] == "2004"
    assert (await strict.sale("complete")).status_code == 200
    assert "simulator-notice" not in (await ecommpay.sale("complete")).headers


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({"payment": {"amount": 100, "description": "r"}}, ["customer.ip_address"]),
        ({"customer": {"ip_address": "192.0.2.0"}}, ["payment.description"]),
        ({}, ["payment.description", "customer.ip_address"]),
    ],
)
async def test_a_refund_without_what_the_article_demands_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant, body: dict[str, Any], missing: list[str]
) -> None:
    answers = []
    for merchant in (ecommpay, strict):
        await merchant.paid()
        answers.append(await merchant.post("payment/wallet/alipay/refund", {"general": {"payment_id": ID}, **body}))

    assert [answer.status_code for answer in answers] == [200, 400]
    notice = answers[0].headers["simulator-notice"]
    assert notice == "; ".join(f"{name}: the Alipay article demands it" for name in missing)
    assert await strict.status_of() == "success"


@pytest.mark.parametrize("language", [None, "en"])
async def test_payment_page_in_another_language_is_noticed_and_refused_if_strict(
    ecommpay: Merchant, strict: Merchant, language: str | None
) -> None:
    answers = [await merchant.open(language_code=language) for merchant in (ecommpay, strict)]

    assert [answer.status_code for answer in answers] == [200, 400]
    assert "language_code is not zh, which the Alipay article demands" in answers[0].headers["simulator-notice"]
    assert "language_code" in answers[1].text
    assert (await strict.open()).status_code == 200
    assert "simulator-notice" not in (await ecommpay.open()).headers


# Paths -------------------------------------------------------------------------------------------------------------------


async def test_prestashops_refund_path_is_taken_for_an_alipay_payment_with_a_notice(
    ecommpay: Merchant, strict: Merchant
) -> None:
    for merchant in (ecommpay, strict):
        await merchant.paid()
    body = {"general": {"payment_id": ID}, "customer": {"ip_address": "192.0.2.0"}}
    body["payment"] = {"amount": 400, "currency": "CNY", "description": ""}  # type: ignore[dict-item]

    answers = [await merchant.post("payment/card/refund", body) for merchant in (ecommpay, strict)]
    for merchant in (ecommpay, strict):
        await merchant.sim.advance(seconds=1)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert "/v2/payment/card/refund is the path of card payments" in answers[0].headers["simulator-notice"]
    assert ecommpay.told[-1] == ("partially refunded", "refund", "success")
    assert strict.last["errors"] == [{"code": 2541, "message": "Unknown Payment Method"}]
    assert await strict.status_of() == "success"


@pytest.mark.parametrize("path", ["/v2/payment/wallet/alipay/sale", "/v2/payment/status", "/payment", "/params/check"])
async def test_options_is_answered_as_advertised(sim: Sim, path: str) -> None:
    asked = {"origin": "https://shop.example", "access-control-request-method": "POST"}

    answer = await sim.http.options(path, headers=asked)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Content-Type" in answer.headers["access-control-allow-headers"]


# Test amounts -------------------------------------------------------------------------------------------------------------


async def test_test_amounts_can_be_switched_off(sim: Sim, ecommpay: Merchant) -> None:
    await sim.settings("ecommpay", test_amounts=False)
    await ecommpay.paid("a", payment={"amount": 40_000})
    await ecommpay.paid("b", payment={"amount": 100_000})

    await ecommpay.refund("b", amount=50_000)

    assert ecommpay.told[-1] == ("partially refunded", "refund", "success")
    assert await ecommpay.status_of("a") == "success"


async def test_test_amounts_are_documented_for_alipay_and_hold_in_strict_mode_without_a_notice(
    strict: Merchant,
) -> None:
    answer = await strict.sale(payment={"amount": 40_000})
    await strict.sim.act("ecommpay", ID, "pay")

    assert "simulator-notice" not in answer.headers
    assert await strict.status_of() == "decline"
