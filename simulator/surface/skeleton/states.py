"""The machine of a payment: hold each row against the manual."""

from __future__ import annotations

from datetime import timedelta

from simulator.kernel.machine import Machine

# fmt: off
PAYMENT = Machine(
    "newpay.payment",
    initial="pending",
    table=[
        # trigger               from                            to                    webhook
        ("wallet.paid",         "pending",                      "paid",               "payment.paid"),
        ("wallet.declined",     "pending",                      "failed",             "payment.failed"),
        ("wallet.cancelled",    "pending",                      "cancelled",          "payment.cancelled"),
        ("api.cancel",          "pending",                      "cancelled",          "payment.cancelled"),
        ("timer.expired",       "pending",                      "expired",            "payment.expired"),
        ("bank.refund_part",    ("paid", "partially_refunded"), "partially_refunded", "payment.refunded"),
        ("bank.refund_rest",    ("paid", "partially_refunded"), "refunded",           "payment.refunded"),
        ("bank.refund_failed",  "paid",                         "paid",               "payment.refund_failed"),
        ("bank.refund_failed",  "partially_refunded",           "partially_refunded", "payment.refund_failed"),
    ],
    timeouts=[
        # in state    after                trigger
        ("pending",   timedelta(hours=2),  "timer.expired"),
    ],
)
# fmt: on

PHASES = {
    "pending": "waiting",
    "paid": "paid",
    "failed": "declined",
    "cancelled": "cancelled",
    "expired": "expired",
    "partially_refunded": "partly_refunded",
    "refunded": "refunded",
}
"""Each state as the console names it: one of `engine.resource.PHASES`."""
