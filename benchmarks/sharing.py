"""One world and several processes: creates and whole purchases on SQLite, on PostgreSQL with one process, and with more.

Several workspaces are asked in turns over connections that the processes take as they come: half of what arrives at one of two
is for the other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import uvloop

from benchmarks import servers
from benchmarks.load import load
from benchmarks.purchase import PROVIDER, Heard, Receiver, buy, webhooks_of_one
from benchmarks.requests import Merchant, merchant
from benchmarks.servers import Server, free_port

WORLDS = 4
CONNECTIONS = 16


def _worlds(server: Server) -> list[tuple[str, Merchant]]:
    """The paths of new workspaces, and a merchant of each."""
    made = [server.call("POST", "/_sim/workspaces", {}) for _ in range(WORLDS)]
    return [(f"/_sim/workspaces/{one['id']}", merchant(PROVIDER, one["credentials"][PROVIDER])) for one in made]


def creates(server: Server, count: int) -> float:
    """Per second."""
    builds = [own.create for _, own in _worlds(server)]
    load(server.port, lambda n: builds[n % WORLDS](n), connections=CONNECTIONS, count=count // 4)
    return load(server.port, lambda n: builds[n % WORLDS](n), connections=CONNECTIONS, count=count, first=count).rate


def purchases(server: Server, count: int) -> float:
    """Per second."""
    return uvloop.run(_purchases(server, count))


async def _purchases(server: Server, count: int) -> float:
    worlds, buyers = _worlds(server), []
    numbers = iter(range(1, count + 1))
    for path, own in worlds:
        heard, port = Heard(await webhooks_of_one(server, own, path)), free_port()
        await asyncio.get_running_loop().create_server(lambda heard=heard: Receiver(heard), "127.0.0.1", port)  # type: ignore[misc]
        server.call("PUT", f"{path}/webhooks/{PROVIDER}", {"url": f"http://127.0.0.1:{port}/hooks"})
        buyers.append((path, own, heard))
    started = time.perf_counter()
    every = islice(cycle(buyers), CONNECTIONS)
    await asyncio.gather(*(buy(server, own, heard, numbers, [], path) for path, own, heard in every))
    return count / (time.perf_counter() - started)


def sharing(folder: Path, postgres: str, count: int, tell: Callable[[str, float, float], None]) -> None:
    """`postgres` is the address of an empty database."""
    contenders: list[tuple[str, Path | str, int]] = [("SQLite, one process", folder / "sharing.db", 1)]
    contenders += [("PostgreSQL, one process", postgres, 1), ("PostgreSQL, two processes", postgres, 2)]
    for name, db, workers in contenders:
        with servers.simulator(db, workers) as server:
            tell(name, creates(server, count), purchases(server, count // 2))
