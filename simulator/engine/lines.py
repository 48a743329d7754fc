"""Where the value of a name ends that stands before a colon in a line: of headers, of a command, of YAML."""

from __future__ import annotations

import re

from simulator.engine.stars import hidden_within

FARTHEST_IN = 60
"""Characters of a line before its name that are looked at."""

_LINE_TEXT = re.compile(rb"\"((?:[^\"\\\r\n]|\\[^\r\n])*)|'([^'\r\n]*)")
_IN_QUOTES = re.compile(rb"[^\r\n\"'\\]*")
_NEWLINE = rb"(?:\r?\n|(?:\\r)?\\n)"
"""The second one within a text of JSON."""
_BLOCK = re.compile(rb"(?:[|>][0-9+-]{0,2}|&\w{1,40}|!!?\w{0,40})?[ \t]*(?=" + _NEWLINE + rb")")
_LINES = re.compile(
    rb"(?:" + _NEWLINE + rb"[ \t]*(?=" + _NEWLINE + rb"|\Z))*" + _NEWLINE + rb"([ \t]*)(?=([^\r\n\"\\]|\\[^rn]))"
)
_REST = re.compile(rb"(?:[^\r\n\"\\]|\\[^rn])*")
_LINE_VALUE = re.compile(rb"[^\r\n,;&})\"\\]*")


def value_of_line(raw: bytes, start: int, begins: int) -> tuple[int, int, bytes] | None:
    """What follows a name and a colon in a line: of a header, of YAML, where it may be in quotes or on the lines below."""
    if raw[start - 1 : start] in (b'"', b"'"):  # a header among the arguments of a command
        line = _IN_QUOTES.match(raw, begins)
    elif text := _LINE_TEXT.match(raw, begins):
        shown = text.span(text.lastindex or 0)
        return (*shown, hidden_within(raw[slice(*shown)])) if shown[0] < shown[1] else None
    elif block := _BLOCK.match(raw, begins):
        return _lines_below(raw, start, block.end())
    else:
        line = _LINE_VALUE.match(raw, begins)
    return (*line.span(), hidden_within(line[0].rstrip())) if line is not None and line[0].strip() else None


def _lines_below(raw: bytes, start: int, ends: int) -> tuple[int, int, bytes] | None:
    """The lines that are indented by more than the name, or are items of a list as far in as it."""
    nearest = max(0, start - FARTHEST_IN)
    column = start - 1 - max(raw.rfind(b"\n", nearest, start), raw.rfind(b"\\n", nearest, start) + 1 or -1)
    begins = None
    while line := _LINES.match(raw, ends):
        if len(line[1]) <= column and not (len(line[1]) == column and raw.startswith(b"- ", line.end())):
            break
        begins = begins or line.end()
        rest = _REST.match(raw, line.end())
        ends = rest.end() if rest is not None else line.end()
    return None if begins is None else (begins, ends, b"***")
