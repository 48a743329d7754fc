"""A PostgreSQL that is stopped and started again under a running simulator: refused in the right words meanwhile, then served."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from engine import postgres
from engine.merchant import Merchant
from support import Sim
from toy.acme import ACME

pytest.importorskip("psycopg", reason="psycopg is not installed")


@pytest.fixture
def own() -> Iterator[postgres.Cluster]:
    if (why := postgres.missing()) is not None:
        pytest.skip(why)
    with postgres.own_cluster() as cluster:
        yield cluster


async def test_what_comes_while_it_is_away_is_refused_and_what_comes_after_is_served(own: postgres.Cluster) -> None:
    async with Sim(providers=[ACME], db=own.address) as sim:
        merchant = Merchant(sim)
        before = await merchant.charge("before")

        own.stop()
        away = [await merchant.create("away"), await sim.http.get(f"/acme/charges/{before}", headers=merchant.headers)]
        health = await sim.http.get("/_sim/health")
        control = await sim.http.get(f"{sim.path}/payments")
        own.start()
        after = await merchant.create("after")
        read = await sim.http.get(f"/acme/charges/{before}", headers=merchant.headers)
        again = await sim.http.get("/_sim/health")
        listed = [one["reference"] for one in (await sim.http.get(f"{sim.path}/payments")).json()["data"]]

    assert [answer.status_code for answer in away] == [500, 500]
    assert all(list(answer.json()) == list(away[0].json()) for answer in away)
    assert (control.status_code, control.json()["error"]["code"]) == (503, "store_unavailable")
    assert (health.status_code, again.status_code) == (503, 200)
    assert (after.status_code, read.status_code) == (201, 200)
    assert sorted(listed) == ["after", "before"]


async def test_a_restart_between_two_calls_is_not_noticed(own: postgres.Cluster) -> None:
    """Nothing was under way: the next call opens another connection."""
    async with Sim(providers=[ACME], db=own.address) as sim:
        merchant = Merchant(sim)
        await merchant.charge("before")
        own.stop()
        own.start()

        created = await merchant.create("after")
        paid = await merchant.paid("paid")

    assert created.status_code == 201
    assert paid.startswith("ch_")


async def test_a_webhook_that_was_under_way_arrives_once_it_is_back(own: postgres.Cluster) -> None:
    """The attempt could not be recorded, so the message is still due: it is sent again, not lost."""
    async with Sim(providers=[ACME], db=own.address) as sim:
        merchant, heard = Merchant(sim), list[bytes]()
        await sim.receive_webhooks("acme")
        id_ = await merchant.charge("order")

        def gone_meanwhile(request: httpx.Request) -> httpx.Response:
            heard.append(request.content)
            if len(heard) == 1:
                own.stop()
                own.start()
            return httpx.Response(200)

        sim.answer = gone_meanwhile
        await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={})
        await sim.http.post(f"{sim.path}/settle")
        await sim.settle()
        [message] = sim.app.runtime.store.messages(sim.workspace.id)

    assert message.state == "delivered"
    assert len(set(heard)) == 1
