"""How an event comes about, as a value: what the merchant, the buyer, the bank and time do until the provider tells of it.

A provider has stories of its own only for events that none of the `USUAL` ones tells. Nobody plays them here: `surface/stage.py`
does, in a world of its own, to show an event that has not happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any, Literal

import orjson

from simulator.engine.shop import Account, Answer, Purchase, Request, json_request
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

# Steps -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SoFar:
    """What a step may refer to."""

    account: Account
    payment: str
    """Its id; empty before there is one."""
    answer: Answer
    """The last one of the provider's API."""


@dataclass(frozen=True, slots=True)
class Create:
    """The merchant makes a payment: in the way of this variant, and by the usual request unless another is given."""

    request: Callable[[Account, Purchase], Request] | None = None
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Decide:
    """What becomes of the payment in the wallet; `reason` is that of a decline."""

    outcome: Literal["paid", "declined", "cancelled", "expired"]
    reason: str = "balance"


@dataclass(frozen=True, slots=True)
class Refund:
    """All of it, through the API, once the provider takes refunds."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The merchant gives the payment up, where the API has a call for it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Another call of the provider's API, unsigned."""

    request: Callable[[SoFar], Request]


@dataclass(frozen=True, slots=True)
class Rule:
    """A scenario holds from now on: the members of one of its rules."""

    members: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes. At the end of a story it does so by itself, until the event has come."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Set:
    """Settings of the provider without which the event does not come."""

    settings: Mapping[str, Any]


Step = Create | Decide | Refund | Cancel | Ask | Rule | Wait | Set
Story = tuple[Step, ...]


def bank_declines(operation: str, **more: Any) -> Rule:
    """`more` are further members of the rule's `bank`."""
    return Rule({"when": {"operation": operation}, "bank": {"outcome": "declined", **more}})


# Stories ---------------------------------------------------------------------------------------------------------

CREATED: Story = (Create(),)
PAID: Story = (Create(), Decide("paid"))

USUAL: tuple[Story, ...] = (
    PAID,
    (Create(), Decide("declined")),
    (Create(), Decide("cancelled")),
    (Create(), Decide("expired")),
    (Create(), Cancel()),
    CREATED,
    (*PAID, Refund()),
    (bank_declines("refund"), *PAID, Refund()),
    (bank_declines("refund", delay="PT1M"), *PAID, Refund()),
    (bank_declines("settle"), *PAID),
)
"""The first that tells an event is the one that shows it."""


@dataclass(frozen=True, kw_only=True)
class Stories:
    """What a provider adds: requests that say all that its events repeat, and the stories of events that are told in none of
    the usual ones."""

    create: Callable[[Account, Purchase], Request] | None = None
    refund: Callable[[Account, str, Money], Request] | None = None
    of: Mapping[str, Story] = field(default_factory=dict)
    prepare: Callable[[UnitOfWork], None] | None = None
    """What is there before a story begins, so that its ids are none that the merchant's own payments have or will have."""

    def of_event(self, event: str) -> tuple[Story, ...]:
        own = self.of.get(event)
        return USUAL if own is None else (own,)


def saying_more(request: Request, members: Mapping[str, Any]) -> Request:
    """A request of JSON with further members; an object in it gets them beside its own."""
    return json_request(request.method, request.path, _merged(orjson.loads(request.body), members))


def _merged(body: Any, members: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(body)
    for name, value in members.items():
        is_inner = isinstance(value, Mapping) and isinstance(merged.get(name), dict)
        merged[name] = _merged(merged[name], value) if is_inner else value
    return merged
