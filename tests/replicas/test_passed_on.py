"""What one process passes on to another: pages and forms, bodies of any size, streams that are left, and processes that hang."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections import deque

import httpx
import pytest
from buying import ANY
from merchant import Merchant

from replicas.pair import World
from replicas.test_replicas import home
from simulator.surface import replica

MOST = 150
"""Pages looked at."""


@pytest.fixture
def provider() -> object:
    return ANY


async def elsewhere(world: World) -> str:
    """The address of the process that does not serve the world."""
    address = await home(world)
    return next(one.url for one in world.pair.replicas if one.url != address)


def asking(address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, headers={"host": "sim.test"}, timeout=30)


async def test_every_page_of_the_console_is_answered_by_either(world: World, merchant: Merchant) -> None:
    """Followed from link to link; of addresses that differ in their ids alone the first ones."""
    await merchant.paid()
    await merchant.settle()
    name = world.path.rpartition("/")[2]
    waiting, seen, shapes = deque([f"/console/{name}/payments"]), dict[str, int](), dict[str, int]()
    while waiting and len(seen) < MOST:
        path = waiting.popleft()
        answer = await world.http.get(path)
        seen[path] = answer.status_code
        for link in re.findall(r'href="(/console/[^"#]*)"', answer.text):
            link = link.replace("&amp;", "&")
            shape = re.sub(r"[0-9a-zA-Z_-]{12,}|\d+", "*", link)
            if link not in seen and link not in waiting and f"/{name}/" in link and shapes.get(shape, 0) < 2:
                shapes[shape] = shapes.get(shape, 0) + 1
                waiting.append(link)

    assert len(seen) > 60
    assert {path: status for path, status in seen.items() if status not in (200, 303)} == {}


async def test_of_two_that_want_the_same_name_at_once_one_gets_it(world: World) -> None:
    addresses = [one.url for one in world.pair.replicas] * 2
    for number in range(5):
        name = f"{world.path.rpartition('/')[2]}-{number}"[-40:]
        async with asking(addresses[0]) as one, asking(addresses[1]) as other:
            answers = await asyncio.gather(
                *(api.post("/_sim/workspaces", json={"name": name}) for api in (one, other) * 2)
            )
            assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409], [a.text for a in answers]
            (await one.delete(f"/_sim/workspaces/{name}")).raise_for_status()


async def test_a_document_that_two_import_at_once_is_there_twice(world: World, merchant: Merchant) -> None:
    await merchant.paid()
    document = (await world.http.get(f"{world.path}/export")).json()
    answers = await asyncio.gather(*(world.http.post("/_sim/workspaces/import", json=document) for _ in range(4)))

    assert [answer.status_code for answer in answers] == [201] * 4, [answer.text[:200] for answer in answers]
    for answer in answers:
        await world.http.delete(f"/_sim/workspaces/{answer.json()['id']}")


@pytest.mark.parametrize("size", [1_100_000, 3_000_000])
async def test_a_body_that_is_too_large_is_refused_in_the_same_words(
    world: World, merchant: Merchant, size: int
) -> None:
    sent = merchant.shop.sign(merchant.account, merchant.creation("large"))
    answers = []
    for address in (await home(world), await elsewhere(world)):
        async with asking(address) as api:
            answers.append(await api.post(sent.path, headers=dict(sent.headers), content=b"{" + b" " * size))

    assert [answer.status_code for answer in answers] == [413, 413]
    assert answers[0].json().keys() == answers[1].json().keys()


async def test_a_large_document_is_imported_by_a_form_at_either(world: World) -> None:
    """Its page belongs to a workspace of the other one."""
    document = (await world.http.get(f"{world.path}/export")).json()
    document["padding"] = "x" * 3_000_000
    address, name = await elsewhere(world), world.path.rpartition("/")[2]
    async with asking(address) as api:
        page = await api.get(f"/console/{name}/settings")
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        answer = await api.post(
            f"/console/{name}/do/import_workspace",
            data={} if token is None else {"token": token[1]},
            files={"document": ("w.json", json.dumps(document).encode())},
            headers={"origin": "http://sim.test"},
        )

    assert answer.status_code not in (500, 502, 503, 504), answer.text


def listeners(world: World) -> int:
    return world.app.runtime.audience._present


async def test_a_stream_that_is_left_is_left_at_its_home_too(world: World) -> None:
    before = listeners(world)
    async with asking(await elsewhere(world)) as api, api.stream("GET", f"{world.path}/events") as stream:
        await anext(stream.aiter_raw())
        during = listeners(world)
    for _ in range(200):
        if (after := listeners(world)) == before:
            break
        await asyncio.sleep(0.05)

    assert (during, after) == (before + 1, before)


async def test_a_process_that_hangs_is_given_up(
    world: World, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the words of whose call it is; what is at home with others is served meanwhile."""
    monkeypatch.setattr(replica, "ALIVE_S", 0.3)
    address = await home(world)
    hanging = next(one for one in world.pair.replicas if one.url == address)
    awake = threading.Event()
    async with asking(await elsewhere(world)) as api:
        hanging.loop.call_soon_threadsafe(awake.wait, 30)
        try:
            shown = await api.get(world.path)
            sent = merchant.shop.sign(merchant.account, merchant.creation("late"))
            told = await api.request(sent.method, sent.path, headers=dict(sent.headers), content=sent.body)
            healthy = await api.get("/_sim/health")
        finally:
            awake.set()

    assert (shown.status_code, shown.json()["error"]["code"]) == (504, "no_answer")
    assert told.status_code >= 500
    assert "does not answer" in told.headers["simulator-notice"]
    assert healthy.status_code == 200
