"""A provider's real sandbox as data: where it is, which credentials it wants, and harmless calls that show what it answers.

Nothing is sent from here. `surface/drift` makes the calls, there and at a workspace of ours, and compares the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from simulator.engine.masking import COMMON
from simulator.engine.shop import Account, Answer, Purchase, Request, json_request
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Visit:
    """What a call may refer to: whose it is, what is bought, and what was answered before."""

    account: Account
    purchase: Purchase
    answers: Mapping[str, Answer] = field(default_factory=dict)
    """By the name of the call."""

    def told(self, call: str, *path: str | int) -> Any:
        """A member of an earlier answer. Raises `LookupError` or `TypeError` where it is not there."""
        value: Any = self.answers[call].json
        for step in path:
            value = value[step]
        return value

    @property
    def half(self) -> Money:
        """For a refund in part."""
        return replace(self.purchase.amount, value=self.purchase.amount.value // 2)


def get(path: str) -> Request:
    return Request("GET", path)


def without(request: Request, *members: str) -> Request:
    """A request of JSON without members of its body, each a dotted path."""
    body = orjson.loads(request.body)
    for path in members:
        *around, name = path.split(".")
        inner = body
        for step in around:
            inner = inner[step]
        del inner[name]
    return json_request(request.method, request.path, body)


def no_json(path: str) -> Request:
    return Request("POST", path, {"Content-Type": "application/json"}, b"{")


@dataclass(frozen=True)
class Probe:
    """One harmless call. `request` is unsigned."""

    name: str
    says: str
    """What is tried, as a sentence without its stop."""
    request: Callable[[Visit], Request]
    credential: Literal["right", "wrong", "none"] = "right"
    after: timedelta = timedelta(0)
    """How long to wait before it, in the sandbox's time."""
    pays: bool = False
    """Whether the buyer has to have paid `Sandbox.payment` before it: made only where somebody is there to do so."""
    varies: tuple[str, ...] = ()
    """Places of the answer whose values hang on what an account has and has done: only their types are compared. A place is a
    path of members (`data[].name`), which stands for all below it, `header NAME`, or `*` for the whole body."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Where a provider's sandbox is and what may be asked of it."""

    url: str
    """Its base address, where nobody names another."""
    hosts: tuple[str, ...]
    """The only hosts that are called: names in small letters; `*.` stands for one more label."""
    serves_live_too: bool = False
    """Whether the same host serves real money: then somebody has to say that the account is for tests."""
    live_key: str = ""
    """A pattern of credentials that are no sandbox's, whatever the host."""
    credentials: tuple[str, ...]
    """Which of an account's credentials the calls need, by their names in a workspace."""
    probes: tuple[Probe, ...]
    payment: str = "create"
    """The call whose payment a buyer may pay."""
    payment_id: Callable[[Visit], str] = lambda visit: str(visit.told("create", "id"))
    webhook_name: Callable[[Any], str] = lambda body: str(body["type"])
    """What a webhook tells of, by the JSON of its body or the fields of a form. At a body that is none of its own it may fail."""
    headers: tuple[str, ...] = ()
    """Headers of an answer that are compared beside those that the simulator sends, in small letters."""
    varies: tuple[str, ...] = ()
    """As `Probe.varies`, in every answer."""
    pause: timedelta = timedelta(seconds=0.5)
    """How long to wait between two calls."""
    chosen: tuple[str, ...] = ()
    """Members whose values a merchant chooses, and which may tell whose they are: `reference`, `customer.id` within another,
    `metadata.*` for all within. Recordings mask them."""
    constants: frozenset[str] = frozenset()
    """Texts of the wire that look drawn and are always the same. Recordings keep them."""
    public: Mapping[str, str] = field(default_factory=dict)
    """Keys that a page of the shop's calls with, by their names in a workspace: a pattern of each. They open no door alone."""
    readings: Mapping[str, Callable[[Mapping[str, Answer]], Any]] = field(default_factory=dict)
    """Settings whose value can be read from the sandbox's answers; the others are found by trying."""

    def variable(self, provider: str, credential: str) -> str:
        """The variable of the environment that holds a credential."""
        return f"{provider}_sandbox_{credential}".upper()

    def objection_to(self, url: str, *, stand_in: bool = False) -> str | None:
        """Why nothing may be sent to this address; None if it is a sandbox's. With `stand_in` only this machine is one."""
        if not url.isascii() or any(sign in url for sign in "\\@ \t\r\n"):
            return "it is no plain address"
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return "it is no address"
        if parts.path.strip("/") or parts.query or parts.fragment:
            return "it has a path: only the scheme and the host are said"
        if stand_in:
            is_here = host in LOOPBACK and parts.scheme in ("http", "https")
            return None if is_here else f"it is not this machine ({', '.join(LOOPBACK)}), which --stand-in is for"
        if parts.scheme != "https":
            return "it is not https"
        if port not in (None, 443):
            return "it has another port than 443"
        if not any(_is_host(host, pattern) for pattern in self.hosts):
            return f"it is none of its sandbox's hosts, {', '.join(self.hosts)}"
        return None

    def is_live(self, value: str) -> bool:
        return bool(self.live_key) and re.match(self.live_key, value, re.IGNORECASE) is not None


def _is_host(host: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        label, _, rest = host.partition(".")
        return rest == pattern[2:] and re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", label) is not None
    return host == pattern


SHORTEST_WRONG = 16
"""Letters of a wrong secret at least: an answer may repeat a short key in another way than a long one."""


def with_wrong_secrets(account: Account) -> Account:
    """The account with secrets that nobody has: of their shape, and with nothing of the real ones but what is before the
    last underscore."""
    wrong = {
        name: _wrong(value) if isinstance(value, str) and COMMON.is_secret(name) else value
        for name, value in account.credentials.items()
    }
    return replace(account, credentials=wrong)


def _wrong(secret: str) -> str:
    kept, underscore, rest = secret.rpartition("_")
    return f"{kept}{underscore}{'a' * max(len(rest), SHORTEST_WRONG)}"
