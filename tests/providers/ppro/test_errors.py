"""What PPRO refuses, in its words; and that nothing has changed and nothing was sent."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import SEED, Merchant

UNKNOWN = "charge_000000000000000000000"
ENVELOPE = ["status", "failureMessage", "timestamp"]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The seed's request with one member replaced; `...` takes it away."""
    body: dict[str, Any] = {**SEED, "amount": {**SEED["amount"]}, "consumer": {**SEED["consumer"]}}
    *parents, last = path.split(".")
    inner = body
    for parent in parents:
        inner = inner[parent]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return body


async def nothing_happened(ppro: Merchant) -> None:
    await ppro.sim.settle()
    listed = (await ppro.sim.http.get(f"{ppro.sim.path}/payments")).json()["data"]
    assert (listed, ppro.heard) == ([], [])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer key_sandbox_nobody"},
        {"Authorization": "Basic a2V5Og=="},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  {key}"},
        {"Authorization": "{key}"},
    ],
)
async def test_no_key_and_a_wrong_key_have_one_answer(sim: Sim, ppro: Merchant, headers: dict[str, str]) -> None:
    key = sim.credentials("ppro")["api_key"]
    sent = {name: value.replace("{key}", key) for name, value in headers.items()}

    answer = await sim.http.post("/v1/payment-charges", json=SEED, headers=sent)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert "x-ratelimit-remaining" not in answer.headers
    await nothing_happened(ppro)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("paymentMethod", ..., "paymentMethod: must not be missing"),
        ("paymentMethod", None, "paymentMethod: "),
        ("paymentMethod", "alipay", 'paymentMethod: must match "^[A-Z0-9_]+$"'),
        ("paymentMethod", "", "paymentMethod: must have at least 1 character"),
        ("amount", ..., "amount: must not be missing"),
        ("amount.value", ..., "amount.value: must not be missing"),
        ("amount.value", "1000", "amount.value: "),
        ("amount.value", 10.5, "amount.value: "),
        ("amount.value", True, "amount.value: "),
        ("amount.value", 2**63, "amount.value: must be at most 9223372036854775807"),
        ("amount.value", 10**30, "amount.value: "),
        ("amount.currency", "cny", 'amount.currency: must match "^[A-Z]{3}$"'),
        ("amount.currency", "CNYX", "amount.currency: "),
        ("amount.currency", "QQQ", "amount.currency: must be a currency of ISO 4217"),
        ("consumer", ..., "consumer: must not be missing"),
        ("consumer", {}, "consumer.country: must not be missing"),
        ("consumer.country", "cn", 'consumer.country: must match "^[A-Z]{2}$"'),
        ("consumer.country", "CN\n", "consumer.country: "),
        ("consumer.email", "nobody", "consumer.email: "),
        ("consumer.birthDate", "2026-02-30", "consumer.birthDate: "),
        ("consumer.locale", "zh", "consumer.locale: "),
        ("consumer.locale", "zho-CN", "consumer.locale: "),
        ("consumer.client", {"ip": "300.1.1.1"}, "consumer.client.ip: "),
        ("consumer.client", {"userAgent": "x" * 501}, "consumer.client.userAgent: must have at most 500 characters"),
        ("consumer.name", "x" * 513, "consumer.name: must have at most 512 characters"),
        ("paymentMedium", "CARRIER_PIGEON", "paymentMedium: must be one of "),
        ("scheduleType", "NEVER", "scheduleType: must be one of "),
        ("initiator", "ME", "initiator: must be one of "),
        ("autoCapture", "true", "autoCapture: "),
        ("merchantPaymentChargeReference", 7, "merchantPaymentChargeReference: "),
        ("labels", {str(n): "x" for n in range(51)}, "labels: "),
        ("labels", {"k" * 51: "x"}, "labels."),
        ("labels", {"k": "x" * 201}, "labels.k: must have at most 200 characters"),
        ("labels", {"k": 1}, "labels.k: "),
        ("order", {"orderItems": [{"name": "Tea", "quantity": 1}]}, "order.orderItems.0.amount: must not be missing"),
        ("order", {"shippingMethod": "DRONE"}, "order.shippingMethod: must be one of "),
        ("order", {"industryData": [{"type": "SPACE", "details": {}}]}, "order.industryData.0.type: must be one of "),
        ("order", {"installmentPlan": {}}, "order.installmentPlan.numberOfInstallments: must not be missing"),
        ("instrument", {"type": "AMAZON_PAY"}, "instrument.type: must be one of "),
        ("authenticationSettings", [{"settings": {}}], "authenticationSettings.0.type: must not be missing"),
        ("authenticationSettings", [{"type": "TELEPATHY"}], "authenticationSettings.0.type: must be one of "),
        (
            "authenticationSettings",
            [{"type": "REDIRECT", "settings": {"returnUrl": "javascript:alert(1)"}}],
            "authenticationSettings.0.settings.returnUrl: must be a URL",
        ),
        (
            "authenticationSettings",
            [{"type": "REDIRECT", "settings": {"returnUrl": "https://["}}],
            "authenticationSettings.0.settings.returnUrl: must be a URL",
        ),
        (
            "authenticationSettings",
            [{"type": "SCAN_CODE", "settings": {"scanBy": "tomorrow"}}],
            "authenticationSettings.0.settings.scanBy: ",
        ),
        (
            "authenticationSettings",
            [{"type": "SCAN_CODE", "settings": {"scanBy": "0001-01-01T00:00:00+23:59"}}],
            "authenticationSettings.0.settings.scanBy: ",
        ),
        ("webhooksUrl", "http://shop.example/hooks", "webhooksUrl: must match "),
        ("webhooksUrl", "https://", "webhooksUrl: must match "),
        ("webhooksUrl", "https://[", "webhooksUrl: must match "),
        ("webhooksUrl", "https://shop.example:99999/", "webhooksUrl: must match "),
        ("webhooksUrl", "ftp://shop.example/", "webhooksUrl: must match "),
        ("webhooksUrl", "https://shop.example/\r\nx: y", "webhooksUrl: must match "),
        ("merchantPaymentChargeReference", "a\0b", "Request body must not contain NUL"),
    ],
)
async def test_a_wrong_member_is_named(ppro: Merchant, path: str, value: Any, told: str) -> None:
    answer = await ppro.post("payment-charges", changed(path, value))

    body = answer.json()
    assert (answer.status_code, list(body), body["status"]) == (400, ENVELOPE, 400)
    assert body["failureMessage"].startswith(told), body["failureMessage"]
    await nothing_happened(ppro)


@pytest.mark.parametrize("value", [0, -1, -(2**63)])
async def test_an_amount_of_zero_or_less_makes_no_sense(ppro: Merchant, value: int) -> None:
    answer = await ppro.post("payment-charges", changed("amount.value", value))

    assert (answer.status_code, answer.json()["status"]) == (422, 422)
    assert answer.json()["failureMessage"] == "amount.value: must be greater than 0"
    await nothing_happened(ppro)


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "Request body is not valid JSON"),
        (b"{", "Request body is not valid JSON"),
        (b'{"paymentMethod": "\\ud800"}', "Request body is not valid JSON"),
        (b"\xff\xfe", "Request body is not valid JSON"),
        (b"[" * 5000, "Request body is not valid JSON"),
        (b"null", "Request body must be an object"),
        (b"[]", "Request body must be an object"),
        (b'{"order": ' + b"[" * 200 + b"]" * 200 + b"}", "Request body must not be nested deeper than 64 levels"),
    ],
)
async def test_a_body_that_is_none_is_refused(ppro: Merchant, raw: bytes, told: str) -> None:
    answer = await ppro.send("POST", "payment-charges", raw)

    assert (answer.status_code, answer.json()["failureMessage"]) == (400, told)
    await nothing_happened(ppro)


@pytest.mark.parametrize(
    "media_type", ["text/xml", "application/x-www-form-urlencoded", "application/merge-patch+json"]
)
async def test_another_content_type_is_refused(ppro: Merchant, media_type: str) -> None:
    answer = await ppro.send("POST", "payment-charges", b"<a/>", **{"Content-Type": media_type})

    told = answer.json()["failureMessage"]
    assert (answer.status_code, told) == (415, f"Content type {media_type} is not supported")
    await nothing_happened(ppro)


async def test_the_merchant_must_be_named_and_be_the_keys_own(sim: Sim, ppro: Merchant) -> None:
    del ppro.headers["Merchant-Id"]

    missing = await ppro.post("payment-charges", SEED)
    foreign = await ppro.post("payment-charges", SEED, **{"Merchant-Id": "merch_Kd83nQm5TzPb7YwLs0VeX"})

    told = (missing.status_code, missing.json()["failureMessage"])
    assert told == (400, "Merchant-Id: must not be missing")
    assert (foreign.status_code, foreign.json()["status"]) == (403, 403)
    await nothing_happened(ppro)


async def test_confirming_needs_no_merchant(ppro: Merchant) -> None:
    charge = await ppro.waiting("MULTI_FACTOR")
    del ppro.headers["Merchant-Id"]

    answer = await ppro.confirm(charge["id"])

    assert (answer.status_code, answer.json()["status"]) == (200, "AUTHORIZED")


@pytest.mark.parametrize("kind", ["captures", "refunds", "voids"])
async def test_an_operation_needs_an_amount_of_at_least_one(ppro: Merchant, kind: str) -> None:
    charge = await ppro.mock("requiresCapture=true")
    ppro.forget()

    answers = [
        await ppro.post(f"payment-charges/{charge['id']}/{kind}", body)
        for body in ({}, {"amount": 0}, {"amount": -5}, {"amount": "10"}, {"amount": {"value": 10}})
    ]

    assert [answer.status_code for answer in answers] == [400] * 5
    assert all(answer.json()["failureMessage"].startswith("amount: ") for answer in answers)
    assert (await ppro.charge(charge["id"]))[kind] == []
    assert ppro.heard == []


async def test_a_refund_reason_is_one_of_six(ppro: Merchant) -> None:
    charge = await ppro.paid()

    answer = await ppro.post(f"payment-charges/{charge['id']}/refunds", {"amount": 1, "refundReason": "DUPLCIATE"})

    assert answer.status_code == 400
    assert answer.json()["failureMessage"].startswith("refundReason: must be one of ")
    assert (await ppro.charge(charge["id"]))["refunds"] == []


@pytest.mark.parametrize("kind", ["captures", "refunds", "voids", "discards", "authorizations"])
async def test_an_operation_on_an_unknown_charge_is_400_but_reading_it_404(ppro: Merchant, kind: str) -> None:
    bodies: dict[str, Any] = {"authorizations": {"authenticationResult": {"details": {"verificationCode": "1"}}}}

    operation = await ppro.post(f"payment-charges/{UNKNOWN}/{kind}", bodies.get(kind, {"amount": 1}))
    reading = [await ppro.get(f"payment-charges/{UNKNOWN}{path}") for path in ("", f"/{kind}", f"/{kind}/x_1")]

    assert operation.status_code == 400
    assert [answer.status_code for answer in reading] == [404] * 3
    told = {answer.json()["failureMessage"] for answer in (operation, *reading)}
    assert told == {"Payment charge not found"}


async def test_an_unknown_operation_is_not_found(ppro: Merchant) -> None:
    charge = await ppro.paid()

    answers = {
        kind: (await ppro.get(f"payment-charges/{charge['id']}/{kind}/nothing")).json()
        for kind in ("authorizations", "captures", "refunds", "voids", "discards")
    }

    assert {kind: (body["status"], body["failureMessage"]) for kind, body in answers.items()} == {
        "authorizations": (404, "Authorization not found"),
        "captures": (404, "Capture not found"),
        "refunds": (404, "Refund not found"),
        "voids": (404, "Void not found"),
        "discards": (404, "Discard not found"),
    }


async def test_unknown_paths_and_methods(ppro: Merchant) -> None:
    charge = await ppro.create()
    path = f"payment-charges/{charge['id']}"

    nowhere = await ppro.get(f"{path}/nowhere")
    strange = await ppro.get("payment-charges/%00")
    deleted = await ppro.send("DELETE", path, b"")
    voided = await ppro.send("PATCH", f"{path}/voids", b"{}")

    assert [a.status_code for a in (nowhere, strange, deleted, voided)] == [404, 404, 405, 405]
    assert deleted.json()["failureMessage"] == "Method DELETE is not supported"
    assert deleted.headers["allow"] == "GET"


@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_a_scenarios_fault_comes_in_the_envelope_and_only_as_often_as_armed(ppro: Merchant, status: int) -> None:
    await ppro.sim.arm([{"api": {"status": status, "times": 1, "message": "Upstream is away"}}])

    refused = await ppro.post("payment-charges", SEED)
    await nothing_happened(ppro)
    accepted = await ppro.post("payment-charges", SEED)

    assert (refused.status_code, refused.json()["failureMessage"]) == (status, "Upstream is away")
    assert accepted.status_code == 200


async def test_a_scenarios_401_is_the_one_without_envelope(ppro: Merchant) -> None:
    await ppro.sim.arm([{"api": {"status": 401}}])

    answer = await ppro.post("payment-charges", SEED)

    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


async def test_the_older_manuals_400_can_be_had_for_refused_operations(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.create()
    await sim.settings("ppro", refusals="400")
    ppro.forget()

    answer = await ppro.post(f"payment-charges/{charge['id']}/refunds", {"amount": 1})

    assert (answer.status_code, answer.json()["failureMessage"]) == (400, "There is nothing left to refund")
    assert (await ppro.charge(charge["id"]))["refunds"] == []
    assert ppro.heard == []


async def test_the_journal_has_every_refusal(sim: Sim, ppro: Merchant) -> None:
    await ppro.send("POST", "payment-charges", b"{")
    await ppro.get("payment-charges", Authorization="Bearer key_sandbox_nobody")

    [malformed] = await sim.requests()
    [stranger] = (await sim.http.get("/_sim/workspaces/default/requests")).json()["data"]
    assert (malformed["status"], malformed["request"]["body"]) == (400, "{")
    assert (stranger["status"], stranger["help"]["reason"]) == (401, "no workspace has this API key")
