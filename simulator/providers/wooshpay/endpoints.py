"""WooshPay's table of routes, and how its bodies and queries are read. Source: docs/providers/wooshpay.md, source 3."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from simulator.engine.provider import Call, Endpoint, Handler
from simulator.kernel.refusals import MalformedBody
from simulator.providers.wooshpay import forms
from simulator.providers.wooshpay.auth import authenticate_either
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.handlers.balance import get_balance
from simulator.providers.wooshpay.handlers.charges import get_charge, list_charges
from simulator.providers.wooshpay.handlers.checkout_sessions import (
    create_session,
    expire_session,
    get_session,
    list_line_items,
    list_sessions,
)
from simulator.providers.wooshpay.handlers.customers import (
    create_customer,
    delete_customer,
    get_customer,
    list_customers,
    update_customer,
)
from simulator.providers.wooshpay.handlers.events import get_event, list_events
from simulator.providers.wooshpay.handlers.payment_intents import (
    cancel_payment_intent,
    capture_payment_intent,
    confirm_payment_intent,
    create_payment_intent,
    get_payment_intent,
    list_payment_intents,
    update_payment_intent,
)
from simulator.providers.wooshpay.handlers.payment_methods import (
    attach_payment_method,
    create_payment_method,
    detach_payment_method,
    get_customer_payment_method,
    get_payment_method,
    list_customer_payment_methods,
    list_payment_methods,
    update_payment_method,
)
from simulator.providers.wooshpay.handlers.payouts import (
    get_balance_transaction,
    get_payout,
    list_balance_transactions,
    list_payouts,
)
from simulator.providers.wooshpay.handlers.products import (
    create_price,
    create_product,
    get_price,
    get_product,
    list_prices,
    list_products,
    update_product,
)
from simulator.providers.wooshpay.handlers.refunds import create_refund, get_refund, list_refunds
from simulator.providers.wooshpay.handlers.search import search_payment_intents
from simulator.providers.wooshpay.handlers.webhook_endpoints import (
    create_webhook_endpoint,
    delete_webhook_endpoint,
    get_webhook_endpoint,
    list_webhook_endpoints,
    update_webhook_endpoint,
)
from simulator.providers.wooshpay.wire.checkout_sessions import SessionRequest
from simulator.providers.wooshpay.wire.customers import CustomerRequest
from simulator.providers.wooshpay.wire.lists import (
    BalanceTransactionList,
    ChargeList,
    CustomerMethodList,
    EventList,
    IntentList,
    ListQuery,
    MethodList,
    PageQuery,
    PayoutList,
    PriceList,
    ProductList,
    RefundList,
    SearchQuery,
    SessionList,
)
from simulator.providers.wooshpay.wire.payment_intents import (
    CancelRequest,
    CaptureRequest,
    ConfirmRequest,
    IntentRequest,
    IntentUpdate,
)
from simulator.providers.wooshpay.wire.payment_methods import AttachRequest, MethodRequest, MethodUpdate
from simulator.providers.wooshpay.wire.products import PriceRequest, ProductRequest, ProductUpdate
from simulator.providers.wooshpay.wire.refunds import RefundRequest
from simulator.providers.wooshpay.wire.values import Empty
from simulator.providers.wooshpay.wire.webhook_endpoints import EndpointRequest, EndpointUpdate

FORM = "application/x-www-form-urlencoded"
KEY_LIMIT = 255
"""Characters of an idempotency key (documented for Stripe). Inferred: wooshpay.idempotency."""


def read_body(call: Call, endpoint: Endpoint) -> object:
    """Reads JSON, or a form in bracket notation. Members that are null count as absent.

    Without a content type the first character decides which of the two it is. Inferred: wooshpay.content-type. Under a form's content type,
    curl's default, JSON is read as JSON: the published samples are sent so. No parameter's name begins like JSON.
    """
    data = _body(call)
    call.parsed["body"] = data
    return data


def _body(call: Call) -> dict[str, Any]:
    if not call.raw_body.strip():
        return {}
    if call.media_type in (FORM, "") and not call.raw_body.lstrip().startswith((b"{", b"[")):
        return _clean(forms.parse(call.form_pairs), b"%00" in call.raw_body or b"\0" in call.raw_body)
    data = call.json
    if not isinstance(data, dict):
        raise MalformedBody("an object was expected")
    return (
        _clean(data, b"\\u0000" in call.raw_body) if b"null" in call.raw_body or b"\\u0000" in call.raw_body else data
    )


def _clean(data: dict[str, Any], may_have_nul: bool = True) -> dict[str, Any]:
    if may_have_nul:
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
    """Checks the length of the idempotency key."""
    key = call.headers.get("idempotency-key", "")
    if len(key) > KEY_LIMIT:
        raise refused("parameter_invalid", "Idempotency-Key", message=f"at most {KEY_LIMIT} characters")


def read_query(call: Call, endpoint: Endpoint) -> dict[str, Any]:
    """The query of a list. The documentation sends some as the body of the GET: both are read, the query string wins."""
    given: dict[str, Any] = forms.parse(call.query_pairs)
    if endpoint.query is not None and call.raw_body.strip():
        body = call.json
        given = {**(body if isinstance(body, dict) else {}), **given}
    return _clean(given)


def _get(path: str, handler: Handler, summary: str, query: type[BaseModel] | None = None, **more: Any) -> Endpoint:
    """Its operation is called as its handler."""
    return Endpoint("GET", path, handler, handler.__name__, query=query, reads=True, summary=summary, **more)


def _post(path: str, handler: Handler, operation: str, body: type[BaseModel], summary: str, **more: Any) -> Endpoint:
    return Endpoint("POST", path, handler, operation, body, idempotent=True, summary=summary, **more)


_PUBLIC: dict[str, Any] = {"authenticate": authenticate_either, "parameters": ("client_secret",)}
INTENT, SESSION = "/v1/payment_intents/{id}", "/v1/checkout/sessions/{id}"
METHOD, CUSTOMER = "/v1/payment_methods/{id}", "/v1/customers/{id}"

# fmt: off
ENDPOINTS = (
    _post("/v1/payment_intents",              create_payment_intent,  "create",   IntentRequest,  "Create a PaymentIntent"),
    _get( "/v1/payment_intents",              list_payment_intents,               "List PaymentIntents",   IntentList),
    _get( "/v1/payment_intents/search",       search_payment_intents,             "Search PaymentIntents", SearchQuery),
    _get( INTENT,                             get_payment_intent,                 "Retrieve a PaymentIntent", **_PUBLIC),
    _post(INTENT,                             update_payment_intent,  "update",   IntentUpdate,   "Update a PaymentIntent"),
    _post(f"{INTENT}/confirm",                confirm_payment_intent, "confirm",  ConfirmRequest, "Confirm a PaymentIntent", **_PUBLIC),
    _post(f"{INTENT}/capture",                capture_payment_intent, "capture",  CaptureRequest, "Capture a PaymentIntent"),
    _post(f"{INTENT}/cancel",                 cancel_payment_intent,  "cancel",   CancelRequest,  "Cancel a PaymentIntent"),

    _post("/v1/checkout/sessions",            create_session,         "create",   SessionRequest, "Create a Session"),
    _get( "/v1/checkout/sessions",            list_sessions,                      "List Sessions",         SessionList),
    _get( "/v1/checkout/sessions/list",       list_sessions,                      "List Sessions",         SessionList),
    _get( SESSION,                            get_session,                        "Retrieve a Session"),
    _post(f"{SESSION}/expire",                expire_session,         "expire",   Empty,          "Expire a Session"),
    _get( f"{SESSION}/line_items",            list_line_items,                    "List a Session's line items", PageQuery),

    _post("/v1/refunds",                      create_refund,          "refund",   RefundRequest,  "Create a refund"),
    _get( "/v1/refunds",                      list_refunds,                       "List refunds",          RefundList),
    _get( "/v1/refunds/{id}",                 get_refund,                         "Retrieve a refund"),
    _get( "/v1/charges",                      list_charges,                       "List charges",          ChargeList),
    _get( "/v1/charges/{id}",                 get_charge,                         "Retrieve a charge"),

    _post("/v1/webhook_endpoints",            create_webhook_endpoint, "webhook", EndpointRequest, "Create a webhook"),
    _get( "/v1/webhook_endpoints",            list_webhook_endpoints,             "List webhooks",         PageQuery),
    _get( "/v1/webhook_endpoints/{id}",       get_webhook_endpoint,               "Retrieve a webhook"),
    _post("/v1/webhook_endpoints/{id}",       update_webhook_endpoint, "webhook", EndpointUpdate, "Update a webhook"),
    Endpoint("DELETE", "/v1/webhook_endpoints/{id}", delete_webhook_endpoint, "webhook", summary="Delete a webhook"),
    _get( "/v1/events",                       list_events,                        "List events",           EventList),
    _get( "/v1/events/{id}",                  get_event,                          "Retrieve an event"),

    _post("/v1/payment_methods",              create_payment_method,  "method",   MethodRequest,  "Create a PaymentMethod"),
    _get( "/v1/payment_methods",              list_payment_methods,               "List PaymentMethods",   MethodList),
    _get( METHOD,                             get_payment_method,                 "Retrieve a PaymentMethod"),
    _post(METHOD,                             update_payment_method,  "method",   MethodUpdate,   "Update a PaymentMethod"),
    _post(f"{METHOD}/attach",                 attach_payment_method,  "method",   AttachRequest,  "Attach a PaymentMethod to a customer"),
    _post(f"{METHOD}/detach",                 detach_payment_method,  "method",   Empty,          "Detach a PaymentMethod"),

    _post("/v1/customers",                    create_customer,        "customer", CustomerRequest, "Create a customer"),
    _get( "/v1/customers",                    list_customers,                     "List customers",        ListQuery),
    _get( CUSTOMER,                           get_customer,                       "Retrieve a customer"),
    _post(CUSTOMER,                           update_customer,        "customer", CustomerRequest, "Update a customer"),
    Endpoint("DELETE", CUSTOMER,              delete_customer,        "customer", summary="Delete a customer"),
    _get( f"{CUSTOMER}/payment_methods",      list_customer_payment_methods,      "List a customer's PaymentMethods", CustomerMethodList),
    _get( f"{CUSTOMER}/payment_methods/{{payment_method}}", get_customer_payment_method, "Retrieve a customer's PaymentMethod"),

    _post("/v1/products",                     create_product,         "product",  ProductRequest, "Create a product"),
    _get( "/v1/products",                     list_products,                      "List products",         ProductList),
    _post("/v1/products/{id}",                update_product,         "product",  ProductUpdate,  "Update a product"),
    _get( "/v1/products/{id}",                get_product,                        "Retrieve a product"),
    _post("/v1/prices",                       create_price,           "price",    PriceRequest,   "Create a price"),
    _get( "/v1/prices",                       list_prices,                        "List prices",           PriceList),
    _get( "/v1/prices/{id}",                  get_price,                          "Retrieve a price"),
    _get( "/v1/balance",                      get_balance,                        "Retrieve the balance"),
    _get( "/v1/balance_transactions",         list_balance_transactions,          "List balance transactions", BalanceTransactionList),
    _get( "/v1/balance_transactions/{id}",    get_balance_transaction,            "Retrieve a balance transaction"),
    _get( "/v1/payouts",                      list_payouts,                       "List payouts",          PayoutList),
    _get( "/v1/payouts/{id}",                 get_payout,                         "Retrieve a payout"),
)
# fmt: on
