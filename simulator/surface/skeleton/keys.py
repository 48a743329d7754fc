"""What a merchant of Newpay's has. A start needs it: nothing else of the provider is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.ids import Ids


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    """New ones; those of the `default` workspace are the same on every machine."""
    if default:
        return {"api_key": "newpay_test_default", "webhook_secret": "newpay_webhook_secret_default"}
    return {"api_key": "newpay_test_" + ids.text(24), "webhook_secret": ids.text(32)}


def lookups(credentials: Mapping[str, Any]) -> Sequence[str]:
    """By what `authenticate` finds the workspace."""
    return [credentials["api_key"]]


def banner(credentials: Mapping[str, Any]) -> BannerLine:
    return BannerLine("Newpay", credentials["api_key"])
