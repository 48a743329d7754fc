"""Workflows and their events on the Default platform, `/webhooks` and `/events` on the Previous one.

Source: reference/checkoutcom.md, sections 3.10 and 3.15.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson

from simulator.engine.provider import Call, Reply
from simulator.engine.store.base import OutboxRow
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import from_micros
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.checkoutcom import disputes, webhooks, wire
from simulator.providers.checkoutcom.handlers import CHANNEL
from simulator.providers.checkoutcom.model import EventRecord, Payment, Webhook, Workflow, new_id

STATUSES = {"pending": "pending", "delivered": "successful", "failed": "failed"}


# Workflows -----------------------------------------------------------------------------------------------------


def _workflow(call: Call, uow: UnitOfWork) -> Workflow:
    found = webhooks.find_endpoint(uow.workspace, Workflow, call.path["workflow"])
    if found is None:
        raise NotFound("workflow", call.path["workflow"], "workflow")
    return found


def _change(uow: UnitOfWork, workflow: Workflow, **changes: Any) -> None:
    webhooks.save_endpoint(uow, replace(workflow, **changes))


def _condition(uow: UnitOfWork, request: wire.Condition, id_: str | None = None) -> dict[str, Any]:
    members = {"event": request.events, "entity": request.entities, "processing_channel": request.processing_channels}
    names = {"event": "events", "entity": "entities", "processing_channel": "processing_channels"}
    return {
        "id": id_ or new_id(uow.ids, "wfc"),
        "type": request.type,
        names[request.type]: members[request.type],
    }


def _action(uow: UnitOfWork, request: wire.WorkflowAction, id_: str | None = None) -> dict[str, Any]:
    return wire.present(
        {
            "id": id_ or new_id(uow.ids, "wfa"),
            "type": request.type,
            "url": request.url,
            "headers": request.headers,
            "signature": wire.plain(request.signature),
        }
    )


def list_workflows(call: Call, uow: UnitOfWork) -> Reply:
    found = webhooks.endpoints(uow.workspace, Workflow)
    return Reply(200, {"data": [wire.workflow_short(workflow, call.base_url) for workflow in found]})


def create_workflow(call: Call, uow: UnitOfWork) -> Reply:
    """POST /workflows: only the id and the link come back."""
    request: wire.WorkflowRequest = call.body
    workflow = Workflow(
        id=new_id(uow.ids, "wf"),
        name=request.name,
        active=request.active is not False,
        conditions=tuple(_condition(uow, condition) for condition in request.conditions or ()),
        actions=tuple(_action(uow, action) for action in request.actions),
    )
    webhooks.save_endpoint(uow, workflow)
    return Reply(201, _created(workflow.id, f"{call.base_url}/workflows/{workflow.id}"))


def _created(id_: str, href: str) -> dict[str, Any]:
    return {"id": id_, "_links": {"self": wire.link(href)}}


def get_workflow(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.workflow(_workflow(call, uow), call.base_url))


def update_workflow(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.WorkflowUpdate = call.body
    workflow = replace(_workflow(call, uow), **request.model_dump(exclude_none=True))
    webhooks.save_endpoint(uow, workflow)
    return Reply(200, wire.present({"name": workflow.name, "active": workflow.active}))


def delete_workflow(call: Call, uow: UnitOfWork) -> Reply:
    webhooks.drop_endpoint(uow, _workflow(call, uow).id)
    return Reply(204)


def _part(parts: Iterable[dict[str, Any]], id_: str, kind: str) -> dict[str, Any]:
    found = next((part for part in parts if part["id"] == id_), None)
    if found is None:
        raise NotFound(kind, id_)
    return found


def add_action(call: Call, uow: UnitOfWork) -> Reply:
    workflow = _workflow(call, uow)
    action = _action(uow, call.body)
    _change(uow, workflow, actions=(*workflow.actions, action))
    return Reply(201, _created(action["id"], f"{call.base_url}/workflows/{workflow.id}/actions/{action['id']}"))


def update_action(call: Call, uow: UnitOfWork) -> Reply:
    """PUT: 200 with an empty body."""
    workflow = _workflow(call, uow)
    old = _part(workflow.actions, call.path["action"], "workflow-action")
    new = _action(uow, call.body, old["id"])
    _change(uow, workflow, actions=tuple(new if a is old else a for a in workflow.actions))
    return Reply(200)


def remove_action(call: Call, uow: UnitOfWork) -> Reply:
    """The last action stays: a workflow needs one (inferred)."""
    workflow = _workflow(call, uow)
    old = _part(workflow.actions, call.path["action"], "workflow-action")
    if len(workflow.actions) == 1:
        raise Refused("request_invalid", {"codes": ["workflow_actions_required"]})
    _change(uow, workflow, actions=tuple(a for a in workflow.actions if a is not old))
    return Reply(204)


def _once(workflow: Workflow, condition: dict[str, Any]) -> None:
    if any(c["type"] == condition["type"] and c["id"] != condition["id"] for c in workflow.conditions):
        raise Refused("request_invalid", {"codes": ["workflow_condition_type_duplicate"]})


def add_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = _workflow(call, uow)
    condition = _condition(uow, call.body)
    _once(workflow, condition)
    _change(uow, workflow, conditions=(*workflow.conditions, condition))
    return Reply(
        201, _created(condition["id"], f"{call.base_url}/workflows/{workflow.id}/conditions/{condition['id']}")
    )


def update_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = _workflow(call, uow)
    old = _part(workflow.conditions, call.path["condition"], "workflow-condition")
    new = _condition(uow, call.body, old["id"])
    _once(workflow, new)
    _change(uow, workflow, conditions=tuple(new if c is old else c for c in workflow.conditions))
    return Reply(200)


def remove_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = _workflow(call, uow)
    old = _part(workflow.conditions, call.path["condition"], "workflow-condition")
    _change(uow, workflow, conditions=tuple(c for c in workflow.conditions if c is not old))
    return Reply(204)


def test_workflow(call: Call, uow: UnitOfWork) -> Reply:
    """POST /workflows/{id}/test: a sample of each event to the workflow's own actions; unknown events are refused."""
    request: wire.WorkflowTest = call.body
    workflow = _workflow(call, uow)
    known = (*webhooks.GATEWAY_EVENTS, *webhooks.DISPUTE_EVENTS)
    if any(name not in known for name in request.event_types):
        raise Refused("request_invalid", {"codes": ["event_types_invalid"]})
    sample = Payment(
        id=new_id(uow.ids, "pay"),
        state="Pending",
        created_at=uow.now,
        updated_at=uow.now,
        origin=call.base_url,
        amount=1000,
        currency="EUR",
        source_type="alipay_cn",
        reference="WORKFLOW-TEST",
        customer_id=new_id(uow.ids, "cus"),
        session_id=new_id(uow.ids, "sid"),
        code="",
        processing_channel_id=uow.workspace.credentials["checkoutcom"][CHANNEL],
    )
    disputed = disputes.of(uow, sample)
    for name in dict.fromkeys(request.event_types):
        about = {"data": disputed} if name in webhooks.DISPUTE_EVENTS else {}
        uow.emit(name, sample, extra={webhooks.SAMPLE: workflow.id, **about})
    return Reply(204)


_TITLES = {"gateway": "Gateway", "dispute": "Disputes"}


def list_event_types(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/event-types. Display names and descriptions are ours (inferred)."""
    groups = (("gateway", webhooks.GATEWAY_EVENTS), ("dispute", webhooks.DISPUTE_EVENTS))
    body = []
    for source, names in groups:
        title = _TITLES[source]
        events = [
            {"id": name, "display_name": name.replace("_", " ").capitalize(), "description": f"{title} event {name}"}
            for name in names
        ]
        entry = {"id": source, "display_name": title, "description": f"Events of the source {source}", "events": events}
        body.append(entry)
    return Reply(200, body)


# Events --------------------------------------------------------------------------------------------------------


def _messages(uow: UnitOfWork, event: EventRecord) -> list[tuple[OutboxRow, dict[str, Any]]]:
    """What went out for this event, oldest first, with its context."""
    rows = uow.store.messages(uow.workspace.id, provider="checkoutcom", subject=event.payment_id, limit=10_000)
    found = [(row, orjson.loads(row.context)) for row in rows]
    return [(row, context) for row, context in found if context.get("event") == event.id]


def _event(call: Call, uow: UnitOfWork, platform: str = "default") -> EventRecord:
    found = uow.get(EventRecord, call.path["event"], "event")
    if found.platform != platform:
        raise NotFound("event", found.id, "event")
    return found


def get_event(call: Call, uow: UnitOfWork) -> Reply:
    event = _event(call, uow)
    latest: dict[tuple[str, str], str] = {}
    for row, context in _messages(uow, event):
        if "workflow" in context:
            latest[context["workflow"], context["action"]] = STATUSES.get(row.state, "pending")
    invocations = [(workflow, action, status) for (workflow, action), status in latest.items()]
    return Reply(200, wire.event(event, invocations, call.base_url))


def get_action_invocations(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/events/{event}/actions/{action}: every attempt, latest first."""
    event, action_id = _event(call, uow), call.path["action"]
    mine = [(row, context) for row, context in _messages(uow, event) if context.get("action") == action_id]
    if not mine:
        raise NotFound("workflow-action", action_id, "action")
    rows = {row.seq: row for row, _ in mine}
    attempts = sorted(uow.store.attempts(list(rows)), key=lambda attempt: (attempt[2], attempt[0], attempt[1]))
    shown = []
    for index, (seq, n, at, status, duration_ms, _, headers, _) in enumerate(attempts):
        row, moment = rows[seq], from_micros(at)
        received = from_micros(at + int(duration_ms * 1000)) if status is not None else None
        details = {
            "status_code": status,
            "url": row.url,
            "headers": orjson.loads(headers),
            "response_received_timestamp": wire.instant(received.replace(microsecond=0)) if received else None,
        }
        succeeded = status is not None and 200 <= status < 300
        shown.append(
            {
                "invocation_id": _derived_id("ivc", f"{row.id}/{n}"),
                "timestamp": wire.instant(moment.replace(microsecond=0)),
                "retry": index > 0,
                "succeeded": succeeded,
                "final": succeeded or (row.state == "failed" and n == row.attempts),
                "result_details": wire.present(details),
            }
        )
    last_row, context = mine[-1]
    own = f"{call.base_url}/workflows/events/{event.id}/actions/{action_id}"
    body = {
        "workflow_id": context["workflow"],
        "event_id": event.id,
        "workflow_action_id": action_id,
        "action_type": "webhook",
        "status": STATUSES.get(last_row.state, "pending"),
        "action_invocations": shown[::-1],
        "_links": {"self": wire.link(own)},
    }
    return Reply(200, body)


def _derived_id(prefix: str, of: str) -> str:
    """An id that is always the same for the same attempt; nothing has to be stored."""
    guid = uuid.UUID(bytes=hashlib.sha256(of.encode()).digest()[:16], version=4)
    return f"{prefix}_{base64.b32encode(guid.bytes_le).decode().lower().rstrip('=')}"


def _events_of(uow: UnitOfWork, subject: str) -> list[EventRecord]:
    found = [e for e in uow.by_key(EventRecord, "payment", subject)[::-1] if e.platform == "default"]
    if not found:
        raise NotFound("subject", subject, "subject")
    return found


def get_subject_events(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/events/subject/{id}: ascending by time."""
    found = _events_of(uow, call.path["subject"])
    return Reply(200, {"data": [wire.event_short(event, call.base_url) for event in found]})


def _resend(uow: UnitOfWork, event: EventRecord, to: list[str] | None) -> None:
    """The same event, the same bytes, to the workflows or webhooks as they are now (inferred)."""
    payment = uow.find(Payment, event.payment_id)
    if payment is not None:
        uow.emit(event.type, payment, extra={webhooks.RESEND: {"event": event.id, "to": to}})


def reflow_event(call: Call, uow: UnitOfWork) -> Reply:
    _resend(uow, _event(call, uow), None)
    return Reply(202)


def reflow_event_to_workflow(call: Call, uow: UnitOfWork) -> Reply:
    _resend(uow, _event(call, uow), [_workflow(call, uow).id])
    return Reply(202)


def reflow_subject(call: Call, uow: UnitOfWork) -> Reply:
    for event in _events_of(uow, call.path["subject"]):
        _resend(uow, event, None)
    return Reply(202)


def reflow_subject_to_workflow(call: Call, uow: UnitOfWork) -> Reply:
    workflow = _workflow(call, uow)
    for event in _events_of(uow, call.path["subject"]):
        _resend(uow, event, [workflow.id])
    return Reply(202)


def reflow(call: Call, uow: UnitOfWork) -> Reply:
    """POST /workflows/events/reflow: events or subjects, to the named workflows."""
    request: wire.ReflowRequest = call.body
    codes, events = [], []
    for id_ in request.events or []:
        event = uow.find(EventRecord, id_)
        if event is None or event.platform != "default":
            codes.append("event_ids_invalid")
        else:
            events.append(event)
    for subject in request.subjects or []:
        found = [e for e in uow.by_key(EventRecord, "payment", subject)[::-1] if e.platform == "default"]
        if not found:
            codes.append("subject_id_invalid")
        events += found
    if not request.events and not request.subjects:
        codes.append("event_ids_invalid")
    if any(webhooks.find_endpoint(uow.workspace, Workflow, id_) is None for id_ in request.workflows or []):
        codes.append("workflow_ids_invalid")
    if codes:
        raise Refused("request_invalid", {"codes": list(dict.fromkeys(codes))})
    for event in events:
        _resend(uow, event, request.workflows)
    return Reply(202)


# The Previous platform -----------------------------------------------------------------------------------------


def _webhook(call: Call, uow: UnitOfWork) -> Webhook:
    return _find_webhook(uow, call.path["id"])


def _find_webhook(uow: UnitOfWork, id_: str) -> Webhook:
    found = webhooks.find_endpoint(uow.workspace, Webhook, id_)
    if found is None:
        raise NotFound("webhook", id_, "id")
    return found


def list_webhooks(call: Call, uow: UnitOfWork) -> Reply:
    """204 when there is none."""
    found = webhooks.endpoints(uow.workspace, Webhook)
    return Reply(200, [wire.webhook(webhook, call.base_url) for webhook in found]) if found else Reply(204)


def _must_be_free(uow: UnitOfWork, url: str | None, own: str | None = None) -> None:
    """409 for a URL that is registered already. Source: section 3.15."""
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
    webhooks.save_endpoint(uow, changed)
    return Reply(200, wire.webhook(changed, call.base_url))


def remove_webhook(call: Call, uow: UnitOfWork) -> Reply:
    """200 with an empty body, not 204."""
    webhooks.drop_endpoint(uow, _webhook(call, uow).id)
    return Reply(200)


def list_previous_event_types(call: Call, uow: UnitOfWork) -> Reply:
    versions = {"1.0": webhooks.OLD_EVENTS, "2.0": webhooks.PREVIOUS_EVENTS}
    wanted = call.query.get("version")
    shown = [wanted] if wanted in versions else list(versions)
    return Reply(200, [{"version": version, "event_types": list(versions[version])} for version in shown])


def list_previous_events(call: Call, uow: UnitOfWork) -> Reply:
    """GET /events: newest first (inferred), 204 when there is none."""
    query: wire.EventsQuery = call.body
    found = uow.by_key(EventRecord, "platform", "previous")
    if query.payment_id is not None:
        found = [event for event in found if event.payment_id == query.payment_id]
    if query.reference is not None:
        found = [event for event in found if event.reference == query.reference]
    if not found:
        return Reply(204)
    page = found[query.skip : query.skip + query.limit]
    body: dict[str, Any] = {"total_count": len(found), "limit": query.limit, "skip": query.skip}
    return Reply(200, body | {"data": [wire.previous_event_short(event, call.base_url) for event in page]})


def _notifications(uow: UnitOfWork, event: EventRecord) -> dict[str, list[OutboxRow]]:
    """Messages of an event by notification: one for each webhook that was told."""
    found: dict[str, list[OutboxRow]] = {}
    for row, context in _messages(uow, event):
        if row.url is not None:
            found.setdefault(_derived_id("ntf", f"{event.id}/{context.get('webhook', '')}"), []).append(row)
    return found


def get_previous_event(call: Call, uow: UnitOfWork) -> Reply:
    event = _event(call, uow, "previous")
    shown = [
        (id_, rows[-1].url or "", any(row.state == "delivered" for row in rows))
        for id_, rows in _notifications(uow, event).items()
    ]
    return Reply(200, wire.previous_event(event, shown, call.base_url))


def get_notification(call: Call, uow: UnitOfWork) -> Reply:
    """GET /events/{event}/notifications/{id}: attempts, latest first."""
    event, id_ = _event(call, uow, "previous"), call.path["notification"]
    rows = _notifications(uow, event).get(id_)
    if rows is None:
        raise NotFound("notification", id_, "notification")
    manual = {row.seq: orjson.loads(row.context).get("manual") for row in rows}
    attempts = sorted(uow.store.attempts([row.seq for row in rows]), key=lambda a: (a[2], a[0], a[1]), reverse=True)
    own = f"{call.base_url}/events/{event.id}/notifications/{id_}"
    webhook = orjson.loads(rows[-1].context).get("webhook")
    body = {
        "id": id_,
        "url": rows[-1].url,
        "success": any(row.state == "delivered" for row in rows),
        "content_type": "json",
        "attempts": [
            {
                "status_code": status or 0,
                "response_body": answer if answer is not None else error,
                "send_mode": "Manual" if manual[seq] else "Automatic",
                "timestamp": wire.instant(from_micros(at)),
            }
            for seq, _, at, status, _, error, _, answer in attempts
        ],
        "_links": {
            "self": wire.link(own),
            "retry": wire.link(f"{call.base_url}/events/{event.id}/webhooks/{webhook}/retry"),
        },
    }
    return Reply(200, body)


def retry_all_webhooks(call: Call, uow: UnitOfWork) -> Reply:
    _resend(uow, _event(call, uow, "previous"), None)
    return Reply(202)


def retry_webhook(call: Call, uow: UnitOfWork) -> Reply:
    event = _event(call, uow, "previous")
    _resend(uow, event, [_find_webhook(uow, call.path["webhook"]).id])
    return Reply(202)
