"""PPRO's machine of a payment charge, line by line as in the reference.

Source: reference/ppro.md, sections 4.1 and 4.2. `*_PROCESSING` states are transient: they are passed within one request.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.kernel.machine import Machine

ALIPAY_AUTHENTICATION_TIMEOUT = timedelta(hours=12)

_DECIDING = ("AUTHORIZATION_PROCESSING", "AUTHENTICATION_PENDING", "AUTHORIZATION_ASYNC")

# fmt: off
PAYMENT_CHARGE = Machine(
    "ppro.payment_charge",
    initial="AUTHORIZATION_PROCESSING",
    table=[
        # trigger                        from                           to                        webhook
        ("api.authenticate",             "AUTHORIZATION_PROCESSING",    "AUTHENTICATION_PENDING", "PAYMENT_CHARGE_AUTHENTICATION_PENDING"),
        ("bank.confirms_later",          _DECIDING[:2],                 "AUTHORIZATION_ASYNC",    "PAYMENT_CHARGE_PROVIDER_CONFIRMATION_PENDING"),
        ("bank.authorized",              _DECIDING,                     "CAPTURE_PROCESSING",     "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED"),
        ("bank.authorized_for_capture",  _DECIDING,                     "CAPTURE_PENDING",        "PAYMENT_CHARGE_AUTHORIZATION_SUCCEEDED"),
        ("bank.declined",                _DECIDING,                     "FAILED",                 "PAYMENT_CHARGE_AUTHORIZATION_FAILED"),
        ("wallet.declined",              "AUTHENTICATION_PENDING",      "FAILED",                 "PAYMENT_CHARGE_AUTHORIZATION_FAILED"),
        ("wallet.cancelled",             "AUTHENTICATION_PENDING",      "FAILED",                 "PAYMENT_CHARGE_AUTHORIZATION_FAILED"),
        ("timer.authentication_timeout", "AUTHENTICATION_PENDING",      "DISCARDED",              "PAYMENT_CHARGE_DISCARDED"),
        ("timer.confirmation_timeout",   "AUTHORIZATION_ASYNC",         "DISCARDED",              "PAYMENT_CHARGE_DISCARDED"),
        ("api.discard",                  _DECIDING[1:],                 "DISCARDED",              "PAYMENT_CHARGE_DISCARDED"),
        ("api.capture",                  "CAPTURE_PENDING",             "CAPTURE_PROCESSING",     None),
        ("bank.captured",                "CAPTURE_PROCESSING",          "CAPTURED",               "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"),
        ("bank.captured_part",           "CAPTURE_PROCESSING",          "CAPTURE_PENDING",        "PAYMENT_CHARGE_CAPTURE_SUCCEEDED"),
        ("bank.capture_failed",          "CAPTURE_PROCESSING",          "CAPTURE_PENDING",        "PAYMENT_CHARGE_CAPTURE_FAILED"),
        ("api.void",                     "CAPTURE_PENDING",             "VOID_PROCESSING",        None),
        ("bank.voided",                  "VOID_PROCESSING",             "VOIDED",                 "PAYMENT_CHARGE_VOID_SUCCEEDED"),
        ("bank.voided_part",             "VOID_PROCESSING",             "CAPTURE_PENDING",        "PAYMENT_CHARGE_VOID_SUCCEEDED"),
        ("bank.voided_rest",             "VOID_PROCESSING",             "CAPTURED",               "PAYMENT_CHARGE_VOID_SUCCEEDED"),
        ("api.refund",                   "CAPTURED",                    "REFUND_PROCESSING",      None),
        ("bank.refund_pending",          "REFUND_PROCESSING",           "REFUND_PROCESSING",      "PAYMENT_CHARGE_REFUND_PENDING"),
        ("bank.refunded_part",           "REFUND_PROCESSING",           "CAPTURED",               "PAYMENT_CHARGE_REFUND_SUCCEEDED"),
        ("bank.refunded",                "REFUND_PROCESSING",           "REFUNDED",               "PAYMENT_CHARGE_REFUND_SUCCEEDED"),
        ("bank.refund_failed",           "REFUND_PROCESSING",           "CAPTURED",               "PAYMENT_CHARGE_REFUND_FAILED"),
    ],
    timeouts=[
        # in state                 after                          trigger
        ("AUTHENTICATION_PENDING", ALIPAY_AUTHENTICATION_TIMEOUT, "timer.authentication_timeout"),
    ],
)
# fmt: on

PHASES = {
    "AUTHORIZATION_PROCESSING": "processing",
    "AUTHENTICATION_PENDING": "waiting",
    "AUTHORIZATION_ASYNC": "processing",
    "CAPTURE_PENDING": "processing",
    "CAPTURE_PROCESSING": "processing",
    "CAPTURED": "paid",
    "REFUND_PROCESSING": "processing",
    "REFUNDED": "refunded",
    "VOID_PROCESSING": "processing",
    "VOIDED": "cancelled",
    "DISCARD_PROCESSING": "processing",
    "DISCARDED": "expired",
    "FAILED": "declined",
}
