"""A merchant at the toy provider: the field's verbs."""

from __future__ import annotations

from typing import Any

import httpx
from support import Sim


class Merchant:
    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.headers = {"x-acme-key": sim.credentials("acme")["key"]}

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.sim.http.post(f"/acme/charges{path}", json=body, headers=self.headers | headers)

    async def create(self, reference: str = "order-1", amount: int = 1000, **headers: str) -> httpx.Response:
        return await self.post("", {"amount": amount, "currency": "EUR", "reference": reference}, **headers)

    async def charge(self, reference: str = "order-1", amount: int = 1000) -> str:
        """Creates a charge and returns its id."""
        created = await self.create(reference, amount)
        assert created.status_code == 201, created.text
        return str(created.json()["id"])

    async def paid(self, reference: str = "order-1", amount: int = 1000) -> str:
        id_ = await self.charge(reference, amount)
        await self.sim.act("acme", id_, "pay")
        return id_

    async def refund(self, id_: str, amount: int) -> httpx.Response:
        return await self.post(f"/{id_}/refunds", {"amount": amount})

    async def void(self, id_: str) -> httpx.Response:
        return await self.post(f"/{id_}/void")

    async def status(self, id_: str) -> str:
        answer = await self.sim.http.get(f"/acme/charges/{id_}", headers=self.headers)
        return str(answer.raise_for_status().json()["status"])

    @property
    def heard(self) -> list[str]:
        """The webhooks' types in the order of their arrival."""
        return [hook.body["type"] for hook in self.sim.hooks]
