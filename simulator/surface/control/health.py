"""Whether the simulator can serve."""

from __future__ import annotations

from typing import Any

from simulator import __version__
from simulator.engine.sections import notices, sections
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import ControlCall

SHOWN = 20
"""Notices; the log has them all."""


async def health(call: ControlCall) -> dict[str, Any]:
    """It asks the store, so a 200 means that calls would be answered too; 503 says why they would not."""
    runtime = call.runtime
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
    if runtime.missing:
        body["missing"] = runtime.missing
    found = notices(runtime.workspaces(), sections(runtime.providers).values())
    return body | ({"notices": found[:SHOWN]} if found else {})
