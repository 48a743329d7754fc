"""The README is run: every shell block, in its order, against a real server. Nobody should paste something that fails."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.pages import folder
from simulator.engine.provider import Provider
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface.launch import Launched, launched
from simulator.surface.serve import in_words
from simulator.surface.settings import from_environment

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

    commands = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=60, env=commands)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == re.findall(r"# → (.*)$", block, re.MULTILINE)


def objects_in(text: str) -> Iterator[Any]:
    """Every JSON object that stands in a text, wherever it begins."""
    for start in (match.start() for match in re.finditer("{", text)):
        with suppress(ValueError):
            yield json.JSONDecoder().raw_decode(text[start:])[0]


def without_a_block() -> list[str]:
    """Titles of providers whose first payment the README does not show."""
    titles = [title_of(block) for block in BLOCKS]
    return [p.title for p in built_in() if not any(title.startswith(p.title) for title in titles)]


def without_a_page() -> list[str]:
    """Names of providers of which docs/providers does not say what is covered."""
    return [p.name for p in built_in() if not (ROOT / "docs" / "providers" / f"{p.name}.md").exists()]


def test_each_provider_has_a_page_and_a_block() -> None:
    assert (without_a_page(), without_a_block()) == ([], [])


def test_the_first_lines_count_and_name_every_provider() -> None:
    first = README[: README.index("## ")]
    count = in_words(len(built_in()))

    assert f"A local sandbox of {count} payment service providers' APIs" in first
    assert f"one base URL for all {count};" in first
    assert [p.title for p in built_in() if p.title not in first] == []


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.title)
def test_each_provider_has_a_block_with_the_request_of_its_shop(provider: Provider) -> None:
    shop = provider.shop
    assert shop is not None
    account = Account(provider.credentials(Ids(), True), DEFAULT, time_of_day())
    asked = json.loads(shop.create(account, shop.sample).body)

    [block] = [block for block in BLOCKS if title_of(block).startswith(provider.title)]

    assert asked in objects_in(block.replace("'$ID'", shop.sample.reference))


def test_the_table_of_credentials_names_what_the_server_has(fresh: Launched) -> None:
    table = README[README.index("## Credentials") : README.index("## Point your SDK here")]

    missing = [
        f"{provider}.{name}"
        for provider, own in fresh.credentials.items()
        for name, value in own.items()
        for text in (value if isinstance(value, list) else [value])
        if str(text) not in table
    ]

    assert missing == []


def test_every_scenario_that_can_be_armed_is_named() -> None:
    names = {path.stem for path in folder("scenarios").glob("*.yaml")} - {provider.name for provider in built_in()}

    assert {name for name in names if f"`{name}`" not in README} == set()


def test_every_setting_is_named() -> None:
    from dataclasses import fields

    from simulator.surface.settings import Settings

    table = README[README.index("## Settings") : README.index("## What differs")]
    names = {field.name for field in fields(Settings)} - {"credentials"}

    assert {name for name in names if f"_{name.upper()}`" not in table} == set()


def test_the_names_that_the_readme_leads_here_have_a_certificate() -> None:
    """In `/etc/hosts` and as aliases in Docker, with settings that the image knows."""
    import yaml

    section = README[README.index("### A client whose host cannot be changed") : README.index("## Webhooks")]
    [compose] = re.findall(r"^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    service = yaml.safe_load(compose)["services"]["psp-simulator"]
    [line] = re.findall(r"echo '127\.0\.0\.1 (.*?)'", section)
    aliases = service["networks"]["default"]["aliases"]

    assert line.split() == aliases
    assert set(aliases) <= {host for provider in built_in() for host in reached(provider, aliases)}
    assert from_environment({name: str(value) for name, value in service["environment"].items()}).tls is True


def reached(provider: Provider, names: list[str]) -> Iterator[str]:
    """Those of the names that are the provider's."""
    for name in names:
        if any(name == host or (host[:2] == "*." and name.endswith(host[1:])) for host in provider.hosts):
            yield name
