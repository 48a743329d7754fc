"""The README's machines are the ones that run, the coverage page names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.providers.ppro import PROVIDER, states
from simulator.providers.ppro.handlers.authorizations import MFA_CODE
from simulator.providers.ppro.webhooks import EVENTS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "simulator" / "providers" / "ppro"
README = (FOLDER / "README.md").read_text("utf-8")
COVERAGE = (ROOT / "docs" / "providers" / "ppro.md").read_text("utf-8")


def drawn(name: str) -> str:
    [found] = re.findall(
        rf"<!-- machine:{re.escape(name)} -->\n```mermaid\n(.*?)\n```\n<!-- /machine -->", README, re.S
    )
    return str(found)


@pytest.mark.parametrize("machine", states.MACHINES, ids=lambda machine: machine.name)
def test_the_drawing_of_a_machine_is_the_machine(machine: states.Machine) -> None:
    assert drawn(machine.name) == machine.mermaid()


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in FOLDER.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"`(\w+)`", README.partition("## Choosing")[0]))


def test_every_endpoint_and_every_event_stands_in_the_coverage_table() -> None:
    rows = [line for line in COVERAGE.splitlines() if line.startswith("|")]

    for endpoint in PROVIDER.endpoints:
        path = re.sub(r"{\w+}", "{id}", endpoint.path).removeprefix("/v1/")
        assert any(endpoint.method in row and f"`{path}`" in row for row in rows), (endpoint.method, path)
    for event in EVENTS:
        assert any(f"`{event}`" in row for row in rows), event


def test_the_coverage_page_names_tests_that_exist() -> None:
    files = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    named = set(re.findall(r"`(test_\w+\.py)`", COVERAGE))

    assert named
    assert named <= files


def test_the_code_on_the_page_is_the_documented_one() -> None:
    assert MFA_CODE == "777123"
    assert MFA_CODE in README
