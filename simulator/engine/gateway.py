"""The HTTP edge of the providers: finds the route, reads the bytes once, and runs the way of one request.

The answer to anything, our own crashes included, is in the words of the provider to whom the request was addressed.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cache, partial
from typing import Any
from urllib.parse import unquote

import orjson
from pydantic import BaseModel, ValidationError

from simulator.engine import faults, idempotency, journal, pages
from simulator.engine.provider import Call, Endpoint, Page, Provider, Reply
from simulator.engine.runtime import Runtime, WorkspaceError
from simulator.engine.store.base import Row
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import micros, stopwatch
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import (
    BodyTooLarge,
    Crashed,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    Refusal,
    Unauthenticated,
    UnknownRoute,
    Violation,
)

log = logging.getLogger("simulator")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body as they are sent."""

BODY_LIMIT = 1_000_000
"""Bytes; larger bodies are refused."""

DRAIN_LIMIT = 32_000_000
"""Bytes of a refused body that are read on, so that the client sees the answer instead of a broken pipe."""

_HOST = re.compile(r"^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")
_BODILESS = frozenset({204, 304})


# Routes --------------------------------------------------------------------------------------------------------


@dataclass
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    digits: tuple[str, _Node] | None = None
    any: tuple[str, _Node] | None = None
    routes: dict[str, tuple[Provider | None, Endpoint | Page]] = field(default_factory=dict)


class Routes:
    """Dispatch on path segments: a literal goes before a parameter of digits, that before any parameter."""

    def __init__(self) -> None:
        self._root = _Node()
        self.paths: list[tuple[str, str]] = []

    def add(self, provider: Provider | None, route: Endpoint | Page) -> None:
        node = self._root
        for segment in _segments(route.path):
            if segment.startswith("{"):
                name, _, kind = segment[1:-1].partition(":")
                slot = "digits" if kind == "digits" else "any"
                if getattr(node, slot) is None:
                    setattr(node, slot, (name, _Node()))
                known, node = getattr(node, slot)
                if known != name:
                    raise ValueError(f"{route.path}: the parameter is called {known!r} elsewhere")
            else:
                node = node.literal.setdefault(segment, _Node())
        if route.method in node.routes:
            raise ValueError(f"{route.method} {route.path} is routed twice")
        node.routes[route.method] = (provider, route)
        self.paths.append((route.method, route.path))

    def match(self, segments: Sequence[str]) -> tuple[_Node, dict[str, str]] | None:
        return self._match(self._root, segments, 0, {})

    def _match(
        self, node: _Node, segments: Sequence[str], index: int, path: dict[str, str]
    ) -> tuple[_Node, dict[str, str]] | None:
        if index == len(segments):
            return (node, path) if node.routes else None
        segment = segments[index]
        if (child := node.literal.get(segment)) is not None:
            found = self._match(child, segments, index + 1, path)
            if found is not None:
                return found
        if node.digits is not None and segment.isascii() and segment.isdigit():
            found = self._match(node.digits[1], segments, index + 1, {**path, node.digits[0]: segment})
            if found is not None:
                return found
        if node.any is not None and segment:
            return self._match(node.any[1], segments, index + 1, {**path, node.any[0]: segment})
        return None

    def nearest(self, method: str, path: str) -> list[str]:
        known = [f"{m} {p}" for m, p in self.paths]
        return get_close_matches(f"{method} {path}", known, n=3, cutoff=0.5)


def _segments(path: str) -> list[str]:
    return [segment for segment in path.split("/") if segment]


# Validation ----------------------------------------------------------------------------------------------------

_RULES = {
    "missing": "required",
    "extra_forbidden": "unknown",
    "string_pattern_mismatch": "pattern",
    "string_too_short": "min_length",
    "string_too_long": "max_length",
    "too_short": "min_length",
    "too_long": "max_length",
    "greater_than": "min",
    "greater_than_equal": "min",
    "less_than": "max",
    "less_than_equal": "max",
    "literal_error": "enum",
    "enum": "enum",
    "value_error": "format",
    "assertion_error": "format",
}
_LIMITS = ("pattern", "min_length", "max_length", "gt", "ge", "lt", "le", "expected")


def validate(model: type[BaseModel], data: Any) -> BaseModel:
    """Checks a body against a request model. Raises `Invalid` with neutral violations in document order."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid([_violation(e) for e in error.errors(include_url=False)]) from error


def _violation(error: Any) -> Violation:
    context = error.get("ctx", {})
    limit = next((context[name] for name in _LIMITS if name in context), None)
    rule = _RULES.get(error["type"], "type")
    if error["type"] in (
        "date_from_datetime_parsing",
        "datetime_from_date_parsing",
        "date_parsing",
        "datetime_parsing",
    ):
        rule = "format"
    path = ".".join(str(part) for part in error["loc"] if not _is_union_tag(part))
    return Violation(path, rule, limit, error.get("input"), error["msg"].removeprefix("Value error, "))


def _is_union_tag(part: Any) -> bool:
    return isinstance(part, str) and ("[" in part or part in ("function-before", "function-after", "lax-or-strict"))


# Reading and sending -------------------------------------------------------------------------------------------


async def read_body(receive: Receive, headers: dict[str, str]) -> bytes | None:
    """The whole body, or None when it is larger than `BODY_LIMIT` (the rest is read on and dropped)."""
    body, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= BODY_LIMIT:
            body.append(chunk)
        if not message.get("more_body") or size > DRAIN_LIMIT:
            break
    return b"".join(body) if size <= BODY_LIMIT else None


def header_map(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names to values; a header that comes twice is joined with a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


@cache
def _latin(name: str) -> bytes:
    return name.lower().encode("latin-1")


def _header_value(value: str) -> bytes:
    """Never a line break in a header, whatever a merchant sent us to echo."""
    return value.replace("\r", " ").replace("\n", " ").encode("latin-1", "replace")


class Gateway:
    """An ASGI application for all providers' endpoints and hosted pages, and the wallet's pages."""

    def __init__(self, runtime: Runtime, pages: Sequence[Page] = ()) -> None:
        self.runtime = runtime
        self.routes = Routes()
        self._providers = tuple(runtime.providers.values())
        for provider in self._providers:
            for endpoint in provider.endpoints:
                self.routes.add(provider, endpoint)
            for page in provider.pages:
                self.routes.add(provider, page)
        for page in pages:
            self.routes.add(None, page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = stopwatch()
        headers = header_map(scope["headers"])
        body = await read_body(receive, headers)
        call = self._call(scope, headers, body or b"")
        status, sent_headers, sent = self._serve(call, body is None, started)
        if call.walk_to is not None:
            await self._walk(call.workspace, call.walk_to)
        if (committed := self.runtime.committed()) is not None:
            try:
                await committed
            except Exception:
                status, sent_headers, sent = self._not_committed(call, started)
        if scope["method"] == "HEAD":
            sent = b""
        await send({"type": "http.response.start", "status": status, "headers": sent_headers})
        await send({"type": "http.response.body", "body": sent})

    def _call(self, scope: Scope, headers: dict[str, str], body: bytes) -> Call:
        raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        target = "/" + "/".join(_segments(raw_path))
        host = headers.get("host", "")
        base_url = f"{scope.get('scheme', 'http')}://{host}" if _HOST.match(host) else self.runtime.base_url
        return Call(
            provider="",
            method="GET" if scope["method"].upper() == "HEAD" else scope["method"].upper(),
            target=unquote(target) if "%" in target else target,
            raw_path=raw_path,
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            raw_body=body,
            base_url=self.runtime.public_url or base_url,
            strict=self.runtime.strict,
        )

    def _not_committed(self, call: Call, started: float) -> Answer:
        """The store has failed: whatever the answer would have been, nothing of it stands."""
        crashed = self._crashed(call)
        provider = self.runtime.providers.get(call.provider)
        if provider is None:
            return self._page_answer(pages.refused(call, crashed))
        return self._refused(provider, call, crashed, started)

    def _crashed(self, call: Call) -> Crashed:
        """To be called where the exception is at hand."""
        error_id = Ids().hex(16)
        log.exception("error %s in %s %s", error_id, call.method, call.target)
        return Crashed(error_id)

    # The way of one request ------------------------------------------------------------------------------------

    def _serve(self, call: Call, too_large: bool, started: float) -> Answer:
        segments = [unquote(s) if "%" in s else s for s in _segments(call.raw_path)]
        found = None if any("\0" in segment for segment in segments) else self.routes.match(segments)
        if found is None:
            return self._unrouted(call, started)
        node, call.path = found
        match = node.routes.get(call.method)
        if match is None:
            provider = next((p for p, _ in node.routes.values() if p is not None), None)
            refusal = MethodNotAllowed(call.method, sorted(node.routes))
            if all(isinstance(route, Page) for _, route in node.routes.values()):
                return self._page_answer(pages.refused(call, refusal))
            return self._refused(provider, call, refusal, started)
        provider, route = match
        call.provider = provider.name if provider else "wallet"
        if too_large and isinstance(route, Page):
            return self._page_answer(pages.refused(call, BodyTooLarge(BODY_LIMIT)))
        if too_large:
            return self._refused(provider, call, BodyTooLarge(BODY_LIMIT), started)
        if isinstance(route, Page):
            return self._page(provider, call, route, started)
        assert provider is not None
        return self._endpoint(provider, call, route, started)

    def _endpoint(self, provider: Provider, call: Call, endpoint: Endpoint, started: float) -> Answer:
        runtime, policy, key = self.runtime, provider.idempotency, None
        call.endpoint, call.facts = endpoint, {"operation": endpoint.operation}
        try:
            (endpoint.authenticate or provider.authenticate)(call, runtime)
            if provider.limit is not None:
                bucket, limit = provider.limit(call)
                call.scratch["tokens_left"] = 0
                now = call.workspace.clock.now()
                call.scratch["tokens_left"] = runtime.buckets.take(
                    call.workspace.id, f"{provider.name} {bucket}", limit, now
                )
            if provider.before is not None:
                provider.before(call)
            faults.strike(runtime, call)
            key = idempotency.key_of(policy, call)
            now = call.workspace.clock.now()
            if key is not None and policy is not None and not policy.after_validation:
                stored = idempotency.replay(runtime.store, policy, call, key, now)
                if stored is not None:
                    return self._answer(provider, call, stored, started)
            if endpoint.query is not None:
                call.body = validate(endpoint.query, call.query)
            if endpoint.body is not None and endpoint.checks_body:
                data = provider.read_body(call, endpoint) if provider.read_body is not None else call.json
                call.body = validate(endpoint.body, data)
            if key is not None and policy is not None and policy.after_validation:
                stored = idempotency.replay(runtime.store, policy, call, key, now)
                if stored is not None:
                    return self._answer(provider, call, stored, started)
            uow = runtime.open(call.workspace, now)
            uow.base_url, uow.call = call.base_url, call
            reply = endpoint.handler(call, uow)
            sent, content_type, headers = self._render(provider, call, reply)
            story = self._story(call, reply, sent, started, uow.moves, uow.subjects or _named(reply), at=now)
            if key is not None and policy is not None and policy.keeps(reply.status):
                args = (runtime.store, policy, call, key, now, reply, sent, content_type)
                runtime.commit(uow, story, lambda: idempotency.keep(*args), together=True)
            else:
                runtime.commit(uow, story, together=True)
            return reply.status, headers, sent
        except Refusal as refusal:
            runtime.rollback()
            return self._refused(provider, call, refusal, started, key)
        except Exception:
            runtime.rollback()
            return self._refused(provider, call, self._crashed(call), started)

    def _refused(
        self, provider: Provider | None, call: Call, refusal: Refusal, started: float, key: str | None = None
    ) -> Answer:
        help_: dict[str, Any] = {}
        if isinstance(refusal, Unauthenticated):
            help_ = {"reason": refusal.reason, **refusal.help}
        elif isinstance(refusal, Crashed):
            help_ = {"error_id": refusal.error_id}
        elif isinstance(refusal, Invalid):
            help_ = {"violations": [f"{v.path}: {v.rule} {v.limit or ''}".strip() for v in refusal.violations]}
        if isinstance(refusal, Unauthenticated | Forbidden) and refusal.workspace is not None:
            call.workspace = self.runtime.workspace(refusal.workspace)
        if provider is None:
            return self._plain_refusal(call, refusal)
        call.provider = provider.name
        reply = provider.refuse(refusal, call)
        policy = provider.idempotency
        if key is not None and policy is not None and policy.keeps(reply.status):
            sent, content_type, _ = self._render(provider, call, reply)
            now = call.workspace.clock.now()
            with self.runtime.transaction():
                idempotency.keep(self.runtime.store, policy, call, key, now, reply, sent, content_type)
        return self._answer(provider, call, reply, started, help_)

    def _answer(
        self, provider: Provider, call: Call, reply: Reply, started: float, help_: dict[str, Any] | None = None
    ) -> Answer:
        sent, _, headers = self._render(provider, call, reply)
        self.runtime.note(self._story(call, reply, sent, started, [], _named(reply), help_))
        return reply.status, headers, sent

    def _story(
        self,
        call: Call,
        reply: Reply,
        sent: bytes,
        started: float,
        moves: list[dict[str, Any]],
        subjects: Iterable[str],
        help_: dict[str, Any] | None = None,
        at: datetime | None = None,
    ) -> list[Row]:
        """The journal's rows. `at` is the unit's own instant, so that a request stands before what it caused."""
        workspace = call.workspace or self.runtime.default
        entry = journal.request_entry(call, reply, sent, (stopwatch() - started) * 1000, help_ or {})
        when = micros(at or workspace.clock.now())
        return journal.rows_for(workspace.id, when, "request", call.provider, moves, subjects, **entry)

    def _render(self, provider: Provider, call: Call, reply: Reply) -> tuple[bytes, str, list[tuple[bytes, bytes]]]:
        if provider.finish is not None:
            provider.finish(call, reply)
        body, content_type = reply.body, reply.content_type or provider.content_type
        if body is None or reply.status in _BODILESS:
            sent, content_type = b"", reply.content_type or ""
        elif isinstance(body, bytes):
            sent = body
        elif isinstance(body, str):
            sent = body.encode()
        else:
            sent = provider.encode(body)
        headers = _raw_headers(reply)
        if content_type:
            headers.append((b"content-type", content_type.encode("latin-1")))
        if reply.status not in _BODILESS:
            headers.append((b"content-length", str(len(sent)).encode()))
        if call.notices:
            headers.append((b"simulator-notice", _header_value("; ".join(call.notices))))
        return sent, content_type, headers

    # Pages and what nobody claims --------------------------------------------------------------------------------

    def _page(self, provider: Provider | None, call: Call, page: Page, started: float) -> Answer:
        call.ask = partial(self._ask, call)
        try:
            reply = page.handler(call, self.runtime)
        except Refusal as refusal:
            self.runtime.rollback()
            reply = pages.refused(call, refusal)
        except Exception:
            self.runtime.rollback()
            crashed = self._crashed(call)
            reply = pages.refused(call, crashed)
            story = self._story(call, reply, b"", started, [], [], {"error_id": crashed.error_id})
            self.runtime.note(story)
        return self._page_answer(reply)

    def _ask(self, page: Call, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The very same way as a call from outside, but that the journal knows who sent it."""
        call = Call(
            provider="",
            method=method,
            target=path,
            raw_path=path,
            raw_query="",
            headers={"host": page.headers.get("host", ""), "content-length": str(len(body)), **headers},
            raw_body=body,
            base_url=page.base_url,
            strict=page.strict,
            sent_by="page",
        )
        return self._serve(call, False, stopwatch())[0]

    async def _walk(self, workspace: Workspace, to: datetime) -> None:
        """Somebody else may have gone there, or further, or have removed the workspace, while we waited for our turn."""
        try:
            await self.runtime.advance(workspace, to, "page")
        except (WorkspaceError, NotFound) as refusal:
            log.debug("the clock of workspace %s does not go to %s: %s", workspace.id, to, refusal)

    @staticmethod
    def _page_answer(reply: Reply) -> Answer:
        body = reply.body if isinstance(reply.body, bytes) else (reply.body or "").encode()
        headers = _raw_headers(reply)
        headers.append((b"content-type", (reply.content_type or "text/html; charset=utf-8").encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        return reply.status, headers, body

    def _unrouted(self, call: Call, started: float) -> Answer:
        refusal = UnknownRoute(call.target, self.routes.nearest(call.method, call.target))
        for provider in self._providers:
            if provider.claims(call):
                return self._refused(provider, call, refusal, started)
        return self._plain_refusal(call, refusal)

    def _plain_refusal(self, call: Call, refusal: Refusal) -> Answer:
        """Our own words, for what no provider claims."""
        if isinstance(refusal, MethodNotAllowed):
            status, code, more = 405, "method_not_allowed", {"allowed": refusal.allowed}
        elif isinstance(refusal, BodyTooLarge):
            status, code, more = 413, "body_too_large", {"limit": refusal.limit}  # type: ignore[dict-item]
        else:
            nearest = refusal.nearest if isinstance(refusal, UnknownRoute) else []
            status, code, more = 404, "not_found", {"nearest": nearest}
        message = f"no provider answers {call.method} {call.target}"
        body = orjson.dumps({"error": {"code": code, "message": message, **more}})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if isinstance(refusal, MethodNotAllowed):
            headers.append((b"allow", ", ".join(refusal.allowed).encode()))
        return status, headers, body


def _raw_headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    headers = [(_latin(name), _header_value(value)) for name, value in reply.headers.items()]
    if reply.cookies:
        headers += [(b"set-cookie", _header_value(cookie)) for cookie in reply.cookies]
    return headers


def _named(reply: Reply) -> list[str]:
    return [reply.subject] if reply.subject else []
