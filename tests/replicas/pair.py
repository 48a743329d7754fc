"""Two processes' worth of simulator on one PostgreSQL: each has its own store's connection, its own thread, its own port.

A `World` is a workspace of them, and asks one and the other in turns. What it looks at behind the API is at home with one of them.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
import uvicorn
from support import HOOKS, Hands, Sim, acknowledge

from simulator.engine.provider import Provider
from simulator.surface.app import App
from simulator.surface.replica import Front
from simulator.surface.serve import Protocol, bind
from simulator.surface.settings import Settings

_numbers = count(1)


class Replica:
    """One of them."""

    def __init__(self, db: str, courier: Hands, providers: Sequence[Provider]) -> None:
        self.listener = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.app = App(
            Settings(db=db, port=self.listener.getsockname()[1], allow_host=("sim.test",)),
            providers=providers,
            courier=courier,
            called=self.url,
        )
        self.front = Front(self.app)
        config = uvicorn.Config(
            self.front, http=Protocol, ws="none", lifespan="on", access_log=False, log_level="warning",
            timeout_graceful_shutdown=2,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self.listener]}, daemon=True)

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            self._thread.join(0.01)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """That on which it is asked."""
        return self._server.servers[0].get_loop()

    def stop(self) -> None:
        self.front.hang_up()
        self._server.should_exit = True
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.listener.close()


class InTurns(httpx.AsyncBaseTransport):
    """Sends one request here, the next one there, over a connection of its own."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = [httpx.URL(address) for address in addresses]
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._turn = count()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = self._addresses[next(self._turn) % len(self._addresses)]
        request.url = request.url.copy_with(scheme="http", host=address.host, port=address.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class Pair:
    def __init__(self, db: str, providers: Sequence[Provider]) -> None:
        self.db = db
        self.worlds: dict[str, World] = {}
        courier = Hands(self._receive)
        self.replicas = [Replica(db, courier, providers) for _ in range(2)]

    async def _receive(self, request: httpx.Request) -> httpx.Response:
        named = self.worlds.get(str(request.url)) or next(reversed(self.worlds.values()))
        return await named.takes(request)


@contextmanager
def running(db: str, providers: Sequence[Provider]) -> Iterator[Pair]:
    pair = Pair(db, providers)
    for replica in pair.replicas:
        replica.start()
    try:
        yield pair
    finally:
        for replica in pair.replicas:
            replica.stop()


class World(Sim):
    """A workspace of its own."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.hooks, self._listeners = pair, [], {}
        self.answer = acknowledge
        self._known: Any = None
        self._seed, self._id = f"tests {next(_numbers)}", None
        self._url = f"{HOOKS}/{next(_numbers)}"
        self.http = httpx.AsyncClient(
            transport=InTurns([replica.url for replica in pair.replicas]), base_url="http://sim.test", timeout=30
        )

    def neighbour(self) -> World:
        return World(self.pair)

    def twin(self) -> World:
        """One of the same seed."""
        found = self.neighbour()
        found._seed = self._seed
        return found

    @property
    def workspace(self) -> Any:
        """As it was last, while nobody serves it."""
        for replica in self.pair.replicas:
            if self._id in replica.app.runtime.registry:
                self._known = replica.app.runtime.workspace(self._id)
        return self._known

    @property
    def app(self) -> App:  # type: ignore[override]
        """Of the one with whom the workspace is at home."""
        homes = [replica.app for replica in self.pair.replicas if self._id in replica.app.runtime.registry]
        return homes[0] if homes else self.pair.replicas[0].app

    async def __aenter__(self) -> World:
        self._id = await self._created()
        self.pair.worlds[self._url] = self
        return self

    async def _created(self) -> int:
        from simulator.kernel.clock import iso_millis

        body = {"seed": self._seed, "clock": {"mode": "frozen", "now": iso_millis(self.started_at)}}
        made = (await self.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
        for replica in self.pair.replicas:
            found = replica.app.runtime.registry.named(made["id"])
            if found is not None:
                return found.id
        raise AssertionError("nobody serves what was made just now")

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()

    async def takes(self, request: httpx.Request) -> httpx.Response:
        return await self._receive(request)

    async def receive_webhooks(self, provider: str, url: str | None = None, **more: Any) -> None:
        url = url or self._url
        self.pair.worlds[url] = self
        await super().receive_webhooks(provider, url, **more)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
