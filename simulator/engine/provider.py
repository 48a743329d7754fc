"""A provider is a value composed of tables and functions: endpoints, machines, authentication, refusals, events.

The engine runs what it finds in the value; it never asks for a provider's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol

import orjson

from simulator.engine import settling
from simulator.engine.call import Ask, Call, Operation, Reply, Walk
from simulator.engine.contradictions import contradictions
from simulator.engine.explain import Explained
from simulator.engine.facts import NO_FACTS, Facts
from simulator.engine.masking import Masking
from simulator.engine.messages import Event, Message, Plan
from simulator.engine.resource import Resource, Summary
from simulator.engine.samples import FirstSteps
from simulator.engine.sandbox import Sandbox
from simulator.engine.scenarios import Decisions
from simulator.engine.settlement import PAYOUT, SETTLED, TIMERS, Settlement, kinds_of
from simulator.engine.shop import Account, DemoMerchant, Request, Shop
from simulator.engine.stories import Stories
from simulator.engine.throttle import RateLimit
from simulator.engine.uow import UnitOfWork
from simulator.engine.webhooks import Dropped, Sending, Signed, Verdict, Webhooks
from simulator.engine.workspace import Workspace
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.refusals import Refusal
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.rules import WebhooksEffect
    from simulator.engine.settings import WorkspaceSettings

__all__ = [
    "Ask",
    "Authenticate",
    "BannerLine",
    "Call",
    "DemoMerchant",
    "Directory",
    "Dropped",
    "Endpoint",
    "Event",
    "FirstSteps",
    "Handler",
    "Idempotency",
    "LeftOut",
    "Message",
    "Operation",
    "Page",
    "Party",
    "Provider",
    "Reply",
    "Sending",
    "Settlement",
    "Signed",
    "Verdict",
    "Walk",
    "Webhooks",
]

# Routes -----------------------------------------------------------------------------------------------------

Handler = Callable[[Call, UnitOfWork], Reply]
Authenticate = Callable[[Call, "Directory"], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of a provider's table of routes.

    `path` holds parameters as `{name}`, or `{name:digits}` where only digits match. `body` is the request model;
    without one the body is not read. `handler` runs in one unit of work. What a request says beyond the models and
    `parameters` is noticed, and refused by a strict server (`engine/unread.py`).
    """

    method: str
    path: str
    handler: Handler
    operation: str = ""
    body: type[BaseModel] | None = None
    checks_body: bool = True
    """False where the provider accepts first and reports what is wrong later: the handler validates, `body` documents."""
    query: type[BaseModel] | None = None
    """The model of the query, whose values are texts. `call.body` is its value where the endpoint has no `body`; beside a `body` it
    only checks, and the handler reads `call.query`."""
    parameters: tuple[str, ...] = ()
    """Names that the handler reads itself, beside those of the models `query` and `body`. One that ends in `*` stands for all
    that begin so."""
    answers: Mapping[int, str] = field(default_factory=dict)
    """What each status means, for the OpenAPI document."""
    authenticate: Authenticate | None = None
    """Replaces the provider's own authentication for this endpoint."""
    idempotent: bool = False
    """Whether the provider's idempotency key counts here."""
    reads: bool = False
    """A GET-like call that changes nothing: it runs without a transaction."""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that the provider really has and the simulator lacks, as a row of the provider's published catalogue.

    `path` is written as an `Endpoint`'s; how its parameters are called does not matter. `operation` is the provider's name
    for it. It is answered, once the caller is known, by the provider's own 404 with a notice.
    """

    method: str
    path: str
    operation: str

    body = None
    query = None
    idempotent = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page that the provider hosts for buyers: no credential, HTML, forms answered with 303.

    `handler` is called with the `Call` and the `Runtime`, and finds its workspace itself. With `asks` it gets an `Ask`
    beside them: a page that makes a call of the merchant's.
    """

    method: str
    path: str
    handler: Callable[..., Reply]
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Idempotency:
    """How a provider treats repeated keys.

    `scope` narrows a key (method and path, or nothing); `keeps` says which statuses are remembered; `replayed` marks the
    repeated answer. With `on_mismatch="replay"` another body gets the stored answer, with `"refuse"` an
    `IdempotencyConflict` is raised. So it is, because of `in_progress`, while the first answer has not left. With
    `after_validation` a request that fails validation never meets the key.
    """

    header: str
    scope: Callable[[Call], str]
    keeps: Callable[[int], bool]
    on_mismatch: Literal["refuse", "replay"] = "refuse"
    replayed: Callable[[Reply, datetime], None] = lambda reply, first: None
    lifetime: timedelta = timedelta(hours=24)
    after_validation: bool = False
    methods: frozenset[str] = frozenset({"POST"})


def _no_settings() -> type[WorkspaceSettings]:
    from simulator.engine.settings import WorkspaceSettings

    return WorkspaceSettings


# The provider --------------------------------------------------------------------------------------------------


class Directory(Protocol):
    """Finds the workspace that a credential belongs to."""

    def by_credential(self, provider: str, lookup: str) -> Workspace | None: ...

    def workspaces(self) -> Sequence[Workspace]: ...


@dataclass(frozen=True, slots=True)
class BannerLine:
    """A provider's line in the banner: what people call it, what goes into the client, what goes with it."""

    name: str
    key: str
    more: str = ""


@dataclass(frozen=True, repr=False)
class Party:
    """Somebody with resources, machines and timers of its own: a provider or the wallet."""

    name: str
    resources: tuple[type[Resource], ...]
    on_timer: Callable[[UnitOfWork, Resource, str, Mapping[str, Any]], None] | None = None
    """Called when a timer falls due; without one the trigger is fired as it stands."""
    timers: tuple[str, ...] = ()
    """The timers that `on_timer` answers beside the triggers of the machines; only these and those can be armed."""
    hear: Callable[[UnitOfWork, Resource, str, Resource], None] | None = None
    """Called when another party has news about one of our resources: `(uow, resource, news, teller)`."""

    serves: Callable[[Resource], str | None] | None = None
    """For which other party a resource is kept, if for any: its timers wait while that party is not installed."""

    is_provider = False
    """Whether its moves are the story of a payment itself; those of others are told as theirs (`wallet`)."""

    def __repr__(self) -> str:
        """Short: it is an argument of most tests, and stands above each of their failures."""
        return f"<{'Provider' if self.is_provider else 'Party'} {self.name}>"

    @cached_property
    def settings(self) -> type[WorkspaceSettings]:
        """Its own options; only providers have any."""
        return _no_settings()

    @cached_property
    def kinds(self) -> dict[str, type[Resource]]:
        return {kind.KIND: kind for kind in self.resources}

    @cached_property
    def bounded(self) -> tuple[tuple[type[Resource], int], ...]:
        """The kinds of which so many are kept."""
        return tuple((kind, kind.KEPT) for kind in self.kinds.values() if kind.KEPT is not None)

    @property
    def machines(self) -> tuple[Machine, ...]:
        return tuple(dict.fromkeys(kind.MACHINE for kind in self.resources if kind.MACHINE is not None))

    @property
    def moves_money(self) -> Set[tuple[str, str]]:
        """The kinds and triggers that stand in its table of money; only providers have one."""
        return frozenset()

    def book(self, uow: UnitOfWork, resource: Resource, trigger: str, about: Any) -> None:
        """Called for each move that stands there."""

    def fire_timer(self, uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
        """What a timer of one of its resources does."""
        if self.on_timer is not None and trigger in self.known_timers:
            self.on_timer(uow, resource, trigger, data)
        else:
            uow.fire(resource, trigger)

    @cached_property
    def known_timers(self) -> frozenset[str]:
        """What may be armed for a resource of this party."""
        return frozenset(self.timers).union(*(machine.triggers for machine in self.machines))

    def summary_of(self, resource: Resource) -> Summary | None:
        """The payment view of a resource; only providers have payments."""
        return None

    def render(self, uow: UnitOfWork, event: Event) -> Sequence[Message]:
        """The webhooks that an event becomes; only providers send any."""
        return ()

    def adversary(self, params: WebhooksEffect, body: bytes) -> Plan | None:
        """Of a message that should not be taken and goes before one with this body; only webhooks can be forged."""
        return None


@dataclass(frozen=True, kw_only=True, repr=False)
class Provider(Party):
    """Everything that the engine, the wallet and the surface know of a provider."""

    is_provider = True

    title: str
    monogram: str
    """Two letters that stand for it where there is no room for the title."""
    paths: tuple[str, ...] = ()
    """How the addresses of its endpoints, its pages and what is left out begin, up to the end of a segment (`/v1/refunds`). Only
    a provider that is loaded late has to say so (`engine/outlines.py`)."""
    endpoints: tuple[Endpoint, ...]
    pages: tuple[Page, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """What its published catalogue has beside `endpoints`."""
    authenticate: Authenticate
    proofs: tuple[str, ...] = ("credential",)
    """The checks that `authenticate` makes, in their order, by the names that it gives to `call.checking`. One check needs to say
    nothing. `json`, `required`, `project`, `signature`, `credential`, `access`, `scheme`, `key`, `date` and `merchant` have
    words; any other name has them in the provider's `texts/`, as `requests_check_{name}`."""
    refuse: Callable[[Refusal, Call], Reply]
    """Every refusal, our own crashes included, in the provider's words."""
    claims: Callable[[Call], bool]
    """Whether a request that matches no route is ours (by its credential or its path shape)."""
    webhooks: Webhooks
    credentials: Callable[[Ids, bool], dict[str, Any]]
    """New credentials; with True those of the `default` workspace, equal on every machine."""
    listable: tuple[str, ...] = ()
    """Credentials that may be a list of texts as well as one: one key for many merchants."""
    lookups: Callable[[Mapping[str, Any]], Sequence[str]]
    """Credentials to the strings by which `by_credential` finds the workspace."""
    summarise: Callable[[Resource], Summary | None]
    """The payment view of a resource; None for resources that are not payments."""
    phases: Mapping[str, str] = field(default_factory=dict)
    """Each state of its payments to the phase under which lists and pages show it, as `summarise` reads it. None is left out: a
    payment in a state without a phase cannot be stored."""
    payments_of: Callable[[UnitOfWork, Resource], Sequence[Resource]] = lambda uow, preface: ()
    """The payments of a session, a page or a link (`Resource.preface`), newest first; nothing of what is a payment itself."""
    return_to: Callable[[UnitOfWork, Resource, Resource], str | None]
    """Where the wallet sends the buyer's browser afterwards, or before anything is decided: `(uow, payment, order)`. An absolute
    address, else the buyer gets no way back. That of a page of one's own begins with the `call.base_url` by which the buyer
    came, kept in the resource: `uow.base_url` is the server's own name, and a phone does not reach `localhost`."""
    return_field: str = ""
    """Where a merchant states that address, in the provider's words; shown to those who gave none."""
    open_order: Callable[[UnitOfWork, Resource], str | None] = lambda uow, payment: None
    """Opens the wallet order of a payment that has none yet, if its state allows it, and returns its order code."""
    read_body: Callable[[Call, Endpoint], Any] | None = None
    """How a body is read before validation; JSON unless given."""
    read_query: Callable[[Call, Endpoint], Mapping[str, Any]] | None = None
    """How the query is read before validation; flat, the last value of each name, unless given."""
    spelled: Callable[[str], str] = lambda path: path
    """A member's dotted path as the provider writes it (`items[0][name]`)."""
    unread_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that people send and the provider does not read, in lower case, to what the notice says after the name."""
    secret_members: tuple[str, ...] = ()
    """Members, fields and parameters of its own that open a door, beside the common ones (`engine/masking.py`): they are
    masked before anything is stored."""
    secret_headers: tuple[str, ...] = ()
    """Headers of its own that open a door, beside the common ones: they are masked before anything is stored."""
    limit: Callable[[Call], tuple[str, RateLimit]] | None = None
    """The customer's rate limit for this call: the bucket's name and its size. What is left afterwards stands in
    `call.answering.tokens_left`."""
    before: Callable[[Call], None] | None = None
    """Checks between authentication and the body (required headers, content type)."""
    finish: Callable[[Call, Reply], None] | None = None
    """Adds the headers that every answer bears."""
    encode: Callable[[Any], bytes] = orjson.dumps
    content_type: str = "application/json"
    idempotency: Idempotency | None = None
    verify: Callable[[Workspace, Mapping[str, str], bytes], Verdict] | None = None
    """The merchant's side: checks a delivered webhook without the code that signed it. None where webhooks are not signed."""
    verify_request: Callable[[Account, Request], Verdict | None] | None = None
    """The provider's side: checks the signature of a merchant's request. None for what is no signed request, such as a webhook."""
    explain_request: Callable[[Account, Request], Explained | None] | None = None
    """How the signature of a merchant's request comes about, step by step (`engine/explain.py`). None for a request that bears
    none; without a function where the API's credential is no signature."""
    recognises: Callable[[Mapping[str, str], bytes], bool] = lambda headers, body: False
    """Whether a received request looks like one of this provider's webhooks (its signature header, its shape)."""
    demo: Callable[[DemoMerchant], None] | None = None
    """The seed's own purchase as a story (module `demo`)."""
    demo_flow: Callable[[DemoMerchant], None] | None = None
    """The story of a purchase that begins in the shop's page, with the provider's component there (`demo --flow`)."""
    shop: Shop | None = None
    """The merchant's requests as values (module `shop`); without them nobody but a merchant can make a payment."""
    sandbox: Sandbox | None = None
    """The provider's real sandbox (module `sandbox`), against which `psp-simulator drift` holds what is answered here."""
    first_steps: FirstSteps | None = None
    """What the quick start shows of it; without it the first call as cURL, made of its shop."""
    stories: Stories = field(default_factory=Stories)
    """How its events come about, for test events: what the usual stories do not tell, and what requests say for them."""
    banner: Callable[[Mapping[str, Any]], BannerLine] | None = None
    """Its line in what `serve` prints, from a workspace's credentials; without one the title and the first credential."""
    documents: str = ""
    """One paragraph for the OpenAPI document."""
    compares: Callable[[Call], Mapping[str, Any]] = lambda call: {}
    """What a scenario's `when` compares with a call: `amount` in minor units, `currency`, `reference`, those that the engine does
    not read out of the raw body by itself (`engine/comparing.py`). The body has not been checked yet, and there may be
    none: `MalformedBody`, `ValueError`, `LookupError`, `TypeError` and `AttributeError` mean that the call says nothing."""
    decisions: Decisions | None = None
    """About what scenarios are asked; None says nothing, and then any operation and option may stand in a rule."""
    hosts: tuple[str, ...] = ()
    """The names at which it is reached in the real world, in small letters; `*.` before one stands for all names below it.
    `serve --tls` has a certificate for each, so that a client whose host cannot be changed may be led here."""
    facts: Facts = NO_FACTS
    """What is not documented of it: its register (`facts.toml`)."""
    settings: type[WorkspaceSettings] = field(default_factory=_no_settings)
    """The provider's own options; `uow.settings(…)` and `workspace.settings_of(…)` read them."""
    settlement: Settlement | None = None
    """What becomes of the money afterwards (`engine/settlement.py`); its settings are `MoneySettings` then. Without one it has no
    ledger."""

    def __post_init__(self) -> None:
        """Raises `ProviderError` with everything in which the value contradicts itself."""
        if faults := [*contradictions(self)]:
            raise ProviderError(f"provider {self.name!r}: " + "; ".join(faults))

    @cached_property
    def masking(self) -> Masking:
        return Masking(self.secret_members, self.secret_headers)

    @cached_property
    def kinds(self) -> dict[str, type[Resource]]:
        own = kinds_of(self.name) if self.settlement is not None else ()
        return {kind.KIND: kind for kind in (*self.resources, *own)}

    @cached_property
    def known_timers(self) -> frozenset[str]:
        settles = self.settlement is not None
        own = frozenset(self.timers).union(*(machine.triggers for machine in self.machines))
        return own.union(TIMERS, PAYOUT.triggers) if settles else own

    @cached_property
    def declared_events(self) -> frozenset[str]:
        """All that may be emitted, the samples among them of what never comes by itself."""
        return frozenset((*self.webhooks.events, *self.webhooks.nameable))

    @cached_property
    def moves_money(self) -> Set[tuple[str, str]]:
        return self.settlement.table.keys() if self.settlement is not None else frozenset()

    def book(self, uow: UnitOfWork, resource: Resource, trigger: str, about: Any) -> None:
        settling.book(uow, self.name, resource, trigger, about)

    def fire_timer(self, uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
        if isinstance(resource, SETTLED):
            settling.on_timer(uow, self.name, resource, trigger, data)
        else:
            super().fire_timer(uow, resource, trigger, data)

    def summary_of(self, resource: Resource) -> Summary | None:
        """Raises `ProviderError` for a payment in a state that has no phase, where `summarise` looks it up in a table."""
        try:
            return self.summarise(resource)
        except KeyError as missing:
            if missing.args != (resource.state,):
                raise
            lacking = f"state {resource.state!r} of a {resource.KIND} has no phase: see `Provider.phases`"
            raise ProviderError(f"provider {self.name!r}: {lacking}") from missing

    def render(self, uow: UnitOfWork, event: Event) -> Sequence[Message]:
        """Raises `ProviderError` for an event that `Webhooks` does not declare."""
        if event.name not in self.declared_events:
            raise ProviderError(f"provider {self.name!r} has emitted {event.name}, which webhooks.events does not name")
        return self.webhooks.render(uow, event)

    def adversary(self, params: WebhooksEffect, body: bytes) -> Plan | None:
        return self.webhooks.adversary(params.forge, params.stale or timedelta(0), body)

    def judge(self, workspace: Workspace, headers: Mapping[str, str], body: bytes, arrived: datetime) -> Verdict:
        """What a careful receiver says of a webhook that arrived at this real time: of its signature, and of its age."""
        if self.verify is None:
            return Verdict(True, "webhooks are not signed")
        return self.verify(workspace, headers, body).arriving(arrived, self.webhooks.tolerance)

    def banner_line(self, credentials: Mapping[str, Any]) -> BannerLine:
        """The banner's line, whether the provider words it or not."""
        if self.banner is not None:
            return self.banner(credentials)
        return BannerLine(self.title, str(next(iter(credentials.values()), "")))


class ProviderError(ValueError):
    """A provider's value contradicts itself; the message names each fault and what would be right."""
