"""Whole purchases: a merchant creates a charge, the shopper pays, and the merchant hears that it was captured."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any, cast

import uvloop

from benchmarks.load import LONGEST_S, Load, request
from benchmarks.requests import DIALECTS
from benchmarks.servers import Server, free_port

LAST_EVENT = b"PAYMENT_CHARGE_CAPTURE_SUCCEEDED"


class _Receiver(asyncio.Protocol):
    """A merchant's webhook endpoint: answers 200 and tells who waits."""

    def __init__(self, waiting: dict[str, asyncio.Future[None]]) -> None:
        self._waiting, self._buffer = waiting, b""

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
        if LAST_EVENT in body:
            done = self._waiting.get(json.loads(body)["subject"])
            if done is not None and not done.done():
                done.set_result(None)


class _Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def send(self, raw: bytes) -> Any:
        self._writer.write(raw)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if head[9:10] != b"2":
            raise RuntimeError(body.decode())
        return json.loads(body)


async def _purchases(server: Server, count: int, together: int) -> Load:
    loop = asyncio.get_running_loop()
    waiting: dict[str, asyncio.Future[None]] = {}
    port = free_port()
    receiver = await loop.create_server(lambda: _Receiver(waiting), "127.0.0.1", port)
    server.call("PUT", "/_sim/workspaces/default/webhooks/ppro", {"url": f"http://127.0.0.1:{port}/hooks"})
    dialect = DIALECTS["ppro"]
    build = dialect.create(server.call("GET", "/_sim/workspaces/default")["credentials"]["ppro"])
    numbers, durations = iter(range(count)), []

    async def merchant() -> None:
        client = _Client(*await asyncio.open_connection("127.0.0.1", server.port))
        for n in numbers:
            started = time.perf_counter()
            id_ = dialect.id_of(await client.send(build(n)))
            waiting[id_] = loop.create_future()
            pay = f"/_sim/workspaces/default/payments/ppro/{id_}/pay"
            await client.send(request("POST", pay, {"Content-Type": "application/json"}, b"{}"))
            await waiting[id_]
            del waiting[id_]
            durations.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.wait_for(asyncio.gather(*(merchant() for _ in range(together))), LONGEST_S)
    elapsed = time.perf_counter() - started
    receiver.close()
    durations.sort()
    return Load(count / elapsed, durations[count // 2], durations[int(count * 0.99)])


def purchases(server: Server, count: int, together: int) -> Load:
    """`count` purchases, `together` at a time. The delivery of a first webhook is part of the first purchase."""
    return uvloop.run(_purchases(server, count, together))
