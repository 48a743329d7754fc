"""A whole workspace as one JSON document, and a new workspace from one."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from simulator.engine.arrivals import NotAdmitted
from simulator.engine.document import Document
from simulator.engine.registry import TooMuch, WorkspaceError
from simulator.engine.renaming import Renamed
from simulator.surface.control.errors import ControlError, as_json, invalid
from simulator.surface.control.operation import ControlCall, Query
from simulator.surface.control.workspaces import WorkspaceName, check_webhook, workspace_view
from simulator.wallet.order import Order


class ImportQuery(Query):
    name: WorkspaceName | None = None
    """Its name here; without one that in the document, or another if that is taken."""


async def export_workspace(call: ControlCall) -> Response:
    """Everything that the workspace has, secrets included: whoever has the document can go on with it. Raises 409 for too much."""
    try:
        answer = as_json(call.runtime.lifecycle.export(call.workspace))
    except TooMuch as error:
        raise ControlError(409, "too_much", str(error)) from error
    answer.headers["content-disposition"] = f'attachment; filename="{_file_name(call.workspace.name)}"'
    return answer


def _file_name(name: str) -> str:
    return f"{''.join(c if c.isalnum() else '-' for c in name)}.workspace.json"


async def import_workspace(call: ControlCall[Document, ImportQuery]) -> dict[str, Any]:
    """A new workspace that goes on where the document ends. Raises 409 when the name that was asked for is taken."""
    document = call.body
    for name, hook in document.workspace.webhooks.items():
        if hook is not None and name in call.runtime.providers:
            given = hook.stored()
            check_webhook(call, call.runtime.providers[name], given, f"workspace.webhooks.{name}.")
    try:
        workspace, renamed = await call.runtime.lifecycle.bring_in(
            document, name=call.query.name, from_network=call.from_network
        )
    except NotAdmitted as refusal:
        fault = refusal.fault
        raise invalid(fault.message, fault.field, fault.allowed or None) from refusal
    except TooMuch as error:
        raise ControlError(409, "too_much", str(error)) from error
    except WorkspaceError as error:
        raise ControlError(409, "conflict", str(error), field=error.field) from error
    return {**workspace_view(call, workspace), "imported": {"renamed": [_view(one) for one in renamed]}}


def _view(renamed: Renamed) -> dict[str, str]:
    view = renamed.view()
    if (renamed.provider, renamed.name) == (Order.PROVIDER, Order.KIND):
        return {"kind": "wallet_code", "from": view["from"], "to": view["to"]}
    return view
