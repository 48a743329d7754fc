"""What the documents say of the machines is what the machines are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simulator.providers.checkoutcom as package
from simulator.providers.checkoutcom import PROVIDER, states

FOLDER = Path(package.__file__).parent
README = (FOLDER / "README.md").read_text("utf-8")
DRAWN = {
    "payment": states.PAYMENT,
    "action": states.ACTION,
    "instrument": states.INSTRUMENT,
    "hosted_payment": states.HOSTED_PAYMENT,
    "payment_link": states.PAYMENT_LINK,
    "payment_session": states.PAYMENT_SESSION,
    "payment_setup": states.PAYMENT_SETUP,
    "dispute": states.DISPUTE,
}


@pytest.mark.parametrize("name", DRAWN)
def test_the_machine_is_drawn_as_it_is(name: str) -> None:
    marker = rf"<!-- machine:{name} -->\n```mermaid\n(.*?)\n```\n<!-- /machine -->"

    drawn = re.search(marker, README, re.S)

    assert drawn is not None
    assert drawn[1] == DRAWN[name].mermaid()


def test_every_machine_is_named() -> None:
    assert {f"checkoutcom.{name}" for name in DRAWN} == {machine.name for machine in PROVIDER.machines}


def test_every_module_has_its_place() -> None:
    modules = {path.stem for path in FOLDER.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"`(\w+)`", README.partition("## Payment")[0]))
