"""`psp-simulator diagram` and `why`: the story of a payment in the terminal, as the console draws it, and in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from simulator.surface import printed, terminal
from simulator.surface.days import Days
from simulator.surface.steering import no_payment, show, steers, world_of

if TYPE_CHECKING:
    from simulator.surface.answers import Diagram, DiagramRow
    from simulator.surface.client import Workspace

LANES = ("merchant", "provider", "wallet", "buyer")
ARROW = 26
"""Columns between two lanes."""


@click.command()
@click.argument("id_", metavar="PAYMENT")
@click.option("--mermaid", is_flag=True, help="As text in Mermaid's notation.")
@steers
def diagram(id_: str, mermaid: bool, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The story of a payment between merchant, provider, wallet and buyer, row by row."""
    with world_of(url, token, workspace) as world:
        found, now = _found(world, id_), world.clock()["now"]
    show(found, as_json, *(printed.lines_of(found["mermaid"].rstrip()) if mermaid else _drawn(found, now)))


def _found(world: Workspace, id_: str) -> Diagram:
    payment = world.find(id_)
    if payment is None:
        raise no_payment(world, id_)
    return world.diagram(payment["provider"], payment["id"])


def _drawn(found: Diagram, now: str) -> list[str]:
    lines = [" " * 14 + "".join(lane.ljust(ARROW) for lane in LANES).rstrip()]
    group, second, days = "", "", Days(now)
    for row in found["rows"]:
        if day := days.change(row["at"]):
            lines.append(day)
        if row["group"] != group:
            group = row["group"]
            lines.append(terminal.paint(group, "cyan"))
        at = row["at"][11:23]
        told = at if at[:8] != second else at[8:].rjust(12)
        second = at[:8]
        lines.append(terminal.paint(f"{told}  {_lanes(row)}".rstrip(), _colour(row)))
    return lines


def _lanes(row: DiagramRow) -> str:
    """`POST /payments ─────────▶` under the lanes between which it goes; what stands on one lane stands in brackets."""
    start, end = LANES.index(row["from"]), LANES.index(row["to"])
    fact = f"  {row['fact']}" if row["fact"] else ""
    if row["kind"] == "clock":
        return f"~ {row['label']} ~"
    if start == end:
        return f"{' ' * (start * ARROW)}[{row['label']}]{fact}"
    left, right = min(start, end), max(start, end)
    width = (right - left) * ARROW - 1
    line = "·" if row["kind"] == "wallet" and row["from"] != "buyer" else "-"
    body = f"{row['label']} ".ljust(width - 1, line) if start < end else f" {row['label']}".rjust(width - 1, line)
    return f"{' ' * (left * ARROW)}{body + '>' if start < end else '<' + body}{fact}"


def _colour(row: DiagramRow) -> str:
    if row.get("status", 0) >= 400 or (row["kind"] == "webhook" and row["from"] != row["to"] and "status" not in row):
        return "red"
    return {"webhook": "green", "decision": "yellow", "clock": "yellow"}.get(row["kind"], "reset")


@click.command()
@click.argument("id_", metavar="ID")
@steers
def why(id_: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """What happened to a payment, a request, a webhook or an order, because of what, and what would help."""
    with world_of(url, token, workspace) as world:
        told = world.why(id_)
    lines = [told["summary"], *(f"  {sentence}" for sentence in told["because"])]
    lines += [f"  > {help_}" for help_ in told["next"]]
    show(told, as_json, *lines)
