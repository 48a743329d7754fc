"""One of two processes on one PostgreSQL is killed under load, again and again: nothing that was answered is lost, nothing that
was promised stays unsaid, nothing arrives out of order, and only what was under way arrives twice."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from itertools import cycle

import httpx
import pytest
from buying import ANY
from engine import postgres
from journeys.test_kill import STEPS, Ledger, Machine, Merchant, free_port, receiving, undisturbed

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("REPLICA_KILLS", "3"))
WORLDS = 4
MERCHANTS = 6
UNDER_WAY = 8
"""Deliveries of a workspace to one receiver at a time (`queues.PER_ENDPOINT`)."""


class Customer(Merchant):
    """Of one workspace. The process that is left says so while it finds out."""

    def is_away(self, answer: httpx.Response) -> bool:
        return "no process serves" in answer.text or "process that serves" in (
            answer.text + answer.headers.get("simulator-notice", "")
        )


def customer(base_url: str, world: dict[str, object], hooks: str, ledger: Ledger) -> Customer:
    made = Customer(base_url, world["credentials"][ANY.name], hooks, ledger)  # type: ignore[index]
    made.workspace = str(world["name"])
    return made


async def test_nothing_is_lost_when_one_of_two_is_killed_again_and_again(database: str) -> None:
    chance = random.Random("Ningbo")
    with postgres.own_schema(database) as db:
        machines = [Machine(db, free_port()) for _ in range(2)]
        urls = [f"http://127.0.0.1:{machine.port}" for machine in machines]
        async with receiving() as receiver:
            hooks = f"http://127.0.0.1:{receiver.port}/hooks"
            await asyncio.gather(*(machine.start() for machine in machines))
            async with httpx.AsyncClient(timeout=20) as api:
                worlds = [
                    (await api.post(f"{url}/_sim/workspaces", json={"name": f"w{number}"})).raise_for_status().json()
                    for number, url in zip(range(WORLDS), cycle(urls), strict=False)
                ]
            step_of, promised = await undisturbed(customer(urls[0], worlds[0], hooks, Ledger()))
            ledgers = [Ledger() for _ in worlds]
            for kill in range(KILLS):
                merchants = [
                    asyncio.create_task(customer(url, world, hooks, ledger).work())
                    for world, ledger in zip(worlds, ledgers, strict=True)
                    for _, url in zip(range(MERCHANTS), cycle(urls), strict=False)
                ]
                await asyncio.gather(*(ledger.grow_by(chance.randint(3, 12)) for ledger in ledgers))
                await machines[kill % 2].kill()
                await asyncio.sleep(0.5 * chance.random())
                for merchant in merchants:
                    merchant.cancel()
                ended = await asyncio.gather(*merchants, return_exceptions=True)
                assert [one for one in ended if isinstance(one, Exception)] == []
                await machines[kill % 2].start()

            found, sent = dict[str, str](), dict[str, dict[str, object]]()
            for world, ledger, url in zip(worlds, ledgers, cycle(urls), strict=False):
                merchant = customer(url, world, hooks, ledger)
                await merchant.control("POST", "settle")
                found |= {id_: step_of[await merchant.status(id_)] for id_ in ledger.told}
                sent |= {str(delivery["body"]): delivery for delivery in await merchant.deliveries()}
                await merchant.api.aclose()
            for machine in machines:
                await machine.kill()

    heard: dict[str, list[str]] = {}
    for body in dict.fromkeys(receiver.heard):
        heard.setdefault(str(sent[body]["resource_id"]), []).append(str(sent[body]["event"]))
    told = {id_: step for ledger in ledgers for id_, step in ledger.told.items()}
    assert len(told) >= KILLS * WORLDS * 3
    for id_, answered in told.items():
        assert STEPS.index(found[id_]) >= STEPS.index(answered), f"{id_}: {answered} was answered"
        assert heard[id_] == promised[found[id_]], id_
    repeated = sum(times - 1 for times in Counter(receiver.heard).values())
    assert repeated <= KILLS * WORLDS * UNDER_WAY, "more arrived twice than can have been under way"
