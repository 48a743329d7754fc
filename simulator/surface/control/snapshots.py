"""Snapshots: named copies of a whole workspace, and back to one."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from simulator.engine.registry import TooMuch, WorkspaceError
from simulator.engine.store import SnapshotRow
from simulator.engine.workspace import NAME
from simulator.kernel.clock import from_micros, iso_millis
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of
from simulator.surface.control.workspaces import workspace_view


class SnapshotBody(Body):
    name: str | None = Field(None, min_length=1, max_length=100, pattern=NAME)


def snapshot_view(row: SnapshotRow) -> dict[str, Any]:
    return {"name": row.name, "at": iso_millis(from_micros(row.at)), "payments": row.payments}


async def take_snapshot(call: ControlCall[SnapshotBody]) -> dict[str, Any]:
    """Raises 409 when the name is taken, and where there are too many, or they would hold too much."""
    try:
        return snapshot_view(call.runtime.lifecycle.take_snapshot(call.workspace, call.body.name))
    except TooMuch as error:
        raise ControlError(409, "too_much", str(error), field=error.field) from error
    except WorkspaceError as error:
        raise ControlError(409, "conflict", str(error), field=error.field) from error


async def list_snapshots(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """Oldest first."""
    rows = call.runtime.store.snapshots(call.workspace.id, place_of(call) or 0, call.query.limit + 1)
    return page(call, rows, place=lambda row: row.id, views=lambda shown: [snapshot_view(row) for row in shown])


async def restore_snapshot(call: ControlCall) -> dict[str, Any]:
    """Everything is as it was; the name and the credentials stay. What was under way is broken off."""
    return workspace_view(call, await call.runtime.lifecycle.restore(call.workspace, _named(call).name))


async def delete_snapshot(call: ControlCall) -> None:
    call.runtime.lifecycle.drop_snapshot(_named(call))


def _named(call: ControlCall) -> SnapshotRow:
    name, workspace = call.path["name"], call.workspace
    found = call.runtime.store.snapshot(workspace.id, name)
    if found is None:
        allowed = [row.name for row in call.runtime.store.snapshots(workspace.id)]
        message = f"workspace {workspace.name} has no snapshot {name!r}"
        raise ControlError(404, "not_found", message, field="name", allowed=allowed)
    return found
