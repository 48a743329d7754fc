"""Some providers accept a request first and report what is wrong with it later."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel
from support import Sim
from toy.acme import ACME

from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.uow import UnitOfWork


class Order(BaseModel):
    amount: int


def take(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, {"got": call.json["amount"]})


def nobody(call: Call, directory: Any) -> None:
    call.workspace = directory.workspaces()[0]


async def test_an_endpoint_may_leave_the_check_of_its_body_to_the_handler() -> None:
    """The model still documents the body."""
    late = Endpoint("POST", "/late", take, "take", Order, checks_body=False, authenticate=nobody)
    early = Endpoint("POST", "/early", take, "take", Order, authenticate=nobody)
    provider = replace(ACME, endpoints=(late, early))
    async with Sim(providers=[provider]) as sim:
        accepted = await sim.http.post("/late", json={"amount": "many"})
        refused = await sim.http.post("/early", json={"amount": "many"})

    assert (accepted.status_code, accepted.json()) == (200, {"got": "many"})
    assert 400 <= refused.status_code < 500
