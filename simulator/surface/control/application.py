"""The control API and the console as one application, and health alone: a start needs no more.

It imports every page and every call, so nobody imports it before somebody asks for one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from simulator.engine.gateway import Gateway
from simulator.engine.pages import folder
from simulator.engine.runtime import Runtime
from simulator.surface import console
from simulator.surface.control.audits import Audits
from simulator.surface.control.errors import HANDLERS, unavailable
from simulator.surface.control.inbox import receiver
from simulator.surface.control.table import TABLE

ANY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


def with_console(runtime: Runtime, gateway: Gateway, *, wants_token: bool) -> Starlette:
    """All that is ours."""
    return application(runtime, console.routes(runtime), gateway, wants_token=wants_token)


def application(runtime: Runtime, more: Sequence[BaseRoute], gateway: Gateway, *, wants_token: bool) -> Starlette:
    """The table, the inbox and the static files as one application; `more` are the console's routes. Calls that are made as the
    merchant's server would go to `gateway`. `wants_token` is whether whoever calls has to show the admin token."""
    first = sorted(TABLE, key=lambda row: "/payments" not in row.path)  # what tests ask most is found soonest
    routes: list[BaseRoute] = [Route(row.path, row.endpoint(runtime), methods=[row.method]) for row in first]
    routes.append(Route("/_sim/inbox/{ws}/{name}", receiver(runtime), methods=ANY_METHOD))
    routes.append(Mount("/_sim/static", StaticFiles(directory=folder("static"))))
    routes += more
    routes.append(Route("/", _home))
    app = Starlette(routes=routes, exception_handlers=HANDLERS | unavailable(runtime.store))
    app.state.gateway, app.state.wants_token, app.state.audits = gateway, wants_token, Audits(runtime)
    app.router.redirect_slashes = False
    return app


async def _home(request: Request) -> Response:
    return RedirectResponse("/console", 303)
