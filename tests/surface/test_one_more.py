"""A provider more is found wherever the others are: nobody keeps a list of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import toy.acme
from click.testing import CliRunner

from simulator import providers
from simulator.surface import cli, launch
from simulator.surface.app import App
from simulator.surface.client import Client
from simulator.surface.launch import Launched, launched
from simulator.surface.serve import banner, in_words
from simulator.surface.settings import Settings
from surface.test_readme import without_a_block, without_a_page

TESTS = Path(__file__).parent.parent
REGISTERED = f"""import sys
sys.path[:0] = [{str(TESTS.parent)!r}, {str(TESTS)!r}]
from toy.one_more import register
register()
"""


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    """In this process, and in those that it launches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "simulator.providers.acme", toy.acme)
        patch.setattr(providers, "BUILT_IN", (*providers.BUILT_IN, "acme"))
        patch.setattr(launch, "_MAIN", REGISTERED + launch._MAIN)
        yield


@pytest.fixture(scope="module")
def server(registered: None) -> Iterator[Launched]:
    with launched() as running:
        yield running


def test_the_banner_has_a_line_for_it() -> None:
    app = App(Settings(db=":memory:"))
    lines = banner(app).splitlines()
    app.runtime.store.close()

    assert [line.split() for line in lines if line.startswith("  Acme")] == [["Acme", "acme_default"]]
    assert f"one base URL for all {in_words(len(providers.BUILT_IN))};" in lines[3]


def test_the_contract_suite_runs_for_it() -> None:
    """Which takes who is registered. The skeleton is added here, for no list of the suite has it as it has the toys."""
    files = [f"tests/contract/test_{name}.py" for name in ("contract", "moves", "bank", "unknown_routes")]
    said = suite("-p", "toy.one_more", *files, "-k", "Newpay")

    passed = re.search(r"(\d+) passed", said)
    assert passed is not None and int(passed[1]) > 50, said
    assert re.search("failed|error", said) is None, said


def test_without_being_registered_it_has_no_contract() -> None:
    assert re.fullmatch(r"\s*\d+ deselected in .*\s*", suite("tests/contract/test_contract.py", "-k", "Newpay"))


def suite(*arguments: str) -> str:
    """What pytest says in a process of its own."""
    command = [sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:randomly", *arguments]
    path = os.pathsep.join(map(str, (TESTS.parent, TESTS)))
    environ = {**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=TESTS.parent, env=environ, capture_output=True, text=True, check=False).stdout


def test_the_documents_are_asked_for_it() -> None:
    """It has neither a page nor a block in the README, and both are missed."""
    assert ("Acme" in without_a_block(), "acme" in without_a_page()) == (True, True)


def test_its_story_is_told_among_the_others(server: Launched) -> None:
    result = CliRunner().invoke(cli.main, ["demo", "acme", "--pay", "--json", "--url", server.url])

    [story] = json.loads(result.stdout)["stories"]
    assert (result.exit_code, story["outcome"], story["phase"]) == (0, "complete", "partly_refunded")


@pytest.mark.uncounted
def test_the_control_api_and_the_console_show_it(server: Launched) -> None:
    CliRunner().invoke(cli.main, ["demo", "acme", "--pay", "--json", "--url", server.url])
    with Client(server.url) as client:
        world = client.workspaces()[-1]
        [payment] = client.workspace(world["name"]).payments(provider="acme")
        page = client.send("GET", f"/console/{world['name']}/payments", headers={}, content=None)
        document = client.send("GET", "/_sim/openapi/acme.json", headers={}, content=None)

    assert list(server.credentials) == list(providers.BUILT_IN)
    assert payment["id"].encode() in page.content
    assert "/acme/charges" in json.loads(document.content)["paths"]
