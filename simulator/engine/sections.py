"""The sections of a workspace's settings: one for each provider, and the simulator's own. What a store holds and none takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from simulator.engine.provider import Provider
from simulator.engine.settings import SimulatorSettings, WorkspaceSettings
from simulator.engine.workspace import Workspace


def sections(providers: Mapping[str, Provider]) -> dict[str, type[WorkspaceSettings]]:
    """Name to model, the simulator's own first."""
    own: dict[str, type[WorkspaceSettings]] = {SimulatorSettings.SECTION: SimulatorSettings}
    return own | {name: provider.settings for name, provider in providers.items()}


def notices(workspaces: Iterable[Workspace], models: Iterable[type[WorkspaceSettings]]) -> list[str]:
    """A sentence for each stored value that cannot be taken any more."""
    models = list(models)
    return [
        f"workspace {workspace.name}: {fault.message}; its default holds until it is set anew"
        for workspace in workspaces
        if workspace.settings
        for model in models
        for fault in workspace.unusable_settings(model)
    ]
