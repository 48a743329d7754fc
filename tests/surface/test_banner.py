"""What `serve` prints: everything that a newcomer needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from simulator.engine.provider import BannerLine
from simulator.providers.ppro import PROVIDER
from simulator.surface.app import App
from simulator.surface.serve import banner
from simulator.surface.settings import Settings


@pytest.fixture
def app() -> Iterator[App]:
    silent = replace(PROVIDER, banner=None)
    simulator = App(Settings(db=":memory:", port=8123), providers=[silent])
    yield simulator
    simulator.runtime.store.close()


def test_a_provider_without_a_line_of_its_own_shows_its_title_and_first_credential(app: App) -> None:
    default = app.runtime.default.credentials["ppro"]

    line = app.runtime.providers["ppro"].banner_line(default)

    assert line == BannerLine("PPRO", "key_sandbox_default")


def test_the_banner_names_the_console_the_base_url_and_the_credentials_in_columns() -> None:
    app = App(Settings(db=":memory:", port=8123))

    lines = banner(app).splitlines()
    app.runtime.store.close()

    assert lines[0] == "SIMULATOR - no real money" + " " * 45 + "workspace default"
    assert lines[2] == "  Console    http://localhost:8123/console"
    assert lines[3].startswith("  API        http://localhost:8123   one base URL for ")
    providers = lines[5 : 5 + len(app.runtime.providers)]
    assert providers[0].split() == ["PPRO", "key_sandbox_default", "Merchant-Id", "merch_default"]
    assert len({line.index(line.split()[1]) for line in providers}) == 1
    assert lines[-2:] == [
        "  Clock  real time    Webhooks  kept here, no URL set    Phones  not reachable, add --lan",
        "  Try it  psp-simulator demo ppro",
    ]
