"""What the commands have in common on a terminal: colour that only helps, keys, QR codes, complaints of two lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import click

from simulator.kernel.clock import short_duration
from simulator.surface import printed
from simulator.surface.days import Days
from simulator.surface.settings import variable

QR_COLUMNS = 40
"""A narrower terminal gets the link alone."""

REFUSED, USAGE, UNREACHED = 1, 2, 3


class Failure(click.ClickException):
    """Ends a command: what happened, what to do about it, and the exit code (1 said no, 2 wrong use, 3 not reached)."""

    def __init__(
        self, what: str, remedy: str, exit_code: int = REFUSED, error: Mapping[str, Any] | None = None
    ) -> None:
        """`error` are further members of the error object of `--json`: the control API's `code`, `field`, `allowed`."""
        super().__init__(what)
        self.remedy = remedy
        self.exits_with = exit_code
        self.error = error or {}


_EXITS = {REFUSED: "refused", USAGE: "wrong_use", UNREACHED: "not_reached"}


def complain(failure: click.ClickException, context: str, *, as_json: bool = False) -> NoReturn:
    """Two lines on stderr, then the exit code; `as_json` besides an object on stdout, as the control API writes it."""
    remedy = failure.remedy if isinstance(failure, Failure) else f"See {context} --help."
    what = printed.without_any_password(" ".join(failure.format_message().split()))
    exit_code = failure.exits_with if isinstance(failure, Failure) else failure.exit_code
    if as_json:
        error = {"code": _EXITS.get(exit_code, "error"), "message": what, "remedy": remedy}
        error |= failure.error if isinstance(failure, Failure) else {}
        printed.say_json({"error": error})
    printed.say(what, remedy, err=True)
    sys.exit(exit_code)


def clock(mode: str, ahead: timedelta) -> str:
    """How a workspace's clock goes, and how far it is from the time of day: `real time`, `running, 5 h ahead`, `frozen`."""
    goes = "frozen" if mode == "frozen" else "running"
    if abs(ahead) < timedelta(seconds=1):
        return goes if mode == "frozen" else "real time"
    return f"{goes}, {short_duration(abs(ahead))} {'ahead' if ahead > timedelta(0) else 'behind'}"


def instant(at: str, seen_at: str) -> str:
    """An hour, with its date in front where that is another day than the one it is seen on."""
    return at[11:19] if at[:10] == seen_at[:10] else f"{at[:10]} {at[11:19]}"


def dated(rows: Iterable[tuple[str, str]], *, seen_at: str = "") -> list[str]:
    """Instants with the lines that are told of them, and the date where the day changes."""
    days = Days(seen_at)
    return [line for at, told in rows for line in (days.change(at), told) if line]


def invoked() -> str:
    """What to type for this program: its name where the shell finds it, else the way that it was called by."""
    given = Path(sys.argv[0])
    return "psp-simulator" if given.name != "psp-simulator" or shutil.which("psp-simulator") else str(given)


def has_colour() -> bool:
    return sys.stdout.isatty() and variable("NO_COLOR") is None and variable("TERM") != "dumb"


def paint(text: str, colour: str) -> str:
    """To be said by `printed`."""
    return printed.coloured(text, colour) if has_colour() else text


def is_interactive() -> bool:
    """Whether somebody can press keys and see what happens."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def qr(text: str, *, invert: bool = False) -> str | None:
    """Half blocks, or None where they would not be readable."""
    if shutil.get_terminal_size().columns < QR_COLUMNS:
        return None
    from simulator.wallet.qr import terminal

    drawn = terminal(text, invert=invert)
    try:
        drawn.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return None
    return drawn


@contextmanager
def keys() -> Iterator[Keys]:
    """Single keys without Enter, while the block runs. Ctrl-C stays what it is."""
    try:
        import termios
        import tty
    except ImportError:
        yield Keys()
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin, termios.TCSADRAIN)  # what was typed meanwhile counts, an end of input above all
        yield Keys()
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


ENDS = ("", "\x04", "\0")
"""What a terminal gives where nobody is at the keys any more: nothing, Ctrl-D, or a Ctrl-D that came before single keys were asked
for (`script` sends it when its own input is closed)."""


class Keys:
    def pressed(self, wait_s: float) -> str | None:
        """The next key in lower case, or None when none was pressed in that time; `q` at the end of input."""
        if os.name == "nt":
            return click.getchar().lower()
        import select

        ready, _, _ = select.select([sys.stdin], [], [], wait_s)
        if not ready:
            return None
        key = os.read(sys.stdin.fileno(), 16).decode("utf-8", "replace")[:1].lower()
        return "q" if key in ENDS else key
