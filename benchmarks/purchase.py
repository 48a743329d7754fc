"""Whole purchases: a merchant creates a payment, the buyer pays, and the merchant has heard all that there is to hear."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import cast

import uvloop

from benchmarks.load import LONGEST_S, Load, request
from benchmarks.requests import SHOPS, Merchant, merchant
from benchmarks.servers import Server, free_port

DEFAULT = "/_sim/workspaces/default"
PROVIDER = next(name for name, shop in SHOPS.items() if not shop.course.settles_after)
"""The first one that needs no time between the buyer's word and the money."""


class Heard:
    """What the merchant's endpoint was told, by payment: `whole` is the number of webhooks of a whole purchase."""

    def __init__(self, whole: int) -> None:
        self._whole = whole
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._counts: Counter[bytes] = Counter()
        self._early: deque[bytes] = deque(maxlen=256)
        """The latest bodies: a webhook may be here before the answer that bears the payment's id."""

    def expect(self, id_: str) -> asyncio.Future[None]:
        """Done when the payment's last webhook has come."""
        payment = id_.encode()
        self._waiting[payment] = asyncio.get_running_loop().create_future()
        early = sum(payment in body for body in self._early)
        self._count(payment, early)
        return self._waiting[payment]

    def hear(self, body: bytes) -> None:
        self._early.append(body)
        for payment in [payment for payment in self._waiting if payment in body]:
            self._count(payment, 1)

    def _count(self, payment: bytes, more: int) -> None:
        self._counts[payment] += more
        if self._counts[payment] >= self._whole:
            del self._counts[payment]
            self._waiting.pop(payment).set_result(None)


class Receiver(asyncio.Protocol):
    """A merchant's webhook endpoint: answers 200 and tells who waits."""

    def __init__(self, heard: Heard) -> None:
        self._heard, self._buffer = heard, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if not gap or len(body) < int(length):
            return
        self._buffer = b""
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self._heard.hear(body)


class Client:
    """One keep-alive connection to a server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @property
    def is_closed(self) -> bool:
        """Whether the server has hung up: it does so after 5 s in which nothing was asked."""
        return self._reader.at_eof()

    async def send(self, raw: bytes) -> bytes:
        self._writer.write(raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if head[9:10] != b"2":
            raise RuntimeError(body.decode())
        return body

    def close(self) -> None:
        self._writer.close()


def pay(id_: str, where: str = DEFAULT) -> bytes:
    path = f"{where}/payments/{PROVIDER}/{id_}/pay"
    return request("POST", path, {"Content-Type": "application/json"}, b"{}")


async def webhooks_of_one(server: Server, own: Merchant, where: str = DEFAULT) -> int:
    """How many webhooks a whole purchase has, seen at the first one."""
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port))
    id_ = own.id_of(0, await client.send(own.create(0)))
    await client.send(pay(id_, where))
    return len(server.call("GET", f"{where}/webhooks?resource_id={id_}")["data"])


async def buy(
    server: Server,
    own: Merchant,
    heard: Heard,
    numbers: Iterator[int],
    durations: list[float],
    where: str = DEFAULT,
) -> None:
    """One purchase after the other, until there are no more numbers; each is over when its last webhook has come."""
    client = Client(*await asyncio.open_connection("127.0.0.1", server.port))
    for n in numbers:
        if client.is_closed:
            client.close()
            client = Client(*await asyncio.open_connection("127.0.0.1", server.port))
        started = time.perf_counter()
        id_ = own.id_of(n, await client.send(own.create(n)))
        last = heard.expect(id_)
        await client.send(pay(id_, where))
        await last
        durations.append(time.perf_counter() - started)
    client.close()


async def _purchases(server: Server, count: int, together: int) -> Load:
    loop = asyncio.get_running_loop()
    own = merchant(PROVIDER, server.call("GET", DEFAULT)["credentials"][PROVIDER])
    heard = Heard(await webhooks_of_one(server, own))
    port = free_port()
    receiver = await loop.create_server(lambda: Receiver(heard), "127.0.0.1", port)
    server.call("PUT", f"{DEFAULT}/webhooks/{PROVIDER}", {"url": f"http://127.0.0.1:{port}/hooks"})
    numbers, durations = iter(range(1, count + 1)), list[float]()

    started = time.perf_counter()
    buyers = [buy(server, own, heard, numbers, durations) for _ in range(together)]
    await asyncio.wait_for(asyncio.gather(*buyers), LONGEST_S)
    elapsed = time.perf_counter() - started
    receiver.close()
    durations.sort()
    return Load(count / elapsed, durations[count // 2], durations[int(count * 0.99)])


def purchases(server: Server, count: int, together: int) -> Load:
    """`count` purchases, `together` at a time. The delivery of a first webhook is part of the first purchase."""
    return uvloop.run(_purchases(server, count, together))
