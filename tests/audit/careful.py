"""A small shop that does everything right, at any provider; with faults it does so many things wrong. It is an ASGI application."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from support import said_in

from simulator.engine import shop
from simulator.engine.provider import Provider
from simulator.engine.workspace import Workspace as Stored
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money
from simulator.surface.async_client import AsyncWorkspace
from simulator.surface.audit.pace import Pace
from simulator.surface.audit.subject import Subject, browser, by_url
from simulator.surface.client import Workspace
from simulator.surface.control.finding import summary_of
from simulator.surface.in_process import SHOP_URL, Simulator

HOOKS = f"{SHOP_URL}/hooks"
CALLS = {"checkout": f"{SHOP_URL}/checkout", "refund": f"{SHOP_URL}/refund/{{reference}}?amount={{amount}}",
         "cancel": f"{SHOP_URL}/cancel/{{reference}}", "order": f"{SHOP_URL}/orders/{{reference}}"}  # fmt: skip
SAYS = {"paid": '"shipped"', "unpaid": '"waiting"', "refunded": '"refunded"'}
AGE_LIMIT_MIN = 30
LATER_S = 0.01
"""After which work is begun that is done after the answer."""


@contextmanager
def opened(provider: Provider, faults: str = "") -> Iterator[tuple[Workspace, Subject]]:
    """A shop in its workspace, as the audit sees both."""
    shop = Shop(provider, faults)
    with Simulator.in_process(shop=shop) as simulator:
        shop.simulator, transport = simulator, simulator.sync_transport
        world = simulator.sync_client.workspace(by_url(f"{SHOP_URL}/open", "POST", transport)({}))
        acts = {name: by_url(url, "GET" if name == "order" else "POST", transport) for name, url in CALLS.items()}
        pace = Pace(patience_s=0.05, quiet_s=0.005, slow_api_s=0.2)
        if shop.answers_first:
            pace = Pace(patience_s=1.0 if shop.has("acks-first") else 5.0, quiet_s=5 * LATER_S, slow_api_s=0.5)
        yield world, Subject(webhook=HOOKS, **acts, **SAYS, browser=browser(transport), pace=pace)


@dataclass
class Order:
    reference: str
    begun: datetime
    state: str = "waiting"
    id: str | None = None
    parcels: int = 0


class No(Exception):
    """What the shop was asked cannot be done now."""


class Shop:
    """It believes the provider's API; webhooks only tell it when to ask. It asks too when an order that waits is read."""

    def __init__(self, provider: Provider, faults: str = "") -> None:
        """Several faults stand in one text."""
        assert provider.shop is not None
        self.provider, self.calls, self.faults = provider, provider.shop, frozenset(faults.split())
        self.orders: dict[str, Order] = {}
        self.creating = 0
        self.work: set[asyncio.Task[None]] = set()
        self.simulator: Simulator
        self.http: httpx.AsyncClient
        self.world: AsyncWorkspace

    def has(self, fault: str) -> bool:
        return fault in self.faults

    @property
    def answers_first(self) -> bool:
        """It works afterwards: with `works-later` until that succeeds, which is right; with `acks-first` once."""
        return self.has("works-later") or self.has("acks-first")

    @property
    def _workspace(self) -> Stored:
        """As the simulator has it: what the shop may know without asking is not asked for over HTTP."""
        workspace = self.simulator.app.runtime.find_workspace(self.world.id)
        assert workspace is not None
        return workspace

    @property
    def _now(self) -> datetime:
        return self._workspace.clock.now()

    # HTTP

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        _, what, *rest = request.url.path.split("/")
        try:
            answer = await self._answer(request, what, rest[0] if rest else "")
        except No as why:
            answer = PlainTextResponse(str(why), 503)
        await answer(scope, receive, send)

    async def _answer(self, request: Request, what: str, name: str) -> Response:
        if what == "open":
            await self.open(self.simulator)
            return PlainTextResponse(self.world.id)
        if what == "hooks":
            return await self._hook(request)
        if what == "checkout":
            return JSONResponse({"reference": await self._checkout()})
        if what in ("return", "success", "failure"):
            return await self._returned(request.query_params, is_failure=self._is_failure(request.url.path))
        order = self.orders[name]
        if what == "refund":
            await self._refund(order, int(request.query_params["amount"]))
        elif what == "cancel" and not self.has("forgets-cancel"):
            order.state = "cancelled"
        elif what == "orders":
            await self._look(order)
        return JSONResponse({"state": order.state, "parcels": order.parcels})

    async def _ask(self, request: shop.Request) -> shop.Answer:
        """The provider's API."""
        account = shop.Account(self.world.credentials[self.provider.name], self.simulator.base_url, time_of_day())
        sent = self.calls.sign(account, request)
        try:
            await asyncio.sleep(0)  # others have their turn, as on every network
            got = await self.http.request(sent.method, sent.path, headers=dict(sent.headers), content=sent.body)
        except (OSError, httpx.HTTPError) as error:
            raise No(str(error)) from error
        answer = shop.Answer(got.status_code, got.content, dict(got.headers))
        if answer.status >= 300:
            raise No(f"the provider answered {answer.status}")
        return answer

    # Its pages

    async def _checkout(self) -> str:
        order = self._begun()
        try:
            await self._create(order)
        except No:
            if self.has("trusts-errors"):
                return order.reference
            if not self.has("pays-again"):
                raise
            await self._create(self._begun())
        return order.reference

    def _begun(self) -> Order:
        order = Order(f"order-{Ids().hex(8)}", self._now)
        if self.has("ships-at-once"):
            order.state = "shipped"
        self.orders[order.reference] = order
        return order

    async def _create(self, order: Order) -> None:
        back = f"{SHOP_URL}/return/success?order={order.reference}"
        purchase = shop.Purchase(Money(1000, "CNY"), back, order.reference)
        account = shop.Account(self.world.credentials[self.provider.name], self.simulator.base_url, time_of_day())
        request = self.calls.create(account, purchase)
        self.has_success_page = b"/success/" in request.body
        self.creating += 1
        try:
            answer = await self._ask(request)
        finally:
            self.creating -= 1
        order.id = self.calls.id_of(purchase, answer)

    def _is_failure(self, path: str) -> bool:
        """The provider's side has made other addresses of ours: for failures, or for successes."""
        return path.startswith("/return/") if self.has_success_page else "failure" in path

    async def _look(self, order: Order) -> None:
        if order.id is None or order.state not in ("waiting", "shipped") or self.has("never-asks"):
            return
        try:
            await self._learn(order)
        except No:
            if self.has("gives-up-on-errors"):
                order.state = "cancelled"

    async def _refund(self, order: Order, amount: int) -> None:
        assert order.id is not None
        account = shop.Account(self.world.credentials[self.provider.name], self.simulator.base_url, time_of_day())
        request = self.calls.refund(account, order.id, Money(amount, "CNY"))
        try:
            await self._ask(request)
        except No:
            if not self.has("refunds-again"):
                raise
            await self._ask(request)
        finally:
            if self.has("refunds-at-once"):
                order.state = "refunded"

    async def _returned(self, query: Mapping[str, str], *, is_failure: bool) -> Response:
        order = self.orders[query["order"]]
        if self.has("crashes-on-return"):
            return PlainTextResponse("oh", 500)
        if self.has("trusts-return") and not is_failure:
            self._ship(order)
        if self.has("cancels-on-link") and is_failure:
            order.state = "cancelled"
        if self.has("closes-on-return") and order.state == "waiting":
            order.state = "closed"
        if self.has("ships-on-return") and order.state == "paid":
            self._ship(order)
        if self.has("ships-each-return") and order.state == "shipped":
            self._ship(order)
        if self.has("trusts-id-of-return"):
            for other in self.orders.values():
                if other.id is not None and other.id in query.values() and await self._phase(other.id) == "paid":
                    self._ship(order)
        await self._look(order)
        return PlainTextResponse(order.state)

    # What it believes

    def _ship(self, order: Order) -> None:
        order.state, order.parcels = "shipped", order.parcels + 1

    async def _phase(self, id_: str) -> str:
        account = shop.Account(self.world.credentials[self.provider.name], self.simulator.base_url, time_of_day())
        assert self.calls.read is not None
        await self._ask(self.calls.read(account, id_))
        runtime, workspace = self.simulator.app.runtime, self._workspace
        row = runtime.store.payment(workspace.id, self.provider.name, id_)
        assert row is not None
        uow = runtime.open(workspace)
        resource = uow.adopt(self.provider.kinds[row[0]], row[1])
        return summary_of(uow, self.provider, resource).phase  # what the answer says, in one word for all

    async def _learn(self, order: Order) -> None:
        assert order.id is not None
        state = order.state
        phase = await self._phase(order.id)
        if self.has("looks-first") and phase == "paid" and state == "waiting":
            self._ship(order)
        elif phase in ("paid", "partly_refunded") and order.state == "waiting":
            if self.has("ships-on-return"):
                order.state = "paid"
            else:
                self._ship(order)
        elif phase == "refunded" and order.state in ("waiting", "shipped") and not self.has("ignores-refunds"):
            order.state = "refunded"
        elif phase in ("declined", "cancelled", "expired", "error") and order.state in ("waiting", "shipped"):
            if self.has("ships-anything"):
                order.state = "shipped"
            elif order.state == "waiting" or not self.has("ignores-reversals"):
                order.state = "closed"
        elif phase == "partly_refunded" and self.has("refunded-by-parts"):
            order.state = "refunded"

    # Its webhook address

    async def _hook(self, request: Request) -> Response:
        headers, body = {name.lower(): value for name, value in request.headers.items()}, await request.body()
        if request.method == "GET":
            challenges = [value for name, value in headers.items() if name.endswith("-verification")]
            return PlainTextResponse("" if self.has("no-verification") else "".join(challenges))
        status = await self._heard(headers, body.decode())
        return PlainTextResponse(self.provider.webhooks.acknowledgement or "OK" if status < 300 else "", status)

    async def _heard(self, headers: Mapping[str, str], text: str) -> int:
        if not self._is_true(headers, text):
            return 401
        if self._is_choosy(text):
            return 400
        if self.has("wants-known-events") and "audit_unknown_event" in text:
            return 500
        order = next(
            (one for one in self.orders.values() if one.reference in text or (one.id and one.id in text)), None
        )
        if order is None:
            return 500 if self.has("crashes") else 409 if self.creating and not self.has("forgets-early") else 200
        if self.has("silent") and order.id is not None:
            raise TimeoutError  # what its caller comes to see in the end
        if self.has("deaf"):
            return 400
        if order.id is None:
            return 200 if self.has("forgets-early") else 409
        if self.has("forgets"):
            return 200
        if self.answers_first:
            task = asyncio.create_task(self._work(order, text))
            self.work.add(task)
            task.add_done_callback(self.work.discard)
            return 200
        try:
            return await self._told(order, text)
        except No:
            return 200 if self.has("swallows") else 500

    async def _work(self, order: Order, text: str) -> None:
        while True:
            await asyncio.sleep(LATER_S)
            try:
                await self._told(order, text)
                return
            except No:
                if self.has("acks-first"):
                    return

    async def _told(self, order: Order, text: str) -> int:
        assert order.id is not None
        if self.has("gives-up") and order.state == "waiting" and self._is_old(order):
            return 200
        if order.state == "cancelled":
            return 200
        if self.has("last-event-wins"):
            order.state = "shipped" if self._says_paid(text) else "waiting"
        elif self.has("believes"):
            if self._says_paid(text) and order.state == "waiting":
                self._ship(order)
        elif (self.has("counts-again") and await self._phase(order.id) == "paid") or (
            self.has("ships-each-payment") and order.id not in text
        ):
            self._ship(order)
        else:
            await self._learn(order)
        return 200

    def _is_old(self, order: Order) -> bool:
        return self._now - order.begun > timedelta(minutes=AGE_LIMIT_MIN)

    def _says_paid(self, text: str) -> bool:
        """By its name, or by the words of which that is made."""
        words = self.paid_event.split()
        return words[0] in text if len(words) == 1 else all(f'"{word}"' in text for word in words)

    def _is_true(self, headers: Mapping[str, str], text: str) -> bool:
        workspace = self._workspace
        is_signed = "signature" in " ".join([*headers, text]).lower()
        if self.provider.verify is None or self.has("takes-any-signature" if is_signed else "takes-unsigned"):
            return True
        if self.has("any-age"):
            return self.provider.verify(workspace, headers, text.encode()).valid
        return self.provider.judge(workspace, headers, text.encode(), time_of_day()).valid

    def _is_choosy(self, text: str) -> bool:
        """Whether it refuses a webhook for how it is written."""
        members = said_in(text.encode())
        if not isinstance(members, dict):
            return False
        new = [name for name in members if name.startswith("audit_")]
        return (
            (self.has("wants-known-members") and bool(new))
            or (self.has("wants-order") and next(iter(members)) != self.first_member and not new)
            or (self.has("wants-ascii") and not text.isascii())
            or (self.has("wants-bare-slashes") and "\\/" in text)
            or (
                self.has("wants-floats") and any(int(n) != float(n) for n in re.findall(r"(?<=[:\s])\d{16,17}\b", text))
            )
        )

    # What it has learnt before it opens

    has_success_page = False
    first_member = ""
    paid_event = ""

    async def open(self, simulator: Simulator, token: str | None = None) -> None:
        """In a workspace of its own. One purchase shows it what webhooks look like. `token` is the simulator's, if it wants one."""
        simulator.client.token = token
        self.simulator = simulator
        self.http = httpx.AsyncClient(transport=simulator.transport, base_url=simulator.base_url)
        self.world = await self.simulator.client.create_workspace(frozen=True)
        if self.faults & {"wants-order", "believes", "last-event-wins"}:
            await self.world.pause(self.provider.name)
            payment = await self.world.make_payment(self.provider.name)
            wait = self.calls.course.settles_after.seconds + 5
            await self.world.advance(f"PT{wait}S")
            await self.world.pay(self.provider.name, payment["id"])
            await self.world.advance(f"PT{wait}S")
            last = (await self.world.deliveries(provider=self.provider.name))[-1]
            self.first_member, self.paid_event = next(iter(said_in(last["body"].encode()))), last["event"]
            await self.world.reset()
