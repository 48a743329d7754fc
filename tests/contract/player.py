"""Plays the story of an event over HTTP, as a merchant, a buyer and somebody with the control API would: the real event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from merchant import Merchant

from simulator.engine.shop import Answer
from simulator.engine.stories import Ask, Cancel, Create, Decide, Refund, Rule, Set, SoFar, Step, Story, Wait

ACTS = {"paid": "pay", "declined": "decline", "cancelled": "cancel", "expired": "expire"}
PATIENCE = 60
"""Deadlines that are let pass at the end of a story."""


class Player:
    def __init__(self, merchant: Merchant) -> None:
        self.merchant, self.sim, self.provider = merchant, merchant.sim, merchant.provider
        self._answer = Answer(0)
        self._rules: list[dict[str, Any]] = []

    async def real(self, event: str) -> dict[str, Any] | None:
        """The delivery of the event when it really happens; None if it never does."""
        for story in self.provider.stories.of_event(event):
            found = await self._played(event, story)
            if found is not None:
                return found
        return None

    async def _played(self, event: str, story: Story) -> dict[str, Any] | None:
        await self._do("reset")
        await self._do("clock/freeze")
        self._rules = []
        for step in story:
            await self._play(step)
        for _ in range(PATIENCE):
            found = (await self.sim.http.get(f"{self.sim.path}/webhooks", params={"event": event})).json()["data"]
            if found:
                delivery: dict[str, Any] = found[0]
                return delivery
            if not (await self.sim.http.get(f"{self.sim.path}/timers")).json()["data"]:
                return None
            await self._do("clock/advance", next=True)
        return None

    async def _do(self, what: str, **body: Any) -> None:
        (await self.sim.http.post(f"{self.sim.path}/{what}", json=body)).raise_for_status()

    async def _id(self) -> str:
        latest = (await self.sim.http.get(f"{self.sim.path}/payments/latest")).json()
        return str(latest.get("id", ""))

    async def _play(self, step: Step) -> None:
        shop, stories, account = self.merchant.shop, self.provider.stories, self.merchant.account
        name = self.merchant.name
        match step:
            case Create():
                make = step.request or stories.create or shop.create
                self._answer = await self.merchant.send(make(account, replace(shop.sample, variant=step.variant)))
            case Decide():
                await self.sim.settle()
                if shop.course.settles_after:
                    await self.sim.advance(seconds=shop.course.settles_after.total_seconds())
                body = {"reason": step.reason} if step.outcome == "declined" else {}
                await self.sim.act(name, await self._id(), ACTS[step.outcome], **body)
            case Refund():
                await self.merchant.until_refundable()
                amount = shop.sample.amount
                self._answer = await self.merchant.send(
                    (stories.refund or shop.refund)(account, await self._id(), amount)
                )
            case Cancel():
                if shop.cancel is not None:
                    self._answer = await self.merchant.send(shop.cancel(account, await self._id()))
            case Ask():
                self._answer = await self.merchant.send(step.request(SoFar(account, await self._id(), self._answer)))
            case Rule():
                self._rules.append(dict(step.members))
                await self.sim.arm(self._rules)
            case Wait():
                await self.sim.advance(seconds=step.by.total_seconds())
            case Set():
                await self.sim.settings(name, **step.settings)
