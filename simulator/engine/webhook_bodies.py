"""The bodies of webhooks, what they say, and how one becomes another of the same kind: JSON, a form, or any bytes.

Which kind it is, the bytes tell themselves. Of a form only the values that change are written anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus

import orjson

_FIELD = rb"[^\s&=<>\"{}]+=[^\s&<>\"{}]*"
_FORM = re.compile(rb"%s(?:&%s)*" % (_FIELD, _FIELD))

Change = Callable[[Any], Any]


class CannotForge(Exception):
    """This message cannot be forged so; the text says why."""


NOT_SAID = "it cannot be forged so: this event's body does not say it"
NOTHING_TO_CHANGE = "it cannot be forged so: there is nothing in this body to change"


def is_form(body: bytes) -> bool:
    """Whether it is written as forms are: `id=tr_1&type=paid`."""
    return _FORM.fullmatch(body) is not None


def said_in(body: bytes) -> Any:
    """The JSON, or the fields of a form by their names; None where it is neither."""
    if is_form(body):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def has(body: bytes, path: str) -> bool:
    """Whether a body has this member, or this field. Raises `CannotForge` for one that has none at all."""
    if is_form(body):
        return any(_name(field) == path for field in body.split(b"&"))
    return _holder(_read(body), path) is not None


def changed(body: bytes, paths: Iterable[str], change: Change, *, only_first: bool = False) -> bytes:
    """The body with other values at these paths, wherever it has a text or a number there, or at the first such place. Raises
    `CannotForge` where it has none."""
    if is_form(body):
        return _changed_form(body, paths, change, only_first=only_first)
    message, done = _read(body), False
    for path in paths:
        found = _holder(message, path)
        if found is not None and _is_told(found[0][found[1]]):
            found[0][found[1]], done = change(found[0][found[1]]), True
            if only_first:
                break
    if not done:
        raise CannotForge(NOT_SAID)
    return orjson.dumps(message)


def _changed_form(body: bytes, paths: Iterable[str], change: Change, *, only_first: bool) -> bytes:
    fields, done = body.split(b"&"), False
    for path in paths:
        for at, field in enumerate(fields):
            if _name(field) == path and field.partition(b"=")[2] and not (done and only_first):
                fields[at], done = _with_value(field, change), True
    if not done:
        raise CannotForge(NOT_SAID)
    return b"&".join(fields)


def without(body: bytes, path: str) -> bytes:
    """The body without this member, or this field."""
    if is_form(body):
        return b"&".join(field for field in body.split(b"&") if _name(field) != path)
    message = _read(body)
    if (found := _holder(message, path)) is not None:
        del found[0][found[1]]
    return orjson.dumps(message)


def altered(body: bytes, change: Change, *, besides: str | None = None) -> bytes:
    """The body with one other value, whichever it has, but not the member or the field `besides`: an object stays one, a form
    stays a form, and of other bytes the last digit or letter is another one. Raises `CannotForge` where nothing can be changed."""
    if is_form(body):
        fields = body.split(b"&")
        for at, field in reversed(list(enumerate(fields))):
            if _name(field) != besides and (other := _with_value(field, change)) != field:
                return b"&".join([*fields[:at], other, *fields[at + 1 :]])
        raise CannotForge(NOTHING_TO_CHANGE)
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _altered_bytes(body, change)
    if isinstance(message, dict | list) and _altered_within(message, change, besides):
        return orjson.dumps(message)
    raise CannotForge(NOTHING_TO_CHANGE)


def _altered_bytes(body: bytes, change: Change) -> bytes:
    found = re.search(rb"[0-9](?=[^0-9]*\Z)", body) or re.search(rb"[A-Za-z](?=[^A-Za-z]*\Z)", body)
    if found is None:
        raise CannotForge(NOTHING_TO_CHANGE)
    return body[: found.start()] + str(change(found[0].decode())).encode() + body[found.end() :]


def _altered_within(value: dict[str, Any] | list[Any], change: Change, besides: str | None, path: str = "") -> bool:
    """Changes the first text or number that changing makes another one; whether there was any."""
    for key, one in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        here = f"{path}.{key}" if path else str(key)
        if isinstance(one, dict | list):
            if _altered_within(one, change, besides, here):
                return True
        elif _is_told(one) and here != besides and (other := change(one)) != one:
            value[key] = other  # type: ignore[index]
            return True
    return False


# Parts -------------------------------------------------------------------------------------------------------------


def _is_told(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _read(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise CannotForge("it cannot be forged so: the body is neither JSON nor a form") from error
    if not isinstance(message, dict):
        raise CannotForge("it cannot be forged so: the body is no object")
    return message


def _holder(message: Any, path: str) -> tuple[dict[str, Any], str] | None:
    """The object in which the last member of a path stands."""
    *way, last = path.split(".")
    for name in way:
        if isinstance(message, list):
            message = message[int(name)] if name.isdecimal() and int(name) < len(message) else None
        else:
            message = message.get(name) if isinstance(message, dict) else None
    return (message, last) if isinstance(message, dict) and last in message else None


def _name(field: bytes) -> str:
    return unquote_plus(field.partition(b"=")[0].decode("latin-1"))


def _with_value(field: bytes, change: Change) -> bytes:
    name, _, value = field.partition(b"=")
    told = unquote_plus(value.decode("latin-1"))
    return name + b"=" + quote_plus(str(change(told))).encode() if told else field
