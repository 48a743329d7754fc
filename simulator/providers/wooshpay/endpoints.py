"""WooshPay's table of routes, and how its bodies and queries are read. Source: reference/wooshpay.md, section 3."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel

from simulator.engine.gateway import validate
from simulator.engine.provider import Call, Endpoint, Handler
from simulator.kernel.refusals import MalformedBody
from simulator.providers.wooshpay import account as a
from simulator.providers.wooshpay import forms, wire
from simulator.providers.wooshpay import handlers as h
from simulator.providers.wooshpay.auth import authenticate_either
from simulator.providers.wooshpay.errors import refused

FORM = "application/x-www-form-urlencoded"
KEY_LIMIT = 255
"""Characters of an idempotency key (documented for Stripe; inferred here)."""


def read_body(call: Call, endpoint: Endpoint) -> object:
    """JSON, or a form in bracket notation; without a content type whatever it looks like (inferred). null equals absent."""
    data = _body(call)
    call.scratch["body"] = data
    return data


def _body(call: Call) -> dict[str, Any]:
    if not call.raw_body.strip():
        return {}
    if call.media_type == FORM or (not call.media_type and not call.raw_body.lstrip().startswith((b"{", b"["))):
        return _clean(forms.parse(call.form_pairs))
    data = call.json
    if not isinstance(data, dict):
        raise MalformedBody("an object was expected")
    return _clean(data)


def _clean(data: dict[str, Any]) -> dict[str, Any]:
    _refuse_nul(data)
    return _without_nulls(data)  # type: ignore[no-any-return]


def _refuse_nul(value: Any) -> None:
    if isinstance(value, str) and "\0" in value:
        raise MalformedBody("text with a NUL character")
    for inner in value.items() if isinstance(value, dict) else value if isinstance(value, list) else ():
        for part in inner if isinstance(inner, tuple) else (inner,):
            _refuse_nul(part)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value if inner is not None] if isinstance(value, list) else value


def before(call: Call) -> None:
    """Reads the query of a list: the query string first, the documented body of the GET second."""
    key = call.headers.get("idempotency-key", "")
    if len(key) > KEY_LIMIT:
        raise refused("parameter_invalid", "Idempotency-Key", message=f"at most {KEY_LIMIT} characters")
    if call.endpoint is None or call.endpoint.query is None:
        return
    given: dict[str, Any] = forms.parse(call.query_pairs)
    if call.raw_body.strip():
        try:
            body = orjson.loads(call.raw_body)
        except orjson.JSONDecodeError as error:
            raise MalformedBody(str(error)) from error
        given = {**(body if isinstance(body, dict) else {}), **given}
    call.scratch["query"] = validate(call.endpoint.query, _clean(given))


def _get(path: str, handler: Handler, summary: str, query: type[BaseModel] | None = None, **more: Any) -> Endpoint:
    return Endpoint("GET", path, handler, query=query, reads=True, summary=summary, **more)


def _post(path: str, handler: Handler, operation: str, body: type[BaseModel], summary: str, **more: Any) -> Endpoint:
    return Endpoint("POST", path, handler, operation, body, idempotent=True, summary=summary, **more)


_LIST: type[BaseModel] = wire.ListQuery
_PUBLIC: dict[str, Any] = {"authenticate": authenticate_either}
INTENT, SESSION = "/v1/payment_intents/{id}", "/v1/checkout/sessions/{id}"
METHOD, CUSTOMER = "/v1/payment_methods/{id}", "/v1/customers/{id}"

# fmt: off
ENDPOINTS = (
    _post("/v1/payment_intents",              h.create_payment_intent,  "create",   wire.IntentRequest,  "Create a PaymentIntent"),
    _get( "/v1/payment_intents",              h.list_payment_intents,               "List PaymentIntents",   _LIST),
    _get( "/v1/payment_intents/search",       h.search_payment_intents,             "Search PaymentIntents", wire.SearchQuery),
    _get( INTENT,                             h.get_payment_intent,                 "Retrieve a PaymentIntent", **_PUBLIC),
    _post(INTENT,                             h.update_payment_intent,  "update",   wire.IntentUpdate,   "Update a PaymentIntent"),
    _post(f"{INTENT}/confirm",                h.confirm_payment_intent, "confirm",  wire.ConfirmRequest, "Confirm a PaymentIntent", **_PUBLIC),
    _post(f"{INTENT}/capture",                h.capture_payment_intent, "capture",  wire.CaptureRequest, "Capture a PaymentIntent"),
    _post(f"{INTENT}/cancel",                 h.cancel_payment_intent,  "cancel",   wire.CancelRequest,  "Cancel a PaymentIntent"),

    _post("/v1/checkout/sessions",            h.create_session,         "create",   wire.SessionRequest, "Create a Session"),
    _get( "/v1/checkout/sessions",            h.list_sessions,                      "List Sessions",         _LIST),
    _get( "/v1/checkout/sessions/list",       h.list_sessions,                      "List Sessions",         _LIST),
    _get( SESSION,                            h.get_session,                        "Retrieve a Session"),
    _post(f"{SESSION}/expire",                h.expire_session,         "expire",   wire.Empty,          "Expire a Session"),
    _get( f"{SESSION}/line_items",            h.list_line_items,                    "List a Session's line items", _LIST),

    _post("/v1/refunds",                      h.create_refund,          "refund",   wire.RefundRequest,  "Create a refund"),
    _get( "/v1/refunds",                      h.list_refunds,                       "List refunds",          _LIST),
    _get( "/v1/refunds/{id}",                 h.get_refund,                         "Retrieve a refund"),
    _get( "/v1/charges",                      h.list_charges,                       "List charges",          _LIST),
    _get( "/v1/charges/{id}",                 h.get_charge,                         "Retrieve a charge"),

    _post("/v1/webhook_endpoints",            a.create_webhook_endpoint, "webhook", wire.EndpointRequest, "Create a webhook"),
    _get( "/v1/webhook_endpoints",            a.list_webhook_endpoints,             "List webhooks",         _LIST),
    _get( "/v1/webhook_endpoints/{id}",       a.get_webhook_endpoint,               "Retrieve a webhook"),
    _post("/v1/webhook_endpoints/{id}",       a.update_webhook_endpoint, "webhook", wire.EndpointUpdate, "Update a webhook"),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", a.delete_webhook_endpoint, "webhook", summary="Delete a webhook"),
    _get( "/v1/events",                       h.list_events,                        "List events",           _LIST),
    _get( "/v1/events/{id}",                  h.get_event,                          "Retrieve an event"),

    _post("/v1/payment_methods",              a.create_payment_method,  "method",   wire.MethodRequest,  "Create a PaymentMethod"),
    _get( "/v1/payment_methods",              a.list_payment_methods,               "List PaymentMethods",   _LIST),
    _get( METHOD,                             a.get_payment_method,                 "Retrieve a PaymentMethod"),
    _post(METHOD,                             a.update_payment_method,  "method",   wire.MethodUpdate,   "Update a PaymentMethod"),
    _post(f"{METHOD}/attach",                 a.attach_payment_method,  "method",   wire.AttachRequest,  "Attach a PaymentMethod to a customer"),
    _post(f"{METHOD}/detach",                 a.detach_payment_method,  "method",   wire.Empty,          "Detach a PaymentMethod"),

    _post("/v1/customers",                    a.create_customer,        "customer", wire.CustomerRequest, "Create a customer"),
    _get( "/v1/customers",                    a.list_customers,                     "List customers",        _LIST),
    _get( CUSTOMER,                           a.get_customer,                       "Retrieve a customer"),
    _post(CUSTOMER,                           a.update_customer,        "customer", wire.CustomerRequest, "Update a customer"),
    Endpoint("DELETE", CUSTOMER,              a.delete_customer,        "customer", summary="Delete a customer"),
    _get( f"{CUSTOMER}/payment_methods",      a.list_customer_payment_methods,      "List a customer's PaymentMethods", _LIST),
    _get( f"{CUSTOMER}/payment_methods/{{payment_method}}", a.get_customer_payment_method, "Retrieve a customer's PaymentMethod"),

    _post("/v1/products",                     a.create_product,         "product",  wire.ProductRequest, "Create a product"),
    _get( "/v1/products/{id}",                a.get_product,                        "Retrieve a product"),
    _post("/v1/prices",                       a.create_price,           "price",    wire.PriceRequest,   "Create a price"),
    _get( "/v1/prices/{id}",                  a.get_price,                          "Retrieve a price"),
)
# fmt: on
