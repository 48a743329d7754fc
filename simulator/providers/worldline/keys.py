"""What a merchant of Worldline's has: an API key, and one for webhooks. Source: docs/providers/worldline.md, sources 2.1 and 6."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.crypto import b64
from simulator.kernel.ids import Ids


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    if default:
        return {
            "merchant_id": "1001",
            "api_key_id": "5eed000000000001",
            "secret_api_key": "c2ltdWxhdG9yLXNlY3JldC1hcGkta2V5LTAwMDAwMDE=",
            "webhooks_key_id": "5eed000000000002",
            "webhooks_secret": "5eed0000-0000-4000-8000-000000000003",
        }
    return {
        "merchant_id": "2" + ids.digits(8),
        "api_key_id": ids.hex(16),
        "secret_api_key": b64(ids.bytes(32)),
        "webhooks_key_id": ids.hex(16),
        "webhooks_secret": ids.guid(),
    }


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    return [found["api_key_id"]]


def banner(own: Mapping[str, Any]) -> BannerLine:
    return BannerLine("Worldline", f"merchant {own['merchant_id']}", f"key id {own['api_key_id']}")
