"""ecommpay's table of routes. Source: reference/ecommpay.md, section 1.3."""

from __future__ import annotations

from simulator.engine.provider import Endpoint
from simulator.providers.ecommpay import handlers as h
from simulator.providers.ecommpay import wire as w

PAYMENT = "/v2/payment"
WALLET = f"{PAYMENT}/wallet/{{payment_method}}"
INFO = "/v2/info"

# fmt: off
ENDPOINTS = (
    Endpoint("POST", f"{WALLET}/sale",                     h.sale,           "sale",           w.SaleRequest,          checks_body=False),
    Endpoint("POST", f"{WALLET}/refund",                   h.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{WALLET}/payout",                   h.payout,         "payout"),
    Endpoint("POST", f"{PAYMENT}/refund",                  h.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/alipay/refund",           h.refund,         "refund",         w.RefundRequest,        checks_body=False),
    Endpoint("POST", f"{PAYMENT}/status",                  h.status,         "status",         w.StatusRequest,        checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/status/request",          h.request_status, "status.request", w.RequestStatusRequest, checks_body=False, reads=True),
    Endpoint("POST", f"{PAYMENT}/clarification",           h.clarification,  "clarification",  w.ClarificationRequest, checks_body=False),
    Endpoint("POST", f"{INFO}/available_methods_for_merchant/list", h.methods, "methods",      w.MethodsRequest,       checks_body=False, reads=True),
    Endpoint("POST", f"{INFO}/banks/{{payment_method}}/{{operation_type}}/list", h.banks, "banks", reads=True),
)
# fmt: on
