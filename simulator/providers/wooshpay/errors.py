"""WooshPay's error envelope, Stripe's: `{"error": {"type", "code", "message", "param"}}`.

Source: docs/providers/wooshpay.md, source 5. Inferred: wooshpay.envelope, wooshpay.error-codes, wooshpay.state-errors.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r
from simulator.providers.wooshpay.auth import key_of, masked
from simulator.providers.wooshpay.settings import WooshpaySettings

# fmt: off
CATALOGUE: dict[str, tuple[int, str, str]] = {
    # code                               status  type                     message
    "api_key_missing":                    (401, "invalid_request_error", "No API key was given."),
    "api_key_invalid":                    (401, "invalid_request_error", "Invalid API Key provided: {key}"),
    "secret_key_required":                (403, "invalid_request_error", "This operation needs a secret key."),
    "parameter_unknown":                  (400, "invalid_request_error", "Received unknown parameter: {param}"),
    "parameter_missing":                  (400, "invalid_request_error", "Missing required param: {param}."),
    "parameter_invalid_integer":          (400, "invalid_request_error", "Invalid integer: {param}."),
    "parameter_invalid_empty":            (400, "invalid_request_error", "{param} must not be empty."),
    "parameter_invalid_string_enum":      (400, "invalid_request_error", "Invalid {param}: {message}."),
    "parameter_invalid":                  (400, "invalid_request_error", "Invalid {param}: {message}."),
    "url_invalid":                        (400, "invalid_request_error", "Not a valid URL: {param}."),
    "invalid_json":                       (400, "invalid_request_error", "The request body could not be read: {message}."),
    "body_too_large":                     (400, "invalid_request_error", "The request body is larger than {limit} bytes."),
    "headers_too_large":                  (431, "invalid_request_error", "The headers are larger than {limit} bytes."),
    "amount_too_small":                   (400, "invalid_request_error", "Amount must be at least 1."),
    "amount_too_large":                   (400, "invalid_request_error", "Amount is greater than {available}."),
    "currency_not_supported":             (400, "invalid_request_error", "The currency is not supported: {message}."),
    "payment_method_type_mismatch":       (400, "invalid_request_error", "Type {given} is not in payment_method_types."),
    "checkout_mixed_currencies":          (400, "invalid_request_error", "All items must share one currency."),
    "checkout_recurring_not_supported":   (400, "invalid_request_error", "Alipay takes one-time prices only."),
    "id_invalid":                         (400, "invalid_request_error", "id is invalid"),
    "resource_missing":                   (404, "invalid_request_error", "No such {kind}: '{id}'"),
    "payment_intent_unexpected_state":    (400, "invalid_request_error", "It cannot be {act} in status {state}."),
    "payment_intent_belongs_to_session":  (400, "invalid_request_error", "It belongs to a session: expire that."),
    "checkout_session_unexpected_state":  (400, "invalid_request_error", "This session is {state}, not open."),
    "charge_already_refunded":            (400, "invalid_request_error", "It has been refunded already."),
    "charge_not_paid":                    (400, "invalid_request_error", "This payment has not succeeded."),
    "payment_failed":                     (402, "invalid_request_error", "The payment could not be started."),
    "refund_failed":                      (402, "invalid_request_error", "The refund was rejected."),
    "idempotency_key_mismatch":           (409, "idempotency_error",     "Key {key} was used with other parameters."),
    "idempotency_key_in_use":             (409, "idempotency_error",     "Key {key} is in use by another request."),
    "url_not_found":                      (404, "invalid_request_error", "Unrecognized request URL ({method} {path})."),
    "rate_limit":                         (429, "invalid_request_error", "Too many requests. Slow down and try again."),
    "api_error":                          (500, "api_error",             "A temporary problem with our internal servers."),
}
# fmt: on

INTEGERS = frozenset(
    {"amount", "unit_amount", "quantity", "amount_to_capture", "limit", "expires_at", "gt", "gte", "lt", "lte"}
)
AMOUNTS = frozenset({"amount", "unit_amount", "amount_to_capture"})

KIND_TITLES = {
    "payment_intent": "payment_intent",
    "checkout.session": "checkout.session",
    "payment_method": "PaymentMethod",
}


def bracketed(path: str) -> str:
    """`line_items.0.quantity` as Stripe writes it: `line_items[0][quantity]`."""
    first, *rest = path.split(".")
    return first + "".join(f"[{part}]" for part in rest)


def refused(code: str, param: str | None = None, **detail: Any) -> r.Refused:
    """A refusal with one of the codes above; `detail` fills the places in its message."""
    return r.Refused(code, {"param": param, **detail}, (r.Violation(param, "own", code),) if param else ())


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    match refusal:
        case r.Unauthenticated(is_public=True):
            return refuse(r.Unauthenticated(help={"key": masked(key_of(call) or "")}), call)
        case r.Unauthenticated(help={"key": key}):
            reply = _error(call, "api_key_invalid", None, key=key)
            reply.headers["www-authenticate"] = 'Basic realm="WooshPay"'
            return reply
        case r.Unauthenticated():
            reply = _error(call, "api_key_missing", None)
            reply.headers["www-authenticate"] = 'Basic realm="WooshPay"'
            return reply
        case r.Forbidden():
            return _error(call, "secret_key_required", None)
        case r.Invalid(violations=violations):
            return _violation(call, violations[0])
        case r.Refused(code=code, detail=detail):
            more = {name: value for name, value in detail.items() if name != "param"}
            return _error(call, code, detail.get("param"), **more)
        case r.MalformedBody(detail=detail):
            return _error(call, "invalid_json", None, message=detail)
        case r.HeadersTooLarge(limit=limit):
            return _error(call, "headers_too_large", None, limit=limit)
        case r.BodyTooLarge(limit=limit):
            return _error(call, "body_too_large", None, limit=limit)
        case r.NotFound(kind=kind, id=id_, path=path):
            return _error(call, "resource_missing", path or "id", kind=KIND_TITLES.get(kind, kind), id=id_[:100])
        case r.UnknownRoute() | r.MethodNotAllowed():
            return _error(call, "url_not_found", None, method=call.method, path=call.target[:200])
        case r.IdempotencyConflict(key=key, because=because):
            code = "idempotency_key_in_use" if because == "in_progress" else "idempotency_key_mismatch"
            return _error(call, code, None, key=key[:100])
        case r.Throttled():
            return _error(call, "rate_limit", None)
        case r.Faulted(status=status, body=body):
            return _fault(call, status, body or {})
        case _:
            return _error(call, "api_error", None)


def _fault(call: Call, status: int, body: dict[str, Any]) -> Reply:
    """A failure that a scenario orders: with its status, and with the usual code of that status unless it names one."""
    by_status = {401: "api_key_invalid", 402: "payment_failed", 403: "secret_key_required", 404: "resource_missing"}
    by_status |= {409: "idempotency_key_in_use", 429: "rate_limit"}
    code = body.get("code") or by_status.get(status, "api_error" if status >= 500 else "parameter_invalid")
    type_ = CATALOGUE[code][1] if code in CATALOGUE else "api_error" if status >= 500 else "invalid_request_error"
    message = body.get("message") or ("Simulated failure" if status < 500 else CATALOGUE["api_error"][2])
    return _envelope(call, status, {"type": type_, "code": code, "message": message})


def _violation(call: Call, violation: r.Violation) -> Reply:
    param, name = bracketed(violation.path), violation.path.rpartition(".")[2]
    message = violation.message.rstrip(".")
    if violation.rule == "required":
        return _error(call, "parameter_missing", param)
    if violation.rule == "unknown":  # Stripe's words; only a strict server refuses it
        return _error(call, "parameter_unknown", param)
    if name in AMOUNTS and violation.rule == "min":
        return _error(call, "amount_too_small", param)
    if name in AMOUNTS and violation.rule == "max":
        return _error(call, "amount_too_large", param, available=violation.limit)
    if name in INTEGERS and violation.rule in ("type", "format", "min", "max"):
        return _error(call, "parameter_invalid_integer", param)
    if violation.message.startswith("Invalid currency"):
        return _error(call, "currency_not_supported", param, message=message)
    if violation.rule == "min_length":
        return _error(call, "parameter_invalid_empty", param)
    if violation.rule == "enum":
        message = f"must be one of {violation.limit}" if violation.limit else message
        return _error(call, "parameter_invalid_string_enum", param, message=message)
    return _error(call, "parameter_invalid", param, message=message)


def _error(call: Call, code: str, param: str | None, **places: Any) -> Reply:
    status, type_, text = CATALOGUE[code]
    intent = places.pop("payment_intent", None)
    places = {"message": "", "param": param or "", **places}
    error = {"type": type_, "code": code, "message": text.format_map(places)}
    if param is not None:
        error["param"] = param
    if intent is not None:
        error["payment_intent"] = intent
    return _envelope(call, status, error)


def _envelope(call: Call, status: int, error: dict[str, Any]) -> Reply:
    """Setting `error_envelope`: `stripe` puts the error into a member `error`, `flat` does not."""
    flat = call.workspace is not None and call.workspace.settings_of(WooshpaySettings).error_envelope == "flat"
    return Reply(status, error if flat else {"error": error})
