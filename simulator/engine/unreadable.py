"""What the store holds and nobody can read: a row whose JSON is damaged, or says something else than was ever written. And what
of it, or of what a client gives, cannot be taken."""

from __future__ import annotations

from typing import Any

import orjson

from simulator.kernel.values import dataclass


class Unreadable(RuntimeError):
    """Neither a bug nor an outage: everything else is read as ever. `what` says which row, as far as whoever reads it knows."""

    def __init__(self, what: str, error: BaseException | str) -> None:
        self.what = what
        self.why = error if isinstance(error, str) else reason(error)
        super().__init__(f"{what} cannot be read ({self.why})")


@dataclass(frozen=True, slots=True)
class Fault:
    """A setting that cannot be taken. `field` is its full name (`settings.acme.signatures`)."""

    field: str
    message: str
    allowed: tuple[Any, ...]


def raw_bytes(what: str, value: Any) -> bytes:
    """A value that was written as bytes. SQLite keeps whatever somebody puts into a column. Raises `Unreadable`."""
    if isinstance(value, bytes):
        return value
    raise Unreadable(what, "it is no bytes")


def members(what: str, raw: Any) -> dict[str, Any]:
    """The object that a row holds in JSON. Raises `Unreadable`."""
    try:
        found = orjson.loads(raw_bytes(what, raw))
    except orjson.JSONDecodeError as error:
        raise Unreadable(what, error) from error
    if not isinstance(found, dict):
        raise Unreadable(what, "it is no object")
    return found


def reason(error: BaseException) -> str:
    """What is wrong, without the values: they may be secrets."""
    from pydantic import ValidationError

    if isinstance(error, Unreadable):
        return error.why
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        return ": ".join(filter(None, (".".join(map(str, first["loc"])), first["type"].replace("_", " "))))
    if isinstance(error, KeyError):
        return f"{error.args[0]}: missing"
    return "it is no JSON" if isinstance(error, orjson.JSONDecodeError) else f"it raises {type(error).__name__}"
