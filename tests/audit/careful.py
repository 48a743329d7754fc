"""A small shop that does everything right, at any provider; with a fault it does one thing wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Purchase, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money
from simulator.surface.audit.subject import ShopSaidNo, Subject
from simulator.surface.client import Workspace
from simulator.surface.in_process import SHOP_URL, Simulator

HOOKS = f"{SHOP_URL}/hooks"
TOO_EARLY = "no payment is known yet"


@dataclass
class Order:
    reference: str
    id: str | None = None
    state: str = "waiting"
    parcels: int = 0


class Shop:
    """It believes the provider's API, and webhooks only tell it when to ask. Its webhook side is an ASGI application."""

    def __init__(self, provider: Provider, fault: str = "") -> None:
        assert provider.shop is not None
        self.provider, self.calls, self.fault = provider, provider.shop, fault
        self.orders: dict[str, Order] = {}
        self.creating = 0
        self.simulator: Simulator
        self.world: Workspace

    def opened(self, simulator: Simulator) -> Workspace:
        self.simulator, self.world = simulator, simulator.sync_client.create_workspace(frozen=True)
        return self.world

    @property
    def subject(self) -> Subject:
        return Subject(
            webhook=HOOKS,
            checkout=self.checkout,
            order=self.order,
            refund=self.refund,
            cancel=self.cancel,
            paid='"shipped"',
            unpaid='"waiting"',
            refunded='"refunded"',
        )

    @property
    def account(self) -> Account:
        return Account(self.world.credentials[self.provider.name], self.world.client.url, time_of_day())

    # What its pages do

    def checkout(self, values: Mapping[str, str]) -> str:
        order = Order(f"order-{Ids().hex(8)}")
        self.orders[order.reference] = order
        try:
            self._create(order, order.reference)
        except ShopSaidNo:
            if self.fault == "trusts-errors":
                return "begun"
            if self.fault != "pays-again":
                raise
            again = Order(f"order-{Ids().hex(8)}")
            self.orders[again.reference] = again
            self._create(again, again.reference)
        return json.dumps({"reference": order.reference})

    def _create(self, order: Order, reference: str) -> None:
        purchase = Purchase(Money(1000, "CNY"), f"{SHOP_URL}/return", reference)
        request = self.calls.create(self.account, purchase)
        self.creating += 1
        try:
            answer = self._call(request)
        finally:
            self.creating -= 1
        if answer.status_code >= 300:
            raise ShopSaidNo(f"the provider answered {answer.status_code}")
        from simulator.engine.shop import Answer

        got = Answer(answer.status_code, answer.content, dict(answer.headers))
        order.id = self.calls.id_of(purchase, got)

    def order(self, values: Mapping[str, str]) -> str:
        order = self.orders[values["reference"]]
        if order.id is not None and order.state in ("waiting", "shipped") and self.fault != "never-asks":
            assert self.calls.read is not None
            if self._call(self.calls.read(self.account, order.id)).status_code < 300:
                self._learn(order, self.world.payment(self.provider.name, order.id)["phase"])
        return json.dumps({"state": order.state, "parcels": order.parcels})

    def refund(self, values: Mapping[str, str]) -> str:
        order = self.orders[values["reference"]]
        assert order.id is not None
        self._call(self.calls.refund(self.account, order.id, Money(int(values["amount"]), "CNY")))
        if self.fault == "refunds-at-once":
            order.state = "refunded"
        return "asked"

    def cancel(self, values: Mapping[str, str]) -> str:
        order = self.orders[values["reference"]]
        if self.fault != "forgets-cancel":
            order.state = "cancelled"
        return "cancelled"

    def _call(self, request: Request) -> httpx.Response:
        sent = self.calls.sign(self.account, request)
        try:
            got = self.world.client.send(sent.method, sent.path, headers=sent.headers, content=sent.body or None)
        except (OSError, httpx.HTTPError, RuntimeError) as error:
            raise ShopSaidNo(str(error)) from error
        return httpx.Response(got.status, headers=got.headers, content=got.content)

    def _learn(self, order: Order, phase: str) -> None:
        if phase in ("paid", "partly_refunded", "processing") and order.state == "waiting" and phase != "processing":
            order.state, order.parcels = "shipped", order.parcels + 1
        elif phase == "refunded" and order.state != "cancelled":
            order.state = "refunded"
        elif self.fault == "ships-anything" and phase in ("expired", "declined", "cancelled"):
            order.state = "shipped"
        elif self.fault == "refunded-by-parts" and phase == "partly_refunded":
            order.state = "refunded"

    # Its webhook address

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        if scope["method"] == "GET":
            challenges = [value for name, value in headers.items() if name.endswith("-verification")]
            status, text = 200, "" if self.fault == "no-verification" else "".join(challenges)
        else:
            status = await self._hear(headers, body)
            text = self.provider.webhooks.acknowledgement or "OK" if status < 300 else ""
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": text.encode()})

    async def _hear(self, headers: Mapping[str, str], body: bytes) -> int:
        if not self._is_true(headers, body):
            return 401
        order = self._order_of(body.decode())
        if (
            self.fault == "particular"
            and json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False) != body.decode()
        ):
            return 400
        if order is None:
            if self.fault == "crashes" or (self.fault == "deaf"):
                return 500
            return 409 if self.creating else 200
        if self.fault == "deaf":
            return 400
        if self.fault == "forgets":
            return 200
        return await self._heard(order)

    async def _heard(self, order: Order) -> int:
        assert self.calls.read is not None
        if order.id is None:
            return 409
        request = self.calls.sign(self.account, self.calls.read(self.account, order.id))
        async with httpx.AsyncClient(transport=self.simulator.transport, base_url=self.simulator.base_url) as http:
            answer = await http.request(
                request.method, request.path, headers=dict(request.headers), content=request.body
            )
        if answer.status_code >= 300:
            return 200 if self.fault == "swallows" else 500
        found = await self.simulator.client.workspace(self.world.id).payment(self.provider.name, order.id)
        if self.fault == "counts-again" and found["phase"] == "paid":
            order.state, order.parcels = "shipped", order.parcels + 1
        else:
            self._learn(order, found["phase"])
        return 200

    def _is_true(self, headers: Mapping[str, str], body: bytes) -> bool:
        runtime = self.simulator.app.runtime
        workspace = runtime.find_workspace(self.world.id)
        assert workspace is not None
        if self.provider.verify is None or self.fault == "trusts-everybody":
            return True
        if self.fault == "any-age":
            return self.provider.verify(workspace, headers, body).valid
        return self.provider.judge(workspace, headers, body, time_of_day()).valid

    def _order_of(self, text: str) -> Order | None:
        for order in self.orders.values():
            if order.reference in text or (order.id is not None and order.id in text):
                return order
        return None
