"""Whether the simulator can serve."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from simulator import __version__
from simulator.engine.runtime import Runtime
from simulator.engine.sections import Sections, notices
from simulator.engine.settings import SimulatorSettings, read
from simulator.kernel.clock import from_micros, iso_millis
from simulator.surface.control.errors import HANDLERS, ControlError, unavailable
from simulator.surface.control.operation import ControlCall, Operation
from simulator.surface.guard import STRANGER

SHOWN = 20
"""Notices, and workspaces; the log has all notices."""


def kept(runtime: Runtime) -> dict[str, Any]:
    """What is kept where nothing else is set, and what was dropped: in all, and in which workspaces (the first 20)."""
    default = read(SimulatorSettings, {})[0].keep
    dropped = runtime.store.dropped()
    return {
        "days": default.days,
        "payments": default.payments,
        "dropped": {
            "payments": sum(found.payments for found in dropped.values()),
            "requests": sum(found.requests for found in dropped.values()),
        },
        "workspaces": [
            {
                "workspace": workspace.name,
                **workspace.settings_of(SimulatorSettings).keep.model_dump(),
                "dropped": {"payments": found.payments, "requests": found.requests},
                "at": iso_millis(from_micros(found.at)),
            }
            for workspace in runtime.workspaces()
            if (found := dropped.get(workspace.id)) is not None
        ][:SHOWN],
    }


async def health(call: ControlCall) -> dict[str, Any]:
    """It asks the store, so a 200 means that calls would be answered too; 503 says why they would not.

    Who may see nothing else of the control API is not told how the workspaces are called.
    """
    runtime = call.runtime
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
    if call.request.scope.get(STRANGER):
        body["keep"]["workspaces"] = []
        return body
    if runtime.missing:
        body["missing"] = runtime.missing
    found = notices(runtime.workspaces(), Sections(runtime.providers))
    return body | ({"notices": found[:SHOWN]} if found else {})


HEALTH: Operation[Any, Any] = Operation("GET", "/_sim/health", health, summary="Whether the simulator can serve")


def alone(runtime: Runtime) -> Starlette:
    """The one call that is answered before the others have been built."""
    return Starlette(
        routes=[Route(HEALTH.path, HEALTH.endpoint(runtime), methods=[HEALTH.method])],
        exception_handlers=HANDLERS | unavailable(runtime.store),
    )
