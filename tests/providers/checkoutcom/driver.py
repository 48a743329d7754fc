"""A merchant at Checkout.com: the field's verbs in the provider's dialect, with the seed's three requests."""

from __future__ import annotations

from typing import Any

import httpx
from support import HOOKS, Sim

CHANNEL = "pc_ekaubqrravqupfxde7kxvd2t3i"
KEY = "8V8x0dLK%AyD*DNS8JJr"
TOKEN = "hook-token-1"
RETURNS = {
    "success_url": "https://example.com/payments/success",
    "failure_url": "https://example.com/payments/failure",
}
ONE_TIME: dict[str, Any] = {
    "amount": 10,
    "currency": "EUR",
    "source": {"type": "alipay_cn"},
    "processing": {"terminal_type": "APP", "os_type": "IOS"},
    **RETURNS,
    "payment_type": "Regular",
    "reference": "ORD-5023-4E89",
    "capture": True,
    "customer": {"email": "john.smith@example.com"},
    "shipping": {"address": {"country": "GB"}},
    "items": [{"reference": "1st item reference", "name": "1st item name", "unit_price": 10, "quantity": 1}],
    "processing_channel_id": CHANNEL,
}
RECURRING: dict[str, Any] = {
    "amount": 1100,
    "currency": "EUR",
    "source": {"type": "alipay_cn"},
    "processing": {"terminal_type": "WEB"},
    **RETURNS,
    "payment_type": "Recurring",
    "reference": "ORD-5023-4E89",
    "capture": "true",
    "customer": {"email": "john.smith@example.com", "name": "John Smith"},
    "shipping": {"address": {"country": "GB"}},
    "items": [{"reference": "1st item reference", "name": "1st item name", "unit_price": 10}],
    "processing_channel_id": CHANNEL,
}
FOLLOW_UP: dict[str, Any] = {
    "amount": 44,
    "currency": "EUR",
    "source": {"type": "id", "id": "src_inmwstthmjyfcskeir3gcqtyj4"},
    "payment_type": "Recurring",
    "reference": "ORD-5023-4E89-1234",
    "customer": {"name": "John Smith", "email": "john.smith@example.com"},
    "shipping": {"address": {"country": "GB"}},
    "items": [{"reference": "1st item reference", "name": "1st item name", "unit_price": 43, "quantity": 1}],
    "processing_channel_id": CHANNEL,
}
EVENTS = [
    "payment_pending",
    "payment_capture_pending",
    "payment_captured",
    "payment_declined",
    "payment_canceled",
    "payment_expired",
    "payment_refund_pending",
    "payment_refunded",
    "payment_refund_declined",
]
HOOKS_FOR_DISPUTES: dict[str, Any] = {
    "type": "event",
    "events": {
        "disputes": [
            "dispute_received",
            "dispute_accepted",
            "dispute_evidence_submitted",
            "dispute_expired",
            "dispute_won",
            "dispute_lost",
        ]
    },
}
HOSTED: dict[str, Any] = {
    "amount": 1100,
    "currency": "EUR",
    "reference": "ORD-123A",
    "billing": {"address": {"country": "DE"}},
    "products": [{"name": "Lantern", "quantity": 2, "price": 550}],
    "success_url": "https://shop.example/success",
    "cancel_url": "https://shop.example/cancel",
    "failure_url": "https://shop.example/failure",
}
LINK = {name: value for name, value in HOSTED.items() if not name.endswith("_url")}
"""What a payment link takes: it has one address to return to, and that is optional."""


def workflow(url: str = HOOKS, events: list[str] | None = None, **more: Any) -> dict[str, Any]:
    action = {"type": "webhook", "url": url, "headers": {"Authorization": TOKEN}}
    action["signature"] = {"method": "HMACSHA256", "key": KEY}
    condition = {"type": "event", "events": {"gateway": EVENTS if events is None else events}}
    return {"name": "Tests", "active": True, "conditions": [condition], "actions": [action], **more}


class Merchant:
    """`previous` speaks with the Previous platform's key."""

    def __init__(self, sim: Sim, *, previous: bool = False) -> None:
        self.sim = sim
        own = sim.credentials("checkoutcom")
        key = own["previous_secret_key"] if previous else f"Bearer {own['secret_key']}"
        self.headers = {"Authorization": key}

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        own = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if isinstance(body, bytes):
            return await self.sim.http.request(method, path, content=body, headers=own)
        return await self.sim.http.request(method, path, json=body, headers=own)

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        if body is None:
            return await self.send("POST", path, b"", **headers)
        return await self.send("POST", path, body, **headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.sim.http.get(path, headers=self.headers)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        answer = await self.post(path, body)
        assert answer.status_code in (201, 202), answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def request(self, seed: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        return await self.made(
            "/payments", (RECURRING | {"payment_type": "Regular"} if seed is None else seed) | changes
        )

    async def refused(self, body: Any, **headers: str) -> tuple[str, list[str]]:
        """Error type and codes of a refused payment."""
        answer = await self.post("/payments", body, **headers)
        assert answer.status_code == 422, answer.text
        assert list(answer.json()) == ["request_id", "error_type", "error_codes"]
        assert answer.json()["request_id"] == answer.headers["cko-request-id"]
        return answer.json()["error_type"], answer.json()["error_codes"]

    async def payment(self, id_: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/payments/{id_}")).raise_for_status().json()
        return found

    async def status(self, id_: str) -> str:
        return str((await self.payment(id_))["status"])

    async def actions(self, id_: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.get(f"/payments/{id_}/actions")).raise_for_status().json()
        return found

    async def pay(self, id_: str, **how: Any) -> None:
        """The shopper pays and the acquirer confirms."""
        await self.sim.act("checkoutcom", id_, "pay", **how)
        await self.sim.advance(seconds=5)

    async def paid(self, seed: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        created = await self.request(seed, **changes)
        await self.pay(created["id"])
        return created

    async def agreement(self) -> str:
        """A recurring agreement that can be used: its `src_`."""
        found: str = (await self.paid(RECURRING))["source"]["id"]
        return found

    async def refund(self, id_: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.post(f"/payments/{id_}/refunds", body, **headers)

    async def listens(self, url: str = HOOKS, events: list[str] | None = None, **more: Any) -> str:
        """A workflow with every event of an Alipay payment: its id."""
        found: str = (await self.made("/workflows", workflow(url, events, **more)))["id"]
        return found

    def heard(self) -> list[str]:
        return [hook.body["type"] for hook in self.sim.hooks]
