"""Message authentication as pure functions of secret and bytes."""

from __future__ import annotations

import base64
import hashlib
import hmac


def hmac_sha256(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def hmac_sha512(secret: str, message: bytes) -> bytes:
    return hmac.digest(secret.encode(), message, "sha512")


def sha256_hex(message: bytes) -> str:
    return hashlib.sha256(message).hexdigest()


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def equals(one: str, other: str) -> bool:
    """Compares in constant time; text that is not ASCII is compared as UTF-8."""
    return hmac.compare_digest(one.encode(), other.encode())


def first_difference(one: str, other: str) -> int | None:
    """The index of the first character that differs, None when both are equal."""
    if one == other:
        return None
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
