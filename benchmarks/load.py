"""A load generator: keep-alive connections on raw sockets, one process, nothing but the standard library and uvloop.

Each connection sends its next request when the answer to the last one is complete, so that `n` connections mean at most
`n` requests under way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import uvloop

LONGEST_S = 120
"""No single measurement takes longer than this."""

Build = Callable[[int], bytes]
"""The n-th request, byte for byte."""


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured: `rate` in requests per second, `median` and `p99` in seconds."""

    rate: float
    median: float
    p99: float


class UnexpectedAnswer(Exception):
    """The server said something else than 2xx: a figure made of errors would be no figure."""


class _Connection(asyncio.Protocol):
    def __init__(self, tickets: list[bytes], durations: list[float], done: asyncio.Future[None]) -> None:
        self._tickets, self._durations, self._done = tickets, durations, done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def _next(self) -> None:
        if not self._tickets:
            self._transport.close()
            if not self._done.done():
                self._done.set_result(None)
            return
        self._started = time.perf_counter()
        self._transport.write(self._tickets.pop())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, gap, body = self._buffer.partition(b"\r\n\r\n")
        if not gap or len(body) < _content_length(head):
            return
        self._durations.append(time.perf_counter() - self._started)
        if head[9:10] != b"2":
            self._fail(UnexpectedAnswer((head + gap + body).decode("utf-8", "replace")[:2000]))
            return
        self._buffer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("the server closed the connection"))

    def _fail(self, problem: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(problem)
        self._transport.close()


def _content_length(head: bytes) -> int:
    lower = head.lower()
    start = lower.index(b"content-length:") + 15
    end = lower.find(b"\r\n", start)
    return int(lower[start : end if end >= 0 else None])


async def _load(port: int, connections: int, requests: list[bytes]) -> Load:
    loop = asyncio.get_running_loop()
    durations: list[float] = []
    waiting = [loop.create_future() for _ in range(connections)]
    started = time.perf_counter()
    for done in waiting:
        await loop.create_connection(lambda done=done: _Connection(requests, durations, done), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.wait_for(asyncio.gather(*waiting), LONGEST_S)
    elapsed = time.perf_counter() - started
    durations.sort()
    count = len(durations)
    return Load(count / elapsed, durations[count // 2], durations[int(count * 0.99)])


def load(port: int, build: Build, *, connections: int, count: int, first: int = 0) -> Load:
    """Sends `count` requests, built beforehand so that signing them is not measured."""
    requests = [build(first + n) for n in range(count)][::-1]
    return uvloop.run(_load(port, connections, requests))


def request(method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """One HTTP/1.1 request. `Host` and `Content-Length` are added."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
