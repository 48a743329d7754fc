"""Who may call what is ours: `/_sim` and the console. The providers' APIs and the buyers' pages are open to everybody.

Health, static files and the inbox are open too (phones load the pages' stylesheet, webhooks reach the inbox). The rest
answers this machine only, under the simulator's own names only, unless the console was opened; then it wants the admin
token, in the header or, for a browser, in a cookie that `?token=` sets. Nothing changes because a page of another site
wants it, whoever its reader is; nor is anything looked up for an image of one, only for a link that is followed.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import orjson

from simulator.engine.callers import (
    LOOPBACK_NAMES,
    READS,
    as_compared,
    is_foreign_fetch,
    is_foreign_page,
    is_own_name,
    is_rebound,
    is_this_machine,
)
from simulator.engine.http import (
    HEADER_LIMIT,
    HEADERS_LIMIT,
    Receive,
    Scope,
    Send,
    has_large_body,
    has_large_head,
    header_map,
)
from simulator.surface.limits import body_limit

INBOX = "/_sim/inbox/"
OPEN = ("/_sim/health", "/_sim/static/", INBOX)
CHANGED_BY_READING = re.compile(rf"{INBOX}|/_sim/workspaces/[^/]+/wait/?$")
"""An inbox keeps what comes, whatever the method; whoever waits lets leave what is due."""
LARGE_HEAD = f"a header is larger than {HEADER_LIMIT} bytes, or all of them with the address than {HEADERS_LIMIT}"
COOKIE = "psp_simulator_token"

STRANGER = "psp_simulator.stranger"
"""In the scope of what is open to everybody: whether the caller sees no more than that."""


class Guard:
    """Wraps the application of `/_sim` and `/console`. Without `open_console` only this machine is let in, and only under
    the names of loopback, under `names`, and under the address at which the request arrives."""

    def __init__(
        self,
        app: Any,
        *,
        token: str | None,
        open_console: bool,
        names: Iterable[str] = (),
        public_url: str | None = None,
    ) -> None:
        self.app = app
        self.token = token
        self.open_console = open_console
        self.names = LOOPBACK_NAMES | {as_compared(name) for name in names}
        self.public_host = urlsplit(public_url).netloc if public_url else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = header_map(scope["headers"]), scope["path"]
        is_ours = not path.startswith(OPEN) or is_own_name(scope, headers, self.names)
        own = {host for host in (headers.get("host") if is_ours else None, self.public_host) if host}
        changes = scope["method"] not in READS or CHANGED_BY_READING.match(path) is not None
        is_open = path.startswith(OPEN)
        if has_large_head(scope):
            await refuse(send, 431, "headers_too_large", LARGE_HEAD)
        elif not is_open and not self.open_console and not is_this_machine(scope):
            message = "the control API and the console answer this machine only; --open-console opens them"
            await refuse(send, 403, "local_only", message)
        elif not is_open and not self.open_console and not is_own_name(scope, headers, self.names):
            await refuse(send, 403, "foreign_host", _not_our_name(headers))
        elif (
            (changes and is_foreign_page(headers, own))
            or (changes and is_open and is_rebound(scope, headers, self.names))
            or (not is_open and is_foreign_fetch(headers))
        ):
            await refuse(send, 403, "foreign_origin", "a page of another site sent this request")
        elif has_large_body(headers, limit := body_limit(path)):
            await refuse(send, 413, "body_too_large", f"the body is larger than {limit} bytes")
        elif is_open or self.token is None or self._shows_token(headers):
            scope[STRANGER] = is_open and self._is_stranger(scope, headers)
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
            await refuse(send, 401, "unauthorized", message)

    def _is_stranger(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        """Whether only what is open to everybody is open to this caller."""
        if self.open_console:
            return self.token is not None and not self._shows_token(headers)
        return not (is_this_machine(scope) and is_own_name(scope, headers, self.names))

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


def _not_our_name(headers: Mapping[str, str]) -> str:
    given = headers.get("host", "")[:100]
    return f"{given!r} is not a name of this simulator; --allow-host makes it one, if it is yours"


def _equal(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode("utf-8"))


def _cookie(header: str) -> str:
    """Our own among all: what other programs on this host have set need not be well formed (`http.cookies` would refuse all)."""
    pairs = (part.strip().partition("=") for part in header.split(";"))
    return next((unquote(value) for name, _, value in pairs if name == COOKIE), "")


async def refuse(send: Send, status: int, code: str, message: str) -> None:
    body = orjson.dumps({"error": {"code": code, "message": message}})
    await _send(send, status, body, "application/json", {})


async def _send(send: Send, status: int, body: bytes, content_type: str, more: Mapping[str, str]) -> None:
    headers = {**more, "content-type": content_type, "content-length": str(len(body))}
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
