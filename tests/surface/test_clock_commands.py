"""The commands about time and what may happen next: `advance`, `freeze`, `run`, `timers`, `moves` and `mark`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from buying import ANY, order

from simulator.surface.client import Client, Workspace
from simulator.surface.launch import Launched
from surface.test_cli import Shell

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def test_the_clock_is_moved_stopped_and_started(shell: Shell) -> None:
    charge = shell.create()

    frozen = shell.json("freeze")
    moved = shell.json("advance", "13h")
    running = shell.json("run")

    assert (frozen["mode"], running["mode"]) == ("frozen", "real")
    assert charge in [fired["resource_id"] for fired in moved["fired"] if fired["kind"].startswith("timer.")]
    assert shell.world.payment(ANY.name, charge)["phase"] == "expired"


def test_an_advance_tells_what_fired_in_words_with_the_date_where_the_day_changes(shell: Shell) -> None:
    charge = shell.create()
    shell.run("freeze")

    moved = shell.run("advance", "60d")

    lines = moved.stdout.splitlines()[1:]
    days = [line for line in lines if DAY.fullmatch(line)]
    assert any(" > " in line for line in lines if charge in line)
    assert lines[0] == days[0]
    assert days == sorted(set(days))


def test_the_clock_runs_as_fast_as_one_says(shell: Shell) -> None:
    fast = shell.run("run", "--rate", "60")

    assert fast.stdout.rstrip().endswith("×60")
    assert shell.world.clock()["rate"] == 60


def test_the_clock_goes_to_what_is_due_next(shell: Shell) -> None:
    shell.create()
    due = shell.world.timers()[0]["at"]

    moved = shell.json("advance", "next")

    assert moved["now"] == due


def test_an_instant_in_the_past_is_refused(shell: Shell) -> None:
    result = shell.run("advance", "2001-01-01T00:00:00Z")

    assert (result.exit_code, len(result.stderr.splitlines())) == (1, 2)


@pytest.fixture
def evening(server: Launched, client: Client) -> Iterator[Shell]:
    """A quarter of an hour before midnight, and the clock stands."""
    world = client.create_workspace(frozen=True, now="2026-03-01T23:45:00Z")
    yield Shell(server, world)
    world.delete()


def test_timers_are_told_in_words_soonest_first_with_the_date_where_the_day_changes(evening: Shell) -> None:
    evening.world.set_webhook(ANY.name, "http://localhost:1/gone")
    charge = order(evening.world, "order-1001")
    evening.world.settle()
    due = evening.world.timers()

    head, *lines = evening.run("timers").stdout.splitlines()

    days = sorted({timer["at"][:10] for timer in due} - {"2026-03-01"})
    assert head.startswith("2026-03-01T23:45:00")
    assert [line for line in lines if DAY.fullmatch(line)] == days != []
    told = [line for line in lines if not DAY.fullmatch(line)]
    assert [line.split()[0] for line in told] == [timer["at"][11:19] for timer in due]
    assert all(timer["summary"] in line and charge in line for timer, line in zip(due, told, strict=True))
    assert evening.json("timers", "-n", "1") == due[:1]


def test_where_nothing_falls_due_it_is_said(evening: Shell) -> None:
    assert evening.run("timers").stdout.splitlines()[1:] == ["nothing falls due"]


def test_an_advance_within_a_day_tells_no_date_but_that_of_its_head(evening: Shell) -> None:
    evening.world.set_webhook(ANY.name, "http://localhost:1/gone")
    order(evening.world)
    evening.world.settle()

    moved = evening.run("advance", "14m").stdout

    assert len(moved.splitlines()) > 1
    assert not DAY.findall(moved.partition("\n")[2])


def test_the_moves_of_a_payment_are_listed_with_what_they_send_and_one_is_let_happen(shell: Shell) -> None:
    charge = shell.create()
    legal = {move["trigger"]: move for move in shell.world.moves(ANY.name, charge)}

    listed = shell.run("moves", charge).stdout.splitlines()
    marked = shell.run("mark", charge, "wallet.declined")
    over = shell.run("mark", charge, "wallet.declined", "--json")

    assert [line.split()[0] for line in listed[1:]] == list(legal)
    for line, move in zip(listed[1:], legal.values(), strict=True):
        assert move["label"] in line
        assert all(event in line for event in move["events"])
    assert (marked.exit_code, "declined" in marked.stdout) == (0, True)
    assert (over.exit_code, json.loads(over.stdout)["error"]["code"]) == (1, "illegal_move")
    assert shell.run("moves", charge).stdout.splitlines()[1:] == ["  nothing can happen to it now"]
