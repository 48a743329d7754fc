"""Weather on the wire: what a client's socket sees under both of uvicorn's parsers, and in which order things leave."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from toy.acme import TALKATIVE

from engine.receivers import OK, Conversation, Say, ok, receiver
from simulator.engine import gateway, weather
from simulator.surface.app import App
from simulator.surface.serve import Protocol, bind
from simulator.surface.settings import Settings

PARSERS = {"ours": Protocol, "httptools": "httptools", "h11": "h11"}


class Started(uvicorn.Server):
    """Says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()


class World:
    """One workspace of a server on a socket, a client that sees every byte, and the receiver of its webhooks."""

    def __init__(self, app: App, port: int) -> None:
        self.app, self.port = app, port
        self.path, self.key = "", ""
        self.told = asyncio.Event()
        """Set when the first webhook has arrived: what caused it is written."""

    async def begin(self, hooks: str) -> None:
        made = await self.control("POST", "/_sim/workspaces", {})
        self.path, self.key = f"/_sim/workspaces/{made['id']}", made["credentials"]["acme"]["key"]
        await self.control("PUT", f"{self.path}/webhooks/acme", {"url": hooks})

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        raw = await self.exchange(method, path, b"" if body is None else json.dumps(body).encode())
        head, _, rest = raw.partition(b"\r\n\r\n")
        assert head.split()[1] in (b"200", b"201", b"204"), raw
        return json.loads(rest) if rest else None

    async def exchange(self, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """All that comes until the connection ends. Raises `ConnectionResetError` where it is reset."""
        reader, writer = await self.ask(method, path, body, **headers)
        try:
            return await reader.read()
        finally:
            writer.close()

    async def ask(
        self, method: str, path: str, body: bytes, **headers: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n{more}"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return reader, writer

    async def arm(self, **rule: Any) -> None:
        await self.control("PUT", f"{self.path}/scenario", {"rules": [rule]})

    async def disarm(self) -> None:
        await self.control("DELETE", f"{self.path}/scenario")

    async def create(self, **headers: str) -> bytes:
        return await self.exchange(*CREATION, x_acme_key=self.key, **headers)

    async def payments(self) -> int:
        return len((await self.control("GET", f"{self.path}/payments"))["data"])


CREATION = ("POST", "/acme/charges", b'{"amount":1000,"currency":"EUR","reference":"order-1"}')


@asynccontextmanager
async def served(parser: Any = Protocol, say: Say = ok) -> AsyncIterator[World]:
    """`say` is what the merchant's server says to webhooks."""
    listener = bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    app = App(Settings(db=":memory:", port=port), providers=[TALKATIVE])  # which tells of a new charge at once
    config = uvicorn.Config(
        app, http=parser, ws="none", lifespan="on", access_log=False, log_level="warning", timeout_graceful_shutdown=3
    )
    server, world = Started(config), World(app, port)

    async def hears(conversation: Conversation) -> None:
        world.told.set()
        await say(conversation)

    async with receiver(hears) as hooks:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.is_up.wait()
            await world.begin(hooks.url)
            yield world
        finally:
            server.should_exit = True
            app.runtime.hang_up()
            await task


@pytest.fixture(params=PARSERS)
async def world(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    async with served(PARSERS[request.param]) as world:
        yield world
    assert [record.message for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_a_reset_is_a_reset(world: World) -> None:
    await world.arm(api={"reset": True, "times": 1})

    with pytest.raises(ConnectionResetError):
        await world.create()

    assert await world.payments() == 1


async def test_half_an_answer_ends_before_its_length(world: World) -> None:
    await world.arm(when={"operation": "create"}, api={"truncate": True})

    head, _, body = (await world.create()).partition(b"\r\n\r\n")

    lines = head.lower().split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
    assert head.startswith(b"HTTP/1.1 201")
    assert len(body) == length // 2
    assert await world.payments() == 1


async def test_nothing_is_answered_until_the_client_gives_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then its idempotency key is free again."""
    over = asyncio.Event()

    async def leave(*args: Any, **more: Any) -> None:
        with suppress(ConnectionError):
            await weather.leave(*args, **more)
        over.set()

    await world.arm(api={"hang": True, "times": 1})
    monkeypatch.setattr(gateway, "leave", leave)
    reader, writer = await world.ask(*CREATION, x_acme_key=world.key, acme_key="once")
    await world.told.wait()
    over.clear()

    writer.close()
    await over.wait()
    again = await world.create(acme_key="once")

    assert await reader.read() == b""
    assert again.startswith(b"HTTP/1.1 201")
    assert b"acme-replayed" in again
    assert await world.payments() == 1


async def test_nothing_is_answered_for_so_long_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weather, "HANG_S", 0.01)
    await world.arm(api={"hang": True})

    assert await world.create() == b""
    assert await world.payments() == 1


async def test_a_slow_answer_ends_with_its_scenario(world: World) -> None:
    await world.arm(api={"delay": "1h"})
    call = asyncio.create_task(world.create())
    await world.told.wait()
    assert not call.done()

    await world.disarm()

    assert (await call).startswith(b"HTTP/1.1 201")


async def test_a_slow_answer_ends_with_its_time(world: World) -> None:
    await world.arm(api={"delay": "PT0.01S"})

    assert (await world.create()).startswith(b"HTTP/1.1 201")


async def test_a_server_that_stops_lets_go_what_it_holds() -> None:
    async with served() as world:
        await world.arm(api={"delay": "1h"})
        call = asyncio.create_task(world.create())
        await world.told.wait()

    assert (await call).startswith(b"HTTP/1.1 201")


# Webhooks before the answer ----------------------------------------------------------------------------------------


async def test_the_answer_waits_until_the_receiver_has_answered() -> None:
    """The receiver has the whole request and thinks: not a byte of the answer has left meanwhile."""
    order: list[str] = []
    may_answer = asyncio.Event()

    async def thinks(conversation: Conversation) -> None:
        order.append(f"webhook {json.loads(conversation.request.body)['type']}")
        await may_answer.wait()
        order.append("receiver answers")
        await conversation.say(OK)

    async with served(say=thinks) as world:
        await world.arm(webhooks={"before_answer": True})
        reader, writer = await world.ask(*CREATION, x_acme_key=world.key)
        byte = asyncio.create_task(first_byte(reader, order))
        await world.told.wait()
        await world.payments()  # another call, which is answered meanwhile
        assert not byte.done()

        may_answer.set()
        await byte
        writer.close()

    assert order == [
        "webhook charge.created", "receiver answers", "webhook charge.pending", "receiver answers", "the API answers"
    ]  # fmt: skip


async def first_byte(reader: asyncio.StreamReader, order: list[str]) -> None:
    await reader.readexactly(1)
    order.append("the API answers")


async def test_the_answer_waits_for_a_receiver_for_so_long_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weather, "BEFORE_ANSWER_S", 0.01)
    over = asyncio.Event()

    async def silent(conversation: Conversation) -> None:
        await over.wait()
        await conversation.say(OK)

    async with served(say=silent) as world:
        await world.arm(webhooks={"before_answer": True})

        answer = await world.create()

        over.set()
        await world.control("POST", f"{world.path}/settle")
        rows = (await world.control("GET", f"{world.path}/webhooks"))["data"]

    assert answer.startswith(b"HTTP/1.1 201")
    assert [(row["state"], len(row["attempts"])) for row in rows] == [("delivered", 1), ("delivered", 1)]


async def test_what_waits_for_its_time_is_not_waited_for() -> None:
    async with served() as world:
        await world.arm(webhooks={"before_answer": True, "delay": "1h"})

        assert (await world.create()).startswith(b"HTTP/1.1 201")
        assert not world.told.is_set()


async def test_the_answer_waits_no_longer_than_its_workspace_is_there() -> None:
    over = asyncio.Event()

    async def silent(conversation: Conversation) -> None:
        await over.wait()
        await conversation.say(OK)

    async with served(say=silent) as world:
        await world.arm(webhooks={"before_answer": True})
        call = asyncio.create_task(world.create())
        await world.told.wait()

        await world.control("DELETE", world.path)

        assert (await call).startswith(b"HTTP/1.1 201")
        over.set()


async def test_a_slow_answer_waits_no_longer_than_its_workspace_is_there() -> None:
    async with served() as world:
        await world.arm(api={"delay": "1h"})
        call = asyncio.create_task(world.create())
        await world.told.wait()

        await world.control("DELETE", world.path)

        assert (await call).startswith(b"HTTP/1.1 201")


async def test_what_is_paused_is_not_waited_for() -> None:
    async with served() as world:
        await world.arm(webhooks={"before_answer": True})
        await world.control("PUT", f"{world.path}/webhooks/acme/paused", {"paused": True})

        assert (await world.create()).startswith(b"HTTP/1.1 201")
        assert not world.told.is_set()
