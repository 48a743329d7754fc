"""How a connection's bytes become requests: in turn, and with bounds. Here the transport is a list of what is written."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
import uvicorn
from uvicorn.server import ServerState

from simulator.surface.serve import ENDLESS_HEAD, HEAD_LIMIT, Protocol

CHUNKED = b"POST /x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Line(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.is_paused = self.is_closed = False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True


class Application:
    """Keeps what it is asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.let = asyncio.Event()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more and (message := await receive())["type"] == "http.request":
            body, more = body + message["body"], message["more_body"]
        self.asked.append({"headers": dict(scope["headers"]), "body": body})
        await self.let.wait()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def connected() -> tuple[Protocol, Line, Application]:
    application, line = Application(), Line()
    config = uvicorn.Config(cast(Any, application), lifespan="off", ws="none", log_config=None)
    config.load()
    protocol = Protocol(config, ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(line)
    return protocol, line, application


async def passed() -> None:
    """Everybody has had many turns."""
    for _ in range(200):
        await asyncio.sleep(0)


async def test_who_sends_requests_ahead_is_not_read_on_while_one_waits_for_its_turn() -> None:
    protocol, line, application = await connected()

    protocol.data_received(GET * 3 + CHUNKED + b"2\r\n")
    await passed()
    paused_with_one_under_way = (line.is_paused, len(application.asked))
    application.let.set()
    await passed()
    protocol.data_received(b"{}\r\n0\r\n\r\n")
    await passed()

    assert paused_with_one_under_way == (True, 1)
    assert not line.is_paused
    assert [one["body"] for one in application.asked] == [b"", b"", b"", b"{}"]
    assert line.written.count(b"HTTP/1.1 200 OK") == 4


async def test_a_header_behind_the_body_is_nobodys() -> None:
    protocol, _, application = await connected()
    application.let.set()

    protocol.data_received(CHUNKED + b"2\r\n{}\r\n0\r\nOrigin: null\r\n\r\n")
    await passed()
    protocol.data_received(b"post /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nX-Own: 1\r\n\r\n")
    await passed()

    assert [sorted(one["headers"]) for one in application.asked] == [
        [b"host", b"transfer-encoding"],
        [b"content-length", b"host", b"x-own"],
    ]


@pytest.mark.parametrize(
    ("begins", "goes_on", "said"),
    [
        (b"GET /x HTTP/1.1\r\nHost: localhost\r\nX: ", b"x" * 100_000, ENDLESS_HEAD),
        (CHUNKED + b"1;", b"a=b;" * 25_000, b""),
        (CHUNKED + b"0\r\n", b"a: b\r\n" * 20_000, b""),
    ],
    ids=["a head", "behind the size of a chunk", "behind the body"],
)
async def test_what_stands_beside_a_body_has_an_end(begins: bytes, goes_on: bytes, said: bytes) -> None:
    protocol, line, _ = await connected()
    protocol.data_received(begins)

    sent = 0
    while not line.is_closed and sent < 3 * HEAD_LIMIT:
        protocol.data_received(goes_on)
        sent += len(goes_on)
    await passed()

    assert HEAD_LIMIT - len(goes_on) <= sent <= HEAD_LIMIT + len(goes_on)
    assert line.written == said
    assert len(protocol.headers) < 5


async def test_a_large_body_in_chunks_is_no_head() -> None:
    protocol, line, application = await connected()
    application.let.set()

    protocol.data_received(CHUNKED)
    for _ in range(30):
        protocol.data_received(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        await passed()
    protocol.data_received(b"0\r\n\r\n")
    await passed()

    assert not line.is_closed
    assert len(application.asked[0]["body"]) == 3_000_000
