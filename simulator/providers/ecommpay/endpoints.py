"""ecommpay's table of routes. Source: reference/ecommpay.md, section 1.3."""

from __future__ import annotations

from simulator.engine.provider import Endpoint
from simulator.providers.ecommpay import wire as w
from simulator.providers.ecommpay.handlers import clarifications, methods, refunds, sales, statuses

PAYMENT = "/v2/payment"
WALLET = f"{PAYMENT}/wallet/{{payment_method}}"
INFO = "/v2/info"

# fmt: off
ENDPOINTS = (
    Endpoint("POST", f"{WALLET}/sale",                     sales.sale,           "sale",           w.SaleRequest,          checks_body=False),
    Endpoint("POST", f"{WALLET}/refund",                   refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{WALLET}/payout",                   sales.payout,         "payout"),
    Endpoint("POST", f"{PAYMENT}/refund",                  refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/alipay/refund",           refunds.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/status",                  statuses.status,         "status",         w.StatusRequest,        checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/status/request",          statuses.request_status, "status.request", w.RequestStatusRequest, checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/clarification",           clarifications.clarification,  "clarification",  w.ClarificationRequest, checks_body=False),
    Endpoint("POST", f"{INFO}/available_methods_for_merchant/list", methods.methods, "methods",      w.MethodsRequest,       checks_body=False, reads=True),
    Endpoint("POST", f"{INFO}/banks/{{payment_method}}/{{operation_type}}/list", methods.banks, "banks", reads=True),
)
# fmt: on
