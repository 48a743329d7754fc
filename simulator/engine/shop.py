"""The merchant's side of one purchase at a provider, as pure values: which requests it takes, what the answers say.

A provider's `shop` says once what the contract suite, the demo, the benchmarks and a test payment of the control API need:
requests go in as values and come out as bytes. Nothing is sent from here; whoever holds a `Request` sends it in their own way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal, Protocol

import orjson

from simulator.kernel.money import Money
from simulator.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """Whose requests these are, where they go, and when."""

    credentials: Mapping[str, Any]
    """The merchant's, of this provider, as a workspace shows them."""
    base_url: str
    """Scheme, host and port of the API, without a trailing slash, for schemes that sign the address."""
    now: datetime
    """The time of day, for schemes that sign it: a merchant's own clock is real whatever the workspace's clock shows."""


@dataclass(frozen=True, slots=True)
class Purchase:
    """What the merchant wants to be paid for."""

    amount: Money
    return_url: str
    """Where the buyer's browser comes back to."""
    reference: str = ""
    """The merchant's own; at some providers it is the payment's id. Without one it is left out where the API allows it."""
    variant: str = ""
    """One of `Shop.variants`; the first unless given."""
    inbox: str = ""
    """Where this payment's webhooks go, if the API takes it with the request; elsewhere it is ignored."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a provider's API, byte for byte. `path` is the target: path and query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def plus(self, headers: Mapping[str, str]) -> Request:
        """The request with these headers besides."""
        return replace(self, headers={**self.headers, **headers})


def json_request(method: str, path: str, body: Any) -> Request:
    return Request(method, path, {"Content-Type": "application/json"}, orjson.dumps(body))


class Received:
    """Something that came with a body."""

    body: bytes

    @cached_property
    def json(self) -> Any:
        """The body as JSON; None when it is not JSON."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Answer(Received):
    """What the provider's API answered. Header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Webhook(Received):
    """What came to the merchant's server from the provider. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a payment goes at this provider: its own words for the three main states, and how long things take."""

    waiting: str | tuple[str, ...]
    """The status while the buyer has not decided: one word, or several where it changes meanwhile (`("open", "pending")`)."""
    paid: str
    expired: str
    expires_after: timedelta | None = None
    """When an unpaid payment ends by itself; None when it never does."""
    settles_after: timedelta = timedelta(0)
    """Clock time between what happens and the status that says so: until the wallet's link is there, or the money."""
    refundable_after: timedelta = timedelta(0)
    """Clock time between the paid payment and the first refund that is taken."""
    refunded_after: timedelta = timedelta(0)
    """Clock time between a refund that was asked for and the buyer's money, where the bank approves it at once. A bank that takes
    its time decides later by that, or instead of it."""
    ends: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Phases in which `decline`, `cancel` or `expire` may end, where the provider has no state of its own for it."""
    reasons: Mapping[str, str] = field(default_factory=dict)
    """What the webhooks say of `balance`, `limit`, `blocked`, `authentication` and `cancelled`: a piece of the body for each.
    Left out where the webhooks do not say why."""

    def waits(self, status: str) -> bool:
        """Whether a payment of this status waits for its buyer."""
        return status in ((self.waiting,) if isinstance(self.waiting, str) else self.waiting)


def _refused(refund: Answer, later: Answer | None, webhooks: Sequence[Webhook]) -> bool:
    return refund.status >= 400


def _nowhere(document: Any) -> str | None:
    return None


def _untold(purchase: Purchase, webhook: Webhook) -> str | None:
    return None


@dataclass(frozen=True, kw_only=True)
class Shop:
    """The requests are not signed yet, so that more headers may be added: `sign` makes what is really sent.

    An id is what the provider's other calls take. Amounts of refunds are always given: of the rest, what is left.
    """

    sample: Purchase
    """The purchase that the provider's documents show."""
    variants: Mapping[str, str]
    """The ways of paying that can be tried here, each with words for a person. The first is what a merchant begins with."""
    currencies: Sequence[str]
    """Those in which a purchase may be made."""

    # Requests

    sign: Callable[[Account, Request], Request]
    """Adds the credential or the signature. What cannot be signed (a body that is not the API's JSON) stays as it is."""
    create: Callable[[Account, Purchase], Request]
    refund: Callable[[Account, str, Money], Request]
    read: Callable[[Account, str], Request] | None = None
    """None where the API has no call that reads a payment: what becomes of it is told by webhook alone."""
    read_refund: Callable[[Account, str, Answer], Request] | None = None
    """Where a refund is a resource of its own: reads it, of the payment's id and the answer to `refund`. `refused` then gets its
    answer as the later one."""
    withdraw: Callable[[Account, str, Answer], Request] | None = None
    """Takes a refund back that the bank has not decided yet, of the payment's id and the answer to `refund`; None where the API has
    no call for it."""
    cancel: Callable[[Account, str], Request] | None = None
    """Gives up a payment that waits for its buyer; None where the API has no call for it."""

    # Answers

    id_of: Callable[[Purchase, Answer], str | None]
    """The payment's id, of the answer to `create`, or of the purchase where the merchant chooses it. None where only a
    webhook tells it."""
    id_in: Callable[[Purchase, Webhook], str | None] = _untold
    """The payment's id, of a webhook that says for which purchase it is; None in every other webhook. Needed only where
    `id_of` gives None."""
    status_of: Callable[[Answer], str] | None = None
    """The provider's word for the payment's state, of the answer to `read`; None where there is no `read`."""
    pay_url: Callable[[Any], str | None] = _nowhere
    """Where the buyer is sent: of the JSON of the answer to `create`, or of a webhook where only that says it."""
    refused: Callable[[Answer, Answer | None, Sequence[Webhook]], bool] = _refused
    """Whether a refund was refused: of its answer; of that to a later `read_refund`, or else `read`, which is None where the
    API has neither; and of the webhooks that came since the refund was asked for."""
    is_error: Callable[[Answer], bool]
    """Whether an answer is an error in the provider's own format."""

    # Facts

    secrets: tuple[str, str] = ("another-secret", "agreed by post")
    """Two secrets that an account's endpoint may be given; of one's own where `refuse_secret` does not take any text."""
    unauthenticated: int = 401
    """The status of a call with no credential or a wrong signature."""
    stranger: int = 401
    """That of a call with a credential that nobody has."""
    in_use: int = 409
    """That of a call under an idempotency key whose first call has not been answered yet."""
    unknown_path: Callable[[Account], str]
    """A path of the provider's shape that nobody has; 404 is the answer."""
    course: Course

    def id_among(self, purchase: Purchase, answer: Answer, webhooks: Iterable[Webhook]) -> str | None:
        """The payment's id, of the answer or else of the first webhook that tells it; None while none does."""
        found = self.id_of(purchase, answer)
        if found is not None:
            return found
        return next((id_ for id_ in (self.id_in(purchase, webhook) for webhook in webhooks) if id_ is not None), None)


class DemoMerchant(Protocol):
    """The merchant's side of a demo: an HTTP client that tells what it does. See `surface/demo.py`.

    A provider's `demo` is a function of one of these. Everything that differs from what the provider documents goes
    through `check`, which ends the demo.
    """

    inbox: str
    """Absolute URL of the built-in receiver: where webhooks are to go."""

    @property
    def account(self) -> Account:
        """The merchant's account at this provider, in the demo's workspace, as it is now."""

    def send(self, request: Request) -> Answer:
        """One call of the provider's API, signed by the provider's shop."""

    def id_of(self, purchase: Purchase, answer: Answer) -> str:
        """The id of a payment that was just made: of the answer, or of the webhook that tells it, for which this waits."""

    def configure_webhook(self, **more: Any) -> None:
        """Sets the account-level endpoint to the inbox, for providers whose own API has no call for it."""

    def buyer(self, payment_id: str) -> Literal["paid", "declined", "cancelled"]:
        """Shows the QR code and lets the buyer act (or acts as the command line says)."""

    def webhooks(self, payment_id: str, *events: str) -> list[Any]:
        """Waits for these events in the inbox, in order; checks each signature with `verify`; returns what the bodies say: JSON,
        the fields of a form, or else the text."""

    def advance(self, by: str) -> None:
        """Moves the workspace's clock (`PT3D`)."""

    def check(self, claim: str, expected: Any, actual: Any) -> None:
        """Tells the claim, or ends the demo because `actual` differs."""

    def say(self, text: str) -> None:
        """A line of the story."""
