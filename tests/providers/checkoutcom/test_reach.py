"""What another machine registers as a workflow's or a webhook's address."""

from __future__ import annotations

import pytest
from support import HOOKS, Sim

from providers.checkoutcom.driver import Merchant, workflow

HERE = "http://localhost:3000/hooks"


@pytest.fixture
def bodies(previous: Merchant) -> dict[str, object]:
    return {"/workflows": workflow(HERE), "/webhooks": {"url": HERE, "event_types": ["payment_captured"]}}


async def test_an_address_of_this_machine_is_refused_to_another_one(
    sim: Sim, previous: Merchant, bodies: dict[str, object]
) -> None:
    merchants = {"/workflows": Merchant(sim), "/webhooks": previous}
    async with sim.moved():
        refused = [await merchants[path].post(path, body) for path, body in bodies.items()]
    taken = [await merchants[path].post(path, body) for path, body in bodies.items()]

    assert [answer.status_code for answer in refused] == [422, 422]
    assert [answer.status_code for answer in taken] == [201, 201]


async def test_whoever_had_a_hand_in_a_workflow_named_its_addresses(sim: Sim) -> None:
    merchant = Merchant(sim)
    first = await merchant.listens(HOOKS, ["payment_captured"])
    await merchant.paid()
    async with sim.moved():
        await merchant.send("PATCH", f"/workflows/{first}", {"name": "Another name"})

    await merchant.paid()

    assert [hook.from_network for hook in sim.hooks] == [False, True]
