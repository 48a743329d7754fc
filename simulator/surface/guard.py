"""Who may call what is ours: `/_sim` and the console. The providers' APIs and the buyers' pages are open to everybody.

Health, static files and the inbox are open too (phones load the pages' stylesheet, webhooks reach the inbox). The rest
answers this machine only, unless the console was opened; then it wants the admin token, in the header or, for a browser,
in a cookie that `?token=` sets.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import orjson

from simulator.engine.http import Receive, Scope, Send, header_map

OPEN = ("/_sim/health", "/_sim/static/", "/_sim/inbox/")
COOKIE = "psp_simulator_token"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Wraps the application of `/_sim` and `/console`. Without `open_console` only this machine is let in."""

    def __init__(self, app: Any, *, token: str | None, open_console: bool) -> None:
        self.app = app
        self.token = token
        self.open_console = open_console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        headers = header_map(scope["headers"])
        if not self.open_console and not is_this_machine(scope):
            message = "the control API and the console answer this machine only; --open-console opens them"
            await _refuse(send, 403, "local_only", message)
        elif scope["method"] not in _READS and _is_foreign(headers):
            await _refuse(send, 403, "foreign_origin", "a page of another site sent this request")
        elif self.token is None or self._shows_token(headers):
            await self.app(scope, receive, send)
        elif self._hands_in_token(scope):
            await self._remember(scope, send)
        elif "text/html" in headers.get("accept", ""):
            text = (
                "This simulator wants its admin token.\nOpen this address with ?token=<token>, as printed at start.\n"
            )
            await _send(send, 401, text.encode(), "text/plain; charset=utf-8", {"cache-control": "no-store"})
        else:
            message = "this simulator wants its admin token: Authorization: Bearer <token>"
            await _refuse(send, 401, "unauthorized", message)

    def _shows_token(self, headers: Mapping[str, str]) -> bool:
        assert self.token is not None
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return _equal(given, self.token) or _equal(_cookie(headers.get("cookie", "")), self.token)

    def _hands_in_token(self, scope: Scope) -> bool:
        assert self.token is not None
        query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
        return scope["method"] == "GET" and _equal(query.get("token", ""), self.token)

    async def _remember(self, scope: Scope, send: Send) -> None:
        """To the same page, without the token in its address."""
        rest = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1")) if pair[0] != "token"]
        location = scope["path"] + (f"?{urlencode(rest)}" if rest else "")
        cookie = f"{COOKIE}={quote(self.token or '', safe='')}; Path=/; HttpOnly; SameSite=Lax"
        headers = {"location": "/" + location.lstrip("/"), "set-cookie": cookie, "cache-control": "no-store"}
        await _send(send, 303, b"", "text/plain", headers)


def is_this_machine(scope: Scope) -> bool:
    """A loopback address, or the very address at which the request arrived."""
    client, server = scope.get("client"), scope.get("server")
    if not client:
        return True
    if server and client[0] == server[0]:
        return True
    try:
        address = ip_address(client[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """Scripts and tests send no Origin; browsers under `no-referrer` send `null` for our own forms."""
    origin = headers.get("origin", "null")
    return origin != "null" and urlsplit(origin).netloc != headers.get("host")


def _equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode("utf-8"))


def _cookie(header: str) -> str:
    """Our own among all: what other programs on this host have set need not be well formed (`http.cookies` would refuse all)."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((unquote(value) for name, _, value in pairs if name == COOKIE), "")


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    body = orjson.dumps({"error": {"code": code, "message": message}})
    await _send(send, status, body, "application/json", {})


async def _send(send: Send, status: int, body: bytes, content_type: str, more: Mapping[str, str]) -> None:
    headers = {**more, "content-type": content_type, "content-length": str(len(body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
