"""A year in an afternoon: whole purchases at full speed for as long as is asked, while what is old is dropped (`simulator.keep`).

Each line is a twentieth of the run, after which a day passes: were anything to grow with what has been, it would show from line
to line. What is earned is settled and paid out meanwhile, and each purchase is told of that too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import uvloop

from benchmarks.load import request
from benchmarks.purchase import DEFAULT, PROVIDER, Client, Heard, Receiver, buy, webhooks_of_one
from benchmarks.requests import merchant
from benchmarks.servers import Server, free_port

TOGETHER = 8
PARTS = 20

ASKS_AGAIN_S = 0.01


@dataclass(frozen=True, slots=True)
class Part:
    """`worked` is the server's CPU for one purchase, which a busy machine does not change; `file_mb` is the store with its log.

    `worked`, `median` and `p99` are in seconds; `dropped` counts since the beginning. The `day` afterwards took so many seconds to
    pass, and whoever asked something meanwhile waited for `slowest` seconds at most."""

    purchases: int
    rate: float
    worked: float
    median: float
    p99: float
    resident_mb: float | None
    file_mb: float
    dropped: int
    day: float
    slowest: float


def soak(server: Server, db: Path, purchases: int, keep: int, tell: Callable[[Part], None]) -> None:
    """Tells of each part as soon as it is over."""
    uvloop.run(_soak(server, db, purchases, keep, tell))


async def _soak(server: Server, db: Path, purchases: int, keep: int, tell: Callable[[Part], None]) -> None:
    server.call("PUT", f"{DEFAULT}/settings/simulator", {"keep": {"days": None, "payments": keep}})
    own = merchant(PROVIDER, server.call("GET", DEFAULT)["credentials"][PROVIDER])
    heard, port = Heard(await webhooks_of_one(server, own)), free_port()
    receiver = await asyncio.get_running_loop().create_server(lambda: Receiver(heard), "127.0.0.1", port)
    server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}", {"url": f"http://127.0.0.1:{port}/hooks"})
    numbers, each = count(1), max(purchases // PARTS, 1)
    for done in range(each, each * PARTS + 1, each):
        portion, durations = islice(numbers, each), list[float]()
        started, worked = time.perf_counter(), server.worked_s
        await asyncio.gather(*(buy(server, own, heard, portion, durations) for _ in range(TOGETHER)))
        elapsed, worked = time.perf_counter() - started, server.worked_s - worked
        durations.sort()
        started, slowest = time.perf_counter(), await _a_day_passes(server)
        day = time.perf_counter() - started
        dropped = server.call("GET", "/_sim/health")["keep"]["dropped"]["payments"]
        median, p99 = durations[len(durations) // 2], durations[int(len(durations) * 0.99)]
        tell(Part(done, each / elapsed, worked / each, median, p99, server.resident_mb, _mb(db), dropped, day, slowest))
    receiver.close()


async def _a_day_passes(server: Server) -> float:
    """In seconds, the slowest answer of those that somebody else got meanwhile."""
    passing = asyncio.create_task(asyncio.to_thread(server.call, "POST", f"{DEFAULT}/clock/advance", {"by": "P1D"}))
    client, slowest = Client(*await asyncio.open_connection("127.0.0.1", server.port)), 0.0
    while not passing.done():
        started = time.perf_counter()
        await client.send(request("GET", "/_sim/health", {}, b""))
        slowest = max(slowest, time.perf_counter() - started)
        await asyncio.sleep(ASKS_AGAIN_S)
    client.close()
    await passing
    return slowest


def _mb(db: Path) -> float:
    return sum(file.stat().st_size for file in db.parent.glob(f"{db.name}*")) / 1e6
