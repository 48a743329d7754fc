"""The provider's README: its diagrams are those of the machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simulator.providers.worldline as package
from simulator.kernel.machine import Machine
from simulator.providers.worldline.errors import CATALOGUE
from simulator.providers.worldline.states import HOSTED_CHECKOUT, PAYMENT, REFUND

FOLDER = Path(package.__file__).parent
README = (FOLDER / "README.md").read_text("utf-8")
DOCS = (FOLDER.parents[2] / "docs" / "providers" / "worldline.md").read_text("utf-8")


@pytest.mark.parametrize("machine", [PAYMENT, REFUND, HOSTED_CHECKOUT], ids=lambda machine: machine.name)
def test_the_machines_are_drawn_as_they_are(machine: Machine) -> None:
    name = machine.name.partition(".")[2]
    found = re.search(rf"<!-- machine:{name} -->\n```mermaid\n(.*?)\n```\n<!-- /machine:{name} -->", README, re.S)

    assert found is not None
    assert found[1] == machine.mermaid()


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in FOLDER.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"`(\w+)`", README.partition("## Point your client here")[0]))


def test_the_coverage_names_every_endpoint_event_and_error() -> None:
    for endpoint in package.PROVIDER.endpoints:
        path = re.sub(r"\{(\w+):digits\}", r"{\1}", endpoint.path).removeprefix("/v1/{merchantId}")
        assert f"`{endpoint.method} {path}`" in DOCS, f"{endpoint.method} {path}"
    for event in package.PROVIDER.webhooks.events:
        assert f"`{event}`" in DOCS, event
    for code in CATALOGUE:
        assert f"`{code}`" in DOCS, code


def test_the_coverage_names_only_tests_that_exist() -> None:
    tests = FOLDER.parents[2] / "tests"

    for path in set(re.findall(r"`(tests/[\w/]+\.py)`", DOCS)):
        assert (tests.parent / path).exists(), path
