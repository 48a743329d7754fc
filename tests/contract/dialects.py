"""How each provider says the same few things: what the contract suite needs of a merchant's client.

A dialect is a test's view of one provider. The suite in test_contract.py runs over every registered provider that has
one here; a provider without a dialect fails `test_every_provider_has_a_dialect`.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import formatdate
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

    async def was_refused(self, id_: str, answer: httpx.Response) -> bool:
        """Whether a refund was refused, in whatever way the provider says so, once everything has settled."""
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

    async def was_refused(self, id_: str, answer: httpx.Response) -> bool:
        return bool(answer.json()["status"] == "FAILED")

    def is_own_error(self, answer: httpx.Response) -> bool:
        body: Mapping[str, Any] = answer.json()
        if answer.status_code == 401:
            return body == {"message": "Unauthorized"}
        return list(body) == ["status", "failureMessage", "timestamp"] and body["status"] == answer.status_code


@dataclass
class WooshPay(Dialect):
    """A direct payment intent whose wallet code lives for fifteen minutes; afterwards it wants another method."""

    name: str = "wooshpay"
    waiting: str = "requires_action"
    paid: str = "succeeded"
    expired: str = "requires_payment_method"
    expiry: timedelta | None = timedelta(minutes=15)
    unknown_route: tuple[int, str] = (404, "/v1/nothing")
    idempotency_header: str | None = "Idempotency-Key"
    create_path: str = "/v1/payment_intents"

    def __post_init__(self) -> None:
        self.headers = self._basic(self.sim.credentials("wooshpay")["secret_key"])
        self.ends = {"cancel": ("declined", "cancelled"), "expire": ("expired", "declined")}

    @staticmethod
    def _basic(key: str) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    def wrong_key(self) -> dict[str, str]:
        return self._basic("sk_test_nobody")

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {
            "amount": amount,
            "currency": "CNY",
            "confirm": True,
            "merchant_order_id": reference,
            "payment_method_data": {"type": "alipay"},
            "payment_method_types": ["alipay"],
            "payment_method_options": {"alipay": {"terminal_type": "WEB"}},
            "return_url": "https://shop.example/back",
        }
        return await self.send("POST", self.create_path, body, **headers)

    async def status(self, id_: str) -> str:
        return str((await self.send("GET", f"/v1/payment_intents/{id_}")).json()["status"])

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        return await self.send("POST", "/v1/refunds", {"payment_intent": id_, "amount": amount})

    def is_own_error(self, answer: httpx.Response) -> bool:
        return list(answer.json()) == ["error"] and {"type", "code", "message"} <= set(answer.json()["error"])


@dataclass
class CheckoutCom(Dialect):
    name: str = "checkoutcom"
    waiting: str = "Pending"
    paid: str = "Captured"
    expired: str = "Expired"
    expiry: timedelta | None = timedelta(minutes=15)
    settles_after: timedelta = timedelta(seconds=5)
    unknown_route: tuple[int, str] = (404, "/payments/pay_aaaaaaaaaaaaaaaaaaaaaaaaaa/nothing")
    idempotency_header: str | None = "Cko-Idempotency-Key"
    create_path: str = "/payments"

    def __post_init__(self) -> None:
        self.headers = {"authorization": f"Bearer {self.sim.credentials('checkoutcom')['secret_key']}"}

    def wrong_key(self) -> dict[str, str]:
        return {"authorization": "Bearer sk_sbox_" + "z" * 26 + "a"}

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {
            "source": {"type": "alipay_cn"},
            "amount": amount,
            "currency": "CNY",
            "reference": reference,
            "processing": {"terminal_type": "WEB"},
            "processing_channel_id": self.sim.credentials("checkoutcom")["processing_channel_id"],
            "success_url": "https://shop.example/back",
            "failure_url": "https://shop.example/failed",
        }
        return await self.send("POST", "/payments", body, **headers)

    async def status(self, id_: str) -> str:
        found = str((await self.send("GET", f"/payments/{id_}")).json()["status"])
        return "Captured" if found == "Partially Refunded" else found

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        return await self.send("POST", f"/payments/{id_}/refunds", {"amount": amount})

    def is_own_error(self, answer: httpx.Response) -> bool:
        if answer.status_code == 422:
            return list(answer.json()) == ["request_id", "error_type", "error_codes"]
        return answer.content == b"" and "cko-request-id" in answer.headers


@dataclass
class Ecommpay(Dialect):
    """Accepts first and tells by callback; the signature stands in the body."""

    name: str = "ecommpay"
    waiting: str = "awaiting redirect result"
    paid: str = "success"
    expired: str = "decline"
    expiry: timedelta | None = timedelta(minutes=30)
    settles_after: timedelta = timedelta(seconds=5)
    unauthenticated: int = 400
    unknown_route: tuple[int, str] = (404, "/v2/nothing")
    idempotency_header: str | None = None
    create_path: str = "/v2/payment/wallet/alipay/sale"

    def __post_init__(self) -> None:
        self.ends = {"cancel": ("declined", "cancelled"), "expire": ("expired", "declined")}

    def wrong_key(self) -> dict[str, str]:
        return {}

    def id_of(self, created: httpx.Response) -> str:
        return str(created.json()["payment_id"])

    async def call(self, path: str, body: dict[str, Any]) -> httpx.Response:
        from payment_page_sdk.signature_handler import SignatureHandler

        found = self.sim.credentials("ecommpay")
        body = {**body, "general": {"project_id": found["project_id"], **body["general"]}}
        body["general"]["signature"] = SignatureHandler(found["secret_key"]).sign(body)
        return await self.send("POST", path, body)

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {
            "general": {"payment_id": reference},
            "customer": {"id": "customer-1", "ip_address": "192.0.2.1"},
            "payment": {"amount": amount, "currency": "CNY", "description": "test"},
            "return_url": {"return": "https://shop.example/back", "success": "https://shop.example/done"},
        }
        return await self.call(self.create_path, body)

    async def status(self, id_: str) -> str:
        answer = await self.call("/v2/payment/status", {"general": {"payment_id": id_}})
        return str(answer.json()["payment"]["status"])

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        body = {
            "general": {"payment_id": id_},
            "payment": {"amount": amount, "description": "back"},
            "customer": {"ip_address": "192.0.2.1"},
        }
        return await self.call("/v2/payment/wallet/alipay/refund", body)

    async def was_refused(self, id_: str, answer: httpx.Response) -> bool:
        """The answer only says that the request was accepted; the operation tells what became of it."""
        found = (await self.call("/v2/payment/status", {"general": {"payment_id": id_}})).json()["operations"][-1]
        return bool(found["type"] != "refund" or found["status"] == "decline")

    def is_own_error(self, answer: httpx.Response) -> bool:
        body = answer.json()
        return list(body) == ["status", "code", "message"] and body["status"] == "error"


@dataclass
class Worldline(Dialect):
    """Refunds wait until the funds have come (PAID)."""

    name: str = "worldline"
    waiting: str = "REDIRECTED"
    paid: str = "PAID"
    expired: str = "REJECTED"
    expiry: timedelta | None = timedelta(hours=12)
    refundable_after: timedelta = timedelta(days=3)
    unknown_route: tuple[int, str] = (404, "/v1/1001/nothing")
    idempotency_header: str | None = "X-GCS-Idempotence-Key"

    def __post_init__(self) -> None:
        merchant_id = self.sim.credentials("worldline")["merchant_id"]
        self.create_path = f"/v1/{merchant_id}/payments"
        self.unknown_route = (404, f"/v1/{merchant_id}/nothing")

    def wrong_key(self) -> dict[str, str]:
        date = formatdate(usegmt=True)
        return {"date": date, "authorization": "GCS v1HMAC:ffffffffffffffff:" + base64.b64encode(b"x" * 32).decode()}

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = "application/json" if body is not None else ""
        gcs = sorted((name.lower(), value) for name, value in headers.items() if name.lower().startswith("x-gcs"))
        date = formatdate(usegmt=True)
        lines = [method, content_type, date, *(f"{name}:{value}" for name, value in gcs), path]
        found = self.sim.credentials("worldline")
        mac = hmac.digest(found["secret_api_key"].encode(), "".join(f"{line}\n" for line in lines).encode(), "sha256")
        authorization = f"GCS v1HMAC:{found['api_key_id']}:{base64.b64encode(mac).decode()}"
        sent = {"date": date, "authorization": authorization, **headers}
        if content_type:
            sent["content-type"] = content_type
        return await self.sim.http.request(method, path, content=raw, headers=sent)

    async def create(self, reference: str, amount: int = 1000, **headers: str) -> httpx.Response:
        body = {
            "order": {
                "amountOfMoney": {"amount": amount, "currencyCode": "CNY"},
                "customer": {"billingAddress": {"countryCode": "CN"}},
                "references": {"merchantReference": reference},
            },
            "redirectPaymentMethodSpecificInput": {
                "paymentProductId": 861,
                "redirectionData": {"returnUrl": "https://shop.example/back"},
            },
        }
        return await self.send("POST", self.create_path, body, **headers)

    def id_of(self, created: httpx.Response) -> str:
        return str(created.json()["payment"]["id"])

    async def status(self, id_: str) -> str:
        return str((await self.send("GET", f"{self.create_path}/{id_}")).json()["status"])

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        body = {"amountOfMoney": {"amount": amount, "currencyCode": "CNY"}}
        return await self.send("POST", f"{self.create_path}/{id_}/refund", body)

    def is_own_error(self, answer: httpx.Response) -> bool:
        if answer.headers.get("content-type", "").startswith("text/html"):
            return answer.status_code in (404, 405)
        return list(answer.json()) == ["errorId", "errors"] and bool(answer.json()["errors"])


DIALECTS: dict[str, type[Dialect]] = {
    "acme": Acme,
    "ppro": Ppro,
    "wooshpay": WooshPay,
    "checkoutcom": CheckoutCom,
    "ecommpay": Ecommpay,
    "worldline": Worldline,
}
