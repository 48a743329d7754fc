"""The demo on a terminal: a QR code, and single keys that do what the line says."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest
from buying import ANY, SHOP

from simulator.surface.client import Client
from simulator.surface.launch import Launched

ROOT = Path(__file__).parent.parent.parent
ASKS = b"Waiting for a buyer"
AMOUNT = SHOP.sample.amount.format().replace("\N{NO-BREAK SPACE}", " ")


def run_demo(server: Launched, key: bytes, before: bytes = b"", **environ: str) -> tuple[int, str]:
    """Presses one key when the demo asks for it, and others at once; the exit code and what stood on the terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "simulator.surface.cli", "demo", ANY.name, "--url", server.url]
        inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
        os.chdir(ROOT)
        os.execve(sys.executable, command, {**inherited, "TERM": "xterm", "COLUMNS": "100", **environ})
    shown, pressed = b"", False
    os.write(terminal, before)
    while select.select([terminal], [], [], 30)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not pressed and ASKS in shown:
            os.write(terminal, key)
            pressed = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


@pytest.mark.parametrize(
    ("key", "code", "told"),
    [
        (b"p", 0, "refunded, decided by buyer:li-na"),
        (b"D", 0, f"{AMOUNT}, decided by console"),
        (b"x", 0, f"{AMOUNT}, decided by console"),
        (b"e", 0, "the order is expired: the story of a purchase ends here"),
        (b"q", 1, ASKS.decode()),
        (b"\x04", 1, ASKS.decode()),
    ],
)
def test_a_key_does_what_the_line_says(server: Launched, key: bytes, code: int, told: str) -> None:
    ended, shown = run_demo(server, key)

    assert (ended, told in shown) == (code, True), shown
    assert sum("█" in line for line in shown.splitlines()) == 17
    assert "\x1b[32m" in shown


def test_an_end_of_input_that_came_before_anybody_was_asked_ends_the_demo(server: Launched) -> None:
    """`script` sends it at once where its own input is closed: there it waited for ever."""
    ended, shown = run_demo(server, b"", before=b"\x04")

    assert (ended, ASKS.decode() in shown) == (1, True), shown


def test_a_narrow_terminal_gets_the_link_alone_and_colour_can_be_switched_off(server: Launched) -> None:
    _, shown = run_demo(server, b"q", COLUMNS="39", NO_COLOR="1")

    assert "█" not in shown
    assert "\x1b" not in shown
    assert "Scan with a phone, or open http://127.0.0.1:" in shown


def test_somebody_with_a_phone_may_decide_instead(server: Launched, client: Client) -> None:
    """The demo waits for a key, but goes on when the payment is decided elsewhere."""
    before = {workspace["id"] for workspace in client.workspaces()}
    pid, terminal = pty.fork()
    if pid == 0:
        command = [sys.executable, "-m", "simulator.surface.cli", "demo", ANY.name, "--url", server.url]
        os.chdir(ROOT)
        os.execve(sys.executable, command, {**os.environ, "TERM": "xterm"})
    shown, decided = b"", False
    while select.select([terminal], [], [], 30)[0]:
        try:
            shown += os.read(terminal, 65536)
        except OSError:
            break
        if not decided and ASKS in shown:
            decided = True
            [new] = [
                w["id"]
                for w in client.workspaces()
                if w["id"] not in before and w["name"].startswith(f"demo-{ANY.name}")
            ]
            world = client.workspace(new)
            world.pay(ANY.name, world.latest(1)[0]["id"], buyer="wang-wei")
    os.close(terminal)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert f"{AMOUNT}, decided by buyer:wang-wei" in shown.decode()
