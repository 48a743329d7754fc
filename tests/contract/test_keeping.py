"""Finished payments that a workspace no longer keeps are dropped at every provider with all that hangs on them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import Sim

from simulator.engine.provider import Provider
from simulator.engine.resource import load

PATIENCE = 60
"""Deadlines that are let pass until nothing is due any more."""


def keep(world: Sim) -> None:
    world.app.runtime.keeper.run()


async def let_everything_happen(world: Sim) -> None:
    for _ in range(PATIENCE):
        if not (await world.http.get(f"{world.path}/timers")).json()["data"]:
            return
        (await world.http.post(f"{world.path}/clock/advance", json={"next": True})).raise_for_status()
    raise AssertionError("something is due without end")


def rows(world: Sim) -> dict[str, list[tuple[Any, ...]]]:
    """What the store holds of the workspace, by table."""
    store, id_ = world.app.runtime.store, world.workspace.id
    tables = ("resources", "lookup_keys", "timers", "outbox", "journal")
    found = {name: store.rows(f"SELECT * FROM {name} WHERE workspace = ?", (id_,)) for name in tables}
    found["attempts"] = store.rows(
        "SELECT a.* FROM attempts a JOIN outbox o ON o.seq = a.message WHERE o.workspace = ?", (id_,)
    )
    return {name: sorted((tuple(row) for row in rows), key=repr) for name, rows in found.items()}


def _never(id_: str) -> str:
    """An id of the same form that nobody has."""
    return id_.translate(str.maketrans("0123456789", "5678901234"))


async def refunded(merchant: Merchant, reference: str) -> str:
    id_ = await merchant.paid(reference)
    await merchant.refund(id_, 400)
    await merchant.settle()
    return id_


async def test_a_dropped_payment_leaves_nothing_behind(world: Sim, merchant: Merchant, provider: Provider) -> None:
    """A payment and a refund, from the first request to the last webhook: all that hangs on them goes, and is counted."""
    first = await refunded(merchant, "to-be-dropped-7391")
    second = await refunded(merchant, "to-be-kept-7392")
    await let_everything_happen(world)
    world.app.runtime.write_late()
    unknown = await world.http.get(f"{world.path}/payments/{provider.name}/of-nobody")
    await world.settings("simulator", keep={"payments": 1})

    keep(world)

    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    gone = await world.http.get(f"{world.path}/payments/{provider.name}/{first}")
    health = (await world.http.get("/_sim/health")).json()["keep"]
    runtime = world.app.runtime
    hanging = [
        load(runtime.parties[party].kinds[kind], body).goes_with
        for party, kind, body in runtime.store.rows("SELECT provider, kind, body FROM resources")
    ]
    assert [one["id"] for one in listed] == [second]
    assert set(hanging) <= {"", second}
    left = rows(world)
    for table in ("lookup_keys", "timers", "outbox", "attempts", "journal"):
        assert first not in repr(left[table]), table
    numbers = {row[0] for row in left["resources"]}
    assert {row[-1] for row in left["lookup_keys"]} <= numbers
    assert (unknown.status_code, gone.status_code) == (404, 404)
    assert "were dropped" in gone.json()["error"]["message"]
    assert "dropped" not in unknown.json()["error"]["message"]
    assert health["dropped"]["payments"] == 1
    assert [one["workspace"] for one in health["workspaces"]] == [world.workspace.name]


@pytest.mark.uncounted
async def test_what_the_provider_says_of_a_dropped_payment_is_what_it_says_of_an_unknown_one(
    world: Sim, merchant: Merchant
) -> None:
    dropped, kept = await merchant.paid("first"), await merchant.paid("second")
    await let_everything_happen(world)
    await world.settings("simulator", keep={"payments": 1})
    keep(world)

    asked = [await merchant.refund(id_) for id_ in (dropped, _never(dropped), kept)]
    if merchant.shop.read is not None:
        asked += [await merchant.read(id_) for id_ in (dropped, _never(dropped), kept)]

    for gone, unknown, known in (asked[:3], asked[3:] or asked[:3]):
        assert gone.status == unknown.status
        assert merchant.shop.is_error(gone) == merchant.shop.is_error(unknown)
        assert not merchant.shop.is_error(known)


async def test_nothing_is_dropped_that_waits_for_a_buyer_or_for_a_receiver(world: Sim, merchant: Merchant) -> None:
    if not merchant.provider.webhooks.retry.delays:
        pytest.skip("this provider tries no webhook again")
    world.answer = lambda request: httpx.Response(503)
    unheard = await merchant.paid("unheard")
    waiting = await merchant.waiting("waiting")
    newest = await merchant.waiting("newest")
    await world.settings("simulator", keep={"payments": 1})
    world.app.runtime.write_late()
    before = rows(world)

    keep(world)

    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    assert {one["id"] for one in listed} == {waiting, unheard, newest}
    assert rows(world) == before
    assert (await world.http.get("/_sim/health")).json()["keep"]["dropped"]["payments"] == 0
