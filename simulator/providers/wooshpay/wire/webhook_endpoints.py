"""Requests about webhook endpoints, and the endpoint that answers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from simulator.engine.known import NoEffect
from simulator.providers.wooshpay.wire.values import Boolean, EventNames, Filled, Metadata, Model, Text, present


class EndpointRequest(Model):
    """POST /v1/webhook_endpoints"""

    url: Filled
    enabled_events: EventNames
    description: Text | None = None
    api_version: Annotated[Text, NoEffect("is echoed: events have the version of the account")] | None = None
    metadata: Metadata | None = None


class EndpointUpdate(Model):
    """POST /v1/webhook_endpoints/{id}. Stripe's `disabled` and our `status` both switch it off and on.

    Inferred: wooshpay.endpoints-update.
    """

    url: Filled | None = None
    enabled_events: EventNames | None = None
    description: Text | None = None
    metadata: Metadata | None = None
    disabled: Boolean | None = None
    status: Literal["enabled", "disabled"] | None = None


def webhook_endpoint(found: Mapping[str, Any]) -> dict[str, Any]:
    """`secret` is answered on reads too, as the samples show. Inferred: wooshpay.endpoints-update."""
    return present(
        {
            "id": found["id"],
            "object": "webhook_endpoint",
            "created": found["created"],
            "livemode": found["livemode"],
            "api_version": found.get("api_version"),
            "description": found.get("description"),
            "metadata": found.get("metadata") or None,
            "secret": found["secret"],
            "status": found["status"],
            "url": found["url"],
            "enabled_events": found["enabled_events"],
        }
    )
