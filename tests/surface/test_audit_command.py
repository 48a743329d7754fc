"""`psp-simulator audit` in a terminal: what it says, what it writes, and how it ends."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from buying import ANY

from simulator.surface import terminal
from simulator.surface.audit.endings import SNAPSHOT
from simulator.surface.audit.subject import ShopSaidNo, by_command, by_text, by_url
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from surface.test_cli import Shell


class Credulous(BaseHTTPRequestHandler):
    """A shop that takes whatever comes."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


class Particular(Credulous):
    """A shop that finds the signature only where its header is written as it was in the manual."""

    def do_POST(self) -> None:
        if any("signature" in name.lower() and name.isupper() for name in self.headers):
            self.send_error(401)
        else:
            super().do_POST()


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def shop() -> Iterator[str]:
    with listening(Credulous) as url:
        yield url


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def test_a_shop_that_takes_unsigned_webhooks_fails_and_every_report_says_so(
    shell: Shell, shop: str, tmp_path: Path
) -> None:
    junit, page = tmp_path / "audit.xml", tmp_path / "audit.html"
    name = "signature-none"

    result = shell.run("audit", ANY.name, "--webhook", shop, "--only", name, "--junit", str(junit), "--html", str(page))

    suite = ElementTree.parse(junit).getroot()
    assert result.exit_code == 1, result.output
    assert name in result.stdout and "FAILED" in result.stdout
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert [case.get("name") for case in suite.iter("testcase")] == [name]
    assert "<html" in page.read_text("utf-8")


def test_header_names_in_capitals_are_refused_by_a_shop_that_is_particular_about_them(shell: Shell, shop: str) -> None:
    """Most servers hide how names were written; Python's own does not."""
    name = "signature-header-case"

    with listening(Particular) as url:
        refused = shell.run("audit", ANY.name, "--webhook", url, "--only", name)

    assert (refused.exit_code, "in capitals" in refused.stdout) == (1, True)
    assert shell.run("audit", ANY.name, "--webhook", shop, "--only", name).exit_code == 0


def test_what_failed_is_explained_at_the_end_and_the_verdict_comes_last(shell: Shell, shop: str) -> None:
    result = shell.run("audit", ANY.name, "--webhook", shop, "--only", "signature-none", "--only", "unknown-payment")

    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["FAILED", "signature-none"], ["passed", "unknown-payment"]]
    assert "  What to do: Refuse with 400 or 401 what bears no signature." in lines
    assert lines[-1] == "1 of 2 checks failed"
    assert "\x1b" not in result.stdout


def test_a_terminal_is_shown_the_groups_and_what_is_tried_now(
    shell: Shell, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "has_colour", lambda: True)

    result = shell.run("audit", ANY.name, "--webhook", shop, "--only", "signature-none", "--only", "unknown-payment")

    shown = result.stdout
    assert shown.index("Signatures") < shown.index("1/2  Refuses none …") < shown.index("signature-none")
    assert shown.index("Order and number") < shown.index("2/2  An event of an unknown payment …")
    assert "##" in shown and "==" in shown


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # it may end us while Popen begins
@pytest.mark.parametrize(("sign", "code"), [("INT", 130), ("TERM", 143)])
def test_who_ends_it_finds_the_workspace_as_it_was(shell: Shell, shop: str, sign: str, code: int) -> None:
    """The shop's own command ends us here, in the midst of a check. (What a shell starts with `&` would hear no SIGINT.)"""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made = shell.world.make_payment(ANY.name)
    before = shell.world.refresh()

    result = shell.run("audit", ANY.name, "--webhook", shop, "--checkout", f"kill -{sign} $PPID", "--only", "twice")

    after = shell.world.refresh()
    assert result.exit_code == code, result.output
    assert (after["webhooks"], after["clock"]["mode"]) == (before["webhooks"], before["clock"]["mode"])
    assert [payment["id"] for payment in shell.world.payments()] == [made["id"]]
    assert shell.world.snapshots() == []


def test_two_at_once_are_one_too_many_and_the_way_back_is_named(shell: Shell, shop: str) -> None:
    shell.world.snapshot(SNAPSHOT)
    shell.world.make_payment(ANY.name)

    result = shell.run("audit", ANY.name, "--webhook", shop, "--only", "twice")
    back = shell.run("restore", SNAPSHOT, "--forget")

    assert result.exit_code == 1
    assert "psp-simulator restore under-audit --forget" in result.stderr
    assert (back.exit_code, shell.world.payments(), shell.world.snapshots()) == (0, [], [])
    assert shell.run("audit", ANY.name, "--webhook", shop, "--only", "unknown-payment").exit_code == 0


def test_the_checks_are_listed_by_name(shell: Shell) -> None:
    rows = shell.json("audit", "--list")

    assert "signature-none" in [row["name"] for row in rows]
    assert "signature-none" in shell.run("audit", "--list", "--only", "signature-none").stdout


@pytest.mark.parametrize(
    "wrong",
    [
        ["paypal", "--webhook", "http://localhost:1/"],
        [ANY.name],
        [ANY.name, "--only", "no-such-check"],
        [ANY.name, "--webhook", "not-a-url"],
        [ANY.name, "--webhook", "http://localhost:99999/"],
        [ANY.name, "--webhook", "http://localhost:1/", "--html", "/nowhere/audit.html"],
        [ANY.name, "--webhook", "http://localhost:1/", "--junit", "/nowhere/audit.xml"],
    ],
)
def test_wrong_use_ends_with_2(shell: Shell, wrong: list[str]) -> None:
    """Before the first check: what the report could not be written to would lose the result."""
    result = shell.run("audit", *wrong)

    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output


def test_a_shop_whose_orders_cannot_be_read_is_not_reached(shell: Shell, shop: str) -> None:
    url, world = shell.world.base_url, shell.world.id
    makes = (
        f"from simulator.surface.client import Client; Client({url!r}).workspace({world!r}).make_payment({ANY.name!r})"
    )
    make = f'{sys.executable} -c "{makes}"'

    result = shell.run("audit", ANY.name, "--webhook", shop, "--checkout", make, "--order", "false", "--only", "twice")

    assert result.exit_code == 3, result.output
    assert "The order cannot be read" in result.stderr


def test_what_was_not_judged_has_not_passed(shell: Shell, shop: str) -> None:
    result = shell.run("audit", ANY.name, "--webhook", shop, "--only", "amount")

    assert (result.exit_code, result.stdout.splitlines()[-1]) == (2, "Nothing was judged, 1 skipped")


def test_a_shop_that_is_not_there_ends_with_3(shell: Shell) -> None:
    result = shell.run("audit", ANY.name, "--webhook", "http://localhost:1/hooks", "--only", "signature-none", "--json")

    assert result.exit_code == 3
    assert json.loads(result.stdout.splitlines()[-1])["error"]["code"] == "not_reached"


def test_a_command_is_given_the_order_in_quotes_and_its_no_is_told() -> None:
    said = by_command(f"{sys.executable} -c 'import sys; print(sys.argv[1])' {{reference}}")
    ends = by_command(f"{sys.executable} -c 'raise SystemExit(3)'")

    assert said({"reference": "a; echo b"}) == "a; echo b\n"
    with pytest.raises(ShopSaidNo, match="ended with 3"):
        ends({})


def test_an_address_is_given_the_order_encoded_and_its_no_is_told() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(404 if "missing" in str(request.url) else 200, text="waiting")

    act = by_url("http://shop.test/orders/{reference}", "GET", httpx.MockTransport(answer))

    assert act({"reference": "a/b"}) == "waiting"
    assert asked == ["http://shop.test/orders/a%2Fb"]
    with pytest.raises(ShopSaidNo, match="404 waiting"):
        act({"reference": "missing"})
    assert by_text(None, "GET") is None
