"""Worldline Connect's table of routes. Source: docs/providers/worldline.md, source 3.1."""

from __future__ import annotations

from simulator.engine.provider import Call, Endpoint, Handler, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.providers.worldline import client_sessions
from simulator.providers.worldline.handlers.captures import get_capture, get_captures
from simulator.providers.worldline.handlers.hosted_checkouts import (
    create_hosted_checkout,
    delete_hosted_checkout,
    get_hosted_checkout,
)
from simulator.providers.worldline.handlers.payments import (
    cancel_payment,
    create_payment,
    find_payments,
    get_payment,
    get_third_party_status,
    not_pending,
)
from simulator.providers.worldline.handlers.products import (
    get_customer_details,
    get_directory,
    get_networks,
    get_product,
    get_product_group,
    get_product_groups,
    get_products,
)
from simulator.providers.worldline.handlers.refunds import (
    approve_refund,
    cancel_approval,
    cancel_refund,
    find_refunds,
    get_refund,
    get_refunds,
    refund_capture,
    refund_payment,
)
from simulator.providers.worldline.handlers.services import (
    convert_amount,
    get_iin_details,
    get_privacy_policy,
    test_connection,
)
from simulator.providers.worldline.handlers.sessions import create_session, get_public_key
from simulator.providers.worldline.handlers.tokens import create_token, unknown_token
from simulator.providers.worldline.wire.hosted_checkouts import CreateHostedCheckoutRequest
from simulator.providers.worldline.wire.payments import CreatePaymentRequest
from simulator.providers.worldline.wire.refunds import ApproveRefundRequest, RefundRequest
from simulator.providers.worldline.wire.services import GetCustomerDetailsRequest, GetIINDetailsRequest
from simulator.providers.worldline.wire.sessions import SessionRequest
from simulator.providers.worldline.wire.tokens import CreateTokenRequest
from simulator.providers.worldline.wire.values import Model

CLIENT = "/client/v1/{customerId}"
V1 = "/v1/{merchantId:digits}"
PAYMENT = f"{V1}/payments/{{paymentId}}"
REFUND = f"{V1}/refunds/{{refundId}}"
CHECKOUT = f"{V1}/hostedcheckouts/{{hostedCheckoutId}}"
PRODUCT = f"{V1}/products/{{paymentProductId}}"
TOKEN = f"{V1}/tokens/{{tokenId}}"

# The query parameters that are read
FILTERS = ("merchantReference", "merchantOrderId", "hostedCheckoutId", "limit", "offset")
ASKED = ("countryCode", "currencyCode", "amount", "hide", "isRecurring", "isInstallments", "locale", "forceBasicFlow")
"""`locale` is that of labels, which are the same in all; the basic flow is the only one."""
PLACE = ("countryCode", "currencyCode", "amount", "isRecurring")
"""Of directories and networks, of which there are none anywhere."""


def _get(path: str, handler: Handler, operation: str, *parameters: str) -> Endpoint:
    return Endpoint("GET", path, handler, operation, parameters=parameters, reads=True)


def _post(path: str, handler: Handler, operation: str, body: type[Model] | None = None) -> Endpoint:
    return Endpoint("POST", path, handler, operation, body, idempotent=True)


def _client(path: str, handler: Handler, operation: str, *parameters: str) -> Endpoint:
    """An operation of the Client API, which browsers and apps call with a session instead of the merchant's key."""
    check = client_sessions.authenticate
    return Endpoint("GET", CLIENT + path, handler, operation, parameters=parameters, authenticate=check, reads=True)


# fmt: off
ENDPOINTS = (
    _post(f"{V1}/payments",                    create_payment,         "payments.create", CreatePaymentRequest),
    _get( f"{V1}/payments",                    find_payments,          "payments.find", *FILTERS),
    _get( PAYMENT,                             get_payment,            "payments.get", "returnOperations"),
    _post(f"{PAYMENT}/cancel",                 cancel_payment,         "payments.cancel"),
    _post(f"{PAYMENT}/refund",                 refund_payment,         "payments.refund", RefundRequest),
    _get( f"{PAYMENT}/refunds",                get_refunds,            "payments.refunds"),
    _post(f"{PAYMENT}/approve",                not_pending,            "payments.approve"),
    _post(f"{PAYMENT}/cancelapproval",         not_pending,            "payments.cancelapproval"),
    _post(f"{PAYMENT}/capture",                not_pending,            "payments.capture"),
    _post(f"{PAYMENT}/finalizecapture",        not_pending,            "payments.finalizecapture"),
    _post(f"{PAYMENT}/complete",               not_pending,            "payments.complete"),
    _post(f"{PAYMENT}/processchallenged",      not_pending,            "payments.processchallenged"),
    _post(f"{PAYMENT}/tokenize",               not_pending,            "payments.tokenize"),
    _get( f"{PAYMENT}/captures",               get_captures,           "payments.captures"),
    _get( f"{PAYMENT}/thirdpartystatus",       get_third_party_status, "payments.thirdpartystatus"),
    _get( f"{V1}/captures/{{captureId}}",      get_capture,            "captures.get"),
    _post(f"{V1}/captures/{{captureId}}/refund", refund_capture,       "captures.refund", RefundRequest),
    _get( f"{V1}/refunds",                     find_refunds,           "refunds.find", *FILTERS),
    _get( REFUND,                              get_refund,             "refunds.get"),
    _post(f"{REFUND}/approve",                 approve_refund,         "refunds.approve", ApproveRefundRequest),
    _post(f"{REFUND}/cancel",                  cancel_refund,          "refunds.cancel"),
    _post(f"{REFUND}/cancelapproval",          cancel_approval,        "refunds.cancelapproval"),
    _post(f"{V1}/hostedcheckouts",             create_hosted_checkout, "hostedcheckouts.create", CreateHostedCheckoutRequest),
    _get( CHECKOUT,                            get_hosted_checkout,    "hostedcheckouts.get"),
    Endpoint("DELETE", CHECKOUT,               delete_hosted_checkout, "hostedcheckouts.delete"),
    _get( f"{V1}/products",                    get_products,           "products.find", *ASKED),
    _get( PRODUCT,                             get_product,            "products.get", *ASKED),
    _get( f"{PRODUCT}/directory",              get_directory,          "products.directory", *PLACE),
    _get( f"{PRODUCT}/networks",               get_networks,           "products.networks", *PLACE),
    _post(f"{PRODUCT}/customerDetails",        get_customer_details,   "products.customerDetails", GetCustomerDetailsRequest),
    _get( f"{V1}/productgroups",               get_product_groups,     "productgroups.find", *ASKED),
    _get( f"{V1}/productgroups/{{paymentProductGroupId}}", get_product_group, "productgroups.get", *ASKED),
    _get( f"{V1}/services/testconnection",     test_connection,        "services.testconnection"),
    _get( f"{V1}/services/convert/amount",     convert_amount,         "services.convertAmount", "source", "target", "amount"),
    _get( f"{V1}/services/privacypolicy",      get_privacy_policy,     "services.privacypolicy", "locale", "paymentProductId"),
    _post(f"{V1}/services/getIINdetails",      get_iin_details,        "services.getIINdetails", GetIINDetailsRequest),
    _post(f"{V1}/sessions",                    create_session,         "sessions.create", SessionRequest),
    _post(f"{V1}/tokens",                      create_token,           "tokens.create", CreateTokenRequest),
    _get( TOKEN,                               unknown_token,          "tokens.get"),
    Endpoint("PUT",    TOKEN,                  unknown_token,          "tokens.update"),
    Endpoint("DELETE", TOKEN,                  unknown_token,          "tokens.delete"),
    _client("/products",                              get_products,           "client.products.find", *ASKED),
    _client("/products/{paymentProductId}",           get_product,            "client.products.get", *ASKED),
    _client("/products/{paymentProductId}/directory", get_directory,          "client.products.directory", *PLACE),
    _client("/products/{paymentProductId}/networks",  get_networks,           "client.products.networks", *PLACE),
    _client("/productgroups",                         get_product_groups,     "client.productgroups.find", *ASKED),
    _client("/productgroups/{paymentProductGroupId}", get_product_group,      "client.productgroups.get", *ASKED),
    _client("/crypto/publickey",                      get_public_key,         "client.crypto.publickey"),
    _client("/services/convert/amount",               convert_amount,         "client.services.convertAmount", "source", "target", "amount"),
    _client("/payments/{paymentId}/thirdpartystatus", get_third_party_status, "client.payments.thirdpartystatus"),
    Endpoint("POST", f"{CLIENT}/services/getIINdetails", get_iin_details, "client.services.getIINdetails", GetIINDetailsRequest,
             authenticate=client_sessions.authenticate),
)
# fmt: on


def allow_browsers(call: Call, runtime: Runtime) -> Reply:
    """OPTIONS: a browser asks before the shop's page, which is of another origin, calls the Client API."""
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, X-GCS-ClientMetaInfo, X-GCS-CustomerHeader",
        "Access-Control-Max-Age": "600",
    }
    return Reply(204, None, client_sessions.OF_ANY_ORIGIN | headers)


PREFLIGHTS = tuple(
    Page("OPTIONS", path, allow_browsers)
    for path in dict.fromkeys(endpoint.path for endpoint in ENDPOINTS if endpoint.path.startswith(CLIENT))
)
