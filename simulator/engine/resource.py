"""Resources: frozen dataclasses with a state, kept as JSON. Each provider's own nouns extend `Resource`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import orjson

from simulator.engine.unreadable import Unreadable, raw_bytes
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import value_type

if TYPE_CHECKING:
    from pydantic import TypeAdapter

NOT_YET = datetime.min.replace(tzinfo=UTC)


class _Kind(type):
    """Makes a resource as its dataclass would, at a seventh of the cost: the constructor of a frozen one sets field by field."""

    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **given: Any) -> Any:
            template, required = _template(cls)
            if not args and required <= given.keys():
                new = object.__new__(cls)
                values = new.__dict__
                values.update(template, **given)
                if len(values) == len(template):
                    return new
            return super().__call__(*args, **given)  # which says what is wrong


@dataclass(frozen=True, kw_only=True)
class Resource(metaclass=_Kind):
    """One thing that a party keeps. Change means a new value (`UnitOfWork.fire`, `UnitOfWork.amend`)."""

    PROVIDER: ClassVar[str]
    KIND: ClassVar[str]
    MACHINE: ClassVar[Machine | None] = None
    LISTED: ClassVar[bool] = False
    """Whether `UnitOfWork.listing` goes over all of the kind, for which each resource has an entry in an index. A list under a
    look-up key needs it not."""

    KEPT: ClassVar[int | None] = None
    """So many of the kind are kept in a workspace, the newest, where it belongs to no payment and is `LISTED`; None for all."""

    FOUND_BY: ClassVar[tuple[str, ...]] = ()
    """By what it is found without a credential, whichever workspace has it, because a page has that in its address: `id`, or the
    name of a look-up key. No two resources of a kind have the same one (`UnitOfWork.own_id`)."""

    id: str
    state: str = ""
    """Its machine's first initial state, once it is added, unless another one is said."""
    version: int = 1
    """Counts the commits that wrote it."""
    created_at: datetime = NOT_YET
    updated_at: datetime = NOT_YET
    """Both are set by `UnitOfWork.add`, unless they are said."""

    @property
    def subject(self) -> str:
        """The id of the payment in whose story this belongs."""
        return self.id

    @property
    def preface(self) -> str:
        """The id under which its story begins, before there is a payment: of the session or the page that was made for it."""
        return ""

    @property
    def goes_with(self) -> str:
        """The payment with which it is dropped when that is no longer kept; empty for what stays without it."""
        return self.subject if self.subject != self.id else ""

    def beside(self, workspace: str) -> Self:
        """This resource in a copy of its workspace, beside the one that it was copied from. `workspace` is the public id of the
        copy: a kind that is told apart by more than its workspace and id puts it into one of its fields."""
        return self

    def keys(self) -> dict[str, str]:
        """Look-up keys, name to value, written when the resource is first stored or they change."""
        return {}


R = TypeVar("R", bound=Resource)


@value_type
class Summary:
    """The neutral, read-only view of a payment for the console and the control API."""

    kind: str
    reference: str
    amount: Money
    refunded: Money
    """What was given back. It counts when the money goes, or as soon as the bank has approved it (`Course.refunded_after` is the
    time between); what is asked back and not decided yet never does."""
    phase: str
    status: str
    order: str | None = None
    """The order code of the wallet's order, if one was opened."""
    expires_at: datetime | None = None
    decided_by: str | None = None
    """Who ended it, where no wallet order was asked; else the order says it."""
    payment: str | None = None
    """Of a preface (a session, a page or a link around payments), the latest payment: it stands in the lists instead."""

    @property
    def facts(self) -> dict[str, Any]:
        """What a scenario's `when` compares of it."""
        return {"amount": self.amount.value, "currency": self.amount.currency, "reference": self.reference}

    @property
    def listed_as(self) -> str:
        """The phase by which lists find it."""
        return self.phase if self.payment is None else PREFACE

    def __post_init__(self) -> None:
        if self.phase not in PHASES:
            raise ValueError(f"{self.phase!r} is no phase; there are {', '.join(PHASES)}")


UNFINISHED = ("waiting", "processing")
"""The phases in which something is still to come by itself, or by the buyer."""

PREFACE = "preface"
"""Stands for the phase of what no list shows any more, for its payment is there: one purchase is one row."""

PHASES = (
    *UNFINISHED,
    "paid",
    "declined",
    "cancelled",
    "expired",
    "partly_refunded",
    "refunded",
    "error",
)


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


@cache
def _template(kind: type[Any]) -> tuple[Mapping[str, Any], frozenset[str]]:
    """The fields in order with what they are unless they are said, and those that must be said."""
    own = fields(kind)
    assert not hasattr(kind, "__post_init__"), f"{kind.__name__} is made without its __post_init__"
    required = {field.name for field in own if field.default is MISSING}
    return {field.name: field.default for field in own}, frozenset(required)


@cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def changed(resource: R, **changes: Any) -> R:
    """The resource with other values: `dataclasses.replace` without running the constructor, at a seventh of its cost.

    Raises `TypeError` for a field that the resource does not have.
    """
    names = _fields(type(resource))
    new = object.__new__(type(resource))
    values = new.__dict__
    values.update(resource.__dict__, **changes)
    if len(values) != len(names):  # a cached property was copied along, or there is no such field
        if unknown := sorted(set(changes) - set(names)):
            raise TypeError(f"{type(resource).__name__} has no field {', '.join(unknown)}")
        for name in values.keys() - set(names):
            del values[name]
    return new


def hangs_on(resource: Resource) -> str | None:
    """The payment with which a resource without a machine is dropped. None for one with a machine: the journal names its
    payment."""
    return (resource.goes_with or None) if resource.MACHINE is None else None


def dump(resource: Resource) -> bytes:
    return orjson.dumps(resource)


REMEMBERED, WORTH_REMEMBERING = 256, 16_384
"""So many resources are at hand as their bodies say them, of bodies of so many bytes at most: most are read again soon."""

BEGINNING = 48
"""Bytes of a body by which it is looked for: they have the resource's id, and are hashed more cheaply than the whole."""

_remembered: dict[bytes, tuple[bytes, Resource]] = {}


def remember(resource: Resource, body: bytes) -> None:
    """Whoever loads this body gets this resource: nobody changes one in place."""
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    if len(body) <= WORTH_REMEMBERING:
        _remembered[body[:BEGINNING]] = body, resource


def load(kind: type[R], body: bytes) -> R:
    known = _remembered.get(body[:BEGINNING]) if type(body) is bytes else None
    if known is not None and known[0] == body and type(known[1]) is kind:
        return known[1]
    loaded = read(kind, body)
    remember(loaded, body)
    return loaded


def read(kind: type[R], body: bytes) -> R:
    """A resource, made anew from its stored body. Raises `Unreadable`."""
    from pydantic import ValidationError

    what = f"a {kind.KIND} of {kind.PROVIDER}"
    try:
        loaded: R = _read(kind, raw_bytes(what, body))
    except (ValidationError, orjson.JSONDecodeError) as error:
        raise Unreadable(what, error) from error
    return loaded


def _read(kind: type[R], body: bytes) -> R:
    from pydantic import ValidationError

    try:
        loaded: R = _adapter(kind).validate_json(body)
    except ValidationError as error:
        if error.errors(include_url=False)[0]["type"] != "json_invalid":
            raise
        loaded = _adapter(kind).validate_python(orjson.loads(body))  # deeper than the 200 levels that pydantic reads
    return loaded
