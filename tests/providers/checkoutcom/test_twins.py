"""Hosted pages of two workspaces that share a seed: each opens its own."""

from __future__ import annotations

from support import Sim

from providers.checkoutcom.driver import HOSTED, Merchant


async def test_workspaces_of_one_seed_have_hosted_pages_of_their_own(sim: Sim) -> None:
    twin = Sim.beside(sim)
    twin._seed = sim._seed
    await twin.__aenter__()

    mine = (await Merchant(sim).post("/hosted-payments", HOSTED)).json()["id"]
    theirs = (await Merchant(twin).post("/hosted-payments", HOSTED)).json()["id"]

    assert mine != theirs
    for id_ in (mine, theirs):
        assert (await sim.http.get(f"/page/{id_}")).status_code == 200
