"""The webhook's signature: pure functions of secret, instant and bytes. Beside it, where forged webhooks have something else."""

from __future__ import annotations

import hmac

from simulator.engine.forging import Forging


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over `<unix seconds>.<body>`, in hex."""
    return hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()


FORGING = Forging(
    headers={"Newpay-Signature": "t=(?P<time>[0-9]+),v1=(?P<signature>[0-9a-f]+)"},
    amounts=("data.amount",),
    currencies=("data.currency",),
    accounts=("data.id",),
)
