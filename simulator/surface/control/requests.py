"""The journal of API calls, with secrets and card numbers masked, and the same call once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

import orjson
from pydantic import Field

from simulator.engine import journal
from simulator.engine.explain import Explained
from simulator.engine.facts import Exchange, Fact
from simulator.engine.gateway import Gateway
from simulator.engine.provider import Endpoint, Provider
from simulator.engine.routes import routes_of, segments_of
from simulator.engine.runtime import Runtime
from simulator.engine.shop import Account
from simulator.engine.unreadable import members
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis, time_of_day
from simulator.kernel.refusals import Refusal
from simulator.kernel.values import dataclass
from simulator.surface.control import again
from simulator.surface.control.compare import CompareBody, compared, comparison_view
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, Sought, page_so_far, place_of

WINDOW = 10_000
"""So many calls are looked through for one page: a filter without hits costs no more in a fuller store."""

LATE = 2_000_000
"""Microseconds by which a call may stand in the journal behind a younger one: refusals are written together, a little later."""

FIRST = 1000
"""So many calls of one instant that ask the same are looked through for the one that a repeated one repeats."""

STATUSES = {"2xx": (200, 300), "4xx": (400, 500), "5xx": (500, 600)}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


PATH_LIMIT = 200
"""Characters of a path that is sought."""


class RequestsQuery(ListQuery):
    provider: Sought | None = None
    status: Annotated[int, Field(ge=0, le=999)] | Literal["2xx", "4xx", "5xx"] | None = None
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: Annotated[str, Field(max_length=PATH_LIMIT)] | None = None
    """The beginning of a path, or a pattern with `*`."""
    refused: bool = False
    """Only those with a status from 400."""


@dataclass(frozen=True)
class Listed:
    """Calls of the journal, newest first, and before which of them the list goes on; None at its end."""

    rows: Sequence[Any]
    older: int | None


def listed(
    runtime: Runtime,
    workspace: Workspace,
    *,
    provider: str | None = None,
    status: int | str | None = None,
    method: str | None = None,
    path: str | None = None,
    refused: bool = False,
    before: int | None = None,
    limit: int = 50,
) -> Listed:
    """A page of the calls that fit. Where none of the next `WINDOW` fits it is empty, and goes on after them."""
    runtime.write_late()
    is_narrowed = refused or any(one is not None for one in (provider, status, method, path))
    end = runtime.store.request_back(workspace.id, before, WINDOW) if is_narrowed else None
    rows = runtime.store.requests(
        workspace.id,
        provider=provider,
        status=int(status) if isinstance(status, int) else None,
        statuses=STATUSES.get(status) if isinstance(status, str) else None,
        method=method,
        path=path,
        refused=refused,
        before=before,
        from_seq=end,
        limit=limit + 1,
    )
    if len(rows) > limit:
        return Listed(rows[:limit], int(rows[limit - 1][0]))
    return Listed(rows, end)


def request_view(row: Sequence[Any]) -> dict[str, Any]:
    seq, at, provider, subject, _, status, raw = row
    body = journal.masked_entry(members(f"row {seq} of the journal", raw))
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
    if (real := journal.real_time(at, body)) is not None:
        view["real_at"] = iso_millis(real)
    for name in ("from_network", "help", "why", "weather"):
        if name in body:
            view[name] = body[name]
    if subject:
        view["resource_id"] = subject
    return view


async def get_request(call: ControlCall) -> dict[str, Any]:
    """One call with its bytes, masked."""
    return found(call.runtime, call.workspace, call.path["id"])


def found(runtime: Runtime, workspace: Workspace, id_: str) -> dict[str, Any]:
    """Raises 404."""
    runtime.write_late()
    number = id_.removeprefix("req_")
    is_number = number.isascii() and number.isdecimal() and len(number) < 19
    row = runtime.store.request(workspace.id, int(number)) if is_number else None
    if row is None:
        raise ControlError(404, "not_found", f"there is no request {id_!r} in workspace {workspace.name}", field="id")
    view = request_view(row)
    if inferred := facts_of(runtime.providers.get(view["provider"]), view):
        view["inferred"] = [fact.id for fact in inferred]
    if (first := _first(runtime, workspace, row, view)) is not None:
        view["repeats"] = first
    return view


def facts_of(provider: Provider | None, view: Mapping[str, Any]) -> list[Fact]:
    """What is only inferred of the provider, and on which the answer to this call hangs."""
    return [] if provider is None else provider.facts.inferred_in(exchange_of(provider, view))


def exchange_of(provider: Provider, view: Mapping[str, Any]) -> Exchange:
    """A call of the journal as facts are held against it. What a scenario has made of the answer on its way is not seen."""
    path, _, query = view["path"].partition("?")
    found = routes_of([provider], ()).match(view["method"], segments_of(path))
    _, endpoint = found[0].routes.get(view["method"], (None, None)) if found is not None else (None, None)
    return Exchange(
        operation=endpoint.operation if isinstance(endpoint, Endpoint) else "",
        status=view["status"],
        asked=_members(view["request"], query),
        answered=_json(view["response"]["body"]),
        headers={name.lower(): value for name, value in view["response"]["headers"].items()},
    )


def _members(request: Mapping[str, Any], query: str) -> Any:
    """The members of the body, which may be a form's, and of the query. A form's `a[b]` counts as `a.b`."""
    body = _json(request["body"])
    if isinstance(body, list):
        return body
    pairs = [*parse_qsl(query), *(parse_qsl(request["body"] or "") if body is None else ())]
    asked: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = name.replace("]", "").split("[")
        inner = asked
        for part in path:
            found = inner.setdefault(part, {})
            inner = found if isinstance(found, dict) else {}
        inner[last] = value
    return {**asked, **(body if isinstance(body, dict) else {})}


def _json(body: str | None) -> Any:
    """None where it is no JSON, or was not kept whole."""
    try:
        return orjson.loads(body or "")
    except orjson.JSONDecodeError:
        return None


def _first(runtime: Runtime, workspace: Workspace, row: Sequence[Any], view: dict[str, Any]) -> str | None:
    """The id of the call whose answer was given again, if it is one."""
    at = view.get("why", {}).get("first_at")
    if at is None:
        return None
    start, subjects = runtime.store.request_at(workspace.id, at - LATE, int(row[0])), dict.fromkeys((row[3], None))
    for (
        subject
    ) in subjects:  # most are about a payment, of which there are few calls; in an instant there may be thousands
        for other in runtime.store.requests_like(workspace.id, row, at, start, subject, FIRST):
            candidate = request_view(other)
            if candidate["request"]["body"] == view["request"]["body"] and "first_at" not in candidate.get("why", {}):
                return str(candidate["id"])
    return None


def explained(
    runtime: Runtime, workspace: Workspace, provider: Provider | None, view: Mapping[str, Any], base_url: str
) -> Explained | None:
    """How the signature of a call comes about; None where it bears none, cannot be signed, or was not kept whole."""
    if provider is None or provider.explain_request is None or provider.shop is None or not again.is_whole(view):
        return None
    account = Account(workspace.credentials[provider.name], base_url, time_of_day())
    try:
        found = provider.explain_request(account, again.as_signed(runtime, workspace, provider, view, account))
    except Refusal:
        return None
    came = view.get("help", {}).get("received")
    return found if found is None or not isinstance(came, str) else replace(found, received=came)


async def compare_request(call: ControlCall[CompareBody]) -> dict[str, Any]:
    """A merchant's own string or signature beside what had to be signed. Raises 409 where the provider takes no signature."""
    view = found(call.runtime, call.workspace, call.path["id"])
    provider = call.runtime.providers.get(view["provider"])
    how = explained(call.runtime, call.workspace, provider, view, call.base_url)
    comparison = compared(how, call.body)
    assert how is not None
    return comparison_view(how, comparison)


async def list_requests(call: ControlCall[NoBody, RequestsQuery]) -> dict[str, Any]:
    """Newest first."""
    query = call.query
    calls = listed(
        call.runtime,
        call.workspace,
        provider=call.known_provider(query.provider),
        status=query.status,
        method=query.method,
        path=query.path,
        refused=query.refused,
        before=place_of(call),
        limit=query.limit,
    )
    return page_so_far(call, [request_view(row) for row in calls.rows], calls.older)


def newest_of(runtime: Runtime, workspace: Workspace, since: int) -> dict[str, Any] | None:
    """The console's own call that was journalled last, after that line."""
    runtime.write_late()
    rows = runtime.store.requests_from(workspace.id, since + 1, FIRST)
    views = [view for row in rows if (view := request_view(row))["sent_by"] == "console"]
    return views[-1] if views else None


async def send_again(call: ControlCall) -> dict[str, Any]:
    """Makes a call once more, signed anew, as a call of its own. Raises 409 for one that was not kept whole.

    The addresses in it are still named by whoever named them: another machine's stay another machine's.
    """
    runtime, workspace = call.runtime, call.workspace
    view = found(runtime, workspace, call.path["id"])
    request = again.request_of(runtime, workspace, view, call.base_url)
    gateway: Gateway = call.request.app.state.gateway
    last = runtime.store.last_seq()
    named_by_network = call.from_network or view.get("from_network", False)
    await gateway.ask(
        call.base_url, request.method, request.path, request.headers, request.body, from_network=named_by_network
    )
    runtime.write_late()
    for where in (workspace, runtime.default_to_look_at):  # what no credential claims is kept in the default one
        for row in runtime.store.requests_from(where.id, last + 1, FIRST):
            made = request_view(row)
            if (made["sent_by"], made["method"], made["path"]) == ("console", view["method"], view["path"]):
                return {**made, "workspace": where.name}
    raise ControlError(409, "nobody", f"no provider answers {view['method']} {view['path']}")
