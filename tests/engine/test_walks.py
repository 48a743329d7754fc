"""While a clock is advanced, somebody resets the workspace, deletes it, or changes its clock."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.kernel.clock import iso_millis


class Held:
    """A merchant's server that answers the first webhook when it is told to. `sim.answer` of those who use it."""

    def __init__(self, sim: Sim) -> None:
        self.begun, self.released = asyncio.Event(), asyncio.Event()
        sim.answer = self

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.begun.set()
        await self.released.wait()
        return httpx.Response(200)


async def advancing(sim: Sim, by: str) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(sim.http.post(f"{sim.path}/clock/advance", json={"by": by}))


async def clock(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/clock")).json()
    return found


def after(sim: Sim, **by: float) -> str:
    return iso_millis(sim.started_at + timedelta(**by))


async def test_a_reset_ends_an_advance(sim: Sim, acme: Merchant) -> None:
    """It used to hang the whole server. The reset world's clock runs again, whatever the advance was up to."""
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    reset = await sim.http.post(f"{sim.path}/reset")

    ended = await walk
    assert reset.status_code == 200
    assert (ended.status_code, ended.json()["error"]["message"]) == (422, "the workspace was reset meanwhile")
    assert (await clock(sim))["mode"] == "real"
    assert sim.workspace.clock.standing_at is None
    assert sim.workspace.clock.advanced == timedelta(0)
    held.released.set()
    assert (await acme.create("order-2")).status_code == 201


async def test_a_delete_ends_an_advance(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held, path = Held(sim), sim.path
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    deleted = await sim.http.delete(path)

    ended = await walk
    assert deleted.status_code == 204
    assert (ended.status_code, ended.json()["error"]["code"]) == (404, "not_found")
    assert (await sim.http.get(path)).status_code == 404


async def test_who_waits_to_advance_advances_the_workspace_as_it_is_after_the_reset(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    first = await advancing(sim, "3h")
    await held.begun.wait()
    second = await advancing(sim, "5h")
    await asyncio.sleep(0)

    await sim.http.post(f"{sim.path}/reset")

    answers = await asyncio.gather(first, second)
    assert [answer.status_code for answer in answers] in ([422, 200], [422, 422])
    assert (await sim.http.get(f"{sim.path}/payments")).json()["data"] == []


async def test_a_workspace_is_reset_twice_at_once(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    answers = await asyncio.gather(*(sim.http.post(f"{sim.path}/reset") for _ in range(3)))

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert (await walk).status_code == 422


async def test_who_resets_what_somebody_deletes_is_told(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held, path = Held(sim), sim.path
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    deleted, reset = await asyncio.gather(sim.http.delete(path), sim.http.post(f"{path}/reset"))

    assert (deleted.status_code, reset.status_code) == (204, 404)
    assert (await walk).status_code == 404


async def test_a_settle_ends_with_a_reset(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge("order-1")
    held = Held(sim)
    await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
    settling = asyncio.create_task(sim.http.post(f"{sim.path}/settle"))
    await held.begun.wait()

    await sim.http.post(f"{sim.path}/reset")

    settled = await settling
    assert (settled.status_code, settled.json()["error"]["message"]) == (422, "the workspace was reset meanwhile")


async def test_a_freeze_during_an_advance_holds_where_the_advance_arrives(sim: Sim, acme: Merchant) -> None:
    await sim.http.post(f"{sim.path}/clock/resume")
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    frozen = (await sim.http.post(f"{sim.path}/clock/freeze", json={})).json()
    held.released.set()

    assert (await walk).status_code == 200
    assert frozen["mode"] == "frozen"
    now = await clock(sim)
    assert now["mode"] == "frozen"
    assert after(sim, hours=3) <= now["now"] < after(sim, hours=3, minutes=5)


async def test_a_freeze_beyond_the_end_of_an_advance_holds_there(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    await sim.http.post(f"{sim.path}/clock/freeze", json={"at": after(sim, hours=7)})
    held.released.set()
    await walk

    assert (await clock(sim))["now"] == after(sim, hours=7)


async def test_a_clock_that_is_resumed_during_an_advance_runs_on_from_its_end(sim: Sim, acme: Merchant) -> None:
    """Within the advance it stands as before: each webhook has its own instant."""
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()

    await sim.http.post(f"{sim.path}/clock/resume")
    standing = sim.workspace.clock.now()
    held.released.set()
    await walk

    assert standing == sim.started_at + timedelta(hours=2)
    now = await clock(sim)
    assert now["mode"] == "real"
    assert after(sim, hours=3) <= now["now"] < after(sim, hours=3, minutes=5)
    assert timedelta(hours=2, minutes=55) < sim.workspace.clock.advanced <= timedelta(hours=3)


async def test_a_delivery_that_cannot_be_recorded_ends_the_advance(
    sim: Sim, acme: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still due; to try it again at once, for ever, would help nobody."""
    await acme.charge("order-1")

    def fail(*args: object, **more: object) -> None:
        raise ValueError("a bug")

    with monkeypatch.context() as broken, pytest.raises(ValueError, match="a bug"):
        broken.setattr(sim.app.runtime.store, "save_attempts", fail)
        await sim.http.post(f"{sim.path}/clock/advance", json={"by": "3h"})

    assert (await clock(sim))["now"] == after(sim, hours=2)
    assert [delivery["state"] for delivery in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]] == [
        "pending"
    ]
    await sim.settle()
    assert acme.heard == ["charge.expired", "charge.expired"]
