"""The fixtures that a shop's own test suite uses: one simulator for the session, a fresh workspace for each test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulator.surface.client import Client
from simulator.surface.launch import Launched

pytest_plugins = ["pytester"]

SUITE = """
seen = []

def test_one(psp_workspace):
    assert psp_workspace.credentials["ppro"]["api_key"].startswith("key_sandbox_")
    assert psp_workspace.payments() == []
    assert psp_workspace.name.startswith("test_one-")
    seen.append((psp_workspace.client.url, psp_workspace.id))

def test_two(psp_workspace, psp_simulator):
    assert psp_workspace.client is psp_simulator
    seen.append((psp_workspace.client.url, psp_workspace.id))
    (url, first), (same, second) = seen
    assert url == same
    assert first != second
    assert first not in [w["id"] for w in psp_simulator.workspaces()]
"""
PLUGIN = ("-p", "simulator.surface.pytest_plugin", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider")


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("PSP_SIMULATOR_URL", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent.parent))
    pytester.makepyfile(SUITE)
    return pytester


def test_each_test_has_a_workspace_of_its_own_in_one_simulator(suite: pytest.Pytester) -> None:
    result = suite.runpytest_subprocess(*PLUGIN, "-W", "error")

    result.assert_outcomes(passed=2)


def test_a_running_simulator_can_be_used_instead(suite: pytest.Pytester, server: Launched, client: Client) -> None:
    before = {workspace["id"] for workspace in client.workspaces()}

    result = suite.runpytest_subprocess(*PLUGIN, "--psp-simulator-url", server.url)

    result.assert_outcomes(passed=2)
    assert {workspace["id"] for workspace in client.workspaces()} == before


def test_a_parametrised_name_is_no_obstacle(suite: pytest.Pytester, server: Launched) -> None:
    suite.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("what", ["a b/c", "价格", "x" * 200])
        def test_odd(psp_workspace, what):
            assert psp_workspace.payments() == []
        """
    )

    result = suite.runpytest_subprocess(*PLUGIN, "--psp-simulator-url", server.url)

    result.assert_outcomes(passed=3)


def test_a_suite_that_does_not_use_it_pays_nothing() -> None:
    """The plugin is loaded into every pytest of the environment: no client, no server, no model may come with it."""
    probe = """
import sys, pytest
before = set(sys.modules)
import simulator.surface.pytest_plugin
print(sorted(m for m in set(sys.modules) - before if not m.startswith("simulator")))
"""

    ran = subprocess.run([sys.executable, "-W", "error", "-c", probe], capture_output=True, text=True)

    assert (ran.stdout, ran.stderr) == ("[]\n", "")
