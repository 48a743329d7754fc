"""A body as a person reads it: JSON on lines of its own, its names and values in their colours. Never instead of the bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

LONGEST = 65_536
"""Characters that are written anew; what is longer stays as it came."""

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|-?[0-9][0-9.eE+-]*|[^"0-9-]+|.', re.DOTALL)


def parts(text: str) -> Sequence[tuple[str, str]] | None:
    """Pieces with their kinds, as `ui.code_block` takes them; None for what is no JSON. Escapes stay as they came."""
    if len(text) > LONGEST or text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        written = _indented(text)
    except (ValueError, RecursionError):
        return None
    return [(_kind(found), found[0]) for found in _TOKEN.finditer(written)]


def _kind(found: re.Match[str]) -> str:
    if found[1] is None:
        return "number" if found[0][0] in "-0123456789" else ""
    return "key" if found[2] else "string"


def _indented(text: str) -> str:
    """Raises `ValueError`. Texts and numbers go through as they stand, so that `\\u9f99` and `1.0` are seen."""
    kept: list[str] = []

    def keep(literal: str) -> str:
        kept.append(literal)
        return f'"{len(kept) - 1}"'

    json.loads(text)
    marked = re.sub(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', lambda found: keep(found[0]), text)
    written = json.dumps(json.loads(marked), indent=2)
    return re.sub(r'"([0-9]+)"', lambda found: kept[int(found[1])], written)
