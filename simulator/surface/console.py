"""The console: for now one plain page that lists the payments of a workspace with their timeline."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.engine import journal
from simulator.engine.runtime import Runtime
from simulator.surface import control, web


def routes(runtime: Runtime) -> list[BaseRoute]:
    async def home(request: Request) -> Response:
        return RedirectResponse(f"/console/{runtime.default.name}/payments", 303)

    async def payments(request: Request) -> Response:
        workspace = control.workspace_of(runtime, request)
        runtime.write_notes()
        found = control.payments_page(runtime, workspace, limit=50)
        chosen = request.path_params.get("id")
        stories = {
            payment["id"]: journal.timeline(runtime.store, workspace.id, payment["id"])
            for payment in found
            if chosen in (None, payment["id"])
        }
        shown = [payment for payment in found if payment["id"] in stories]
        html = web.console_page(request, workspace, "console/payments.html", payments=shown, stories=stories)
        return HTMLResponse(html, headers=web.page_headers())

    return [
        Route("/console", home),
        Route("/console/{ws}", payments),
        Route("/console/{ws}/payments", payments),
        Route("/console/{ws}/payments/{id:path}", payments),
    ]
