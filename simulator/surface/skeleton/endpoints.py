"""The routes. A row's `operation` is what scenarios name."""

from __future__ import annotations

from simulator.engine.provider import Endpoint
from simulator.surface.skeleton import handlers as h
from simulator.surface.skeleton import wire

# fmt: off
ENDPOINTS = (
    Endpoint("POST", "/newpay/v1/payments",              h.create_payment, "create", wire.PaymentRequest, idempotent=True),
    Endpoint("GET",  "/newpay/v1/payments/{id}",         h.get_payment,    "get",    reads=True),
    Endpoint("POST", "/newpay/v1/payments/{id}/cancel",  h.cancel_payment, "cancel"),
    Endpoint("POST", "/newpay/v1/payments/{id}/refunds", h.refund_payment, "refund", wire.RefundRequest, idempotent=True),
)
# fmt: on
