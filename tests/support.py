"""What the tests share: a simulator in process, its merchant's webhook receiver, and small words for what tests say.

No sleeping: `sim.advance`, `sim.settle`. Each `Sim` has its own store and its own workspace.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qsl

import httpx
import starlette.routing

from simulator.engine import pages
from simulator.engine.courier import Errand
from simulator.engine.provider import Provider, Verdict
from simulator.engine.scenarios import Known
from simulator.engine.store.sqlite import SqliteStore
from simulator.kernel.clock import iso_millis, time_of_day
from simulator.kernel.retry import Receipt
from simulator.surface import app
from simulator.surface.app import App
from simulator.surface.settings import Settings

STARTED = datetime(2026, 3, 4, 5, 0, 0, tzinfo=UTC)
HOOKS = "http://merchant.test/hooks"

UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
"""For a process whose lines are not counted: measured, it would only be slow."""

starlette.routing.compile_path = lru_cache(maxsize=None)(starlette.routing.compile_path)
"""The same ninety paths in every simulator."""

if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
    """httpx asks for it at each call of an application in process, and would look for it in each folder of the path."""

_read_scenarios = app._known_scenarios
_KNOWN: dict[tuple[Any, ...], tuple[Sequence[Provider], Known]] = {}


def _known_scenarios(settings: Settings, providers: Sequence[Provider]) -> Known:
    """What ships with us and can happen at the same providers is found out once."""
    if settings.scenarios or app.folders():
        return _read_scenarios(settings, providers)
    key = (pages.folder("scenarios"), *map(id, providers))
    if key not in _KNOWN:
        _KNOWN[key] = tuple(providers), _read_scenarios(settings, providers)
    return _KNOWN[key][1]


app._known_scenarios = _known_scenarios

_make_tables = SqliteStore._bring_up_to_date


@lru_cache(maxsize=1)
def _tables() -> bytes:
    with closing(SqliteStore()) as store:
        return store._connection.serialize()


def _copy_tables(store: SqliteStore) -> None:
    """Into a store in memory, from the first one: to make them again would be a third of what a simulator costs."""
    is_in_memory = not store._execute("PRAGMA database_list").fetchone()[2]
    if not is_in_memory or _tables.cache_info().currsize == 0:
        _make_tables(store)
        return
    store.commit()
    store._connection.deserialize(_tables())
    store.begin()


_tables()
SqliteStore._bring_up_to_date = _copy_tables  # type: ignore[method-assign]


@dataclass
class Hook:
    """One webhook as the merchant got it. `at` is the workspace's time of its arrival, `arrived` the real one."""

    sim: Sim = field(repr=False)
    url: str
    headers: dict[str, str]
    raw: bytes
    at: datetime
    arrived: datetime = field(default_factory=time_of_day)
    from_network: bool = False
    """Whether another machine named its URL, as the simulator has it."""

    @property
    def body(self) -> Any:
        return said_in(self.raw)

    def verdict(self, provider: str) -> Verdict:
        """The merchant's own check of the signature and its age."""
        party = self.sim.app.runtime.providers[provider]
        return party.judge(self.sim.workspace, self.headers, self.raw, self.arrived)


def said_in(body: bytes) -> Any:
    """What a webhook's body says: of JSON its value, of a form the fields by their names, of anything else the text."""
    text = body.decode()
    try:
        return json.loads(text)
    except ValueError:
        return dict(parse_qsl(text, keep_blank_values=True)) or text


def acknowledge(request: httpx.Request) -> httpx.Response:
    """200, with the value that a provider sends along when it verifies an endpoint."""
    challenges = [value for name, value in request.headers.items() if name.lower().endswith("-verification")]
    return httpx.Response(200, text="".join(challenges))


class Hands:
    """A courier that hands each errand to a function of the test, as an httpx request."""

    def __init__(self, receive: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> None:
        self._receive = receive

    async def carry(self, errand: Errand) -> Receipt:
        more = {"from_network": errand.from_network}
        headers = dict(errand.headers)
        request = httpx.Request(errand.method, errand.url, headers=headers, content=errand.body, extensions=more)
        response = await self._receive(request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Receipt(response.status_code, headers, response.content)

    async def close(self) -> None:
        """Nothing is open."""


class Sim:
    """`clock` starts frozen at `STARTED`. `answer` decides what the merchant's server says to a webhook."""

    started_at = STARTED

    def __init__(
        self,
        *,
        providers: Sequence[Provider] | None = None,
        strict: bool = False,
        seed: str | None = "tests",
        db: str = ":memory:",
    ) -> None:
        self.hooks: list[Hook] = []
        self._listeners: dict[str, Sim] = {}
        self.answer: Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]] = acknowledge
        settings = Settings(db=db, strict=strict, port=80)
        self.app = App(settings, providers=providers, courier=Hands(self._receive))
        try:
            self.app.runtime.scenarios.known  # noqa: B018 - what is wrong with a file is told here
        except BaseException:
            self.app.runtime.store.close()
            raise
        inner = httpx.ASGITransport(self.app, raise_app_exceptions=True)
        self.http = httpx.AsyncClient(transport=inner, base_url="http://sim.test")
        self._seed = seed
        self._id: int | None = None

    @classmethod
    def beside(cls, other: Sim) -> Sim:
        """Another workspace of the same simulator. Leave closing to `other`."""
        return other.neighbour()

    def neighbour(self) -> Sim:
        other, sim = self, type(self).__new__(type(self))
        sim.__dict__.update(other.__dict__)
        sim.hooks, sim._id, sim._seed = [], None, "beside"
        return sim

    async def __aenter__(self) -> Sim:
        body = {"seed": self._seed, "clock": {"mode": "frozen", "now": iso_millis(STARTED)}}
        created = (await self.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
        found = self.app.runtime.find_workspace(created["id"])
        assert found is not None
        self._id = found.id
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.http.aclose()
        await self.app.runtime.close()

    @property
    def workspace(self) -> Any:
        assert self._id is not None
        return self.app.runtime.workspace(self._id)

    @property
    def exists(self) -> bool:
        """Whether nobody has deleted its workspace."""
        return self._id in self.app.runtime.registry

    @property
    def path(self) -> str:
        return f"/_sim/workspaces/{self.workspace.public_id}"

    def credentials(self, provider: str) -> dict[str, Any]:
        return dict(self.workspace.credentials[provider])

    async def _receive(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":  # a provider verifies an endpoint before it is saved
            return self.answer(request)
        raw = await request.aread()
        headers = {name.lower(): value for name, value in request.headers.items()}
        sim = self._listeners.get(str(request.url), self)
        hook = Hook(sim, str(request.url), headers, raw, sim.workspace.clock.now())
        hook.from_network = bool(request.extensions["from_network"])
        sim.hooks.append(hook)
        answer = self.answer(request)
        return await answer if isinstance(answer, Awaitable) else answer

    async def receive_webhooks(self, provider: str, url: str = HOOKS, **more: Any) -> None:
        """The account-level endpoint (for providers whose own API configures endpoints, use that).

        A workspace beside another one names a `url` of its own, to tell its webhooks from theirs. A provider that reads what the
        merchant's server answers gets the word that it wants, unless the test answers otherwise.
        """
        word = self.app.runtime.providers[provider].webhooks.acknowledgement
        if word is not None and self.answer is acknowledge:
            self.answer = lambda request: httpx.Response(200, text=word)
        self._listeners[url] = self
        (await self.http.put(f"{self.path}/webhooks/{provider}", json={"url": url, **more})).raise_for_status()

    def at_another_machine(self) -> httpx.AsyncClient:
        """A client of somebody in the network."""
        transport = httpx.ASGITransport(self.app, client=("192.168.1.33", 50000))
        return httpx.AsyncClient(transport=transport, base_url="http://sim.test")

    @asynccontextmanager
    async def moved(self) -> AsyncIterator[None]:
        """Within, whatever is done with this simulator is done at another machine."""
        here = self.http
        async with self.at_another_machine() as self.http:
            yield
        self.http = here

    async def settings(self, provider: str, **values: Any) -> None:
        (await self.http.put(f"{self.path}/settings/{provider}", json=values)).raise_for_status()

    async def settle(self) -> None:
        (await self.http.post(f"{self.path}/settle")).raise_for_status()

    async def advance(self, **by: float) -> list[dict[str, Any]]:
        duration = f"PT{timedelta(**by).total_seconds():.6f}S"
        answer = await self.http.post(f"{self.path}/clock/advance", json={"by": duration})
        fired: list[dict[str, Any]] = answer.raise_for_status().json()["fired"]
        return fired

    async def payment(self, provider: str, id_: str) -> dict[str, Any]:
        answer = await self.http.get(f"{self.path}/payments/{provider}/{id_}")
        view: dict[str, Any] = answer.raise_for_status().json()
        return view

    async def act(self, provider: str, id_: str, act: str, **body: Any) -> dict[str, Any]:
        """`pay`, `decline`, `cancel` or `expire` through the control API; webhooks are delivered."""
        answer = await self.http.post(f"{self.path}/payments/{provider}/{id_}/{act}", json=body)
        view: dict[str, Any] = answer.raise_for_status().json()
        await self.settle()
        return view

    async def arm(self, rules: list[dict[str, Any]], **scope: Any) -> None:
        body = {"rules": rules, "scope": scope}
        (await self.http.put(f"{self.path}/scenario", json=body)).raise_for_status()

    async def requests(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = (await self.http.get(f"{self.path}/requests")).raise_for_status().json()["data"]
        return data
