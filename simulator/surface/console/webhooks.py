"""Webhooks: all that was promised to the merchant, and one with its tries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from simulator.engine.provider import Provider
from simulator.engine.store import OutboxRow
from simulator.kernel.clock import from_micros
from simulator.surface.console.frame import PAGE, Console
from simulator.surface.control import webhooks
from simulator.surface.control.errors import ControlError

GROUPS = ("delivered", "failing", "pending", "kept")


@dataclass(frozen=True)
class Row:
    """A delivery as the list shows it."""

    delivery: Mapping[str, Any]
    """As the control API gives it."""
    provider: Provider | None
    """None where it is not installed."""
    marks: Sequence[str]
    """`sent`, `failing` or `waiting`, one for each try."""
    due_in: timedelta | None
    """Until the next try, on the workspace's clock."""

    @property
    def last(self) -> Mapping[str, Any] | None:
        attempts = self.delivery["attempts"]
        return attempts[-1] if attempts else None


@dataclass(frozen=True)
class EndpointCell:
    """One provider in the strip of endpoints."""

    provider: Provider
    url: str | None
    kept: int
    failing: int


def shown(console: Console, rows: Sequence[OutboxRow]) -> list[Row]:
    now = console.workspace.clock.now()
    views = webhooks.delivery_views(console.runtime, rows)
    return [_row(console, row, view, now) for row, view in zip(rows, views, strict=True)]


def _row(console: Console, row: OutboxRow, view: Mapping[str, Any], now: datetime) -> Row:
    provider = console.runtime.providers.get(row.provider)
    marks = ["failing"] * len(view["attempts"])
    if row.state == "delivered" and marks:
        marks[-1] = "sent"
    if row.state in ("pending", "kept"):
        marks.append("waiting")
    due = None if row.due is None or row.state != "pending" else max(from_micros(row.due) - now, timedelta(0))
    return Row(view, provider, marks, due)


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page."""
    store, providers = console.runtime.store, console.runtime.providers
    provider, group = console.chosen("provider", providers), console.chosen("state", GROUPS)
    event = console.query.get("event") or None
    rows = store.newest_messages(
        console.workspace.id, provider=provider, event=event, group=group, before=console.before, limit=PAGE + 1
    )
    filters = {"provider": provider, "state": group, "event": event}
    endpoints = [
        EndpointCell(p, console.workspace.account_endpoint(p.name).url, 0, 0) for p in providers.values() if p.webhooks
    ]
    return console.render(
        "console/webhooks.html",
        "console_webhooks",
        place="webhooks",
        rows=shown(console, rows[:PAGE]),
        filters=filters,
        groups=GROUPS,
        pager=console.pager(filters, rows, lambda row: row.seq),
        providers=[(p.name, p.title) for p in providers.values()],
        endpoints=endpoints,
    )


async def delivery_page(console: Console) -> Response:
    """One delivery: each try, what was sent and what was answered; `?try=` chooses one, `?tab=` what is shown of it."""
    id_ = console.request.path_params["id"]
    message = console.runtime.store.message(console.workspace.id, id_)
    if message is None:
        text = console.texts()("webhooks_missing", id=id_, workspace=console.workspace.name)
        raise ControlError(404, "not_found", text)
    (row,) = shown(console, [message])
    attempts = row.delivery["attempts"]
    numbers = {str(attempt["n"]): attempt for attempt in attempts}
    chosen = numbers.get(console.query.get("try", ""), attempts[-1] if attempts else None)
    sent = row.delivery["body"] if chosen is None else chosen.get("body", row.delivery["body"])
    return console.render(
        "console/delivery.html",
        row.delivery["event"],
        place="webhooks",
        row=row,
        attempts=attempts[::-1],
        chosen=chosen,
        sent=sent,
        size=len(sent.encode()),
        tab=console.chosen("tab", ("headers",)) or "body",
        acts=webhooks.ACTS[row.delivery["state"]],
    )
