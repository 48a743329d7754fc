"""How a request is read: its body, its flags and its numbers; and the address of what it made."""

from __future__ import annotations

import re
from typing import Any

from simulator.engine.provider import Call, Endpoint
from simulator.kernel.refusals import Invalid, MalformedBody, Refused, Violation
from simulator.providers.worldline import errors
from simulator.providers.worldline.wire.official import official_types, wrong_types
from simulator.providers.worldline.wire.payments import CreatePaymentRequest
from simulator.providers.worldline.wire.refunds import ApproveRefundRequest, RefundRequest
from simulator.providers.worldline.wire.sessions import SessionRequest

BODY_DEPTH = 64
"""Levels of nesting; the official schemas need eight."""

METHODS = re.compile(r"[A-Za-z]+PaymentMethodSpecificInput")

OPTIONAL_BODIES = (
    RefundRequest,
    ApproveRefundRequest,
    SessionRequest,
)


def read_body(call: Call, endpoint: Endpoint) -> Any:
    """The body without its nulls, which count as absent. Where a body may be empty, nothing, `[]` and `{}` are the same.

    Inferred: worldline.empty-refund. Source: docs/providers/worldline.md, source 2.7.
    """
    if endpoint.body in OPTIONAL_BODIES and call.raw_body.strip() in (b"", b"[]"):
        return {}
    body = call.json if _is_plain(call.raw_body) else _without_nulls(call.json, BODY_DEPTH)
    if endpoint.body is CreatePaymentRequest:
        _check_method(call, body)
    call.parsed["body"] = body
    return body


def _is_plain(raw: bytes) -> bool:
    """Whether there is no null to leave out, and no nesting to refuse: as with nearly all."""
    return b"null" not in raw and raw.count(b"{") + raw.count(b"[") < BODY_DEPTH


def _without_nulls(value: Any, depth: int) -> Any:
    if depth == 0:
        raise MalformedBody(f"nested deeper than {BODY_DEPTH} levels")
    if isinstance(value, dict):
        return {name: _without_nulls(inner, depth - 1) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner, depth - 1) for inner in value] if isinstance(value, list) else value


def _check_method(call: Call, body: Any) -> None:
    """Refuses several `…PaymentMethodSpecificInput`, and any but the redirect one: the account has no other products."""
    if not isinstance(body, dict):
        return
    given = [name for name in body if METHODS.fullmatch(name)]
    if len(given) > 1:
        raise Invalid([Violation(given[1], "required")])
    if given and given[0] != "redirectPaymentMethodSpecificInput":
        method = body[given[0]]
        product = method.get("paymentProductId", "") if isinstance(method, dict) else ""
        words = errors.combination(body, product)
        raise Refused("430900", {"merchant": call.credential["merchant_id"], **words})


def check_types(call: Call) -> None:
    """What the request models do not read must still be of the official types. Raises `Invalid`."""
    assert call.endpoint is not None and call.endpoint.body is not None
    wrong = list(wrong_types(call.parsed.get("body", {}), official_types()[call.endpoint.body.__name__]))
    if wrong:
        raise Invalid(wrong)


def must_have(call: Call, *names: str, code: str = errors.PARAMETER_MISSING) -> None:
    """Raises `Invalid` for all of these query parameters that are missing."""
    missing = [Violation(name, "required", code) for name in names if not call.query.get(name)]
    if missing:
        raise Invalid(missing)


def flag(value: str | None) -> bool:
    return (value or "").lower() == "true"


def count(call: Call, name: str, default: int, maximum: int) -> int:
    """A query parameter that counts something. Raises `Invalid` unless it is a number from 0 to `maximum`."""
    raw = call.query.get(name) or str(default)
    if not raw.isascii() or not raw.isdigit() or int(raw[:12]) > maximum:
        raise Invalid([Violation(name, "type", maximum, raw)])
    return int(raw)


def location(call: Call, path: str) -> dict[str, str]:
    """The header `Location`. Its address names the port even if that is the usual one, as the platform writes it."""
    scheme, _, host = call.base_url.partition("://")
    if not re.search(r":\d+$", host):
        host += ":443" if scheme == "https" else ":80"
    return {"Location": f"{scheme}://{host}/v1/{call.credential['merchant_id']}/{path}"}
