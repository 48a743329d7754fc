"""The console: for now one plain page that lists the payments of a workspace with their timeline."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.engine import journal
from simulator.engine.runtime import Runtime
from simulator.engine.views import MoneyView
from simulator.kernel.money import Money
from simulator.surface import web
from simulator.surface.control import payments as neutral
from simulator.surface.control.operation import workspace_of


def routes(runtime: Runtime) -> list[BaseRoute]:
    async def home(request: Request) -> Response:
        return RedirectResponse(f"/console/{runtime.default.name}/payments", 303)

    async def payments(request: Request) -> Response:
        """The newest fifty, or the one that is named, each with everything that happened to it."""
        workspace, chosen = workspace_of(runtime, request), request.path_params.get("id")
        runtime.write_notes()
        found = neutral.newest(runtime, workspace, 50, chosen)
        shown = [view(payment) for payment in found if chosen in (None, payment["id"])]
        for payment in shown:
            payment["story"] = journal.timeline(runtime.store, workspace.id, payment["id"])
        html = web.console_page(request, workspace, "console/payments.html", payments=shown, chosen=chosen)
        return HTMLResponse(html, status_code=404 if chosen and not shown else 200, headers=web.page_headers())

    def view(payment: dict[str, Any]) -> dict[str, Any]:
        provider = runtime.providers[payment["provider"]]
        amount = Money(payment["amount"]["value"], payment["amount"]["currency"])
        refunded = Money(payment["refunded"]["value"], payment["refunded"]["currency"])
        money = {"amount": MoneyView.of(amount), "refunded": MoneyView.of(refunded) if refunded.value else None}
        return {**payment, **money, "title": provider.title, "monogram": provider.monogram}

    return [
        Route("/console", home),
        Route("/console/{ws}", payments),
        Route("/console/{ws}/payments", payments),
        Route("/console/{ws}/payments/{id:path}", payments),
    ]
