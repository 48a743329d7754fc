"""The built-in receiver's two sides: what sends webhooks to it, and who reads them back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from simulator.engine.runtime import Runtime
from simulator.surface import inbox
from simulator.surface.control.errors import as_json
from simulator.surface.control.operation import ControlCall, NoBody, workspace_of
from simulator.surface.control.paging import ListQuery, place_of


def receiver(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    """`/_sim/inbox/{ws}/{name}`, any method: a request is kept and answered 200, an endpoint verification is echoed."""

    async def receive(request: Request) -> Response:
        workspace_of(runtime, request)
        challenge = inbox.challenge_of(request)
        if challenge is not None:
            return PlainTextResponse(challenge)
        body = await request.body()
        inbox.keep(runtime, workspace_of(runtime, request), request, body)
        return as_json({"received": True})

    return receive


async def read_inbox(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """Oldest first, each with the merchant's verdict on its signature."""
    return inbox.read(call.runtime, call.workspace, call.path["name"], call.query.limit, place_of(call))
