"""`psp-simulator drift` as it is typed: a server on this machine stands in for the sandbox."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from drifting import PROVIDERS

from simulator.surface import cli
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched

PROVIDER = next(iter(PROVIDERS.values()))
NAME = PROVIDER.name
SETTINGS = import_module(f"providers.{NAME}.drifting").SETTINGS
assert PROVIDER.sandbox is not None and PROVIDER.shop is not None
SANDBOX = PROVIDER.sandbox
HELD = {SANDBOX.variable(NAME, credential): "x" for credential in SANDBOX.credentials}
"""Credentials of nobody."""


def drift(*args: str, environ: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(cli.main, ["drift", *args], env=environ or {})


def keys(world: Workspace) -> dict[str, str]:
    own = world.credentials[NAME]
    return {SANDBOX.variable(NAME, credential): str(own[credential]) for credential in SANDBOX.credentials}


@pytest.fixture
def at(server: Launched) -> tuple[str, ...]:
    return "--stand-in", "--base-url", server.url


def test_a_sandbox_that_agrees_ends_with_0_and_one_that_does_not_with_1(
    world: Workspace, at: tuple[str, ...], tmp_path: Path
) -> None:
    """The settings that it writes are such as the control API takes, and as the next check reads."""
    world.set_settings(NAME, **SETTINGS)
    apply, markdown, report = (tmp_path / name for name in ("settings.json", "drift.md", "drift.json"))
    files = ("--apply", str(apply), "--markdown", str(markdown), "--json", str(report))

    differs = drift(NAME, *at, *files, environ=keys(world))
    agrees = drift(NAME, *at, "--settings", str(apply), "--json", environ=keys(world))

    assert (differs.exit_code, agrees.exit_code) == (1, 0), agrees.output
    assert json.loads(apply.read_text()) == SETTINGS
    assert f"curl -X PUT --data @{apply}" in differs.stderr
    differing = [fact["id"] for fact in json.loads(report.read_text())["facts"] if fact["result"] == "differs"]
    assert differing
    assert all(id_ in text for id_ in differing for text in (differs.stdout, markdown.read_text()))
    assert json.loads(report.read_text())["agrees"] is False
    assert json.loads(agrees.stdout)["agrees"] is True
    assert world.set_settings(NAME, **json.loads(apply.read_text()))["settings"][NAME] == SETTINGS


def test_nothing_of_a_key_is_printed(world: Workspace, at: tuple[str, ...]) -> None:
    result = drift(NAME, *at, environ=keys(world))

    for value in keys(world).values():
        assert value not in result.stdout + result.stderr


def test_a_dry_run_shows_every_call_and_makes_none(world: Workspace) -> None:
    before = len(world.requests())

    text = drift(NAME, "--dry-run")
    rows = json.loads(drift(NAME, "--dry-run", "--json").stdout)

    assert text.exit_code == 0
    assert f"{len(rows)} calls; none was made." in text.stderr
    assert all(variable in text.stderr for variable in HELD)
    assert re.search(rf"GET {SANDBOX.url}\S+/<create: id>\n    User-Agent: ", text.stdout)
    assert all(row["url"].startswith(f"{SANDBOX.url}/") for row in rows)
    assert all(f"    {name}: {value}\n" in text.stdout for row in rows for name, value in row["headers"].items())
    assert len(world.requests()) == before


KEYED = next(name for name, provider in PROVIDERS.items() if provider.sandbox is not None and provider.sandbox.live_key)
SHARED = next(name for name, provider in PROVIDERS.items() if provider.sandbox and provider.sandbox.serves_live_too)
SHARED_URL = next(one.sandbox.url for one in PROVIDERS.values() if one.sandbox and one.sandbox.serves_live_too)
LIVE_HOST = import_module(f"providers.{NAME}.drifting").LIVE_HOST


@pytest.mark.parametrize(
    ("args", "what"),
    [
        ([], "which provider?"),
        (["acme"], "there is no sandbox of a provider 'acme'"),
        ([NAME, "--base-url", LIVE_HOST], "none of its sandbox's hosts"),
        ([NAME, "--base-url", "http://localhost:8080"], "it is not https"),
        ([NAME, "--stand-in"], "where does the stand-in listen?"),
        ([NAME, "--stand-in", "--base-url", "http://10.0.0.1"], "it is not this machine"),
        ([SHARED, "--stand-in", "--base-url", SHARED_URL], "it is not this machine"),
        ([NAME, "--interactive"], "nobody can be asked to pay"),
        ([NAME, "--inbox-url", "https://shop.example"], "webhooks only come once somebody has paid"),
        ([NAME, "--apply", "/nowhere/at/all"], "/nowhere/at/all cannot be written"),
        ([NAME, "--settings", "/nowhere/at/all"], "/nowhere/at/all cannot be read"),
        ([SHARED], "serves real money as well as tests"),
    ],
)
def test_wrong_use_ends_with_2_before_any_call(args: list[str], what: str) -> None:
    result = drift(*args, environ=HELD)

    assert result.exit_code == 2
    assert what in result.stderr
    assert len(result.stderr.splitlines()) == 2


def test_credentials_that_are_missing_are_named() -> None:
    """And a provider is known in capitals, too."""
    result = drift(NAME.upper())

    assert (result.exit_code, result.stderr.splitlines()[0]) == (2, f"{', '.join(HELD)} are not set")


@pytest.mark.parametrize(
    ("value", "what"),
    [("kéy_abcdefgh", "a character that no header takes"), ("key_abcdefgh\n", "a line break"), (" key_abc", "a space")],
)
def test_a_credential_that_cannot_be_sent_is_wrong_use(value: str, what: str) -> None:
    """Neither a traceback, nor a sandbox that is not reached."""
    result = drift(NAME, "--stand-in", "--base-url", "http://localhost:1", environ=dict.fromkeys(HELD, value))

    assert (result.exit_code, what in result.stderr, value.strip() in result.stderr) == (2, True, False), result.stderr
    assert next(iter(HELD)) in result.stderr


def test_a_key_of_a_live_account_is_refused() -> None:
    own, sandbox = import_module(f"providers.{KEYED}.drifting"), PROVIDERS[KEYED].sandbox
    assert sandbox is not None
    variables = [sandbox.variable(KEYED, credential) for credential in sandbox.credentials]

    result = drift(KEYED, environ=dict.fromkeys(variables, own.LIVE_KEY))

    assert (result.exit_code, "a key of a live account" in result.stderr) == (2, True)
    assert own.LIVE_KEY not in result.stderr


def test_settings_that_cannot_be_are_wrong_use(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    for text, what in (
        ('{"test_amounts": 7}', f"settings.{NAME}.test_amounts"),
        ("[]", "no object"),
        ("{", "cannot be read"),
    ):
        file.write_text(text)

        result = drift(NAME, "--settings", str(file), environ=HELD)

        assert (result.exit_code, what in result.stderr) == (2, True), result.stderr


def test_credentials_that_the_sandbox_refuses_end_with_2_and_leave_no_report(
    server: Launched, at: tuple[str, ...], tmp_path: Path
) -> None:
    """Nothing can be said of a sandbox that lets nobody in; a file of no bytes would not be read the next time."""
    old, new = tmp_path / "old.md", tmp_path / "new.json"
    old.write_text("of last week")

    result = drift(NAME, *at, "--markdown", str(old), "--apply", str(new), environ=dict.fromkeys(HELD, "wrongkey_1234"))

    assert (result.exit_code, "refuses your credentials" in result.stderr) == (2, True), result.output
    assert ([path.name for path in tmp_path.iterdir()], old.read_text()) == (["old.md"], "of last week")


def test_a_sandbox_that_is_not_reached_ends_with_3() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        result = drift(NAME, "--stand-in", "--base-url", url, "--json", environ=HELD)

    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["code"] == "not_reached"
    assert "127.0.0.1 is not reached: ConnectError" in result.stderr


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://127.1:9", "it is not this machine (localhost, 127.0.0.1, ::1)"),
        ("http://[::1]:1", "[::1] is not reached"),
    ],
)
def test_an_address_is_told_as_it_is_written(url: str, what: str) -> None:
    result = drift(NAME, "--stand-in", "--base-url", url, environ=HELD)

    assert (result.exit_code, what in result.stderr) == (2 if "127.1" in url else 3, True), result.stderr


def test_a_buyer_who_pays_leads_on_to_refunds_and_webhooks(
    world: Workspace, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is printed, and nothing goes on before somebody says that it was paid."""
    asked: list[str] = []

    def paid(question: str, **more: Any) -> bool:
        asked.append(question)
        world.settle()
        *_, first = world.payments(provider=NAME)
        world.pay(NAME, first["id"])
        world.settle()
        return True

    monkeypatch.setattr("simulator.surface.terminal.is_interactive", lambda: True)
    monkeypatch.setattr("click.confirm", paid)
    monkeypatch.setattr("simulator.surface.drift_command._sleep", lambda seconds: world.settle())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    tunnel = ("--inbox-url", f"http://127.0.0.1:{port}/hooks", "--inbox-port", port)

    result = drift(NAME, *at, "--interactive", *tunnel, "--json", environ=keys(world))

    report = json.loads(result.stdout)
    assert (result.exit_code, report["differences"], asked) == (0, [], ["Have you paid?"])
    assert re.search(r"Pay here, as a buyer:\n  http://\S+\n", result.stderr)
    assert all("why_not" not in call for call in report["calls"])
    assert any(call.startswith("webhook ") for fact in report["facts"] for call in fact["calls"])


READ = [name for name, one in PROVIDERS.items() if one.shop is not None and one.shop.read is not None]


@pytest.mark.parametrize("name", READ)
def test_an_unpaid_payment_is_noticed_and_asked_about_again(
    name: str, world: Workspace, server: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who then says no gets a report without the calls that need a buyer, and no difference."""
    said = iter([True, True])
    asked: list[bool] = []

    def too_soon(question: str, **more: Any) -> bool:
        asked.append(next(said, False))
        return asked[-1]

    monkeypatch.setattr("simulator.surface.terminal.is_interactive", lambda: True)
    monkeypatch.setattr("click.confirm", too_soon)
    monkeypatch.setattr(
        "simulator.surface.drift_command._sleep", lambda s: world.advance(f"{s:g}s") if s else world.settle()
    )
    own, sandbox = world.credentials[name], PROVIDERS[name].sandbox
    assert sandbox is not None
    environ = {sandbox.variable(name, one): str(own[one]) for one in sandbox.credentials}

    result = drift(
        name, "--stand-in", "--test-account", "--base-url", server.url, "--interactive", "--json", environ=environ
    )

    report = json.loads(result.stdout)
    assert (asked[:3], result.stderr.count("The payment still says ")) == ([True, True, False], 2)
    assert (result.exit_code, report["differences"]) == (0, [])


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_pay_link_is_printed_also_where_only_a_webhook_tells_it(
    name: str, world: Workspace, server: Launched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The webhooks are read while the calls are made, and not only when all is over."""

    def not_yet(question: str, **more: Any) -> bool:
        """The webhook has come when the next question is asked."""
        world.advance("5s")
        return False

    monkeypatch.setattr("simulator.surface.terminal.is_interactive", lambda: True)
    monkeypatch.setattr("click.confirm", not_yet)
    monkeypatch.setattr("simulator.surface.drift_command._sleep", lambda seconds: world.settle())
    own, sandbox = world.credentials[name], PROVIDERS[name].sandbox
    assert sandbox is not None
    environ = {sandbox.variable(name, credential): str(own[credential]) for credential in sandbox.credentials}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    tunnel = ("--inbox-url", f"http://127.0.0.1:{port}/hooks", "--inbox-port", port)
    stand_in = ("--stand-in", "--base-url", server.url, "--test-account")

    result = drift(name, *stand_in, "--interactive", *tunnel, "--json", environ=environ)

    assert re.search(r"Pay here, as a buyer:\n  http://\S+\n", result.stderr), result.stderr


@pytest.mark.uncounted
def test_without_a_payment_nothing_more_is_tried(
    world: Workspace, at: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.surface.terminal.is_interactive", lambda: True)
    monkeypatch.setattr("click.confirm", lambda question, **more: False)

    result = drift(NAME, *at, "--interactive", "--json", environ=keys(world))

    not_made = [call["name"] for call in json.loads(result.stdout)["calls"] if "why_not" in call]
    assert not_made == [probe.name for probe in SANDBOX.probes if probe.pays]


# record ----------------------------------------------------------------------------------------------------------


def record(*args: str) -> Result:
    return CliRunner().invoke(cli.main, ["record", *args], env=HELD)


def test_a_recording_ends_with_ctrl_c(server: Launched, world: Workspace, tmp_path: Path) -> None:
    to = tmp_path / "visit"
    command = [sys.executable, "-c", "from simulator.surface.cli import main; main()", "record"]
    command += ["--provider", NAME, "--to", str(to), "--port", "0", "--json", "--stand-in", "--base-url", server.url]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **keys(world)}
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        answer = httpx.get(f"{said['base_url']}/v1/nothing", trust_env=False)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()

    assert (said["sandbox"], said["to"], answer.status_code) == (server.url, str(to), 404)
    assert process.returncode == 0
    assert f"1 exchanges kept in {to}" in errors
    [kept] = to.iterdir()
    assert json.loads(kept.read_text("utf-8"))["request"]["path"] == "/v1/nothing"


@pytest.mark.parametrize(
    ("args", "code", "what"),
    [
        (["--provider", "acme", "--to", "x"], 2, "there is no sandbox of a provider 'acme'"),
        (["--provider", NAME], 2, "Missing option '--to'"),
        (["--provider", NAME, "--to", "x", "--base-url", LIVE_HOST], 2, "none of its sandbox's hosts"),
        (["--provider", SHARED, "--to", "x"], 2, "serves real money as well as tests"),
        (["--provider", NAME, "--to", "/dev/null/x"], 2, "/dev/null/x cannot be made"),
    ],
)
def test_wrong_use_of_record_ends_with_2(args: list[str], code: int, what: str) -> None:
    result = record(*args)

    assert (result.exit_code, what in result.stderr) == (code, True), result.stderr


def test_a_port_that_is_taken_ends_with_3(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])

        result = record("--provider", NAME, "--to", str(tmp_path), "--port", port)

    assert (result.exit_code, f"cannot listen on port {port}" in result.stderr) == (3, True)
