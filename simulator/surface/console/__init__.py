"""The console under `/console`: what happened, why, and doing something about it.

Each page is a module of this folder and a template of `templates/console`: a function reads the query, asks the functions of the
control API, and renders within the frame (`frame`). Whatever changes something is a form that makes one call of the control
API (`acts`), by the same row of the same table.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from simulator.engine.runtime import Runtime
from simulator.surface.console import (
    acts,
    audits,
    buyers,
    clock,
    delivery,
    money,
    payment,
    payments,
    requests,
    scenarios,
    setup,
    start,
    webhooks,
)
from simulator.surface.console.frame import Console, missing_page
from simulator.surface.control.errors import ControlError

Handler = Callable[[Console], Awaitable[Response]]

PAGES: tuple[tuple[str, Handler], ...] = (
    ("/console/{ws}", payments.list_page),
    ("/console/{ws}/payments", payments.list_page),
    ("/console/{ws}/payments/{id:path}", payment.payment_page),
    ("/console/{ws}/webhooks", webhooks.list_page),
    ("/console/{ws}/webhooks/{id}", delivery.delivery_page),
    ("/console/{ws}/money", money.money_page),
    ("/console/{ws}/buyers", buyers.buyers_page),
    ("/console/{ws}/buyers/{slug}", buyers.buyer_page),
    ("/console/{ws}/scenarios", scenarios.scenarios_page),
    ("/console/{ws}/clock", clock.clock_page),
    ("/console/{ws}/audits", audits.audits_page),
    ("/console/{ws}/audits/{id}.html", audits.report_file),
    ("/console/{ws}/start", start.start_page),
    ("/console/{ws}/start/{provider}", start.start_page),
    ("/console/{ws}/settings", setup.settings_page),
    ("/console/{ws}/requests", requests.list_page),
    ("/console/{ws}/requests/{id}", requests.request_page),
)
"""Path and handler; the first that fits."""

BUILT = frozenset(path.split("/")[3] for path, _ in PAGES if path.count("/") > 2)


def routes(runtime: Runtime) -> list[BaseRoute]:
    async def home(request: Request) -> Response:
        """The payments of the workspace that was looked at last."""
        name = request.cookies.get("workspace", "")
        workspace = runtime.find_workspace(name) or runtime.default
        return RedirectResponse(f"/console/{workspace.name}/payments", 303)

    def shown(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            if (plain := _without_slash(request)) is not None:
                return RedirectResponse(plain, 308)
            try:
                return await handler(Console(runtime, request, BUILT))
            except ControlError as error:
                return missing_page(runtime, request, BUILT, error)

        return respond

    press = acts.handler(runtime)

    async def pressed(request: Request) -> Response:
        """What is wrong before a form's call is made is a page as well: a person has pressed its button."""
        try:
            return await press(request)
        except ControlError as error:
            return missing_page(runtime, request, BUILT, error)

    own: list[BaseRoute] = [Route("/console", home)]
    own += [Route("/console/{ws}/events", acts.OPERATIONS["events"].endpoint(runtime))]
    own += [Route("/console/{ws}/do/{operation}", pressed, methods=["POST"])]
    own += [Route("/console/workspaces", shown(setup.workspaces_page))]
    own += [Route(path, shown(handler)) for path, handler in PAGES]
    return [*own, Route("/console/{path:path}", shown(_nowhere))]


def _without_slash(request: Request) -> str | None:
    """The address that is meant by one with a slash at its end; None where there is none. A slash that is written `%2F` is part of
    an id."""
    path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.url.path
    if not path.endswith("/"):
        return None
    return path.rstrip("/") + (f"?{request.url.query}" if request.url.query else "")


async def _nowhere(console: Console) -> Response:
    raise ControlError(404, "not_found", console.texts()("console_no_page", path=console.request.url.path))
