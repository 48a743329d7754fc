"""What one call of the control API is: a row of the table, and what its handler is given. Nothing here knows a noun."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Generic

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypeVar

from simulator.engine import cards, shop
from simulator.engine.callers import is_this_machine
from simulator.engine.gateway import Gateway
from simulator.engine.http import BODY_LIMIT
from simulator.engine.provider import Provider
from simulator.engine.registry import WorkspaceError
from simulator.engine.runtime import Runtime
from simulator.engine.validation import allowed, validate
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.refusals import Invalid
from simulator.kernel.shapes import MEMBERS, has_wide_object, is_deep, is_wide
from simulator.kernel.values import dataclass
from simulator.surface.control.errors import ControlError, as_json, invalid
from simulator.surface.limits import body_limit

TOKEN = "token"  # noqa: S105 - its name, not a token
"""By this parameter a browser hands in the admin token at any address; the guard reads it."""
DEPTH_LIMIT = 64
"""Levels of lists and objects in a body; what is stored is written as JSON again, whose writer follows 254."""
HAS_BODY = frozenset({"POST", "PUT", "PATCH"})


class Body(BaseModel):
    """A request's JSON. Members that are not declared are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class Query(BaseModel):
    """A request's query. Parameters that are not declared are refused."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class NoBody(Body):
    """No member: an empty body, or `{}`."""


class NoQuery(Query):
    """No parameter."""


B = TypeVar("B", bound=BaseModel, default=NoBody)
Q = TypeVar("Q", bound=BaseModel, default=NoQuery)


@dataclass(frozen=True)
class ControlCall(Generic[B, Q]):
    """One call whose body and query hold what their models say."""

    runtime: Runtime
    operation: str
    """The name of the row."""
    request: Request
    body: B
    query: Q

    @property
    def path(self) -> Mapping[str, str]:
        """The parts of the path that the row names in braces."""
        return self.request.path_params

    @property
    def base_url(self) -> str:
        """The address under which the caller knows this simulator."""
        return base_url(self.runtime, self.request)

    @property
    def from_network(self) -> bool:
        """Whether another machine calls."""
        return not is_this_machine(self.request.scope)

    @property
    def workspace(self) -> Workspace:
        """`{ws}` as it is at this moment; ask again after an `await`. Raises 404."""
        return workspace_of(self.runtime, self.request)

    @property
    def provider(self) -> Provider:
        """`{provider}`. Raises 404."""
        return self.provider_named(self.path["provider"])

    async def ask(self, provider: Provider, request: shop.Request) -> shop.Answer:
        """Signs a merchant's request with the workspace's credentials and makes it, as the merchant's server would."""
        assert provider.shop is not None
        signed = provider.shop.sign(self.account(provider), request)
        gateway: Gateway = self.request.app.state.gateway
        got = await gateway.ask(
            self.base_url, signed.method, signed.path, signed.headers, signed.body, from_network=self.from_network
        )
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in got.headers}
        return shop.Answer(got.status, got.body, headers)

    def account(self, provider: Provider) -> shop.Account:
        """The merchant's side of the workspace at this provider, as of now."""
        return shop.Account(self.workspace.credentials[provider.name], self.base_url, time_of_day())

    def provider_named(self, name: str) -> Provider:
        found = self.runtime.providers.get(name)
        if found is None:
            allowed = sorted(self.runtime.providers)
            raise ControlError(404, "not_found", f"there is no provider {name!r}", field="provider", allowed=allowed)
        return found

    def known_provider(self, name: str | None, field: str = "provider") -> str | None:
        """A provider's name from a query or a body. Raises 422."""
        if name is not None and name not in self.runtime.providers:
            allowed = sorted(self.runtime.providers)
            raise invalid(f"{field}: {name!r} is not one of {', '.join(allowed)}", field, allowed)
        return name


AS_GIVEN = frozenset(
    {"credentials", "secret", "url", "key_id", "reference", "body", "headers", "base_string", "signature"}
)
"""Members of which every digit counts: what is signed and sent with. Elsewhere card numbers are cut before anything is done."""


@dataclass(frozen=True)
class Operation(Generic[B, Q]):
    """A row of the table: how a call looks from outside, and the handler that does it.

    The handler returns what becomes JSON under `status`, or a response of its own where there is more to say than that.
    """

    method: str
    path: str
    handler: Callable[[ControlCall[B, Q]], Awaitable[Any]]
    body: type[B] = NoBody  # type: ignore[assignment]  # B and Q are these when a row names none
    query: type[Q] = NoQuery  # type: ignore[assignment]
    status: int = 200
    returns: Any = None
    """The type of the JSON (`simulator.surface.answers`), for the OpenAPI document; None where there is none."""
    summary: str = ""
    subject: str = ""
    """What the body is the value of (`settings.{provider}`): a refusal's `field` begins with it."""
    is_large: bool = False
    """Whether the body may be so large that it is read and checked in a thread, while others have their turn."""

    @property
    def name(self) -> str:
        """Its `operationId`."""
        return self.handler.__name__

    async def run(self, runtime: Runtime, request: Request, data: Any, query: Any = None) -> Any:
        """What the handler returns for this body, whoever asks: the API, or a form of the console. The path's parts are those of
        the request. Raises `ControlError`; also where a workspace was reset while it was waited for."""
        asked = self.query() if query is None else query
        subject = self.subject.format_map(request.path_params)
        body = await asyncio.to_thread(self._body, data, subject) if self.is_large else self._body(data, subject)
        call = ControlCall(runtime, self.name, request, body, asked)
        try:
            return await self.handler(call)
        except WorkspaceError as error:
            raise ControlError(422, "invalid", str(error), field=error.field) from error

    def _body(self, data: Any, subject: str) -> B:
        for field in not_finite(data, subject):
            raise invalid(f"{field}: must be a finite number", field, ["a finite number"])
        if self.is_large and has_wide_object(data):
            raise invalid(f"body: an object has more than {MEMBERS:,} members", "body")
        return _checked(self.body, cards.cut_all(data, but=AS_GIVEN), "body")

    def endpoint(self, runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
        """The row as Starlette wants it."""

        async def respond(request: Request) -> Response:
            if "ws" in request.path_params:
                workspace_of(runtime, request)
            given = {name: value for name, value in request.query_params.items() if name != TOKEN}
            query = _checked(self.query, given, "query")
            data = await read_json(request) if self.method in HAS_BODY else {}
            result = await self.run(runtime, request, data, query)
            if isinstance(result, Response):
                return result
            return Response(status_code=204) if self.status == 204 else as_json(result, self.status)

        return respond


def workspace_of(runtime: Runtime, request: Request) -> Workspace:
    wanted = request.path_params.get("ws", "default")
    workspace = runtime.find_workspace(wanted)
    if workspace is None:
        raise ControlError(404, "not_found", f"there is no workspace {wanted!r}", field="ws")
    return workspace


def base_url(runtime: Runtime, request: Request) -> str:
    return runtime.public_url or f"{request.url.scheme}://{request.url.netloc}"


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """The whole body. Raises 413 when it is too large, and Starlette's `ClientDisconnect` when the client goes away before it has
    sent all, so that half a body is never taken for a whole one."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limit:
            raise ControlError(413, "body_too_large", f"the body is larger than {limit} bytes")
    return bytes(raw)


async def read_json(request: Request) -> Any:
    """The request's body, read as JSON. NaN and infinity, which many languages write, are read too, so that they can be refused by
    the name of their member."""
    limit = body_limit(request.scope["path"])
    raw = await read_body(request, limit)
    return await asyncio.to_thread(_parsed, raw, limit) if len(raw) > BODY_LIMIT else _parsed(raw, limit)


def _parsed(raw: bytes, limit: int) -> Any:
    try:
        data = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        try:
            data = json.loads(raw)
            orjson.dumps(data)  # half a surrogate pair is read here, and written nowhere
        except (TypeError, ValueError, RecursionError):
            data = None
        if is_deep(data, DEPTH_LIMIT + 1) or not any(not_finite(data)):
            raise ControlError(400, "malformed_json", str(error)) from error
    if is_deep(data, DEPTH_LIMIT + 1):
        raise ControlError(400, "malformed_json", f"the body is nested in more than {DEPTH_LIMIT} levels")
    if limit == BODY_LIMIT and is_wide(data):
        raise ControlError(413, "body_too_large", f"the body has more than {MEMBERS:,} members")
    return data


def not_finite(data: Any, path: str = "") -> Iterator[str]:
    """Where in a body there are numbers that are none."""
    if isinstance(data, float) and not math.isfinite(data):
        yield path
    elif isinstance(data, dict | list):
        for name, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from not_finite(value, f"{path}.{name}" if path else str(name))


M = TypeVar("M", bound=BaseModel)


def _checked(model: type[M], data: Any, what: str) -> M:
    if data == {} and not model.model_fields:  # nothing to check, so health builds no model
        return model.model_construct()
    try:
        found = validate(model, data)
    except Invalid as refused:
        first = refused.violations[0]
        raise invalid(f"{first.path or what}: {first.message}", first.path, allowed(model, data, first)) from refused
    assert isinstance(found, model)
    return found
