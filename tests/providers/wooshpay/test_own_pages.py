"""Each workspace's checkout page is its own, though ids are made of time.

A session's page is opened by its id alone, and the id's digits are the instant. Two workspaces whose clocks stand at one
instant, as those of tests do, would mint the same one: the shopper of the first would pay in the second.
"""

from __future__ import annotations

from typing import Any

from support import Sim

from providers.wooshpay.driver import SEED_SESSION


class Shop:
    """A merchant in a workspace of their own; the clocks of all of them stand at one instant."""

    def __init__(self, sim: Sim, workspace: dict[str, Any]) -> None:
        self.http, self.name = sim.http, workspace["id"]
        self.headers = {"Authorization": f"Bearer {workspace['credentials']['wooshpay']['secret_key']}"}

    @classmethod
    async def opens(cls, sim: Sim) -> Shop:
        body = {"clock": {"mode": "frozen", "now": "2026-03-04T05:00:00.000Z"}}
        return cls(sim, (await sim.http.post("/_sim/workspaces", json=body)).raise_for_status().json())

    async def sells(self) -> str:
        made = await self.http.post("/v1/checkout/sessions", json=SEED_SESSION, headers=self.headers)
        return str(made.raise_for_status().json()["id"])

    async def status_of(self, session: str) -> int:
        return (await self.http.get(f"/v1/checkout/sessions/{session}", headers=self.headers)).status_code


async def test_clocks_at_one_instant_do_not_mint_one_session_twice(sim: Sim) -> None:
    shops = [await Shop.opens(sim) for _ in range(3)]

    sessions = [await shop.sells() for shop in shops for _ in range(2)]

    assert len(set(sessions)) == 6
    assert [await shops[0].status_of(session) for session in sessions] == [200, 200, 404, 404, 404, 404]
