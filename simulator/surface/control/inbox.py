"""The built-in receiver's two sides: what sends webhooks to it, and who reads them back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from simulator.engine.runtime import Runtime
from simulator.surface import inbox
from simulator.surface.control.errors import ControlError, as_json
from simulator.surface.control.operation import ControlCall, NoBody, read_body, workspace_of
from simulator.surface.control.paging import ListQuery, page, place_of

NAME_LIMIT = 200
"""Characters of an inbox's name."""


def receiver(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    """`/_sim/inbox/{ws}/{name}`, any method: a request is kept and answered 200, an endpoint verification is echoed."""

    async def receive(request: Request) -> Response:
        workspace_of(runtime, request)
        if len(request.path_params["name"]) > NAME_LIMIT:
            raise ControlError(
                404, "not_found", f"an inbox has a name of at most {NAME_LIMIT} characters", field="name"
            )
        challenge = inbox.challenge_of(request)
        if challenge is not None:
            return PlainTextResponse(challenge)
        body = await read_body(request)
        inbox.keep(runtime, workspace_of(runtime, request), request, body)
        headers = {name.lower(): value for name, value in request.headers.items()}
        wanted = inbox.acknowledgement_of(runtime, headers, body)
        return as_json({"received": True}) if wanted is None else PlainTextResponse(wanted)

    return receive


async def read_inbox(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """Oldest first, each with the merchant's verdict on its signature."""
    runtime, workspace = call.runtime, call.workspace
    rows = inbox.rows(runtime, workspace, call.path["name"], place_of(call) or 0, call.query.limit + 1)
    return page(
        call,
        rows,
        place=lambda row: row[0],
        views=lambda shown: [inbox.view(runtime, workspace, received) for _, received in shown],
    )
