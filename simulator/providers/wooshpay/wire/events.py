"""An event, as it is answered and as it is sent."""

from __future__ import annotations

from typing import Any

from simulator.providers.wooshpay.model import StoredEvent, rounded_ms
from simulator.providers.wooshpay.wire.values import present


def event(found: StoredEvent, api_version: str | None) -> dict[str, Any]:
    """An event as `GET /v1/events/{id}` answers it."""
    return present(
        {
            "id": found.id,
            "object": "event",
            "api_version": api_version,
            "created": rounded_ms(found.created_at),
            "data": {"object": found.data},
            "livemode": found.livemode,
            "request": found.request,
            "type": found.type,
        }
    )


def delivered_event(found: StoredEvent) -> dict[str, Any]:
    """An event as it is sent: the same facts in another order. Source: docs/providers/wooshpay.md, source 6.2."""
    return present(
        {
            "id": found.id,
            "object": "event",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "data": {"object": found.data},
            "request": found.request,
            "type": found.type,
        }
    )
