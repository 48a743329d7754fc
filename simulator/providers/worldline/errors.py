"""Worldline Connect's error catalogue as data, and every refusal in its words. Source: docs/providers/worldline.md, source 5.

Inferred: worldline.unauthenticated-status, worldline.error-statuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.kernel import refusals as r
from simulator.kernel.ids import Ids
from simulator.kernel.values import dataclass
from simulator.providers.worldline.wire.layout import error_response

CONNECT = "CONNECT_PLATFORM_ERROR"
PLATFORM = "PAYMENT_PLATFORM_ERROR"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `numbered` errors come from the payment platform and bear a `requestId`; `bare` ones have no `httpStatusCode`."""

    http: int
    message: str
    id: str | None = None
    category: str | None = None
    numbered: bool = False
    bare: bool = False
    property_name: str | None = None
    """Unless the refusal names another."""


# fmt: off
CATALOGUE: dict[str, Entry] = {
    # code           http  message                                          id                                category
    "9002":     Entry(401, "MISSING_OR_INVALID_AUTHORIZATION",              bare=True),
    "9007":     Entry(403, "ACCESS_TO_MERCHANT_NOT_ALLOWED",                bare=True),
    "9999":     Entry(500, "UNKNOWN_SERVER_ERROR"),
    "1002":     Entry(404, "UNKNOWN_PAYMENT_ID", "UNKNOWN_PAYMENT_ID", CONNECT, property_name="paymentId"),
    "1007":     Entry(404, "UNKNOWN_PRODUCT_ID", "UNKNOWN_PRODUCT_ID", CONNECT, property_name="productId"),
    "1099":     Entry(400, "INVALID_VALUE",                                 "INVALID_VALUE",                  CONNECT),
    "1409":     Entry(409, "DUPLICATE REQUEST IN PROGRESS"),
    "103000":   Entry(409, "ANOTHER_ACTION_IS_IN_PROCESS"),
    "210390":   Entry(404, "NO DIRECTORY FOUND",                            numbered=True),
    "300240":   Entry(404, "REQUEST {request} GET_ORDERSTATUS ORDER NOT FOUND", numbered=True),
    "300450":   Entry(400, "ORDER WITHOUT REFUNDABLE PAYMENTS",             numbered=True),
    "410110":   Entry(402, "UNKNOWN ORDER OR NOT PENDING",                  numbered=True),
    "410120":   Entry(400, "AMOUNT_NOT_BETWEEN_MINAMOUNT_AND_MAXAMOUNT",    numbered=True),
    "430900":   Entry(402, "NO VALID PROVIDERS FOUND FOR COMBINATION MERCHANTID: {merchant}, PAYMENTPRODUCT: {product}, "
                           "COUNTRYCODE: {country}, CURRENCYCODE: {currency}", numbered=True),
    "11000400": Entry(504, "TIMEOUT"),
    "20000000": Entry(400, "PARAMETER_NOT_FOUND_IN_REQUEST",                "PARAMETER_NOT_FOUND_IN_REQUEST", CONNECT),
    "20000001": Entry(400, "PARAMETER_NOT_FOUND_IN_REQUEST",                "PARAMETER_NOT_FOUND_IN_REQUEST", CONNECT),
    "21000050": Entry(400, "FIELD_VALIDATION_ERROR",                        "FIELD_VALIDATION_ERROR",         CONNECT),
    "430260":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
    "430285":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
    "430306":   Entry(402, "Card expired",                                  "CARD_EXPIRED",                   PLATFORM, True),
    "430327":   Entry(402, "Unable to authorise",                           "UNABLE_TO_AUTHORISE",            PLATFORM, True),
    "430330":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
    "430360":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
    "430409":   Entry(402, "Referred",                                      "REFERRED",                       PLATFORM, True),
    "430421":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
    "430424":   Entry(402, "Unable to authorise",                           "UNABLE_TO_AUTHORISE",            PLATFORM, True),
    "430475":   Entry(402, "Not authorised",                                "NOT_AUTHORISED",                 PLATFORM, True),
}
# fmt: on

DECLINED = "430330"

# Source: docs/providers/worldline.md, source 5.4 (recorded).
PROPERTY_MISSING = "20000000"
PARAMETER_MISSING = "20000001"
"""A parameter of the query; the other one is a property of the body."""

# What an unknown id is called. Inferred: worldline.error-words, worldline.unknown-things.
UNKNOWN = {"refundId": "UNKNOWN_REFUND_ID", "hostedCheckoutId": "UNKNOWN_HOSTED_CHECKOUT_ID"}
UNKNOWN |= {"captureId": "UNKNOWN_CAPTURE_ID", "tokenId": "UNKNOWN_TOKEN_ID"}
UNKNOWN |= {"bin": "UNKNOWN_IIN", "values": "UNKNOWN_CUSTOMER"}

HTML = {404: "Not Found", 405: "Method Not Allowed", 502: "502 Proxy Error"}


def request_id(ids: Ids) -> str:
    return "5" + ids.digits(5)


def api_error(
    code: str, ids: Ids, *, property_name: str | None = None, brief: bool = False, http: int | None = None, **words: Any
) -> dict[str, Any]:
    """One `APIError`. `brief` leaves out `id` and `category`, which older recordings and stored errors do not have."""
    entry = CATALOGUE.get(code) or Entry(402, "Not authorised", "NOT_AUTHORISED", PLATFORM, True)
    number = request_id(ids) if entry.numbered else None
    message = words.pop("message", None) or entry.message.format(request=number, **words)
    members = {
        "code": code,
        "requestId": number,
        "id": None if brief else words.pop("id", None) or entry.id,
        "category": None if brief else entry.category,
        "propertyName": property_name or entry.property_name,
        "message": message,
        "httpStatusCode": None if entry.bare else http or entry.http,
    }
    return {name: value for name, value in members.items() if value is not None}


def error_id(ids: Ids) -> str:
    return f"{ids.guid()}-{ids.hex(8)}"


def _error_reply(ids: Ids, *errors: dict[str, Any], status: int | None = None) -> Reply:
    http = status or errors[0].get("httpStatusCode") or CATALOGUE[errors[0]["code"]].http
    return Reply(http, error_response(error_id(ids), list(errors)))


def _html(status: int) -> Reply:
    title = HTML[status]
    body = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>" if status == 502 else title
    return Reply(status, body, content_type="text/html")


def refuse(refusal: r.Refusal, call: Call) -> Reply:
    ids = call.ids
    match refusal:
        case r.OperationLeftOut():
            text = "UNKNOWN_OPERATION"
            return _error_reply(ids, api_error("1002", ids, message=text, id=text, property_name="path"))
        case r.UnknownRoute():
            return _html(404)
        case r.MethodNotAllowed(allowed=allowed):
            reply = _html(405)
            reply.headers["allow"] = ", ".join(allowed)
            return reply
        case r.HeadersTooLarge(limit=limit):
            message = f"INVALID_VALUE: the headers are larger than {limit} bytes"
            return _error_reply(ids, api_error("1099", ids, message=message, http=431))
        case r.BodyTooLarge(limit=limit):
            message = f"INVALID_VALUE: the request body is larger than {limit} bytes"
            return _error_reply(ids, api_error("1099", ids, message=message))
        case r.Unauthenticated():
            return _error_reply(ids, api_error("9002", ids))
        case r.Forbidden():
            return _error_reply(ids, api_error("9007", ids))
        case r.MalformedBody():
            return _error_reply(ids, api_error("1099", ids))
        case r.Invalid(violations=violations):
            return _invalid(violations, ids)
        case r.NotFound(kind="payment", id=id_):
            known_shape = len(id_) == 30 and id_.isascii() and id_.isdigit()
            if known_shape:
                return _error_reply(ids, api_error("300240", ids))
            return _error_reply(ids, api_error("1002", ids))
        case r.NotFound(kind="product"):
            return _error_reply(ids, api_error("1007", ids))
        case r.NotFound(path=path):
            text = UNKNOWN.get(path, "UNKNOWN_ID")
            return _error_reply(ids, api_error("1002", ids, property_name=path or None, message=text, id=text))
        case r.LimitExceeded() | r.IllegalTransition(trigger="api.refund"):
            return _error_reply(ids, api_error("300450", ids))
        case r.IllegalTransition():
            return _error_reply(ids, api_error("410110", ids))
        case r.IdempotencyConflict():
            return _error_reply(ids, api_error("1409", ids))
        case r.Refused(code=code, detail=detail):
            http = detail.pop("http", None)
            return _error_reply(ids, api_error(code, ids, http=http, **detail), status=http)
        case r.Faulted(status=status, body=body):
            return _faulted(status, body or {}, ids, call)
        case _:
            return _error_reply(ids, api_error("9999", ids))


def _invalid(violations: list[r.Violation], ids: Ids) -> Reply:
    """Reports all missing properties; only when none is missing, all wrong values. Source: source 5.4.

    Inferred: worldline.order-of-checks, worldline.malformed-json.
    """
    missing = [v for v in violations if v.rule == "required"]
    return _error_reply(ids, *(_violation(v, ids) for v in missing or violations))


def _violation(violation: r.Violation, ids: Ids) -> dict[str, Any]:
    path = violation.path or None
    if violation.rule == "required":
        code = str(violation.limit or PROPERTY_MISSING)
        return api_error(code, ids, property_name=path)
    leaf = violation.path.rpartition(".")[2]
    if violation.rule in _LIMITS:
        message = _LIMITS[violation.rule](leaf, violation)
        return api_error("21000050", ids, property_name=path, message=f"FIELD_VALIDATION_ERROR: {message}")
    if path is None:  # the body itself, which is no object
        return api_error("1099", ids)
    message = f"INVALID_VALUE: '{_shown(violation.given)}' is not a valid value for field '{leaf}'"
    return api_error("1099", ids, property_name=path, message=message)


# What is wrong with a value that is of the right type, by the rule that it breaks.
# Source: source 5.4. Inferred: worldline.error-words.
_LIMITS: dict[str, Callable[[str, r.Violation], str]] = {
    "max_length": lambda leaf, v: f"'{leaf}' has {len(v.given)} {_counted(v.given)}, and at most {v.limit} are allowed",
    "min_length": lambda leaf, v: f"'{leaf}' has {len(v.given)} {_counted(v.given)}, and at least {v.limit} are needed",
    "max": lambda leaf, v: f"'{leaf}' is {_shown(v.given)}, and at most {v.limit} is allowed",
    "format": lambda leaf, v: f"'{leaf}' has characters that are not allowed",
    "live": lambda leaf, v: f"'{leaf}' {v.message}",
    "custom": lambda leaf, v: v.message,
}


def _counted(given: Any) -> str:
    """What the length of a value counts."""
    return "characters" if isinstance(given, str) else "entries"


def _shown(given: Any) -> str:
    """A value as the merchant wrote it: a text as it stands, anything else as JSON."""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return text if len(text) <= 100 else text[:100] + "…"


def combination(body: Any, product: object) -> dict[str, str]:
    """The words of 430900 from whatever a request gave. What it did not give, or not as text, stays empty."""
    order = body.get("order") if isinstance(body, dict) else None
    country = _text_at(order, "customer", "billingAddress", "countryCode")
    currency = _text_at(order, "amountOfMoney", "currencyCode")
    return {"product": str(product)[:10], "country": country, "currency": currency}


def _text_at(value: Any, *path: str) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value[:10] if isinstance(value, str) else ""


def _body(call: Call) -> Any:
    """The body, which may not have been read yet; None when it is no JSON."""
    try:
        return call.json
    except r.MalformedBody:
        return None


def _faulted(status: int, body: dict[str, Any], ids: Ids, call: Call) -> Reply:
    """A failure that a scenario orders: the documented error of its status, unless the scenario names a code."""
    if status == 502:
        return _html(502)
    usual = {401: "9002", 403: "9007", 404: "300240", 409: "1409", 504: "11000400"}
    code = body.get("code") or usual.get(status, "9999")
    words: dict[str, Any] = {"merchant": call.path.get("merchantId", ""), **combination(_body(call), 861)}
    error = api_error(code, ids, message=body.get("message"), http=status, **words)
    return _error_reply(ids, error, status=status)
