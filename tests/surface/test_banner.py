"""What `serve` prints: everything that a newcomer needs, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from toy.acme import ACME

from simulator.engine.provider import BannerLine, Provider
from simulator.engine.settings import WorkspaceSettings
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.providers import built_in
from simulator.surface.app import App
from simulator.surface.serve import banner
from simulator.surface.settings import Settings

WIDTH = 100
"""Of a terminal that is not narrow."""

TWIN = replace(
    ACME,
    name="twin",
    settings=WorkspaceSettings,
    title="Twin",
    resources=(),
    endpoints=(),
    left_out=(),
    banner=lambda own: BannerLine("Twin Pay Ltd.", own["key"], "channel 7"),
)


def lines_of(*providers: Provider) -> list[str]:
    app = App(Settings(db=":memory:", port=8123), providers=providers)
    lines = banner(app).splitlines()
    app.runtime.store.close()
    return lines


def test_a_provider_without_a_line_of_its_own_shows_its_title_and_first_credential() -> None:
    silent = replace(ACME, banner=None)

    line = silent.banner_line({"key": "acme_default", "secret": "hush"})

    assert line == BannerLine("Acme", "acme_default")


def test_the_banner_names_the_console_the_base_url_and_the_credentials_in_columns() -> None:
    """Exactly this layout."""
    assert lines_of(ACME, TWIN) == [
        "SIMULATOR - no real money" + " " * 45 + "workspace default",
        "",
        "  Console    http://localhost:8123/console",
        "  API        http://localhost:8123   one base URL for both; the paths are the providers' own",
        "",
        "  Acme           acme_default",
        "  Twin Pay Ltd.  acme_default   channel 7",
        "",
        "  Clock  real time    Webhooks  kept here, no URL set    Phones  not reachable, add --lan",
        "  Try it  psp-simulator demo --url http://localhost:8123 acme -w default",
    ]


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.title)
def test_every_providers_line_bears_its_name_and_a_credential_and_fits(provider: Provider) -> None:
    own = provider.credentials(Ids(), True)

    line = provider.banner_line(own)

    assert line.name in provider.title
    assert any(str(value) in line.key for value in own.values())
    assert max(map(len, lines_of(*built_in()))) <= WIDTH


def test_the_banner_counts_the_providers() -> None:
    many = [
        replace(ACME, name=f"acme{n}", settings=WorkspaceSettings, resources=(), endpoints=(), left_out=())
        for n in range(11)
    ]

    told = [lines_of(*many[:count])[3].partition("one base URL for ")[2].partition(";")[0] for count in (1, 2, 3, 11)]

    assert told == ["one", "both", "all three", "all 11"]


@pytest.mark.parametrize(
    ("mode", "told"), [("real", "Clock  running, 13 h ahead    "), ("frozen", "Clock  frozen at 20")]
)
def test_a_clock_that_was_advanced_is_not_called_real_time(mode: str, told: str) -> None:
    app = App(Settings(db=":memory:"), providers=[ACME])
    moved = app.runtime.default.clock.moved_to(time_of_day() + timedelta(hours=13))
    app.runtime.change_workspace(app.runtime.default, clock=moved if mode == "real" else moved.frozen())

    shown = banner(app)
    app.runtime.store.close()

    assert told in shown and "real time" not in shown


def test_the_banner_names_the_command_as_this_shell_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """After `make run` it stands in `.venv/bin`, where no shell looks."""
    monkeypatch.setattr("sys.argv", [".venv/bin/psp-simulator", "serve"])
    monkeypatch.setenv("PATH", "/nowhere")

    assert lines_of(ACME)[-1] == "  Try it  .venv/bin/psp-simulator demo --url http://localhost:8123 acme -w default"


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


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_run_installs_what_serving_needs_and_no_more(tmp_path: Path) -> None:
    """None of the extras: they are for tests, for `--tls` and for PostgreSQL."""
    root = Path(__file__).parent.parent.parent

    command = [
        "make",
        "--no-print-directory",
        "--dry-run",
        "run",
        f"VENV={tmp_path}/v",
    ]  # make may be what runs this test
    told = subprocess.run(command, cwd=root, capture_output=True, text=True)

    installed = [line for line in told.stdout.splitlines() if "pip install" in line]
    assert [line.rpartition(" ")[2] for line in installed] == ["."]
    assert told.stdout.splitlines()[-1] == f"{tmp_path}/v/bin/psp-simulator serve"
