"""Colours for the samples of code that pages show: strings and the names of members, nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator

_STRING = re.compile(r""""[^"]*"|'[^']*'|`[^`]*`""")


def coloured(text: str) -> Iterator[tuple[str, str]]:
    """Parts of a sample with their kind: `key` (a string before a colon), `string`, or nothing."""
    at = 0
    for found in _STRING.finditer(text):
        if found.start() > at:
            yield "", text[at : found.start()]
        at = found.end()
        yield "key" if text[at:].startswith(":") else "string", found[0]
    if at < len(text):
        yield "", text[at:]
