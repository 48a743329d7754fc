"""Secrets that are known by how they stand in a text, wherever that is: behind `Bearer` or `Basic`, in an option of a command line
(`--password x`, `curl -u user:password`), in a line of cookies, as a signed token (JWT).

Words are left as they are: `Bearer authentication` names no token, and what `Basic` stands before is one only if it decodes to
a user and a password. Each pattern reads a text once: the work grows with it and no faster.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Callable

from simulator.engine.stars import cookies, hidden_within

_WORD_BEGINS = rb"(?:(?<![\w-])|(?<=\\[nrt]))"
_SCHEME = re.compile(
    _WORD_BEGINS + rb"((?:bearer|basic)(?:[ \t+]|%20){1,8})([\w.~+/-]{8,}+(?:=|%3[dD]){0,2})", re.IGNORECASE
)
_BETWEEN = rb"""(?:[ \t]{1,8}|=|\\{0,3}["'][ ]?,\s{0,8}(?=\\{0,3}["']))"""
"""Between an option and what it is given: a space, or the quotes and the comma of a list of arguments."""
_QUOTE = rb"""(?P<quote>\\{0,3}["'])?"""
_GIVEN = rb"""((?(quote)[^\r\n"'\\]|[^\s"'\\,;&<>])+)"""
_OPTION = re.compile(rb"(?<![\w-])--([A-Za-z][\w-]{0,60})" + _BETWEEN + _QUOTE + rb"(?![*-])" + _GIVEN)
_USER = re.compile(
    rb"(?<![\w-])(?:-u[ \t]{0,8}|(?:-u|--user|--proxy-user)"
    + _BETWEEN
    + rb")"
    + _QUOTE
    + rb"""[^\s:"'\\,;*-][^\s:"'\\]{0,100}:(?!//|\*\*\*)"""
    + _GIVEN
)
_TIME = re.compile(rb"-u[ \t]{0,8}[0-9]{1,2}(?::[0-5][0-9]){1,2}")
"""`date -u 10:30`: digits that are no time are a user and a password all the same."""
_COOKIES = re.compile(
    _WORD_BEGINS + rb"""((?:set-)?cookie(?:\\{0,3}["'])?:[ \t]{0,8}(?:\\{0,3}["'])?)([^\r\n"'\\]+)""", re.IGNORECASE
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+")
_SIGNED = re.compile(rb"(?<![\w-])eyJ[\w-]{8,}+(?:\.[\w-]{8,}+){2}")


def without_unnamed(raw: bytes, lowered: str, is_secret: Callable[[str], bool]) -> bytes:
    """The text without the secrets that no name tells. `lowered` is the same text in small letters (`as_text`). `is_secret` says
    whether an option's name means a secret.

    A sign is found in a tenth of the time of a word, so it is looked for first."""

    def option(found: re.Match[bytes]) -> bytes:
        return _masked(found, 3) if is_secret(found[1].decode("ascii")) else found[0]

    if (" " in lowered or "+" in lowered or "%" in lowered or "\t" in lowered) and (
        "bearer" in lowered or "basic" in lowered
    ):
        raw = _SCHEME.sub(_scheme, raw)
    if "--" in lowered:
        raw = _OPTION.sub(option, raw)
    if "-u" in lowered:
        raw = _USER.sub(_user, raw)
    if "k" in lowered and "cookie" in lowered:
        raw = _COOKIES.sub(lambda found: found[1] + cookies(found[2].decode("utf-8", "replace")).encode(), raw)
    return _SIGNED.sub(lambda found: hidden_within(found[0]), raw) if "j" in lowered and "eyj" in lowered else raw


def may_hold_unnamed(lowered: str) -> bool:
    """Whether it is worth looking in the values of headers (in small letters) for what stands behind a scheme or is signed."""
    return "bearer" in lowered or "basic" in lowered or "eyj" in lowered


def may_hold_named(lowered: str) -> bool:
    """Whether it is worth looking for what stands behind a name: an option (`--password x`, `-u user:x`), a line (`token: x`),
    an element. Tests of substrings, one by one: every request's headers are asked."""
    return (
        ": " in lowered
        or "--" in lowered
        or "pass" in lowered
        or "secret" in lowered
        or " -u" in lowered
        or "-u " in lowered
        or "token:" in lowered
        or "key:" in lowered
        or "pwd" in lowered
        or "cvv" in lowered
        or "cvc" in lowered
        or "pin:" in lowered
        or "otp" in lowered
        or "jwt:" in lowered
        or "</" in lowered
    )


def _masked(found: re.Match[bytes], group: int) -> bytes:
    return found.string[found.start() : found.start(group)] + hidden_within(found[group])


def _user(found: re.Match[bytes]) -> bytes:
    return found[0] if _TIME.fullmatch(found[0]) else _masked(found, 2)


def _scheme(found: re.Match[bytes]) -> bytes:
    is_one = _is_user_and_password if found[1][:2].lower() == b"ba" else _is_no_word
    return _masked(found, 2) if is_one(found[2]) else found[0]


def _is_no_word(text: bytes) -> bool:
    """Tokens have a digit, or capitals within: no word has."""
    within = text[1:]
    return any(0x30 <= sign <= 0x39 for sign in text) or (within != within.lower() and within != within.upper())


def _is_user_and_password(encoded: bytes) -> bool:
    signs = encoded.replace(b"%3D", b"").replace(b"%3d", b"").rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if len(signs) % 4 == 1 or _BASE64.fullmatch(signs) is None:
        return False
    return b":" in a2b_base64(signs + b"=" * (-len(signs) % 4))
