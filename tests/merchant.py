"""A merchant at any provider, as far as its shop says: what the tests need who do not care which provider it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from support import Sim, acknowledge

from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Answer, Course, Purchase, Request, Shop, Webhook
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money

BACK = "https://shop.example/back"


class Merchant:
    """Its purchases are in yuan, 10.00 unless another amount is said."""

    def __init__(self, sim: Sim, provider: Provider) -> None:
        assert provider.shop is not None
        self.sim, self.provider, self.name = sim, provider, provider.name
        self.shop: Shop = provider.shop
        self.course: Course = provider.shop.course
        self._heard_before_refund = 0
        """How many webhooks had come when a refund was last asked for."""

    @property
    def account(self) -> Account:
        return Account(self.sim.credentials(self.name), str(self.sim.http.base_url), time_of_day())

    @property
    def strangers(self) -> Account:
        """The account of a merchant whom nobody knows."""
        nobody = self.provider.credentials(Ids(), False)
        return Account(nobody, self.account.base_url, self.account.now)

    def takes(self, webhook: httpx.Request) -> httpx.Response:
        """What the merchant's server answers to a webhook that it takes."""
        said = self.provider.webhooks.acknowledgement
        return acknowledge(webhook) if said is None else httpx.Response(200, text=said)

    # Calls

    async def ask(self, request: Request) -> Answer:
        """Sends a request as it is."""
        answer = await self.sim.http.request(
            request.method, request.path, content=request.body, headers=dict(request.headers)
        )
        return Answer(answer.status_code, answer.content, dict(answer.headers))

    async def send(self, request: Request, headers: Mapping[str, str] = {}) -> Answer:
        """Signs it first, together with these headers."""
        return await self.ask(self.shop.sign(self.account, request.plus(headers)))

    def creation(self, reference: str = "order-1", amount: int = 1000, **more: Any) -> Request:
        return self.shop.create(self.account, purchase(reference, amount, **more))

    # Payments

    async def answer(self, reference: str = "order-1", amount: int = 1000, **more: Any) -> Answer:
        """The answer to a new payment's creation."""
        return await self.send(self.creation(reference, amount, **more))

    async def id_of(self, answer: Answer, of: Purchase | None = None) -> str:
        """The payment's id, however the provider tells it: by the answer, or by a webhook that comes soon."""
        bought = purchase() if of is None else of
        id_ = self.shop.id_among(bought, answer, self.heard())
        if id_ is None:
            await self.sim.settle()
            id_ = self.shop.id_among(bought, answer, self.heard())
        assert id_ is not None, f"neither the answer nor a webhook tells the id: {answer.text}"
        return id_

    def heard(self, since: int = 0) -> list[Webhook]:
        """The webhooks that the merchant's server got."""
        return [Webhook(hook.raw, hook.headers) for hook in self.sim.hooks[since:]]

    async def create(self, reference: str = "order-1", amount: int = 1000, **more: Any) -> str:
        """A new payment's id."""
        answer = await self.answer(reference, amount, **more)
        assert answer.status < 300, answer.text
        return await self.id_of(answer, purchase(reference, amount, **more))

    async def read(self, id_: str) -> Answer:
        assert self.shop.read is not None
        return await self.send(self.shop.read(self.account, id_))

    async def status(self, id_: str) -> str:
        """In the provider's own words: asked of its API, or of the control API where it has no call for it."""
        if self.shop.status_of is None:
            return str((await self.sim.payment(self.name, id_))["status"])
        return self.shop.status_of(await self.read(id_))

    async def refund(self, id_: str, amount: int = 1000) -> Answer:
        return await self.ask_refund(self.shop.refund(self.account, id_, Money(amount, "CNY")))

    async def ask_refund(self, request: Request) -> Answer:
        """Sends a request for a refund, of which `was_refused` is asked afterwards."""
        self._heard_before_refund = len(self.sim.hooks)
        return await self.send(request)

    async def was_refused(self, id_: str, refund: Answer) -> bool:
        """Whether a refund was refused, in whatever way the provider says so, once everything has settled."""
        later = None
        if self.shop.read_refund is not None and refund.status < 300:
            later = await self.send(self.shop.read_refund(self.account, id_, refund))
        elif self.shop.read is not None:
            later = await self.read(id_)
        return self.shop.refused(refund, later, self.heard(self._heard_before_refund))

    # Time

    async def settle(self) -> None:
        """Everything that happens by itself after an act has happened."""
        await self.sim.advance(seconds=self.course.settles_after.total_seconds() + 5)

    async def until_refundable(self) -> None:
        wanted = self.course.settles_after + self.course.refundable_after
        await self.sim.advance(seconds=wanted.total_seconds() + 5)

    async def until_refunded(self, **more: float) -> None:
        """The buyer has the money of a refund back; `more` is what its bank takes beside, as a `timedelta` has it."""
        wanted = self.course.refunded_after + timedelta(**more)
        await self.sim.advance(seconds=wanted.total_seconds() + 5)

    async def waiting(self, reference: str = "order-1", amount: int = 1000) -> str:
        """A payment that waits for its buyer."""
        id_ = await self.create(reference, amount)
        await self.settle()
        return id_

    async def paid(self, reference: str = "order-1", amount: int = 1000) -> str:
        """One that was paid, and can be refunded."""
        id_ = await self.waiting(reference, amount)
        await self.sim.act(self.name, id_, "pay")
        await self.until_refundable()
        return id_


def purchase(reference: str = "order-1", amount: int = 1000, *, currency: str = "CNY", **more: Any) -> Purchase:
    return Purchase(Money(amount, currency), more.pop("return_url", BACK), reference, **more)
