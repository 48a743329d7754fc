"""A receiver of WooshPay's webhooks as Stripe's helpers are: what was signed in the last 300 seconds, and nothing of the future."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from importlib.util import find_spec
from typing import Any

from support import Sim

from simulator.providers.wooshpay.receiver import secrets

TOLERANCE_S = 300


def accepts(sim: Sim, headers: Mapping[str, str], body: bytes, arrived: datetime) -> bool:
    """By the official helper too, where it is installed. It reads `t` as seconds, so milliseconds are never too old for it."""
    for name in ("wooshpay-signature", "signature"):
        parts = dict(part.split("=", 1) for part in headers[name].split(","))
        signed = parts["t"].encode() + b"." + body
        wanted = {
            secret: hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets(sim.workspace)
        }
        mine = [secret for secret, one in wanted.items() if hmac.compare_digest(one, parts["v1"])]
        age_s = arrived.timestamp() - int(parts["t"]) / 1000
        if not mine or not -1 <= age_s <= TOLERANCE_S:
            return False
        if find_spec("stripe") is not None:
            import stripe

            stripe.WebhookSignature.verify_header(body.decode(), headers[name], mine[0], TOLERANCE_S)
    return True


def noted(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A purchase with a text of the merchant's about the payment, which is no name of it."""
    return body | {"description": text, "metadata": {"note": text}}
