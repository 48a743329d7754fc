"""Workflows of the Default platform, with their conditions and actions.

Source: docs/providers/checkoutcom.md, source 3.10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.checkoutcom import event_types, notices, webhooks
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers import samples
from simulator.providers.checkoutcom.model import Workflow, new_id
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire import workflows as wire


def find_workflow(call: Call, uow: UnitOfWork) -> Workflow:
    return webhooks.get_endpoint(uow.workspace, Workflow, call.path["workflow"])


def _change(uow: UnitOfWork, workflow: Workflow, **changes: Any) -> Workflow:
    changed = replace(workflow, **changes)
    webhooks.save_endpoint(uow, changed)
    return changed


def _condition(uow: UnitOfWork, request: wire.Condition, id_: str | None = None) -> dict[str, Any]:
    members = {"event": request.events, "entity": request.entities, "processing_channel": request.processing_channels}
    names = {"event": "events", "entity": "entities", "processing_channel": "processing_channels"}
    return {
        "id": id_ or new_id(uow.ids, "wfc"),
        "type": request.type,
        names[request.type]: members[request.type],
    }


def _action(uow: UnitOfWork, request: wire.WorkflowAction, id_: str | None = None) -> dict[str, Any]:
    return values.present(
        {
            "id": id_ or new_id(uow.ids, "wfa"),
            "type": request.type,
            "url": request.url,
            "headers": request.headers,
            "signature": values.plain(request.signature),
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
    notices.check_workflow(call, workflow)
    return Reply(201, _created(workflow.id, f"{call.base_url}/workflows/{workflow.id}"))


def _created(id_: str, href: str) -> dict[str, Any]:
    return {"id": id_, "_links": {"self": values.link(href)}}


def get_workflow(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.workflow(find_workflow(call, uow), call.base_url))


def update_workflow(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.WorkflowUpdate = call.body
    workflow = replace(find_workflow(call, uow), **request.model_dump(exclude_none=True))
    webhooks.save_endpoint(uow, workflow)
    return Reply(200, values.present({"name": workflow.name, "active": workflow.active}))


def delete_workflow(call: Call, uow: UnitOfWork) -> Reply:
    webhooks.drop_endpoint(uow, find_workflow(call, uow).id)
    return Reply(204)


def _part(parts: Iterable[dict[str, Any]], id_: str, kind: str) -> dict[str, Any]:
    """The condition or action with this id. Raises `NotFound`."""
    found = next((part for part in parts if part["id"] == id_), None)
    if found is None:
        raise NotFound(kind, id_)
    return found


def add_action(call: Call, uow: UnitOfWork) -> Reply:
    workflow = find_workflow(call, uow)
    action = _action(uow, call.body)
    _change(uow, workflow, actions=(*workflow.actions, action))
    return Reply(201, _created(action["id"], f"{call.base_url}/workflows/{workflow.id}/actions/{action['id']}"))


def update_action(call: Call, uow: UnitOfWork) -> Reply:
    """PUT: 200 with an empty body."""
    workflow = find_workflow(call, uow)
    old = _part(workflow.actions, call.path["action"], "workflow-action")
    new = _action(uow, call.body, old["id"])
    _change(uow, workflow, actions=tuple(new if a is old else a for a in workflow.actions))
    return Reply(200)


def remove_action(call: Call, uow: UnitOfWork) -> Reply:
    """Refuses to remove the last action, since a workflow needs one. Inferred: checkoutcom.workflow-match."""
    workflow = find_workflow(call, uow)
    old = _part(workflow.actions, call.path["action"], "workflow-action")
    if len(workflow.actions) == 1:
        raise refused("workflow_actions_required")
    _change(uow, workflow, actions=tuple(a for a in workflow.actions if a is not old))
    return Reply(204)


def _once(workflow: Workflow, condition: dict[str, Any]) -> None:
    """Raises `Refused` when the workflow has another condition of this type."""
    if any(c["type"] == condition["type"] and c["id"] != condition["id"] for c in workflow.conditions):
        raise refused("workflow_condition_type_duplicate")


def add_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = find_workflow(call, uow)
    condition = _condition(uow, call.body)
    _once(workflow, condition)
    notices.check_workflow(call, _change(uow, workflow, conditions=(*workflow.conditions, condition)))
    return Reply(
        201, _created(condition["id"], f"{call.base_url}/workflows/{workflow.id}/conditions/{condition['id']}")
    )


def update_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = find_workflow(call, uow)
    old = _part(workflow.conditions, call.path["condition"], "workflow-condition")
    new = _condition(uow, call.body, old["id"])
    _once(workflow, new)
    conditions = tuple(new if c is old else c for c in workflow.conditions)
    notices.check_workflow(call, _change(uow, workflow, conditions=conditions))
    return Reply(200)


def remove_condition(call: Call, uow: UnitOfWork) -> Reply:
    workflow = find_workflow(call, uow)
    old = _part(workflow.conditions, call.path["condition"], "workflow-condition")
    conditions = tuple(c for c in workflow.conditions if c is not old)
    notices.check_workflow(call, _change(uow, workflow, conditions=conditions))
    return Reply(204)


def test_workflow(call: Call, uow: UnitOfWork) -> Reply:
    """POST /workflows/{id}/test: sends a sample of each named event to the actions of this workflow, as complete as a real one.

    Raises `Refused` for an event that does not exist.
    """
    request: wire.WorkflowTest = call.body
    workflow = find_workflow(call, uow)
    known = (*event_types.GATEWAY_EVENTS, *event_types.DISPUTE_EVENTS, *event_types.REPORT_EVENTS)
    if any(name not in known for name in request.event_types):
        raise refused("event_types_invalid")
    made = samples.payment(uow, call.base_url)
    for name in dict.fromkeys(request.event_types):
        told, action = samples.at(uow, name, made)
        about: dict[str, Any] = {"data": samples.dispute(uow, made)} if name in event_types.DISPUTE_EVENTS else {}
        if name in event_types.REPORT_EVENTS:
            about = {"report": samples.report(uow, made)}
        uow.emit(name, told, action, {webhooks.SAMPLE: workflow.id, **about})
    return Reply(204)
