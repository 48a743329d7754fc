"""A world of its own, in memory, in which a story is played until a provider tells of an event: the sample of a test event.

It has the merchant's credentials and settings, so that what is told there could have been told here; nothing of it stays, and
nothing leaves it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.gateway import Gateway
from simulator.engine.messages import Event, Message
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource, Summary
from simulator.engine.rules import parse
from simulator.engine.runtime import Runtime
from simulator.engine.shop import Account, Answer
from simulator.engine.store import open_store
from simulator.engine.stories import Ask, Cancel, Create, Decide, Refund, Rule, Set, SoFar, Step, Story, Wait
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import Clock, time_of_day
from simulator.kernel.refusals import Refusal
from simulator.kernel.values import dataclass
from simulator.wallet import alipay

log = logging.getLogger("simulator")

DEADLINES = 100
"""How often time is let pass at the end of a story before it is given up."""


HALF_A_DAY = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Sample:
    """An event as it is told, of a payment that was never made."""

    message: Message
    subject: str
    told_at: datetime


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays: a provider, and the merchant of a workspace as others know them. `seed` gives the ids."""

    provider: Provider
    workspace: Workspace
    base_url: str
    seed: str

    @property
    def settings(self) -> Mapping[str, Any]:
        return self.workspace.settings.get(self.provider.name, {})


class NotTold(Exception):
    """No story that we know makes the provider tell of the event."""


class _Refused(Exception):
    """A step was not possible: with these settings the provider, or the wallet, says no."""


class _Told(Exception):
    """Ends the play: the event has come."""


async def sample(cast: Cast, event: str) -> Sample:
    """The event as the provider would tell it about now. Raises `NotTold`.

    A story takes its time: it is played once more, that much earlier, so that nothing in it lies in the future. What is not told
    with the workspace's settings is tried with the usual ones, and half a day before, since some depend on the hour.
    """
    now = cast.workspace.clock.now()
    for settings, at in ((cast.settings, now), ({}, now), ({}, now - HALF_A_DAY)):
        for story in cast.provider.stories.of_event(event):
            found = await _played(cast, settings, event, story, at)
            if found is not None and found.told_at > now:
                return await _played(cast, settings, event, story, at - (found.told_at - now)) or found
            if found is not None:
                return found
    raise NotTold(f"{cast.provider.title} tells of {event} in none of the stories that are known")


async def _played(cast: Cast, settings: Mapping[str, Any], event: str, story: Story, at: datetime) -> Sample | None:
    with _stage(cast, settings, event, at) as stage:
        try:
            for step in story:
                await stage.play(step)
            await stage.wait()
        except _Told:
            pass
        except _Refused as refusal:
            log.debug("a story of %s ends early: %s", event, refusal)
        return stage.sample


@contextmanager
def _stage(cast: Cast, settings: Mapping[str, Any], event: str, at: datetime) -> Iterator[Stage]:
    found = Stage(cast, settings, event, at)
    try:
        yield found
    finally:
        found.runtime.store.close()


class Stage:
    """The world in which one story is played, of which `sample` is what came of it."""

    def __init__(self, cast: Cast, settings: Mapping[str, Any], event: str, at: datetime) -> None:
        name, real = cast.provider.name, cast.workspace
        self.event = event
        self.sample: Sample | None = None
        self.provider = replace(cast.provider, webhooks=replace(cast.provider.webhooks, render=self._listen))
        self._render = cast.provider.webhooks.render
        self._base_url = cast.base_url
        self.runtime = Runtime(
            open_store(":memory:"),
            [self.provider, alipay.WALLET],
            base_url=cast.base_url,
            default_overrides={name: real.credentials[name]},
        )
        self.gateway = Gateway(self.runtime)
        nowhere = {"url": f"{cast.base_url}/", "events": list(cast.provider.webhooks.events)}
        self.runtime.change_workspace(
            self.runtime.default,
            seed=cast.seed,
            clock=Clock.beginning(at, frozen=True),
            settings={name: dict(settings)},
            stored_endpoints={name: nowhere},
        )
        assert cast.provider.shop is not None
        self.shop = cast.provider.shop
        self._purchase = replace(self.shop.sample, reference=f"test-{cast.seed[:8]}")
        """With a reference that nobody else has: a receiver must not take a sample for one of its orders."""
        if (prepare := cast.provider.stories.prepare) is not None:
            with self._unit() as uow:
                prepare(uow)
        self._answer = Answer(0)
        self._payment: tuple[str, str] | None = None
        """Kind and id."""

    @property
    def workspace(self) -> Workspace:
        return self.runtime.default

    def _unit(self) -> AbstractContextManager[UnitOfWork]:
        return self.runtime.unit(self.workspace, provider=self.provider.name, topic="control")

    @property
    def now(self) -> datetime:
        return self.workspace.clock.now()

    @property
    def account(self) -> Account:
        return Account(self.workspace.credentials[self.provider.name], self._base_url, time_of_day())

    def _listen(self, uow: UnitOfWork, event: Event) -> Sequence[Message]:
        """Renders what is told, and sends nothing."""
        messages = self._render(uow, replace(event, is_test=event.name == self.event))
        if event.name == self.event and messages and self.sample is None:
            self.sample = Sample(messages[0], event.resource.subject, uow.now)
        return ()

    # Steps -------------------------------------------------------------------------------------------------------

    async def play(self, step: Step) -> None:
        """Raises `_Told` once the event has come, `_Refused` when the story cannot go on."""
        try:
            await self._play(step)
        except (Refusal, LookupError, TypeError) as problem:  # also an answer that lacks what the step reads from it
            raise _Refused(f"{step}: {problem!r} after {self._answer.text[:200]}") from problem
        self._stop_if_told()

    async def _play(self, step: Step) -> None:
        match step:
            case Create():
                make = step.request or self.provider.stories.create or self.shop.create
                await self._ask(make(self.account, replace(self._purchase, variant=step.variant)))
                self._find()
            case Decide():
                await self._decide(step)
            case Refund():
                await self._pass(self.shop.course.settles_after + self.shop.course.refundable_after)
                refund = self.provider.stories.refund or self.shop.refund
                await self._ask(refund(self.account, self._id, self._summary.amount))
            case Cancel():
                if self.shop.cancel is not None:
                    await self._ask(self.shop.cancel(self.account, self._id))
            case Ask():
                await self._ask(step.request(SoFar(self.account, self._id, self._answer)))
            case Rule():
                self._arm(step.members)
            case Wait():
                await self._pass(step.by)
            case Set():
                self._set(step.settings)

    def _stop_if_told(self) -> None:
        if self.sample is not None:
            raise _Told

    async def _ask(self, request: Any) -> None:
        signed = self.shop.sign(self.account, request)
        got = await self.gateway.ask(
            self._base_url, signed.method, signed.path, signed.headers, signed.body, from_network=False
        )
        self._answer = Answer(got.status, got.body)

    def _find(self) -> None:
        """The payment of which the story tells: the newest."""
        rows = self.runtime.store.payments(
            self.workspace.id, provider=self.provider.name, phase=None, reference=None, q=None, before=None, limit=1
        )
        if rows:
            self._payment = rows[0][2], rows[0][3]

    @property
    def _id(self) -> str:
        return self._payment[1] if self._payment is not None else ""

    def _resource(self, uow: UnitOfWork) -> Resource:
        if self._payment is None:
            raise _Refused(f"there is no payment: {self._answer.text[:200]}")
        kind, id_ = self._payment
        return uow.get(self.provider.kinds[kind], id_)

    @property
    def _summary(self) -> Summary:
        found = self.provider.summarise(self._resource(self.runtime.open(self.workspace)))
        assert found is not None
        return found

    async def _decide(self, step: Decide) -> None:
        if self._payment is None or self._summary.order is None:
            await self._pass(self.shop.course.settles_after)
            self._find()
            self._stop_if_told()
        with self._unit() as uow:
            order_code = self._summary.order or self.provider.open_order(uow, self._resource(uow))
            if order_code is None:
                return
            order = alipay.order_of(uow, order_code)
            match step.outcome:
                case "paid":
                    alipay.pay(uow, order)
                case "declined":
                    alipay.decline(uow, order, step.reason)
                case "cancelled":
                    alipay.cancel(uow, order)
                case "expired":
                    alipay.expire(uow, order)

    def _arm(self, rule: Mapping[str, Any]) -> None:
        scenario = parse({"name": "stage", "rules": [rule]}, "story")
        entry = {"scenario": scenario.model_dump(mode="json", by_alias=True, exclude_none=True), "scope": {}}
        self.runtime.change_workspace(self.workspace, scenarios=(entry, *self.workspace.scenarios))

    def _set(self, values: Mapping[str, Any]) -> None:
        settings = {self.provider.name: {**self.workspace.settings.get(self.provider.name, {}), **values}}
        self.runtime.change_workspace(self.workspace, settings=settings)

    # Time --------------------------------------------------------------------------------------------------------

    async def _pass(self, by: timedelta) -> None:
        if by:
            await self.runtime.advance(self.workspace, by)

    async def wait(self) -> None:
        """From deadline to deadline, until there is none. Raises `_Told`."""
        for _ in range(DEADLINES):
            if self.runtime.store.next_due(self.workspace.id) is None:
                return
            await self.runtime.advance(self.workspace, None)
            self._stop_if_told()
