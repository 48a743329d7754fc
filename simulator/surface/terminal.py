"""What the commands have in common on a terminal: colour that only helps, keys, QR codes, complaints of two lines."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from simulator.surface.settings import variable

QR_COLUMNS = 40
"""A narrower terminal gets the link alone."""

REFUSED, USAGE, UNREACHED = 1, 2, 3


class Failure(click.ClickException):
    """Ends a command: what happened, what to do about it, and the exit code (1 said no, 2 wrong use, 3 not reached)."""

    def __init__(self, what: str, remedy: str, code: int = REFUSED) -> None:
        super().__init__(what)
        self.remedy = remedy
        self.code = code


def complain(failure: click.ClickException, context: str) -> NoReturn:
    """Two lines on stderr, then the exit code."""
    remedy = failure.remedy if isinstance(failure, Failure) else f"See {context} --help."
    click.echo(" ".join(failure.format_message().split()), err=True)
    click.echo(remedy, err=True)
    sys.exit(failure.code if isinstance(failure, Failure) else failure.exit_code)


def has_colour() -> bool:
    return sys.stdout.isatty() and variable("NO_COLOR") is None and variable("TERM") != "dumb"


def paint(text: str, colour: str) -> str:
    return click.style(text, fg=colour) if has_colour() else text


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
        tty.setcbreak(sys.stdin)
        yield Keys()
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


class Keys:
    def pressed(self, wait_s: float) -> str | None:
        """The next key in lower case, or None when none was pressed in that time."""
        if os.name == "nt":
            return click.getchar().lower()
        import select

        ready, _, _ = select.select([sys.stdin], [], [], wait_s)
        if not ready:
            return None
        return os.read(sys.stdin.fileno(), 16).decode("utf-8", "replace")[:1].lower() or "q"
