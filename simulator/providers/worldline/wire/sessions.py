"""The request that makes a client session, and the session that answers it."""

from __future__ import annotations

from typing import Any

from simulator.providers.worldline.wire.layout import present
from simulator.providers.worldline.wire.products import ProductFilters
from simulator.providers.worldline.wire.values import Model, Text


class SessionRequest(Model):
    """POST /v1/{merchantId}/sessions"""

    tokens: list[Text] | None = None
    paymentProductFilters: ProductFilters | None = None


def session(base_url: str, session_id: str, customer_id: str, invalid_tokens: list[str]) -> dict[str, Any]:
    return present(
        {
            "assetUrl": f"{base_url}/",
            "clientApiUrl": f"{base_url}/client",
            "clientSessionId": session_id,
            "customerId": customer_id,
            "invalidTokens": invalid_tokens or None,
            "region": "EU",
        }
    )
