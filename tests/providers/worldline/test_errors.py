"""What Connect refuses, in its own words; nothing changes and nothing is sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import ORDER, RETURN_URL, Merchant, payment_body
from simulator.providers.worldline.errors import CATALOGUE

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
        assert (status, error["code"]) == (400, "1099")


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


# Refunds, ids, queries, routes -----------------------------------------------------------------------------------


async def test_a_refund_before_paid_is_300450(worldline: Merchant) -> None:
    for id_ in (await worldline.created_id(), await worldline.captured()):
        sent = worldline.events
        answer = await worldline.post(f"/payments/{id_}/refund", {})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "300450")
        assert (await worldline.get(f"/payments/{id_}/refunds")).json() == {"refunds": []}
        assert worldline.events == sent


@pytest.mark.parametrize(
    ("money", "status", "code"),
    [
        ({"amount": 2501, "currencyCode": "CNY"}, 400, "300450"),
        ({"amount": 0, "currencyCode": "CNY"}, 400, "1099"),
        ({"amount": -5, "currencyCode": "CNY"}, 400, "1099"),
        ({"amount": 100, "currencyCode": "EUR"}, 400, "1099"),
        ({"amount": 100}, 400, "20000000"),
        ({"currencyCode": "CNY"}, 400, "20000000"),
    ],
)
async def test_a_refund_that_cannot_be_is_refused(
    worldline: Merchant, money: dict[str, Any], status: int, code: str
) -> None:
    id_ = await worldline.paid()
    before, sent = await worldline.payment(id_), worldline.events

    answer = await worldline.post(f"/payments/{id_}/refund", {"amountOfMoney": money})
    await worldline.sim.settle()

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)
    assert await worldline.payment(id_) == before
    assert worldline.events == sent


async def test_after_ninety_days_a_refund_is_405(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()
    await sim.advance(days=89)

    answer = await worldline.post(f"/payments/{id_}/refund")

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/json")
    assert answer.json()["errors"][0]["code"] == "300450"


async def test_a_refund_refused_at_once_is_402_with_the_refund_in_it(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid(**{"order.amountOfMoney.amount": 500000})

    answer = await worldline.post(
        f"/payments/{id_}/refund", {"amountOfMoney": {"amount": 430330, "currencyCode": "CNY"}}
    )

    refund = answer.json()["refundResult"]
    assert (answer.status_code, list(answer.json())) == (402, ["errorId", "errors", "refundResult"])
    assert (refund["status"], refund["statusOutput"]["statusCode"]) == ("REJECTED", 100)
    assert (await worldline.get(f"/refunds/{refund['id']}")).json() == refund
    assert (await worldline.payment(id_))["statusOutput"]["isRefundable"] is True


async def test_a_refusal_at_creation_is_402_with_the_payment_in_it(sim: Sim, worldline: Merchant) -> None:
    answer = await worldline.post("/payments", payment_body(**{"order.amountOfMoney.amount": 430330}))
    await sim.settle()

    result = answer.json()["paymentResult"]
    assert (answer.status_code, list(answer.json())) == (402, ["errorId", "errors", "paymentResult"])
    assert list(result) == ["creationOutput", "payment"]
    assert (await worldline.payment(result["payment"]["id"])) == result["payment"]
    assert result["payment"]["statusOutput"]["errors"] == answer.json()["errors"]
    assert "location" not in answer.headers
    assert worldline.events == ["payment.created", "payment.rejected"]


@pytest.mark.parametrize("operation", ["", "/cancel", "/refund", "/refunds", "/captures", "/thirdpartystatus"])
async def test_an_unknown_payment_is_1002_or_300240(worldline: Merchant, operation: str) -> None:
    method = "POST" if operation in ("/cancel", "/refund") else "GET"
    odd = await worldline.call(method, f"/payments/nonsense{operation}")
    shaped = await worldline.call(method, f"/payments/{'0' * 25}00001{operation}")

    assert (odd.status_code, odd.json()["errors"]) == (404, [{
        "code": "1002", "id": "UNKNOWN_PAYMENT_ID", "category": "CONNECT_PLATFORM_ERROR",
        "propertyName": "paymentId", "message": "UNKNOWN_PAYMENT_ID", "httpStatusCode": 404,
    }])  # fmt: skip
    [error] = shaped.json()["errors"]
    assert (shaped.status_code, error["code"]) == (404, "300240")
    assert error["message"] == f"REQUEST {error['requestId']} GET_ORDERSTATUS ORDER NOT FOUND"


async def test_anothers_payment_is_not_found(worldline: Merchant) -> None:
    id_ = await worldline.created_id()
    async with Sim(seed="other") as other:
        answer = await Merchant(other).get(f"/payments/{id_}")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "300240")


@pytest.mark.parametrize(
    ("path", "property_"),
    [
        ("/refunds/nothing", "refundId"),
        ("/hostedcheckouts/nothing", "hostedCheckoutId"),
        ("/captures/nothing", "captureId"),
        ("/tokens/nothing", "tokenId"),
        ("/productgroups/cards", "paymentProductGroupId"),
    ],
)
async def test_unknown_ids_name_their_property(worldline: Merchant, path: str, property_: str) -> None:
    answer = await worldline.get(path)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["propertyName"]) == (404, "1002", property_)


@pytest.mark.parametrize(
    ("query", "code", "property_"),
    [
        ("", "20000001", "merchantReference"),
        ("?limit=10", "20000001", "merchantReference"),
        ("?merchantReference=a&limit=101", "1099", "limit"),
        ("?merchantReference=a&limit=ten", "1099", "limit"),
        ("?merchantReference=a&offset=-1", "1099", "offset"),
        ("?merchantReference=a&offset=99999999999999999999999999", "1099", "offset"),
    ],
)
async def test_a_search_wants_a_key_and_sound_numbers(
    worldline: Merchant, query: str, code: str, property_: str
) -> None:
    for kind in ("payments", "refunds"):
        answer = await worldline.get(f"/{kind}{query}")
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"], error["propertyName"]) == (400, code, property_)


@pytest.mark.parametrize("operation", [
    "approve", "cancelapproval", "capture", "finalizecapture", "complete", "processchallenged", "tokenize",
])  # fmt: skip
async def test_what_alipay_does_not_have_is_not_pending(worldline: Merchant, operation: str) -> None:
    id_ = await worldline.created_id()
    before, sent = await worldline.payment(id_), worldline.events

    answer = await worldline.post(f"/payments/{id_}/{operation}", {})

    [error] = answer.json()["errors"]
    assert list(error) == ["code", "requestId", "message", "httpStatusCode"]
    assert (answer.status_code, error["code"], error["message"]) == (402, "410110", "UNKNOWN ORDER OR NOT PENDING")
    assert (await worldline.payment(id_), worldline.events) == (before, sent)


async def test_a_path_that_does_not_exist_is_html_404(sim: Sim, worldline: Merchant) -> None:
    for path in ("/nothing", "/payouts/a/b", "/mandates/a/b", "/payments/1/2/3"):
        answer = await worldline.get(path)
        assert (answer.status_code, answer.headers["content-type"], answer.text) == (404, "text/html", "Not Found")
    for path in ("/v1/4711", "/client/v1/4711-aa/nothing", "/client", "/files/v1/4711/nothing"):
        answer = await sim.http.get(path)
        assert (answer.status_code, answer.text) == (404, "Not Found")


async def test_a_wrong_method_is_html_405(worldline: Merchant) -> None:
    answer = await worldline.call("DELETE", "/payments")

    assert (answer.status_code, answer.headers["content-type"]) == (405, "text/html")
    assert (answer.text, answer.headers["allow"]) == ("Method Not Allowed", "GET, POST")


@pytest.mark.parametrize(
    ("status", "code"), [(401, "9002"), (403, "9007"), (404, "300240"), (409, "1409"), (500, "9999"), (504, "11000400")]
)
async def test_an_outage_speaks_as_documented(sim: Sim, worldline: Merchant, status: int, code: str) -> None:
    await sim.arm([{"api": {"status": status, "times": 1}}])

    answer = await worldline.get("/services/testconnection")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


async def test_the_gateway_in_trouble_answers_html(sim: Sim, worldline: Merchant) -> None:
    await sim.arm([{"api": {"status": 502, "times": 1}}])

    answer = await worldline.get("/services/testconnection")

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert "<title>502 Proxy Error</title>" in answer.text


async def test_tokens_are_not_made(worldline: Merchant) -> None:
    made = await worldline.post("/tokens", {"paymentProductId": 861})
    session = await worldline.post("/sessions", {"tokens": ["one", "two"]})

    assert (made.status_code, made.json()["errors"][0]["propertyName"]) == (400, "paymentProductId")
    assert session.json()["invalidTokens"] == ["one", "two"]


def test_the_catalogue_is_well_formed() -> None:
    for code, entry in CATALOGUE.items():
        assert code.isdigit()
        assert 400 <= entry.http < 600
        assert (entry.id is None) == (entry.category is None)


# Idempotence -----------------------------------------------------------------------------------------------------

KEY = {"X-GCS-Idempotence-Key": "order-7781-attempt-1"}
STAMP = "x-gcs-idempotence-request-timestamp"


async def test_a_key_gives_the_same_answer_even_for_another_body(sim: Sim, worldline: Merchant) -> None:
    first = await worldline.post("/payments", payment_body(), headers=KEY)
    await sim.advance(hours=1)
    again = await worldline.post("/payments", payment_body(**{"order.amountOfMoney.amount": 9900}), headers=KEY)

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert STAMP not in first.headers
    assert again.headers[STAMP] == str(int(sim.started_at.timestamp() * 1000))
    assert again.headers["location"] == first.headers["location"]
    assert worldline.events == ["payment.created", "payment.redirected"]


async def test_a_decline_is_repeated_as_a_decline(worldline: Merchant) -> None:
    body = payment_body(**{"order.amountOfMoney.amount": 430330})

    first = await worldline.post("/payments", body, headers=KEY)
    again = await worldline.post("/payments", payment_body(), headers=KEY)

    assert (first.status_code, again.status_code, again.content) == (402, 402, first.content)
    assert STAMP in again.headers


async def test_a_refused_request_does_not_use_up_its_key(sim: Sim, worldline: Merchant) -> None:
    wrong = await worldline.post("/payments", payment_body(**{"order.customer.billingAddress": None}), headers=KEY)
    await sim.arm([{"api": {"status": 500, "times": 1}}])
    down = await worldline.post("/payments", payment_body(), headers=KEY)

    made = await worldline.post("/payments", payment_body(), headers=KEY)

    assert [wrong.status_code, down.status_code, made.status_code] == [400, 500, 201]
    assert STAMP not in made.headers


async def test_a_key_lives_a_day(sim: Sim, worldline: Merchant) -> None:
    first = (await worldline.post("/payments", payment_body(), headers=KEY)).json()
    await sim.advance(hours=23)
    same = (await worldline.post("/payments", payment_body(), headers=KEY)).json()
    await sim.advance(hours=2)
    new = (await worldline.post("/payments", payment_body(), headers=KEY)).json()

    assert same == first
    assert new["payment"]["id"] != first["payment"]["id"]


async def test_refunds_and_cancels_have_keys_too(worldline: Merchant) -> None:
    id_ = await worldline.paid()
    body = {"amountOfMoney": {"amount": 900, "currencyCode": "CNY"}}

    first = await worldline.post(f"/payments/{id_}/refund", body, headers=KEY)
    again = await worldline.post(f"/payments/{id_}/refund", body, headers=KEY)

    assert again.content == first.content
    assert len((await worldline.get(f"/payments/{id_}/refunds")).json()["refunds"]) == 1


@pytest.mark.parametrize("key", ["x" * 41, "schlüssel"])
async def test_a_key_has_at_most_forty_ascii_characters(worldline: Merchant, key: str) -> None:
    answer = await worldline.post("/payments", payment_body(), headers={"X-GCS-Idempotence-Key": key})

    assert answer.status_code in (400, 401)
    assert worldline.events == []
