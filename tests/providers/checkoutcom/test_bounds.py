"""How many addresses webhooks go to: neither workflows nor their actions are a way around the bound."""

from __future__ import annotations

import pytest
from support import Sim

from providers.checkoutcom.driver import Merchant
from simulator.engine import uow

ACTION = {"type": "webhook", "url": "http://localhost:9/hooks"}


async def test_there_are_so_many_addresses_in_workflows_and_their_actions(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uow, "MADE", 2)
    merchant = Merchant(sim)
    workflow = (await merchant.post("/workflows", {"actions": [ACTION]})).json()["id"]

    answers = [
        await merchant.post("/workflows", {"actions": [ACTION, ACTION]}),
        await merchant.post(f"/workflows/{workflow}/actions", ACTION),
        await merchant.post(f"/workflows/{workflow}/actions", ACTION),
        await merchant.post("/workflows", {"actions": [ACTION]}),
        await merchant.send("DELETE", f"/workflows/{workflow}"),
        await merchant.post("/workflows", {"actions": [ACTION]}),
    ]

    assert [one.status_code for one in answers] == [429, 201, 429, 429, 204, 201]
