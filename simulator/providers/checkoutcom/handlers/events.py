"""Events of the Default platform: reading them, and sending them again. Source: docs/providers/checkoutcom.md, source 3.10."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from simulator.engine.provider import Call, Reply
from simulator.engine.store.base import EVERY, AttemptRow, OutboxRow
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import from_micros
from simulator.kernel.refusals import NotFound
from simulator.providers.checkoutcom import event_types, webhooks
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.workflows import find_workflow
from simulator.providers.checkoutcom.model import EventRecord, Payment, Workflow, derived_id
from simulator.providers.checkoutcom.wire import events as wire
from simulator.providers.checkoutcom.wire import values

STATUSES = {"pending": "pending", "delivered": "successful", "failed": "failed"}
_TITLES = {"gateway": "Gateway", "dispute": "Disputes", "report": "Reports"}


def list_event_types(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/event-types. Display names and descriptions are ours. Inferred: checkoutcom.event-names."""
    groups = (
        ("gateway", event_types.GATEWAY_EVENTS),
        ("dispute", event_types.DISPUTE_EVENTS),
        ("report", event_types.REPORT_EVENTS),
    )
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


def messages(uow: UnitOfWork, event: EventRecord) -> list[tuple[OutboxRow, dict[str, Any]]]:
    """The messages that told of an event, oldest first, each with its context: which workflow or webhook it went to."""
    rows = uow.store.messages(uow.workspace.id, provider="checkoutcom", subject=event.payment_id, limit=EVERY)
    found = [(row, orjson.loads(row.context)) for row in rows]
    return [(row, context) for row, context in found if context.get("event") == event.id]


def attempts_of(uow: UnitOfWork, messages: Iterable[int]) -> list[AttemptRow]:
    """Every attempt to deliver these messages (by `seq`), oldest first."""
    return sorted(uow.store.attempts(list(messages)), key=lambda attempt: (attempt.at, attempt.message, attempt.n))


def find_event(call: Call, uow: UnitOfWork, platform: str = "default") -> EventRecord:
    """The event that the path names. Raises `NotFound`, also for an event of the other platform."""
    found = uow.get(EventRecord, call.path["event"], "event")
    if found.platform != platform:
        raise NotFound("event", found.id, "event")
    return found


def get_event(call: Call, uow: UnitOfWork) -> Reply:
    event = find_event(call, uow)
    latest: dict[tuple[str, str], str] = {}
    for row, context in messages(uow, event):
        if "workflow" in context:
            latest[context["workflow"], context["action"]] = STATUSES.get(row.state, "pending")
    invocations = [(workflow, action, status) for (workflow, action), status in latest.items()]
    return Reply(200, wire.event(event, invocations, call.base_url))


def get_action_invocations(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/events/{event}/actions/{action}: every attempt, latest first."""
    event, action_id = find_event(call, uow), call.path["action"]
    mine = [(row, context) for row, context in messages(uow, event) if context.get("action") == action_id]
    if not mine:
        raise NotFound("workflow-action", action_id, "action")
    rows = {row.seq: row for row, _ in mine}
    shown = []
    for index, attempt in enumerate(attempts_of(uow, rows)):
        row, status, moment = rows[attempt.message], attempt.status, from_micros(attempt.at)
        received = from_micros(attempt.at + int(attempt.duration_ms * 1000)) if status is not None else None
        details = {
            "status_code": status,
            "url": row.url,
            "headers": orjson.loads(attempt.headers),
            "response_received_timestamp": values.instant(received.replace(microsecond=0)) if received else None,
        }
        succeeded = status is not None and 200 <= status < 300
        shown.append(
            {
                "invocation_id": derived_id("ivc", f"{row.id}/{attempt.n}"),
                "timestamp": values.instant(moment.replace(microsecond=0)),
                "retry": index > 0,
                "succeeded": succeeded,
                "final": succeeded or (row.state == "failed" and attempt.n == row.attempts),
                "result_details": values.present(details),
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
        "_links": {"self": values.link(own)},
    }
    return Reply(200, body)


def _events_of(uow: UnitOfWork, subject: str) -> list[EventRecord]:
    """What happened to a payment, oldest first; nothing for an unknown one."""
    return [event for event in uow.by_key(EventRecord, "payment", subject)[::-1] if event.platform == "default"]


def _subject_events(call: Call, uow: UnitOfWork) -> list[EventRecord]:
    """Raises `NotFound` for a subject to which nothing has happened."""
    found = _events_of(uow, call.path["subject"])
    if not found:
        raise NotFound("subject", call.path["subject"], "subject")
    return found


def get_subject_events(call: Call, uow: UnitOfWork) -> Reply:
    """GET /workflows/events/subject/{id}: oldest first."""
    found = _subject_events(call, uow)
    return Reply(200, {"data": [wire.event_short(event, call.base_url) for event in found]})


def resend(uow: UnitOfWork, event: EventRecord, to: list[str] | None) -> None:
    """Sends an event again: the same bytes, to the workflows or webhooks as they stand now. Inferred: checkoutcom.reflow.

    `to` are their ids; None means all that match.
    """
    payment = uow.find(Payment, event.payment_id)  # None where the event is a sample
    uow.emit(event.type, payment or event, extra={webhooks.RESEND: {"event": event.id, "to": to}})


def reflow_event(call: Call, uow: UnitOfWork) -> Reply:
    resend(uow, find_event(call, uow), None)
    return Reply(202)


def reflow_event_to_workflow(call: Call, uow: UnitOfWork) -> Reply:
    resend(uow, find_event(call, uow), [find_workflow(call, uow).id])
    return Reply(202)


def reflow_subject(call: Call, uow: UnitOfWork) -> Reply:
    for event in _subject_events(call, uow):
        resend(uow, event, None)
    return Reply(202)


def reflow_subject_to_workflow(call: Call, uow: UnitOfWork) -> Reply:
    workflow = find_workflow(call, uow)
    for event in _subject_events(call, uow):
        resend(uow, event, [workflow.id])
    return Reply(202)


def reflow(call: Call, uow: UnitOfWork) -> Reply:
    """POST /workflows/events/reflow: sends events, or all events of subjects, again to the named workflows, else to all.

    Raises `Refused` with every kind of id that is unknown; then nothing is sent.
    """
    request: wire.ReflowRequest = call.body
    codes, events = [], []
    for id_ in request.events or []:
        event = uow.find(EventRecord, id_)
        if event is None or event.platform != "default":
            codes.append("event_ids_invalid")
        else:
            events.append(event)
    for subject in request.subjects or []:
        found = _events_of(uow, subject)
        if not found:
            codes.append("subject_id_invalid")
        events += found
    if not request.events and not request.subjects:
        codes.append("event_ids_invalid")
    if any(webhooks.find_endpoint(uow.workspace, Workflow, id_) is None for id_ in request.workflows or []):
        codes.append("workflow_ids_invalid")
    if codes:
        raise refused(*codes)
    for event in events:
        resend(uow, event, request.workflows)
    return Reply(202)
