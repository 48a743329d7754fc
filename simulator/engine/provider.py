"""A provider is a value composed of tables and functions: endpoints, machines, authentication, refusals, events.

The engine runs what it finds in the value; it never asks for a provider's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qsl

import orjson
from pydantic import BaseModel

from simulator.engine.resource import Resource, Summary
from simulator.engine.settings import WorkspaceSettings
from simulator.engine.shop import Account, Answer, Request, Shop
from simulator.engine.throttle import RateLimit
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine
from simulator.kernel.refusals import MalformedBody, Refusal
from simulator.kernel.retry import RetryPolicy

if TYPE_CHECKING:
    from simulator.engine.uow import UnitOfWork

# HTTP ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Reply:
    """An answer. `body` is JSON-able, or bytes or str sent as they are; None sends no body and no Content-Type."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    """Overrides the provider's own content type."""
    subject: str | None = None
    """The payment in whose story the request belongs, when it is not one that the handler touched."""
    cookies: list[str] = field(default_factory=list)
    """Each is sent as a `Set-Cookie` of its own."""


def _nobody_asks(method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
    raise RuntimeError("only a page makes API calls")


@dataclass
class Call:
    """One request as a handler sees it. Header names are lower case; `raw_*` are the bytes as sent, for signatures."""

    provider: str
    method: str
    target: str
    """The path, percent-decoded, with duplicate slashes folded and no trailing slash."""
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    raw_body: bytes
    base_url: str
    """Scheme, host and port under which clients reach the simulator, without a trailing slash."""
    path: dict[str, str] = field(default_factory=dict)
    """Path parameters by name."""
    body: Any = None
    """The validated request model, once the gateway has got that far."""
    workspace: Workspace = None  # type: ignore[assignment]  # set by authentication, before any handler runs
    credential: Mapping[str, Any] = field(default_factory=dict)
    """What `authenticate` learned: which key, which scopes, which merchant."""
    notices: list[str] = field(default_factory=list)
    endpoint: Endpoint | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """For the scenario rules: operation, amount, currency, reference."""
    scratch: dict[str, Any] = field(default_factory=dict)
    """For a provider's own pre-checks to leave something for its renderers (a request id)."""
    strict: bool = False
    sent_by: Literal["merchant", "page"] = "merchant"
    """Who really sent it: `page` when one of our pages makes the merchant's call for him."""
    ask: Callable[[str, str, Mapping[str, str], bytes], int] = _nobody_asks
    """For pages: makes an API call as the merchant's server would, and returns its status. Method, path, headers, body."""
    walk_to: datetime | None = None
    """For pages: the workspace's clock goes there, from deadline to deadline, before the answer leaves."""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's last value of each name."""
        return dict(self.query_pairs)

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.raw_query, keep_blank_values=True)

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises `MalformedBody`."""
        try:
            return orjson.loads(self.raw_body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(str(error)) from error

    @cached_property
    def form_pairs(self) -> list[tuple[str, str]]:
        """The body as application/x-www-form-urlencoded. Raises `MalformedBody` when it is not UTF-8."""
        try:
            return parse_qsl(self.raw_body.decode("utf-8"), keep_blank_values=True)
        except (UnicodeDecodeError, ValueError) as error:
            raise MalformedBody(str(error)) from error

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(self.form_pairs)

    @property
    def now(self) -> datetime:
        """The workspace's time; the time of day while the workspace is not known."""
        return self.workspace.clock.now() if self.workspace is not None else time_of_day()

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def differs_live(self, notice: str) -> None:
        """Notes that the live API would have refused this (shown in the journal and in `Simulator-Notice`)."""
        if notice not in self.notices:
            self.notices.append(notice)


Handler = Callable[[Call, "UnitOfWork"], Reply]
Authenticate = Callable[[Call, "Directory"], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of a provider's table of routes.

    `path` holds parameters as `{name}`, or `{name:digits}` where only digits match. `body` is the request model;
    without one the body is not read. `handler` runs in one unit of work.
    """

    method: str
    path: str
    handler: Handler
    operation: str = ""
    body: type[BaseModel] | None = None
    checks_body: bool = True
    """False where the provider accepts first and reports what is wrong later: the handler validates, `body` documents."""
    query: type[BaseModel] | None = None
    answers: Mapping[int, str] = field(default_factory=dict)
    """Status to what it means, for the OpenAPI document."""
    authenticate: Authenticate | None = None
    """Replaces the provider's own authentication for this endpoint."""
    idempotent: bool = False
    """Whether the provider's idempotency key counts here."""
    reads: bool = False
    """A GET-like call that changes nothing: it runs without a transaction."""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that the provider hosts for buyers: no credential, HTML, forms answered with 303.

    `handler` is called with the `Call`; the workspace is found by the page itself (`Visit`).
    """

    method: str
    path: str
    handler: Callable[..., Reply]


@dataclass(frozen=True, slots=True)
class Idempotency:
    """How a provider treats repeated keys.

    `scope` narrows a key (method and path, or nothing); `keeps` says which statuses are remembered; `replayed` marks the
    repeated answer. With `on_mismatch="replay"` another body gets the stored answer, with `"refuse"` an
    `IdempotencyConflict` is raised. With `after_validation` a request that fails validation never meets the key.
    """

    header: str
    scope: Callable[[Call], str]
    keeps: Callable[[int], bool]
    on_mismatch: Literal["refuse", "replay"] = "refuse"
    replayed: Callable[[Reply, datetime], None] = lambda reply, first: None
    lifetime: timedelta = timedelta(hours=24)
    after_validation: bool = False
    methods: frozenset[str] = frozenset({"POST"})


# Webhooks ------------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Message:
    """A rendered webhook on its way to the outbox.

    Without a `url` it goes to the account's endpoint, if that wants the event, and is kept unsent where none is set. A
    `url` is an endpoint that the provider's own API knows, whose wishes the provider has looked at.

    `context` travels with it to `sign` (which endpoint, which key). `delay` postpones the first attempt.
    """

    event: str
    body: bytes
    url: str | None = None
    context: Mapping[str, Any] = field(default_factory=dict)
    delay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Sending:
    """What `sign` sees when a message is about to leave. `attempt` counts from 1, `at` is the workspace's time."""

    workspace: Workspace
    event: str
    body: bytes
    context: Mapping[str, Any]
    created_at: datetime
    at: datetime
    attempt: int
    uow: UnitOfWork
    """For reading (the endpoint's present secret), not for writing."""


class Dropped(Exception):
    """Raised by `sign`: the endpoint is gone or disabled, the message is not sent any more."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`render` turns an event into messages, in the transaction; `sign` makes the headers, at every attempt."""

    events: tuple[str, ...]
    """Those that the simulator sends."""
    retry: RetryPolicy
    render: Callable[[UnitOfWork, Event], Sequence[Message]]
    sign: Callable[[Sending], dict[str, str]]
    verify_endpoint: Callable[[Workspace, str], dict[str, str] | None] = lambda workspace, url: None
    """Headers of the GET by which the provider verifies an endpoint, the value expected as the answer under
    `expect`; None if it does not."""
    nameable: tuple[str, ...] = ()
    """What an endpoint may ask for beside `events`: names that never come here, and `*` where the provider knows it."""
    names_its_key: bool = False
    """Whether a signature says by an id which key made it; only then an endpoint may bear a `key_id`."""
    refuse_secret: Callable[[str], str | None] = lambda secret: None
    """What is wrong with an endpoint's secret, after "must be", where the signature cannot be made with any text."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The merchant's side of a signature: was it good, and if not, what was expected."""

    valid: bool
    reason: str = ""
    signed: str = ""
    """The string over which the receiver computed."""
    expected: str = ""
    received: str = ""


# The provider --------------------------------------------------------------------------------------------------


class Directory(Protocol):
    """Finds the workspace that a credential belongs to."""

    def by_credential(self, provider: str, lookup: str) -> Workspace | None: ...

    def workspaces(self) -> Sequence[Workspace]: ...


class DemoMerchant(Protocol):
    """The merchant's side of a demo: an HTTP client that tells what it does. See `surface/demo.py`.

    A provider's `demo` is a function of one of these. Everything that differs from what the provider documents goes
    through `check`, which ends the demo.
    """

    inbox: str
    """Absolute URL of the built-in receiver: where webhooks are to go."""

    @property
    def account(self) -> Account:
        """Of this provider, in the demo's workspace, as of now."""

    def send(self, request: Request) -> Answer:
        """One call of the provider's API, signed by the provider's shop."""

    def configure_webhook(self, **more: Any) -> None:
        """Sets the account-level endpoint to the inbox, for providers whose own API has no call for it."""

    def shopper(self, payment_id: str) -> Literal["paid", "declined", "cancelled"]:
        """Shows the QR code and lets the shopper act (or acts as the command line says)."""

    def webhooks(self, payment_id: str, *events: str) -> list[Any]:
        """Waits for these events in the inbox, in order; checks each signature with `verify`; returns the bodies."""

    def advance(self, by: str) -> None:
        """Moves the workspace's clock (`PT3D`)."""

    def check(self, claim: str, expected: Any, actual: Any) -> None:
        """Tells the claim, or ends the demo because `actual` differs."""

    def say(self, text: str) -> None:
        """A line of the story."""


@dataclass(frozen=True, slots=True)
class BannerLine:
    """A provider's line in the banner: what people call it, what goes into the client, what goes with it."""

    name: str
    key: str
    more: str = ""


@dataclass(frozen=True)
class Party:
    """Somebody with resources, machines and timers of its own: a provider or the wallet."""

    name: str
    resources: tuple[type[Resource], ...]
    on_timer: Callable[[UnitOfWork, Resource, str, Mapping[str, Any]], None] | None = None
    """Called when a timer falls due; without one the trigger is fired as it stands."""
    hear: Callable[[UnitOfWork, Resource, str, Resource], None] | None = None
    """Called when another party has news about one of our resources: `(uow, resource, news, teller)`."""

    @cached_property
    def kinds(self) -> dict[str, type[Resource]]:
        return {kind.KIND: kind for kind in self.resources}

    @property
    def machines(self) -> tuple[Machine, ...]:
        return tuple(dict.fromkeys(kind.MACHINE for kind in self.resources if kind.MACHINE is not None))


@dataclass(frozen=True, kw_only=True)
class Provider(Party):
    """Everything that the engine, the wallet and the surface know of a provider."""

    title: str
    monogram: str
    endpoints: tuple[Endpoint, ...]
    pages: tuple[Page, ...] = ()
    authenticate: Authenticate
    refuse: Callable[[Refusal, Call], Reply]
    """Every refusal, our own crashes included, in the provider's words."""
    claims: Callable[[Call], bool]
    """Whether a request that matches no route is ours (by its credential or its path shape)."""
    webhooks: Webhooks
    credentials: Callable[[Ids, bool], dict[str, Any]]
    """New credentials; with True those of the `default` workspace, equal on every machine."""
    lookups: Callable[[Mapping[str, Any]], Sequence[str]]
    """Credentials to the strings by which `by_credential` finds the workspace."""
    summarise: Callable[[Resource], Summary | None]
    """The payment view of a resource; None for resources that are not payments."""
    return_to: Callable[[UnitOfWork, Resource, Resource], str | None]
    """Where the wallet sends the buyer's browser afterwards: `(uow, payment, order)`."""
    return_field: str = ""
    """Where a merchant states that address, in the provider's words; shown to those who gave none."""
    open_order: Callable[[UnitOfWork, Resource], str | None] = lambda uow, payment: None
    """Opens the wallet order of a payment that has none yet, if its state allows it, and returns the code."""
    read_body: Callable[[Call, Endpoint], Any] | None = None
    """How a body is read before validation; JSON unless given."""
    limit: Callable[[Call], tuple[str, RateLimit]] | None = None
    """The customer's rate limit for this call: the bucket's name and its size. What is left afterwards stands in
    `call.scratch["tokens_left"]`."""
    before: Callable[[Call], None] | None = None
    """Checks between authentication and the body (required headers, content type)."""
    finish: Callable[[Call, Reply], None] | None = None
    """Adds the headers that every answer bears."""
    encode: Callable[[Any], bytes] = orjson.dumps
    content_type: str = "application/json"
    idempotency: Idempotency | None = None
    verify: Callable[[Workspace, Mapping[str, str], bytes], Verdict] | None = None
    """The merchant's side: checks a delivered webhook without the code that signed it."""
    recognises: Callable[[Mapping[str, str], bytes], bool] = lambda headers, body: False
    """Whether a received request looks like one of this provider's webhooks (its signature header, its shape)."""
    demo: Callable[[DemoMerchant], None] | None = None
    """The seed's own purchase as a story (module `demo`)."""
    shop: Shop | None = None
    """The merchant's requests as values (module `shop`); without them nobody but a merchant can make a payment."""
    banner: Callable[[Mapping[str, Any]], BannerLine] | None = None
    """Its line in what `serve` prints, from a workspace's credentials; without one the title and the first credential."""
    documents: str = ""
    """One paragraph for the OpenAPI document."""
    settings: type[WorkspaceSettings] = WorkspaceSettings
    """The provider's own options; `uow.settings(…)` and `workspace.settings_of(…)` read them."""

    def banner_line(self, credentials: Mapping[str, Any]) -> BannerLine:
        """The banner's line, whether the provider words it or not."""
        if self.banner is not None:
            return self.banner(credentials)
        return BannerLine(self.title, str(next(iter(credentials.values()), "")))
