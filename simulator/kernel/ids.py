"""Chance. Identifiers come from a workspace's seed when it has one (same calls, same ids), else from the system."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UNAMBIGUOUS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


@lru_cache(maxsize=32)
def _alphabet_table(alphabet: str) -> bytes:
    return bytes(ord(alphabet[i % len(alphabet)]) for i in range(256))


BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_BASE32_PAIRS = [one + other for one in BASE32 for other in BASE32]
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}

_TABLES = {alphabet: _alphabet_table(alphabet) for alphabet in (BASE62, UNAMBIGUOUS, "0123456789")}


_PAIRS = [one + other for one in BASE62 for other in BASE62]
_PAIRED = len(_PAIRS)

CARD_DIGITS = 13
"""The fewest digits of a card number."""


class Pool:
    """The system's random bytes, fetched a thousand identifiers at a time: a system call for each is felt.

    Those of one fetch begin alike unless they are short, so that new identifiers stand together in the store's indexes: where they
    are scattered, each is one more page to write, and in a full store one to read.
    """

    __slots__ = ("_head", "_read")
    SIZE = 16_384
    HEAD, LONG = 4, 16
    """So many bytes are the same for a fetch, from so many bytes on: twelve are left to chance."""
    SHORTER_HEAD, SHORT = 2, 8
    """And so many of those that are shorter: six are left to chance, and who draws them looks whether they are taken."""

    def __init__(self) -> None:
        self._head = b""
        self._read = BytesIO().read

    def __call__(self, length: int) -> bytes:
        drawn = self._read(length)
        if len(drawn) < length:
            self._read, self._head = BytesIO(os.urandom(self.SIZE + length)).read, os.urandom(self.HEAD)
            drawn = self._read(length)
        if length < self.SHORT:
            return drawn
        alike = self.HEAD if length >= self.LONG else self.SHORTER_HEAD
        return self._head[:alike] + drawn[alike:]


def instant_text(at: int) -> str:
    """Microseconds since 1970 as nine characters that sort as the instants do."""
    at, a = divmod(at, _PAIRED)
    at, b = divmod(at, _PAIRED)
    at, c = divmod(at, _PAIRED)
    at, d = divmod(at, _PAIRED)
    return f"{BASE62[at % 62]}{_PAIRS[d]}{_PAIRS[c]}{_PAIRS[b]}{_PAIRS[a]}"


class Ids:
    """Draws identifiers from a source of random bytes."""

    __slots__ = ("bytes",)

    def __init__(self, source: Callable[[int], bytes] = os.urandom) -> None:
        self.bytes = source
        """n -> n random bytes."""

    @classmethod
    def seeded(cls, seed: str, draw: int) -> Ids:
        """The `draw`-th set of identifiers of a seed: equal arguments, equal identifiers."""
        return cls(random.Random(f"{seed}/{draw}").randbytes)

    def text(self, length: int, alphabet: str = BASE62) -> str:
        table = _TABLES.get(alphabet) or _alphabet_table(alphabet)
        return self.bytes(length).translate(table).decode("ascii")

    def digits(self, length: int) -> str:
        return self.text(length, "0123456789")

    def hex(self, length: int) -> str:
        """With a letter in it, if it is long enough for a card number: who looks for those would cut it."""
        drawn = self.bytes((length + 1) // 2).hex()[:length]
        return f"a{drawn[1:]}" if length >= CARD_DIGITS and drawn.isdigit() else drawn

    def guid(self) -> str:
        """A version 4 UUID as it is written. (The library's own class takes four times as long.)"""
        text = self.bytes(16).hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANTS[text[16]]}{text[17:20]}-{text[20:]}"

    def base32_guid(self) -> str:
        """A version 4 GUID, little-endian, as 26 lower-case base32 characters."""
        raw = bytearray(self.bytes(16))
        raw[:8] = (*raw[3::-1], *raw[5:3:-1], raw[7], raw[6] & 0x0F | 0x40)
        raw[8] = raw[8] & 0x3F | 0x80
        bits = int.from_bytes(raw) << 2
        return "".join([_BASE32_PAIRS[bits >> place & 1023] for place in range(120, -1, -10)])
