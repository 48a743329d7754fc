"""PPRO's error envelope: `{status, failureMessage, timestamp}`; 401 is the exception. Source: docs/providers/ppro.md, source 5.

Inferred: ppro.envelope, ppro.error-texts, ppro.order-of-checks.
"""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r
from simulator.kernel.clock import iso_millis
from simulator.providers.ppro.auth import HEADER_LIMIT

SENTENCES = 10
"""At most so many broken rules are named in one answer."""

NOT_FOUND = {
    "payment-charge": "Payment charge not found",
    "payment-instrument": "Payment instrument not found",
    "payment-report": "Payment report not found",
    "authorizations": "Authorization not found",
    "captures": "Capture not found",
    "refunds": "Refund not found",
    "voids": "Void not found",
    "discards": "Discard not found",
}


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    match refusal:
        case r.Unauthenticated():
            return Reply(401, {"message": "Unauthorized"})
        case r.Forbidden(reason=reason):
            return _envelope(call, 403, f"Forbidden: {reason}" if reason else "Forbidden")
        case r.Invalid(violations=violations):
            return _envelope(call, 400, "; ".join(_sentence(v) for v in violations[:SENTENCES]))
        case r.Refused(code="semantic", detail=detail):
            return _envelope(call, 422, detail["message"])
        case r.Refused(code="operation", detail=detail):
            return _envelope(call, 400, detail["failureMessage"])
        case r.MalformedBody():
            return _envelope(call, 400, "Request body is not valid JSON")
        case r.Refused(code="headers", detail=detail):
            return _envelope(call, 431, detail["message"])
        case r.HeadersTooLarge():
            return _envelope(call, 431, f"Request headers are larger than {HEADER_LIMIT} bytes")
        case r.BodyTooLarge(limit=limit):
            return _envelope(call, 413, f"Request body is larger than {limit} bytes")
        case r.UnknownRoute():
            return _envelope(call, 404, "Resource not found")
        case r.NotFound(kind=kind):
            # An operation on an unknown charge is 400, a retrieval 404. Source: docs/providers/ppro.md, source 5.2.
            # Inferred: ppro.operation-on-unknown
            on_operation = call.method == "POST" and kind == "payment-charge"
            return _envelope(call, 400 if on_operation else 404, NOT_FOUND.get(kind, "Resource not found"))
        case r.MethodNotAllowed(method=method, allowed=allowed):
            reply = _envelope(call, 405, f"Method {method} is not supported")
            reply.headers["allow"] = ", ".join(allowed)
            return reply
        case r.UnsupportedMediaType(given=given):
            return _envelope(call, 415, f"Content type {given or '(none)'} is not supported")
        case r.IllegalTransition(state=state):
            return _envelope(call, 400, f"Operation is not allowed for a payment charge in status {state}")
        case r.IdempotencyConflict():
            return _envelope(call, 409, "Duplicate request received with the same idempotency key.")
        case r.Throttled():
            return _envelope(call, 429, "Too many requests")
        case r.Faulted(status=401):
            return Reply(401, {"message": "Unauthorized"})
        case r.Faulted(status=status, body=body):
            return _envelope(call, status, (body or {}).get("message") or "Simulated failure")
        case _:
            return _envelope(call, 500, "Internal server error")


def _envelope(call: Call, status: int, message: str) -> Reply:
    return Reply(status, {"status": status, "failureMessage": message, "timestamp": iso_millis(call.now)})


def _sentence(violation: r.Violation) -> str:
    match violation.rule:
        case "required":
            text = "must not be missing"
        case "pattern":
            text = f'must match "{violation.limit}"'
        case _:
            text = violation.message or "is not well-formed"
    return f"{violation.path}: {text}" if violation.path else f"Request body {text}"
