"""Recordings of real sandboxes are golden files: each in `tests/providers/<name>/golden/recorded/` is asked of the simulator."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorded import Replay, provider_of, recordings

from simulator.providers import built_in
from simulator.surface.in_process import Simulator

FOLDERS = recordings(Path(__file__).parent.parent / "providers")
NOTHING = pytest.param(
    None, marks=pytest.mark.skip(reason="waits for the first recording of a real sandbox"), id="none"
)
PROVIDERS = {provider.name: provider for provider in built_in()}


@pytest.mark.parametrize(
    "folder", [pytest.param(one, id=f"{one.parts[-4]}/{one.name}") for one in FOLDERS] or [NOTHING]
)
def test_the_simulator_answers_as_the_sandbox_did(folder: Path) -> None:
    with Simulator.in_process() as simulator:
        world = simulator.sync_client.create_workspace(frozen=True)

        assert Replay(PROVIDERS[provider_of(folder)], world).run(folder) == []
