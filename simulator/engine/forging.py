"""Webhooks that no merchant should take: the ways in which people forge them, applied where a provider's folder says.

The ways are the same everywhere; `Forging` says of one provider's webhooks where the signature, its time, the amount, the currency
and the merchant's ids stand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import timedelta
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Literal, get_args

import orjson

from simulator.kernel.values import dataclass

Forgery = Literal["signature", "secret", "body", "amount", "currency", "timestamp", "unsigned", "other_account"]

FORGERIES: tuple[Forgery, ...] = get_args(Forgery)

STRANGERS = frozenset({"secret", "other_account"})
"""The ways in which somebody else's secret signs."""

A_SECOND = timedelta(seconds=1)


class CannotForge(Exception):
    """This message cannot be forged so; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forging:
    """Where in a provider's webhooks the things stand that are forged.

    Paths are dotted, from the top of the body (`data.amount`); a number is a place in a list, counted from 0 (`items.0.amount`).
    A path that a body does not have is passed over.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    """Each header that bears a signature or its time, with a pattern for the whole of its value: the group `signature` is the
    signature, the group `time` its time in seconds or milliseconds. Where the time stands in a header of its own, that one has a
    pattern with `time` alone: `{"Acme-Signature": "(?P<signature>.+)", "Acme-Time": "(?P<time>[0-9]+)"}`."""
    member: str | None = None
    """The member of the body that is the signature, where it stands there."""
    amounts: tuple[str, ...] = ()
    """The amounts that the message is about, all of them: they are changed together. Whole numbers, or texts like `10.00`."""
    currencies: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    """The provider's ids of the merchant, and of what is the merchant's own: another merchant has others."""
    account_headers: tuple[str, ...] = ()
    """Headers that hold such an id."""

    @property
    def is_signed(self) -> bool:
        return bool(self.headers) or self.member is not None

    @property
    def signs_time(self) -> bool:
        return any("(?P<time>" in pattern for pattern in self.headers.values())

    def objection(self, way: Forgery) -> str | None:
        """Why webhooks of this provider cannot be forged so, as the end of a sentence; None where they can."""
        if way == "timestamp" and not self.signs_time:
            return "its signature names no time"
        if way in ("signature", "secret", "body", "timestamp", "unsigned") and not self.is_signed:
            return "its webhooks are not signed"
        if way == "amount" and not self.amounts:
            return "its webhooks tell no amount"
        if way == "currency" and not self.currencies:
            return "its webhooks tell no currency"
        if way == "other_account" and not self.accounts:
            return "its webhooks bear no id of the merchant's"
        return None

    @property
    def ways(self) -> tuple[Forgery, ...]:
        """The forgeries that this provider's webhooks can show."""
        return tuple(way for way in FORGERIES if self.objection(way) is None)

    def suits(self, way: Forgery, body: bytes) -> bool:
        """Whether a message with this body has what is forged so."""
        if self.objection(way) is not None:
            return False
        try:
            self.before(way, body)
        except CannotForge:
            return False
        return True

    # Before it is signed, and afterwards -------------------------------------------------------------------------------

    def before(self, way: Forgery, body: bytes) -> bytes:
        """The body that is signed. Raises `CannotForge`."""
        match way:
            case "amount":
                return _changed(body, self.amounts, another_amount)
            case "currency":
                return _changed(body, self.currencies, another_currency)
            case "other_account":
                return _changed(body, self.accounts, another_id)
            case "body":
                _changed(
                    body, self._telling, another_amount, only_first=True
                )  # raises where the signed one could not be changed
        return body

    def after(
        self, way: Forgery, headers: Mapping[str, str], body: bytes, later: timedelta
    ) -> tuple[dict[str, str], bytes]:
        """What leaves, of what was signed. A changed time is `later` than that which was signed. Raises `CannotForge`."""
        if (why := self.objection(way)) is not None:
            raise CannotForge(f"it cannot be forged so: {why}")
        if way in STRANGERS or way in ("signature", "unsigned", "timestamp", "body"):
            self._insist_on_signature(headers, body)
        match way:
            case "signature":
                if self.member is not None:
                    body = _changed(body, [self.member], noise)
                return self._rewritten(headers, "signature", noise), body
            case "timestamp":
                return self._rewritten(headers, "time", lambda text: _moved(text, later)), body
            case "unsigned":
                if self.member is not None:
                    body = _without(body, self.member)
                return {name: value for name, value in headers.items() if self._pattern(name) is None}, body
            case "body":
                return dict(headers), _changed(body, self._telling, another_amount, only_first=True)
            case "other_account":
                own = {name.lower() for name in self.account_headers}
                return {n: noise(v) if n.lower() in own else v for n, v in headers.items()}, body
        return dict(headers), body

    @property
    def _telling(self) -> tuple[str, ...]:
        """What a changed body changes, if it has any of it: the amount rather than anything else."""
        return self.amounts or self.accounts

    def is_borne(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a message bears a signature, whoever has made it. Raises `CannotForge` for a body that is no object where the
        signature would stand in it."""
        in_headers = any(self._pattern(name) is not None for name in headers)
        return in_headers or (self.member is not None and _has(body, self.member))

    def _insist_on_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        if not self.is_borne(headers, body):
            raise CannotForge("it cannot be forged so: this endpoint gets no signature")

    def _pattern(self, name: str) -> str | None:
        return next((pattern for own, pattern in self.headers.items() if own.lower() == name.lower()), None)

    def _rewritten(self, headers: Mapping[str, str], group: str, change: Callable[[str], str]) -> dict[str, str]:
        """The headers with one part of each signature changed."""
        written, done = dict(headers), self.member is not None and group == "signature"
        for name, value in headers.items():
            found = re.fullmatch(self._pattern(name) or "(?!)", value)
            if found is not None and group in found.re.groupindex:
                start, end = found.span(group)
                written[name], done = value[:start] + change(found[group]) + value[end:], True
        if not done:
            raise CannotForge(f"it cannot be forged so: what this endpoint gets has no {group}")
        return written


NOT_FORGED = Forging()


# Bodies ----------------------------------------------------------------------------------------------------------


def _read(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise CannotForge("it cannot be forged so: the body is no JSON") from error
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


def _has(body: bytes, path: str) -> bool:
    return _holder(_read(body), path) is not None


def _changed(body: bytes, paths: Iterable[str], change: Callable[[Any], Any], *, only_first: bool = False) -> bytes:
    """The body with other values at these paths, wherever it has a text or a number there, or at the first such place."""
    message, done = _read(body), False
    for path in paths:
        found = _holder(message, path)
        value = found[0][found[1]] if found is not None else None
        if found is not None and isinstance(value, str | int) and not isinstance(value, bool):
            found[0][found[1]], done = change(value), True
            if only_first:
                break
    if not done:
        raise CannotForge("it cannot be forged so: this event's body does not say it")
    return orjson.dumps(message)


def _without(body: bytes, path: str) -> bytes:
    message = _read(body)
    if (found := _holder(message, path)) is not None:
        del found[0][found[1]]
    return orjson.dumps(message)


# Other values ----------------------------------------------------------------------------------------------------


def another_amount(amount: int | str) -> int | str:
    """About half of it: what somebody wants to pay for the whole."""
    if isinstance(amount, str):
        return _another_text(amount)
    return max(amount // 2, 1) if amount != 1 else 2


def _another_text(amount: str) -> str:
    """Half of an amount that is written as a text: in minor units, or with a point before its decimals."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", amount) is None:
        return noise(amount)
    whole, point, rest = amount.partition(".")
    half = str(another_amount(int(whole + rest))).rjust(len(rest) + 1, "0")
    return f"{half[: len(half) - len(rest)]}{point}{half[len(half) - len(rest) :]}"


def another_currency(currency: int | str) -> str:
    other = "USD" if str(currency).upper() != "USD" else "EUR"
    return other.lower() if str(currency).islower() else other


def another_id(own: int | str) -> int | str:
    """Somebody else's, in the same form: what stands before its last underscore or hyphen says what kind of id it is."""
    if isinstance(own, int):
        return own + 1
    kind = re.match(r"[a-z_]+_", own)
    return own[: kind.end()] + noise(own[kind.end() :]) if kind is not None else noise(own)


def another_secret(own: str) -> str:
    """Somebody else's, in the same form."""
    return str(another_id(own))


_ALPHABETS = ("0123456789", "abcdef", "ABCDEF", ascii_lowercase[6:], ascii_uppercase[6:])
assert sorted("".join(_ALPHABETS)) == sorted(ascii_lowercase + ascii_uppercase + digits)


def noise(text: str) -> str:
    """Another text of the same form: each digit is another digit, each hexadecimal letter another such letter, and so on.

    What base64 pads keeps its last character, of which only some are possible.
    """
    body = text.rstrip("=")
    fixed = len(body) - 1 if body != text else len(body)
    drawn = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return "".join(_another(one, drawn[at % len(drawn)]) if at < fixed else one for at, one in enumerate(text))


def _another(one: str, drawn: int) -> str:
    for alphabet in _ALPHABETS:
        if one in alphabet:
            return alphabet[(alphabet.index(one) + 1 + drawn % (len(alphabet) - 1)) % len(alphabet)]
    return one


def _moved(time: str, by: timedelta) -> str:
    """Seconds or milliseconds since 1970, as they are written, later by so much."""
    unit = timedelta(milliseconds=1) if len(time) > 11 else timedelta(seconds=1)
    return str(int(time) + by // unit)
