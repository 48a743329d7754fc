"""One payment's creation at each provider, as bytes: signed as the provider demands, from a workspace's credentials.

A maker takes the credentials and returns a builder: `n` to the n-th request.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from secrets import token_hex
from typing import Any

from benchmarks.load import Build, request

Credentials = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to create a payment, find its id in the answer, and read it again."""

    create: Callable[[Credentials], Build]
    id_of: Callable[[Any], str]
    read: Callable[[Credentials, str], bytes]


JSON = {"Content-Type": "application/json"}
BACK = "https://shop.example/back"
AMOUNT = 1000
"""Minor units; none of the providers' test amounts."""


# PPRO ----------------------------------------------------------------------------------------------------------


def _ppro_headers(own: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": own["merchant_id"]}


def _ppro_create(own: Credentials) -> Build:
    headers = _ppro_headers(own) | JSON

    def build(n: int) -> bytes:
        body = {
            "paymentMethod": "ALIPAY",
            "merchantPaymentChargeReference": f"bench-{n}",
            "amount": {"value": AMOUNT, "currency": "CNY"},
            "consumer": {"country": "CN", "name": "Li Na"},
            "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": BACK}}],
        }
        return request("POST", "/v1/payment-charges", headers, json.dumps(body).encode())

    return build


def _ppro_read(own: Credentials, id_: str) -> bytes:
    return request("GET", f"/v1/payment-charges/{id_}", _ppro_headers(own))


# WooshPay ------------------------------------------------------------------------------------------------------


def _wooshpay_headers(own: Credentials) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{own['secret_key']}:".encode()).decode()}


def _wooshpay_create(own: Credentials) -> Build:
    headers = _wooshpay_headers(own) | JSON

    def build(n: int) -> bytes:
        body = {
            "amount": AMOUNT,
            "currency": "CNY",
            "confirm": True,
            "merchant_order_id": f"bench-{n}",
            "payment_method_data": {"type": "alipay"},
            "payment_method_types": ["alipay"],
            "payment_method_options": {"alipay": {"terminal_type": "WEB"}},
            "return_url": BACK,
        }
        return request("POST", "/v1/payment_intents", headers, json.dumps(body).encode())

    return build


def _wooshpay_read(own: Credentials, id_: str) -> bytes:
    return request("GET", f"/v1/payment_intents/{id_}", _wooshpay_headers(own))


# Checkout.com --------------------------------------------------------------------------------------------------


def _checkoutcom_create(own: Credentials) -> Build:
    headers = {"Authorization": f"Bearer {own['secret_key']}"} | JSON

    def build(n: int) -> bytes:
        body = {
            "source": {"type": "alipay_cn"},
            "amount": AMOUNT,
            "currency": "CNY",
            "reference": f"bench-{n}",
            "processing": {"terminal_type": "WEB"},
            "processing_channel_id": own["processing_channel_id"],
            "success_url": BACK,
            "failure_url": BACK,
        }
        return request("POST", "/payments", headers, json.dumps(body).encode())

    return build


def _checkoutcom_read(own: Credentials, id_: str) -> bytes:
    return request("GET", f"/payments/{id_}", {"Authorization": f"Bearer {own['secret_key']}"})


# ecommpay ------------------------------------------------------------------------------------------------------


def _ecommpay_request(own: Credentials, path: str, body: dict[str, Any]) -> bytes:
    lines = sorted(_flat(body))
    mac = hmac.digest(own["secret_key"].encode(), ";".join(lines).encode(), "sha512")
    body["general"]["signature"] = b64encode(mac).decode()
    return request("POST", path, JSON, json.dumps(body).encode())


def _flat(value: Any, path: str = "") -> list[str]:
    """`general:payment_id:bench-1`, as it is signed."""
    if isinstance(value, dict):
        return [line for name, inner in value.items() for line in _flat(inner, f"{path}{name}:")]
    return [f"{path}{value}"]


def _ecommpay_create(own: Credentials) -> Build:
    run = token_hex(4)

    def build(n: int) -> bytes:
        body = {
            "general": {"project_id": own["project_id"], "payment_id": f"bench-{run}-{n}"},
            "customer": {"id": "customer-1", "ip_address": "192.0.2.1"},
            "payment": {"amount": AMOUNT, "currency": "CNY", "description": "benchmark"},
            "return_url": {"return": BACK, "success": BACK},
        }
        return _ecommpay_request(own, "/v2/payment/wallet/alipay/sale", body)

    return build


def _ecommpay_read(own: Credentials, id_: str) -> bytes:
    body = {"general": {"project_id": own["project_id"], "payment_id": id_}}
    return _ecommpay_request(own, "/v2/payment/status", body)


# Worldline Connect ---------------------------------------------------------------------------------------------


def _worldline_request(own: Credentials, method: str, path: str, body: bytes = b"") -> bytes:
    date, content_type = formatdate(usegmt=True), JSON["Content-Type"] if body else ""
    signed = f"{method}\n{content_type}\n{date}\n{path}\n"
    mac = b64encode(hmac.digest(own["secret_api_key"].encode(), signed.encode(), "sha256")).decode()
    headers = {"Date": date, "Authorization": f"GCS v1HMAC:{own['api_key_id']}:{mac}"}
    return request(method, path, headers | (JSON if body else {}), body)


def _worldline_create(own: Credentials) -> Build:
    def build(n: int) -> bytes:
        body = {
            "order": {
                "amountOfMoney": {"amount": AMOUNT, "currencyCode": "CNY"},
                "customer": {"billingAddress": {"countryCode": "CN"}},
                "references": {"merchantReference": f"bench-{n}"},
            },
            "redirectPaymentMethodSpecificInput": {"paymentProductId": 861, "redirectionData": {"returnUrl": BACK}},
        }
        return _worldline_request(own, "POST", f"/v1/{own['merchant_id']}/payments", json.dumps(body).encode())

    return build


def _worldline_read(own: Credentials, id_: str) -> bytes:
    return _worldline_request(own, "GET", f"/v1/{own['merchant_id']}/payments/{id_}")


DIALECTS = {
    "ppro": Dialect(_ppro_create, lambda answer: answer["id"], _ppro_read),
    "wooshpay": Dialect(_wooshpay_create, lambda answer: answer["id"], _wooshpay_read),
    "checkoutcom": Dialect(_checkoutcom_create, lambda answer: answer["id"], _checkoutcom_read),
    "ecommpay": Dialect(_ecommpay_create, lambda answer: answer["payment_id"], _ecommpay_read),
    "worldline": Dialect(_worldline_create, lambda answer: answer["payment"]["id"], _worldline_read),
}
