"""What others have written, for a terminal and for a log: signs that these would obey are shown instead, as `\\x1b` and `\\u202e`.
For pages see `disguises`."""

from __future__ import annotations

import re

from simulator.engine.disguises import CONTROLS, TURNING, UNSEEN
from simulator.kernel.lazy import pattern

_LONE = "\ud800-\udfff"
"""Halves of a pair, which no encoding takes."""
_IN_TEXT = f"[{CONTROLS}\r{TURNING}{UNSEEN}{_LONE}]"
_IN_LINE = f"[{CONTROLS}\r\n{TURNING}{UNSEEN}{_LONE}]"
_IN_JSON = f"[\x7f-\x9f{TURNING}{_LONE}]"
"""What JSON leaves as it is and a terminal does not."""

_NAMES = {"\n": "\\n", "\r": "\\r"}


def in_text(text: str) -> str:
    """A text with its control signs escaped, except its line breaks and tabs."""
    return pattern(_IN_TEXT).sub(_escaped, text)


def in_line(text: str) -> str:
    """A text with its control signs escaped, line breaks too, so that it fits on one line."""
    return pattern(_IN_LINE).sub(_escaped, text)


def in_json(text: str) -> str:
    """JSON of the same value."""
    return pattern(_IN_JSON).sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    number = ord(sign)
    if number < 0x100:
        return _NAMES.get(sign) or f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
