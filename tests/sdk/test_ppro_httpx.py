"""PPRO publishes no server SDK: a plain HTTP client over a real socket, and a webhook check from the manual's words."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sdk.conftest import World

ORDER: dict[str, Any] = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": 1000, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "merchantPaymentChargeReference": "shop-1001",
    "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/return?o=77"}}],
}


@pytest.fixture
def api(world: World) -> Iterator[httpx.Client]:
    own = world.credentials("ppro")
    headers = {"authorization": f"Bearer {own['api_key']}", "merchant-id": own["merchant_id"]}
    with httpx.Client(base_url=world.url, headers=headers, trust_env=False) as client:
        yield client


def verified(secret: str, headers: dict[str, str], raw: bytes) -> bool:
    """Both headers, as the manual tells a receiver to check them."""
    names = {name.lower(): value for name, value in headers.items()}
    t, s = (part.partition("=")[2] for part in names["ppro-signature"].split(","))
    current = hmac.new(secret.encode(), t.encode() + b"." + raw, hashlib.sha256).hexdigest()
    legacy = hashlib.sha256(raw + b"." + secret.encode()).hexdigest()
    return hmac.compare_digest(current, s) and hmac.compare_digest(legacy, names["webhook-signature"])


def test_a_purchase_from_the_charge_to_the_refund(world: World, api: httpx.Client) -> None:
    received = world.receive_webhooks("ppro")

    charge = api.post("/v1/payment-charges", json=ORDER, headers={"request-idempotency-key": "shop-1001"}).json()
    request_url = charge["authenticationMethods"][0]["details"]["requestUrl"]
    page = httpx.get(request_url, trust_env=False)
    pressed = httpx.post(request_url, data={"outcome": "success"}, trust_env=False)
    paid = api.get(f"/v1/payment-charges/{charge['id']}").json()
    refund = api.post(f"/v1/payment-charges/{charge['id']}/refunds", json={"amount": 400}).json()

    assert request_url.startswith(world.url)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    back = urlsplit(pressed.headers["location"])
    assert (pressed.status_code, back.hostname) == (303, "shop.example")
    assert parse_qs(back.query) == {"o": ["77"], "payment-charge-id": [charge["id"]]}
    assert (paid["status"], refund["status"]) == ("CAPTURED", "REFUNDED")
    hooks = received()
    assert [json.loads(hook["body"])["type"] for hook in hooks] == [
        "PAYMENT_CHARGE_CREATED",
        "PAYMENT_CHARGE_AUTHENTICATION_PENDING",
        "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED",
        "PAYMENT_CHARGE_CAPTURE_SUCCEEDED",
        "PAYMENT_CHARGE_REFUND_SUCCEEDED",
    ]
    secret = world.credentials("ppro")["webhook_secret"]
    assert all(verified(secret, hook["headers"], hook["body"].encode()) for hook in hooks)
    assert all(hook["signature"]["valid"] for hook in hooks)


def test_headers_on_the_wire_are_those_that_were_recorded(api: httpx.Client) -> None:
    answer = api.post("/v1/payment-charges", json=ORDER)

    names = {name.decode() for name, _ in answer.headers.raw}
    assert names == {name.lower() for name in names}
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["x-ratelimit-remaining"] == "99"


def test_a_retry_after_a_lost_answer_makes_no_second_charge(world: World, api: httpx.Client) -> None:
    key = {"request-idempotency-key": "shop-1002"}

    first = api.post("/v1/payment-charges", json=ORDER, headers=key)
    again = api.post("/v1/payment-charges", json=ORDER, headers=key)
    changed = api.post("/v1/payment-charges", json=ORDER | {"autoCapture": True}, headers=key)

    assert again.content == first.content
    assert again.headers["request-idempotency"] == "true"
    assert (changed.status_code, changed.json()["status"]) == (409, 409)
    found = api.get("/v1/payment-charges", params={"merchantPaymentChargeReference": "shop-1001"}).json()
    assert [charge["id"] for charge in found["data"]] == [first.json()["id"]]


def test_what_a_real_connector_sends_is_taken(api: httpx.Client) -> None:
    """Lower-case header names, a content type on GET, `via`, order numbers as keys, a consumer that must not be empty."""
    habits = {"content-type": "application/json", "via": "HyperSwitch"}
    body = {
        "paymentMethod": "ALIPAY",
        "paymentMedium": "ECOMMERCE",
        "merchantPaymentChargeReference": "shop-1003",
        "amount": {"currency": "CNY", "value": 1000},
        "consumer": {"name": "Li Wei", "email": "li@example.com", "country": "CN"},
        "authenticationSettings": ORDER["authenticationSettings"],
        "webhooksUrl": "https://shop.example/hook",
    }

    created = api.post("/v1/payment-charges", json=body, headers=habits | {"request-idempotency-key": "shop-1003"})
    read = api.get(f"/v1/payment-charges/{created.json()['id']}", headers=habits)
    empty = api.post("/v1/payment-charges", json=body | {"consumer": {}}, headers=habits)
    unknown = api.get("/v1/payment-charges/charge_000000000000000000000", headers=habits)

    assert read.json() == created.json()
    assert (empty.status_code, unknown.status_code) == (400, 404)
    assert unknown.json()["failureMessage"] == "Payment charge not found"


def test_odd_ways_of_speaking_http_are_understood(world: World) -> None:
    """A lower-case method, chunks, a double and a trailing slash."""
    own = world.credentials("ppro")
    raw = json.dumps(ORDER).encode()
    host = urlsplit(world.url)
    head = (
        f"post //v1/payment-charges/ HTTP/1.1\r\nHost: {host.netloc}\r\nAuthorization: Bearer {own['api_key']}\r\n"
        f"Merchant-Id: {own['merchant_id']}\r\nContent-Type: application/json; charset=utf-8\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    ).encode()
    chunks = b"".join(
        f"{len(raw[n : n + 50]):x}\r\n".encode() + raw[n : n + 50] + b"\r\n" for n in range(0, len(raw), 50)
    )

    with socket.create_connection((host.hostname, host.port), timeout=10) as connection:
        connection.sendall(head + chunks + b"0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 200")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == "AUTHENTICATION_PENDING"


def test_the_clock_is_ours(world: World, api: httpx.Client) -> None:
    charge = api.post("/v1/payment-charges", json=ORDER).json()

    world.advance("PT12H1S")

    after = api.get(f"/v1/payment-charges/{charge['id']}").json()
    assert (after["status"], after["discards"][0]["type"]) == ("DISCARDED", "AUTHENTICATION_TIMEOUT")


def test_a_code_image_is_a_picture(api: httpx.Client) -> None:
    body = ORDER | {
        "paymentMethod": "MOCK",
        "paymentDescriptor": "requiresAuthentication=true;authenticationType=SCAN_CODE",
    }
    charge = api.post("/v1/payment-charges", json=body).json()

    image = httpx.get(charge["authenticationMethods"][0]["details"]["codeImage"], trust_env=False)

    assert image.content.startswith(base64.b64decode("iVBORw0KGgo="))
