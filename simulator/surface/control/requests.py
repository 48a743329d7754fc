"""The journal of API calls, with secrets and card numbers masked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import Field

from simulator.engine import journal
from simulator.engine.runtime import Runtime
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of


class RequestsQuery(ListQuery):
    provider: str | None = None
    status: int | None = Field(None, ge=0, le=999)
    path: str | None = None
    """The beginning of a path, or a pattern with `*`."""


def request_view(row: Sequence[Any]) -> dict[str, Any]:
    seq, at, provider, subject, _, status, raw = row
    body = journal.masked_entry(orjson.loads(raw))
    view = {
        "id": f"req_{seq}",
        "at": iso_millis(from_micros(at)),
        "provider": provider,
        "method": body["method"],
        "path": body["path"],
        "status": status,
        "duration_ms": body["duration_ms"],
        "request": body["request"],
        "response": body["response"],
        "notices": body["notices"],
        "sent_by": body.get("sent_by", "merchant"),
    }
    if "help" in body:
        view["help"] = body["help"]
    if subject:
        view["resource_id"] = subject
    return view


async def get_request(call: ControlCall) -> dict[str, Any]:
    """One call with its bytes, masked."""
    return found(call.runtime, call.workspace, call.path["id"])


def found(runtime: Runtime, workspace: Workspace, id_: str) -> dict[str, Any]:
    """Raises 404."""
    runtime.write_notes()
    number = id_.removeprefix("req_")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    row = runtime.store.request(workspace.id, int(number)) if is_number else None
    if row is None:
        raise ControlError(404, "not_found", f"there is no request {id_!r} in workspace {workspace.name}", field="id")
    return request_view(row)


async def list_requests(call: ControlCall[NoBody, RequestsQuery]) -> dict[str, Any]:
    """Newest first."""
    query = call.query
    call.runtime.write_notes()
    rows = call.runtime.store.requests(
        call.workspace.id,
        provider=call.known_provider(query.provider),
        status=query.status,
        path=query.path,
        before=place_of(call),
        limit=query.limit + 1,
    )
    return page(
        call, rows, place=lambda row: int(row[0]), views=lambda shown: [request_view(request) for request in shown]
    )
