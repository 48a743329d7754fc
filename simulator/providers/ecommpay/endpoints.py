"""ecommpay's table of routes. Source: docs/providers/ecommpay.md, source 1.3. Inferred: ecommpay.second-refund-path.

`OPTIONS` is answered at each of them, as the header of every answer promises.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine.provider import Call, Endpoint, LeftOut, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.providers.ecommpay import data_access
from simulator.providers.ecommpay.handlers import clarifications, data, methods, refunds, sales, statuses
from simulator.providers.ecommpay.wire import data as d
from simulator.providers.ecommpay.wire import requests as w

PAYMENT = "/v2/payment"
WALLET = f"{PAYMENT}/wallet/{{payment_method}}"
INFO = "/v2/info"
DATA = data_access.BASE

# Source: docs/providers/ecommpay.md, source 2.7 (observed on live answers).
OBSERVED_HEADERS = {
    "server": "openresty",
    "cache-control": "no-cache",
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "DNT,X-CustomHeader,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,"
    "Cache-Control,Content-Type",
}

# fmt: off
ENDPOINTS = (
    Endpoint("POST", f"{WALLET}/sale",                     sales.sale,           "sale",           w.SaleRequest,          checks_body=False),
    Endpoint("POST", f"{WALLET}/refund",                   refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{WALLET}/payout",                   sales.payout,         "payout",         w.PayoutRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/refund",                  refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", refunds.CARD_REFUND,                  refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/alipay/refund",           refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/status",                  statuses.status,         "status",         w.StatusRequest,        checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/status/request",          statuses.request_status, "status.request", w.RequestStatusRequest, checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/clarification",           clarifications.clarification,  "clarification",  w.ClarificationRequest, checks_body=False),
    Endpoint("POST", f"{INFO}/available_methods_for_merchant/list", methods.methods, "methods",      w.MethodsRequest,       checks_body=False, reads=True),
    Endpoint("POST", f"{INFO}/banks/{{payment_method}}/{{operation_type}}/list", methods.banks, "banks", w.BanksRequest, checks_body=False, reads=True),
)
# fmt: on

# fmt: off
DATA_ENDPOINTS = tuple(
    Endpoint("POST", f"{DATA}/{path}", handler, operation, body, authenticate=data_access.authenticate, reads=True)
    for path, handler, operation, body in (
        # Of the Data API, which has a host of its own. Source: docs/providers/ecommpay.md, source 3.11.
        ("operations/get",                  data.operations,            "data.operations",    d.OperationsRequest),
        ("operations/get-by-payment",       data.operations_of_payment, "data.payment",       d.PaymentRequest),
        ("balance/get",                     data.balance,               "data.balance",       d.BalanceRequest),
        ("financial-reporting/operations",  data.financial_operations,  "data.financial",     d.FinancialRequest),
    )
)
# fmt: on

# fmt: off
LEFT_OUT = (
    # Of Gate's OpenAPI description, and what plugins send for cards. Source: docs/providers/ecommpay.md, sources 3.7 and 3.8.
    LeftOut("POST", "/v2/customer/action/{action_name}",                   "POST_v2-customer-action"),
    LeftOut("POST", f"{PAYMENT}/customer/confirm",                         "POST_v2-payment-customer-confirm"),
    LeftOut("POST", f"{PAYMENT}/{{payment_method}}/capture",               "capture"),
    LeftOut("POST", f"{PAYMENT}/{{payment_method}}/cancel",                "cancel"),
    LeftOut("POST", f"{INFO}/available-methods/purchase/list",             "available methods of purchases"),
    LeftOut("POST", f"{INFO}/available-methods/payout/list",               "available methods of payouts"),
    # Of the Data API: Alipay has neither chargebacks nor frauds, and what rates look like is not published. Source: source 3.11.
    LeftOut("POST", f"{DATA}/chargeback/list",                             "chargebacks"),
    LeftOut("POST", f"{DATA}/chargeback/get",                              "one chargeback"),
    LeftOut("POST", f"{DATA}/fraud/list",                                  "operations flagged as fraudulent"),
    LeftOut("POST", f"{DATA}/currency-rates/get",                          "conversion rates"),
)
# fmt: on


def preflight(call: Call, runtime: Runtime) -> Reply:
    """OPTIONS: what a browser asks before a script may call. It has no credential, so nothing is known of the workspace.

    204 without a body; the headers are those of every answer. Inferred: ecommpay.preflight.
    """
    headers = {**OBSERVED_HEADERS, "allow": OBSERVED_HEADERS["access-control-allow-methods"]}
    return Reply(204, b"", headers, content_type="text/plain; charset=UTF-8")


def preflights(endpoints: Iterable[Endpoint]) -> tuple[Page, ...]:
    return tuple(Page("OPTIONS", path, preflight) for path in dict.fromkeys(endpoint.path for endpoint in endpoints))
