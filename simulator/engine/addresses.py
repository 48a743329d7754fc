"""Addresses as they may be shown: without the password in them."""

from __future__ import annotations

import re

from simulator.kernel.holding import as_text

_SLASH = rb"(?:\\{0,8}/|\\{1,8}u00(?:2[fF]|5[cC])|%(?:25){0,8}(?:2[fF]|5[cC])|\\(?!u))"
_BEFORE_USER = re.compile(_SLASH + rb"{2,}|[hH][tT][tT][pP][sS]?:" + _SLASH + rb"+")
"""One slash where somebody has folded two."""
_AFTER_HOST = re.compile(_SLASH + rb"|[\s\"?#]|\Z")
_BEFORE_PASSWORD = re.compile(rb":|%(?:25){0,8}3[aA]|\\{1,8}u003[aA]")
_AFTER_PASSWORD = re.compile(rb"@|%(?:25){0,8}40|\\{1,8}u0040")
"""Of `//user:password@host/`, whichever of its signs are escaped: as in JSON (`\\/`, `\\u002f`) or in an address, even twice."""

_PARTS = re.compile(r"((?:[^/?#]*//)?[^/?#]*)([^?#]*)(.*)", re.DOTALL)

FEW = 8
"""Signs that are looked at one by one."""


def without_passwords(raw: bytes) -> bytes:
    """Each `https://user:password@host` of a text without its password. The work grows with the text and no faster."""
    if _holds_none(as_text(raw)):
        return raw
    pieces, done, sign = list[bytes](), 0, _AFTER_PASSWORD.search(raw)
    for slashes in _BEFORE_USER.finditer(raw):
        if sign is not None and sign.start() < slashes.end():
            sign = _AFTER_PASSWORD.search(raw, slashes.end())
        if sign is None:
            break
        after = _AFTER_HOST.search(raw, slashes.end())
        end = len(raw) if after is None else after.start()
        if sign.start() < end and (colon := _BEFORE_PASSWORD.search(raw, slashes.end(), end)) is not None:
            signs = [found.start() for found in _AFTER_PASSWORD.finditer(raw, colon.end(), end)]
            if signs and signs[-1] > colon.end():
                pieces += [raw[done : colon.end()], b"***"]
                done = signs[-1]
    return b"".join([*pieces, raw[done:]]) if pieces else raw


def _holds_none(text: str) -> bool:
    """Seen without reading the whole: there is no sign behind a password, or each stands behind a quote and no slash since, as that
    of an e-mail address in JSON does."""
    if "%" in text or "\\" in text:
        return "@" not in text and "40" not in text
    at = text.find("@")
    for _ in range(FEW):
        if at < 0:
            return True
        if text.rfind("/", 0, at) >= text.rfind('"', 0, at):
            return False
        at = text.find("@", at + 1)
    return at < 0


def parts(url: str) -> tuple[str, str, str]:
    """What there is up to its host, with the port; its path; and the rest, which begins with `?` or `#`."""
    found = _PARTS.match(url)
    return (found[1], found[2], found[3]) if found is not None else (url, "", "")
