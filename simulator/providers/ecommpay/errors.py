"""ecommpay's refusals: the answer of three members, and the items of the `errors` lists in callbacks and answers.

Source: docs/providers/ecommpay.md, source 5. The catalogue of response codes is `codes.json`.
Inferred: ecommpay.signature-codes, ecommpay.other-codes, ecommpay.unknown-paths, ecommpay.order-of-checks.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from simulator.engine import validation
from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r

WALLET_REASONS = {
    # The wallet's reason, and operation.code. Source: sources 8.1 and 4.3. Inferred: ecommpay.decline-codes, ecommpay.threshold.
    "balance": "20105",
    "limit": "20101",
    "blocked": "20201",
    "authentication": "20000",
    "cancelled": "20301",
    "expired": "20602",
    "declined": "20000",
}

FIELD_CODES = {
    # Malformed members that have a code of their own; all others have 2003. Source: docs/providers/ecommpay.md, source 5.3.
    "customer.id": "2124",
    "customer.email": "2426",
    "customer.country": "2610",
    "customer.city": "2611",
    "customer.day_of_birth": "2609",
    "payment.currency": "3121",
}

CONSTRAINTS = {
    # The rule that was broken, and its keyword in JSON schema. Source: docs/providers/ecommpay.md, source 5.2.
    "required": "required",
    "type": "type",
    "pattern": "pattern",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min": "minimum",
    "max": "maximum",
    "format": "format",
    "enum": "enum",
    "unknown": "additionalProp",
    "live": "format",
    "custom": "format",
}


EMPTY_SIGNATURE = "the signature is empty"
"""The reason of a refusal that has a code of its own."""


@cache
def catalogue() -> dict[str, str]:
    """All 378 values of `operation.code` with their texts."""
    found: dict[str, str] = json.loads(files(__package__).joinpath("codes.json").read_text("utf-8"))
    return found


def message(code: str) -> str:
    """The documented text of a code; an unknown one has none."""
    return catalogue().get(code, "")


def decline_code(code: str | None, reason: str | None) -> str:
    """`operation.code` of a decline: the one that a scenario or a documented trigger fixes, else that of the wallet's reason."""
    return code or WALLET_REASONS.get(reason or "declined", WALLET_REASONS["declined"])


# Items of `errors` ---------------------------------------------------------------------------------------------


def item(code: str, field: str | None = None, constraint: str | None = None, text: str | None = None) -> dict[str, Any]:
    """The code is a number here; in all other places it is a string."""
    found: dict[str, Any] = {"code": int(code), "message": text or message(code)}
    if field is not None:
        found["field"] = field
    if constraint is not None:
        found["constraint"] = constraint
    return found


def of_violation(violation: r.Violation) -> dict[str, Any]:
    code = FIELD_CODES.get(violation.path)
    if code is not None:
        return item(code, violation.path)
    constraint = CONSTRAINTS.get(violation.rule, "type")
    return item("2003", violation.path, constraint, _sentence(violation, constraint))


_JSON_TYPES = (
    (bool, "Boolean"),
    (int, "Integer"),
    (float, "Number"),
    (str, "String"),
    (list, "Array"),
    (dict, "Object"),
)

_WANTED = {
    validation.WHOLE: "an integer",
    validation.FLAG: "a boolean",
    validation.OBJECT: "an object",
    validation.LIST: "an array",
}
"""What a member of a wrong type should have been; everything else is a string."""


def _sentence(violation: r.Violation, constraint: str) -> str:
    """In the words of PHP's JSON-schema validator. Inferred: ecommpay.validator-words."""
    name = violation.path.rpartition(".")[2]
    match constraint:
        case "required":
            return f"The property {name} is required"
        case "pattern":
            return f"Does not match the regex pattern {violation.limit}"
        case "maxLength":
            return f"Must be at most {violation.limit} characters long"
        case "minLength":
            return f"Must be at least {violation.limit} characters long"
        case "minimum":
            return f"Must have a minimum value of {violation.limit}"
        case "maximum":
            return f"Must have a maximum value of {violation.limit}"
        case "enum":
            return "Does not have a value in the enumeration"
        case "additionalProp":
            return f"The property {name} is not defined and the definition does not allow additional properties"
        case "format":
            return violation.message or "Invalid format"
    given = next((title for kind, title in _JSON_TYPES if isinstance(violation.given, kind)), "NULL")
    wanted = next((name for kind, name in _WANTED.items() if kind in str(violation.limit)), "a string")
    return f"{given} value found, but {wanted} is required"


# Answers -------------------------------------------------------------------------------------------------------


_STATUS = {"2004": 400, "3261": 400, "3262": 400, "3027": 401, "2442": 404, "3061": 404, "303": 403, "2003": 422}


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    match refusal:
        case r.Unauthenticated(reason=reason):
            code = "3262" if reason == EMPTY_SIGNATURE else "3261"
            return _body(400, code)
        case r.Refused(code=code):
            return _body(_STATUS.get(code, 400), code)
        case r.Forbidden():
            return _body(403, "303")
        case r.BodyTooWide():  # as one that is too much to sign
            return _body(413, "702")
        case r.MalformedBody():
            return _body(422, "2003")
        case r.Invalid(violations=violations):
            return Reply(400, {"status": "error", "errors": [of_violation(v) for v in violations]})
        case r.NotFound():
            return _body(404, "3061")
        case r.UnknownRoute():
            return _body(404, "702")
        case r.MethodNotAllowed(allowed=allowed):
            reply = _body(405, "702")
            reply.headers["allow"] = ", ".join(allowed)
            return reply
        case r.HeadersTooLarge():
            return _body(431, "702")
        case r.BodyTooLarge():
            return _body(413, "702")
        case r.Throttled():
            return _body(429, "601")
        case r.Faulted(status=status, body=body):
            wanted = body or {}
            code = str(wanted.get("code") or "501")
            return _body(status, code, wanted.get("message"))
        case _:
            return _body(500, "501")


def _body(status: int, code: str, text: str | None = None) -> Reply:
    """Three members, unsigned; the code is a string."""
    return Reply(status, {"status": "error", "code": code, "message": text or message(code)})
