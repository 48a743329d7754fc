"""The first calls that the quick start shows, pasted and run: in each language, with the official client where it is one of
Python's or Node's registry."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sdk.conftest import World
from sdk.languages import CLIENTS
from simulator.engine.provider import Provider
from simulator.engine.samples import LANGUAGES, Sample
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.providers import built_in

WITH_STEPS = [(provider, provider.first_steps) for provider in built_in() if provider.first_steps is not None]
SHOWN = [(provider, sample) for provider, steps in WITH_STEPS for sample in steps.samples]
AWKWARD = """it's "4", \\ and $5"""
"""A text that no language takes as it is."""


def text_of(world: World, provider: Provider, sample: Sample) -> str:
    assert provider.shop is not None
    account = Account(world.credentials(provider.name), world.url, time_of_day())
    return sample.filled(account, provider.shop.sample.return_url)


@pytest.fixture
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, str], str]:
    """Runs a text as a program of its language, to its end."""

    def run(language: str, text: str) -> str:
        folder, file = tmp_path, tmp_path / "sample"
        file.write_text(text, "utf-8")
        command = {"curl": ["bash", "-eu"], "python": [sys.executable, "-W", "ignore"], "php": ["php"]}.get(language)
        if language == "node":
            folder = request.getfixturevalue("node").folder
            command = ["node", "--input-type=module", "--eval", text]
        else:
            assert command is not None
            if shutil.which(command[0]) is None:
                pytest.skip(f"needs {command[0]}")
            command = [*command, str(file)]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    return run


@pytest.mark.parametrize(
    ("provider", "sample"), SHOWN, ids=[f"{provider.name}-{sample.language}" for provider, sample in SHOWN]
)
def test_a_first_call_makes_the_payment_that_the_shop_shows(
    world: World, provider: Provider, sample: Sample, run: Callable[[str, str], str]
) -> None:
    """With this workspace's own credentials, nothing added."""
    assert provider.shop is not None
    run(sample.language, text_of(world, provider, sample))

    [made] = world.control("GET", f"{world.path}/payments?provider={provider.name}")["data"]
    amount = provider.shop.sample.amount
    assert made["amount"] == {"value": amount.value, "currency": amount.currency}
    assert made["phase"] in ("waiting", "processing")


def test_each_provider_has_its_first_call_in_each_language() -> None:
    for provider, steps in WITH_STEPS:
        assert [sample.language for sample in steps.samples] == list(LANGUAGES), provider.title


PRINTING = {
    "curl": "printf %s '{{secret}}'",
    "python": 'print("{{secret}}", end="")',
    "node": 'process.stdout.write("{{secret}}");',
    "php": "<?php echo '{{secret}}';",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_credential_of_ones_own_is_written_as_the_language_writes_it(
    language: str, run: Callable[[str, str], str]
) -> None:
    account = Account({"secret": AWKWARD}, "http://localhost:8080", time_of_day())

    assert run(language, Sample(language, PRINTING[language]).filled(account, "")) == AWKWARD


def test_the_clients_that_are_named_are_those_that_the_tests_install() -> None:
    root = Path(__file__).parent.parent.parent
    declared = (root / "pyproject.toml").read_text("utf-8") + (CLIENTS / "package.json").read_text("utf-8")
    named = [
        name
        for _, sample in SHOWN
        for line in sample.pattern.splitlines()
        for tool in ("pip install ", "npm install ")
        if tool in line
        for name in line.partition(tool)[2].partition(";")[0].split()
    ]

    assert set(named) - {"requests"} <= {name for name in named if f'"{name}' in declared}
