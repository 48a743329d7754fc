"""What an open page hears: the order's state as JSON, once or as server-sent events."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson

from simulator.engine import pages
from simulator.engine.http import Receive, Scope, Send, header_map
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.wallet.order import Order
from simulator.wallet.pages.show import context_of, find
from simulator.wallet.view import announce_key

PING_S = 15.0


def state_json(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = find(runtime, call.path["code"])
    if found is None:
        return Reply(404, b"{}", content_type="application/json")
    state, clock = news(call, runtime, *found, auto_return_s)
    body = orjson.dumps({**state, "clock": clock})
    return Reply(200, body, {"cache-control": "no-store"}, content_type="application/json")


def news(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, auto_return_s: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    page, context = context_of(call, runtime, workspace, order, auto_return_s)
    texts, view, result = Texts(page.lang), context["order"], context["result"]
    shown = result.outcome if result is not None else order.state
    buyer = view.scanned_by or context["buyer"].name(page.lang)
    state = {
        "state": order.state,
        "version": order.version,
        "html": pages.html("wallet/_panel.html", page, **context),
        "title": page.title,
        "announce": "" if page.mobile and shown == "scanned" else texts(announce_key(shown), buyer=buyer),
    }
    return state, clock_news(workspace, order)


def clock_news(workspace: Workspace, order: Order) -> dict[str, Any]:
    clock = workspace.clock
    expires_at = iso_millis(order.expires_at) if order.expires_at else None
    return {
        "now": iso_millis(clock.now()),
        "rate": clock.rate,
        "frozen": clock.mode == "frozen",
        "expires_at": expires_at,
    }


class Events:
    """`/w/{code}/events`: server-sent events. The state is sent on connect, so nothing is lost in between.

    `state` and `clock` follow each change of the order and of the workspace's clock, `gone` says that the order does not
    exist any more. A connection costs two tasks and no memory that grows; it ends with the order, with the workspace,
    or when the server stops.
    """

    def __init__(self, runtime: Runtime, auto_return_s: int | None) -> None:
        self.runtime = runtime
        self.auto_return_s = auto_return_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call(scope)
        found = find(self.runtime, call.path["code"])
        is_full = self.runtime.audience.is_full
        if found is None or is_full or scope["method"] != "GET":
            status, headers = (404, []) if found is None else (429, []) if is_full else (405, [(b"allow", b"GET")])
            headers.append((b"content-length", b"0"))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        changed = asyncio.Event()
        stops = [
            self.runtime.watch(Order, call.path["code"], changed.set),
            self.runtime.watch_workspace(found[0], changed.set),
        ]
        gone = asyncio.create_task(_disconnected(receive))
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            with self.runtime.audience.present():
                await self._follow(call, changed, gone, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for stop in stops:
                stop()
            gone.cancel()

    async def _follow(self, call: Call, changed: asyncio.Event, gone: asyncio.Task[None], send: Send) -> None:
        version = -1
        while not gone.done() and not self.runtime.closing:
            changed.clear()
            found = find(self.runtime, call.path["code"])
            if found is None:
                await send(event("gone", {}))
                return
            workspace, order = found
            if order.version != version:
                version = order.version
                await send(event("state", news(call, self.runtime, workspace, order, self.auto_return_s)[0]))
            await send(event("clock", clock_news(workspace, order)))
            if order.is_final:
                return
            waiting = asyncio.create_task(changed.wait())
            await asyncio.wait({waiting, gone}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await send(event("ping", {}))

    def _call(self, scope: Scope) -> Call:
        headers = header_map(scope["headers"])
        base_url = self.runtime.public_url or f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
        return Call(
            provider="wallet",
            method="GET",
            target=scope["path"],
            raw_path=scope["path"],
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            raw_body=b"",
            base_url=base_url,
            path={"code": scope["path"].split("/")[2]},
        )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    body = b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    return {"type": "http.response.body", "body": body, "more_body": True}
