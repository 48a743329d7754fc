"""What Connect refuses, in its own words; nothing changes and nothing is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import ORDER, RETURN_URL, Merchant, payment_body

MISSING = {
    "code": "20000000",
    "id": "PARAMETER_NOT_FOUND_IN_REQUEST",
    "category": "CONNECT_PLATFORM_ERROR",
    "message": "PARAMETER_NOT_FOUND_IN_REQUEST",
    "httpStatusCode": 400,
}
ORDER_KEYS = ["code", "requestId", "id", "category", "propertyName", "message", "httpStatusCode"]


async def refused(merchant: Merchant, body: Any, **more: Any) -> tuple[int, list[dict[str, Any]]]:
    """The status and the errors of a create that must not have made anything."""
    answer = await merchant.post("/payments", body, **more)
    await merchant.sim.settle()
    assert merchant.events == []
    assert (await merchant.sim.http.get(f"{merchant.sim.path}/payments")).json()["data"] == []
    found = answer.json()
    assert list(found) == ["errorId", "errors"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}-[0-9a-f]{8}", found["errorId"])
    for error in found["errors"]:
        assert [name for name in ORDER_KEYS if name in error] == list(error)
    assert "location" not in answer.headers
    return answer.status_code, found["errors"]


async def test_a_missing_property_is_named_by_its_path(worldline: Merchant) -> None:
    status, [error] = await refused(worldline, payment_body(**{"order.customer.billingAddress.countryCode": None}))

    assert (status, error) == (400, MISSING | {"propertyName": "order.customer.billingAddress.countryCode"})


async def test_all_missing_properties_come_together_before_any_wrong_value(worldline: Merchant) -> None:
    body = payment_body(**{"order.amountOfMoney.currencyCode": None, "order.amountOfMoney.amount": "much"})
    body["order"]["customer"].pop("billingAddress")

    _, errors = await refused(worldline, body)

    assert [error["propertyName"] for error in errors] == [
        "order.amountOfMoney.currencyCode",
        "order.customer.billingAddress",
    ]


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        ("order.amountOfMoney.amount", "50.3", "50.3"),
        ("order.amountOfMoney.amount", 50.3, "50.3"),
        ("order.amountOfMoney.amount", True, "true"),
        ("order.amountOfMoney.amount", -1, "-1"),
        ("order.amountOfMoney.amount", 0, "0"),
        ("order.amountOfMoney.amount", 10**30, "1e+30"),
        ("order.amountOfMoney.currencyCode", "cny", "cny"),
        ("order.amountOfMoney.currencyCode", "ZZZ", "ZZZ"),
        ("order.amountOfMoney.currencyCode", 156, "156"),
        ("order.customer.billingAddress.countryCode", "China", "China"),
        ("order.customer.locale", 7, "7"),
        ("order.references.merchantReference", ["a"], '["a"]'),
        ("redirectPaymentMethodSpecificInput.paymentProductId", "alipay", "alipay"),
        ("redirectPaymentMethodSpecificInput.redirectionData.returnUrl", "javascript:alert(1)", "javascript:alert(1)"),
        ("redirectPaymentMethodSpecificInput.redirectionData.returnUrl", "/back", "/back"),
        ("redirectPaymentMethodSpecificInput.redirectionData.returnUrl", "https://[", "https://["),
        ("redirectPaymentMethodSpecificInput.expirationPeriod", 7, "7"),
        ("redirectPaymentMethodSpecificInput.paymentProduct861SpecificInput.mobileDevice", "yes", "yes"),
    ],
)
async def test_a_wrong_value_is_1099(worldline: Merchant, path: str, value: Any, shown: str) -> None:
    status, [error] = await refused(worldline, payment_body(**{path: value}))

    leaf = path.rpartition(".")[2]
    assert (status, error["code"], error["propertyName"]) == (400, "1099", path)
    assert error["message"] == f"INVALID_VALUE: '{shown}' is not a valid value for field '{leaf}'"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("order.shipping.isFirstUsage", "yes"),
        ("order.customer.account.paymentActivity.numberOfPurchasesLast6Months", "many"),
        ("order.customer.companyInformation", "LanternShop"),
        ("fraudFields.shippingDetails.methodSpeed", 1.5),
        ("fraudFields.userData", "one"),
        ("redirectPaymentMethodSpecificInput.paymentProduct863SpecificInput.openId", 7),
        ("merchant.seller", []),
    ],
)
async def test_members_that_are_not_used_must_still_be_of_the_official_types(
    worldline: Merchant, path: str, value: Any
) -> None:
    status, [error] = await refused(worldline, payment_body(**{path: value}))

    assert (status, error["code"], error["propertyName"]) == (400, "1099", path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("order.references.merchantReference", "x" * 31),
        ("order.references.merchantReference", "a\x00b"),
        ("order.references.descriptor", "灯" * 257),
        ("order.references.descriptor", "one\r\nX-Other: two"),
        ("order.customer.merchantCustomerId", "x" * 16),
        ("order.amountOfMoney.amount", 10**12),
        ("order.customer.locale", "default"),
        ("order.references.merchantOrderId", 10**10),
        ("redirectPaymentMethodSpecificInput.redirectionData.returnUrl", "https://shop.example/" + "x" * 500),
    ],
)
async def test_a_value_that_is_too_long_or_has_bad_characters_is_21000050(
    worldline: Merchant, path: str, value: Any
) -> None:
    status, [error] = await refused(worldline, payment_body(**{path: value}))

    assert (status, error["code"], error["propertyName"]) == (400, "21000050", path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1", b"\xff\xfe", b'{"order": "\\ud800"}', b'{"order":' * 500 + b"1" + b"}" * 500, b"[" * 5000],
    ids=["empty", "open brace", "open list", "not UTF-8", "lone surrogate", "deep", "deep list"],
)
async def test_malformed_json_is_1099(worldline: Merchant, content: bytes) -> None:
    status, [error] = await refused(worldline, None, content=content)

    assert (status, error["code"], error["message"]) == (400, "1099", "INVALID_VALUE")


async def test_a_body_that_is_no_object_is_refused(worldline: Merchant) -> None:
    for body in ([], "text", 7, [payment_body()]):
        status, [error] = await refused(worldline, body)
        assert (status, error["code"], error["message"]) == (400, "1099", "INVALID_VALUE")


async def test_exactly_one_payment_method_is_wanted(worldline: Merchant) -> None:
    none = payment_body(redirectPaymentMethodSpecificInput=None)
    two = payment_body(cardPaymentMethodSpecificInput={"paymentProductId": 1})

    assert await refused(worldline, none) == (
        400, [MISSING | {"propertyName": "redirectPaymentMethodSpecificInput"}]
    )  # fmt: skip
    _, [error] = await refused(worldline, two)
    assert (error["code"], error["propertyName"]) == ("20000000", "cardPaymentMethodSpecificInput")


async def test_a_return_url_is_required_and_may_stand_in_its_old_place(worldline: Merchant) -> None:
    path = "redirectPaymentMethodSpecificInput.redirectionData"
    _, [error] = await refused(worldline, payment_body(**{path: None}))

    created = await worldline.post(
        "/payments", payment_body(**{path: None, "redirectPaymentMethodSpecificInput.returnUrl": RETURN_URL})
    )

    assert (error["code"], error["propertyName"]) == ("20000000", f"{path}.returnUrl")
    assert created.status_code == 201


async def test_alipay_plus_wants_the_customers_id(worldline: Merchant) -> None:
    plus = {"redirectPaymentMethodSpecificInput.paymentProductId": 866, "order.customer.merchantCustomerId": None}

    _, [error] = await refused(worldline, payment_body(**plus))

    assert (error["code"], error["propertyName"]) == ("20000000", "order.customer.merchantCustomerId")


@pytest.mark.parametrize(("amount", "currency"), [(99, "CNY"), (30_000_001, "CNY"), (12, "EUR"), (4_000_000, "EUR")])
async def test_an_amount_outside_the_products_limits_is_410120(worldline: Merchant, amount: int, currency: str) -> None:
    money = {"order.amountOfMoney": {"amount": amount, "currencyCode": currency}}

    status, [error] = await refused(worldline, payment_body(**money))

    assert (status, error["code"]) == (400, "410120")
    assert error["message"] == "AMOUNT_NOT_BETWEEN_MINAMOUNT_AND_MAXAMOUNT"
    assert re.fullmatch(r"\d{3,8}", error["requestId"])


@pytest.mark.parametrize(
    ("changes", "product", "country", "currency"),
    [
        ({"order.amountOfMoney.currencyCode": "BRL"}, "861", "CN", "BRL"),
        ({"order.customer.billingAddress.countryCode": "XX"}, "861", "XX", "CNY"),
        ({"redirectPaymentMethodSpecificInput.paymentProductId": 809}, "809", "CN", "CNY"),
    ],
)
async def test_what_no_provider_takes_is_430900_with_the_combination(
    worldline: Merchant, changes: dict[str, Any], product: str, country: str, currency: str
) -> None:
    status, [error] = await refused(worldline, payment_body(**changes))

    assert (status, error["code"]) == (402, "430900")
    assert error["message"] == (
        f"NO VALID PROVIDERS FOUND FOR COMBINATION MERCHANTID: {worldline.own['merchant_id']}, "
        f"PAYMENTPRODUCT: {product}, COUNTRYCODE: {country}, CURRENCYCODE: {currency}"
    )


async def test_a_card_is_not_taken(worldline: Merchant) -> None:
    body = {"order": ORDER, "cardPaymentMethodSpecificInput": {"paymentProductId": 1, "card": {"cvv": "123"}}}

    status, [error] = await refused(worldline, body)

    assert (status, error["code"]) == (402, "430900")


# What is tolerated -----------------------------------------------------------------------------------------------


async def test_what_integrations_rely_on_is_tolerated(worldline: Merchant) -> None:
    """Section 2.7: numbers as strings, unknown properties, null for absent, a number as the customer's id."""
    created = await worldline.create(
        **{
            "order.amountOfMoney.amount": "2500",
            "order.customer.merchantCustomerId": 19,
            "order.unknown": {"a": [1]},
            "redirectPaymentMethodSpecificInput.paymentProductId": "861",
            "fraudFields": {"customerIpAddress": "192.0.2.7", "unknown": 1},
        }
    )
    body = payment_body()
    body["order"]["references"]["merchantOrderId"] = None
    body["bankTransferPaymentMethodSpecificInput"] = None
    answer = await worldline.post("/payments", body)

    assert created["payment"]["paymentOutput"]["amountOfMoney"]["amount"] == 2500
    assert answer.status_code == 201
    assert answer.json()["payment"]["paymentOutput"]["references"] == {
        "merchantReference": "LS-7781",
        "paymentReference": "0",
    }


async def test_a_local_return_address_is_taken_and_noted(worldline: Merchant) -> None:
    path = "redirectPaymentMethodSpecificInput.redirectionData.returnUrl"
    answer = await worldline.post("/payments", payment_body(**{path: "http://localhost:3000/back"}))
    app = await worldline.post("/payments", payment_body(**{path: "lanternshop://back"}))

    assert answer.status_code == 201
    assert answer.headers["simulator-notice"] == f"{path}: the live API accepts https and public host names only"
    assert (app.status_code, "simulator-notice" in app.headers) == (201, False)


async def test_strict_refuses_a_local_return_address() -> None:
    path = "redirectPaymentMethodSpecificInput.redirectionData.returnUrl"
    async with Sim(strict=True) as sim:
        answer = await Merchant(sim).post("/payments", payment_body(**{path: "http://localhost:3000/back"}))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "1099")
