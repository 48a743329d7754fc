"""What the commands print: nobody else's signs are obeyed by a terminal, and no password of an address is shown."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from buying import ANY
from click.testing import CliRunner, Result

from simulator.engine.store import StoreUnavailable, open_store
from simulator.surface import cli, printed, terminal
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from simulator.surface.logs import Masked
from surface.test_audit_command import listening
from surface.test_cli import Shell

SURFACE = Path(cli.__file__).parent
HOSTILE = "\x1b]0;pwned\x07\x1b[31mRED\x1b[2J\x9b31m\x7f\u202egnp.exe\r\nforged"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
PASSWORD = "PGpassw0rd"


class Writing(BaseHTTPRequestHandler):
    """A receiver that writes to whoever reads its answers."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        answer = HOSTILE.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def test_no_answer_of_a_receiver_is_obeyed_by_a_terminal(shell: Shell) -> None:
    with listening(Writing) as url:
        shell.world.set_webhook(ANY.name, url)
        shell.world.pay(ANY.name, shell.create())
        shell.world.settle()
    sent = next(one for one in shell.world.deliveries() if one["attempts"])

    shown = shell.run("show", sent["id"])

    assert shown.exit_code == 0
    assert OBEYED.search(shown.stdout) is None
    assert r"    \x1b]0;pwned\x07\x1b[31mRED\x1b[2J\x9b31m\x7f\u202egnp.exe" in shown.stdout.splitlines()
    assert "    forged" in shown.stdout.splitlines()


@pytest.mark.parametrize(
    "command", [("timers",), ("show", "{id}"), ("why", "{id}"), ("diagram", "{id}"), ("tail", "--no-follow"), ("moves", "{id}")]
)  # fmt: skip
def test_nothing_that_a_merchant_writes_is_obeyed_or_begins_a_line(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Whatever the control API answers: every text of it is a merchant's here."""
    id_ = shell.create()
    _answer_hostile(monkeypatch)

    shown = shell.run(*(part.format(id=id_) for part in command))

    assert shown.exit_code == 0, shown.output
    assert r"\x1b]0;pwned\x07" in shown.stdout
    assert OBEYED.search(shown.stdout) is None
    assert not any(line.lstrip().startswith("forged") for line in shown.stdout.splitlines())


def _answer_hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    from simulator.surface.client import Workspace

    def hostile(value: Any) -> Any:
        if isinstance(value, dict):
            texts = ("summary", "reference", "label", "fact")
            return {k: f"{v}{HOSTILE}" if k in texts and isinstance(v, str) else hostile(v) for k, v in value.items()}
        return [hostile(one) for one in value] if isinstance(value, list) else value

    for name in ("payment", "diagram", "why", "moves", "find"):
        real = getattr(Workspace, name)
        monkeypatch.setattr(Workspace, name, lambda *a, real=real, **k: hostile(real(*a, **k)))
    each = Workspace.each_timer
    monkeypatch.setattr(Workspace, "each_timer", lambda *a, **k: iter([hostile(one) for one in each(*a, **k)]))


def test_json_says_the_same_and_a_terminal_obeys_none_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"reference": HOSTILE + "\ud800", "name": "支付宝"}

    printed.say_json(value)

    text = capsys.readouterr().out
    assert json.loads(text) == value
    assert OBEYED.search(text) is None
    assert "支付宝" in text


def test_our_own_colours_reach_a_terminal_and_those_of_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "has_colour", lambda: True)

    line = printed.safe(f"{terminal.paint(f'red {HOSTILE}', 'red')} {terminal.paint('fat', 'bold')}")

    assert line.startswith("\x1b[31mred ") and line.endswith(" \x1b[1mfat\x1b[0m")
    assert line.count("\x1b") == 4


def test_what_programs_take_is_given_byte_for_byte_and_a_terminal_is_shown_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed.give("a\x1b[31m\u202eb\nc")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    printed.give("a\x1b[31m\u202eb\nc")

    assert capsys.readouterr().out == "a\x1b[31m\u202eb\nc\na\\x1b[31m\\u202eb\nc\n"


def test_a_complaint_is_not_obeyed_either() -> None:
    refused = CliRunner().invoke(cli.main, ["demo", f"acme{HOSTILE}"])

    assert refused.exit_code == 2
    assert OBEYED.search(refused.output) is None


def test_everything_that_is_printed_goes_through_one_place() -> None:
    """Where a container's log is written, and nothing of anybody else's, `healthcheck` has its own line."""
    printing = {"click": {"echo", "secho", "style", "echo_via_pager"}, "sys": {"stdout", "stderr"}}
    for path in SURFACE.rglob("*.py"):
        if path.name in ("printed.py", "healthcheck.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert node.value.id != "click" or node.attr not in printing["click"], path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
                assert not any(
                    isinstance(one, ast.Attribute) and one.attr in printing["sys"] for one in ast.walk(node)
                ), path


def test_nobody_writes_a_line_of_the_log_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("tests.printed")
    log.addFilter(Masked())

    log.error("error %s in %s %s", 7, "GET", f"/v1/{HOSTILE}")
    log.warning(f"a notice {HOSTILE}")
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.exception("it failed")

    format_ = logging.Formatter()
    for record in caplog.records:
        text = format_.format(record)
        assert OBEYED.search(text) is None, text
        assert not any(line.startswith("forged") for line in text.splitlines()), text
    assert "\n" not in format_.format(caplog.records[0])


# Passwords ---------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, [*arguments])


@pytest.mark.parametrize(
    "where",
    [
        f"postgresql://sim:{PASSWORD}@[bad/x",
        f"postgresql://sim:{PASSWORD}%zz@localhost/x",
        f"postgresql://sim:12/{PASSWORD}@localhost/x",
        f"postgresql://localhost/x?nothing={PASSWORD}&password={PASSWORD}%zz",
    ],
)
def test_a_postgresql_that_cannot_be_opened_is_told_without_its_password(where: str) -> None:
    pytest.importorskip("psycopg")

    refused = run("serve", "--port", "0", "--db", where)

    assert refused.exit_code == 3
    assert "cannot open the PostgreSQL store" in refused.output
    assert PASSWORD not in refused.output.replace(f"nothing={PASSWORD}", "")


@pytest.mark.parametrize(
    "where",
    [
        f"mysql://sim:{PASSWORD}@h/x",
        f"mysql:/sim:{PASSWORD}@h/x",
        f"POSTGRESQL://sim:{PASSWORD}@h/x",
        f" postgresql://sim:{PASSWORD}@h/x",
        f"host=h user=sim password={PASSWORD}",
    ],
)
def test_a_store_of_an_unknown_kind_is_wrong_use_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.chdir(tmp_path)

    refused = run("serve", "--port", "0", "--db", where)
    with pytest.raises(StoreUnavailable, match="no store is opened at") as unavailable:
        open_store(where)

    assert refused.exit_code == 2
    assert "--db takes an SQLite file, :memory: or a postgresql:// address." in refused.stderr
    assert PASSWORD not in refused.output + str(unavailable.value)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("where", [f"postgresql://sim:{PASSWORD}@h/x", f"mysql:/sim:a/{PASSWORD}@h"])
def test_the_doctor_repeats_no_address(where: str) -> None:
    refused = run("doctor", "--db", where)

    assert (refused.exit_code, PASSWORD in refused.output) == (2, False)


@pytest.mark.parametrize("option", ["--public-url", "--replica-url"])
@pytest.mark.parametrize("address", [f"http://bob:{PASSWORD}@x", f"http://bob:a/{PASSWORD}@x", f"http://{PASSWORD}@x"])
def test_an_address_of_ours_takes_no_user_and_no_password(option: str, address: str) -> None:
    refused = run("serve", "--port", "0", "--db", ":memory:", option, address)

    assert refused.exit_code == 2
    assert "takes no user and no password" in refused.stderr
    assert PASSWORD not in refused.output


def test_listening_shows_no_password_of_the_address(shell: Shell) -> None:
    address = f"http://bob:{PASSWORD}@127.0.0.1:9/{{provider}}"

    told = shell.run("listen", address, "--no-follow")

    assert told.exit_code == 0
    assert f"webhooks go to http://bob:***@127.0.0.1:9/{ANY.name}" in told.stderr
    assert PASSWORD not in told.output
    kept: Any = shell.world.client.workspace(shell.world.id).view["webhooks"][ANY.name]
    assert PASSWORD in kept["url"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("timers", "--url", f"postgresql://bob:a/{PASSWORD}@x"),
        ("timers", "--url", f"http://bob:{PASSWORD}@127.0.0.1:9"),
        ("timers", f"http://bob:{PASSWORD}@x"),
        ("serve", "--port", f"http://bob:{PASSWORD}@x"),
        ("audit", ANY.name, "--webhook", f"ftp://bob:{PASSWORD}@x"),
    ],
)
def test_no_complaint_repeats_a_password(arguments: tuple[str, ...]) -> None:
    for more in ([], ["--json"]):
        refused = run(*arguments, *more)

        assert refused.exit_code in (2, 3)
        assert PASSWORD not in refused.output


# Files -------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("open_umask")
def test_the_reports_of_an_audit_are_for_their_owner_alone(shell: Shell, tmp_path: Path) -> None:
    files = (tmp_path / "a.xml", tmp_path / "a.html")
    with listening(Writing) as url:
        audit = ("audit", ANY.name, "--webhook", url, "--only", "signature-none")
        shell.run(*audit, "--junit", str(files[0]), "--html", str(files[1]))

    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]
    assert all(file.stat().st_size for file in files)


def test_no_command_writes_a_file_but_by_the_one_that_closes_it() -> None:
    """A checkout's sources, which `new-provider` writes, are for all who work at it."""
    for path in SURFACE.rglob("*.py"):
        if path.name not in ("new_provider.py", "tls.py"):
            text = path.read_text("utf-8")
            assert not re.search(r"\.write_(?:text|bytes)\(|\.open\(\"[wax]|[^.\w]open\([^)]*\"[wax]", text), path
