"""What a merchant of WooshPay's has: keys of both sides, a secret for webhooks. Source: docs/providers/wooshpay.md, source 2.2."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.clock import millis, time_of_day
from simulator.kernel.ids import Ids

KEYS = ("secret_key", "publishable_key", "live_secret_key", "live_publishable_key")


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    """Keys in the format of mid-2023 and later: base64 of account, 24 alphanumerics and the instant of creation."""
    if default:
        return {
            "secret_key": "sk_test_default",
            "publishable_key": "pk_test_default",
            "live_secret_key": "sk_live_default",
            "live_publishable_key": "pk_live_default",
            "webhook_secret": "whsec_SimSecretDefault0000000000000001",
        }
    account, at = "5" + ids.digits(20), millis(time_of_day())

    def key(prefix: str) -> str:
        return prefix + base64.b64encode(f"{account}:{ids.text(24)}{at}".encode()).decode().rstrip("=")

    made = {
        name: key(prefix) for name, prefix in zip(KEYS, ("sk_test_", "pk_test_", "sk_live_", "pk_live_"), strict=True)
    }
    return {**made, "webhook_secret": webhook_secret(ids)}


def webhook_secret(ids: Ids) -> str:
    return "whsec_" + ids.text(32)


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    return list(dict.fromkeys(found[name] for name in KEYS))


def banner(found: Mapping[str, Any]) -> BannerLine:
    return BannerLine("WooshPay", found["secret_key"])
