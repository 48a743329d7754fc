"""What `tail` tells beside the story of a payment, and where lists on a terminal say the date."""

from __future__ import annotations

import re

import pytest
from buying import ANY

from simulator.surface.client import Workspace
from simulator.surface.launch import Launched
from simulator.surface.tail import Tail
from surface.test_cli import Shell


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def test_what_is_of_another_day_than_the_clocks_has_its_date_before_it(shell: Shell) -> None:
    charge = shell.create()
    shell.run("pay", charge)
    shell.world.settle()
    [day] = {view["at"][:10] for view in shell.world.requests()}
    commands = [["tail", "--no-follow"], ["requests"], ["webhooks"], ["diagram", charge], ["show", charge]]
    same = [command[0] for command in commands if day in shell.run(*command).stdout.splitlines()]

    shell.world.advance("P3D")

    dated = [c[0] for c in commands if day in [line.strip() for line in shell.run(*c).stdout.splitlines()]]
    assert (same, dated) == ([], [command[0] for command in commands])


@pytest.mark.parametrize("hook", [None, "http://localhost:1/gone"])
def test_tail_tells_test_events_and_goes_on(shell: Shell, hook: str | None) -> None:
    if hook is not None:
        shell.world.set_webhook(ANY.name, hook)
    event = ANY.webhooks.events[0]
    shell.world.send_test_event(ANY.name, event)

    result = shell.run("tail", "--no-follow")

    told = [line for line in result.stdout.splitlines() if event in line]
    expected = ["sent as a test", "failed: .+, next try "] if hook else ["kept here as a test, no URL"]
    assert (result.exit_code, result.stderr) == (0, "")
    assert [bool(re.search(words, line)) for words, line in zip(expected, told, strict=True)] == [True] * len(expected)


def test_tail_tells_each_move_of_the_clock_once(shell: Shell) -> None:
    tail = Tail(shell.world)
    tail.round()
    shell.world.advance("20m")
    shell.world.freeze()

    rows = [*tail.round(), *tail.round()]

    assert [(row["kind"], row["summary"]) for row in rows] == [
        ("clock", "advanced 20 min by console"),
        ("clock", "clock frozen"),
    ]
