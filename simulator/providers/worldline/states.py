"""Worldline Connect's machines of a payment, a refund and a hosted checkout, and what their states and codes mean.

Source: docs/providers/worldline.md, sources 4.1 to 4.5, and the texts of the codes in docs/providers/worldline.md, corrections: 120 rejected by the bank,
125 cancelled by the consumer, 130 failed, 140 not completed in time, 160 suspected fraud, 975 settlement file sent, 1050 funds
available for remittance, 99999 cancelled. A consumer's cancellation is CANCELLED (seed), and the official map gives that state
no code but 99999 and 400.

Inferred: worldline.created, worldline.refused-code, worldline.decline-codes, worldline.refunded-payment, worldline.refund-created.
"""

from __future__ import annotations

from simulator.kernel.machine import Machine

# fmt: off
PAYMENT = Machine(
    "worldline.payment",
    initial="CREATED",
    table=[
        # trigger                 from           to                  webhook
        ("api.redirect",          "CREATED",     "REDIRECTED",       "payment.redirected"),
        ("bank.refused",          "CREATED",     "REJECTED",         "payment.rejected"),
        ("wallet.paid",           "REDIRECTED",  "CAPTURED",         "payment.captured"),
        ("wallet.declined",       "REDIRECTED",  "REJECTED",         "payment.rejected"),
        ("wallet.cancelled",      "REDIRECTED",  "CANCELLED",        "payment.cancelled"),
        ("wallet.cancelled_125",  "REDIRECTED",  "REJECTED",         "payment.rejected"),
        ("api.cancel",            "REDIRECTED",  "CANCELLED",        "payment.cancelled"),
        ("timer.expired",         "REDIRECTED",  "REJECTED",         "payment.rejected"),
        ("timer.filed",           "CAPTURED",    "CAPTURED",         None),
        ("timer.settled",         "CAPTURED",    "PAID",             "payment.paid"),
        ("bank.funds_missing",    "CAPTURED",    "REJECTED_CAPTURE", "payment.rejected_capture"),
        ("timer.remitted",        "PAID",        "PAID",             None),
        ("bank.refunded",         "PAID",        "REFUNDED",         "payment.refunded"),
        ("bank.reversed",         "PAID",        "REVERSED",         "payment.reversed"),
    ],
    timeouts=[
        # in state     at the instant in  trigger
        ("REDIRECTED", "expires_at",      "timer.expired"),
        ("CAPTURED",   "files_at",        "timer.filed"),
        ("CAPTURED",   "settles_at",      "timer.settled"),
        ("PAID",       "remits_at",       "timer.remitted"),
    ],
)

REFUND = Machine(
    "worldline.refund",
    initial="CREATED",
    table=[
        # trigger               from                                      to                  webhook
        ("api.request",         "CREATED",                                "REFUND_REQUESTED", "refund.refund_requested"),
        ("api.await_approval",  "CREATED",                                "PENDING_APPROVAL", "refund.pending_approval"),
        ("bank.refused",        "CREATED",                                "REJECTED",         "refund.rejected"),
        ("api.approve",         "PENDING_APPROVAL",                       "REFUND_REQUESTED", "refund.refund_requested"),
        ("api.cancelapproval",  "REFUND_REQUESTED",                       "PENDING_APPROVAL", "refund.pending_approval"),
        ("api.cancel",          ("PENDING_APPROVAL", "REFUND_REQUESTED"), "CANCELLED",        "refund.cancelled"),
        ("timer.executed",      "REFUND_REQUESTED",                       "REFUNDED",         "refund.refunded"),
        ("bank.rejected",       "REFUND_REQUESTED",                       "REJECTED",         "refund.rejected"),
    ],
    timeouts=[
        # in state           at the instant in  trigger
        ("REFUND_REQUESTED", "executes_at",     "timer.executed"),
    ],
)

# DELETED and EXPIRED are never shown: such a checkout answers 404.
HOSTED_CHECKOUT = Machine(
    "worldline.hostedcheckout",
    initial="IN_PROGRESS",
    table=[
        # trigger               from                                        to                       webhook
        ("page.pay",            ("IN_PROGRESS", "PAYMENT_CREATED"),         "PAYMENT_CREATED",       None),
        ("page.cancel",         "IN_PROGRESS",                              "CANCELLED_BY_CONSUMER", None),
        ("page.not_eligible",   "IN_PROGRESS",                              "CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT", None),
        ("api.delete",          ("IN_PROGRESS", "CANCELLED_BY_CONSUMER",
                                 "CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT"), "DELETED",     None),
        ("timer.expired",       ("IN_PROGRESS", "PAYMENT_CREATED", "CANCELLED_BY_CONSUMER",
                                 "CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT"), "EXPIRED",     None),
    ],
    timeouts=[
        # in state                                            at the instant in  trigger
        ("IN_PROGRESS",                                       "expires_at",      "timer.expired"),
        ("PAYMENT_CREATED",                                   "expires_at",      "timer.expired"),
        ("CANCELLED_BY_CONSUMER",                             "expires_at",      "timer.expired"),
        ("CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT",  "expires_at",      "timer.expired"),
    ],
)

# Source: docs/providers/worldline.md, source 4.3.
CATEGORIES = {
    "CREATED":          "CREATED",
    "REDIRECTED":       "PENDING_PAYMENT",
    "PENDING_APPROVAL": "PENDING_MERCHANT",
    "REFUND_REQUESTED": "PENDING_CONNECT_OR_3RD_PARTY",
    "CAPTURED":         "COMPLETED",
    "PAID":             "COMPLETED",
    "REVERSED":         "REVERSED",
    "REFUNDED":         "REFUNDED",
    "REJECTED":         "UNSUCCESSFUL",
    "REJECTED_CAPTURE": "UNSUCCESSFUL",
    "CANCELLED":        "UNSUCCESSFUL",
}

# The statusCode that a move sets. Source: docs/providers/worldline.md, sources 4.1, 4.2 and 4.4.
PAYMENT_CODES = {
    "api.redirect":         50,
    "bank.refused":         100,
    "wallet.paid":          800,
    "wallet.declined":      120,
    "wallet.cancelled":     99999,
    "wallet.cancelled_125": 125,
    "api.cancel":           99999,
    "timer.expired":        130,
    "timer.filed":          975,
    "timer.settled":        1000,
    "bank.funds_missing":   1100,
    "timer.remitted":       1050,
    "bank.refunded":        1800,
    "bank.reversed":        1520,
}
# What the wallet's reason makes of a decline; any other is rejected by the bank (120). Source: docs/providers/worldline.md, corrections.
DECLINE_CODES = {
    "balance":        120,
    "limit":          120,
    "authentication": 130,
    "blocked":        160,
}
REFUND_CODES = {
    "api.request":          800,
    "api.await_approval":   800,
    "bank.refused":         100,
    "api.approve":          800,
    "api.cancelapproval":   800,
    "api.cancel":           99999,
    "timer.executed":       1800,
    "bank.rejected":        1850,
}

# How the console and the control API see a payment.
PHASES = {
    "CREATED":          "processing",
    "REDIRECTED":       "waiting",
    "CAPTURED":         "paid",
    "PAID":             "paid",
    "REFUNDED":         "refunded",
    "REVERSED":         "error",
    "REJECTED":         "declined",
    "REJECTED_CAPTURE": "error",
    "CANCELLED":        "cancelled",
}

# Source: docs/providers/worldline.md, source 3.12. Every other state is SUCCESSFUL.
PAYMENT_STATUS_CATEGORIES = {
    "CREATED":          "REJECTED",
    "CANCELLED":        "REJECTED",
    "REJECTED":         "REJECTED",
    "REJECTED_CAPTURE": "REJECTED",
    "REDIRECTED":       "STATUS_UNKNOWN",
}
# fmt: on
