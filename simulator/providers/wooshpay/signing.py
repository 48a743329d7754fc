"""WooshPay's webhook signature, and where forged webhooks differ from its own. Source: docs/providers/wooshpay.md, source 6.3."""

from __future__ import annotations

from simulator.engine.forging import Forging
from simulator.kernel.crypto import hmac_sha256


def signature(secret: str, body: bytes, t: int) -> str:
    """`t=<t>,v1=<hex>`: HMAC-SHA256 over `t`, a dot and the body; the key is the whole secret, `whsec_` included."""
    return f"t={t},v1={hmac_sha256(secret, f'{t}.'.encode() + body).hex()}"


_VALUE = r"t=(?P<time>[0-9]+),v1=(?P<signature>[0-9a-f]+)"

# Source: docs/providers/wooshpay.md, sources 6.2 and 6.3: the data of an event is the object as a retrieve answers it.
FORGING = Forging(
    headers={"Wooshpay-Signature": _VALUE, "Signature": _VALUE},
    amounts=tuple(f"data.object.{name}" for name in ("amount", "amount_total", "amount_subtotal", "amount_received")),
    currencies=("data.object.currency",),
    accounts=("id", "data.object.id", "data.object.payment_intent"),
)
