"""The sections of a workspace's settings: one for each provider, and the simulator's own. What a store holds and none takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from simulator.engine.defaults import OWN
from simulator.engine.provider import Provider
from simulator.engine.workspace import Workspace

if TYPE_CHECKING:
    from simulator.engine.settings import WorkspaceSettings


class Sections(Mapping[str, "type[WorkspaceSettings]"]):
    """Name to model, the simulator's own first. A provider is asked for its model when that is looked up, and not before."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers

    def __getitem__(self, name: str) -> type[WorkspaceSettings]:
        if name != OWN:
            return self._providers[name].settings
        from simulator.engine.settings import SimulatorSettings

        return SimulatorSettings

    def __contains__(self, name: object) -> bool:
        return name == OWN or name in self._providers

    def __iter__(self) -> Iterator[str]:
        yield OWN
        yield from self._providers

    def __len__(self) -> int:
        return len(self._providers) + 1


def notices(workspaces: Iterable[Workspace], sections: Sections) -> list[str]:
    """A sentence for each stored value that cannot be taken any more."""
    return [
        f"workspace {workspace.name}: {fault.message}; its default holds until it is set anew"
        for workspace in workspaces
        for name in sections
        if name in workspace.settings
        for fault in workspace.unusable_settings(sections[name])
    ]
