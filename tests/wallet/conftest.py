from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from support import Sim

from simulator.kernel.money import Money
from simulator.providers import built_in
from simulator.wallet import alipay, buyers
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from wallet.toy import ACME, Bill, new_bill
from wallet.visitor import DESKTOP, Visitor

SHOP = "https://shop.example/back?cart=7"


class Wallet:
    """The wallet of one workspace: opens orders, acts on them without a page, and says how they stand."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim

    async def order(
        self,
        value: int = 1100,
        currency: str = "EUR",
        *,
        return_url: str | None = SHOP,
        minutes: int | None = 15,
        merchant: str = "Riverside Books",
        reference: str = "ORD-5023-4E89",
        **more: Any,
    ) -> str:
        """An open order, by its code. 11 euros are 86.03 yuan."""
        expires_at = None if minutes is None else self.sim.workspace.clock.now() + timedelta(minutes=minutes)
        with self.sim.app.runtime.unit(self.sim.workspace, provider="acme", topic="test") as uow:
            return new_bill(
                uow,
                return_url=return_url,
                amount=Money(value, currency),
                expires_at=expires_at,
                merchant=merchant,
                reference=reference,
                **more,
            )

    def do(self, act: Callable[..., Any], code: str, *args: Any, **more: Any) -> Order:
        """`wallet.do(alipay.confirm, code, "li-na")`, committed; returns the order as it is then."""
        with self.sim.app.runtime.unit(self.sim.workspace, provider="acme", topic="test") as uow:
            act(uow, alipay.order_of(uow, code), *args, **more)
        return self.look(code)

    def pay_late(self, code: str) -> Order:
        """The buyer has confirmed, and their bank takes half a minute to answer."""
        return self.do(alipay.confirm_late, code, buyers.DEFAULT, timedelta(seconds=30))

    def look(self, code: str) -> Order:
        return alipay.order_of(self.sim.app.runtime.open(self.sim.workspace), code)

    def buyer(self, slug: str) -> Buyer:
        return buyers.get(self.sim.app.runtime.open(self.sim.workspace), slug)

    async def edit(self, slug: str, **members: Any) -> None:
        (await self.sim.http.put(f"{self.sim.path}/buyers/{slug}", json=members)).raise_for_status()

    def bill(self, code: str) -> Bill:
        found = self.sim.app.runtime.open(self.sim.workspace).resource_of("acme", "bill", self.look(code).payee_id)
        assert isinstance(found, Bill)
        return found

    async def payment(self, code: str) -> dict[str, Any]:
        """The control API's view of the bill."""
        return await self.sim.payment("acme", self.look(code).payee_id)

    async def timers(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = (await self.sim.http.get(f"{self.sim.path}/timers")).json()["data"]
        return data


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[*built_in(), ACME]) as simulator:
        yield simulator


@pytest.fixture
def wallet(sim: Sim) -> Wallet:
    return Wallet(sim)


@pytest.fixture
async def visit(sim: Sim) -> AsyncIterator[Callable[..., Visitor]]:
    """`visit()` is a new browser on a desktop, `visit(PHONE)` one on a phone."""
    async with AsyncExitStack() as open_browsers:

        def browser(browser: str = DESKTOP, host: str = "sim.test") -> Visitor:
            visitor = Visitor(sim, browser, host)
            open_browsers.push_async_callback(visitor.http.aclose)
            return visitor

        yield browser
