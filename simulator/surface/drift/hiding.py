"""What never reaches a report, a recording or a log: the credentials that the user gave us, in whatever form they come back."""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

from simulator.engine.masking import COMMON, Masking

PIECE = 10
"""A piece of a secret of at least so many characters is hidden wherever it stands: some APIs repeat the beginning of a key."""

SHORT_PIECE = 8
"""A piece of a key's own part, past the words that it begins with, is hidden from so many characters on if it mixes letters and
digits."""
SHORTEST = 4
"""Characters of a value that is looked for in texts: one of fewer than six only between two separators."""

HIDDEN = "***"

_SIGN = re.compile(r"\\+u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})|&#[xX]([0-9a-fA-F]{2,4});|&#(\d{2,5});|([^\W_])")
"""A letter or digit, whoever has escaped it."""

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_URL = re.compile(r"https?://[^\s\"'<>]+", re.IGNORECASE)
TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z| ?[+-]\d\d:?\d\d)?)?")
DRAWN = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|"
    r"(?=[A-Za-z0-9]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{10,}|(?<=_)[A-Za-z0-9]{20,}|\d{6,}|(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{24,}={0,2}"
)
"""What somebody has drawn or counted: an id, a token, a long number. One id in some hundreds has no digit."""


def forms_of(secret: str) -> Iterator[str]:
    """How a secret may come back: as it is, or as a form, an address, JSON, HTML, Base64 or hexadecimal digits write it."""
    raw = secret.encode("utf-8")
    yield secret
    yield from (quote(secret, safe=""), quote_plus(secret), quote(quote(secret, safe=""), safe=""))
    yield from (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret))
    yield from (raw.hex(), raw.hex().upper(), secret[::-1])
    for before in range(3):  # a text encodes in three ways, by the place where it begins among the bytes
        text = base64.b64encode(b"\0" * before + raw).decode()
        inner = text[(0, 2, 3)[before] : len(text.rstrip("=")) - (1 if len(raw + b"\0" * before) % 3 else 0)]
        yield inner
        yield inner.replace("+", "-").replace("/", "_")


class Hiding:
    """`credentials` are the user's, by name: those that open a door are hidden, the others are shown by their names."""

    def __init__(self, credentials: Mapping[str, Any] | None = None, masking: Masking = COMMON) -> None:
        told = {name: str(value) for name, value in (credentials or {}).items() if value not in (None, "")}
        self.secrets = [value for name, value in told.items() if masking.is_secret(name)]
        self.names = {value: name for name, value in told.items() if value not in self.secrets}
        self.masking = masking
        self._known = _unique(form for secret in self.secrets for form in forms_of(secret) if len(form) >= SHORTEST)
        self._pieces = {piece for form in self._known for piece in _pieces(form.lower(), PIECE)}
        own = [piece for secret in self.secrets for piece in _own_pieces(secret)]
        self._own_pieces = {*own, *(piece[::-1] for piece in own)}
        tails = _unique(secret[-n:] for secret in self.secrets for n in range(SHORTEST, PIECE) if len(secret) > PIECE)
        self._tail = (
            re.compile(rf"({re.escape(HIDDEN)}[*•·.…xX-]*)(?:{'|'.join(map(re.escape, tails))})") if tails else None
        )

    def sealed(self, text: str) -> str:
        """A text without the credentials. Everything that is written goes through here, whatever was done to it before."""
        at = 0
        parts = []
        for begin, end in _merged(self._given_away(text)):
            parts += [text[at:begin], HIDDEN]
            at = end
        text = "".join((*parts, text[at:]))
        if self._tail is not None:
            text = self._tail.sub(r"\1", text)
        for value, name in self.names.items():
            text = replaced(text, value, f"<{name}>")
        return text

    def _given_away(self, text: str) -> Iterator[tuple[int, int]]:
        """Where a secret stands, or a piece of one, from and to. Places may overlap."""
        for form in self._known:
            at = text.find(form)
            while at >= 0:
                yield at, at + len(form)
                at = text.find(form, at + 1)
        lowered = "".join(sign.lower()[:1] for sign in text)  # as long as the text itself
        for at, piece in enumerate(_pieces(lowered, PIECE)):
            if piece in self._pieces:
                yield at, at + PIECE
        signs = list(_signs(text))
        bare = "".join(sign for sign, _, _ in signs)
        for length in (SHORT_PIECE, PIECE) if self._own_pieces else ():
            for at, piece in enumerate(_pieces(bare, length)):
                if piece in self._own_pieces:
                    yield signs[at][1], signs[at + length - 1][2]

    def sealed_in(self, value: Any) -> Any:
        """The value of JSON with every text in it sealed."""
        if isinstance(value, str):
            return self.sealed(value)
        if isinstance(value, dict):
            return {self.sealed(name): self.sealed_in(inner) for name, inner in value.items()}
        return [self.sealed_in(inner) for inner in value] if isinstance(value, list) else value

    def shown(self, text: str) -> str:
        """What a provider said, so that its words can be read: without credentials, ids, times, numbers and addresses."""
        if text in self.names:
            return f"<{self.names[text]}>"
        text = self.masking.text(self.sealed(text))
        text = EMAIL.sub("<email>", _URL.sub("<url>", text))
        text = TIME.sub(lambda found: f"<time {time_form(found[0])}>", text)
        return DRAWN.sub(lambda found: found[0] if found[0].startswith("<") else "<id>", text)

    def is_secret(self, name: str) -> bool:
        return self.masking.is_secret(name)


def replaced(text: str, value: str, name: str) -> str:
    """A value within a text by its name; a short one only where no letter or digit is next to it."""
    if len(value) < SHORTEST or value not in text:
        return text
    if len(value) >= 6:
        return text.replace(value, name)
    return re.sub(rf"(?<![^\W_]){re.escape(value)}(?![^\W_])", lambda found: name, text)


def _pieces(text: str, length: int) -> Iterator[str]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _own_pieces(secret: str) -> Iterator[str]:
    """Pieces of its letters and digits alone. No piece lies wholly in the words before its last underscore."""
    bare = "".join(sign for sign, _, _ in _signs(secret))
    words = len("".join(sign for sign, _, _ in _signs(secret.rpartition("_")[0])))
    for length in (SHORT_PIECE, PIECE):
        for at, piece in enumerate(_pieces(bare, length)):
            is_mixed = not piece.isalpha() and not piece.isdecimal()
            if (at >= words and is_mixed) if length == SHORT_PIECE else at + length > words + 1:
                yield piece


def _signs(text: str) -> Iterator[tuple[str, int, int]]:
    """Each letter and digit, small, and where it is written."""
    for found in _SIGN.finditer(text):
        code = found[1] or found[2] or found[3]
        sign = chr(int(code, 16)) if code else chr(int(found[4])) if found[4] else found[5]
        if sign.isalnum():
            yield sign.lower()[:1], *found.span()


def _merged(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in their order; those that overlap or touch have become one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(places):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((begin, end))
    return found


def _unique(texts: Iterable[str]) -> list[str]:
    """The longest first, so that none hides a part of another."""
    return sorted(dict.fromkeys(texts), key=len, reverse=True)


def time_form(text: str) -> str:
    """How an instant is written. Fractions of a second count as one, for some APIs leave out the noughts at their end."""
    return re.sub(r"(:00[.,])0+", r"\g<1>0", re.sub(r"\d", "0", text))


@contextmanager
def silent() -> Iterator[None]:
    """Keeps the HTTP client from logging addresses and headers, whatever log level is set."""
    quiet = [logging.getLogger(name) for name in ("httpx", "httpcore", "hpack", "h11", "h2")]
    before = [(one.disabled, one.level) for one in quiet]
    for one in quiet:
        one.setLevel(logging.CRITICAL + 1)
    children = [
        one
        for name, one in list(logging.Logger.manager.loggerDict.items())
        if name.startswith("httpcore.") and isinstance(one, logging.Logger)
    ]
    levels = [one.level for one in children]
    for one in children:
        one.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for one, (_, level) in zip(quiet, before, strict=True):
            one.setLevel(level)
        for one, level in zip(children, levels, strict=True):
            one.setLevel(level)
