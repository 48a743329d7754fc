"""Chance. Identifiers come from a workspace's seed when it has one (same calls, same ids), else from the system."""

from __future__ import annotations

import base64
import os
import random
import uuid
from collections.abc import Callable
from functools import lru_cache

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UNAMBIGUOUS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


@lru_cache(maxsize=32)
def _alphabet_table(alphabet: str) -> bytes:
    return bytes(ord(alphabet[i % len(alphabet)]) for i in range(256))


_TABLES = {alphabet: _alphabet_table(alphabet) for alphabet in (BASE62, UNAMBIGUOUS, "0123456789")}


class Pool:
    """The system's random bytes, fetched a few hundred identifiers at a time: a system call for each is felt."""

    __slots__ = ("_bytes", "_next")
    SIZE = 4096

    def __init__(self) -> None:
        self._bytes, self._next = b"", 0

    def __call__(self, length: int) -> bytes:
        start, end = self._next, self._next + length
        if end > len(self._bytes):
            self._bytes, start, end = os.urandom(self.SIZE + length), 0, length
        self._next = end
        return self._bytes[start:end]


def instant_text(at: int) -> str:
    """Microseconds since 1970 as nine characters that sort as the instants do."""
    digits = []
    for _ in range(9):
        at, digit = divmod(at, 62)
        digits.append(BASE62[digit])
    return "".join(reversed(digits))


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
        return self.bytes((length + 1) // 2).hex()[:length]

    def guid(self) -> uuid.UUID:
        """A version 4 UUID."""
        return uuid.UUID(bytes=self.bytes(16), version=4)

    def base32_guid(self) -> str:
        """A version 4 GUID, little-endian, as 26 lower-case base32 characters."""
        return base64.b32encode(self.guid().bytes_le).decode("ascii").lower().rstrip("=")
