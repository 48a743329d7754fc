"""How the control API says no: `{"error": {"code", "message", "field"?, "allowed"?, "nearest"?}}`, for its own refusals and all
else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.engine import again, cards
from simulator.engine.facets import ScenarioError
from simulator.engine.routes import nearest
from simulator.engine.store import Store
from simulator.engine.unreadable import Unreadable
from simulator.kernel.refusals import NotFound

log = logging.getLogger("simulator")


class ControlError(Exception):
    """A refusal. `more` are further members of the error object: `field` and `allowed`."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = cards.cut_all({"error": {"code": code, "message": message, **more}})


def invalid(message: str, field: str, allowed: Sequence[Any] | None = None) -> ControlError:
    """422: `field` is what has to change, `allowed` what it could be."""
    more = {} if allowed is None else {"allowed": list(allowed)}
    return ControlError(422, "invalid", message, field=field, **more)


def as_json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _error(status: int, code: str, message: str, **more: Any) -> Response:
    return as_json(cards.cut_all({"error": {"code": code, "message": message, **more}}), status)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return as_json(error.body, error.status)


async def _http(request: Request, error: Exception) -> Response:
    """An address that is not ours is told with the `nearest` that are; one that takes other methods, with those."""
    assert isinstance(error, HTTPException)
    status, message = error.status_code, f"{request.method} {request.url.path}: {error.detail}"
    if status == 405:
        methods = sorted({method for method, route in _routed(request) if route.path_regex.match(request.url.path)})
        methods = methods or ["GET"]  # a static file
        answer = _error(405, "method_not_allowed", f"{message}; it takes {', '.join(methods)}", allowed=methods)
        answer.headers["allow"] = ", ".join(methods)
        return answer
    if status == 404 and "endpoint" not in request.scope:  # nobody was asked
        ours = [(method, route.path) for method, route in _routed(request) if route.path.startswith("/_sim/")]
        paths = [
            (method, path) for method, path in ours if not path.startswith("/_sim/inbox/")
        ]  # it takes whatever comes
        return _error(404, "not_found", message, nearest=nearest(request.method, request.url.path, paths))
    return _error(status, "not_found" if status == 404 else "error", message)


def _routed(request: Request) -> list[tuple[str, Route]]:
    """Every method of every address. That a browser may ask for the headers alone goes without saying."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return [(method, route) for route in routes for method in (route.methods or ()) if method != "HEAD"]


async def _gone(request: Request, error: Exception) -> Response:
    """What was there when the request came: somebody else removed it while this one was being answered."""
    assert isinstance(error, NotFound)
    return _error(404, "not_found", f"{request.method} {request.url.path}: the {error.kind} was removed meanwhile")


async def _hung_up(request: Request, error: Exception) -> Response:
    """The client went away before its body was complete. Nothing was done, and nobody is left to read this."""
    return _error(400, "incomplete_body", f"{request.method} {request.url.path}: the body ended before its length")


async def _misread(request: Request, error: Exception) -> Response:
    """Of those that ship with us, which nobody reads before they are needed."""
    log.error("%s %s: a scenario on disk is wrong: %s", request.method, request.url.path, error)
    return _error(500, "scenario", f"a scenario on disk is wrong: {error}")


async def _crashed(request: Request, error: Exception) -> Response:
    return _error(500, "bug", f"the simulator has a bug: {type(error).__name__}")


def unavailable(store: Store) -> dict[Any, Callable[[Request, Exception], Any]]:
    """Handlers for Starlette: a store that cannot be used at the moment and a row that cannot be read are no bugs, and are told as
    health tells them."""

    async def away(request: Request, error: Exception) -> Response:
        again.or_later(error)
        log.error("%s %s: the store: %s", request.method, request.url.path, store.outage(error))
        return _error(503, "store_unavailable", f"the store is not available: {store.outage(error)}")

    return dict.fromkeys((*store.OUTAGES, Unreadable), away)


HANDLERS: dict[Any, Callable[[Request, Exception], Any]] = {
    ControlError: _refused,
    HTTPException: _http,
    NotFound: _gone,
    ClientDisconnect: _hung_up,
    ScenarioError: _misread,
    Exception: _crashed,
}
"""For Starlette: which error is answered by what."""
