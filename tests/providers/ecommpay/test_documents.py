"""The README draws the machines as they are, and the coverage page names tests that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from published import facts
from published.reduce import digest

from simulator.providers import ecommpay
from simulator.providers.ecommpay import states

ROOT = Path(__file__).parents[3]
README = ROOT / "simulator" / "providers" / "ecommpay" / "README.md"
COVERAGE = ROOT / "docs" / "providers" / "ecommpay.md"


@pytest.mark.parametrize("name", ["PAYMENT", "SALE", "REFUND", "REQUEST"])
def test_a_drawn_machine_is_the_machine(name: str) -> None:
    text = README.read_text("utf-8")

    drawn = text.partition(f"<!-- machine:{name} -->\n")[2].partition(f"\n<!-- /machine:{name} -->")[0]

    assert drawn == f"```mermaid\n{getattr(states, name).mermaid()}\n```"


def test_every_module_has_its_place_in_the_readme() -> None:
    modules = {path.stem for path in README.parent.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"`(\w+)`", README.read_text("utf-8").partition("## Credentials")[0]))


def test_every_endpoint_event_and_named_test_of_the_coverage_page_exists() -> None:
    text = COVERAGE.read_text("utf-8")
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))

    for endpoint in ecommpay.PROVIDER.endpoints:
        assert endpoint.path in text, endpoint.path
    for page in ecommpay.PROVIDER.pages:
        assert page.path in text, page.path
    for event in ecommpay.PROVIDER.webhooks.events:
        assert f"`{event}`" in text, event
    named = set(re.findall(r"`(test_\w+)`", text)) - set(ecommpay.PROVIDER.settings.model_fields)
    assert {name for name in named if f"def {name}(" not in tests and f"{name}.py" not in modules_of_tests()} == set()


def modules_of_tests() -> set[str]:
    return {path.name for path in (ROOT / "tests").rglob("test_*.py")}


def test_the_catalogue_agrees_with_the_reference() -> None:
    """The codes one by one; their messages, which the API answers with, by a digest of them all."""
    reference = facts("ecommpay-codes")
    own = json.loads((README.parent / "codes.json").read_text("utf-8"))

    assert sorted(own) == reference["codes"]
    assert digest(own) == reference["messages_sha256"]
