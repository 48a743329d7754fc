"""A simulator inside the process of a test: no port, no second process, nothing on the disk.

async with Simulator.in_process(shop=app) as simulator:
    world = await simulator.client.create_workspace(frozen=True)
    provider = httpx.AsyncClient(transport=simulator.transport, base_url=simulator.base_url)

with Simulator.in_process() as simulator:
    world = simulator.sync_client.create_workspace()
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import httpx
from anyio.from_thread import start_blocking_portal

from simulator.engine.courier import Courier, Errand, OwnCourier
from simulator.kernel.retry import Receipt
from simulator.surface.app import App
from simulator.surface.async_client import AsyncClient
from simulator.surface.client import Client
from simulator.surface.settings import Settings

BASE_URL = "http://simulator.test"
SHOP_URL = "http://shop.test"


class Simulator:
    """`transport` reaches it, at `base_url`. Within `async with` there is a `client`, within `with` a `sync_client`.

    Webhooks to `shop_url` go to the ASGI application `shop`, those to its own inboxes stay here, all others go over the network.
    """

    def __init__(self, settings: Settings, shop: Any, shop_url: str) -> None:
        self.base_url = BASE_URL
        self._settings = settings
        self._places = {shop_url: shop} if shop is not None else {}
        self._app: App | None = None
        self._transport: httpx.ASGITransport | None = None
        self._client: AsyncClient | None = None
        self._sync_client: Client | None = None
        self._sync_transport: httpx.BaseTransport | None = None
        self._stack = ExitStack()

    @classmethod
    def in_process(cls, *, shop: Any = None, shop_url: str = SHOP_URL, **settings: Any) -> Self:
        """Not running yet: enter it. `settings` are those of `serve` (`strict`, `scenarios`, `credentials`, …); without a `db` it
        forgets everything at its end."""
        return cls(Settings(**{"db": ":memory:", **settings}), shop, shop_url)

    @property
    def app(self) -> App:
        """The ASGI application."""
        assert self._app is not None, "enter the simulator first"
        return self._app

    @property
    def transport(self) -> httpx.ASGITransport:
        assert self._transport is not None, "enter the simulator first"
        return self._transport

    @property
    def client(self) -> AsyncClient:
        assert self._client is not None, "the asynchronous client is there within async with"
        return self._client

    @property
    def sync_client(self) -> Client:
        assert self._sync_client is not None, "the synchronous client is there within with"
        return self._sync_client

    @property
    def sync_transport(self) -> httpx.BaseTransport:
        """For an `httpx.Client`, within `with`: it reaches the simulator, and the shop's application at `shop_url`."""
        assert self._sync_transport is not None, "the synchronous transport is there within with"
        return self._sync_transport

    async def __aenter__(self) -> Self:
        courier = _ToApplications()
        self._app = App(self._settings, courier=courier)
        for url, application in {BASE_URL: self._app, **self._places}.items():
            courier.places[url] = httpx.ASGITransport(application)
        self._transport = httpx.ASGITransport(self._app)
        self._client = AsyncClient(BASE_URL, transport=self._transport)
        await self._app.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()
        self.app.runtime.hang_up()
        await self.app.stop()

    def __enter__(self) -> Self:
        """In a thread of its own, which has an event loop."""
        portal = self._stack.enter_context(start_blocking_portal())
        self._stack.enter_context(portal.wrap_async_context_manager(self))
        self._sync_transport = _Bridge(portal.call(asyncio.get_running_loop), self._reached)
        self._sync_client = self._stack.enter_context(Client(BASE_URL, transport=self._sync_transport))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _reached(self, url: httpx.URL) -> httpx.ASGITransport:
        shop = self._places.get(_origin(url))
        return self.transport if shop is None else httpx.ASGITransport(shop)


class _Bridge(httpx.BaseTransport):
    """From a thread that waits to the applications in the other one."""

    def __init__(self, loop: asyncio.AbstractEventLoop, reached: Callable[[httpx.URL], httpx.ASGITransport]) -> None:
        """`loop` is that of the other thread, `reached` the application at an address."""
        self._loop = loop
        self._reached = reached

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Wakes the other thread once: a portal's call does so twice, to begin and to end."""
        return asyncio.run_coroutine_threadsafe(self._handled(request), self._loop).result()

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        carried = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._reached(carried.url).handle_async_request(carried)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)


class _ToApplications:
    """Carries to the application at an address, or over the network."""

    def __init__(self) -> None:
        self.places: dict[str, httpx.ASGITransport] = {}
        self._network: Courier = OwnCourier()

    async def carry(self, errand: Errand) -> Receipt:
        url = httpx.URL(errand.url)
        transport = self.places.get(_origin(url))
        if transport is None:
            return await self._network.carry(errand)
        request = httpx.Request(errand.method, url, headers=dict(errand.headers), content=errand.body)
        answer = await transport.handle_async_request(request)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Receipt(answer.status_code, headers, await answer.aread())

    async def close(self) -> None:
        await self._network.close()


def _origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii')}"
