"""Whether the simulator can serve."""

from __future__ import annotations

from typing import Any

from simulator import __version__
from simulator.surface.control.operation import ControlCall


async def health(call: ControlCall) -> dict[str, Any]:
    """It asks the store, so a 200 means that calls would be answered too."""
    store = call.runtime.store
    store.meta("page_secret")
    return {"status": "ok", "version": __version__, "providers": list(call.runtime.providers), "store": store.dialect}
