"""ecommpay's one signature: sorted `path:value` lines, HMAC-SHA512, Base64. Source: docs/providers/ecommpay.md, source 2.

The official SDKs differ in how they order and print the lines: each has its dialect here. We sign in the documentation's
dialect and recognise a signature in any of them.

A line repeats the names of all objects around its value, so that a small body may have a huge text to sign. `read` counts
before it builds and refuses what no request of this API needs; everything after it is linear in what was read.
"""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from simulator.engine.forging import Forging
from simulator.kernel.crypto import b64, equals
from simulator.kernel.refusals import BodyTooLarge
from simulator.kernel.values import dataclass

UNSIGNED = frozenset({"signature", "frame_mode"})
"""Members that are never signed, at any depth."""

MAX_DEPTH = 256
MAX_MEMBERS = 10_000
MAX_PATHS = 500_000
"""What is signed at most: how deep, how many members, and how many characters all their paths have together. A
receipt of a thousand positions, the largest thing that this API documents, stays below. Inferred: ecommpay.signing-bounds."""

HELP_TEXT = 8_192
"""How many characters of a text the journal and the error page show."""

_DIGITS = re.compile(r"[0-9]+")
_NUMBERED = re.compile(r"0|[1-9][0-9]*")


class TooMuchToSign(BodyTooLarge):
    """A message is larger than `MAX_DEPTH`, `MAX_MEMBERS` or `MAX_PATHS` allow."""

    def __init__(self) -> None:
        super().__init__(MAX_PATHS)


# Reading -------------------------------------------------------------------------------------------------------


class Value(NamedTuple):
    """A scalar of a message, or what has some, and where it stands, in each of the spellings that some signer sorts by."""

    path: str
    """The names on the way to it, joined by colons. A colon inside a name is doubled."""
    natural: str
    """The path, spelled so that digits which stand together count as one number and every other character by its code."""
    scalar: Any
    name: str
    within: Value | None

    @property
    def plain(self) -> str:
        """The path, but a colon inside a name stays single."""
        return ":".join(self._names)

    @property
    def levels(self) -> str:
        """The path, spelled so that it is compared name by name: numbers first, by value, then the others by their codes."""
        return "\x00".join([f"0{len(n):07d}{n}" if _NUMBERED.fullmatch(n) else f"1{n}" for n in self._names])

    @property
    def _names(self) -> list[str]:
        names, around = [self.name], self.within
        while around is not None:
            names.append(around.name)
            around = around.within
        return names[::-1]


LONG_NAME = 60
"""Characters of a name from which on nothing of it is remembered."""


def read(message: Mapping[str, Any], *, is_ours: bool = False) -> list[Value]:
    """Every scalar, in document order. An empty array or object has none and so does not appear.

    Raises `TooMuchToSign`, unless the message is our own, which may tell of a thousand operations.
    """
    found: list[Value] = []
    _read(None, message, 1, None if is_ours else _Room(), found)
    return found


class _Room:
    """What is left of `MAX_MEMBERS` and `MAX_PATHS`."""

    def __init__(self) -> None:
        self._members, self._paths = MAX_MEMBERS, MAX_PATHS

    def take(self, members: Sequence[tuple[str, Any]], before: int, depth: int) -> None:
        """For the members of something that stands so deep, and the characters before their names."""
        self._members -= len(members)
        self._paths -= sum([len(name) for name, _ in members]) + (before + 1) * len(members)
        if self._members < 0 or self._paths < 0 or (members and depth > MAX_DEPTH):
            raise TooMuchToSign


def _read(within: Value | None, container: Any, depth: int, room: _Room | None, found: list[Value]) -> None:
    if isinstance(container, _LISTS):
        members = [(str(index), item) for index, item in enumerate(container)]
    else:
        members = [(str(name), item) for name, item in container.items() if name not in UNSIGNED]
    path, natural = ("", "") if within is None else (f"{within.path}:", f"{within.natural}:")
    if room is not None:
        room.take(members, len(path), depth)
    for name, item in members:
        escaped, as_natural = _known_spellings(name) if len(name) <= LONG_NAME else _spellings(name)
        value = Value(path + escaped, natural + as_natural, item, name, within)
        if isinstance(item, _CONTAINERS):
            _read(value, item, depth + 1, room, found)
        else:
            found.append(value)


_LISTS = (list, tuple)
_CONTAINERS = (dict, *_LISTS)


def _spellings(name: str) -> tuple[str, str]:
    """A name in a path, and in one of natural order."""
    escaped = name.replace(":", "::")
    return escaped, _DIGITS.sub(_length_first, escaped)


_known_spellings = lru_cache(1024)(_spellings)
"""Nearly all names are those of the API, again and again."""


def _length_first(run: re.Match[str]) -> str:
    digits = run[0].lstrip("0")
    return f"0{len(digits):07d}{digits}"


# Lines ---------------------------------------------------------------------------------------------------------


def _php_number(value: float) -> str:
    """PHP and JavaScript print 1.0 as `1`."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _truncated(value: float) -> str:
    """Go keeps the integer part only."""
    return str(math.trunc(value)) if math.isfinite(value) else repr(value)


def _by_natural_path(value: Value, line: str) -> str:
    return value.natural


def _by_path(value: Value, line: str) -> str:
    return value.path


def _by_plain_path(value: Value, line: str) -> str:
    return value.plain


def _by_line(value: Value, line: str) -> str:
    return line


def _by_level(value: Value, line: str) -> str:
    return value.levels


def _by_collation(value: Value, line: str) -> str:
    """Culture-aware comparison, as far as names of this API need it: the underscore sorts before everything."""
    return line.replace("_", "\x00")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of signers prints and orders lines."""

    signer: str
    order: Callable[[Value, str], str]
    number: Callable[[float], str] = _php_number
    null: str = ""
    escapes: bool = True
    """Whether a colon in a name is doubled."""


# Source: docs/providers/ecommpay.md, sources 2.1 and 2.3. The first is the documentation's and the one that we sign with.
DIALECTS = (
    Dialect("documentation, PHP", _by_natural_path),
    Dialect("JavaScript", _by_level),
    Dialect("Python 1.0.6", _by_plain_path, repr, "None", escapes=False),
    Dialect("Python", _by_path, repr),
    Dialect("Go", _by_line, _truncated),
    Dialect("Java", _by_line, repr),
    Dialect(".NET", _by_collation),
)


def lines(message: Mapping[str, Any], *, is_ours: bool = False) -> list[str]:
    """The sorted lines of a message, as the documentation prints them. Raises `TooMuchToSign`, as `read` does."""
    return written(read(message, is_ours=is_ours), DIALECTS[0])


def written(values: Iterable[Value], dialect: Dialect) -> list[str]:
    keyed, order = [], dialect.order
    for value in values:
        scalar = value.scalar if type(value.scalar) is str else _printed(value.scalar, dialect)
        line = f"{value.path if dialect.escapes else value.plain}:{scalar}"
        keyed.append((order(value, line), line))
    keyed.sort(key=itemgetter(0))
    return [line for _, line in keyed]


def _printed(value: Any, dialect: Dialect) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if value is None:
        return dialect.null
    if isinstance(value, float):
        return dialect.number(value)
    return str(value)


# Signatures ----------------------------------------------------------------------------------------------------


def digest(secret: str, text: str) -> str:
    """HMAC-SHA512 over UTF-8, Base64: 88 characters."""
    return digest_of(secret.encode(), text.encode("utf-8", "surrogatepass"))


def digest_of(key: bytes, text: bytes) -> str:
    return b64(hmac.digest(key, text, "sha512"))


def sign(secret: str, message: Mapping[str, Any], *, is_ours: bool = False) -> str:
    """The signature of a message; its own `signature` member does not count. Raises `TooMuchToSign`, as `read` does."""
    return digest(secret, ";".join(lines(message, is_ours=is_ours)))


@dataclass(frozen=True, slots=True)
class Match:
    """A signature that fits."""

    signer: str = ""
    """Which client's way of printing or sorting the values was used, where it is not the one that is documented."""


def verify(secret: str, message: Mapping[str, Any], signature: str) -> Match | None:
    """Which of the official signers would have signed so; None when nobody would. Each comparison takes constant time.

    Raises `TooMuchToSign`.
    """
    values, tried = read(message), set()
    for dialect in DIALECTS:
        text = ";".join(written(values, dialect))
        if text not in tried and equals(digest(secret, text), signature):
            return Match() if dialect is DIALECTS[0] else Match(dialect.signer)
        tried.add(text)
    return None


def explain(secret: str, message: Mapping[str, Any], signature: str) -> dict[str, Any]:
    """What the journal shows of a wrong signature: as much of the text as somebody reads. Raises `TooMuchToSign`."""
    expected = lines(message)
    text, shown, length = ";".join(expected), [], 0
    for line in expected:
        if length > HELP_TEXT:
            break
        shown.append(shortened(line))
        length += len(line)
    return {
        "signed": shortened(text),
        "lines": shown,
        "expected": digest(secret, text),
        "received": shortened(signature),
    }


def shortened(text: str) -> str:
    return text if len(text) <= HELP_TEXT else f"{text[:HELP_TEXT]}… ({len(text)} characters)"


def signed(secret: str, message: dict[str, Any]) -> dict[str, Any]:
    """The message with its signature as the last member."""
    return {**message, "signature": sign(secret, message)}


# Payment Page --------------------------------------------------------------------------------------------------

_BOOLEANS = {"true": "1", "True": "1", "false": "0", "False": "0"}

OUR_OWN = frozenset({"lang", "theme", "view", "stay"})
"""Parameters that the simulator's own pages add to the address, after the merchant has signed it."""

_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_NESTED_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


def page_parameters(pairs: Mapping[str, str]) -> dict[str, str]:
    """The parameters that are signed: names that begin with an underscore carry telemetry, or our own steps.

    Source: docs/providers/ecommpay.md, source 2.4.
    """
    return {name: value for name, value in pairs.items() if not name.startswith("_")}


def numbered(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The last value of each name. PHP's `a[]`, which may come several times, becomes `a[0]`, `a[1]` and so on."""
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            counts[name] = counts.get(name, -1) + 1
            name = f"{name[:-2]}[{counts[name]}]"
        found[name] = value
    return found


def nested(parameters: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as PHP reads them: `a[b][c]=1` is an object in an object. A name that is no such form stays a name."""
    tree: dict[str, Any] = {}
    for name, value in parameters.items():
        form = _NESTED_NAME.fullmatch(name)
        inner = _BRACKETED.findall(form[2]) if form is not None else []
        if form is None or len(inner) > MAX_DEPTH:
            tree[name] = value
            continue
        holder = tree
        for step in (form[1], *inner[:-1]):
            found = holder.get(step)
            if not isinstance(found, dict):
                found = holder[step] = {}
            holder = found
        holder[inner[-1]] = value
    return tree


def bracketed(message: Mapping[str, Any]) -> dict[str, str]:
    """The opposite of `nested`: the scalars of an object as parameters, printed as they would stand in an address.

    Raises `TooMuchToSign`.
    """
    read(message)  # only for its bounds
    return {name: value for outer, item in message.items() for name, value in _parameters(str(outer), item)}


def _parameters(name: str, item: Any) -> Iterator[tuple[str, str]]:
    if isinstance(item, dict):
        for inner, value in item.items():
            yield from _parameters(f"{name}[{inner}]", value)
    elif isinstance(item, list):
        for index, value in enumerate(item):
            yield from _parameters(f"{name}[{index}]", value)
    else:
        yield name, _printed(item, DIALECTS[0])


def verify_page(secret: str, parameters: Mapping[str, str], signature: str) -> Match | None:
    """Who signed the parameters, also if what was signed as 1 or 0 came as `true` or `false`, as from some SDKs.

    Source: docs/providers/ecommpay.md, source 2.3. Raises `TooMuchToSign`.
    """
    for given in (dict(parameters), _without_our_own(parameters)):
        match = verify(secret, nested(given), signature)
        if match is not None:
            return match
        numbers = {name: _BOOLEANS.get(value, value) for name, value in given.items()}
        if numbers != given and verify(secret, nested(numbers), signature) is not None:
            return Match("an SDK that sends booleans as words")
    return None


def without_our_own(secret: str, parameters: Mapping[str, str], signature: str) -> dict[str, str]:
    """The parameters that the merchant has signed: those in `OUR_OWN` are left out, unless the signature does not fit without
    them."""
    plain = _without_our_own(parameters)
    return plain if verify_page(secret, plain, signature) is not None else dict(parameters)


def _without_our_own(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in OUR_OWN}


# Callbacks ---------------------------------------------------------------------------------------------------------

_SUMS = ("payment.sum", "operation.sum_initial", "operation.sum_converted")

# Where forged callbacks differ from ecommpay's own. Source: docs/providers/ecommpay.md, source 6.3.
FORGING = Forging(
    member="signature",
    amounts=tuple(f"{name}.amount" for name in _SUMS),
    currencies=tuple(f"{name}.currency" for name in _SUMS),
    accounts=("project_id", "operation.id", "operation.request_id"),
)
