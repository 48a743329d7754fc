"""Says what of a request nobody reads: unknown members and query parameters, and known ones without effect.

It is noted in the journal and in `Simulator-Notice`; a strict server refuses it in the provider's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from simulator.engine.call import Call
from simulator.engine.known import Unread, unnamed, unread
from simulator.engine.provider import Endpoint, Provider
from simulator.kernel.refusals import MalformedBody, Refusal, Violation
from simulator.kernel.shapes import is_deep

if TYPE_CHECKING:
    from pydantic import BaseModel

NAMED = 10
"""At most so many names stand in one notice, and so many violations in one refusal."""

NAME_LIMIT = 80
"""Characters of a name that a notice repeats."""

FORM = "application/x-www-form-urlencoded"

UNREADABLE = object()
"""A body that is no JSON (or form), and that nobody wanted to read anyway."""


def query_of(provider: Provider, call: Call, endpoint: Endpoint) -> Mapping[str, Any]:
    """The query as its model takes it. Raises what the provider's own reading raises."""
    return call.query if provider.read_query is None else provider.read_query(call, endpoint)


DEPTH = 240
"""Levels of a JSON body: who reads one may walk through it without looking how deep it goes. What is kept of it stands some levels
deeper, and orjson writes no more than 254."""


def body_of(provider: Provider, call: Call, endpoint: Endpoint) -> Any:
    """The body as its model takes it. Raises `MalformedBody` and its like only where the model is going to be asked."""
    if endpoint.body is not None and endpoint.checks_body:
        return _read(provider, call, endpoint)
    try:
        if endpoint.body is not None:
            return _read(provider, call, endpoint)
        if not call.raw_body.strip() or (endpoint.query is not None and provider.read_query is not None):
            return {}
        return call.form if call.media_type == FORM else call.json
    except Refusal:
        return UNREADABLE


def _read(provider: Provider, call: Call, endpoint: Endpoint) -> Any:
    raw = call.raw_body
    if (
        raw.count(b"[") + raw.count(b"{") > DEPTH
        and raw.lstrip().startswith((b"{", b"["))
        and is_deep(call.json, DEPTH)
    ):
        raise MalformedBody(f"nested deeper than {DEPTH} levels")
    return call.json if provider.read_body is None else provider.read_body(call, endpoint)


def look_over(
    provider: Provider, call: Call, endpoint: Endpoint, query: Mapping[str, Any], body: Any
) -> list[Violation]:
    """Remembers, for the journal and `Simulator-Notice`, what the request says and nobody reads. Returns it as the violations that
    a strict server refuses."""
    headers = [
        Unread(name, call.headers[name], why) for name, why in provider.unread_headers.items() if name in call.headers
    ]
    parameters = beyond(endpoint, endpoint.query, query)
    if endpoint.body is None and (body is UNREADABLE or (body and not isinstance(body, dict))):
        members = [Unread("", None, "the body is not read")]
    else:
        members = beyond(endpoint, endpoint.body, body)
    if not (headers or parameters or members):
        return []
    said = [
        *_notices(headers, "headers", str),
        *_notices(parameters, "query parameters", provider.spelled),
        *_notices(members, "members", provider.spelled),
    ]
    for notice in said:
        call.differs_live(notice)
    found = [
        *(replace(one.violation, where="header") for one in headers),
        *(replace(one.violation, where="query") for one in parameters),
        *(one.violation for one in members),
    ]
    return found[:NAMED]


def beyond(endpoint: Endpoint, model: type[BaseModel] | None, given: Any) -> list[Unread]:
    """What stands in a query or a body beyond what the endpoint reads."""
    if not given or not isinstance(given, Mapping):
        return []
    if model is None:
        return unnamed(endpoint.parameters, given)
    if endpoint.parameters:
        given = {one.path: one.given for one in unnamed(endpoint.parameters, given)}
    return unread(model, given)


def _notices(found: Sequence[Unread], what: str, spelled: Callable[[str], str]) -> Iterator[str]:
    """One notice for all that are unknown, one for each that has no effect. Bounded, whatever came."""
    unknown = [one for one in found if one.why is None]
    if unknown:
        names = ", ".join(_name(one, spelled) for one in unknown[:NAMED])
        more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
        yield f"{what} that the simulator does not read: {names}{more}"
    without = [one for one in found if one.why is not None]
    for one in without[:NAMED]:
        yield f"{_name(one, spelled)} {one.why}".strip()
    if len(without) > NAMED:
        yield f"{len(without) - NAMED} more {what} have no effect"


def _name(one: Unread, spelled: Callable[[str], str]) -> str:
    """A name as a merchant may have chosen it, in one line and not too long."""
    spelt = spelled(one.path[: 4 * NAME_LIMIT]) if one.path else ""
    name = "".join(c if c.isprintable() else "?" for c in spelt)
    return name if len(name) <= NAME_LIMIT else f"{name[:NAME_LIMIT]}..."
