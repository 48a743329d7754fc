"""The clock of a workspace from the terminal: `psp-simulator timers`, `advance`, `freeze` and `run`."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import click

from simulator.kernel.clock import parse_duration, parse_instant, time_of_day
from simulator.surface import terminal
from simulator.surface.steering import show, steers, world_of

if TYPE_CHECKING:
    from simulator.surface.client import Clock, Timer


@click.command()
@click.option("--lines", "-n", type=click.IntRange(1, 500), default=20, help="How many (20).")
@steers
def timers(lines: int, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """What falls due, soonest first: ends of payments, settlements, webhooks that are tried again."""
    with world_of(url, token, workspace) as world:
        clock = world.clock()
        due = list(islice(world.each_timer(lines), lines))
    told = terminal.dated(((timer["at"], _due_line(timer)) for timer in due), seen_at=clock["now"])
    show(due, as_json, _clock_line(clock), *(told or ["nothing falls due"]))


def _due_line(timer: Timer) -> str:
    reference = f"  {timer['reference']}" if timer.get("reference") else ""
    return f"  {timer['at'][11:19]}  {timer['provider']:<11}  {timer['summary']}  {timer['payment']}{reference}"


_INSTANT = re.compile(r"\d{4}-")


def _move(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """How far, or where to."""
    try:
        if _INSTANT.match(value):
            parse_instant(value)
        elif value != "next":
            parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return value


@click.command()
@click.argument("by", metavar="DURATION|INSTANT|next", callback=_move)
@steers
def advance(by: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Move the clock: 12h, 90s, PT36H, 2026-12-24T18:00:00Z, or to whatever is due next."""
    with world_of(url, token, workspace) as world:
        if by == "next":
            moved = world.advance_to_next()
        elif _INSTANT.match(by):
            moved = world.advance_to(by)
        else:
            moved = world.advance(by)
    rows = [
        (one["at"], f"  {one['at'][11:19]}  {one['provider']:<11}  {one['summary']}  {one['resource_id']}")
        for one in moved["fired"]
    ]
    told = terminal.dated(rows, seen_at=moved["now"])
    show(moved, as_json, f"{moved['now']}  {len(rows)} fired", *told)


def _clock_line(clock: Clock) -> str:
    ahead = (
        parse_instant(clock["now"]) - time_of_day()
        if clock["mode"] == "frozen"
        else timedelta(seconds=clock["offset_s"])
    )
    rate = clock.get("rate", 1)
    fast = f", ×{rate}" if rate > 1 else ""
    return f"{clock['now']}  {terminal.clock(clock['mode'], ahead)}{fast}"


@click.command()
@steers
def freeze(url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Stop the clock."""
    with world_of(url, token, workspace) as world:
        clock = world.freeze()
    show(clock, as_json, _clock_line(clock))


@click.command()
@click.option("--rate", type=click.IntRange(1, 3600), help="So many of its seconds in one of real time.")
@steers
def run(rate: int | None, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Let the clock run again from where it stands."""
    with world_of(url, token, workspace) as world:
        clock = world.resume() if rate is None else world.run_at(rate)
    show(clock, as_json, _clock_line(clock))
