"""The documented examples, compared key by key in their order; ids, times, numbers and addresses are masked."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import ORDER, Merchant, merged, payment_body

GOLDEN = Path(__file__).parent / "golden"

MASKS = {
    "id": r"\d{10}\d{10}(\d{5}|000-\d)\d{5}|[0-9a-f-]{36}",
    "RETURNMAC": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
    "redirectURL": r"http://[^/]+/mock/alipay/cashier\?token=\w+",
    "statusCodeChangeDateTime": r"20\d{12}",
    "created": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[12]00",
    "errorId": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(-[0-9a-f]{8})?",
    "requestId": r"\d{3,8}",
    "hostedCheckoutId": r"0[0-9a-f]{7}-[0-9a-f]{4}-71ff-[0-9a-f]{4}-[0-9a-f]{12}",
    "partialRedirectUrl": r"[^/]+/checkout/\d+-[0-9a-f]{32}:0[0-9a-f-]{35}:[0-9a-f]{32}",
    "clientSessionId": r"[0-9a-f]{32}",
    "customerId": r"\d+-[0-9a-f]{32}",
    "assetUrl": r"https?://\S+/",
    "clientApiUrl": r"http://\S+/client",
    "merchantId": r"\d{4,10}",
}


def masked(value: Any, name: str = "") -> Any:
    """A masked member must look as documented, on both sides."""
    if isinstance(value, dict):
        return [(key, masked(member, key)) for key, member in value.items()]
    if isinstance(value, list):
        return [masked(element) for element in value]
    if name in MASKS and isinstance(value, str) and not value.startswith("PARAMETER"):
        if name == "id" and re.fullmatch(r"[A-Z_]+", value):
            return value
        assert re.fullmatch(MASKS[name], value), f"{name}: {value!r}"
        return f"<{name}>"
    return value


def golden(name: str) -> Any:
    return masked(json.loads((GOLDEN / f"{name}.json").read_text("utf-8")))


def referenced(reference: str) -> dict[str, Any]:
    return {"order.references.merchantReference": reference}


async def test_create_payment(worldline: Merchant) -> None:
    answer = await worldline.post("/payments", payment_body())

    assert masked(answer.json()) == golden("CreatePaymentResponse")
    port = f"http://sim.test:80{worldline.v1}/payments/{answer.json()['payment']['id']}"
    assert (answer.headers["location"], answer.headers["content-type"]) == (port, "application/json")


async def test_get_payment(worldline: Merchant) -> None:
    assert masked(await worldline.payment(await worldline.paid())) == golden("PaymentResponse")


async def test_find_payments(worldline: Merchant) -> None:
    await worldline.captured()

    assert masked((await worldline.get("/payments?merchantReference=LS-7781")).json()) == golden("FindPaymentsResponse")


async def test_cancel_payment(worldline: Merchant) -> None:
    id_ = await worldline.created_id()

    assert masked((await worldline.post(f"/payments/{id_}/cancel")).json()) == golden("CancelPaymentResponse")


async def test_refund(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()

    refund = await worldline.refund(id_, 900, refundReferences={"merchantReference": "LS-7781-R1"})
    await sim.advance(hours=1)

    assert masked(refund) == golden("RefundResponse")
    assert masked(sim.hooks[-1].body) == golden("WebhooksEvent-2")


async def test_webhook_of_a_payment(sim: Sim, worldline: Merchant) -> None:
    await worldline.captured()

    assert masked(sim.hooks[-1].body) == golden("WebhooksEvent")


async def test_hosted_checkout(sim: Sim, worldline: Merchant) -> None:
    order = merged(ORDER, {"amountOfMoney.amount": 3000, "references": {"merchantReference": "LS-7790"}})
    body = {"order": order, "hostedCheckoutSpecificInput": {"locale": "en_GB", "variant": "138"}}
    created = await worldline.post("/hostedcheckouts", body)
    await sim.act("worldline", created.json()["hostedCheckoutId"], "decline", reason="blocked")

    found = await worldline.get(f"/hostedcheckouts/{created.json()['hostedCheckoutId']}")

    assert masked(created.json()) == golden("CreateHostedCheckoutResponse")
    assert masked(found.json()) == golden("GetHostedCheckoutResponse")


async def test_product(worldline: Merchant) -> None:
    answer = await worldline.get("/products/861?countryCode=CN&currencyCode=CNY&amount=2500&locale=zh_CN")

    assert masked(answer.json()) == golden("PaymentProductResponse")


async def test_session(worldline: Merchant) -> None:
    answer = await worldline.post("/sessions", {})

    assert (answer.status_code, masked(answer.json())) == (201, golden("SessionResponse"))


async def test_validation_error(worldline: Merchant) -> None:
    body = payment_body(**{"order.customer.billingAddress.countryCode": None})

    assert masked((await worldline.post("/payments", body)).json()) == golden("ErrorResponse")


async def test_declined_payment(sim: Sim, worldline: Merchant) -> None:
    await sim.arm([{"when": {"operation": "authorize"}, "bank": {"decline": "declined"}}])

    answer = await worldline.post("/payments", payment_body(**referenced("LS-7782")))

    assert (answer.status_code, masked(answer.json())) == (402, golden("PaymentErrorResponse"))


async def test_declined_refund(sim: Sim, worldline: Merchant) -> None:
    id_ = await worldline.paid()
    await worldline.refund(id_, 900)
    await sim.advance(hours=1)
    await sim.arm([{"when": {"operation": "refund"}, "bank": {"decline": "declined"}}])

    answer = await worldline.post(f"/payments/{id_}/refund", {"amountOfMoney": {"amount": 100, "currencyCode": "CNY"}})

    assert (answer.status_code, masked(answer.json())) == (402, golden("RefundErrorResponse"))


def test_every_documented_example_is_compared() -> None:
    source = Path(__file__).read_text("utf-8")

    for path in GOLDEN.glob("*.json"):
        assert f'golden("{path.stem}")' in source


async def test_answers_are_laid_out_as_recorded(worldline: Merchant) -> None:
    """Three spaces, a blank on both sides of the colon, `[ {` and `} ]`, and `[ ]` for an empty array."""
    created = await worldline.post("/payments", payment_body())
    refused = await worldline.sim.http.get(f"{worldline.v1}/services/testconnection")

    assert created.text.startswith('{\n   "creationOutput" : {\n      "additionalReference" : "LS-7781",\n')
    assert '      "showData" : [ ]\n   },\n' in created.text
    assert re.fullmatch(
        r'\{\n   "errorId" : "[0-9a-f-]+",\n   "errors" : \[ \{\n      "code" : "9002",\n'
        r'      "message" : "MISSING_OR_INVALID_AUTHORIZATION"\n   \} \]\n\}',
        refused.text,
    )


@pytest.mark.parametrize("reference", [None, "LS-1"])
async def test_creation_references_fall_back_to_the_ids(worldline: Merchant, reference: str | None) -> None:
    created = await worldline.create(**{"order.references.merchantReference": reference})

    id_ = created["payment"]["id"]
    assert created["creationOutput"] == {
        "additionalReference": reference or id_[:20],
        "externalReference": reference or id_,
    }
