"""The HTTP client with which the simulator calls merchants: aiohttp. Imported by `courier.OwnCourier` alone, in a thread.

Why this client: docs/decisions/0007-aiohttp-delivers.md.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
import zlib
from contextlib import suppress
from functools import lru_cache, partial
from threading import Thread
from typing import Any

import aiohttp
import certifi
from aiohappyeyeballs import AddrInfoType
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from multidict import CIMultiDict
from yarl import URL

from simulator.engine.courier import Errand, NotReached, Trust
from simulator.engine.reach import Reach, surface_of
from simulator.kernel.retry import Receipt

READ_LIMIT = 65_536
"""Bytes of an answer that are read; what is longer is cut off, and the connection with it."""

LINE_LIMIT = 2 * READ_LIMIT
"""Bytes that a connection brings for one answer, with its headers, what comes before them (`100 Continue`) and after it."""

ADDRESSES_KEPT = 1024
"""Addresses that are read once: the same few come again and again."""

SAID = 300
"""Characters of what is said of an answer that is none."""

_AS_IT_STANDS = re.compile(r"[!#-;=?-\[\]_a-z~]+")
"""What may stand in an address. One that holds anything else (a space, an umlaut) is encoded first."""

_NOT_BY_ITSELF = ("Accept", "Accept-Encoding", "Content-Type")
_NONE_BY_ITSELF = CIMultiDict[None]((name, None) for name in _NOT_BY_ITSELF)
_NO_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=None)
"""`courier.carried` limits the whole."""


Bounds = tuple[bool, bool]
"""Whether another machine named the URL, and whether it would be our console if it were ours."""


class Forbidden(OSError):
    """Nothing is sent to this address; an `OSError`, so that the next one of the name is tried."""


class Endless(aiohttp.ClientError):
    """A connection has brought more than any answer needs."""


class Line(ResponseHandler):
    """A connection that is cut when it has brought `LINE_LIMIT` since its last request, whatever that is made of: what is no
    body (interim answers, what stands beside the sizes of chunks, answers that nobody asked for) would else be read for ever."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._left = LINE_LIMIT

    def set_response_params(self, **given: Any) -> None:
        self._left = LINE_LIMIT
        super().set_response_params(**given)

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left >= 0:
            super().data_received(data)
        elif (transport := self.transport) is not None and not transport.is_closing():
            payload, self._payload, self._parser = self._payload, None, None
            if payload is not None:
                payload.feed_eof()  # the part of the body that has arrived counts as the body
            self.set_exception(Endless())
            transport.abort()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """The first one counts: that the connection is gone follows from it."""
        if not isinstance(self.exception(), Endless):
            super().set_exception(exc, *cause)


class Request(aiohttp.ClientRequest):
    """Its headers are those that it is given. aiohttp would go through them one by one, to add some of its own."""

    def update_headers(self, headers: Any) -> None:
        self.headers = CIMultiDict({"Host": self.url.host_port_subcomponent or ""})
        self.headers.update(headers)

    def update_auto_headers(self, skip_auto_headers: Any) -> None:
        self._skip_auto_headers = _NONE_BY_ITSELF


class Lines(aiohttp.TCPConnector):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._factory = partial(Line, loop=self._loop)  # type: ignore[assignment]


class HttpClient:
    """Keeps connections open for the next errand. No redirect is followed, no proxy asked, no cookie kept.

    A connection is made only where the errand may go, judged by the very address, and is used again only by errands that may
    go wherever it went.
    """

    def __init__(self, reach: Reach, trust: Trust) -> None:
        self._reach = reach
        self._trust = trust
        self._tls: ssl.SSLContext | None = None
        self._making_tls = asyncio.Lock()
        self._sessions: dict[Bounds, aiohttp.ClientSession] = {}

    def _session(self, bounds: Bounds) -> aiohttp.ClientSession:
        if (found := self._sessions.get(bounds)) is not None:
            return found

        def judged(info: AddrInfoType) -> socket.socket:
            family, kind, proto, _, address = info
            why = self._reach.objection_to(str(address[0]), int(address[1]), *bounds)
            if why is not None:
                raise Forbidden(why)
            return socket.socket(family, kind, proto)

        made = self._sessions[bounds] = aiohttp.ClientSession(
            connector=Lines(limit=0, resolver=Names(), socket_factory=judged),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "psp-simulator"},
            skip_auto_headers=_NOT_BY_ITSELF,
            auto_decompress=False,
            request_class=Request,
            trust_env=False,
            timeout=_NO_LIMIT,
        )
        return made

    async def carry(self, errand: Errand) -> Receipt:
        try:
            url, text, is_ours = _read(errand.url)
        except ValueError as error:
            raise NotReached("its address is none that can be called") from error
        if url.raw_user is not None or url.raw_password is not None:
            url = _without_user(url, errand)
        if (why := self._reach.objection(text, errand.from_network)) is not None:
            raise NotReached(why)
        session = self._session((errand.from_network, is_ours))
        tls = await self._context() if url.scheme == "https" else True
        await asyncio.sleep(0)  # so that the loop hears of connections that receivers have closed in the meantime
        try:
            async with session.request(
                errand.method,
                url,
                data=errand.body or None,
                headers=errand.headers,
                allow_redirects=False,
                ssl=tls,
            ) as response:
                body = await _beginning(response)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Receipt(response.status, headers, body)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise NotReached(_words(error, url)) from error

    async def _context(self) -> ssl.SSLContext:
        """Made at the first https address; reading the authorities takes some 20 ms, so a thread does it."""
        async with self._making_tls:
            if self._tls is None:
                self._tls = await asyncio.to_thread(tls_context, self._trust)
        return self._tls

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()


def tls_context(trust: Trust) -> ssl.SSLContext:
    """Trusts the machine's authorities, those that Mozilla trusts, and the files. Raises `NotReached` for one that is none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    for file in trust.files:
        try:
            context.load_verify_locations(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise NotReached(f"{file} holds no certificate authority: {error}") from error
    return context


class Names(AbstractResolver):
    """Asks the system for the addresses of a name, in a thread for each question: one that gets no answer delays no other."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Any]] = loop.create_future()

        def ask() -> None:
            try:
                found, error = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM), None
            except OSError as problem:
                found, error = [], problem
            except UnicodeError as problem:
                found, error = [], socket.gaierror(socket.EAI_NONAME, str(problem))
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(tell, found, error)

        def tell(found: list[Any], error: OSError | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(found)

        Thread(target=ask, name=f"look up {host}", daemon=True).start()
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            {"hostname": host, "host": address[0], "port": port, "family": kind, "proto": proto, "flags": numeric}
            for kind, _, proto, _, address in await answer
        ]

    async def close(self) -> None:
        """Nothing is held."""


@lru_cache(ADDRESSES_KEPT)
def _read(address: str) -> tuple[URL, str, bool]:
    """How it is called, as it is and as a text, and whether it would be our console if it were ours. Raises `ValueError`."""
    url = URL(address, encoded=_AS_IT_STANDS.fullmatch(address) is not None)
    _ = url.host, url.port  # yarl reads them when they are asked for
    return url, str(url), surface_of(url.raw_path) is not None


def _without_user(url: URL, errand: Errand) -> URL:
    """The address without the user in it where the errand has an `Authorization` of its own, which wins."""
    return url.with_user(None) if any(name.lower() == "authorization" for name in errand.headers) else url


async def _beginning(response: aiohttp.ClientResponse) -> bytes:
    """The beginning of the answer's body, decoded if it was compressed with gzip or deflate."""
    body = bytearray()
    while len(body) < READ_LIMIT and (part := await response.content.read(READ_LIMIT - len(body))):
        body += part
    if not response.content.at_eof():
        response.close()
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return _decoded(bytes(body), encoding) if body else b""


def _decoded(body: bytes, encoding: str) -> bytes:
    """At most as much as is read of any answer, however small it was packed. As it came, where it is not what it says."""
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
    for window in windows.get(encoding, ()):
        with suppress(zlib.error):
            return zlib.decompressobj(window).decompress(body, READ_LIMIT)
    return body


def _words(error: Exception, url: URL) -> str:
    """Why there is no answer. Which exception it was does not matter to whom reads it."""
    where = f"{url.host}:{url.port}"
    match error:
        case aiohttp.ClientConnectorCertificateError():
            reason = getattr(error.certificate_error, "verify_message", "") or str(error.certificate_error)
            return f"the certificate of {where} is not trusted: {reason}"
        case aiohttp.ClientConnectorDNSError():
            return f"the name {url.host} has no address: {error.os_error.strerror or error.os_error}"
        case aiohttp.ClientConnectorSSLError():
            reason = getattr(error.os_error, "reason", None)
            return f"no TLS with {where}: {_tls_words(reason) if reason else _line(error.os_error)}"
        case aiohttp.ClientConnectorError(os_error=Forbidden()):
            return str(error.os_error)
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            if not number and isinstance(error.os_error, ConnectionError) and url.scheme == "https":
                return f"no TLS with {where}: it closed the connection"
            return f"no connection to {where}: {os.strerror(number) if number else _line(error.os_error)}"
        case aiohttp.ServerDisconnectedError() | ConnectionError() | aiohttp.ClientPayloadError():
            return f"{where} closed the connection before its answer was complete"
        case Endless():
            return f"{where} did not answer in HTTP: more than {LINE_LIMIT} bytes came, and no answer among them"
        case aiohttp.InvalidURL():
            return f"{error.url} is no address that can be called"
        case aiohttp.ClientResponseError():
            return f"{where} did not answer in HTTP: {_line(error, error.message)}"
    return f"{where}: {_line(error)}"


def _line(error: Exception, said: str | None = None) -> str:
    """What it says, in one line without the mark below what it shows; its name, where it says nothing."""
    lines = (line.strip() for line in (str(error) if said is None else said).splitlines())
    told = " ".join(line for line in lines if line.strip("^"))
    return (told if len(told) <= SAID else f"{told[:SAID]}…") or type(error).__name__


def _tls_words(reason: str) -> str:
    """`WRONG_VERSION_NUMBER` as one says it."""
    return reason.replace("_", " ").lower() if reason.isupper() else reason
