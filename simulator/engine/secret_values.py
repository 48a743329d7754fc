"""Where the value of a secret's name begins and ends in a text of any kind: JSON, a form, XML, several parts, lines.

Each byte is looked at so many times at most, whatever it is: a value that is cut off goes to the end, and nothing is tried again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from simulator.engine.lines import value_of_line
from simulator.engine.secret_names import NAME_LIMIT
from simulator.engine.stars import hidden_within as _hidden

NOUNS = frozenset({b"authorization", b"credential"})
"""Providers have resources that are called so: as an object they are no secret."""

PART_LIMIT = 500
"""Bytes before the name of a part in which its boundary is looked for."""

ELEMENT_LIMIT = 4096
"""Bytes of an element of XML in which its end is looked for."""

_QUOTED = re.compile(rb"\]*(\\*)[\"']\s*(?::|=>)\s*")
_JSON_TEXT = re.compile(rb'"((?:[^"\\]|\\.)*+\\?)(?:"|\Z)', re.DOTALL)
_PYTHON_TEXT = re.compile(rb"'((?:[^'\\]|\\.)*+\\?)(?:'|\Z)", re.DOTALL)
"""One that is cut off goes to the end, behind a lone backslash too: to try again at each quote within would be quadratic."""
_BACKSLASHED = re.compile(rb'(\\*)"')
_LITERAL = re.compile(rb"(?:true|false|null|None|True|False)(?![A-Za-z0-9_])")
_BARE = re.compile(rb"[^\s,}\])&]+")
_COUNT = re.compile(rb"[0-9]{1,9}(?=[\s,}\]]|\Z)")
_EQUALS = re.compile(rb"(?:\]|%5[Dd])*(?:(?:\[|%5[Bb])[\w-]{0,60}(?:\]|%5[Dd])){0,8}(?:\s*=\s*|%3[Dd])")
_FORM_VALUE = re.compile(rb"[^&\s\"'<>;,)\\]*")
_ELEMENT_NAME = re.compile(rb"[\w.:-]+")
_ELEMENT = re.compile(rb"[^<>]*>(?:\s*<!\[CDATA\[)?([^<]*)")
_PART_BEFORE = re.compile(rb"name=[\"']?[^\"'\r\n]*\Z")
_PART = re.compile(rb"\]*[\"']?[^\r\n]{0,200}(?:\r?\n[^\r\n]{1,200}){0,5}\r?\n\r?\n")
_BOUNDARY = re.compile(rb"--[^\r\n]{0,72}")
_COLON = re.compile(rb"[ \t]*:[ \t]*")
_BEGINS = re.compile(rb"(?:\A|[\n{,;(:]|\\n|-H[ =]?\\{0,3}[\"']|--header[ =]\\{0,3}[\"'])(?:[ \t]|- )*\Z")


def value_of(raw: bytes, start: int, end: int) -> tuple[int, int, bytes] | None:
    """Where the value of the name in `raw[start:end]` begins and ends, and what is shown instead; None if it has none."""
    is_noun = raw[start:end].lower() in NOUNS
    if quoted := _QUOTED.match(raw, end):
        is_harmless = (is_noun and _is_nested(raw, quoted.end())) or _is_count(raw, start, end, quoted.end())
        return None if is_harmless else _after_colon(raw, quoted.end(), quoted[1])
    before = raw[max(0, start - NAME_LIMIT) : start]
    if _PART_BEFORE.search(before) and (part := _PART.match(raw, end)):
        return _value_of_part(raw, start, part.end())
    if equals := _EQUALS.match(raw, end):
        return None if is_noun and _is_nested(raw, equals.end()) else _after_equals(raw, equals.end())
    if before[-1:] in (b"<", b":") and (element := _ELEMENT.match(raw, end)):
        if (inner := _within(raw, start, element.start(1))) is not None:
            return inner
        return (*element.span(1), _hidden(element[1].strip())) if element[1].strip() else None
    if (colon := _COLON.match(raw, end)) and _BEGINS.search(before):
        return None if is_noun and _is_nested(raw, colon.end()) else value_of_line(raw, start, colon.end())
    return None


def _is_nested(raw: bytes, begins: int) -> bool:
    return raw[begins : begins + 1] in (b"{", b"[")


def _is_count(raw: bytes, start: int, end: int, begins: int) -> bool:
    """Whether a member of JSON with a secret's name is a number of them: `"total_tokens": 100`."""
    return raw[start:end].lower().endswith(b"tokens") and _COUNT.match(raw, begins) is not None


def _value_of_part(raw: bytes, start: int, begins: int) -> tuple[int, int, bytes] | None:
    """Up to the next line that begins as the boundary before its headers does; one that is cut off goes to the end."""
    nearest = max(0, start - PART_LIMIT)
    before = raw.rfind(b"\n--", nearest, start) + 1
    boundary = _BOUNDARY.match(raw, before) if before or not nearest else None
    mark = b"--" if boundary is None else boundary[0].rstrip()
    ends = raw.find(b"\n" + mark, begins - 1)
    if ends < 0:
        ends = len(raw)
    elif raw[ends - 1 : ends] == b"\r":
        ends -= 1
    return (begins, ends, _hidden(raw[begins:ends])) if begins < ends else None


def _within(raw: bytes, start: int, begins: int) -> tuple[int, int, bytes] | None:
    """What stands in an element up to its end, if that is near and there is more than a text: others, a remark, `CDATA`."""
    opening = raw.rfind(b"<", max(0, start - NAME_LIMIT), start)
    name = _ELEMENT_NAME.match(raw, opening + 1)
    if name is None:
        return None
    ends = raw.find(b"</" + name[0], begins, begins + ELEMENT_LIMIT)
    return (begins, ends, b"***") if b"<" in raw[begins : max(ends, begins)] else None


def _after_colon(raw: bytes, begins: int, escape: bytes) -> tuple[int, int, bytes] | None:
    """A member of JSON, or of JSON within a text of JSON, whose quotes have an `escape` before them."""
    if text := _text_at(raw, begins, escape):
        return (*text, _hidden(raw[text[0] : text[1]])) if text[0] < text[1] else None
    quote = escape + b'"'
    if raw[begins : begins + 1] in (b"{", b"["):
        return begins, _end_of_nested(raw, begins, escape), quote + b"***" + quote
    bare = _BARE.match(raw, begins)
    if bare is None or _LITERAL.match(raw, begins):
        return None
    return (*bare.span(), quote + b"***" + quote)


def _text_at(raw: bytes, begins: int, escape: bytes) -> tuple[int, int] | None:
    """Where the quoted text that begins here stands, without its quotes. One that is cut off goes to the end."""
    if escape:
        opened = raw.startswith(escape + b'"', begins)
        return (begins + len(escape) + 1, _closing(raw, begins + len(escape) + 1, escape)) if opened else None
    text = _JSON_TEXT.match(raw, begins) or _PYTHON_TEXT.match(raw, begins)
    return text.span(1) if text else None


def _closing(raw: bytes, begins: int, escape: bytes) -> int:
    """Where the quote stands that ends a text within a text: one of its own has more backslashes before it."""
    around = 2 * (len(escape) + 1)
    for quote in _BACKSLASHED.finditer(raw, begins):
        if (len(quote[1]) - len(escape)) % around == 0 and len(quote[1]) >= len(escape):
            return quote.end() - 1 - len(escape)
    return len(raw)


def _after_equals(raw: bytes, begins: int) -> tuple[int, int, bytes] | None:
    span = _text_at(raw, begins, b"")
    if span is None:
        value = _FORM_VALUE.match(raw, begins)
        span = value.span() if value is not None else (begins, begins)
    return (*span, _hidden(raw[span[0] : span[1]])) if span[0] < span[1] else None


@lru_cache(16)
def _tokens(escape: bytes) -> re.Pattern[bytes]:
    """Texts and brackets of JSON; where it stands within a text, whose quotes have an `escape`, also the end of that one."""
    if not escape:
        return re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)
    quote = rb"(?<!\\)" + re.escape(escape + b'"')
    return re.compile(quote + rb".*?(?:" + quote + rb'|\Z)|[{}\[\]"]', re.DOTALL)


def _end_of_nested(raw: bytes, begins: int, escape: bytes) -> int:
    depth = 0
    for token in _tokens(escape).finditer(raw, begins):
        if token[0] in (b"{", b"["):
            depth += 1
        elif token[0] in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return token.end()
        elif token[0] == b'"' and escape:
            return token.start()
    return len(raw)
