"""What the commands print, and the one place where they do: the signs of others are shown there and not obeyed, passwords in
addresses are hidden, and only our own colours reach a terminal as such. What stands in a line never begins another."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import click

from simulator.engine.addresses import without_passwords
from simulator.engine.printable import in_json, in_line, in_text
from simulator.kernel.ids import Ids

_WRONG_ADDRESS = re.compile(r"(//[^\s/@:\"']*:)[^\s\"']+@")
_LINE_END = re.compile("\r?\n")

_MARK = Ids().bytes(8).hex()
"""Nobody else knows it, so that nobody else's text is taken for a colour of ours."""
_OURS = re.compile(rf"\{{{_MARK}:([a-z]*)\}}")
_WEIGHTS = ("bold", "dim")
_PLAIN = "\x1b[0m"


def say(*lines: str, err: bool = False, over: str = "", ends: bool = True) -> None:
    """For people. `over` is an order of ours to the terminal, which comes before; where the last line does not end, what is said
    next goes on in it."""
    click.echo(over + "\n".join(map(safe, lines)), err=err, nl=ends)


def say_json(value: Any, *, ascii_only: bool = False) -> None:
    """For programs: the value, and nothing that a terminal would obey."""
    click.echo(in_json(json.dumps(value, ensure_ascii=ascii_only)))


def give(text: str, *, ends: bool = True) -> None:
    """What a program or a file takes byte for byte. A terminal is shown it."""
    click.echo(in_text(text) if sys.stdout.isatty() else text, nl=ends, color=True)


def safe(line: str) -> str:
    """A line as it may stand on a terminal."""
    return _OURS.sub(_colour, in_line(_without_passwords(line)))


def coloured(text: str, colour: str) -> str:
    """To be said: it becomes a colour, `bold` or `dim` on its way out."""
    return f"{{{_MARK}:{colour}}}{text}{{{_MARK}:}}"


def lines_of(text: str) -> list[str]:
    """A text in which line breaks may be, such as somebody's body."""
    return _LINE_END.split(text)


def without_any_password(text: str) -> str:
    """A complaint without any password. It may name an address that is none: a password may hold slashes there, and goes to the
    last `@`."""
    return _WRONG_ADDRESS.sub(r"\1***@", _without_passwords(text))


def _without_passwords(text: str) -> str:
    return without_passwords(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def _colour(found: re.Match[str]) -> str:
    name = found[1]
    if not name:
        return _PLAIN
    return click.style("", reset=False, **{name: True} if name in _WEIGHTS else {"fg": name})
