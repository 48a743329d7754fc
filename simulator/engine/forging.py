"""Webhooks that no merchant should take: the ways in which people forge them, applied where a provider's folder says.

The ways are the same everywhere; `Forging` says of one provider's webhooks where the signature, its time, the amount, the currency
and the merchant's ids stand.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Literal, get_args

from simulator.engine.webhook_bodies import CannotForge, altered, changed, has, without
from simulator.kernel.values import dataclass

Forgery = Literal["signature", "secret", "body", "amount", "currency", "timestamp", "unsigned", "other_account"]

FORGERIES: tuple[Forgery, ...] = get_args(Forgery)

STRANGERS = frozenset({"secret", "other_account"})
"""The ways in which somebody else's secret signs."""

A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forging:
    """Where in a provider's webhooks the things stand that are forged.

    Paths are dotted, from the top of the body (`data.amount`); a number is a place in a list, counted from 0 (`items.0.amount`).
    Of a form a path is the name of a field. A path that a body does not have is passed over. Without `amounts` and `accounts` a
    changed body has any other value, and bytes that are neither JSON nor a form another digit.
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
                return changed(body, self.amounts, another_amount)
            case "currency":
                return changed(body, self.currencies, another_currency)
            case "other_account":
                return changed(body, self.accounts, another_id)
            case "body":
                self._told_otherwise(body)  # raises where the signed one could not be changed
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
                    body = changed(body, [self.member], noise)
                return self._rewritten(headers, "signature", noise), body
            case "timestamp":
                return self._rewritten(headers, "time", lambda text: _moved(text, later)), body
            case "unsigned":
                if self.member is not None:
                    body = without(body, self.member)
                return {name: value for name, value in headers.items() if self._pattern(name) is None}, body
            case "body":
                return dict(headers), self._told_otherwise(body)
            case "other_account":
                own = {name.lower() for name in self.account_headers}
                return {n: noise(v) if n.lower() in own else v for n, v in headers.items()}, body
        return dict(headers), body

    def _told_otherwise(self, body: bytes) -> bytes:
        """One thing is changed: the amount rather than anything else; whichever value there is, where neither amounts nor ids are
        told."""
        telling = self.amounts or self.accounts
        if not telling:
            return altered(body, another_id, besides=self.member)
        return changed(body, telling, another_amount, only_first=True)

    def is_borne(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether a message bears a signature, whoever has made it. Raises `CannotForge` for a body that is no object where the
        signature would stand in it."""
        in_headers = any(self._pattern(name) is not None for name in headers)
        return in_headers or (self.member is not None and has(body, self.member))

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
