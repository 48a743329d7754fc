"""Headers of pairs, as signatures are: `t=1767225600,v1=5a1f`."""

from __future__ import annotations

import re
from collections.abc import Callable

_PAIRS = re.compile(r"[\w-]{1,60}=[\w./+-]*(?:[,;] ?[\w-]{1,60}=[\w./+-]*)*", re.ASCII)

_FILLED_UP = re.compile(r"[\w./+-]*=", re.ASCII)
"""Base64; also a name with nothing behind it."""


def are_plain(value: str, is_secret: Callable[[str], bool]) -> bool:
    """Whether a value has no pairs, or only such, of which none is called as a secret is: then its text need not be looked through
    for names, which takes ten times as long."""
    if "=" not in value:
        return '"' not in value
    if _FILLED_UP.fullmatch(value) is not None:
        return True
    if _PAIRS.fullmatch(value) is None:
        return False
    return not any(is_secret(pair.partition("=")[0].strip()) for pair in value.replace(";", ",").split(","))
