"""The official Python SDK builds Payment Page's URL and parses every callback; its signer drives Gate over HTTP."""

from __future__ import annotations

import http.client
import json
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("payment_page_sdk", reason="ecommpay-sdk is not installed")

from payment_page_sdk.callback import Callback
from payment_page_sdk.gate import Gate
from payment_page_sdk.payment import Payment
from payment_page_sdk.process_exception import ProcessException
from payment_page_sdk.signature_handler import SignatureHandler
from providers.ecommpay.driver import Forms

from sdk import readme
from sdk.conftest import World

SALE: dict[str, Any] = {
    "customer": {"id": "1", "ip_address": "192.0.2.1", "first_name": "之的"},
    "payment": {"amount": 1000, "currency": "CNY", "description": "x"},
    "return_url": {"return": "http://localhost/r", "success": "http://localhost/s"},
}
Read = Callable[[], list[dict[str, Any]]]


class GateClient:
    """A minimal Gate client: a plain HTTP client and the SDK's signer."""

    def __init__(self, world: World) -> None:
        own = world.credentials("ecommpay")
        self.url, self.project, self.secret = world.url, own["project_id"], own["secret_key"]
        self.signer = SignatureHandler(self.secret)

    def call(self, path: str, payment_id: str, **members: Any) -> tuple[int, dict[str, Any]]:
        body: dict[str, Any] = {"general": {"project_id": self.project, "payment_id": payment_id}, **members}
        body["general"]["signature"] = self.signer.sign(body)
        return post(f"{self.url}/v2/payment/{path}", json.dumps(body).encode(), "application/json")


def post(url: str, data: bytes, kind: str) -> tuple[int, dict[str, Any]]:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("POST", parts.path, data, {"Content-Type": kind})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, json.loads(raw) if raw.startswith(b"{") else {}


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def press(world: World, page: str, testid: str, **fields: str) -> str:
    """Submits a form of a page; the page that follows, wherever it redirects to."""
    form = Forms(page).of(testid)
    data = urllib.parse.urlencode({**form.fields, **fields}).encode()
    with urllib.request.urlopen(world.url + form.action, data, timeout=10) as answer:
        return str(answer.read().decode())


def parsed(world: World, read: Read) -> list[Callback]:
    """Every callback so far, through the SDK's own check of the signature."""
    gate = Gate(world.credentials("ecommpay")["secret_key"])
    return [gate.handle_callback(received["body"]) for received in read()]


@pytest.fixture
def gate_client(world: World) -> GateClient:
    return GateClient(world)


@pytest.fixture
def read(world: World) -> Read:
    return world.receive_webhooks("ecommpay")


def test_the_line_of_the_readme_makes_a_gate(world: World) -> None:
    own = world.credentials("ecommpay")
    payment = Payment(own["project_id"], "581")
    payment.payment_amount, payment.payment_currency, payment.customer_id = 1000, "CNY", "1"
    gate = readme.python("ecommpay", "Python ecommpay-sdk", world.url, Gate=Gate, secret=own["secret_key"])

    assert 'data-testid="ecp-' in get(gate.get_purchase_payment_page_url(payment))


def test_the_sdk_builds_a_url_that_opens_payment_page_and_a_buyer_pays(world: World, read: Read) -> None:
    """Awkward parameters on purpose: a space, Chinese, a nested URL, a boolean, a date with an offset."""
    own = world.credentials("ecommpay")
    payment = Payment(own["project_id"], "580")
    payment.payment_amount, payment.payment_currency = 1000, "CNY"
    payment.customer_id, payment.language_code = "customer 1", "zh"
    payment.force_payment_method = "alipay"
    payment.payment_description = "电脑键盘 & 鼠标"
    payment.redirect = True
    payment.merchant_success_url = "https://shop.example/done?order=580&ok=1"
    payment.best_before = datetime.now(UTC) + timedelta(hours=1)

    url = Gate(own["secret_key"], f"{world.url}/payment").get_purchase_payment_page_url(payment)
    emulator = press(world, get(url), "ecp-pay")
    result = press(world, emulator, "ecp-success", last_name="Zhou")

    [callback] = parsed(world, read)
    assert 'data-outcome="paid"' in result
    assert (callback.get_payment_id(), callback.get_payment_status()) == ("580", Callback.SUCCESS_STATUS)
    assert callback.get_value("payment.description") == "电脑键盘 & 鼠标"


def test_sale_refund_and_status_run_on_the_sdks_signer(world: World, gate_client: GateClient, read: Read) -> None:
    status, accepted = gate_client.call("wallet/alipay/sale", "t-1", **SALE)
    world.advance("PT1S")
    world.act("ecommpay", "t-1", "pay")
    _, refund = gate_client.call("wallet/alipay/refund", "t-1", payment={"amount": 400, "description": "part"})
    world.advance("PT2S")

    _, told = gate_client.call("status", "t-1")

    signature = told.pop("signature")
    assert (status, accepted["status"], refund["status"]) == (200, "success", "success")
    assert gate_client.signer.check(told, signature)
    assert (told["payment"]["status"], told["payment"]["sum"]["amount"]) == (Callback.PART_REFUNDED_STATUS, 600)
    requests = [callback.get_value("operation.request_id") for callback in parsed(world, read)]
    assert requests == [accepted["request_id"], accepted["request_id"], refund["request_id"]]


def test_the_sdk_parses_every_kind_of_callback(world: World, gate_client: GateClient, read: Read) -> None:
    """Redirect, code, clarification, decline, error, refund and declined refund."""
    for name, act in (("redirect", "decline"), ("paid", "pay")):
        gate_client.call("wallet/alipay/sale", name, **{**SALE, "payment": {**SALE["payment"], "amount": 100_000}})
        world.advance("PT1S")
        world.act("ecommpay", name, act)
    gate_client.call("wallet/alipay/sale", "paid", **SALE)
    gate_client.call("wallet/alipay/refund", "paid", payment={"amount": 50000, "description": "declined"})
    world.advance("PT2S")
    gate_client.call("refund", "paid")
    world.settings("ecommpay", alipay_flow="qr")
    gate_client.call("wallet/alipay/sale", "code", **SALE)
    world.settings("ecommpay", required_customer_fields=["city"])
    gate_client.call("wallet/alipay/sale", "asked", **SALE)
    world.advance("PT5S")

    found = parsed(world, read)

    seen = {(c.get_payment_status(), c.get_value("operation.type"), c.get_value("operation.status")) for c in found}
    assert seen == {
        (Callback.AW_RED_STATUS, "sale", "awaiting redirect result"),
        (Callback.DECLINE_STATUS, "sale", "decline"),
        (Callback.SUCCESS_STATUS, "sale", "success"),
        (Callback.ERROR_STATUS, "sale", "error"),
        (Callback.SUCCESS_STATUS, "refund", "decline"),
        (Callback.REFUNDED_STATUS, "refund", "success"),
        ("awaiting customer action", "sale", "awaiting customer action"),
        (Callback.AW_CLA_STATUS, "sale", "awaiting clarification"),
    }
    assert all(callback.get_value("operation.request_id") for callback in found)


def test_the_sdk_refuses_what_another_secret_signed(world: World, gate_client: GateClient, read: Read) -> None:
    gate_client.call("wallet/alipay/sale", "t-1", **SALE)
    world.advance("PT1S")
    [received] = read()

    with pytest.raises(ProcessException):
        Gate("another secret").handle_callback(received["body"])


def test_a_wrong_signature_of_the_client_is_answered_as_documented(gate_client: GateClient) -> None:
    gate_client.signer = SignatureHandler("another secret")

    answer = gate_client.call("wallet/alipay/sale", "t-1", **SALE)

    assert answer == (400, {"status": "error", "code": "3261", "message": "Invalid signature"})
