"""PPRO's two webhook signatures, and where forged webhooks differ from its own. Source: docs/providers/ppro.md, source 6.4."""

from __future__ import annotations

from simulator.engine.forging import Forging
from simulator.kernel.crypto import hmac_sha256, sha256_hex


def ppro_signature(secret: str, body: bytes, unix_time: int) -> str:
    """`PPRO-Signature`: HMAC-SHA256 over time, dot and body."""
    return f"t={unix_time},s={hmac_sha256(secret, f'{unix_time}.'.encode() + body).hex()}"


def webhook_signature(secret: str, body: bytes) -> str:
    """`Webhook-Signature` (legacy): plain SHA-256 over body, dot and secret. Not an HMAC, no time."""
    return sha256_hex(body + b"." + secret.encode())


# Source: docs/providers/ppro.md, sources 6.3 and 6.4.
FORGING = Forging(
    headers={
        "PPRO-Signature": r"t=(?P<time>[0-9]+),s=(?P<signature>[0-9a-f]+)",
        "Webhook-Signature": r"(?P<signature>[0-9a-f]+)",
    },
    amounts=("data.amount.value",),
    currencies=("data.amount.currency",),
    accounts=("subject", "data.paymentChargeId", "data.merchantId"),
)
