"""Why not, in neutral words. A provider's `errors.py` gives each its status, code and text."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from simulator.kernel.values import dataclass


class Refusal(Exception):
    """The request is refused and nothing has changed."""

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in vars(self).items())})"


@dataclass(eq=False)
class Unauthenticated(Refusal):
    """No credential, an unknown one, or a wrong signature: `reason` says which, in a sentence without its full stop.

    `help` is for the journal and the console, never for the answer. Of a wrong signature it has `expected` (the right one),
    `received`, `signed` (the text that had to be signed) and `field` (the header or member in which it stands). Where there is an
    `expected`, the call is shown as one with a wrong signature, else as one with a wrong credential. `key` is the key that was
    given, masked; `allowed` are the values that would do; `instead` follows the word `Use`. Other names are shown as they stand.
    """

    reason: str = "missing"
    help: dict[str, Any] = field(default_factory=dict)
    workspace: int | None = None
    """The workspace that the credential would have belonged to, if it can be told."""
    is_public: bool = False
    """Whether the credential is right, and the same on every machine: from another one it proves nothing."""


@dataclass(eq=False)
class Forbidden(Refusal):
    """The credential is good but not for this."""

    reason: str = ""
    workspace: int | None = None


@dataclass(eq=False)
class UnknownRoute(Refusal):
    path: str
    nearest: list[str] = field(default_factory=list)


@dataclass(eq=False)
class OperationLeftOut(UnknownRoute):
    """The provider really has this operation, the simulator has not."""

    operation: str = ""


@dataclass(eq=False)
class MethodNotAllowed(Refusal):
    method: str
    allowed: list[str]


@dataclass(eq=False)
class UnsupportedMediaType(Refusal):
    given: str
    allowed: list[str]


@dataclass(eq=False)
class BodyTooLarge(Refusal):
    limit: int


@dataclass(eq=False)
class HeadersTooLarge(Refusal):
    """One of them, or all of them together with the address."""

    limit: int
    """Bytes of all."""


@dataclass(eq=False)
class MalformedBody(Refusal):
    """The body is not JSON (or not a form) at all."""

    detail: str


class BodyTooWide(MalformedBody):
    """The body has more members than are read."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule that the request broke.

    `path` is dotted with list indexes as numbers (`line_items.0.quantity`), and empty where the body itself is wrong (no object,
    say); `rule` is one of `required, type, pattern, min, max, min_length, max_length, enum, format, unknown, live, custom`;
    `limit` is what the rule demanded. `live` is what the simulator would take and the live API would refuse or treat otherwise:
    only a strict server says so. `message` is an `Unfit`'s or the engine's ("must not be missing"), so it is hardly ever empty: a
    provider that has words of its own looks at `rule` first, and takes `message` for what is `custom`.
    """

    path: str
    rule: str
    limit: Any = None
    given: Any = None
    message: str = ""
    where: Literal["body", "query", "header"] = "body"
    """In what it stood, for APIs that answer a wrong parameter otherwise than a wrong member."""


@dataclass(eq=False)
class Invalid(Refusal):
    """The body or the query breaks the schema; all violations, in document order."""

    violations: list[Violation]


@dataclass(eq=False)
class NotFound(Refusal):
    kind: str
    id: str
    path: str = ""
    """Where the id stood: the name of a path parameter or a body member."""


@dataclass(eq=False)
class IllegalTransition(Refusal):
    machine: str
    state: str
    trigger: str
    allowed: list[str] = field(default_factory=list)


@dataclass(eq=False)
class LimitExceeded(Refusal):
    """More was asked for than there is (minor units)."""

    requested: int
    available: int
    what: str = "amount"


@dataclass(eq=False)
class IdempotencyConflict(Refusal):
    """`mismatch`: the key was used for something else; `in_progress`: the first call is still running."""

    key: str
    because: str = "mismatch"


@dataclass(eq=False)
class Throttled(Refusal):
    """Too many: calls in a short time, or `what` there may be so many of."""

    retry_after_s: int = 1
    what: str = ""
    limit: int = 0


@dataclass(eq=False)
class Faulted(Refusal):
    """A scenario asked for a failure of the API."""

    status: int
    body: Any = None


@dataclass(eq=False)
class Crashed(Refusal):
    """A bug of ours; `error_id` finds it in the journal."""

    error_id: str


@dataclass(eq=False)
class Refused(Refusal):
    """A refusal in the provider's own code, where no neutral word fits. Only providers raise and read it."""

    code: str
    """By what `errors.py` finds the answer: the sentence itself, where the API has no codes."""
    detail: dict[str, Any] = field(default_factory=dict)
    broken: tuple[Violation, ...] = ()
    """What was broken, in neutral words if there are any: for the journal, never for the answer."""
