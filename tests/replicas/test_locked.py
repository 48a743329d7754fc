"""A table or a row that somebody else has locked: who wants it is asked again until it is free, and everybody else is served.

Each test counts what is answered while the lock is held.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

import httpx
import psycopg
import pytest
from buying import ANY
from merchant import Merchant

from replicas.pair import World
from replicas.test_replicas import home
from simulator.engine import again

ROUNDS = 5
HOOK = {"url": "http://merchant.test/changed"}


@pytest.fixture
def provider() -> object:
    return ANY


@pytest.fixture
async def neighbour(world: World) -> AsyncIterator[World]:
    """Another workspace of the same process."""
    for _ in range(10):
        async with world.neighbour() as found:
            if await home(found) == await home(world):
                yield found
                return
    raise AssertionError("no workspace is at home there")


@contextmanager
def held(world: World, sql: str) -> Iterator[None]:
    with psycopg.connect(world.pair.db) as other:
        other.execute(sql.encode())
        yield


def table(name: str) -> str:
    return f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"


def row(world: World) -> str:
    return f"SELECT id FROM workspaces WHERE id = {world.workspace.id} FOR UPDATE"


async def others_answer(world: World, neighbour: World) -> None:
    """What needs nothing that is locked, at the process that waits."""
    async with httpx.AsyncClient(base_url=await home(world), headers={"host": "sim.test"}, timeout=30) as api:
        for _ in range(ROUNDS):
            answers = [
                await api.get("/_sim/static/console.css"),
                await api.get("/_sim/health"),
                await api.put(f"{neighbour.path}/webhooks/{ANY.name}", json=HOOK),
            ]
            assert [answer.status_code for answer in answers] == [200] * 3, [answer.text[:200] for answer in answers]


async def meanwhile(world: World, neighbour: World, sql: str, act: Callable[[], Awaitable[object]]) -> None:
    """The others answer, and then the act does."""
    with held(world, sql):
        waiting = asyncio.ensure_future(act())
        await others_answer(world, neighbour)
        assert not waiting.done()
    await waiting


async def test_a_call_that_met_a_lock_is_answered_as_if_it_had_not(
    world: World, merchant: Merchant, neighbour: World
) -> None:
    """By the same ids and with as many left of its limit as in a workspace of the same seed that met none."""
    async with world.twin() as twin:
        expected = await Merchant(twin, ANY).answer("order")
    got = list[object]()

    async def create() -> None:
        got.append(await merchant.answer("order"))

    await meanwhile(world, neighbour, table("resources"), create)

    [answer] = got
    assert (answer.status, shape(answer.body)) == (expected.status, shape(expected.body))  # type: ignore[attr-defined]
    assert [one["reference"] for one in (await world.http.get(f"{world.path}/payments")).json()["data"]] == ["order"]


def shape(body: bytes) -> object:
    """An answer without the addresses of its workspace."""
    return {name: value for name, value in json.loads(body).items() if name in ("id", "status", "amount")}


async def test_a_change_of_a_workspace_whose_row_is_locked_is_made_when_it_is_free(
    world: World, neighbour: World
) -> None:
    async def change() -> None:
        (await world.http.put(f"{world.path}/webhooks/{ANY.name}", json=HOOK)).raise_for_status()

    await meanwhile(world, neighbour, row(world), change)

    assert (await world.http.get(world.path)).json()["webhooks"][ANY.name]["url"] == HOOK["url"]


async def test_an_advance_waits_for_a_lock_and_arrives(world: World, merchant: Merchant, neighbour: World) -> None:
    await merchant.create()
    before = world.workspace.clock.now()

    async def advance() -> None:
        await world.advance(hours=1)

    await meanwhile(world, neighbour, table("timers"), advance)

    assert (world.workspace.clock.now() - before).total_seconds() == 3600


async def test_a_webhook_whose_record_meets_a_lock_is_sent_once(
    world: World, merchant: Merchant, neighbour: World
) -> None:
    id_ = await merchant.waiting()
    heard, is_free = threading.Event(), threading.Event()

    def lock(request: httpx.Request) -> httpx.Response:
        if not heard.is_set():
            threading.Thread(target=hold).start()
            heard.wait(10)
        return merchant.takes(request)

    def hold() -> None:
        with held(world, table("attempts")):
            heard.set()
            is_free.wait(30)

    world.answer = lock
    paying = asyncio.create_task(world.act(ANY.name, id_, "pay"))
    try:
        assert await asyncio.to_thread(heard.wait, 10)
        await others_answer(world, neighbour)
    finally:
        is_free.set()
    await paying
    await world.settle()

    bodies = [hook.raw for hook in world.hooks]
    assert bodies
    assert len(set(bodies)) == len(bodies)


async def test_what_a_page_listens_to_is_opened_when_the_lock_is_gone(
    world: World, merchant: Merchant, neighbour: World
) -> None:
    code = (await world.payment(ANY.name, await merchant.waiting()))["wallet"]["code"]
    opened = list[int]()

    async def listen() -> None:
        async with world.http.stream("GET", f"/w/{code}/events") as stream:
            await anext(stream.aiter_raw())
            opened.append(stream.status_code)

    await meanwhile(world, neighbour, table("resources"), listen)

    assert opened == [200]


async def test_what_waits_too_long_is_refused_in_the_right_words_and_nothing_of_it_stands(
    world: World, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "PATIENCE_S", 0.2)
    with held(world, table("resources")):
        refused = await merchant.answer("locked out")
    with held(world, row(world)):
        control = await world.http.put(f"{world.path}/webhooks/{ANY.name}", json=HOOK)
    served = await merchant.answer("served")

    assert refused.status >= 500
    assert refused.json.keys() and "error" not in refused.json
    assert (control.status_code, control.json()["error"]["code"]) == (503, "store_unavailable")
    assert served.status < 300
    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    assert [one["reference"] for one in listed] == ["served"]


async def test_a_process_that_is_about_to_end_lets_nobody_wait(
    world: World, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be cut off with whoever does, and without a word of the provider's."""
    monkeypatch.setattr(again, "PATIENCE_S", 1e9)
    with held(world, table("resources")):
        for one in world.pair.replicas:
            monkeypatch.setattr(one.front, "is_ending", True)
        refused = await merchant.answer("too late")

    assert refused.status >= 500
    assert refused.json.keys()


async def test_many_who_wait_are_all_answered(world: World, merchant: Merchant, neighbour: World) -> None:
    """Each once, whoever else waits; there are as many payments as answers."""
    got = list[int]()

    async def create() -> None:
        answers = await asyncio.gather(*(merchant.answer(f"order-{number}") for number in range(16)))
        got.extend(answer.status for answer in answers)

    await meanwhile(world, neighbour, table("resources"), create)

    listed = (await world.http.get(f"{world.path}/payments")).json()["data"]
    assert {status < 300 for status in got} == {True}
    assert sorted(one["reference"] for one in listed) == sorted(f"order-{number}" for number in range(16))
