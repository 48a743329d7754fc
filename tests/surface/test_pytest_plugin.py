"""The fixtures that a shop's own test suite uses: one simulator for the session, a fresh workspace for each test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.surface.client import Client
from simulator.surface.launch import Launched

SUITE = """
seen = []

def test_one(psp_workspace):
    assert all(psp_workspace.credentials.values())
    assert psp_workspace.payments() == []
    assert psp_workspace.name.startswith("test_one-")
    assert psp_workspace.view["temporary"]
    seen.append((psp_workspace.client.url, psp_workspace.id))

def test_two(psp_workspace, psp_simulator):
    assert psp_workspace.client is psp_simulator
    seen.append((psp_workspace.client.url, psp_workspace.id))
    (url, first), (same, second) = seen
    assert url == same
    assert first != second
    assert first not in [w["id"] for w in psp_simulator.workspaces()]
"""
ODD = """
import pytest

@pytest.mark.parametrize("what", ["a b/c", "价格", "x" * 200])
def test_odd(psp_workspace, what):
    assert psp_workspace.payments() == []
"""
ROOT = Path(__file__).parent.parent.parent
# The plugin may be installed or not; loaded twice it would be refused.
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
OPTIONS = (
    "-q",
    "-p",
    "simulator.surface.pytest_plugin",
    "-p",
    "no:randomly",
    "-p",
    "no:xdist",
    "-p",
    "no:cacheprovider",
)


class Suite:
    """A shop's own suite, in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, text: str, *options: str) -> str:
        """The last line of what pytest says."""
        (self.folder / "test_shop.py").write_text(text, "utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PSP_"))}
        command = [sys.executable, "-W", "error", "-m", "pytest", *OPTIONS, *options]
        environ |= {"PYTHONPATH": str(ROOT), **ALONE}
        ran = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60)
        return ran.stdout.strip().splitlines()[-1]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path)


def test_each_test_has_a_workspace_of_its_own_in_one_simulator(suite: Suite) -> None:
    assert suite.run(SUITE).startswith("2 passed")


def test_a_running_simulator_can_be_used_instead(suite: Suite, server: Launched, client: Client) -> None:
    before = {workspace["id"] for workspace in client.workspaces()}

    told = suite.run(SUITE, "--psp-simulator-url", server.url)

    assert told.startswith("2 passed")
    assert {workspace["id"] for workspace in client.workspaces()} == before


def test_a_parametrised_name_is_no_obstacle(suite: Suite, server: Launched) -> None:
    told = suite.run(ODD, "--psp-simulator-url", server.url)

    assert told.startswith("3 passed")


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
