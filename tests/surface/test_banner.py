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
    """Exactly the layout of the design, for all five."""
    app = App(Settings(db=":memory:", port=8123))

    lines = banner(app).splitlines()
    app.runtime.store.close()

    assert lines == [
        "SIMULATOR - no real money" + " " * 45 + "workspace default",
        "",
        "  Console    http://localhost:8123/console",
        "  API        http://localhost:8123   one base URL for all five; the paths are the providers' own",
        "",
        "  PPRO       key_sandbox_default                   Merchant-Id merch_default",
        "  WooshPay   sk_test_default",
        "  Checkout   sk_sbox_defaultaaaaaaaaaaaaaaaaaaaa   channel pc_defaultaaaaaaaaaaaaaaaaaaa",
        "  ecommpay   project 201                           secret in the console",
        "  Worldline  merchant 1001                         key id 5eed000000000001",
        "",
        "  Clock  real time    Webhooks  kept here, no URL set    Phones  not reachable, add --lan",
        "  Try it  psp-simulator demo ppro",
    ]


def test_an_open_console_shows_the_token_in_its_address() -> None:
    app = App(Settings(db=":memory:", open_console=True, admin_token="open sesame"))

    lines = banner(app).splitlines()
    app.runtime.store.close()

    assert lines[2] == "  Console    http://localhost:8080/console?token=open%20sesame"


def test_with_lan_the_console_is_named_where_it_answers() -> None:
    app = App(Settings(db=":memory:", host="0.0.0.0", lan=True, public_url="http://192.168.1.20:8080"))

    lines = banner(app).splitlines()
    app.runtime.store.close()

    assert lines[2] == "  Console    http://localhost:8080/console"
    assert lines[3].startswith("  API        http://192.168.1.20:8080   ")
    assert lines[-2].endswith("Phones  reachable")
