"""Merchants' servers on real sockets, as well or as badly behaved as a test wants them."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Say = Callable[["Conversation"], Awaitable[None]]
"""What a server does after each request that it has read."""


@dataclass
class Request:
    """As it came: the first line, the headers in their order with the case of their names, the body."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.headers]


@dataclass
class Conversation:
    request: Request
    writer: asyncio.StreamWriter
    reader: asyncio.StreamReader

    async def say(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()


@dataclass
class Receiver:
    url: str
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the other side has closed a connection."""


async def ok(conversation: Conversation) -> None:
    await conversation.say(OK)


async def never(conversation: Conversation) -> None:
    await conversation.reader.read()


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *rest = head[:-4].split("\r\n")
    headers = [(name, value) for name, _, value in (pair.partition(": ") for pair in rest)]
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    return Request(line, headers, await reader.readexactly(length))


@asynccontextmanager
async def receiver(
    say: Say = ok, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, name: str | None = None
) -> AsyncIterator[Receiver]:
    """Listens while the block runs. `name` is what its URL calls it."""
    found = Receiver("", 0)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        try:
            while True:
                request = await _read(reader)
                found.requests.append(request)
                await say(Conversation(request, writer, reader))
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            found.hung_up.set()
        finally:
            writer.close()

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = await asyncio.start_server(converse, host, 0, family=family, ssl=tls)
    found.port = server.sockets[0].getsockname()[1]
    shown = name or (f"[{host}]" if ":" in host else host)
    found.url = f"{'https' if tls else 'http'}://{shown}:{found.port}"
    try:
        yield found
    finally:
        server.close()
        await server.wait_closed()
