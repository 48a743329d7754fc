"""At the first and at the last instant that a clock can show, every provider works; beyond them no clock goes."""

from __future__ import annotations

from datetime import datetime

import pytest
from merchant import Merchant
from support import Sim

from simulator.kernel.clock import EPOCH, LAST, iso_millis


async def _at(world: Sim, merchant: Merchant, at: datetime) -> tuple[Sim, Merchant]:
    """The merchant in another workspace of the same simulator, whose clock stands there."""
    body = {"clock": {"mode": "frozen", "now": iso_millis(at)}}
    made = (await world.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
    there = Sim.beside(world)
    found = world.app.runtime.find_workspace(made["id"])
    assert found is not None
    there._id = found.id
    await there.receive_webhooks(merchant.name, "http://merchant.test/late")
    return there, Merchant(there, merchant.provider)


@pytest.mark.uncounted
@pytest.mark.parametrize("at", [EPOCH, LAST], ids=["first", "last"])
async def test_a_payment_is_made_paid_and_found(world: Sim, merchant: Merchant, at: datetime) -> None:
    there, shop = await _at(world, merchant, at)

    id_ = await shop.create()
    await there.act(shop.name, id_, "pay")

    assert (await there.payment(shop.name, id_))["phase"] in ("paid", "processing")
    assert shop.shop.read is None or (await shop.read(id_)).status < 300
    assert (await there.http.get(f"{there.path}/timers")).status_code == 200
