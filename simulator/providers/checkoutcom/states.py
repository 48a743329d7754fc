"""Checkout.com's machines as an Alipay payment meets them. Source: docs/providers/checkoutcom.md, source 4."""

from __future__ import annotations

from simulator.kernel.machine import Machine

# `Pending` to `Pending` is the documented gap between the shopper's approval and the acquirer's confirmation.
# The two `…_as_declined` rows are the strict reading of the AlipayCN page, which lists neither payment_canceled nor
# payment_expired (setting `strict_events`). Inferred: checkoutcom.cancel-and-expiry, checkoutcom.events.
# fmt: off
PAYMENT = Machine(
    "checkoutcom.payment",
    initial="Pending",
    table=[
        # trigger                      from                  to                    webhook
        ("wallet.paid",                "Pending",            "Pending",            "payment_capture_pending"),
        ("bank.captured",              "Pending",            "Captured",           "payment_captured"),
        ("bank.declined",              "Pending",            "Declined",           "payment_declined"),
        ("wallet.declined",            "Pending",            "Declined",           "payment_declined"),
        ("wallet.cancelled",           "Pending",            "Canceled",           "payment_canceled"),
        ("timer.expired",              "Pending",            "Expired",            "payment_expired"),
        ("wallet.cancelled_as_declined", "Pending",          "Declined",           "payment_declined"),
        ("timer.expired_as_declined",  "Pending",            "Declined",           "payment_declined"),
        ("api.refund",                 "Captured",           "Captured",           "payment_refund_pending"),
        ("api.refund",                 "Partially Refunded", "Partially Refunded", "payment_refund_pending"),
        ("bank.refunded_part",         "Captured",           "Partially Refunded", "payment_refunded"),
        ("bank.refunded_part",         "Partially Refunded", "Partially Refunded", "payment_refunded"),
        ("bank.refunded_rest",         "Captured",           "Refunded",           "payment_refunded"),
        ("bank.refunded_rest",         "Partially Refunded", "Refunded",           "payment_refunded"),
        ("bank.refund_declined",       "Captured",           "Captured",           "payment_refund_declined"),
        ("bank.refund_declined",       "Partially Refunded", "Partially Refunded", "payment_refund_declined"),
    ],
    timeouts=[
        # in state   after         trigger
        ("Pending",  "expires_at", "timer.expired"),
    ],
)

# A capture or a refund: `approved` is null, then true or false. It has no webhooks of its own; the payment's rows tell of it.
ACTION = Machine(
    "checkoutcom.action",
    initial=("In Progress", "Declined"),
    table=[
        # trigger          from           to          webhook
        ("bank.approved",  "In Progress", "Approved", None),
        ("bank.declined",  "In Progress", "Declined", None),
    ],
)

# The recurring agreement behind a `src_`: issued with the 202, usable once the first payment is captured.
INSTRUMENT = Machine(
    "checkoutcom.instrument",
    initial="Issued",
    table=[
        # trigger            from       to        webhook
        ("bank.captured",    "Issued",  "Usable", None),
        ("bank.declined",    "Issued",  "Dead",   None),
    ],
)

HOSTED_PAYMENT = Machine(
    "checkoutcom.hosted_payment",
    initial="Payment Pending",
    table=[
        # trigger           from               to                  webhook
        ("bank.captured",   "Payment Pending", "Payment Received", None),
        ("timer.expired",   "Payment Pending", "Expired",          None),
    ],
    timeouts=[
        # in state           after         trigger
        ("Payment Pending",  "expires_at", "timer.expired"),
    ],
)

PAYMENT_LINK = Machine(
    "checkoutcom.payment_link",
    initial="Active",
    table=[
        # trigger           from      to                  webhook
        ("bank.captured",   "Active", "Payment Received", None),
        ("timer.expired",   "Active", "Expired",          None),
    ],
    timeouts=[
        # in state   after         trigger
        ("Active",   "expires_at", "timer.expired"),
    ],
)

# A payment session (Flow). No answer of the API names its state. Inferred: checkoutcom.session-life.
PAYMENT_SESSION = Machine(
    "checkoutcom.payment_session",
    initial="Open",
    table=[
        # trigger           from    to         webhook
        ("bank.captured",   "Open", "Paid",    None),
        ("timer.expired",   "Open", "Expired", None),
    ],
    timeouts=[
        # in state   after         trigger
        ("Open",     "expires_at", "timer.expired"),
    ],
)

# A payment setup. Its methods have the states that the API names. `api.ready` comes only under setting `setups_announce_ready`.
PAYMENT_SETUP = Machine(
    "checkoutcom.payment_setup",
    initial="Open",
    table=[
        # trigger           from    to         webhook
        ("api.ready",       "Open", "Open",    "payment_method_ready"),
        ("bank.captured",   "Open", "Paid",    None),
    ],
)

# A chargeback. A scenario begins it, since the simulator's shoppers do not complain by themselves.
DISPUTE = Machine(
    "checkoutcom.dispute",
    initial="evidence_required",
    table=[
        # trigger         from                     to                       webhook
        ("api.accept",    "evidence_required",     "accepted",              "dispute_accepted"),
        ("api.submit",    "evidence_required",     "evidence_under_review", "dispute_evidence_submitted"),
        ("timer.expired", "evidence_required",     "expired",               "dispute_expired"),
        ("bank.won",      "evidence_under_review", "won",                   "dispute_won"),
        ("bank.lost",     "evidence_under_review", "lost",                  "dispute_lost"),
    ],
    timeouts=[
        # in state             after                    trigger
        ("evidence_required",  "evidence_required_by",  "timer.expired"),
    ],
)
# fmt: on

PHASES = {
    "Pending": "waiting",
    "Captured": "paid",
    "Partially Refunded": "partly_refunded",
    "Refunded": "refunded",
    "Declined": "declined",
    "Canceled": "cancelled",
    "Expired": "expired",
    "Payment Pending": "waiting",
    "Active": "waiting",
    "Payment Received": "paid",
    "Open": "waiting",
    "Paid": "paid",
}
