"""The fixtures that a shop's own test suite uses: one simulator for the session, a fresh workspace for each test."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from buying import ANY

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
FAILS = f"""
import asyncio

def test_a_payment_that_never_ends(psp_workspace):
    payment = psp_workspace.make_payment({ANY.name!r}, reference="order-17")
    psp_workspace.pay({ANY.name!r}, payment["id"])
    assert psp_workspace.latest_payment()["phase"] == "refunded"

def test_that_holds(psp_workspace):
    psp_workspace.make_payment({ANY.name!r}, reference="order-18")

def test_without_a_payment(psp_workspace):
    assert psp_workspace.payments()

def test_that_audits(psp_workspace):
    report = psp_workspace.audit({ANY.name!r}, webhook=psp_workspace.inbox_url("shop"), only=["signature-none"])
    assert report.passed, report

def test_that_waits(psp_workspace):
    psp_workspace.wait_for(phase="paid", timeout="0s")

async def waits(world):
    await world.wait_for_webhook({ANY.name!r}, {ANY.webhooks.events[0]!r}, timeout="0s")

def test_that_waits_in_a_loop(psp_async_workspace):
    asyncio.run(waits(psp_async_workspace))

def test_that_asks_for_nonsense(psp_workspace):
    psp_workspace.advance("soon")
"""
PREPARED = f"""
import pytest

made = []

@pytest.fixture(scope="module")
def psp_prepare():
    def prepare(world):
        made.append(world.id)
        world.freeze("2030-06-01T12:00:00Z")
        world.make_payment({ANY.name!r}, reference="there-already")
    return prepare

@pytest.mark.parametrize("round", [1, 2])
def test_it_is_as_it_was(psp_prepared, round):
    assert [one["reference"] for one in psp_prepared.payments()] == ["there-already"]
    assert psp_prepared.clock()["now"] == "2030-06-01T12:00:00.000Z"
    psp_prepared.advance("P1D")
    psp_prepared.make_payment({ANY.name!r}, reference=f"round-{{round}}")
    assert made == [psp_prepared.id]

def test_its_story_is_told_too(psp_prepared):
    assert not psp_prepared.payments()
"""
UNPREPARED = """
def test_nothing_is_in_it(psp_prepared):
    assert psp_prepared.payments() == []
"""
AUDITED = f"""
import pytest

@pytest.mark.psp_audit({ANY.name!r}, only=["signature-right", "signature-none", "amount"])
def test_my_shop(psp_audit, psp_workspace):
    psp_audit(webhook=psp_workspace.inbox_url("shop"))

@pytest.mark.psp_audit({ANY.name!r}, only=["twice"])
def test_that_forgets_to_call_it(psp_audit):
    pass
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
        return self.told(text, *options).strip().splitlines()[-1]

    def told(self, text: str, *options: str) -> str:
        """All that pytest says."""
        (self.folder / "test_shop.py").write_text(text, "utf-8")
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PSP_"))}
        command = [sys.executable, "-W", "error", "-m", "pytest", *OPTIONS, *options]
        environ |= {"PYTHONPATH": str(ROOT), **ALONE}
        ran = subprocess.run(command, cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60)
        return ran.stdout


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


@pytest.mark.uncounted
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


# When a test fails ------------------------------------------------------------------------------------------------------


def test_the_report_of_a_failed_test_tells_the_story_of_its_payments(suite: Suite, server: Launched) -> None:
    told = suite.told(FAILS, "--psp-simulator-url", server.url)

    assert "6 failed, 1 passed" in told
    assert "psp-simulator: payments of workspace test_a_payment_that_never_ends-" in told
    assert f"merchant > {ANY.name}" in told
    assert "psp-simulator: Mermaid of" in told
    assert "sequenceDiagram" in told
    assert "order-17" in told
    assert "order-18" not in told
    assert "has no payment" in told


@pytest.mark.uncounted
def test_a_failed_audit_says_in_the_report_what_failed_and_shows_it(suite: Suite, server: Launched) -> None:
    told = suite.told(FAILS, "--psp-simulator-url", server.url, "-k", "audits")

    assert "AssertionError: 1 of 1 checks failed" in told
    assert re.search(r"^E +signature-none: ", told, re.MULTILINE)
    assert re.search(r"^E +> ", told, re.MULTILINE)
    assert "psp-simulator: Mermaid of signature-none" in told
    assert "sequenceDiagram" in told
    assert "has no payment" not in told


@pytest.mark.uncounted
def test_what_fails_in_a_call_shows_the_test_and_none_of_our_frames(suite: Suite, server: Launched) -> None:
    told = suite.told(FAILS, "--psp-simulator-url", server.url, "-k", "waits or nonsense")

    assert "3 failed" in told
    assert len(re.findall(r"^E .*seen instead: nothing", told, re.M)) == 2
    assert 'psp_workspace.advance("soon")' in told
    assert "simulator/surface" not in told


def test_the_worlds_of_failed_tests_are_kept_where_that_is_asked_for(
    suite: Suite, server: Launched, client: Client, tmp_path: Path
) -> None:
    folder = tmp_path / "worlds" / "of today"

    told = suite.told(FAILS, "--psp-simulator-url", server.url, "--psp-export", str(folder))

    kept = sorted(folder.iterdir())
    assert [file.name.partition(".ws_")[0] for file in kept] == [
        "test_shop.py-test_a_payment_that_never_ends",
        "test_shop.py-test_that_asks_for_nonsense",
        "test_shop.py-test_that_audits",
        "test_shop.py-test_that_waits",
        "test_shop.py-test_that_waits_in_a_loop",
        "test_shop.py-test_without_a_payment",
    ]
    assert f"psp-simulator import {kept[0]}" in told
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    world = client.import_workspace(kept[0].read_bytes())
    assert [one["reference"] for one in world.payments()] == ["order-17"]
    world.delete()


@pytest.mark.uncounted
def test_without_that_nothing_is_written(suite: Suite, server: Launched, tmp_path: Path) -> None:
    suite.told(FAILS, "--psp-simulator-url", server.url)

    assert list(tmp_path.rglob("*.json")) == []


# The audit, check by check ----------------------------------------------------------------------------------------------


def test_a_marked_test_stands_for_one_check_of_the_audit_each(suite: Suite, server: Launched) -> None:
    told = suite.told(AUDITED, "--psp-simulator-url", server.url, "-rs", "-vv")

    assert "test_my_shop[signature-right] PASSED" in told
    assert "test_my_shop[signature-none] FAILED" in told
    assert "Refuses none: 1 of 1 checks failed" in told
    assert "sequenceDiagram" in told
    assert "needs --order and --paid" in told
    assert "the test has not called psp_audit: nothing was checked" in told
    assert "1 failed, 2 passed, 1 skipped, 1 error" in told


def test_a_check_that_there_is_not_ends_the_collection(suite: Suite) -> None:
    told = suite.told(AUDITED.replace('"amount"', '"amout"'))

    assert "psp_audit: there is no check 'amout'" in told


# A prepared world -------------------------------------------------------------------------------------------------------


def test_every_test_finds_the_prepared_world_as_it_was(suite: Suite, server: Launched, client: Client) -> None:
    before = {workspace["id"] for workspace in client.workspaces()}

    told = suite.told(PREPARED, "--psp-simulator-url", server.url)

    assert "1 failed, 2 passed" in told
    assert "there-already" in told
    assert {workspace["id"] for workspace in client.workspaces()} == before


def test_a_world_for_which_nothing_is_prepared_is_empty(suite: Suite, server: Launched) -> None:
    assert suite.run(UNPREPARED, "--psp-simulator-url", server.url).startswith("1 passed")
