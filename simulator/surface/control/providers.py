"""What the simulator can be: its providers, the events that an endpoint may name, and every setting."""

from __future__ import annotations

from typing import Any

from simulator.engine.endpoints import nameable
from simulator.engine.settings import SimulatorSettings, describe
from simulator.surface.control.operation import ControlCall


async def list_providers(call: ControlCall) -> dict[str, Any]:
    """The simulator's own settings come last, under the name `simulator`. `variants` and `currencies` are those of a test payment,
    the first of the variants is made unless another is named."""
    providers = [
        {
            "name": name,
            "title": provider.title,
            "variants": [] if provider.shop is None else list(provider.shop.variants),
            "currencies": [] if provider.shop is None else list(provider.shop.currencies),
            "events": list(nameable(provider)),
            "settings": describe(provider.settings),
            "documents": provider.documents,
        }
        for name, provider in call.runtime.providers.items()
    ]
    own = {
        "name": SimulatorSettings.SECTION,
        "title": "Simulator",
        "variants": [],
        "currencies": [],
        "events": [],
        "settings": describe(SimulatorSettings),
        "documents": "What is the simulator's own, whatever the provider.",
    }
    return {"data": [*providers, own]}
