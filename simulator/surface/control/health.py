"""Whether the simulator can serve."""

from __future__ import annotations

from typing import Any

from simulator.surface import alone
from simulator.surface.control.operation import ControlCall


async def health(call: ControlCall) -> dict[str, Any]:
    """Asks the store, so a 200 means that calls would be answered too; 503 says why they would not.

    Who may see nothing else of the control API is not told how the workspaces are called.
    """
    return alone.health(call.runtime, call.request)
