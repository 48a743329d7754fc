"""What clients, plugins and newer pages showed of Connect: one test for each line of the errata."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from support import Sim

from providers.worldline.driver import ORDER, RETURN_URL, Merchant, merged, payment_body
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import IdempotencyConflict
from simulator.providers.worldline import PROVIDER
from simulator.providers.worldline.errors import refuse

CATALOGUE = Path(__file__).parents[4] / "shared" / "reference" / "specs" / "worldline" / "endpoints.json"
MOVED = "redirectPaymentMethodSpecificInput"


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    async with Sim(strict=True) as sim:
        yield Merchant(sim)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    [error] = answer.json()["errors"]
    found: dict[str, Any] = error
    return found


# 430900, limits, locales -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (merged(ORDER, {"amountOfMoney.currencyCode": "USD", "customer.billingAddress.countryCode": "DE"}),
         "COUNTRYCODE: DE, CURRENCYCODE: USD"),
        ({"amountOfMoney": {"currencyCode": "EUR"}}, "COUNTRYCODE: , CURRENCYCODE: EUR"),
        ({"customer": {"billingAddress": {"countryCode": "FR"}}}, "COUNTRYCODE: FR, CURRENCYCODE: "),
        ({"amountOfMoney": "much", "customer": [1]}, "COUNTRYCODE: , CURRENCYCODE: "),
    ],
)  # fmt: skip
async def test_430900_names_country_and_currency_from_whatever_the_request_gave(
    worldline: Merchant, order: Any, words: str
) -> None:
    card = {"paymentProductId": 1, "card": {"cardNumber": "4567350000427977"}}

    answer = await worldline.post("/payments", {"order": order, "cardPaymentMethodSpecificInput": card})

    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (402, "430900")
    assert error["message"].endswith(f"PAYMENTPRODUCT: 1, {words}")


async def test_a_scenarios_430900_names_them_too(sim: Sim, worldline: Merchant) -> None:
    await sim.arm([{"when": {}, "api": {"status": 402, "code": "430900"}}])

    answer = await worldline.post("/payments", payment_body())

    assert error_of(answer)["message"].endswith("PAYMENTPRODUCT: 861, COUNTRYCODE: CN, CURRENCYCODE: CNY")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("order.references.merchantReference", "x" * 41, "'merchantReference' has 41 characters, and at most 30 are allowed"),
        ("order.references.descriptor", "a\tb", "'descriptor' has characters that are not allowed"),
        ("order.references.merchantOrderId", 10**10, "'merchantOrderId' is 10000000000, and at most 9999999999 is allowed"),
        ("order.amountOfMoney.amount", "1000000000000", "'amount' is 1000000000000, and at most 999999999999 is allowed"),
    ],
)  # fmt: skip
async def test_limits_are_worded_for_a_merchant(worldline: Merchant, path: str, value: Any, message: str) -> None:
    answer = await worldline.post("/payments", payment_body(**{path: value}))

    error = error_of(answer)
    assert (answer.status_code, error["code"], error["propertyName"]) == (400, "21000050", path)
    assert error["message"] == f"FIELD_VALIDATION_ERROR: {message}"


async def test_an_idempotence_key_is_refused_in_the_same_words(worldline: Merchant) -> None:
    answer = await worldline.post("/payments", payment_body(), headers={"X-GCS-Idempotence-Key": "k" * 41})

    assert answer.status_code == 400
    assert error_of(answer)["message"] == (
        "FIELD_VALIDATION_ERROR: 'X-GCS-Idempotence-Key' must have at most 40 characters, all of them ASCII"
    )


@pytest.mark.parametrize(
    ("locale", "status"), [("default", 400), ("zh_Hans_CN", 400), ("zh_CN", 201), ("en", 201), (7, 400)]
)
async def test_both_locales_are_judged_alike(worldline: Merchant, locale: Any, status: int) -> None:
    hosted = {"order": ORDER, "hostedCheckoutSpecificInput": {"locale": locale}}

    of_customer = await worldline.post("/payments", payment_body(**{"order.customer.locale": locale}))
    of_page = await worldline.post("/hostedcheckouts", hosted)

    assert (of_customer.status_code, of_page.status_code) == (status, status)
    if status == 400:
        assert error_of(of_customer)["code"] == error_of(of_page)["code"]
        assert error_of(of_customer)["message"] == error_of(of_page)["message"]


# Input as real clients send it --------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [2500, "2500", 2500.0])
async def test_amounts_are_taken_as_clients_write_them(worldline: Merchant, amount: Any) -> None:
    created = await worldline.create(**{"order.amountOfMoney.amount": amount, f"{MOVED}.paymentProductId": "861"})

    assert created["payment"]["paymentOutput"]["amountOfMoney"] == {"amount": 2500, "currencyCode": "CNY"}


@pytest.mark.parametrize(
    "amount", ["²", "\uff12\uff15\uff10\uff10", "٢٥", "2500.0", 2500.5, "+5", " 5", "5\n", 1e18, True]
)
async def test_what_is_no_number_in_ascii_digits_is_refused(worldline: Merchant, amount: Any) -> None:
    answer = await worldline.post("/payments", payment_body(**{"order.amountOfMoney.amount": amount}))

    assert (answer.status_code, error_of(answer)["code"]) == (400, "1099")


async def test_there_are_no_hundredths_of_a_yen(worldline: Merchant) -> None:
    """Else payment and wallet would name two amounts."""
    yen = {"order.amountOfMoney": {"amount": 99_999, "currencyCode": "JPY"}}
    payment = await worldline.post("/payments", payment_body(**yen))
    id_ = await worldline.paid(**{"order.amountOfMoney": {"amount": 100_000, "currencyCode": "JPY"}})
    refund = await worldline.post(f"/payments/{id_}/refund", {"amountOfMoney": {"amount": 150, "currencyCode": "JPY"}})

    for answer in (payment, refund):
        assert (answer.status_code, error_of(answer)["code"]) == (400, "1099")


@pytest.mark.parametrize("digits", ["²", "２５", "٢٥"])
async def test_digits_of_a_query_or_a_path_are_ascii(worldline: Merchant, digits: str) -> None:
    quoted = "".join(f"%{byte:02X}" for byte in digits.encode())

    query = await worldline.get(f"/payments?merchantReference=a&limit={quoted}")
    product = await worldline.get(f"/products/{quoted}?countryCode=CN&currencyCode=CNY")
    payment = await worldline.get(f"/payments/{quoted * 15}")
    date = await worldline.post("/payments/1/refund", {"refundDate": digits * 4})

    assert [answer.status_code for answer in (query, product, payment, date)] == [400, 404, 404, 400]


async def test_a_json_body_under_a_forms_content_type_is_read_as_json(worldline: Merchant) -> None:
    answer = await worldline.post(
        "/payments", payment_body(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("order", []), ("order.amountOfMoney", "5"), ("order.customer.billingAddress", 5), (MOVED, None), (MOVED, "861"),
        (f"{MOVED}.redirectionData", True), (f"{MOVED}.requiresApproval", "no"), ("order.references", {"merchantOrderId": {}}),
        ("order.amountOfMoney.currencyCode", "€€€"), ("order.customer.merchantCustomerId", 1.5), ("order.items", {}),
        ("fraudFields", 1), ("order.customer.contactDetails.emailAddress", "x" * 71), ("order.references.descriptor", None),
        (f"{MOVED}.redirectionData.returnUrl", ["https://shop.example"]), (f"{MOVED}.expirationPeriod", "soon"),
    ],
)  # fmt: skip
async def test_no_answer_has_a_word_of_a_library(worldline: Merchant, path: str, value: Any) -> None:
    answer = await worldline.post("/payments", payment_body(**{path: value}))

    assert answer.status_code in (201, 400)
    for word in (
        "validation",
        "Input should",
        "Value error",
        "str",
        "dict",
        "None",
        "True",
        "NoneType",
        "pydantic",
        "float",
    ):
        assert not re.search(rf"\b{word}\b", answer.text), word


# Routes ---------------------------------------------------------------------------------------------------------------


def filled(merchant: Merchant, path: str) -> str:
    return re.sub(r"\{\w+\}", "77", path.replace("{merchantId}", merchant.own["merchant_id"]))


OWN_LIST = [(row.method, row.path.replace("{merchantId:digits}", "{merchantId}")) for row in PROVIDER.left_out]
PUBLISHED = (
    [(row["method"], row["path"]) for row in json.loads(CATALOGUE.read_text())] if CATALOGUE.exists() else OWN_LIST
)


@pytest.mark.parametrize(("method", "path"), PUBLISHED)
async def test_every_operation_of_the_catalogue_answers_in_connects_format(
    worldline: Merchant, method: str, path: str
) -> None:
    answer = await worldline.call(method, filled(worldline, path), {} if method in ("POST", "PUT") else None)

    assert answer.status_code not in (401, 403, 405)
    assert answer.headers["content-type"] == "application/json"
    if answer.status_code >= 400:
        assert list(answer.json()) == ["errorId", "errors"]


@pytest.mark.parametrize(("method", "path"), OWN_LIST)
async def test_what_is_left_out_says_so_and_is_in_the_merchants_journal(
    worldline: Merchant, method: str, path: str
) -> None:
    answer = await worldline.call(method, filled(worldline, path), {} if method in ("POST", "PUT") else None)

    assert answer.status_code == 404
    assert "is left out of the simulator" in answer.headers["simulator-notice"]
    entry = (await worldline.sim.requests())[0]
    assert (entry["path"], list(entry["help"])) == (filled(worldline, path), ["left_out"])


async def test_a_capture_is_refunded_like_its_payment(worldline: Merchant) -> None:
    id_ = await worldline.paid()
    [capture] = (await worldline.get(f"/payments/{id_}/captures")).json()["captures"]

    body = {"amountOfMoney": {"amount": 900, "currencyCode": "CNY"}}
    answer = await worldline.post(f"/captures/{capture['id']}/refund", body)
    await worldline.sim.advance(hours=1)

    assert (answer.status_code, answer.json()["status"]) == (201, "REFUND_REQUESTED")
    assert answer.headers["location"].endswith(f"/refunds/{answer.json()['id']}")
    assert [r["id"] for r in (await worldline.get(f"/payments/{id_}/refunds")).json()["refunds"]] == [
        answer.json()["id"]
    ]
    assert (await worldline.payment(id_))["paymentOutput"]["amountRefunded"] == 900


async def test_a_capture_is_refused_what_its_payment_is_refused(worldline: Merchant) -> None:
    waiting, captured = await worldline.created_id(), await worldline.captured()

    none = await worldline.post(f"/captures/{waiting}/refund")
    early = await worldline.post(f"/captures/{captured}/refund")

    assert (none.status_code, error_of(none)["message"]) == (404, "UNKNOWN_CAPTURE_ID")
    assert (early.status_code, error_of(early)["code"]) == (400, "300450")


async def test_no_card_is_known_by_its_first_digits(worldline: Merchant) -> None:
    known = await worldline.post("/services/getIINdetails", {"bin": "456735"})
    missing = await worldline.post("/services/getIINdetails", {})
    letters = await worldline.post("/services/getIINdetails", {"bin": "45673x"})

    assert (known.status_code, error_of(known)["propertyName"]) == (404, "bin")
    assert (missing.status_code, error_of(missing)["code"]) == (400, "20000000")
    assert (letters.status_code, error_of(letters)["code"]) == (400, "1099")


async def test_no_product_looks_customers_up(worldline: Merchant) -> None:
    body = {"countryCode": "SE", "values": [{"key": "fiscalNumber", "value": "123456789123"}]}

    known = await worldline.post("/products/861/customerDetails", body)
    unknown = await worldline.post("/products/9000/customerDetails", body)
    missing = await worldline.post("/products/861/customerDetails", {})

    assert (known.status_code, error_of(known)["code"]) == (404, "1002")
    assert (unknown.status_code, error_of(unknown)["code"]) == (404, "1007")
    assert [error["propertyName"] for error in missing.json()["errors"]] == ["countryCode", "values"]


# Client sessions -------------------------------------------------------------------------------------------------------


class Browser:
    """The Client API, as the SDK in a shop's page calls it."""

    def __init__(self, sim: Sim, session: dict[str, str]) -> None:
        self.sim, self.session = sim, session

    async def get(self, path: str, session: str | None = None) -> httpx.Response:
        url = f"{self.session['clientApiUrl']}/v1/{self.session['customerId']}{path}"
        sent = {
            "Authorization": f"GCS v1Client:{session or self.session['clientSessionId']}",
            "X-GCS-ClientMetaInfo": "e30=",
        }
        return await self.sim.http.get(url, headers=sent)


@pytest.fixture
async def browser(worldline: Merchant) -> Browser:
    return Browser(worldline.sim, (await worldline.post("/sessions", {})).json())


async def test_a_sessions_client_api_answers_as_the_merchants_does(worldline: Merchant, browser: Browser) -> None:
    query = "?countryCode=CN&currencyCode=CNY&amount=2500&locale=zh_CN"
    for path in (
        f"/products{query}",
        f"/products/861{query}",
        f"/productgroups{query}",
        f"/products/861/networks{query}",
    ):
        own, clients = await worldline.get(path), await browser.get(path)
        assert (own.status_code, own.json()) == (200, clients.json())
        assert clients.headers["access-control-allow-origin"] == "*"


async def test_a_sessions_public_key_can_be_read(browser: Browser) -> None:
    key = (await browser.get("/crypto/publickey")).json()

    assert list(key) == ["keyId", "publicKey"]
    assert base64.b64decode(key["publicKey"], validate=True)[:4].hex() == "30820122"


async def test_a_sessions_status_of_a_payment_can_be_read(worldline: Merchant, browser: Browser) -> None:
    id_ = await worldline.created_id()

    assert (await browser.get(f"/payments/{id_}/thirdpartystatus")).json() == {"thirdPartyStatus": "WAITING"}


async def test_a_session_ends_after_two_hours(browser: Browser) -> None:
    await browser.sim.advance(hours=1, minutes=59)
    late = await browser.get("/crypto/publickey")
    await browser.sim.advance(minutes=2)
    ended = await browser.get("/crypto/publickey")

    assert (late.status_code, ended.status_code, error_of(ended)["code"]) == (200, 401, "9002")


async def test_a_session_that_we_did_not_make_is_none(browser: Browser) -> None:
    assert (await browser.get("/crypto/publickey", session="0" * 32)).status_code == 401
    browser.session["customerId"] = "1001-" + "0" * 32
    assert (await browser.get("/crypto/publickey")).status_code == 401
    browser.session["customerId"] = "nobody"
    assert (await browser.get("/crypto/publickey")).status_code == 401


async def test_a_browser_may_ask_from_the_shops_page(browser: Browser) -> None:
    url = f"{browser.session['clientApiUrl']}/v1/{browser.session['customerId']}/products"

    answer = await browser.sim.http.options(url, headers={"Origin": "https://shop.example"})

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert "Authorization" in answer.headers["access-control-allow-headers"]


async def test_a_products_logo_lies_under_the_asset_address(browser: Browser) -> None:
    found = (await browser.get("/products?countryCode=CN&currencyCode=CNY")).json()["paymentProducts"]
    assert [product["id"] for product in found] == [861, 866]

    for product in found:
        answer = await browser.sim.http.get(browser.session["assetUrl"] + product["displayHints"]["logo"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.content.startswith(b"\x89PNG")
    nothing = await browser.sim.http.get(f"{browser.session['assetUrl']}templates/master/global/css/img/ppimages/x.png")
    assert nothing.status_code == 404


# Status codes ----------------------------------------------------------------------------------------------------------


def code(payment: dict[str, Any]) -> tuple[str, int]:
    return payment["status"], payment["statusOutput"]["statusCode"]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("balance", 120), ("limit", 120), ("declined", 120), ("authentication", 130), ("blocked", 160)],
)
async def test_the_code_of_a_decline_says_why(sim: Sim, worldline: Merchant, reason: str, expected: int) -> None:
    id_ = await worldline.created_id()

    view = await sim.act("worldline", id_, "decline", reason=reason)

    assert code(await worldline.payment(id_)) == ("REJECTED", expected)
    assert view["phase"] == "declined"


@pytest.mark.parametrize(("setting", "expected"), [({}, 130), ({"expiry_code": 140}, 140)])
async def test_an_expiry_is_130_or_by_setting_140(
    sim: Sim, worldline: Merchant, setting: dict[str, int], expected: int
) -> None:
    await sim.settings("worldline", **setting)
    id_ = await worldline.created_id()

    await sim.advance(hours=12)

    assert code(await worldline.payment(id_)) == ("REJECTED", expected)
    assert (await sim.payment("worldline", id_))["phase"] == "expired"


async def test_the_money_goes_through_975_and_1000_to_1050(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.captured()
    seen = [code(await worldline.payment(id_))]
    for days in (1, 1, 7):
        await sim.advance(days=days)
        seen.append(code(await worldline.payment(id_)))

    assert seen == [("CAPTURED", 800), ("CAPTURED", 975), ("PAID", 1000), ("PAID", 1050)]
    assert worldline.events == ["payment.created", "payment.redirected", "payment.captured", "payment.paid"]


async def test_a_payment_that_is_paid_before_its_file_is_sent_never_shows_975(sim: Sim, worldline: Merchant) -> None:
    await sim.settings("worldline", settlement_s=60)
    id_ = await worldline.captured()

    await sim.advance(days=1)

    assert code(await worldline.payment(id_)) == ("PAID", 1000)


@pytest.mark.parametrize(("amount", "expected"), [(120120, 120), (160160, 160)])
async def test_an_amount_spells_the_code_of_its_decline(worldline: Merchant, amount: int, expected: int) -> None:
    id_ = await worldline.created_id(**{"order.amountOfMoney.amount": amount})

    await worldline.sim.act("worldline", id_, "pay")

    assert code(await worldline.payment(id_))[1] in (800, expected)


async def test_a_key_in_progress_is_409_with_exactly_one_error(worldline: Merchant) -> None:
    """By this the official clients know it: status 409, and one error 1409 that has neither id nor category."""
    call: Any = SimpleNamespace(ids=Ids())

    reply = refuse(IdempotencyConflict("key", "in_progress"), call)

    assert reply.status == 409
    assert reply.body["errors"] == [{"code": "1409", "message": "DUPLICATE REQUEST IN PROGRESS", "httpStatusCode": 409}]


# Notices ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("requiresApproval", True), ("isRecurring", True), ("tokenize", True), ("token", "a-token"),
        ("recurringPaymentSequenceIndicator", "first"),
    ],
)  # fmt: skip
async def test_what_has_no_effect_with_alipay_is_said(
    worldline: Merchant, strict: Merchant, member: str, value: Any
) -> None:
    body = payment_body(
        **{f"{MOVED}.{member}": value, f"{MOVED}.redirectionData.returnUrl": "https://shop.example.org/"}
    )

    answer, refused = await worldline.post("/payments", body), await strict.post("/payments", body)

    assert answer.status_code == 201
    assert answer.headers["simulator-notice"] == f"{MOVED}.{member} has no effect for Alipay"
    assert (refused.status_code, error_of(refused)["propertyName"]) == (400, f"{MOVED}.{member}")


@pytest.mark.parametrize("member", ["requiresApproval", "isRecurring", "tokenize"])
async def test_asking_for_nothing_is_not_worth_a_notice(worldline: Merchant, member: str) -> None:
    body = payment_body(**{f"{MOVED}.{member}": False})

    assert "simulator-notice" not in (await worldline.post("/payments", body)).headers


async def test_a_hosted_checkouts_tokens_are_said_to_have_no_effect(worldline: Merchant) -> None:
    hosted = {
        "returnUrl": RETURN_URL,
        "isRecurring": True,
        "tokens": "a,b",
        "paymentProductFilters": {"tokensOnly": True},
    }

    answer = await worldline.post("/hostedcheckouts", {"order": ORDER, "hostedCheckoutSpecificInput": hosted})

    assert [text.partition(" ")[0] for text in answer.headers["simulator-notice"].split("; ")] == [
        "hostedCheckoutSpecificInput.isRecurring",
        "hostedCheckoutSpecificInput.tokens",
        "hostedCheckoutSpecificInput.paymentProductFilters.tokensOnly",
    ]


@pytest.mark.parametrize("amount", [430330, 120120, 160160, 130130, 110110, 800800])
async def test_an_ordinary_price_that_is_a_test_amount_is_said_to_be_one(worldline: Merchant, amount: int) -> None:
    direct = await worldline.post("/payments", payment_body(**{"order.amountOfMoney.amount": amount}))
    hosted = await worldline.post("/hostedcheckouts", {"order": merged(ORDER, {"amountOfMoney.amount": amount})})

    for answer in (direct, hosted):
        assert f"{amount} is a test amount of the simulator" in answer.headers["simulator-notice"]


async def test_a_refunds_test_amount_is_said_to_be_one(worldline: Merchant) -> None:
    id_ = await worldline.paid(**{"order.amountOfMoney.amount": 500_000})

    answer = await worldline.post(
        f"/payments/{id_}/refund", {"amountOfMoney": {"amount": 430330, "currencyCode": "CNY"}}
    )

    assert (answer.status_code, "430330 is a test amount" in answer.headers["simulator-notice"]) == (402, True)


async def test_test_amounts_can_be_switched_off(sim: Sim, worldline: Merchant, strict: Merchant) -> None:
    await sim.settings("worldline", test_amounts=False)
    changes = {"order.amountOfMoney.amount": 430330, f"{MOVED}.redirectionData.returnUrl": "https://shop.example.org/"}

    answer, of_strict = [await m.post("/payments", payment_body(**changes)) for m in (worldline, strict)]

    assert (answer.status_code, of_strict.status_code) == (201, 201)
    assert "simulator-notice" not in answer.headers


def test_the_readme_does_not_promise_what_belongs_to_the_sibling_platform() -> None:
    root = Path(__file__).parents[3]
    for path in (root / "README.md", root / "docs" / "providers" / "worldline.md"):
        assert "Worldline's `feedbacks`" not in path.read_text("utf-8")


async def test_a_list_has_entries_and_a_text_characters(worldline: Merchant) -> None:
    answer = await worldline.post("/products/861/customerDetails", {"countryCode": "CN", "values": []})

    assert "'values' has 0 entries, and at least 1 are needed" in answer.text
