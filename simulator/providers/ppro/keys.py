"""What a merchant of PPRO's has: an API key, its merchants, a secret for webhooks. Source: docs/providers/ppro.md, source 2.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.ids import Ids


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    if default:
        return {
            "api_key": "key_sandbox_default",
            "merchant_id": "merch_default",
            "webhook_secret": "whs_default_5f1c0b8a2d9e47",
        }
    return {
        "api_key": "key_sandbox_" + ids.text(21),
        "merchant_id": "merch_" + ids.text(21),
        "webhook_secret": "whs_" + ids.text(32),
    }


def merchant_ids(own: Mapping[str, Any]) -> list[str]:
    """The merchants for whom the key may act, from a workspace's credentials; the first is the usual one."""
    found = own["merchant_id"]
    return list(found) if isinstance(found, list) else [found]


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    return [found["api_key"]]


def banner(own: Mapping[str, Any]) -> BannerLine:
    return BannerLine("PPRO", own["api_key"], f"Merchant-Id {', '.join(merchant_ids(own))}")
