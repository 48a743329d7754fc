"""`psp-simulator doctor`: whether a store is in order. It changes nothing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.surface import printed
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.engine.provider import Provider


@click.command()
@click.option("--db", required=True, help="The SQLite file.")
@click.option("--json", "as_json", is_flag=True, help="The findings as JSON.")
def doctor(db: str, as_json: bool) -> None:
    """Look through a store and say what is wrong: exit 0 nothing, 1 something, 3 it cannot be read."""
    from simulator.engine.readings import readings
    from simulator.engine.store import wrong_place
    from simulator.engine.store.doctor import NotReadable, examine
    from simulator.surface.app import wrong_scenarios
    from simulator.surface.inbox import INBOX
    from simulator.wallet.alipay import WALLET

    if db == ":memory:" or "://" in db or wrong_place(db):
        what = ":memory: is no file" if db == ":memory:" else "an address is no file"
        raise Failure(what, "doctor looks at SQLite files.", USAGE)
    try:
        served = _served()
        parties = [*served, WALLET, INBOX]
        found = examine(Path(db).expanduser(), readings(parties), {party.name for party in parties})
    except NotReadable as error:
        raise Failure(str(error), "Name the file that serve was given with --db.", UNREACHED) from error
    if wrong := wrong_scenarios(served):
        found.faults.append(f"A scenario is wrong: {wrong}.")
    if as_json:
        printed.say_json({"ok": not found.faults, "faults": found.faults, "notes": found.remarks}, ascii_only=True)
    else:
        for line in (*found.faults, *found.remarks):
            printed.say(line)
        if not found.faults:
            printed.say("Nothing is wrong with it.")
    if found.faults:
        sys.exit(REFUSED)


def _served() -> tuple[Provider, ...]:
    """Ours alone, where what another distribution brings cannot be loaded: `serve` says that better."""
    from simulator.providers import built_in
    from simulator.surface.installed import NotServable, installed

    try:
        return installed()
    except NotServable:
        return built_in()
