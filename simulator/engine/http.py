"""ASGI as far as we need it: reading a body once, and headers in both directions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from simulator.engine.call import Reply, Walk

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class HttpReply(NamedTuple):
    """A reply in the form in which it is sent: status, header lines and bytes. `walk` is done before that."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    walk: Walk | None = None


BODY_LIMIT = 1_000_000
"""Bytes; larger bodies are refused."""

HEADER_LIMIT = 8_192
"""Bytes of one header, name and value."""

HEADERS_LIMIT = 32_768
"""Bytes of all headers together, and of the address."""

NOTICE_LIMIT = 1500
"""Characters of `Simulator-Notice`: some clients and proxies take no longer headers than a few kB altogether."""

DRAIN_LIMIT = 32_000_000
"""Bytes of a refused body that are read on, so that the client sees the answer instead of a broken pipe."""

BODILESS = frozenset({204, 304})


def has_large_head(scope: Scope) -> bool:
    """Whether a header or all that stands before the body is larger than we read."""
    headers, target = scope["headers"], len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if sum(map(len, chain.from_iterable(headers))) + 4 * len(headers) + target <= HEADER_LIMIT:
        return False  # as nearly all
    sizes = [len(name) + len(value) + 4 for name, value in headers]
    return max(sizes, default=0) > HEADER_LIMIT or sum(sizes) + target > HEADERS_LIMIT


def has_large_body(headers: Mapping[str, str], limit: int = BODY_LIMIT) -> bool:
    """Whether a body is larger than we read, by what the client says of it."""
    length = headers.get("content-length", "")
    return length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > limit)


class Disconnected(Exception):
    """The client went away before its request had arrived as a whole. Nothing of it may be done."""


async def read_body(receive: Receive) -> bytes | None:
    """The whole body, or None when it is larger than `BODY_LIMIT` (the rest is read on and dropped).

    Raises `Disconnected`.
    """
    body, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= BODY_LIMIT:
            body.append(chunk)
        if not message.get("more_body") or size > DRAIN_LIMIT:
            break
    return b"".join(body) if size <= BODY_LIMIT else None


def header_map(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names to values; a header that comes twice is joined with a comma."""
    decoded = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in pairs]
    headers = dict(decoded)
    if len(headers) != len(decoded):
        headers = {}
        for name, value in decoded:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


_CONTROL = dict.fromkeys((*range(32), 127), " ")


@cache
def _latin(name: str) -> bytes:
    return name.lower().encode("latin-1")


def header_value(value: str) -> bytes:
    """Never a line break or another control character in a header, whatever a merchant sent us to echo."""
    return (value if value.isprintable() else value.translate(_CONTROL)).encode("latin-1", "replace")


def notice_value(notices: Iterable[str]) -> bytes:
    """All notices in one header. What is too long for one stands in the journal; other scripts come as `\\u4ef6`."""
    text = "; ".join(notices).encode("ascii", "backslashreplace").decode("ascii")
    return header_value(text if len(text) <= NOTICE_LIMIT else f"{text[: NOTICE_LIMIT - 3]}...")


def raw_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(_latin(name), header_value(value)) for name, value in reply.headers.items()]
    if reply.cookies:
        headers += [(b"set-cookie", header_value(cookie)) for cookie in reply.cookies]
    return headers
