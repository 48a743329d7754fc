"""Every refusal in Newpay's words, our own crashes included."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r

WORDS: dict[type[r.Refusal], tuple[int, str]] = {
    r.Unauthenticated: (401, "unauthorized"),
    r.Forbidden: (403, "forbidden"),
    r.UnknownRoute: (404, "not_found"),
    r.NotFound: (404, "not_found"),
    r.MethodNotAllowed: (405, "method_not_allowed"),
    r.MalformedBody: (400, "malformed_body"),
    r.Invalid: (422, "invalid_request"),
    r.IllegalTransition: (409, "invalid_state"),
    r.LimitExceeded: (422, "amount_too_large"),
    r.IdempotencyConflict: (409, "idempotency_key_reused"),
    r.BodyTooLarge: (413, "body_too_large"),
    r.HeadersTooLarge: (431, "headers_too_large"),
    r.Throttled: (429, "too_many_requests"),
    r.Crashed: (500, "internal_error"),
}
"""Status and code of each kind of refusal. A kind that is missing here has those of the kind that it extends."""


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    if isinstance(refusal, r.Faulted):
        return _error(refusal.status, (refusal.body or {}).get("code") or "api_error")
    if isinstance(refusal, r.Refused):
        return _error(422, refusal.code)
    if isinstance(refusal, r.IdempotencyConflict) and refusal.because == "in_progress":
        return _error(409, "idempotency_key_in_use")
    status, code = next((WORDS[kind] for kind in type(refusal).__mro__ if kind in WORDS), (400, "invalid_request"))
    field = refusal.violations[0].path or None if isinstance(refusal, r.Invalid) else None
    return _error(status, code, field)


def _error(status: int, code: str, field: str | None = None) -> Reply:
    return Reply(status, {"error": {"code": code, "field": field}})
