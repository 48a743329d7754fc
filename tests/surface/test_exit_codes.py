"""The table of exit codes in the README: each command that it names ends as its row says, with and without `--json`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from simulator.surface import cli
from simulator.surface.launch import Launched

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")
TABLE = README.partition("| Exit code |")[2].partition("\n\n")[0]
ROWS = [
    (int(row[1]), command)
    for row in re.finditer(r"^\| (\d+) \|.*?\|(.*)\|$", TABLE, re.M)
    for command in re.findall(r"`psp-simulator ?(.*?)`", row[2])
]
CODES = {1: "refused", 2: "wrong_use", 3: "not_reached"}


def test_the_table_names_every_code() -> None:
    assert re.findall(r"^\| (\d+) \|", TABLE, re.M) == ["0", "1", "2", "3", "130"]
    assert {code for code, _ in ROWS} == {0, 1, 2, 3}


def commands(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield from commands(command) if isinstance(command, click.Group) else [(name, command)]


def test_every_command_takes_json_but_the_one_that_the_readme_names() -> None:
    without = [
        name for name, command in commands(cli.main) if not any("--json" in option.opts for option in command.params)
    ]

    assert [f"Every command but `{name}`" in README for name in without] == [True]


@pytest.mark.parametrize(("code", "command"), ROWS)
def test_a_command_ends_with_the_code_of_its_row(server: Launched, code: int, command: str) -> None:
    environ = {"PSP_SIMULATOR_URL": server.url}

    plain = CliRunner().invoke(cli.main, shlex.split(command), env=environ)
    as_json = CliRunner().invoke(cli.main, [*shlex.split(command), "--json"], env=environ)

    assert (plain.exit_code, as_json.exit_code) == (code, code) if command else (0, 2)
    assert len(plain.stderr.splitlines()) == (2 if code else 0)
    if code:
        error = json.loads(as_json.stdout)["error"]
        assert {"code", "message", "remedy"} <= error.keys()
        assert [error["message"], error["remedy"]] == plain.stderr.splitlines()
        assert code == 1 or error["code"] == CODES[code]
