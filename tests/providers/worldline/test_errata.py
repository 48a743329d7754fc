"""What clients, plugins and newer pages showed of Connect: one test for each line of the errata."""

from __future__ import annotations

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
