"""What is on its way to a merchant, as values: the event that happened, the message that it became, how that leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from simulator.engine.resource import Resource


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
class Dispatch:
    """How a message leaves, after the scenario has spoken. `reversed` turns round the order of its whole unit of work."""

    subject: str
    url: str | None
    """None where it is kept unsent."""
    from_network: bool
    """Whether another machine named the URL."""
    copies: int = 1
    delay: timedelta = timedelta(0)
    reversed: bool = False
