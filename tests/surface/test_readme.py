"""The README is run: every shell block, in its order, against a real server. Nobody should paste something that fails."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engine.pages import folder
from simulator.providers import built_in
from simulator.surface.launch import Launched, launched

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text("utf-8")
DEFAULT = "http://localhost:8080"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PASTED_ONCE, *BLOCKS = BLOCK.findall(README)


def title_of(block: str) -> str:
    """The heading under which a block stands."""
    before = README[: README.index(block)]
    return re.findall(r"^#+ (.*)$", before, re.MULTILINE)[-1]


@pytest.fixture(scope="module")
def fresh() -> Iterator[Launched]:
    """The README talks to workspace `default`, so it has a server of its own."""
    with launched() as server:
        yield server


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("block", BLOCKS, ids=[title_of(block) for block in BLOCKS])
def test_a_block_of_the_readme_prints_what_it_promises(fresh: Launched, block: str) -> None:
    script = "set -eu\n" + PASTED_ONCE.replace(DEFAULT, fresh.url) + block.replace(DEFAULT, fresh.url)

    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == re.findall(r"# → (.*)$", block, re.MULTILINE)


def test_there_is_a_block_for_each_provider() -> None:
    titles = [title_of(block) for block in BLOCKS]

    missing = [p.title for p in built_in() if not any(title.startswith(p.title) for title in titles)]
    assert missing == []


def test_the_table_of_credentials_names_what_the_server_has(fresh: Launched) -> None:
    table = README[README.index("## Credentials") : README.index("## Point your SDK here")]
    shown = set(re.findall(r"`([^`]+)`", table))
    sent = {"ppro": ("api_key", "webhook_secret"), "wooshpay": ("secret_key", "publishable_key")}
    sent |= {"checkoutcom": ("secret_key", "client_id", "client_secret", "processing_channel_id")}
    sent |= {"ecommpay": ("project_id", "secret_key"), "worldline": tuple(fresh.credentials["worldline"])}

    wanted = {str(fresh.credentials[provider][name]) for provider, names in sent.items() for name in names}

    assert wanted - shown == set()


def test_every_scenario_that_can_be_armed_is_named() -> None:
    names = {path.stem for path in folder("scenarios").glob("*.yaml")} - {provider.name for provider in built_in()}

    assert {name for name in names if f"`{name}`" not in README} == set()


def test_every_setting_is_named() -> None:
    from dataclasses import fields

    from simulator.surface.settings import Settings

    table = README[README.index("## Settings") : README.index("## What differs")]
    names = {field.name for field in fields(Settings)} - {"credentials"}

    assert {name for name in names if f"_{name.upper()}`" not in table} == set()
