"""The assertions of `assertions.py` for `asyncio`: what does not hold is an `AssertionError` with the story of the payment."""

from __future__ import annotations

from typing import Any

from simulator.surface.assertions import SHOWN, TIMED_OUT, faults_of, told
from simulator.surface.async_client import AsyncWorkspace
from simulator.surface.client import Delivery, Payment, SaidNo, is_of_a_call

__tracebackhide__ = is_of_a_call


class AsyncTestedWorkspace(AsyncWorkspace):
    """`psp_async_workspace`. It has every call of an `AsyncWorkspace`."""

    __test__ = False  # for pytest: this is no test

    async def story(self, id_or_order_code: str) -> str:
        """What has happened to a payment, a line each. Raises `LookupError` when there is none with that id, reference or code."""
        payment = await self.find(id_or_order_code)
        if payment is None:
            raise LookupError(f"workspace {self.name} has no payment {id_or_order_code!r}")
        return await self._told(payment)

    async def stories(self, most: int = SHOWN) -> str:
        """The stories of the newest payments, oldest first."""
        return "\n\n".join([await self._told(payment) for payment in reversed(await self.latest(most))])

    async def wait_for(self, **wanted: Any) -> Payment | Delivery:
        """As `AsyncWorkspace.wait_for`; what does not come in time fails the test."""
        try:
            return await super().wait_for(**wanted)
        except SaidNo as refusal:
            raise await self._late(refusal, wanted.get("resource_id")) from None

    async def wait_for_webhook(
        self, provider: str, event: str, *, resource_id: str | None = None, timeout: str = "10s"
    ) -> Delivery:
        """As `AsyncWorkspace.wait_for_webhook`; what does not come in time fails the test."""
        try:
            return await super().wait_for_webhook(provider, event, resource_id=resource_id, timeout=timeout)
        except SaidNo as refusal:
            raise await self._late(refusal, resource_id) from None

    async def assert_webhooks(
        self, id_or_order_code: str, *events: str, state: str = "delivered", any_order: bool = False
    ) -> list[Delivery]:
        """The webhooks of a payment are these events, once each, in this order, and the shop has acknowledged them all (`state`).
        What is due is delivered first; forged ones are left out. Returns them."""
        await self.settle()
        payment = await self.find(id_or_order_code)
        if payment is None:
            raise AssertionError(f"workspace {self.name} has no payment {id_or_order_code!r}")
        found = await self.deliveries(provider=payment["provider"], resource_id=payment["id"])
        earnest = [one for one in found if not one.get("adversarial")]
        if faults := faults_of(earnest, events, state, any_order):
            raise AssertionError("\n".join([*faults, "", await self._told(payment)]))
        return earnest

    async def _late(self, refusal: SaidNo, resource_id: str | None) -> Exception:
        if refusal.status != TIMED_OUT:
            return refusal
        payment = None if resource_id is None else await self.find(resource_id)
        story = await self.stories() if payment is None else await self._told(payment)
        return AssertionError(f"{refusal}\n\n{story}" if story else str(refusal))

    async def _told(self, payment: Payment) -> str:
        return told(await self.payment(payment["provider"], payment["id"]))
