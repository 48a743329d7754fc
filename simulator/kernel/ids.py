"""Chance. Identifiers come from a workspace's seed when it has one (same calls, same ids), else from the system."""

from __future__ import annotations

import base64
import os
import random
import uuid
from collections.abc import Callable

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
UNAMBIGUOUS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"


def _alphabet_table(alphabet: str) -> bytes:
    return bytes(ord(alphabet[i % len(alphabet)]) for i in range(256))


_TABLES = {alphabet: _alphabet_table(alphabet) for alphabet in (BASE62, UNAMBIGUOUS, "0123456789")}


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
        """A version 4 GUID, little-endian, as 26 lower-case base32 characters (Checkout.com's ids)."""
        return base64.b32encode(self.guid().bytes_le).decode("ascii").lower().rstrip("=")
