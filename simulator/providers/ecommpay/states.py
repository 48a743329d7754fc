"""ecommpay's machines: a payment, its sale, its refunds, and a request that failed its checks after it was accepted.

While a purchase goes on, the payment and its sale always have the same status. So both tables contain the same rows, and
only the payment's rows name a callback: otherwise it would be sent twice. Source: docs/providers/ecommpay.md, source 4.
"""

from __future__ import annotations

from simulator.kernel.machine import Events, Machine

Row = tuple[str, str | tuple[str, ...], str, Events]

PENDING = ("processing", "awaiting redirect result", "awaiting customer action")
AWAITING = PENDING[1:]
PAID = ("success", "partially refunded", "refunded", "reversed")
REFUNDABLE = PAID[:2]
ENDED = ("success", "decline")
"""The final statuses of an operation."""

# fmt: off
PURCHASE: tuple[Row, ...] = (
    # trigger                      from                        to                          callback
    ("bank.clarify",               "processing",               "awaiting clarification",   "sale awaiting clarification"),
    ("bank.clarify_again",         "awaiting clarification",   "awaiting clarification",   "sale awaiting clarification"),
    ("bank.clarified",             "awaiting clarification",   "processing",               None),
    ("timer.clarification",        "awaiting clarification",   "decline",                  "sale decline"),
    ("bank.redirect",              "processing",               "awaiting redirect result", "sale awaiting redirect result"),
    ("bank.display",               "processing",               "awaiting customer action", "sale awaiting customer action"),
    ("wallet.paid",                AWAITING,                   "success",                  "sale success"),
    ("wallet.declined",            AWAITING,                   "decline",                  "sale decline"),
    ("wallet.cancelled",           AWAITING,                   "decline",                  "sale decline"),
    ("wallet.expired",             AWAITING,                   "decline",                  "sale decline"),
    ("timer.threshold",            AWAITING,                   "decline",                  "sale decline"),
)

PAYMENT = Machine(
    "ecommpay.payment",
    initial="processing",
    table=[
        *PURCHASE,
        ("bank.refunded_part",     REFUNDABLE,                 "partially refunded",       None),
        ("bank.refunded",          REFUNDABLE,                 "refunded",                 None),
        ("bank.reversed",          "success",                  "reversed",                 None),
    ],
    timeouts=[
        # in state                    after              trigger
        ("awaiting clarification",    "clarify_by",      "timer.clarification"),
        ("awaiting redirect result",  "expires_at",      "timer.threshold"),
        ("awaiting customer action",  "expires_at",      "timer.threshold"),
    ],
)

SALE = Machine(
    "ecommpay.sale",
    initial="processing",
    table=[(trigger, source, target, None) for trigger, source, target, _ in PURCHASE],
)

REFUND = Machine(
    "ecommpay.refund",
    initial="processing",
    table=[
        # trigger                   from           to           callback
        ("bank.refunded",           "processing",  "success",   "refund success"),
        ("bank.declined",           "processing",  "decline",   "refund decline"),
        ("bank.reversed",           "processing",  "success",   "reversal success"),
        ("bank.reversal_declined",  "processing",  "decline",   "reversal decline"),
    ],
)

REQUEST = Machine(
    "ecommpay.request",
    initial="accepted",
    table=[
        # trigger                from        to        callback
        ("bank.sale_rejected",   "accepted", "error",  "sale error"),
        ("bank.refund_rejected", "accepted", "error",  "refund error"),
    ],
)
# fmt: on

PHASES = {
    "processing": "waiting",
    "awaiting clarification": "processing",
    "awaiting redirect result": "waiting",
    "awaiting customer action": "waiting",
    "success": "paid",
    "decline": "declined",
    "partially refunded": "partly_refunded",
    "refunded": "refunded",
    "reversed": "refunded",
    "accepted": "processing",
    "error": "error",
}
