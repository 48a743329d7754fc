"""What is refused about refunds, ids, queries and routes, and what a repeated key gets."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import Merchant, payment_body
from simulator.providers.worldline.errors import CATALOGUE

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


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/files/v1/9999/files/abc"), ("POST", "/files/v1/9999/disputes/d1")]
)
async def test_an_operation_that_is_left_out_asks_whose_merchant_it_is(
    worldline: Merchant, method: str, path: str
) -> None:
    answer = await worldline.call(method, path)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "9007")


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
