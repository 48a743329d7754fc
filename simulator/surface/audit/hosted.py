"""The audit as the server runs it: in a thread of its own, from which it steers the workspace through the control API as any
other client does, and reaches the shop by the courier."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urljoin

import httpx

from simulator.engine.courier import Courier, Errand, NotReached, carried
from simulator.engine.provider import Provider
from simulator.kernel.refusals import NotFound
from simulator.kernel.values import dataclass
from simulator.surface.audit import runner
from simulator.surface.audit.check import Check
from simulator.surface.audit.endings import ShopNotReached
from simulator.surface.audit.runner import Report
from simulator.surface.audit.subject import PATIENCE_S, Act, ShopSaidNo, Subject, filled
from simulator.surface.client import Client, Workspace

T = TypeVar("T")

log = logging.getLogger("simulator")

_THREADS = ThreadPoolExecutor(8, thread_name_prefix="audit")
"""More audits at once than this wait for each other."""


REDIRECTS = 5


class Stopped(BaseException):
    """Somebody has ended the audit: as a keyboard interrupt, it may come at any step, and no check catches it."""


class Line(httpx.BaseTransport):
    """From the thread to the event loop. After `stop` the thread's next step raises `Stopped`, and only that one: what it does then,
    to leave everything as it was, goes through."""

    def __init__(self, app: Any, client: tuple[str, int]) -> None:
        """`client` is the address of whoever asked for the audit: what it may name depends on that."""
        self._loop = asyncio.get_running_loop()
        self._inside = httpx.ASGITransport(app, client=client)
        self._is_stopped = threading.Event()
        self._at_shop: Future[Any] | None = None
        self._thread: int | None = None

    def begins(self) -> None:
        """In the audit's thread; it may have others do something for it."""
        self._thread = threading.get_ident()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._waited_for(self._handled(request))

    async def _handled(self, request: httpx.Request) -> httpx.Response:
        carried = httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
        answer = await self._inside.handle_async_request(carried)
        content = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=content)

    def at_shop(self, errand: Coroutine[Any, Any, T]) -> T:
        """What the shop does for us may take long, and is broken off by `stop`."""
        return self._waited_for(errand, is_breakable=True)

    def _waited_for(self, step: Coroutine[Any, Any, T], *, is_breakable: bool = False) -> T:
        if self._is_stopped.is_set():
            step.close()
            self._end()
        future = asyncio.run_coroutine_threadsafe(step, self._loop)
        if is_breakable:
            self._at_shop = future
            if self._is_stopped.is_set():  # between the two lines above
                future.cancel()
        try:
            found = future.result()
        except CancelledError:
            self._end()
        if self._is_stopped.is_set():  # what ended this step may look like a refusal
            self._end()
        return found

    def _end(self) -> NoReturn:
        if threading.get_ident() == self._thread:  # what another one hears, this one has not heard yet
            self._is_stopped.clear()
        raise Stopped("it was stopped before its end")

    def stop(self) -> None:
        self._is_stopped.set()
        if self._at_shop is not None:
            self._at_shop.cancel()


def by_courier(line: Line, courier: Courier, url: str, method: str, from_network: bool) -> Act:
    """One HTTP call to the shop, as webhooks reach it. 4xx and 5xx are a no."""

    def act(values: Mapping[str, str]) -> str:
        target = filled(url, values, lambda text: quote(text, safe=""))
        errand = Errand(target, {}, method=method, from_network=from_network)
        try:
            receipt = line.at_shop(carried(courier, errand, PATIENCE_S))
        except (NotReached, httpx.HTTPError, OSError) as error:
            raise ShopSaidNo(f"{method} {target}: {error}") from error
        if receipt.status >= 400:
            raise ShopSaidNo(f"{method} {target}: {receipt.status} {receipt.text[:300]}")
        return receipt.text

    return act


def browser(line: Line, courier: Courier, from_network: bool) -> Act:
    """The buyer's browser, by the courier too: it goes nowhere where webhooks may not go."""

    def act(values: Mapping[str, str]) -> str:
        url = values["url"]
        for _ in range(REDIRECTS):
            try:
                receipt = line.at_shop(
                    carried(courier, Errand(url, {}, method="GET", from_network=from_network), PATIENCE_S)
                )
            except (NotReached, httpx.HTTPError, OSError) as error:
                raise ShopSaidNo(f"GET {url}: {error}") from error
            onwards = receipt.headers.get("location")
            if receipt.status >= 500:
                raise ShopSaidNo(f"GET {url}: {receipt.status} {receipt.text[:300]}")
            if onwards is None or not 300 <= receipt.status < 400:
                return receipt.text
            url = urljoin(url, onwards)
        raise ShopSaidNo(f"GET {values['url']}: more than {REDIRECTS} redirects")

    return act


@dataclass(frozen=True)
class Hosted:
    """An audit that runs or has run here."""

    id: str
    workspace_id: int
    report: Report
    _line: Line
    _done: asyncio.Future[None]

    @property
    def is_running(self) -> bool:
        return not self._done.done()

    async def ended(self) -> None:
        await asyncio.wait([self._done])

    async def stop(self, break_off: Callable[[], Awaitable[object]]) -> None:
        """Returns when the workspace is as it was. `break_off` ends what the workspace is waiting for."""
        self._line.stop()
        with suppress(NotFound):  # it has not begun yet, or has just put everything back
            await break_off()
        await self.ended()


def world(base_url: str, line: Line, id_: str) -> Workspace:
    """The workspace, as this thread steers it."""
    return Client(base_url, transport=line).workspace(id_)


def begin(
    id_: str,
    name: str,
    world: Workspace,
    workspace_id: int,
    provider: Provider,
    subject: Subject,
    checks: Collection[Check],
    line: Line,
) -> Hosted:
    """Goes on by itself; what comes of it stands in the report."""
    report = runner.begun(name, provider, subject)

    def work() -> None:
        line.begins()
        try:
            runner.run(world, provider, subject, checks, report)
        except (ShopNotReached, Stopped):
            pass  # the report says it
        except Exception:
            log.exception("the audit %s has ended early", id_)

    done = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    return Hosted(id_, workspace_id, report, line, done)
