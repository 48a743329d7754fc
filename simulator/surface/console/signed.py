"""What had to be signed, beside what was: two texts line by line, the first byte that differs, and the usual cause."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine import explain
from simulator.engine.explain import CAUSES, Comparison, Explained, Step
from simulator.engine.provider import Provider
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import Console
from simulator.surface.control import requests
from simulator.surface.control.compare import Pasted, pasted

SHOWN = 20_000
"""Characters of a text that are shown."""

_SIGN = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL)
"""A character, or the escape that stands for one."""


@dataclass(frozen=True)
class Line:
    """One line of a text. `mark` is where the first difference stands in it."""

    before: str
    mark: str = ""
    after: str = ""
    differs: bool = False


@dataclass(frozen=True)
class Difference:
    at: int
    """Bytes from 0."""
    character: int
    """Characters from 1."""
    expected: str
    received: str
    """What stands there: a character, an escape, nothing."""

    @staticmethod
    def hex(text: str) -> str:
        return text.encode("utf-8", "surrogateescape").hex(" ")


@dataclass(frozen=True)
class Panel:
    """`received` is None where no usual mistake gives the signature that came."""

    explained: Explained
    expected: Sequence[Line]
    received: Sequence[Line] | None
    difference: Difference | None
    cause: str | None
    texts: tuple[str, str]
    """The keys of the catalogue for what happened and what helps."""
    is_certain: bool
    pasted: str
    """What somebody has pasted as what their code has signed, has made of it, or was sent."""
    kind: str = ""
    """As what that was read: `signature`, `base_string` or `body`."""
    is_equal: bool = False

    @property
    def how(self) -> Step:
        """What makes the signature of the text."""
        return self.explained.steps[-1]


def panel(console: Console, provider: Provider | None, view: Mapping[str, Any]) -> Panel | None:
    """For a call that bears a signature. With `?as=joined` the texts are in one piece; `?compare=` is what
    somebody has pasted of their own."""
    explained = requests.explained(console.runtime, console.workspace, provider, view, console.base_url)
    if explained is None:
        return None
    given = console.query.get("compare", "")
    read = pasted(explained, given) if given.strip() else None
    found: Comparison = explain.received(explained) if read is None else read.found
    expected, received = explained.base_string, _text_of(explained, found, read)
    difference = difference_of(expected, received) if received is not None else None
    separator = "" if console.query.get("as") == "joined" else explained.separator
    at = None if difference is None else difference.character - 1
    marks = ("", "") if difference is None else (difference.expected, difference.received)
    return Panel(
        explained,
        lines(expected, separator, at, marks[0]),
        None if received is None else lines(received, separator, at, marks[1]),
        difference,
        found.cause,
        CAUSES.get(found.cause or "", ("", "")),
        found.is_certain,
        given,
        "" if read is None else read.kind,
        found.equal,
    )


def _text_of(explained: Explained, found: Comparison, read: Pasted | None) -> str | None:
    """What was signed, as far as it is known."""
    if found.expected == explained.base_string:
        return found.got
    if read is not None and read.found.equal:
        return explained.base_string
    return explained.base_string if found.is_certain else None


def difference_of(expected: str, received: str) -> Difference | None:
    at = explain.first_different_byte(expected, received)
    if at is None:
        return None
    character = next(
        (n for n, (a, b) in enumerate(zip(expected, received, strict=False)) if a != b),
        min(len(expected), len(received)),
    )
    there = [(_SIGN.match(text, character) or [""])[0] for text in (expected, received)]
    return Difference(at, character + 1, *there)


def lines(text: str, separator: str, character: int | None = None, mark: str = "") -> list[Line]:
    """The text in its lines; the one with the difference is cut around it."""
    cut, start = text[:SHOWN], 0
    found: list[Line] = []
    for part in cut.split(separator) if separator else [cut]:
        end = start + len(part)
        if character is not None and start <= character <= end and not any(line.differs for line in found):
            at = character - start
            found.append(Line(part[:at], part[at : at + len(mark)], part[at + len(mark) :], True))
        else:
            found.append(Line(part))
        start = end + len(separator)
    return found
