"""Two processes on one PostgreSQL: whoever is asked, the answer is the same, and a workspace is served by one of them at a time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing

import httpx
import psycopg
import pytest
from buying import ANY
from contract.calls import PROVIDERS
from engine import postgres
from merchant import Merchant
from toy.acme import ACME

from replicas.pair import Pair, World, running
from simulator.engine.store import SharedStore, StoreUnavailable, open_store


@pytest.fixture
def provider() -> object:
    return ANY


@pytest.fixture
def own() -> Iterator[tuple[postgres.Cluster, Pair]]:
    """A server of one's own, that may be stopped."""
    with postgres.own_cluster() as cluster, running(cluster.address, [ANY, ACME]) as pair:
        yield cluster, pair


def homes(world: World) -> list[bool]:
    """With which of the two it is at home."""
    return [world._id in replica.app.runtime.registry for replica in world.pair.replicas]


async def home(world: World) -> str:
    """The address of the one with which it is at home. One that was cut off finds out when it looks, within a second."""
    for _ in range(200):
        if sorted(homes(world)) == [False, True]:
            break
        await asyncio.sleep(0.05)
    [address] = [one.url for one, is_home in zip(world.pair.replicas, homes(world), strict=True) if is_home]
    return address


async def test_a_workspace_is_at_home_with_one_of_them(world: World, merchant: Merchant) -> None:
    await merchant.paid()
    for _ in range(4):
        (await world.http.get(world.path)).raise_for_status()

    assert sorted(homes(world)) == [False, True]


async def deleted_ones_are_let_go(world: World, database: str) -> None:
    """Locks are held for the workspaces that there are, and for no others: PostgreSQL has room for some thousands."""
    sql = "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND objid > 0 AND granted"
    with psycopg.connect(database) as looking:
        for _ in range(200):
            found = looking.execute(sql).fetchone()
            if found == (sum(len(one.app.runtime.registry.all()) for one in world.pair.replicas),):
                return
            await asyncio.sleep(0.05)
    raise AssertionError(found)


async def test_new_workspaces_and_those_that_nobody_serves_go_where_there_is_most_room(
    world: World, database: str
) -> None:
    """Whoever is asked: here always the same one. One that has joined late gets its share of what comes from then on."""
    one, other = world.pair.replicas
    async with httpx.AsyncClient(base_url=one.url, headers={"host": "sim.test"}, timeout=30) as api:
        await deleted_ones_are_let_go(world, database)
        before = len(one.app.runtime.registry.all()) - len(other.app.runtime.registry.all())
        made = [
            (await api.post("/_sim/workspaces", json={})).raise_for_status().json()["id"]
            for _ in range(abs(before) + 6)
        ]
        after = len(one.app.runtime.registry.all()) - len(other.app.runtime.registry.all())
        for id_ in made:
            (await api.delete(f"/_sim/workspaces/{id_}")).raise_for_status()

    assert abs(after) <= 1, (before, after)
    await deleted_ones_are_let_go(world, database)


async def test_what_is_changed_at_one_is_known_to_the_other(world: World) -> None:
    path = world.path
    for number in range(4):
        (
            await world.http.put(f"{path}/webhooks/{ANY.name}", json={"url": f"http://merchant.test/{number}"})
        ).raise_for_status()
        seen = [(await world.http.get(path)).json()["webhooks"][ANY.name]["url"] for _ in range(2)]
        assert seen == [f"http://merchant.test/{number}"] * 2


async def test_a_deleted_workspace_is_unknown_to_both(world: World) -> None:
    path = world.path
    (await world.http.delete(path)).raise_for_status()

    assert [(await world.http.get(path)).status_code for _ in range(2)] == [404, 404]


async def test_workspaces_of_one_seed_at_different_processes_do_not_know_of_each_other(world: World) -> None:
    """They draw the same ids, and each looks whether an id is taken: that is no reason to ask the other's process."""
    twins = [world]
    while len({await home(twin) for twin in twins}) < 2:
        twins.append(await world.twin().__aenter__())
    answers = {
        name: [await Merchant(twin, provider).answer("twin") for twin in (twins[0], twins[-1])]
        for name, provider in PROVIDERS.items()
    }

    for twin in twins[1:]:
        await twin.http.aclose()
    refused = {name: [one.text for one in both if one.status >= 300] for name, both in answers.items()}
    assert [found for found in refused.items() if found[1]] == []


async def test_of_64_clients_one_wins(world: World, merchant: Merchant) -> None:
    """All press at once, at both: the payment is decided once, and told once."""
    id_ = await merchant.waiting()
    code = (await world.payment(ANY.name, id_))["wallet"]["code"]
    acts = [("confirm", {"buyer": "li-na", "method": "balance"}), ("cancel", {})] * 32

    await asyncio.gather(*(world.http.post(f"/w/{code}/{act}", data=data) for act, data in acts))
    await merchant.settle()

    told = [entry["summary"] for entry in (await world.payment(ANY.name, id_))["timeline"]]
    ends = [one for one in told if one.startswith("order ") and one.endswith(("> paid", "> cancelled"))]
    assert len(ends) == 1, told
    events = [json.loads(hook.raw) for hook in world.hooks]
    assert len({json.dumps(event, sort_keys=True) for event in events}) == len(events)


async def test_a_clock_is_advanced_at_one_while_the_other_serves(world: World, merchant: Merchant) -> None:
    before = world.workspace.clock.now()

    async def advance() -> None:
        for _ in range(10):
            await world.advance(hours=1)

    made = await asyncio.gather(advance(), *(merchant.answer(f"order-{number}") for number in range(20)))

    assert all(answer is None or answer.status < 300 for answer in made)
    assert (world.workspace.clock.now() - before).total_seconds() == 36_000


async def test_a_stream_of_events_is_followed_at_the_wrong_one(world: World, merchant: Merchant) -> None:
    address = next(
        replica.url for replica, is_home in zip(world.pair.replicas, homes(world), strict=True) if not is_home
    )
    heard: list[str] = []

    async def follow() -> None:
        async with (
            httpx.AsyncClient(base_url=address, headers={"host": "sim.test"}, timeout=30) as api,
            api.stream("GET", f"{world.path}/events") as stream,
        ):
            async for line in stream.aiter_lines():
                heard.append(line)
                if line.startswith("event: state"):
                    return

    following = asyncio.create_task(follow())
    for number in range(100):
        await merchant.answer(f"order-{number}")
        await asyncio.wait({following}, timeout=0.2)
        if following.done():
            break
    await following

    assert any(line.startswith("event: state") for line in heard)


async def test_a_forged_header_of_another_process_says_nothing(world: World) -> None:
    """Who claims to be a process that passes on a request from this machine is taken for who they are."""
    forged = [b"eyJjbGllbnQiOlsiMTI3LjAuMC4xIiwxXX0=.00", b"e30=.\xff", b"."]

    answers = [
        await world.http.get("/_sim/workspaces", headers={b"psp-simulator-forwarded": header}) for header in forged
    ]

    assert [answer.status_code for answer in answers] == [200] * 3  # they came from this machine in truth


async def test_a_static_file_that_is_not_there_is_not_found(world: World) -> None:
    assert (await world.http.get("/_sim/static/nothing.css")).status_code == 404


async def test_a_database_that_is_away_stops_neither_pages_nor_health_and_is_taken_up_again(
    own: tuple[postgres.Cluster, Pair],
) -> None:
    cluster, pair = own
    async with World(pair) as world:
        await world.receive_webhooks(ACME.name)
        merchant = Merchant(world, ACME)
        world.answer = merchant.takes
        await merchant.answer("before")
        path, url = world.path, pair.replicas[0].url

        cluster.stop()
        async with httpx.AsyncClient(base_url=url, timeout=30) as api:
            static = await api.get("/_sim/static/console.css")
            health = await api.get("/_sim/health")
            away = [await merchant.answer("away") for _ in range(2)]  # one of them has never read the workspace
        cluster.start()
        for _ in range(100):
            after = await merchant.answer("after")
            if after.status == 201:
                break
            await asyncio.sleep(0.1)
        answer = await world.http.get(f"{path}/payments")
        listed = [one["reference"] for one in answer.json()["data"]]

        assert (static.status_code, health.status_code) == (200, 503)
        assert len({(answer.status, *json.loads(answer.body)) for answer in away}) == 1, away
        assert after.status == 201
        assert sorted(set(listed)) == ["after", "before"]
        assert await home(world) in [replica.url for replica in pair.replicas]


async def cut(world: World, address: str) -> None:
    """Ends the session of the process that is reached there."""
    with psycopg.connect(world.pair.db) as killing:
        sql = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            JOIN meta ON name = 'reached at ' || pid WHERE value = %s"""
        assert killing.execute(sql.encode(), (address,)).fetchone() == (True,)


async def test_a_connection_that_is_cut_is_not_noticed(world: World, merchant: Merchant) -> None:
    """Nothing was answered yet: the call is executed over another one, and the workspace taken home again."""
    await merchant.answer("before")
    for number in range(3):
        await cut(world, await home(world))
        after = await merchant.answer(f"after-{number}")
        assert after.status == 200

    answer = await world.http.get(f"{world.path}/payments")
    assert [one["reference"] for one in answer.json()["data"]] == ["after-2", "after-1", "after-0", "before"]
    assert await home(world) in [replica.url for replica in world.pair.replicas]


@pytest.mark.parametrize(("method", "path"), [("PUT", "{ws}/webhooks/{p}"), ("GET", "/_sim/health")])
async def test_no_call_is_refused_for_a_connection_that_was_cut(world: World, method: str, path: str) -> None:
    """Whatever is asked of the very process that was cut off, and whether or not it changes something."""
    for number in range(3):
        (await world.http.get(world.path)).raise_for_status()  # somebody serves it
        address = await home(world)
        await cut(world, address)
        async with httpx.AsyncClient(base_url=address, headers={"host": "sim.test"}, timeout=30) as api:
            body = {"json": {"url": f"http://merchant.test/{number}"}} if method == "PUT" else {}
            answer = await api.request(method, path.format(ws=world.path, p=ANY.name), **body)
        assert answer.status_code == 200, answer.text


def test_a_store_of_a_newer_version_is_refused(database: str) -> None:
    with postgres.own_schema(database) as db:
        with closing(open_store(db)) as store:
            store.set_meta("schema_version", "1000")

        with pytest.raises(StoreUnavailable, match=r"a newer one \(schema 1000"):
            open_store(db)


def test_a_process_is_found_at_an_address_of_any_length(database: str) -> None:
    """PostgreSQL cuts the names of its sessions at 63 bytes, and names in clusters are longer."""
    address = "http://psp-simulator-0.psp-simulator.staging-of-the-payments-team.svc.cluster.local:8080"
    with postgres.own_schema(database) as db, closing(open_store(db)) as one, closing(open_store(db)) as other:
        assert isinstance(one, SharedStore)
        assert isinstance(other, SharedStore)
        one.called(address)
        other.called("http://127.0.0.1:1")

        assert one.hold_lock(7)
        assert (other.hold_lock(7), other.holder(7), one.with_most_room()) == (False, address, "http://127.0.0.1:1")
