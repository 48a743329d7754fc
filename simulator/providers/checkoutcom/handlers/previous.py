"""`/webhooks` and `/events` of the Previous platform. Source: docs/providers/checkoutcom.md, source 3.15."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from simulator.engine.provider import Call, Reply
from simulator.engine.store.base import OutboxRow
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import from_micros
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.checkoutcom import event_types, notices, webhooks
from simulator.providers.checkoutcom.handlers.events import attempts_of, find_event, messages, resend
from simulator.providers.checkoutcom.model import EventRecord, Webhook, derived_id, new_id
from simulator.providers.checkoutcom.wire import previous as wire
from simulator.providers.checkoutcom.wire import values


def _webhook(call: Call, uow: UnitOfWork) -> Webhook:
    return webhooks.get_endpoint(uow.workspace, Webhook, call.path["id"])


def list_webhooks(call: Call, uow: UnitOfWork) -> Reply:
    """GET /webhooks: 204 when there is none."""
    found = webhooks.endpoints(uow.workspace, Webhook)
    return Reply(200, [wire.webhook(webhook, call.base_url) for webhook in found]) if found else Reply(204)


def _must_be_free(uow: UnitOfWork, url: str | None, own: str | None = None) -> None:
    """Raises `Refused` (409) when another webhook has this URL. Source: source 3.15."""
    if url is not None and any(w.url == url and w.id != own for w in webhooks.endpoints(uow.workspace, Webhook)):
        raise Refused("conflict")


def register_webhook(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.WebhookRequest = call.body
    _must_be_free(uow, request.url)
    webhook = Webhook(
        id=new_id(uow.ids, "wh"),
        url=request.url,
        active=request.active is not False,
        headers=request.headers or {},
        content_type=request.content_type or "json",
        event_types=tuple(request.event_types),
    )
    notices.check_webhook(call, webhook)
    webhooks.save_endpoint(uow, webhook)
    return Reply(201, wire.webhook(webhook, call.base_url))


def get_webhook(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.webhook(_webhook(call, uow), call.base_url))


def change_webhook(call: Call, uow: UnitOfWork) -> Reply:
    """PUT with all five members, or PATCH with some."""
    request: wire.WebhookReplacement | wire.WebhookUpdate = call.body
    webhook = _webhook(call, uow)
    _must_be_free(uow, request.url, webhook.id)
    changes = request.model_dump(exclude_none=True)
    if "event_types" in changes:
        changes["event_types"] = tuple(changes["event_types"])
    changed = replace(webhook, **changes)
    notices.check_webhook(call, changed)
    webhooks.save_endpoint(uow, changed)
    return Reply(200, wire.webhook(changed, call.base_url))


def remove_webhook(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE /webhooks/{id}: 200 with an empty body, not 204."""
    webhooks.drop_endpoint(uow, _webhook(call, uow).id)
    return Reply(200)


def list_previous_event_types(call: Call, uow: UnitOfWork) -> Reply:
    versions = {"1.0": event_types.OLD_EVENTS, "2.0": event_types.PREVIOUS_EVENTS}
    query: wire.EventTypesQuery = call.body
    wanted = query.version
    if wanted is not None and wanted not in versions:
        notices.differs(call, "version", "version is 1.0 or 2.0; both are shown")
    shown = [wanted] if wanted in versions else list(versions)
    return Reply(200, [{"version": version, "event_types": list(versions[version])} for version in shown])


def list_previous_events(call: Call, uow: UnitOfWork) -> Reply:
    """GET /events: newest first, 204 when there is none. Inferred: checkoutcom.previous-events."""
    query: wire.EventsQuery = call.body
    found = uow.by_key(EventRecord, "platform", "previous")
    if query.payment_id is not None:
        found = [event for event in found if event.payment_id == query.payment_id]
    if query.reference is not None:
        found = [event for event in found if event.reference == query.reference]
    if not found or query.charge_id is not None or query.track_id is not None:
        return Reply(204)
    page = found[query.skip : query.skip + query.limit]
    body: dict[str, Any] = {"total_count": len(found), "limit": query.limit, "skip": query.skip}
    return Reply(200, body | {"data": [wire.previous_event_short(event, call.base_url) for event in page]})


def _notifications(uow: UnitOfWork, event: EventRecord) -> dict[str, list[OutboxRow]]:
    """The messages that told of an event, by the id of their notification. There is one notification for each webhook."""
    found: dict[str, list[OutboxRow]] = {}
    for row, context in messages(uow, event):
        if row.url is not None:
            found.setdefault(derived_id("ntf", f"{event.id}/{context.get('webhook', '')}"), []).append(row)
    return found


def get_previous_event(call: Call, uow: UnitOfWork) -> Reply:
    event = find_event(call, uow, "previous")
    shown = [
        (id_, rows[-1].url or "", any(row.state == "delivered" for row in rows))
        for id_, rows in _notifications(uow, event).items()
    ]
    return Reply(200, wire.previous_event(event, shown, call.base_url))


def get_notification(call: Call, uow: UnitOfWork) -> Reply:
    """GET /events/{event}/notifications/{id}: with its attempts, latest first."""
    event, id_ = find_event(call, uow, "previous"), call.path["notification"]
    rows = _notifications(uow, event).get(id_)
    if rows is None:
        raise NotFound("notification", id_, "notification")
    manual = {row.seq: orjson.loads(row.context).get("manual") for row in rows}
    own = f"{call.base_url}/events/{event.id}/notifications/{id_}"
    webhook = orjson.loads(rows[-1].context).get("webhook")
    body = {
        "id": id_,
        "url": rows[-1].url,
        "success": any(row.state == "delivered" for row in rows),
        "content_type": "json",
        "attempts": [
            {
                "status_code": attempt.status or 0,
                "response_body": attempt.answer if attempt.answer is not None else attempt.error,
                "send_mode": "Manual" if manual[attempt.message] else "Automatic",
                "timestamp": values.instant(from_micros(attempt.at)),
            }
            for attempt in reversed(attempts_of(uow, manual))
        ],
        "_links": {
            "self": values.link(own),
            "retry": values.link(f"{call.base_url}/events/{event.id}/webhooks/{webhook}/retry"),
        },
    }
    return Reply(200, body)


def retry_all_webhooks(call: Call, uow: UnitOfWork) -> Reply:
    resend(uow, find_event(call, uow, "previous"), None)
    return Reply(202)


def retry_webhook(call: Call, uow: UnitOfWork) -> Reply:
    event = find_event(call, uow, "previous")
    resend(uow, event, [webhooks.get_endpoint(uow.workspace, Webhook, call.path["webhook"]).id])
    return Reply(202)
