"""Worldline Connect's table of routes. Source: reference/worldline.md, section 3.1."""

from __future__ import annotations

from simulator.engine.provider import Endpoint, Handler
from simulator.providers.worldline import handlers as h
from simulator.providers.worldline import wire as w

V1 = "/v1/{merchantId:digits}"
PAYMENT = f"{V1}/payments/{{paymentId}}"
REFUND = f"{V1}/refunds/{{refundId}}"
CHECKOUT = f"{V1}/hostedcheckouts/{{hostedCheckoutId}}"
PRODUCT = f"{V1}/products/{{paymentProductId}}"
TOKEN = f"{V1}/tokens/{{tokenId}}"


def _get(path: str, handler: Handler, operation: str) -> Endpoint:
    return Endpoint("GET", path, handler, operation, reads=True)


def _post(path: str, handler: Handler, operation: str, body: type[w.Model] | None = None) -> Endpoint:
    return Endpoint("POST", path, handler, operation, body, idempotent=True)


# fmt: off
ENDPOINTS = (
    _post(f"{V1}/payments",                    h.create_payment,         "payments.create", w.CreatePaymentRequest),
    _get( f"{V1}/payments",                    h.find_payments,          "payments.find"),
    _get( PAYMENT,                             h.get_payment,            "payments.get"),
    _post(f"{PAYMENT}/cancel",                 h.cancel_payment,         "payments.cancel"),
    _post(f"{PAYMENT}/refund",                 h.refund_payment,         "payments.refund", w.RefundRequest),
    _get( f"{PAYMENT}/refunds",                h.get_refunds,            "payments.refunds"),
    _post(f"{PAYMENT}/approve",                h.not_pending,            "payments.approve"),
    _post(f"{PAYMENT}/cancelapproval",         h.not_pending,            "payments.cancelapproval"),
    _post(f"{PAYMENT}/capture",                h.not_pending,            "payments.capture"),
    _post(f"{PAYMENT}/finalizecapture",        h.not_pending,            "payments.finalizecapture"),
    _post(f"{PAYMENT}/complete",               h.not_pending,            "payments.complete"),
    _post(f"{PAYMENT}/processchallenged",      h.not_pending,            "payments.processchallenged"),
    _post(f"{PAYMENT}/tokenize",               h.not_pending,            "payments.tokenize"),
    _get( f"{PAYMENT}/captures",               h.get_captures,           "payments.captures"),
    _get( f"{PAYMENT}/thirdpartystatus",       h.get_third_party_status, "payments.thirdpartystatus"),
    _get( f"{V1}/captures/{{captureId}}",      h.get_capture,            "captures.get"),
    _get( f"{V1}/refunds",                     h.find_refunds,           "refunds.find"),
    _get( REFUND,                              h.get_refund,             "refunds.get"),
    _post(f"{REFUND}/approve",                 h.approve_refund,         "refunds.approve", w.ApproveRefundRequest),
    _post(f"{REFUND}/cancel",                  h.cancel_refund,          "refunds.cancel"),
    _post(f"{REFUND}/cancelapproval",          h.cancel_approval,        "refunds.cancelapproval"),
    _post(f"{V1}/hostedcheckouts",             h.create_hosted_checkout, "hostedcheckouts.create", w.CreateHostedCheckoutRequest),
    _get( CHECKOUT,                            h.get_hosted_checkout,    "hostedcheckouts.get"),
    Endpoint("DELETE", CHECKOUT,               h.delete_hosted_checkout, "hostedcheckouts.delete"),
    _get( f"{V1}/products",                    h.get_products,           "products.find"),
    _get( PRODUCT,                             h.get_product,            "products.get"),
    _get( f"{PRODUCT}/directory",              h.get_directory,          "products.directory"),
    _get( f"{PRODUCT}/networks",               h.get_networks,           "products.networks"),
    _get( f"{V1}/productgroups",               h.get_product_groups,     "productgroups.find"),
    _get( f"{V1}/productgroups/{{paymentProductGroupId}}", h.get_product_group, "productgroups.get"),
    _get( f"{V1}/services/testconnection",     h.test_connection,        "services.testconnection"),
    _get( f"{V1}/services/convert/amount",     h.convert_amount,         "services.convertAmount"),
    _get( f"{V1}/services/privacypolicy",      h.get_privacy_policy,     "services.privacypolicy"),
    _post(f"{V1}/sessions",                    h.create_session,         "sessions.create", w.SessionRequest),
    _post(f"{V1}/tokens",                      h.create_token,           "tokens.create", w.CreateTokenRequest),
    _get( TOKEN,                               h.unknown_token,          "tokens.get"),
    Endpoint("PUT",    TOKEN,                  h.unknown_token,          "tokens.update"),
    Endpoint("DELETE", TOKEN,                  h.unknown_token,          "tokens.delete"),
)
# fmt: on
