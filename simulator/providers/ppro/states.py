"""PPRO's machines, line by line as in the reference: the charge's, those of its operations, and a payment report's.

A charge passes its `*_PROCESSING` states within one request, so nobody ever sees it in one of them.
Source: docs/providers/ppro.md, sources 3.2, 4.1, 4.2 and 12.2. Inferred: ppro.capture-event, ppro.part-captured-rest-voided.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.kernel.machine import Machine

AUTHENTICATION_TIMEOUT = timedelta(hours=12)
"""Documented for ALIPAY. Inferred: ppro.mock-timeout."""

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
        ("bank.void_failed",             "VOID_PROCESSING",             "CAPTURE_PENDING",        "PAYMENT_CHARGE_VOID_FAILED"),
        ("api.refund",                   "CAPTURED",                    "REFUND_PROCESSING",      None),
        ("bank.refunded_part",           "REFUND_PROCESSING",           "CAPTURED",               "PAYMENT_CHARGE_REFUND_SUCCEEDED"),
        ("bank.refunded",                "REFUND_PROCESSING",           "REFUNDED",               "PAYMENT_CHARGE_REFUND_SUCCEEDED"),
        ("bank.refund_failed",           "REFUND_PROCESSING",           "CAPTURED",               "PAYMENT_CHARGE_REFUND_FAILED"),
        ("bank.refund_pending",          "REFUND_PROCESSING",           "CAPTURED",               "PAYMENT_CHARGE_REFUND_PENDING"),
        ("bank.refund_decided",          "CAPTURED",                    "REFUND_PROCESSING",      None),
        ("bank.funds_moved",             "CAPTURE_PENDING",             "CAPTURE_PENDING",        "FUNDS_STATE_CHANGED"),
        ("bank.funds_moved",             "CAPTURED",                    "CAPTURED",               "FUNDS_STATE_CHANGED"),
        ("bank.funds_moved",             "REFUNDED",                    "REFUNDED",               "FUNDS_STATE_CHANGED"),
    ],
    timeouts=[
        # in state                 after              trigger
        ("AUTHENTICATION_PENDING", "authenticate_by", "timer.authentication_timeout"),
    ],
)

AUTHORIZATION = Machine(
    "ppro.authorization",
    initial=("AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING"),
    table=[
        # trigger                        from                                                         to                                webhook: the charge's
        ("bank.confirms_later",          "AUTHENTICATION_PENDING",                                    "PROVIDER_CONFIRMATION_PENDING",  None),
        ("bank.confirms_later",          "PROVIDER_CONFIRMATION_PENDING",                             "PROVIDER_CONFIRMATION_PENDING",  None),
        ("bank.authorized",              ("AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING"), "AUTHORIZED",                     None),
        ("bank.declined",                ("AUTHENTICATION_PENDING", "PROVIDER_CONFIRMATION_PENDING"), "FAILED",                         None),
        ("wallet.declined",              "AUTHENTICATION_PENDING",                                    "FAILED",                         None),
        ("wallet.cancelled",             "AUTHENTICATION_PENDING",                                    "FAILED",                         None),
        ("timer.authentication_timeout", "AUTHENTICATION_PENDING",                                    "FAILED",                         None),
        ("timer.confirmation_timeout",   "PROVIDER_CONFIRMATION_PENDING",                             "FAILED",                         None),
    ],
)

CAPTURE = Machine("ppro.capture", initial=("CAPTURED", "FAILED"), table=[])

REFUND = Machine(
    "ppro.refund",
    initial=("REFUNDED", "PENDING", "FAILED"),
    table=[
        # trigger               from       to          webhook: the charge's
        ("bank.refunded",       "PENDING", "REFUNDED", None),
        ("bank.refund_failed",  "PENDING", "FAILED",   None),
    ],
)

VOID = Machine("ppro.void", initial=("VOIDED", "FAILED"), table=[])

DISCARD = Machine("ppro.discard", initial=("DISCARDED", "FAILED"), table=[])

PAYMENT_REPORT = Machine(
    "ppro.payment_report",
    initial=("PENDING", "FAILED"),
    table=[
        # trigger                  from         to           webhook
        ("timer.report_processed", "PENDING",   "PROCESSED", "REPORT_PROCESSED"),
        ("timer.report_failed",    "PENDING",   "FAILED",    "REPORT_FAILED"),
        ("timer.report_expired",   "PROCESSED", "EXPIRED",   "REPORT_EXPIRED"),
    ],
    timeouts=[
        # in state    after         trigger
        ("PENDING",   "ready_at",   "timer.report_processed"),
        ("PENDING",   "fails_at",   "timer.report_failed"),
        ("PROCESSED", "expires_at", "timer.report_expired"),
    ],
)
# fmt: on

MACHINE_OF = {
    "authorizations": AUTHORIZATION,
    "captures": CAPTURE,
    "refunds": REFUND,
    "discards": DISCARD,
    "voids": VOID,
}
"""The machine of each kind of operation, by the member of the charge in which operations of that kind stand."""

MACHINES = (PAYMENT_CHARGE, *MACHINE_OF.values(), PAYMENT_REPORT)
STATUSES = {kind: frozenset(machine.states) for kind, machine in MACHINE_OF.items()}

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
    "DISCARDED": "expired",
    "FAILED": "declined",
}
