"""Webhooks and events of the Previous platform. Source: docs/providers/checkoutcom.md, source 3.15."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictStr

from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.event_types import OLD_EVENTS, PREVIOUS_EVENTS
from simulator.providers.checkoutcom.model import EventRecord, Webhook
from simulator.providers.checkoutcom.wire.fields import (
    FilterText,
    Flag,
    Headers,
    HookUrl,
    Model,
    PageLimit,
    PaymentId,
    Skip,
)
from simulator.providers.checkoutcom.wire.values import link


def _event_types(names: list[str]) -> list[str]:
    if any(name not in (*PREVIOUS_EVENTS, *OLD_EVENTS) for name in names):
        raise Unfit("event_types_invalid")
    return names


EventTypes = Annotated[list[StrictStr], Field(min_length=1, max_length=200), AfterValidator(_event_types)]


class WebhookRequest(Model):
    """POST /webhooks"""

    url: HookUrl
    active: Flag | None = None
    headers: Headers | None = None
    content_type: Literal["json", "xml"] | None = None
    event_types: EventTypes


class WebhookReplacement(Model):
    """PUT /webhooks/{id}: needs all five members."""

    url: HookUrl
    active: Flag
    headers: Headers
    content_type: Literal["json", "xml"]
    event_types: EventTypes


class WebhookUpdate(Model):
    """PATCH /webhooks/{id}"""

    url: HookUrl | None = None
    active: Flag | None = None
    headers: Headers | None = None
    content_type: Literal["json", "xml"] | None = None
    event_types: EventTypes | None = None


class EventTypesQuery(Model):
    """GET /event-types"""

    version: StrictStr | None = None


class EventsQuery(Model):
    """GET /events. No event of this platform has a charge or a track id: they belong to version 1.0."""

    payment_id: PaymentId | None = None
    charge_id: FilterText | None = None
    track_id: FilterText | None = None
    reference: FilterText | None = None
    limit: PageLimit = 10
    skip: Skip = 0


def webhook(webhook: Webhook, base: str) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "active": webhook.active,
        "headers": webhook.headers,
        "content_type": webhook.content_type,
        "event_types": list(webhook.event_types),
        "_links": {"self": link(f"{base}/webhooks/{webhook.id}")},
    }


def previous_event_short(event: EventRecord, base: str) -> dict[str, Any]:
    own = f"{base}/events/{event.id}"
    links = {"self": link(own), "webhooks-retry": link(f"{own}/webhooks/retry")}
    return {"id": event.id, "type": event.type, "created_on": event.timestamp, "_links": links}


def previous_event(event: EventRecord, notifications: Sequence[tuple[str, str, bool]], base: str) -> dict[str, Any]:
    """GET /events/{id}. Each of `notifications` is an id, a URL, and whether it was delivered."""
    own = f"{base}/events/{event.id}"
    return {
        "id": event.id,
        "type": event.type,
        "version": "2.0",
        "created_on": event.timestamp,
        "data": event.data,
        "notifications": [
            {"id": id_, "url": url, "success": success, "_links": {"self": link(f"{own}/notifications/{id_}")}}
            for id_, url, success in notifications
        ],
        "_links": {"self": link(own), "webhooks-retry": link(f"{own}/webhooks/retry")},
    }
