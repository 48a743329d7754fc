"""The webhook's signature: pure functions of secret, instant and bytes."""

from __future__ import annotations

import hmac


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `<unix seconds>.<body>`, in hex."""
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
