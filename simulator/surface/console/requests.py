"""Requests: all API calls that reached the workspace, and one with the reason why it was refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from simulator.surface.console.frame import PAGE, Console
from simulator.surface.control import requests

OWN_HELP = frozenset(
    {"reason", "violations", "did_you_mean", "allowed", "expected", "received", "left_out", "error_id"}
)
"""Members of a call's `help` that the page shows in places of their own; the rest is listed."""


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page. A path filter may hold `*`."""
    provider = console.chosen("provider", console.runtime.providers)
    path = console.query.get("path") or None
    refused = console.chosen("refused", ("1",))
    console.runtime.write_notes()
    rows = console.runtime.store.requests(
        console.workspace.id,
        provider=provider,
        status=None,
        path=path,
        before=console.before,
        limit=PAGE + 1,
        refused=refused is not None,
    )
    filters = {"provider": provider, "path": path, "refused": refused}
    return console.render(
        "console/requests.html",
        "console_requests",
        place="requests",
        rows=[requests.request_view(row) for row in rows[:PAGE]],
        filters=filters,
        pager=console.pager(filters, rows, lambda row: int(row[0])),
        providers={p.name: p for p in console.runtime.providers.values()},
    )


async def request_page(console: Console) -> Response:
    """One call: what was wrong with it, what was received, what was answered."""
    call = requests.found(console.runtime, console.workspace, console.request.path_params["id"])
    help_: Mapping[str, Any] = call.get("help", {})
    return console.render(
        "console/request.html",
        f"{call['method']} {call['path'].partition('?')[0]}",
        place="requests",
        asked=call,
        provider=console.runtime.providers.get(call["provider"]),
        help=help_,
        more={name: value for name, value in help_.items() if name not in OWN_HELP},
    )
