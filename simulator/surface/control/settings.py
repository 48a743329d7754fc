"""The options of a workspace's providers, and of the simulator itself in that workspace."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import RootModel, WithJsonSchema

from simulator.engine import settling
from simulator.engine.sections import Sections
from simulator.engine.settings import faults
from simulator.surface.control import checks
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import ControlCall
from simulator.surface.control.workspaces import workspace_view


class SettingsBody(RootModel[Annotated[Any, WithJsonSchema({"type": "object"})]]):
    """Names and values of options; they replace those that were set. `GET /_sim/providers` describes them."""


async def put_settings(call: ControlCall[SettingsBody]) -> dict[str, Any]:
    """Options of one provider or of the simulator itself. Raises 422 for what they cannot be, and changes nothing."""
    name, workspace, known = call.path["provider"], call.workspace, Sections(call.runtime.providers)
    if name not in known:
        allowed = sorted(known)
        raise ControlError(404, "not_found", f"there is no provider {name!r}", field="provider", allowed=allowed)
    values, field = call.body.root, f"settings.{name}"
    if not isinstance(values, dict):
        raise invalid(f"{field}: must be an object", field, sorted(known[name].model_fields))
    checks.faultless(faults(known[name], values))
    settings = {**workspace.settings, name: values}
    provider = call.runtime.providers.get(name)
    if provider is not None and provider.settlement is not None:
        with call.runtime.unit(workspace, provider=name, topic="control") as uow:
            settling.change_settings(uow, name, values)
    return workspace_view(call, call.runtime.change_workspace(workspace, settings=settings))
