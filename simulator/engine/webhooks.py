"""A provider's webhooks as a value: which there are, how they are rendered and signed, and the merchant's word on a signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime, timedelta
from typing import Any

from simulator.engine.explain import Explained
from simulator.engine.forging import A_SECOND, NOT_FORGED, STRANGERS, Forgery, Forging, another_secret
from simulator.engine.messages import Event, Message, Plan
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import short_duration
from simulator.kernel.retry import RetryPolicy
from simulator.kernel.values import dataclass, value_type


@value_type
class Sending:
    """What `sign` sees when a message is about to leave, `body` as it was rendered.

    `attempt` counts from 1, `at` and `created_at` are the workspace's time; `sent_at` is the real time of this attempt,
    `first_sent_at` that of the message's first.
    """

    workspace: Workspace
    event: str
    body: bytes
    context: Mapping[str, Any]
    created_at: datetime
    at: datetime
    attempt: int
    sent_at: datetime
    first_sent_at: datetime
    by_stranger: bool = False
    """Whether a forgery is to be signed with a secret that is not the merchant's."""

    def secret(self, own: str) -> str:
        """With which `sign` signs: the merchant's `own`, or in its place that of somebody else."""
        return another_secret(own) if self.by_stranger else own

    def earlier(self, by: timedelta) -> Sending:
        """This sending, but made and sent so much earlier."""
        times = ("created_at", "at", "sent_at", "first_sent_at")
        return replace(self, **{name: getattr(self, name) - by for name in times}) if by else self

    @property
    def signature_at(self) -> datetime:
        """The instant that a signature names which is made anew at each attempt: real, because receivers live in real time."""
        return self.sent_at if self._is_wall else self.at

    @property
    def first_signature_at(self) -> datetime:
        """The instant for a signature that all attempts share."""
        return self.first_sent_at if self._is_wall else self.created_at

    def other_times(self, per_second: int) -> list[str]:
        """The instants that a receiver may take for the signed one, in seconds since 1970 or in parts of them."""
        known = (self.created_at, self.at, self.sent_at, self.first_sent_at)
        return [str(int(one.timestamp() * per_second)) for one in known]

    @property
    def _is_wall(self) -> bool:
        return self.workspace.own_settings.signature_time == "wall"


@value_type
class Signed:
    """What leaves in one attempt, where the signature is part of the body: `body` goes instead of the rendered one."""

    headers: Mapping[str, str]
    body: bytes


def _unexplained(sending: Sending, left: Signed) -> Explained | None:
    return None


class Dropped(Exception):
    """Raised by `sign`: the endpoint is gone or disabled, the message is not sent any more."""


@dataclass(frozen=True, slots=True)
class Webhooks:
    """`render` turns an event into messages, in the transaction; `sign` makes what is signed, at every attempt.

    `sign` gives the headers, or with `Signed` headers and body where the signature stands inside the body. It signs the
    `body` that it is given with the secret of that moment, so a changed secret counts for retries and resent messages.
    """

    events: tuple[str, ...]
    """Those that the simulator sends."""
    retry: RetryPolicy
    render: Callable[[UnitOfWork, Event], Sequence[Message]]
    sign: Callable[[Sending], dict[str, str] | Signed]
    verify_endpoint: Callable[[Workspace, str], dict[str, str] | None] = lambda workspace, url: None
    """Headers of the GET by which the provider verifies an endpoint, the value expected as the answer under
    `expect`; None if it does not."""
    nameable: tuple[str, ...] = ()
    """What an endpoint may ask for beside `events`: names that come as samples at most, and `*` where the provider knows it."""
    names_its_key: bool = False
    """Whether a signature says by an id which key made it; only then an endpoint may bear a `key_id`."""
    several_endpoints: bool = False
    """Whether an account may have more than one endpoint, each with its own key and events. `render` then addresses them."""
    account_context: Mapping[str, Any] = field(default_factory=dict)
    """The context of a message to the account's endpoint, where `sign` cannot do without."""
    refuse_secret: Callable[[str], str | None] = lambda secret: None
    """What is wrong with an endpoint's secret, after "must be", where the signature cannot be made with any text."""
    tolerance: timedelta | None = None
    """By how much the time in a signature may differ from the time of arrival, before the receivers that people use refuse it; None
    where a signature contains no time, or where nobody asks how old it is: then none is too old."""
    explain: Callable[[Sending, Signed], Explained | None] = _unexplained
    """How the signature of what has left (`Signed`) comes about, step by step; None where it bears none. The message's own
    body is that of `Sending`; a time that was signed stands in what has left."""
    forging: Forging = NOT_FORGED
    """Where the things stand that forged webhooks have otherwise; without it none can be forged."""
    acknowledgement: str | None = None
    """What a merchant's server answers, for providers whose `retry.acknowledges` wants to read it: so does our own inbox."""

    def signed(self, sending: Sending) -> Signed:
        """What leaves in this attempt, wherever the provider puts its signature. Raises `Dropped`."""
        made = self.sign(sending)
        return made if isinstance(made, Signed) else Signed(made, sending.body)

    def adversary(self, forge: Forgery | None, stale: timedelta, body: bytes) -> Plan | None:
        """The plan of a message that should not be taken and goes before one with this body; None where nothing of the kind is
        asked for, or this message cannot show it."""
        if forge is None and not stale:
            return None
        is_shown = self.forging.suits(forge, body) if forge is not None else self.forging.signs_time
        return Plan(forge, stale) if is_shown else None

    def played(self, sending: Sending, plan: Plan) -> Signed:
        """What leaves by a scenario's plan: forged, or as if it had left long ago. Raises `Dropped` and `CannotForge`."""
        sending = sending.earlier(plan.stale)
        if plan.forge is None:
            return self.signed(sending)
        body, by_stranger = self.forging.before(plan.forge, sending.body), plan.forge in STRANGERS
        signed = self.signed(replace(sending, body=body, by_stranger=by_stranger))
        return Signed(*self.forging.after(plan.forge, signed.headers, signed.body, plan.stale or A_SECOND))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The merchant's side of a signature: was it good, and if not, what was expected."""

    valid: bool
    reason: str = ""
    signed: str = ""
    """The string over which the receiver computed."""
    expected: str = ""
    received: str = ""
    at: datetime | None = None
    """The time of sending that a good signature names, if it names one."""

    def arriving(self, arrived: datetime, tolerance: timedelta | None) -> Verdict:
        """This verdict, or a refusal if the signature names a time that is more than `tolerance` away from that of its arrival."""
        if not self.valid or self.at is None or tolerance is None or abs(arrived - self.at) <= tolerance:
            return self
        side = "before" if self.at < arrived else "after"
        away, taken = short_duration(abs(arrived - self.at)), short_duration(tolerance)
        reason = f"the signature is right, but its time is {away} {side} that of its arrival; receivers take {taken}"
        return replace(self, valid=False, reason=reason)
