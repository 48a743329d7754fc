"""Undoes escapes such as `\\u0034` for characters of ASCII: in JSON, in JSON within a text of JSON, and in any other text."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"(?<!\\)(\\++)u00([0-7][0-9A-Fa-f])")
"""An escape with all the backslashes before it, so that each backslash is looked at only once."""

_SHORT = {b"\n": b"n", b"\r": b"r", b"\t": b"t"}


def without_escapes(raw: bytes) -> bytes:
    """The text with the characters themselves instead of their escapes. A character that JSON must escape stays escaped, so
    JSON remains valid."""
    return _ESCAPE.sub(_sign, raw)


def _sign(found: re.Match[bytes]) -> bytes:
    """The character for one escape. Each level of JSON within JSON doubles the backslashes, so the last 1, 2, 4, ... of them belong
    to this escape, and the others to what stands before it."""
    sign = bytes([int(found[2], 16)])
    slashes = len(found[1])
    own = slashes & -slashes
    others = b"\\" * (slashes - own)
    if sign == b'"':
        return others + b"\\" * (2 * own - 1) + sign
    if sign == b"\\":
        return others + sign * (2 * own)
    if sign in _SHORT:
        return others + b"\\" * own + _SHORT[sign]
    return found[0] if sign < b" " or sign == b"\x7f" else others + sign
