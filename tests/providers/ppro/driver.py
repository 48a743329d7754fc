"""A merchant at PPRO: the field's verbs in the provider's dialect."""

from __future__ import annotations

from typing import Any

import httpx
from support import Sim

SEED: dict[str, Any] = {
    "paymentMethod": "ALIPAY",
    "amount": {"value": 1000, "currency": "CNY"},
    "consumer": {"country": "CN"},
    "authenticationSettings": [
        {"type": "REDIRECT", "settings": {"returnUrl": "https://www.webshop.com/order-results-page"}}
    ],
}


class Merchant:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        found = sim.credentials("ppro")
        self.headers = {"Authorization": f"Bearer {found['api_key']}", "Merchant-Id": found["merchant_id"]}

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.sim.http.post(f"/v1/{path}", json=body, headers=self.headers | headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.sim.http.get(f"/v1/{path}", headers=self.headers)

    async def create(self, **changes: Any) -> dict[str, Any]:
        answer = await self.post("payment-charges", SEED | changes)
        assert answer.status_code == 200, answer.text
        charge: dict[str, Any] = answer.json()
        return charge

    async def mock(self, descriptor: str = "", value: int = 1000, **changes: Any) -> dict[str, Any]:
        amount = {"value": value, "currency": "EUR"}
        body = {
            "paymentMethod": "MOCK",
            "paymentDescriptor": descriptor,
            "amount": amount,
            "consumer": {"country": "DE"},
        }
        settings = [{"type": "REDIRECT", "settings": {"returnUrl": "https://shop.example/back"}}]
        return await self.create(**body, authenticationSettings=settings, **changes)

    async def charge(self, id_: str) -> dict[str, Any]:
        body: dict[str, Any] = (await self.get(f"payment-charges/{id_}")).raise_for_status().json()
        return body

    async def refund(self, id_: str, amount: int, **more: Any) -> dict[str, Any]:
        answer = await self.post(f"payment-charges/{id_}/refunds", {"amount": amount, **more})
        body: dict[str, Any] = answer.raise_for_status().json()
        return body

    async def paid(self, **changes: Any) -> dict[str, Any]:
        charge = await self.create(**changes)
        await self.sim.act("ppro", charge["id"], "pay")
        return await self.charge(charge["id"])
