"""ecommpay's one signature: sorted `path:value` lines, HMAC-SHA512, Base64. Source: reference/ecommpay.md, section 2.

The official SDKs differ in how they order and print the lines: each has its dialect here. We sign in the documentation's
dialect and accept a signature in any of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kernel.crypto import b64, equals, hmac_sha512

UNSIGNED = frozenset({"signature", "frame_mode"})
"""Members that are never signed, at any depth."""

Path = tuple[str, ...]
Line = tuple[Path, Any]
"""Where a scalar stands, as the names on the way to it, and the scalar."""

_RUNS = re.compile(r"\d+|\D", re.ASCII)
_NUMBERED = re.compile(r"^(?:0|[1-9]\d*)$", re.ASCII)


# Lines ---------------------------------------------------------------------------------------------------------


def flatten(tree: Any) -> Iterator[Line]:
    """Every scalar with its path, in document order. An empty array or object has no scalar and so yields nothing."""
    pending: list[tuple[Path, Any]] = [((), tree)]
    while pending:
        path, value = pending.pop()
        if isinstance(value, dict):
            inner = [((*path, str(name)), item) for name, item in value.items() if name not in UNSIGNED]
            pending += reversed(inner)
        elif isinstance(value, list | tuple):
            pending += reversed([((*path, str(index)), item) for index, item in enumerate(value)])
        else:
            yield path, value


def _php_number(value: float) -> str:
    """PHP and JavaScript print 1.0 as `1`."""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _truncated(value: float) -> str:
    """Go keeps the integer part only."""
    return str(math.trunc(value)) if math.isfinite(value) else repr(value)


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Sorts digits that stand together as one number, and every other character by its code point."""
    runs: list[tuple[int, int, str]] = []
    for run in _RUNS.findall(path):
        if run[0].isdecimal() and run[0].isascii():
            digits = run.lstrip("0")
            runs.append((ord("0"), len(digits), digits))
        else:
            runs.append((ord(run), 0, ""))
    return runs


def _by_natural_path(path: Path, joined: str, line: str) -> Any:
    return _natural(joined)


def _by_path(path: Path, joined: str, line: str) -> Any:
    return joined


def _by_line(path: Path, joined: str, line: str) -> Any:
    return line


def _by_level(path: Path, joined: str, line: str) -> Any:
    """Names that are numbers come first, by value; the others by code point."""
    return [(0, len(name), name) if _NUMBERED.match(name) else (1, 0, name) for name in path]


def _by_collation(path: Path, joined: str, line: str) -> Any:
    """Culture-aware comparison, as far as names of this API need it: the underscore sorts before everything."""
    return line.replace("_", "\x00")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family of signers prints and orders lines."""

    signer: str
    order: Callable[[Path, str, str], Any]
    number: Callable[[float], str] = _php_number
    null: str = ""
    escapes: bool = True
    """Whether a colon in a name is doubled."""


# Source: reference/ecommpay.md, sections 2.1 and 2.3. The first is the documentation's and the one that we sign with.
DIALECTS = (
    Dialect("documentation, PHP", _by_natural_path),
    Dialect("JavaScript", _by_level),
    Dialect("Python 1.0.6", _by_path, repr, "None", escapes=False),
    Dialect("Python", _by_path, repr),
    Dialect("Go", _by_line, _truncated),
    Dialect("Java", _by_line, repr),
    Dialect(".NET", _by_collation),
)


def lines(tree: Any, dialect: Dialect = DIALECTS[0]) -> list[str]:
    """The sorted lines of a message."""
    keyed = []
    for path, value in flatten(tree):
        names = (name.replace(":", "::") for name in path) if dialect.escapes else path
        joined = ":".join(names)
        line = f"{joined}:{_printed(value, dialect)}"
        keyed.append((dialect.order(path, joined, line), line))
    keyed.sort(key=lambda pair: pair[0])
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


def base_string(tree: Any, dialect: Dialect = DIALECTS[0]) -> str:
    return ";".join(lines(tree, dialect))


def digest(secret: str, text: str) -> str:
    """HMAC-SHA512 over UTF-8, Base64: 88 characters."""
    return b64(hmac_sha512(secret, text.encode("utf-8", "surrogatepass")))


def sign(secret: str, tree: Any) -> str:
    """The signature of a message; its own `signature` member does not count."""
    return digest(secret, base_string(tree))


def verify(secret: str, tree: Any, signature: str) -> bool:
    """Whether any of the official signers would have signed so; each comparison takes constant time."""
    tried = set()
    for dialect in DIALECTS:
        text = base_string(tree, dialect)
        if text not in tried and equals(digest(secret, text), signature):
            return True
        tried.add(text)
    return False


def explain(secret: str, tree: Any, signature: str) -> dict[str, Any]:
    """What the journal shows of a wrong signature."""
    expected = lines(tree)
    return {
        "signed": ";".join(expected),
        "lines": expected,
        "expected": digest(secret, ";".join(expected)),
        "received": signature,
    }


# Payment Page --------------------------------------------------------------------------------------------------

_BOOLEANS = {"true": "1", "True": "1", "false": "0", "False": "0"}

OUR_OWN = frozenset({"lang", "theme", "view", "stay"})
"""Parameters that the simulator's own pages add to the address, after the merchant has signed it."""


def page_parameters(pairs: Mapping[str, str]) -> dict[str, str]:
    """The parameters that are signed: names that begin with an underscore carry telemetry, or our own steps.

    Source: reference/ecommpay.md, section 2.4.
    """
    return {name: value for name, value in pairs.items() if not name.startswith("_")}


def verify_page(secret: str, parameters: Mapping[str, str], signature: str) -> bool:
    """Whether the signature fits, also if what was signed as 1 or 0 came as `true` or `false`, as from some SDKs.

    Source: reference/ecommpay.md, section 2.3.
    """
    for tree in (dict(parameters), _without_our_own(parameters)):
        if verify(secret, tree, signature):
            return True
        numbers = {name: _BOOLEANS.get(value, value) for name, value in tree.items()}
        if numbers != tree and verify(secret, numbers, signature):
            return True
    return False


def without_our_own(secret: str, parameters: Mapping[str, str], signature: str) -> dict[str, str]:
    """The parameters as the merchant has sent them: one of our names is theirs if the signature only fits with it."""
    plain = _without_our_own(parameters)
    return plain if verify_page(secret, plain, signature) else dict(parameters)


def _without_our_own(parameters: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in OUR_OWN}


def signed(secret: str, tree: dict[str, Any]) -> dict[str, Any]:
    """The message with its signature as the last member."""
    return {**tree, "signature": sign(secret, tree)}
