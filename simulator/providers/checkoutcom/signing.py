"""`Cko-Signature`, and where forged webhooks differ from Checkout.com's own. Source: docs/providers/checkoutcom.md, source 6.5."""

from __future__ import annotations

from simulator.engine.forging import Forging
from simulator.kernel.crypto import hmac_sha256


def cko_signature(key: str, body: bytes) -> str:
    """HMAC-SHA256 of the exact body in lower-case hex. The key is opaque text: neither base64 nor hex."""
    return hmac_sha256(key, body).hex()


# Source: docs/providers/checkoutcom.md, sources 6.2 and 6.3. No event names the merchant: its own are the event and the payment.
FORGING = Forging(
    headers={"Cko-Signature": r"(?P<signature>[0-9a-f]+)"},
    amounts=("data.amount",),
    currencies=("data.currency",),
    accounts=("id", "data.id"),
)
