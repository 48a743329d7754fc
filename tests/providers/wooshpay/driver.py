"""A merchant at WooshPay: the field's verbs in the provider's dialect."""

from __future__ import annotations

import base64
from typing import Any

import httpx
from support import HOOKS, Sim

SEED_WEB: dict[str, Any] = {
    "amount": 20,
    "currency": "CNY",
    "confirm": True,
    "payment_method_options": {"alipay": {"client_ip": "192.168.0.1", "terminal_type": "WEB", "os_type": "IOS"}},
    "payment_method_data": {"type": "alipay"},
    "payment_method_types": ["alipay"],
    "return_url": "https://wooshpay.com",
}
SEED_APP: dict[str, Any] = SEED_WEB | {
    "payment_method_options": {"alipay": {"client_ip": "192.168.0.1", "terminal_type": "APP", "os_type": "IOS"}}
}
SEED_SESSION: dict[str, Any] = {
    "cancel_url": "www.baidu.com",
    "mode": "payment",
    "success_url": "https://wooshpay.com/",
    "payment_method_types": ["alipay"],
    "line_items": [
        {
            "price_data": {
                "currency": "CNY",
                "unit_amount": 100000,
                "active": True,
                "product_data": {"name": "taiwan fengli"},
                "billing_scheme": "testscheme",
                "lookup_key": "test_lookup_key",
            },
            "quantity": 1,
        }
    ],
}
CARD: dict[str, Any] = {"payment_method_data": {"type": "card"}, "payment_method_types": ["card"], "currency": "USD"}
EVERYTHING = ["*", "charge.succeeded", "charge.refunded"]


def event_names(sim: Sim) -> list[str]:
    """What arrived at the merchant, in order."""
    return [hook.body["type"] for hook in sim.hooks]


class Merchant:
    """Sends JSON with HTTP Basic, as documented."""

    def __init__(self, sim: Sim, *, live: bool = False) -> None:
        self.sim = sim
        self.keys = sim.credentials("wooshpay")
        self.key: str = self.keys["live_secret_key" if live else "secret_key"]
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()}
        self.endpoint: dict[str, Any] = {}

    async def listening(self) -> Merchant:
        self.endpoint = await self.listen()
        return self

    async def listen(self, *events: str, url: str = HOOKS, **more: Any) -> dict[str, Any]:
        return await self.made("webhook_endpoints", {"url": url, "enabled_events": list(events) or ["*"], **more})

    async def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return await self.sim.http.post(f"/v1/{path}", json=body or {}, headers=self.headers | headers)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.sim.http.get(f"/v1/{path}", params=query, headers=self.headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.sim.http.delete(f"/v1/{path}", headers=self.headers)

    async def made(self, path: str, body: Any = None) -> dict[str, Any]:
        """The object of a POST that must succeed: always with 200."""
        answer = await self.post(path, body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def read(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def refused(self, path: str, body: Any = None) -> tuple[int, str, str, str | None]:
        """Status, type, code and param of a POST that must be refused."""
        return error(await self.post(path, body))

    async def pay_link(self, **changes: Any) -> dict[str, Any]:
        """The seed's intent: created and confirmed in one."""
        return await self.made("payment_intents", SEED_WEB | changes)

    async def intent(self, id_: str) -> dict[str, Any]:
        return await self.read(f"payment_intents/{id_}")

    async def status(self, id_: str) -> str:
        return str((await self.intent(id_))["status"])

    async def paid(self, **changes: Any) -> dict[str, Any]:
        intent = await self.pay_link(**changes)
        await self.sim.act("wooshpay", intent["id"], "pay")
        return await self.intent(intent["id"])

    async def session(self, **changes: Any) -> dict[str, Any]:
        return await self.made("checkout/sessions", SEED_SESSION | changes)

    async def refund(self, intent: str, **more: Any) -> dict[str, Any]:
        return await self.made("refunds", {"payment_intent": intent, **more})


def error(answer: httpx.Response) -> tuple[int, str, str, str | None]:
    body = answer.json()["error"]
    return answer.status_code, body["type"], body["code"], body.get("param")
