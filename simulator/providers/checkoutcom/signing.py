"""`Cko-Signature`. Source: docs/providers/checkoutcom.md, source 6.5."""

from __future__ import annotations

from simulator.kernel.crypto import hmac_sha256


def cko_signature(key: str, body: bytes) -> str:
    """HMAC-SHA256 of the exact body in lower-case hex. The key is opaque text: neither base64 nor hex."""
    return hmac_sha256(key, body).hex()
