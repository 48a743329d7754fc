"""The provider's README: its diagrams are those of the machines. What the project's README signs by hand is taken."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import simulator.providers.worldline as package
from simulator.kernel.machine import Machine
from simulator.providers.worldline.errors import CATALOGUE
from simulator.providers.worldline.states import HOSTED_CHECKOUT, PAYMENT, REFUND
from simulator.surface.launch import Launched, launched

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


PROJECT = (FOLDER.parents[2] / "README.md").read_text("utf-8")
AWKWARD = {
    "order": {"amountOfMoney": {"amount": 2500, "currencyCode": "CNY"}, "customer": {"billingAddress": {"countryCode": "CN"}}},
    "redirectPaymentMethodSpecificInput": {"paymentProductId": 861, "requiresApproval": False,
                                           "redirectionData": {"returnUrl": "https://shop.example.org/back?cart=7&x=%20"}},
    "fraudFields": {"customerIpAddress": "192.0.2.1", "productCategories": ["lamps", "之", "it's \"100 %\""]},
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Launched]:
    with launched() as running:
        yield running


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("POST", "/payments", json.dumps(AWKWARD, ensure_ascii=False)), "PENDING_PAYMENT"),
        (("POST", "/payments", json.dumps(AWKWARD, indent=2)), "PENDING_PAYMENT"),
        (("GET", "/services/testconnection?x=a%20b&y=1"), "OK"),
    ],
    ids=["lists, booleans and nested values", "over several lines", "a query"],
)
def test_what_the_projects_readme_signs_by_hand_is_taken(
    server: Launched, arguments: tuple[str, ...], expected: str
) -> None:
    """Its shell function, pasted as it is."""
    found = re.search(r"^worldline\(\) \{.*?^\}$", PROJECT, re.S | re.M)
    assert found is not None
    script = f'set -eu\nURL={server.url}\n{found[0]}\nworldline "$@"\n'

    ran = subprocess.run(["bash", "-c", script, "bash", *arguments], capture_output=True, text=True, timeout=60)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert f'"{expected}"' in ran.stdout
