"""The table of exit codes in the README: each command that it names ends as its row says, with and without `--json`."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import httpx
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


BAD = {
    "advance": ["abc", "2000-13-45", "2026-01-01", "-- -5m"],
    "arm": [
        "",
        "nosuch",
        "declined-balance --next 0",
        "declined-balance --amount x",
        "declined-balance --currency x",
        "--rule x",
    ],
    "audit": [
        "nosuch --webhook http://localhost:9",
        "{provider} --webhook x",
        "{provider} --webhook http://localhost:9 --only x",
    ],
    "decline": ["{payment} --reason bored"],
    "demo": ["nosuch"],
    "drift": ["nosuch", "--base-url https://api.example.com {provider}", "--settings /nowhere/file {provider}"],
    "export": ["/nowhere/file"],
    "import": ["/nowhere/file"],
    "listen": ["nonsense", "http://localhost:9 --provider nosuch"],
    "new-provider": ["Zebra --title Zebra"],
    "pay": ["{payment} --buyer nobody"],
    "payouts": ["--provider nosuch", "--now"],
    "record": ["--provider nosuch --to x", "--provider {provider} --to x --port x"],
    "reports": ["--provider nosuch", "--date x"],
    "requests": ["--provider nosuch", "--method NO", "--status abc", "--lines 0"],
    "run": ["--rate 0", "--rate x"],
    "serve": ["--port x", "--webhooks-to nosuch", "--trust /nowhere/file"],
    "sign": ["nosuch", "{provider} --date nonsense"],
    "snapshot": ["'no good'"],
    "tail": ["--provider nosuch", "--lines x"],
    "timers": ["--lines 0", "--url nonsense"],
    "verify": ["nosuch", "{provider} --date nonsense"],
    "webhooks": ["--provider nosuch", "--state nosuch", "--lines 0"],
}
"""By command, values that are none."""
ANY_WILL_DO = {
    "cancel",
    "diagram",
    "disarm",
    "doctor",
    "expire",
    "freeze",
    "list",
    "mark",
    "mcp",
    "moves",
    "replay",
    "reset",
    "restore",
    "show",
    "why",
}
"""They take an id, a name or nothing: what is not there is no wrong use."""


def test_each_command_that_takes_a_value_is_tried_with_one_that_is_none() -> None:
    assert {name for name, _ in commands(cli.main)} == {*BAD, *ANY_WILL_DO}


@pytest.mark.parametrize(("name", "typed"), [(name, typed) for name, several in BAD.items() for typed in several])
def test_a_value_that_is_none_is_wrong_use(server: Launched, name: str, typed: str) -> None:
    """Whoever finds out: the command line, or the simulator that is asked."""
    provider = next(iter(httpx.get(f"{server.url}/_sim/workspaces/default").json()["credentials"]))
    made = httpx.post(f"{server.url}/_sim/workspaces/default/payments", json={"provider": provider}).json()
    words = shlex.split(typed.format(provider=provider, payment=made["id"]))
    command = ["scenario", "arm"] if name == "arm" else [name]

    result = CliRunner().invoke(cli.main, [*command, "--json", *words], env={"PSP_SIMULATOR_URL": server.url})

    assert result.exit_code == 2, result.output
    assert json.loads(result.stdout)["error"]["code"] == "wrong_use"


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
