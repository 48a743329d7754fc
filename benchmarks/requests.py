"""One payment's creation at each provider, as bytes: signed as the provider demands, from a workspace's credentials.

A maker takes the credentials and returns a builder: `n` to the n-th request.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.load import Build, request

Credentials = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to create a payment, find its id in the answer, and read it again."""

    create: Callable[[Credentials], Build]
    id_of: Callable[[Any], str]
    read: Callable[[Credentials, str], bytes]


def _ppro_headers(own: Credentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {own['api_key']}", "Merchant-Id": own["merchant_id"]}


def _ppro_create(own: Credentials) -> Build:
    returning = {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.example/order-results"}}
    headers = {**_ppro_headers(own), "Content-Type": "application/json"}

    def build(n: int) -> bytes:
        body = {
            "paymentMethod": "ALIPAY",
            "merchantPaymentChargeReference": f"bench-{n}",
            "amount": {"value": 1000 + n % 5000, "currency": "CNY"},
            "consumer": {"country": "CN", "name": "Li Na"},
            "authenticationSettings": [returning],
        }
        return request("POST", "/v1/payment-charges", headers, json.dumps(body).encode())

    return build


def _ppro_read(own: Credentials, id_: str) -> bytes:
    return request("GET", f"/v1/payment-charges/{id_}", _ppro_headers(own))


DIALECTS = {
    "ppro": Dialect(_ppro_create, lambda answer: answer["id"], _ppro_read),
}
