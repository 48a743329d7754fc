"""Deliveries alone: how many leave per second, against the bare client, and who hears in time while fifty others hang."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import uvloop

from benchmarks.load import LONGEST_S
from benchmarks.purchase import DEFAULT, PROVIDER, Client, pay
from benchmarks.requests import Merchant, merchant
from benchmarks.servers import ROOT, Server, free_port

AT_ONCE = 8
"""As many as the simulator sends to one endpoint."""

HANGING = 50
IN_TIME_S = 0.1


class _Receiver(asyncio.Protocol):
    """Answers 200 to whatever comes, but never on a path of `/hang`."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear, self._buffer = hear, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not gap or len(body) < int(length) or head.startswith(b"POST /hang"):
            return
        self._buffer = b""
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self._hear(body)


class _Heard:
    """Counts what was heard. `reached` is set when it is so much."""

    def __init__(self) -> None:
        self.count, self.bytes, self.goal = 0, 0, 0
        self.first = self.last = 0.0
        self.reached = asyncio.Event()

    def begin(self, goal: int) -> None:
        self.count, self.bytes, self.goal = 0, 0, goal
        self.reached.clear()

    def hear(self, body: bytes) -> None:
        self.last = time.perf_counter()
        if not self.count:
            self.first = self.last
        self.count += 1
        self.bytes += len(body)
        if self.count == self.goal:
            self.reached.set()

    async def rate(self) -> float:
        """Of what is heard until the goal is reached, from the first to the last."""
        await asyncio.wait_for(self.reached.wait(), LONGEST_S)
        return (self.count - 1) / (self.last - self.first)


@dataclass(frozen=True, slots=True)
class Deliveries:
    rate: float
    bare: float
    """Both per second."""


@dataclass(frozen=True, slots=True)
class Healthy:
    in_time: int
    heard: int
    slowest: float
    """Seconds."""


async def _buy(server: Server, own: Merchant, numbers: range) -> None:
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port))
    for n in numbers:
        await client.send(pay(own.id_of(n, await client.send(own.create(n)))))
    client.close()


def _own(server: Server) -> Merchant:
    return merchant(PROVIDER, server.call("GET", DEFAULT)["credentials"][PROVIDER])


def _pause(server: Server, is_paused: bool) -> None:
    server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}/paused", {"paused": is_paused})


async def _deliveries(server: Server, purchases: int) -> Deliveries:
    heard, port = _Heard(), free_port()
    receiver = await asyncio.get_running_loop().create_server(lambda: _Receiver(heard.hear), "127.0.0.1", port)
    url = f"http://127.0.0.1:{port}/hooks"
    server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}", {"url": url})
    _pause(server, True)
    await _buy(server, _own(server), range(purchases))
    waiting = server.call("POST", f"{DEFAULT}/settle")["pending"]
    heard.begin(waiting)
    _pause(server, False)
    rate = await heard.rate()
    size = heard.bytes // heard.count
    heard.begin(waiting)
    arguments = ["-m", "benchmarks.deliveries", url, str(waiting), str(size)]
    bare = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
    found = Deliveries(rate, await heard.rate())
    await bare.wait()
    receiver.close()
    return found


def deliveries(server: Server, purchases: int) -> Deliveries:
    """The webhooks of so many purchases leave at once; then the bare client posts as many bodies of their size, as many at once."""
    return uvloop.run(_deliveries(server, purchases))


async def _healthy(server: Server, purchases: int) -> Healthy:
    heard, port = _Heard(), free_port()
    receiver = await asyncio.get_running_loop().create_server(lambda: _Receiver(heard.hear), "127.0.0.1", port)
    own = _own(server)
    for n in range(HANGING):
        server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}", {"url": f"http://127.0.0.1:{port}/hang/{n}"})
        await _buy(server, own, range(2 * n, 2 * n + 2))
    server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}", {"url": f"http://127.0.0.1:{port}/hooks"})
    durations = []
    for n in range(2 * HANGING, 2 * HANGING + purchases):
        heard.begin(1)
        started = time.perf_counter()
        await _buy(server, own, range(n, n + 1))
        await asyncio.wait_for(heard.reached.wait(), LONGEST_S)
        durations.append(heard.first - started)
    receiver.close()
    return Healthy(sum(duration <= IN_TIME_S for duration in durations), len(durations), max(durations))


def healthy(server: Server, purchases: int) -> Healthy:
    """So many purchases, one after the other, while fifty receivers hang: how many were heard of within a tenth of a second."""
    return uvloop.run(_healthy(server, purchases))


async def _bare(url: str, count: int, size: int) -> None:
    import aiohttp

    left, body = iter(range(count)), b"x" * size
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def post() -> None:
            for _ in left:
                async with session.post(url, data=body) as response:
                    await response.read()

        await asyncio.gather(*(post() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    uvloop.run(_bare(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
