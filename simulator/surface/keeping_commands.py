"""The commands that keep a workspace and bring it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from simulator.engine import private
from simulator.surface import printed
from simulator.surface.steering import client_of, reaches, show, steers, world_of
from simulator.surface.terminal import USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.answers import ImportedView, Renamed


@click.command()
@click.argument("name", required=False)
@steers
def snapshot(name: str | None, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Keep a copy of everything in the workspace, to which restore goes back."""
    with world_of(url, token, workspace) as world:
        taken = world.snapshot(name)
    show(taken, as_json, f"{taken['name']}  {taken['at']}  {_payments(taken['payments'])}")


@click.command()
@click.argument("name", required=False)
@click.option("--forget", is_flag=True, help="The snapshot is not needed any more.")
@steers
def restore(name: str | None, forget: bool, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Go back to a snapshot; without a name, list them."""
    with world_of(url, token, workspace) as world:
        if name is None:
            there = world.snapshots()
            lines = [f"{one['name']:<24} {one['at']}  {_payments(one['payments'])}" for one in there]
            show(there, as_json, *(lines or ["there are no snapshots"]))
            return
        view = world.restore(name)
        if forget:
            world.delete_snapshot(name)
    show(view, as_json, f"workspace {view['name']} is as it was at {name}: {view['clock']['now']}")


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True))
@steers
def export_(file: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Write everything in the workspace to FILE (- is stdout), secrets included."""
    with world_of(url, token, workspace) as world:
        document = world.export()
    text = json.dumps(document, ensure_ascii=False)
    if file == "-":
        printed.give(text)
        return
    try:
        private.write(Path(file), f"{text}\n".encode())
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror or error}", "Name another FILE.", USAGE) from error
    rows = sum(len(table) for table in document["tables"].values())
    show({"file": file, "rows": rows}, as_json, f"{file}  {rows} rows of workspace {document['workspace']['name']}")


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--name", help="Its name here; without one that in the file, or another if that is taken.")
@reaches
def import_(file: BinaryIO, name: str | None, url: str, token: str | None, as_json: bool) -> None:
    """Make a workspace from a FILE that export has written."""
    with client_of(url, token) as client:
        view = cast("ImportedView", client.import_workspace(file.read(), name).view)
    lines = [f"workspace {view['name']} ({view['id']})  {view['clock']['now']}"]
    lines += [f"  {_another(one)}" for one in view["imported"]["renamed"]]
    show(view, as_json, *lines)


def _another(one: Renamed) -> str:
    """What is called otherwise than in the file."""
    owner = f"{one['provider']} {one['name']}" if "provider" in one and "name" in one else ""
    change = f"{one['from']} -> {one['to']}" if "from" in one and "to" in one else "is new"
    return " ".join(part for part in (one["kind"].replace("_", " "), owner, change) if part)


def _payments(count: int) -> str:
    return "1 payment" if count == 1 else f"{count} payments"
