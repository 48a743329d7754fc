"""Single values of answers: what is drawn anew each time, what repeats something said before, and what is always the same.

Two worlds of the simulator answer the same calls, with other credentials, ids, amounts and times. What they agree in is fixed, and
has to stand in the sandbox's answer, too. What they differ in is a value of before (then it has to be the sandbox's), or drawn
(then only its form counts). So nobody has to say which members are ids or times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import takewhile
from typing import Any

from simulator.kernel.values import dataclass
from simulator.surface.drift.hiding import Hiding, replaced, time_form

_NAME = re.compile(r"[A-Za-z0-9_\-]{8,}")
_ISO = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z| ?[+-]\d\d:?\d\d)?)?")
_STAMP = re.compile(r"20\d{12}")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_URL = re.compile(r"https?://|(?:localhost|127\.0\.0\.1|(?:[a-z0-9-]+\.)+[a-z]{2,})(?::\d+)?/", re.IGNORECASE)
"""Some APIs leave the scheme out."""
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){8,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
"""Base64, as of a signature. There `/` is one of the digits and separates nothing."""
_SEPARATOR = re.compile(r"[_:\-./?=&]")
_SIGNS = ((re.compile(r"[0-9]{12,}"), "digits"), (re.compile(r"[0-9a-f]{12,}"), "hexadecimal digits"))
_PLACEHOLDER = re.compile(r"⟦([^⟦⟧]+)⟧")
"""A name instead of what it stands for. No API writes such brackets."""


def type_of(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float():
            return "decimal number"
        case str():
            return "text"
        case None:
            return "null"
        case dict():
            return "object"
        case _:
            return "list"


@dataclass
class Names:
    """The values of one side that have a name: its credentials, what it was asked for, ids that it has drawn."""

    base_url: str
    values: dict[str, Any] = field(default_factory=dict)
    """Name to value. Both sides have the same names."""

    def bind(self, name: str, value: Any) -> None:
        self.values.setdefault(name, value)

    def knows(self, value: Any) -> str | None:
        return next((name for name, known in self.values.items() if _is_same(known, value)), None)

    def pattern(self, value: Any) -> Any:
        """A value with names instead of what they stand for."""
        name = self.knows(value)
        if name is not None:
            return f"⟦{name}⟧"
        if not isinstance(value, str):
            return value
        text = self.without_base(value)
        for name, known in sorted(self.values.items(), key=lambda one: -len(str(one[1]))):
            if isinstance(known, str):
                text = replaced(text, known, f"⟦{name}⟧")
        return text

    def filled(self, pattern: Any) -> Any:
        """What a pattern is here."""
        if not isinstance(pattern, str):
            return pattern
        whole = _PLACEHOLDER.fullmatch(pattern)
        if whole is not None and whole[1] in self.values:
            return self.values[whole[1]]
        return _PLACEHOLDER.sub(lambda found: str(self.values.get(found[1], found[0])), pattern)

    def without_base(self, text: str) -> str:
        """`⟦base⟧` for the address of the API, with the port that its scheme has anyway or without."""
        port = ":443" if self.base_url.startswith("https") else ":80"
        return text.replace(f"{self.base_url}{port}", "⟦base⟧").replace(self.base_url, "⟦base⟧")


def _is_same(known: Any, value: Any) -> bool:
    return bool(known == value and type(known) is type(value))


def is_address(value: Any) -> bool:
    return isinstance(value, str) and _URL.match(value) is not None


def form_of(value: Any) -> str:
    """The form of something drawn: times and numbers by their digits, ids by what is drawn in them."""
    match value:
        case bool() | None | dict() | list():
            return type_of(value)
        case int():
            return {13: "a time in milliseconds", 10: "a time in seconds"}.get(len(str(value)), "a whole number")
        case float():
            return "a decimal number"
    text = str(value)
    if _ISO.fullmatch(text) or _STAMP.fullmatch(text):
        return f"a time like {time_form(text)}"
    if _HTTP_DATE.fullmatch(text):
        return "a time as HTTP writes it"
    if _UUID.fullmatch(text):
        return "a UUID"
    if re.fullmatch(r"-?\d+\.\d+", text):
        return f"a number with {len(text.partition('.')[2])} decimals"
    if re.fullmatch(r"\d{1,11}", text):
        return "digits"
    return "a text"


def form_of_both(one: Any, other: Any) -> str:
    """The form of a value that is drawn anew each time, judged by two of them: the beginning that they share, and what kind of text
    follows it."""
    first, second = form_of(one), form_of(other)
    if first != second or first != "a text":
        return first if first == second else f"{first} or {second}"
    beginning = _common_beginning(one, other)
    rests = [text[len(beginning) :] for text in (one, other)]
    for pattern, words in _SIGNS:
        if all(pattern.fullmatch(rest) for rest in rests):
            return f"{beginning}… ({words})"
    if _parts(rests[0]) == _parts(rests[1]) and "-" in _parts(rests[0]):
        return f"{beginning}… ({_parts(rests[0])} characters)"
    return f"{beginning}…" if beginning else "a text"


def fits(value: Any, form: str) -> bool:
    """Whether something drawn has a form of `form_of_both`."""
    if form_of(value) in form.split(" or "):
        return True
    if not isinstance(value, str) or "…" not in form:
        return False
    beginning, _, words = form.partition("…")
    if not value.startswith(beginning):
        return False
    rest = value[len(beginning) :]
    if words.endswith("characters)"):
        return _parts(rest) == words[2 : -len(" characters)")]
    wanted = next((pattern for pattern, name in _SIGNS if f"({name})" in words), None)
    return wanted is None or wanted.fullmatch(rest) is not None


def _parts(text: str) -> str:
    """The lengths of an id's parts between its dashes, as `8-4-12`; empty for a text that is no such id."""
    if re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)+", text) is None:
        return ""
    return "-".join(str(len(part)) for part in text.split("-"))


def _common_beginning(one: str, other: str) -> str:
    """What both begin with, up to a separator: letters may be the same by chance."""
    if _BASE64.fullmatch(one) and _BASE64.fullmatch(other):
        return ""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if (counted := re.search(r"\d{6,}", one)) is not None:  # two instants may be the same, too
        same = min(same, counted.start())
    ends = [found.end() for found in _SEPARATOR.finditer(one[:same])]
    return one[: ends[-1]] if ends else ""


def moment_of(value: Any) -> datetime | None:
    """The instant that a value tells; of one without an offset as if it were UTC. None for what is no time."""
    try:
        if type(value) is int and len(str(value)) in (10, 13):
            return datetime.fromtimestamp(value / (1 if len(str(value)) == 10 else 1000), UTC)
        if not isinstance(value, str):
            return None
        if _STAMP.fullmatch(value):
            found = datetime.strptime(value, "%Y%m%d%H%M%S")
        elif _HTTP_DATE.fullmatch(value):
            found = parsedate_to_datetime(value)
        elif _ISO.fullmatch(value):
            found = datetime.fromisoformat(value.replace(",", ".").replace(" +", "+"))
        else:
            return None
    except (ValueError, OverflowError):
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else found.replace(tzinfo=UTC)


def is_drawn_name(one: Any, other: Any) -> bool:
    """Whether two values are ids, which other answers may repeat."""
    if isinstance(one, str) and isinstance(other, str):
        if _NAME.fullmatch(one) is None or _NAME.fullmatch(other) is None:
            return False
        return not form_of(one).startswith("a time")
    is_number = type(one) is int and type(other) is int
    return is_number and min(one, other) >= 100_000 and len(str(one)) not in (10, 13)


def form_shown(value: Any, names: Names, hiding: Hiding) -> str:
    """A value of the sandbox's as a report may show it."""
    name = names.knows(value)
    if name is not None:
        return f"<{name}>"
    if is_address(value):
        return shown_pattern(names.pattern(value)) if "⟦base⟧" in names.without_base(value) else "an address"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return str(value) if abs(value) < 100_000 and isinstance(value, int) else form_of(value)
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    form = form_of(value)
    if form not in ("a text", "digits"):
        return form
    return f'"{hiding.shown(shown_pattern(names.pattern(hiding.sealed(value))))[:200]}"'


def shown_pattern(pattern: Any) -> str:
    return str(pattern).replace("⟦", "<").replace("⟧", ">")


def inputs(credentials: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The values that a side begins with, by name: its credentials (those of a list with a number), and what it asks for."""
    found: dict[str, Any] = {}
    for name, value in credentials.items():
        if isinstance(value, list):
            found |= {f"{name} {n}": one for n, one in enumerate(value, 1)}
        else:
            found[name] = value
    return found | more
