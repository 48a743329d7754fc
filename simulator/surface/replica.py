"""One of several processes on one PostgreSQL: everybody may ask any of them.

The simulator itself runs in a thread of its own, with its own event loop. What it asks of the store keeps nobody waiting
here: static files are served, health is told, and requests are passed on while it waits. A request for a workspace that
another process serves (`engine/homes.py`) goes there as it came, signed with the store's secret, and its answer comes back
piece by piece.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import logging
import threading
from collections.abc import Callable, Coroutine, MutableMapping
from contextlib import suppress
from typing import Any, TypeVar

import orjson
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from simulator.engine import again
from simulator.engine.homes import IS_WANTED, Elsewhere
from simulator.engine.http import Receive, Scope, Send
from simulator.engine.pages import folder
from simulator.engine.store import SharedStore
from simulator.kernel.clock import stopwatch, time_of_day
from simulator.surface.app import App, is_ours
from simulator.surface.limits import body_limit

log = logging.getLogger("simulator")

T = TypeVar("T")

HOPS = 4
"""How often a request is passed on at most: again and again only if its workspace moves to another process meanwhile."""

VALID_S = 60.0
"""How old the signature of a forwarded request may be, the difference of two machines' clocks included."""

HEALTH_S = 2.0

ALIVE_S = 5.0
"""A process that leaves a request unanswered for so long is asked for its health, and has as long to answer that."""

FORWARDED = b"psp-simulator-forwarded"

STATIC = "/_sim/static"

HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", FORWARDED})

ONE_HOP = HOP_BY_HOP | {b"content-length"}
"""Headers of a request that are not passed on. The length is among them, since the body may be passed on in part."""


class Engine:
    """A thread with an event loop of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    async def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Awaits a coroutine in that thread's loop and returns its result. Raises what it raises."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self.loop))

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=10)
        self.loop.close()


class _Exchange:
    """One request, and what the engine says to it. The body is read here, and kept while somebody else may have to have it: of
    one that is too large for its path a byte too much, which is refused by whoever has it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._limit = body_limit(scope["path"])
        self._receive = receive
        self._send = send
        self._front = asyncio.get_running_loop()
        self._heard: list[MutableMapping[str, Any]] = []
        self._size = 0
        self._next = 0
        self.is_answered = False
        self.when_answered: Callable[[], None] = lambda: None
        """Is called on the engine's loop."""

    async def read(self) -> None:
        """The body as a whole, or as much of it as is too much."""
        while self._size <= self._limit:
            message = await self._receive()
            self._heard.append(message)
            self._size += len(message.get("body", b""))
            if not message.get("more_body", False):
                return

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self._heard)

    @property
    def is_whole(self) -> bool:
        """Whether the client was still there when the last part was read; False if it went away in the middle of its body."""
        return bool(self._heard[-1]["type"] == "http.request")

    async def is_left(self) -> None:
        """Returns when the client has gone."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def again(self) -> None:
        self._next = 0

    async def receive(self) -> MutableMapping[str, Any]:
        """For the engine's loop."""
        if self._next < len(self._heard):
            self._next += 1
            return self._heard[self._next - 1]
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._received(), self._front))

    async def _received(self) -> MutableMapping[str, Any]:
        return await self._receive()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """For the engine's loop."""
        self.when_answered()
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self.sent(message), self._front))

    async def sent(self, message: MutableMapping[str, Any]) -> None:
        self.is_answered = True
        await self._send(message)


class Front:
    """The ASGI application of such a process. `app` was made with the address at which the others reach it."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._engine = Engine()
        self._secret = app.runtime.secret.encode()
        self._static = Starlette(routes=[Mount(STATIC, StaticFiles(directory=folder("static")))])
        self._client: Any = None
        self.is_ending = False
        """Nobody is asked again from now on."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"].startswith(f"{STATIC}/"):
            await self._static(scope, receive, send)
        elif scope["path"] == "/_sim/health":
            await self._health(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    def hang_up(self) -> None:
        """Asks everybody who keeps a connection open to end it; who waits is answered."""
        self.is_ending = True
        self._engine.loop.call_soon_threadsafe(self._app.runtime.hang_up)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._engine.start()
        await self._engine.do(self._app.start())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._client is not None:
            await self._client.close()
        await self._engine.do(self._app.stop())
        self._engine.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers for the health of this process. It waits a little for the store, and tells when that does not answer."""
        exchange = _Exchange(scope, receive, send)
        await exchange.read()
        try:
            async with asyncio.timeout(HEALTH_S):
                await self._engine.do(self._answered(scope, exchange, True))
        except TimeoutError:
            if not exchange.is_answered:
                what = "nothing can be written: the store does not answer"
                await _plain(send, 503, "store_unavailable", what)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = _Exchange(scope, receive, send)
        await exchange.read()
        hops = self._as_it_came(scope)
        is_wanted = hops > 0 or not exchange.is_whole
        until = stopwatch() + again.PATIENCE_S
        for number, pause in enumerate(again.pauses()):
            try:
                exchange.again()
                may_be_asked_again = stopwatch() < until and not self.is_ending
                await self._engine.do(self._tried(scope, exchange, is_wanted, number, may_be_asked_again))
                return
            except Elsewhere as elsewhere:
                known = elsewhere.address if hops < HOPS and exchange.is_whole else None
                if known is not None and await self._forward(known, scope, exchange, hops):
                    return
                if stopwatch() > until or self.is_ending:
                    what = "the process that serves this workspace is not reached"
                    log.warning("%s: nobody is reached at %s", scope["path"], known or "any address")
                    if known is None:
                        what = "no process serves this workspace at the moment"
                    await self._refuse(scope, exchange, 503, "nobody_serves", what)
                    return
                is_wanted = True
            except again.Later:
                log.debug("%s is asked once more: the store could not serve it", scope["path"])
            await asyncio.sleep(pause)

    async def _tried(
        self, scope: Scope, exchange: _Exchange, is_wanted: bool, number: int, may_be_asked_again: bool
    ) -> None:
        """For the engine's loop. The last try answers, whatever it meets."""
        await self._app.runtime.transactions.turn(is_once_more=number > 0)
        if not may_be_asked_again:
            await self._answered(scope, exchange, is_wanted)
            return
        with again.trying() as this:
            exchange.when_answered = this.end
            try:
                await self._answered(scope, exchange, is_wanted)
            except Exception as error:
                again.or_later(error)
                raise

    async def _answered(self, scope: Scope, exchange: _Exchange, is_wanted: bool) -> None:
        """For the engine's loop. A connection that was cut is noticed before anything is begun, while every call may still be
        executed over another one."""
        IS_WANTED.set(is_wanted)
        store = self._app.runtime.store
        assert isinstance(store, SharedStore)
        with suppress(*store.OUTAGES):  # where it is away, the application says so in the right words
            store.check_connection()
        await self._app(scope, exchange.receive, exchange.send)

    # From one process to another -----------------------------------------------------------------------------------

    async def _forward(self, address: str, scope: Scope, exchange: _Exchange, hops: int) -> bool:
        """Whether the other process has answered, or may have: only what never reached it is asked again. It hears when the
        client goes, and is given up when it hangs."""
        asking = asyncio.ensure_future(self._pass_on(address, scope, exchange, hops))
        leaving = asyncio.ensure_future(exchange.is_left())
        hanging = asyncio.ensure_future(self._hangs(address))
        try:
            await asyncio.wait({asking, leaving, hanging}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done() and hanging.done():
                hanging.result()
                await self._broken_off(address, scope, exchange, 504, "no_answer", "says nothing", "does not answer")
            return asking.result() if asking.done() else True
        finally:
            for task in (asking, leaving, hanging):
                task.cancel()
            await asyncio.gather(asking, leaving, hanging, return_exceptions=True)

    async def _hangs(self, address: str) -> None:
        """Returns when the process does not answer its health check, which it answers even while it waits for something else."""
        import aiohttp

        while True:
            await asyncio.sleep(ALIVE_S)
            try:
                async with asyncio.timeout(ALIVE_S), self._asks().get(f"{address}/_sim/health"):
                    pass
            except (TimeoutError, aiohttp.ClientError, ConnectionError):
                return

    async def _broken_off(
        self, address: str, scope: Scope, exchange: _Exchange, status: int, code: str, log_: str, does: str
    ) -> None:
        log.warning("%s %s while it is to answer %s", address, log_, scope["path"])
        if not exchange.is_answered:
            what = f"the process that serves this workspace {does}, and may have done what was asked"
            await self._refuse(scope, exchange, status, code, what)

    async def _refuse(self, scope: Scope, exchange: _Exchange, status: int, code: str, what: str) -> None:
        """In our own words on our own paths, and in the provider's on theirs."""
        if is_ours(scope["path"]):
            await _plain(exchange.sent, status, code, what)
        else:
            await self._engine.do(self._app.gateway.unserved(scope, exchange.receive, exchange.send, what))

    def _asks(self) -> Any:
        """The client that other processes are asked with."""
        import aiohttp

        if self._client is None:
            connector = aiohttp.TCPConnector(limit=0, ssl=False, keepalive_timeout=30)
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=2)
            self._client = aiohttp.ClientSession(
                connector=connector, timeout=timeout, auto_decompress=False, skip_auto_headers=_ADDED
            )
        return self._client

    async def _pass_on(self, address: str, scope: Scope, exchange: _Exchange, hops: int) -> bool:
        import aiohttp
        from yarl import URL

        query = scope["query_string"]
        target = scope.get("raw_path") or scope["path"].encode()
        url = URL(address + target.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else ""), encoded=True)
        headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in scope["headers"] if n not in ONE_HOP]
        headers.append((FORWARDED.decode(), self._signed(scope, hops + 1)))
        body = exchange.body
        try:
            async with self._asks().request(
                scope["method"], url, headers=headers, data=io.BytesIO(body) if body else None, allow_redirects=False
            ) as answer:
                raw = [(n.lower(), v) for n, v in answer.raw_headers if n.lower() not in HOP_BY_HOP]
                await exchange.sent({"type": "http.response.start", "status": answer.status, "headers": raw})
                async for chunk in answer.content.iter_any():
                    await exchange.sent({"type": "http.response.body", "body": chunk, "more_body": True})
                await exchange.sent({"type": "http.response.body", "body": b"", "more_body": False})
        except aiohttp.ClientConnectorError:
            return False  # it is gone: its lock goes with it
        except (aiohttp.ClientError, ConnectionError) as error:
            was_answered = exchange.is_answered
            await self._broken_off(address, scope, exchange, 502, "broken_off", f"broke off ({error})", "has ended")
            if was_answered:
                raise
        return True

    def _signed(self, scope: Scope, hops: int) -> str:
        told = {
            "client": scope.get("client"),
            "server": scope.get("server"),
            "scheme": scope.get("scheme", "http"),
            "hops": hops,
            "at": _now(),
        }
        text = base64.urlsafe_b64encode(orjson.dumps(told)).decode()
        return f"{text}.{self._mac(text, scope)}"

    def _mac(self, text: str, scope: Scope) -> str:
        target = (scope.get("raw_path") or scope["path"].encode()) + b"?" + scope["query_string"]
        what = b"\n".join((b"forwarded", scope["method"].encode(), target, text.encode()))
        return hmac.new(self._secret, what, "sha256").hexdigest()

    def _as_it_came(self, scope: Scope) -> int:
        """Gives a forwarded request the client and the address that it had at first. Returns by how many it was passed on.

        A header that was not signed with the store's secret is left out: it comes from somebody else.
        """
        given = [value for name, value in scope["headers"] if name == FORWARDED]
        if not given:
            return 0
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != FORWARDED]
        text, _, mac = given[0].decode("latin-1").partition(".")
        if not hmac.compare_digest(mac.encode(), self._mac(text, scope).encode()):
            return 0
        told = orjson.loads(base64.urlsafe_b64decode(text))
        if abs(_now() - told["at"]) > VALID_S:
            return 0
        scope["client"], scope["server"] = _pair(told["client"]), _pair(told["server"])
        scope["scheme"] = told["scheme"]
        return int(told["hops"])


_ADDED = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")
"""Headers that the client would add where the request has none."""


def _pair(told: list[Any] | None) -> tuple[Any, Any] | None:
    return None if told is None else (told[0], told[1])


def _now() -> float:
    return time_of_day().timestamp()


async def _plain(send: Send, status: int, code: str, message: str) -> None:
    body = orjson.dumps({"error": {"code": code, "message": message}})
    headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
    with suppress(ConnectionError):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
