"""WooshPay's webhook signature. Source: docs/providers/wooshpay.md, source 6.3."""

from __future__ import annotations

from simulator.kernel.crypto import hmac_sha256


def signature(secret: str, body: bytes, t: int) -> str:
    """`t=<t>,v1=<hex>`: HMAC-SHA256 over `t`, a dot and the body; the key is the whole secret, `whsec_` included."""
    return f"t={t},v1={hmac_sha256(secret, f'{t}.'.encode() + body).hex()}"
