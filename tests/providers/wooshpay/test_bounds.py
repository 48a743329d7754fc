"""How many webhook endpoints an account has."""

from __future__ import annotations

import pytest
from support import Sim

from providers.wooshpay.driver import Merchant
from simulator.engine import uow

ENDPOINT = {"url": "http://localhost:9/hooks", "enabled_events": ["*"]}


async def test_there_are_so_many_webhook_endpoints_and_the_next_is_refused_in_the_providers_words(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal says why. Those that are there can be changed, and taken away."""
    monkeypatch.setattr(uow, "MADE", 2)
    merchant = Merchant(sim)
    made = [await merchant.post("webhook_endpoints", ENDPOINT) for _ in range(3)]
    id_ = made[0].json()["id"]
    changed = await merchant.post(f"webhook_endpoints/{id_}", {"description": "x"})
    gone = await merchant.delete(f"webhook_endpoints/{id_}")
    again = await merchant.post("webhook_endpoints", ENDPOINT)
    [refused] = (await sim.http.get(f"{sim.path}/requests?status=429")).json()["data"]
    told = (await sim.http.get(f"{sim.path}/requests/{refused['id']}")).text

    assert [one.status_code for one in made] == [200, 200, 429]
    assert made[2].json()["error"]["code"] == "rate_limit"
    assert [one.status_code for one in (changed, gone, again)] == [200, 200, 200]
    assert '{"code":"full","limit":2,"text":"webhook endpoints"}' in told


async def test_what_is_kept_of_them_is_bounded_too(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uow, "MADE_SIZE", 1000)

    large = await Merchant(sim).post("webhook_endpoints", {**ENDPOINT, "description": "x" * 1000})

    assert large.status_code == 429
