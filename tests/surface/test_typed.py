"""What is shown to be pasted into a terminal steers the simulator and the workspace that show it."""

from __future__ import annotations

import re

import pytest
from buying import ANY
from click.testing import CliRunner

from simulator.surface import cli
from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from simulator.surface.typed import typed


@pytest.mark.parametrize(
    ("base_url", "workspace", "options"),
    [
        ("http://localhost:8080", "default", ""),
        ("http://127.0.0.1:8080/", "default", ""),
        ("http://localhost:8080", "shop", " -w shop"),
        ("http://localhost:18715", "default", " --url http://localhost:18715"),
        ("https://sandbox.example.com", "two words", " --url https://sandbox.example.com -w 'two words'"),
    ],
)
def test_a_command_names_what_the_command_line_does_not_assume(base_url: str, workspace: str, options: str) -> None:
    told = typed("Mend it; psp-simulator replay dlv_1, or psp-simulator scenario disarm.", base_url, workspace)

    assert told == f"Mend it; psp-simulator replay{options} dlv_1, or psp-simulator scenario disarm{options}."


def test_the_commands_of_the_page_of_the_clock_move_the_clock_that_it_shows(world: Workspace, server: Launched) -> None:
    world.freeze()
    before = world.clock()["now"]
    page = world.client._http.get(f"/console/{world.name}/clock").text
    [line] = re.findall(r"psp-simulator (advance .*12h)", page)

    result = CliRunner().invoke(cli.main, line.split())

    assert (result.exit_code, result.stderr) == (0, "")
    assert world.clock()["now"] > before


def test_what_would_help_names_this_workspace(world: Workspace) -> None:
    event = world.send_test_event(ANY.name, ANY.webhooks.events[0])

    told = world.why(event["id"])["next"]

    where = f"--url {world.client.url} -w {world.name}"
    assert any(f"psp-simulator replay {where} {event['id']}" in sentence for sentence in told)
