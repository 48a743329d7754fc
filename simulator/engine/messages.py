"""What is on its way to a merchant, as values: the event that happened, the message that it became, how that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from typing import Any, Literal

import orjson

from simulator.engine.forging import Forgery
from simulator.engine.resource import Resource
from simulator.kernel.values import dataclass, value_type

Order = Literal["as_happened", "reversed", "shuffled"]


@value_type
class Event:
    """Something that happened to a resource, about to become messages.

    `about` is the operation that the event is about (a refund, a capture) when it is not the resource itself; `extra`
    is whatever the provider's renderer needs beside it.
    """

    name: str
    resource: Resource
    about: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    is_test: bool = False
    """A sample that somebody asked for: some providers mark those."""


@value_type
class Message:
    """A rendered webhook on its way to the outbox.

    Without a `url` it goes to the account's endpoint, if that wants the event, and is kept unsent where none is set. A
    `url` is an endpoint that the provider's own API knows, whose wishes the provider has looked at.

    `context` travels with it to `sign` (which endpoint, which key). `delay` postpones the first attempt. `from_network` says
    whether another machine named the `url` (`UnitOfWork.may_go_to`); unless told, we take it that one did.
    """

    event: str
    body: bytes
    url: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    delay: timedelta = timedelta(0)
    from_network: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What a scenario has in mind for one message of the outbox, beside when it leaves."""

    forge: Forgery | None = None
    stale: timedelta = timedelta(0)
    """How long ago it seems to have left."""
    together: str = ""
    """The id of the message at the same moment as which it leaves."""
    before_answer: bool = False
    """Whether the answer to the API call that caused it waits until it was received."""
    window: int = 0
    """Until when (microseconds) the events of its payment are gathered, to leave in another order than they happened."""

    @property
    def is_adversarial(self) -> bool:
        """Whether no merchant should take it. Such a message leaves once."""
        return self.forge is not None or self.stale > timedelta(0)

    def dump(self) -> bytes | None:
        """As the store keeps it; None where there is no plan, as for nearly all."""
        if self is NO_PLAN or self == NO_PLAN:
            return None
        said = {"forge": self.forge, "stale_us": self.stale // timedelta(microseconds=1), "together": self.together}
        until = (
            ".".join(map(str, divmod(self.window, 1_000_000))) if self.window else ""
        )  # as one number it could be taken for a card's
        more = {"before_answer": self.before_answer, "window": until}
        return orjson.dumps({name: value for name, value in (said | more).items() if value})

    @classmethod
    def load(cls, raw: bytes | None) -> Plan:
        if raw is None:
            return NO_PLAN
        said = orjson.loads(raw)
        stale, until = timedelta(microseconds=said.pop("stale_us", 0)), said.pop("window", "0.0").split(".")
        return cls(stale=stale, window=int(until[0]) * 1_000_000 + int(until[1]), **said)


NO_PLAN = Plan()


@value_type
class Dispatch:
    """How a message leaves, after the scenario has spoken."""

    subject: str
    url: str | None
    """None where it is kept unsent."""
    from_network: bool
    """Whether another machine named the URL."""
    copies: int = 1
    at_once: int = 1
    """How many of each copy leave at the same moment."""
    delay: timedelta = timedelta(0)
    order: Order = "as_happened"
    """`reversed` turns round the order of its whole unit of work, or with a `delay` that of all that happens to the payment
    until then; `shuffled` mixes it by `rank`."""
    rank: int = 0
    """A number that was drawn."""
    adversary: Plan | None = None
    """The plan of a forged or old message that goes before it."""
    before_answer: bool = False
