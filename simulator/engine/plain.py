"""Refusals in our own words: for requests that no provider claims."""

from __future__ import annotations

import orjson

from simulator.engine.call import Call
from simulator.engine.http import HttpReply
from simulator.kernel.refusals import BodyTooLarge, Crashed, HeadersTooLarge, MethodNotAllowed, Refusal, UnknownRoute


def refused(call: Call, refusal: Refusal, path: str) -> HttpReply:
    """`path` is the address as it may be shown."""
    if isinstance(refusal, MethodNotAllowed):
        status, code, more = 405, "method_not_allowed", {"allowed": refusal.allowed}
    elif isinstance(refusal, BodyTooLarge):
        status, code, more = 413, "body_too_large", {"limit": refusal.limit}  # type: ignore[dict-item]
    elif isinstance(refusal, HeadersTooLarge):
        status, code, more = 431, "headers_too_large", {"limit": refusal.limit}  # type: ignore[dict-item]
    elif isinstance(refusal, Crashed):
        status, code, more = 500, "internal_error", {"error_id": refusal.error_id}  # type: ignore[dict-item]
    else:
        nearest = refusal.nearest if isinstance(refusal, UnknownRoute) else []
        status, code, more = 404, "not_found", {"nearest": nearest}
    message = f"no provider answers {call.method} {path}"
    if isinstance(refusal, Crashed):
        message = f"the simulator failed; its log has error {refusal.error_id}"
    body = orjson.dumps({"error": {"code": code, "message": message, **more}})
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if isinstance(refusal, MethodNotAllowed):
        headers.append((b"allow", ", ".join(refusal.allowed).encode()))
    return HttpReply(status, headers, body)
