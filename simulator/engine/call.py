"""One request, its answer, and what an answer may still ask for. Values only: nothing here acts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol
from urllib.parse import parse_qsl

import orjson

from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.lazy import cached_property
from simulator.kernel.refusals import BodyTooWide, MalformedBody, Violation
from simulator.kernel.shapes import FEWEST_BYTES, MEMBERS, is_wide
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

NO_UTF8 = "not encoded in UTF-8"


@dataclass(frozen=True, slots=True)
class Walk:
    """A wish of a page: before its answer leaves, this workspace's clock goes there, from deadline to deadline."""

    workspace: Workspace
    to: datetime


@dataclass(slots=True)
class Reply:
    """What a handler gives to be sent. `body` is JSON-able, or bytes or str sent as they are; None sends neither body nor
    Content-Type."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    """Overrides the provider's own content type."""
    subject: str | None = None
    """The payment in whose story the request belongs, where the handler moves nothing of it: it reads, amends or arms alone."""
    cookies: list[str] = field(default_factory=list)
    """Each is sent as a `Set-Cookie` of its own."""
    walk: Walk | None = None
    """Only for pages."""


Ask = Callable[[str, str, Mapping[str, str], bytes], int]
"""Makes an API call as the merchant's server would, and returns its status: method, path, headers, body."""


class Operation(Protocol):
    """What a request knows of the row of the table of routes that it met: an `Endpoint` without its handler."""

    @property
    def operation(self) -> str: ...

    @property
    def body(self) -> type[BaseModel] | None: ...

    @property
    def query(self) -> type[BaseModel] | None: ...

    @property
    def idempotent(self) -> bool: ...


Use = tuple[int, str, str, str]
"""Of an idempotency key: workspace, provider, scope and text."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What becomes of an answer on its way, because a scenario says so (`engine/weather.py`)."""

    scenario: Mapping[str, Any]
    """As it is armed: when it is no longer, what is held is let go."""
    told: Mapping[str, Any]
    """The effect, for the journal."""
    is_before: bool = False
    """Whether the call is not executed."""
    status: int | None = None
    fault: Mapping[str, Any] = field(default_factory=dict)
    """`code` and `message` of that status."""
    body: Any = None
    delay_s: float = 0.0
    hang: bool = False
    reset: bool = False
    truncate: bool = False
    retry_after_s: int = 1

    @property
    def executes_later(self) -> bool:
        """Whether the call itself only waits."""
        return self.is_before and self.delay_s > 0 and not self.is_instead

    @property
    def is_instead(self) -> bool:
        """Whether something else takes the place of the call."""
        return self.is_before and (self.status is not None or self.hang or self.reset)


@dataclass(slots=True)
class Answering:
    """What gathers on the way for the answer, whoever will give it: the handler, or a refusal."""

    notices: list[str] = field(default_factory=list)
    tokens_left: int | None = None
    """What is left of the customer's rate limit; None where the provider has none."""
    request_id: str | None = None
    """The id by which the provider's answer names this request, once it is drawn."""
    step: str = ""
    """The check that the request is at, by its name: the one that a refusal failed."""
    slips: list[dict[str, str]] = field(default_factory=list)
    """Names that the provider does not read and that may be slips of names that it reads (`engine/reasons.py`)."""
    told_later: list[Violation] = field(default_factory=list)
    """What is wrong with a request that is accepted all the same: a webhook will tell."""
    first_at: int | None = None
    """Of a repeated idempotency key: when the answer was given for the first time, in microseconds."""
    weather: Weather | None = None
    key: Use | None = None
    """The idempotency key, where one counts."""
    waits_for: tuple[str, ...] = ()
    """The payments whose webhooks go before the answer."""
    began: datetime | None = None
    """The instant of the unit of work."""


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
    """The value of the endpoint's model `body`, or of its `query` where it has no body, once the gateway has got that far."""
    workspace: Workspace = None  # type: ignore[assignment]  # set by authentication, before any handler runs
    credential: Mapping[str, Any] = field(default_factory=dict)
    """What `authenticate` learned: which key, which scopes, which merchant."""
    proof: tuple[str, ...] | None = None
    """The names of the credentials by which `authenticate` knows the merchant; empty for what a merchant hands to browsers
    (a publishable key, the signed address of a page). None where it does not say."""
    from_network: bool = False
    """Whether another machine sent it."""
    from_elsewhere: bool = False
    """Whether a page that is neither ours nor this machine's made a browser send it."""
    endpoint: Operation | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """For the scenario rules: operation, amount, currency, reference."""
    parsed: dict[str, Any] = field(default_factory=dict)
    """What the provider's own reading has made of the request, for its handlers: a form as JSON, parameters that were checked."""
    answering: Answering = field(default_factory=Answering)
    ids: Ids = field(default_factory=Ids)
    """For ids of a refusal: from the workspace's seed, once it is refused. What a handler makes draws from its unit's."""
    strict: bool = False
    sent_by: Literal["merchant", "browser", "page", "console"] = "merchant"
    """Who really sent it: `browser` when it bears what a merchant hands to browsers, `page` when one of our pages makes the
    merchant's call in their place, `console` when the control API does."""

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's last value of each name."""
        return dict(self.query_pairs)

    @cached_property
    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.raw_query, keep_blank_values=True) if self.raw_query else []

    @cached_property
    def json(self) -> Any:
        """The body as JSON. Raises `MalformedBody`, and `BodyTooWide` when it has more than `MEMBERS`."""
        raw = self.raw_body
        try:
            read = orjson.loads(raw)
            if len(raw) > MEMBERS * FEWEST_BYTES and is_wide(read):
                raise self._too_wide()
            return read
        except orjson.JSONDecodeError as error:
            try:
                self.raw_body.decode("utf-8")
            except UnicodeDecodeError:
                raise MalformedBody(NO_UTF8) from error
            raise MalformedBody(f"no JSON from line {error.lineno}, column {error.colno} on") from error

    @cached_property
    def form_pairs(self) -> list[tuple[str, str]]:
        """The body as application/x-www-form-urlencoded. Raises `MalformedBody` when it is not UTF-8, or has more than
        `MEMBERS`, each level of a name (`a[b][c]`) counted."""
        if sum(self.raw_body.count(sign) for sign in (b"&", b"[", b"%5B", b"%5b")) >= MEMBERS:
            raise self._too_wide()
        try:
            return parse_qsl(self.raw_body.decode("utf-8"), keep_blank_values=True)
        except UnicodeDecodeError as error:
            raise MalformedBody(NO_UTF8) from error

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(self.form_pairs)

    def _too_wide(self) -> BodyTooWide:
        self.differs_live(
            f"the simulator reads bodies of up to {MEMBERS} members; the live API's own bound is not known"
        )
        return BodyTooWide(f"more than {MEMBERS:,} members")

    @property
    def now(self) -> datetime:
        """The workspace's time; the time of day while the workspace is not known."""
        return self.workspace.clock.now() if self.workspace is not None else time_of_day()

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def checking(self, step: str) -> None:
        """Says which of the provider's checks (`Provider.proofs`) begins now."""
        self.answering.step = step

    def tells_later(self, violations: Iterable[Violation]) -> None:
        """Says, for the journal, what is wrong with a request that is accepted and will be refused by a webhook."""
        self.answering.told_later += violations

    def differs_live(self, notice: str) -> None:
        """Remembers that the live API would have refused this; the journal and `Simulator-Notice` say so."""
        if notice not in self.answering.notices:
            self.answering.notices.append(notice)
