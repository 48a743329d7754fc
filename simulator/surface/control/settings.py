"""The options of a workspace's providers, and of the simulator itself in that workspace."""

from __future__ import annotations

from typing import Any

from pydantic import RootModel

from simulator.surface.control.operation import ControlCall
from simulator.surface.control.workspaces import SIMULATOR, workspace_view


class SettingsBody(RootModel[dict[str, Any]]):
    """Names and values of options; they replace those that were set."""


async def put_settings(call: ControlCall[SettingsBody]) -> dict[str, Any]:
    """Options of one provider (see its README) or of the simulator itself (`retry_factor`)."""
    name, workspace = call.path["provider"], call.workspace
    if name != SIMULATOR:
        call.provider_named(name)
    settings = {**workspace.settings, name: call.body.root}
    return workspace_view(call, call.runtime.change_workspace(workspace, settings=settings))
