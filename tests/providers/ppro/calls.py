"""A receiver of PPRO's webhooks who takes what was signed in the last five minutes, after the manual's source 6.4, step 5."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from support import Sim

TOLERANCE_S = 300


def accepts(sim: Sim, headers: Mapping[str, str], body: bytes, arrived: datetime) -> bool:
    parts = dict(part.split("=", 1) for part in headers["ppro-signature"].split(","))
    secret = str(sim.credentials("ppro")["webhook_secret"])
    expected = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    is_recent = abs(arrived.timestamp() - int(parts["t"])) <= TOLERANCE_S
    return hmac.compare_digest(expected, parts["s"]) and is_recent


def noted(body: dict[str, Any], text: str) -> dict[str, Any]:
    """A purchase with a text of the merchant's about the payment, which is no name of it."""
    return body | {"paymentDescriptor": text}
