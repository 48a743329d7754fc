"""Audits of a merchant's own code: those that ran here with their reports to download, and a form that begins one.

A report is a page of its own, with its style inline, so it is handed out as a file: our own pages keep their strict policy.
"""

from __future__ import annotations

import asyncio
from importlib import import_module

from starlette.responses import Response

from simulator.surface.console.frame import Console
from simulator.surface.control.audits import Audits
from simulator.surface.control.errors import ControlError

SHOWN = 50
FIELDS = ("checkout", "order", "paid", "unpaid", "refund", "refunded", "cancel")
"""Of the form, beside provider and webhook."""
STRICT = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
"""Should a browser show a report all the same."""


def _audits(console: Console) -> Audits:
    found: Audits = console.request.app.state.audits
    return found


async def audits_page(console: Console) -> Response:
    """Newest first."""
    providers = [one for one in console.runtime.providers.values() if one.shop is not None]
    set_ = [console.workspace.account_endpoint(one.name).url for one in providers]
    offered = [url for url in set_ if url and console.runtime.masking.address(url) == url]  # none that bears a password
    return console.render(
        "console/audits.html",
        "audits_title",
        place="audits",
        rows=[(one.id, one.report) for one in reversed(_audits(console).of(console.workspace.id))][:SHOWN],
        providers=[(one.name, one.title) for one in providers],
        titles={one.name: one for one in providers},
        webhook=offered[0] if offered else "",
        fields=FIELDS,
    )


async def report_file(console: Console) -> Response:
    """The report as one HTML file. Raises 404 when there is none."""
    id_ = console.request.path_params["id"]
    found = next((one for one in _audits(console).of(console.workspace.id) if one.id == id_), None)
    if found is None:
        raise ControlError(
            404, "not_found", console.texts()("audits_missing", id=id_, workspace=console.workspace.name)
        )
    page = await asyncio.to_thread(import_module, "simulator.surface.audit.page")
    headers = {
        "content-disposition": f'attachment; filename="audit-{found.report.provider}-{id_}.html"',
        "content-security-policy": STRICT,
    }
    return Response(page.html(found.report), media_type="text/html", headers=headers)
