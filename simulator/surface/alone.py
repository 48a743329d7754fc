"""Whether the simulator can serve: the one call of the control API that is answered before the others have been built."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator import __version__
from simulator.engine.defaults import KEPT
from simulator.engine.runtime import Runtime
from simulator.engine.sections import Sections, notices
from simulator.kernel.clock import from_micros, iso_millis
from simulator.surface.control.errors import HANDLERS, ControlError, as_json, unavailable
from simulator.surface.guard import STRANGER

PATH = "/_sim/health"

SHOWN = 20
"""Notices, and workspaces; the log has all notices."""


def kept(runtime: Runtime) -> dict[str, Any]:
    """What is kept where nothing else is set, and what was dropped: in all, and in which workspaces (the first 20)."""
    dropped = runtime.store.dropped()
    return {
        **KEPT._asdict(),
        "dropped": {
            "payments": sum(found.payments for found in dropped.values()),
            "requests": sum(found.requests for found in dropped.values()),
        },
        "workspaces": [
            {
                "workspace": workspace.name,
                **workspace.kept._asdict(),
                "dropped": {"payments": found.payments, "requests": found.requests},
                "at": iso_millis(from_micros(found.at)),
            }
            for workspace in runtime.workspaces()
            if (found := dropped.get(workspace.id)) is not None
        ][:SHOWN],
    }


def health(runtime: Runtime, request: Request) -> dict[str, Any]:
    """What is answered. Raises `ControlError`."""
    if (wrong := runtime.store.look()) is not None:
        raise ControlError(503, "store_unavailable", wrong)
    try:
        runtime.store.meta("page_secret")
        trouble = runtime.transactions.still_in_trouble()
    except Exception as error:
        trouble = runtime.store.outage(error)
        if trouble is None:
            raise
    if trouble is not None:
        raise ControlError(503, "store_unavailable", f"nothing can be written: {trouble}")
    body: dict[str, Any] = {
        "status": "ok",
        "version": __version__,
        "providers": list(runtime.providers),
        "store": runtime.store.dialect,
    }
    body["keep"] = kept(runtime)
    if request.scope.get(STRANGER):
        body["keep"]["workspaces"] = []
        return body
    if runtime.missing:
        body["missing"] = runtime.missing
    found = notices(runtime.workspaces(), Sections(runtime.providers))
    return body | ({"notices": found[:SHOWN]} if found else {})


def application(runtime: Runtime) -> Starlette:
    """For a call without a query: that of another is checked by its model."""

    async def respond(request: Request) -> Response:
        return as_json(health(runtime, request))

    return Starlette(routes=[Route(PATH, respond)], exception_handlers=HANDLERS | unavailable(runtime.store))
