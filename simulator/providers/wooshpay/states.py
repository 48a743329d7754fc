"""WooshPay's machines of payment intent, checkout session and refund. Source: docs/providers/wooshpay.md, source 4.

Inferred: wooshpay.processing, wooshpay.refund-status.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.kernel.machine import Machine

SESSION_LIFETIME = timedelta(hours=24)
AUTHORIZATION_LIFETIME = timedelta(days=7)
"""Documented as "about 7 days". Cards only."""

_NOT_CONFIRMED = ("requires_payment_method", "requires_confirmation")
_WAITING = (*_NOT_CONFIRMED, "requires_action")

# fmt: off
PAYMENT_INTENT = Machine(
    "wooshpay.payment_intent",
    initial=_NOT_CONFIRMED,
    table=[
        # trigger                     from                             to                         webhook
        ("api.attach",                "requires_payment_method",       "requires_confirmation",   None),
        ("api.confirm",               _WAITING,                        "requires_action",         "payment_intent.requires_action"),
        ("page.confirm",              _WAITING,                        "requires_action",         "payment_intent.requires_action"),
        ("wallet.paid",               "requires_action",               "succeeded",               "payment_intent.succeeded"),
        ("wallet.accepted",           "requires_action",               "processing",              "payment_intent.processing"),
        ("wallet.authorized",         "requires_action",               "requires_capture",        "payment_intent.amount_capturable_updated"),
        ("wallet.declined",           "requires_action",               "requires_payment_method", "payment_intent.payment_failed"),
        ("wallet.cancelled",          "requires_action",               "requires_payment_method", "payment_intent.payment_failed"),
        ("timer.code_expired",        "requires_action",               "requires_payment_method", "payment_intent.payment_failed"),
        ("bank.settled",              "processing",                    "succeeded",               "payment_intent.succeeded"),
        ("bank.failed",               "processing",                    "requires_payment_method", "payment_intent.payment_failed"),
        ("api.capture",               "requires_capture",              "succeeded",               "payment_intent.succeeded"),
        ("timer.authorization_lapsed", "requires_capture",             "canceled",                "payment_intent.canceled"),
        ("api.cancel",                (*_WAITING, "requires_capture"), "canceled",                "payment_intent.canceled"),
        ("api.session_expired",       _WAITING,                        "canceled",                "payment_intent.canceled"),
        ("timer.session_expired",     _WAITING,                        "canceled",                "payment_intent.canceled"),
    ],
    timeouts=[
        # in state           after                   trigger
        ("requires_action",  "code_expires_at",      "timer.code_expired"),
        ("requires_capture", AUTHORIZATION_LIFETIME, "timer.authorization_lapsed"),
    ],
)

CHECKOUT_SESSION = Machine(
    "wooshpay.checkout_session",
    initial="open",
    table=[
        # trigger            from    to          webhook
        ("wallet.paid",      "open", "complete", "checkout.session.completed"),
        ("bank.settled",     "open", "complete", "checkout.session.completed"),
        ("api.expire",       "open", "expired",  "checkout.session.expired"),
        ("timer.expired",    "open", "expired",  "checkout.session.expired"),
    ],
    timeouts=[
        # in state after         trigger
        ("open",   "expires_at", "timer.expired"),
    ],
)

REFUND = Machine(
    "wooshpay.refund",
    initial=("succeeded", "pending"),
    table=[
        # trigger        from       to           webhook
        ("bank.settled", "pending", "succeeded", "charge.refund.updated"),
        ("bank.failed",  "pending", "failed",    "charge.refund.updated"),
    ],
)
# fmt: on
