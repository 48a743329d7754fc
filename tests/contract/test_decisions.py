"""What scenarios may say at each provider: its operations are told to whoever misspells one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from support import Sim

from simulator.engine.provider import Provider
from simulator.providers import built_in

EFFECTS: dict[str, dict[str, Any]] = {
    "wallet": {"decline": "balance"},
    "bank": {"decline": "balance"},
    "api": {"status": 500},
    "provider": {},
}


@pytest.mark.uncounted
@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
async def test_an_operation_that_there_is_not_is_refused_with_those_that_there_are(
    sim: Sim, provider: Provider, effect: str
) -> None:
    async def arm(operation: str) -> httpx.Response:
        rule = {"when": {"provider": provider.name, "operation": operation}, effect: EFFECTS[effect]}
        return await sim.http.put(f"{sim.path}/scenario", json={"rules": [rule]})

    refused = await arm("sael")
    allowed = refused.json()["error"]["allowed"]

    assert refused.status_code == 422
    assert allowed or effect == "provider"
    assert {(await arm(operation)).status_code for operation in allowed} <= {200}
