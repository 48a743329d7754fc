"""What a merchant of Checkout.com's has, on both platforms. Source: docs/providers/checkoutcom.md, source 2.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.ids import Ids

BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    if default:
        return {
            "secret_key": "sk_sbox_" + "default".ljust(27, "a"),
            "public_key": "pk_sbox_" + "default".ljust(27, "a"),
            "client_id": "ack_" + "default".ljust(26, "a"),
            "client_secret": "default-client-secret",
            "processing_channel_id": "pc_" + "default".ljust(26, "a"),
            "previous_secret_key": "sk_test_00000000-0000-4000-8000-00000000defa",
            "previous_public_key": "pk_test_00000000-0000-4000-8000-00000000defa",
        }
    return {
        "secret_key": "sk_sbox_" + ids.text(27, BASE32),
        "public_key": "pk_sbox_" + ids.text(27, BASE32),
        "client_id": "ack_" + ids.text(26, BASE32),
        "client_secret": ids.text(43),
        "processing_channel_id": "pc_" + ids.base32_guid(),
        "previous_secret_key": f"sk_test_{ids.guid()}",
        "previous_public_key": f"pk_test_{ids.guid()}",
    }


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    names = ("secret_key", "public_key", "client_id", "previous_secret_key", "previous_public_key")
    return [found[name] for name in names]


def banner(own: Mapping[str, Any]) -> BannerLine:
    return BannerLine("Checkout", own["secret_key"], f"channel {own['processing_channel_id']}")
