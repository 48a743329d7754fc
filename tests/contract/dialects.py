"""How each provider says the same few things: what the contract suite needs of a merchant's client.

A dialect is a test's view of one provider. The suite in test_contract.py runs over every registered provider that has
one here; a provider without a dialect fails `test_every_provider_has_a_dialect`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from support import Sim


@dataclass
class Dialect:
    """`refund_refused_status` is the HTTP status of a refund that is not possible; some answer 200 and say it inside."""

    sim: Sim
    name: str = ""
    waiting: str = ""
    paid: str = ""
    expired: str = ""
    expiry: timedelta | None = None
    """None when an unpaid payment never expires by itself."""
    settles_after: timedelta = timedelta(0)
    """Clock time between the shopper's Confirm and the paid status."""
    refundable_after: timedelta = timedelta(0)
    unauthenticated: int = 401
    unknown_route: tuple[int, str] = (404, "")
    idempotency_header: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Phases in which an act of the console may end, where the provider has no state of its own for it."""

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        signed = self.sign(method, path, raw)
        content_type = {"content-type": "application/json"} if body is not None else {}
        return await self.sim.http.request(method, path, content=raw, headers={**content_type, **signed, **headers})

    def sign(self, method: str, path: str, body: bytes) -> dict[str, str]:
        return dict(self.headers)

    def wrong_key(self) -> dict[str, str]:
        raise NotImplementedError

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        raise NotImplementedError

    create_path: str = ""

    def id_of(self, created: httpx.Response) -> str:
        found: str = created.json()["id"]
        return found

    async def status(self, id_: str) -> str:
        raise NotImplementedError

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        raise NotImplementedError

    def is_refused(self, answer: httpx.Response) -> bool:
        """Whether a refund was refused, in whatever way the provider says so."""
        return answer.status_code >= 400

    def is_own_error(self, answer: httpx.Response) -> bool:
        """Whether an answer is an error in the provider's own format."""
        raise NotImplementedError


@dataclass
class Acme(Dialect):
    """It knows no cancelling shopper."""

    name: str = "acme"
    waiting: str = "PENDING"
    paid: str = "CAPTURED"
    expired: str = "EXPIRED"
    expiry: timedelta | None = timedelta(hours=2)
    unknown_route: tuple[int, str] = (404, "/acme/nothing")
    idempotency_header: str | None = "Acme-Key"
    create_path: str = "/acme/charges"

    def __post_init__(self) -> None:
        self.headers = {"x-acme-key": self.sim.credentials("acme")["key"]}
        self.ends = {"cancel": ("declined",)}

    def wrong_key(self) -> dict[str, str]:
        return {"x-acme-key": "nobody"}

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {"amount": amount, "currency": "CNY", "reference": reference, "return_url": "https://shop.example/back"}
        return await self.send("POST", "/acme/charges", body, **headers)

    async def status(self, id_: str) -> str:
        return str((await self.send("GET", f"/acme/charges/{id_}")).json()["status"])

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        return await self.send("POST", f"/acme/charges/{id_}/refunds", {"amount": amount})

    def is_own_error(self, answer: httpx.Response) -> bool:
        return list(answer.json()) == ["acme_error"]


@dataclass
class Ppro(Dialect):
    name: str = "ppro"
    waiting: str = "AUTHENTICATION_PENDING"
    paid: str = "CAPTURED"
    expired: str = "DISCARDED"
    expiry: timedelta | None = timedelta(hours=12)
    unknown_route: tuple[int, str] = (404, "/v1/payment-nothing")
    idempotency_header: str | None = "Request-Idempotency-Key"
    create_path: str = "/v1/payment-charges"

    def __post_init__(self) -> None:
        found = self.sim.credentials("ppro")
        self.headers = {"authorization": f"Bearer {found['api_key']}", "merchant-id": found["merchant_id"]}

    def wrong_key(self) -> dict[str, str]:
        return {**self.headers, "authorization": "Bearer key_sandbox_nobody"}

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {
            "paymentMethod": "ALIPAY",
            "amount": {"value": amount, "currency": "CNY"},
            "consumer": {"country": "CN"},
            "merchantPaymentChargeReference": reference,
            "authenticationSettings": [{"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/back"}}],
        }
        return await self.send("POST", "/v1/payment-charges", body, **headers)

    async def status(self, id_: str) -> str:
        return str((await self.send("GET", f"/v1/payment-charges/{id_}")).json()["status"])

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        return await self.send("POST", f"/v1/payment-charges/{id_}/refunds", {"amount": amount})

    def is_refused(self, answer: httpx.Response) -> bool:
        return answer.json()["status"] == "FAILED"

    def is_own_error(self, answer: httpx.Response) -> bool:
        body: Mapping[str, Any] = answer.json()
        if answer.status_code == 401:
            return body == {"message": "Unauthorized"}
        return list(body) == ["status", "failureMessage", "timestamp"] and body["status"] == answer.status_code


DIALECTS: dict[str, type[Dialect]] = {"acme": Acme, "ppro": Ppro}
