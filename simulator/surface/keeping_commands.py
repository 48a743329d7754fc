"""The commands that keep a workspace and bring it back."""

from __future__ import annotations

import click

from simulator.surface.steering import show, steers, world_of


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
@steers
def restore(name: str | None, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Go back to a snapshot; without a name, list them."""
    with world_of(url, token, workspace) as world:
        if name is None:
            there = world.snapshots()
            lines = [f"{one['name']:<24} {one['at']}  {_payments(one['payments'])}" for one in there]
            show(there, as_json, "\n".join(lines) or "there are no snapshots")
            return
        view = world.restore(name)
    show(view, as_json, f"workspace {view['name']} is as it was at {name}: {view['clock']['now']}")


def _payments(count: int) -> str:
    return "1 payment" if count == 1 else f"{count} payments"
