"""Workflows with their conditions and actions. Source: docs/providers/checkoutcom.md, source 3.10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictStr, model_validator

from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.event_types import SOURCES
from simulator.providers.checkoutcom.model import Workflow
from simulator.providers.checkoutcom.wire.fields import (
    Flag,
    Headers,
    HookUrl,
    Model,
    SignatureKey,
    Text255,
)
from simulator.providers.checkoutcom.wire.values import link, present


def _event_types(events: dict[str, list[str]]) -> dict[str, list[str]]:
    """Refuses a source that does not exist, and an event that its source does not have.

    Source: docs/providers/checkoutcom.md, corrections.
    """
    if any(name not in SOURCES.get(source, ()) for source, names in events.items() for name in names):
        raise Unfit("event_types_invalid")
    if not events.keys() <= SOURCES.keys():
        raise Unfit("event_types_invalid")
    return events


class Condition(Model):
    type: Literal["event", "entity", "processing_channel"]
    events: Annotated[dict[StrictStr, list[StrictStr]], AfterValidator(_event_types)] | None = None
    entities: list[StrictStr] | None = None
    processing_channels: list[StrictStr] | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Condition:
        wanted = {"event": self.events, "entity": self.entities, "processing_channel": self.processing_channels}
        if wanted[self.type] is None:
            raise Unfit(f"workflow_condition_{self.type}_required")
        return self


class Signature(Model):
    method: Literal["HMACSHA256"] = "HMACSHA256"
    key: SignatureKey


class WorkflowAction(Model):
    type: Literal["webhook"]
    url: HookUrl
    headers: Headers | None = None
    signature: Signature | None = None


def _once_each(conditions: list[Condition]) -> list[Condition]:
    types = [condition.type for condition in conditions]
    if len(types) != len(set(types)):
        raise Unfit("workflow_condition_type_duplicate")
    return conditions


class WorkflowRequest(Model):
    """POST /workflows"""

    name: Text255 | None = None
    active: Flag | None = None
    conditions: Annotated[list[Condition], Field(min_length=1, max_length=10), AfterValidator(_once_each)] | None = None
    actions: Annotated[list[WorkflowAction], Field(min_length=1, max_length=100)]


class WorkflowUpdate(Model):
    """PATCH /workflows/{id}"""

    name: Text255 | None = None
    active: Flag | None = None


class WorkflowTest(Model):
    """POST /workflows/{id}/test"""

    event_types: Annotated[list[StrictStr], Field(min_length=1, max_length=100)]


def workflow_part(workflow: Workflow, part: Mapping[str, Any], kind: str, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/{workflow.id}/{kind}/{part['id']}"
    return {**part, "_links": {"self": link(href)}}


def workflow_short(workflow: Workflow, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/{workflow.id}"
    return present(
        {"id": workflow.id, "name": workflow.name, "active": workflow.active, "_links": {"self": link(href)}}
    )


def workflow(workflow: Workflow, base: str) -> dict[str, Any]:
    short = workflow_short(workflow, base)
    links = short.pop("_links")
    return {
        **short,
        "conditions": [workflow_part(workflow, c, "conditions", base) for c in workflow.conditions],
        "actions": [workflow_part(workflow, a, "actions", base) for a in workflow.actions],
        "_links": links,
    }
