"""Events of the Default platform, and the request to send them again. Source: docs/providers/checkoutcom.md, source 3.10."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import StrictStr

from simulator.providers.checkoutcom.model import EventRecord
from simulator.providers.checkoutcom.wire.fields import Model
from simulator.providers.checkoutcom.wire.values import link

VERSION = "1.0.29"
REPORT_VERSION = "1.1.0"


class ReflowRequest(Model):
    """POST /workflows/events/reflow"""

    events: list[StrictStr] | None = None
    subjects: list[StrictStr] | None = None
    workflows: list[StrictStr] | None = None


def event_short(event: EventRecord, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/events/{event.id}"
    return {"id": event.id, "type": event.type, "timestamp": event.timestamp, "_links": {"self": link(href)}}


def event(event: EventRecord, invocations: Sequence[tuple[str, str, str]], base: str) -> dict[str, Any]:
    """GET /workflows/events/{id}, in the frame in which it was sent. Each of `invocations` is the id of a workflow, the id of its
    action, and a status."""
    own, sent = f"{base}/workflows/events/{event.id}", orjson.loads(event.body)
    is_report = event.source == "report"
    about = {} if is_report else {"payment": link(f"{base}/payments/{event.payment_id}")}
    frame: dict[str, Any] = {"source": event.source, "type": event.type, "timestamp": event.timestamp}
    if "created_on" in sent:
        frame = {"type": event.type, "created_on": sent["created_on"]}
    return {
        "id": event.id,
        **frame,
        "version": REPORT_VERSION if is_report else VERSION,
        "data": event.data,
        "action_invocations": [
            {
                "workflow_id": workflow_id,
                "workflow_action_id": action_id,
                "status": status,
                "_links": {"self": link(f"{own}/actions/{action_id}")},
            }
            for workflow_id, action_id, status in invocations
        ],
        "_links": {"self": link(own), **about},
    }
