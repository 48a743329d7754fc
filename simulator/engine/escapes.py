"""Signs of ASCII that are written as `\\u0034`: read without them, in JSON, within a text of JSON, and in what is neither."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"(?<!\\)(\\++)u00([0-7][0-9A-Fa-f])")
"""With all the backslashes before it, so that each of them is looked at once."""

_SHORT = {b"\n": b"n", b"\r": b"r", b"\t": b"t"}


def without_escapes(raw: bytes) -> bytes:
    """The same text, each sign as it is. What has to be escaped in JSON stays so at its level: JSON stays JSON."""
    return _ESCAPE.sub(_sign, raw)


def _sign(found: re.Match[bytes]) -> bytes:
    """In JSON that is a text of JSON the backslashes are doubled, at each level again: the last 1, 2, 4, ... belong to the sign."""
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
