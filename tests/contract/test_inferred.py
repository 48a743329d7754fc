"""A call of the journal names what is only inferred in its answer; on the wire there is none of it. What is asked decides, at
each provider with its own facts: tests/providers/<name>/test_inferred.py."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from contract.calls import PROVIDERS
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day

KEPT = [name for name, provider in PROVIDERS.items() if len(provider.facts)]


async def newest(sim: Sim) -> dict[str, Any]:
    [listed] = (await sim.http.get(f"{sim.path}/requests?limit=1")).json()["data"]
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/requests/{listed['id']}")).json()
    return found


@pytest.mark.parametrize("name", KEPT)
async def test_a_call_is_told_with_what_is_inferred_in_its_answer(sim: Sim, name: str) -> None:
    provider = PROVIDERS[name]
    assert provider.shop is not None
    shop, account = provider.shop, Account(sim.credentials(name), "http://sim.test", time_of_day())
    inferred = {fact.id for fact in provider.facts if fact.standing == "inferred"}
    request = shop.sign(account, shop.create(account, shop.sample))

    answer = await sim.http.request(request.method, request.path, headers=request.headers, content=request.body)
    named = (await newest(sim)).get("inferred", [])

    assert answer.status_code < 300
    assert set(named) <= inferred
    assert len(named) < 8, "an answer that hangs on everything says nothing"
    assert not any(id_ in answer.text + str(answer.headers) for id_ in inferred)
