"""The names of events: which a merchant may ask for, and which an Alipay payment raises.

Source: docs/providers/checkoutcom.md, source 6.1 and, for the last two of the gateway's, corrections.
"""

from __future__ import annotations

from simulator.providers.checkoutcom.states import DISPUTE, PAYMENT, PAYMENT_SETUP

# The events that a workflow may name, and that its `test` may send. Source: source 6.1.
GATEWAY_EVENTS = (
    "payment_pending", "payment_capture_pending", "payment_captured", "payment_declined",
    "payment_refund_pending", "payment_refunded", "payment_refund_declined", "payment_canceled",
    "payment_expired", "payment_approved", "payment_authorization_incremented",
    "payment_authorization_increment_declined", "payment_authentication_failed", "payment_capture_declined",
    "payment_voided", "payment_void_declined", "payment_returned", "payment_paid", "payment_retry_scheduled",
    "payment_compliance_review", "payment_instrument_verification_passed", "card_verified",
    "card_verification_declined", "authentication_started", "authentication_approved", "authentication_failed",
    "authentication_expired", "authentication_attempted", "payment_method_ready", "payment_optimized",
)  # fmt: skip
DISPUTE_EVENTS = (
    "dispute_received", "dispute_evidence_required", "dispute_evidence_submitted",
    "dispute_evidence_acknowledged_by_scheme", "dispute_accepted", "dispute_resolved", "dispute_canceled",
    "dispute_expired", "dispute_won", "dispute_lost", "dispute_arbitration_lost", "dispute_arbitration_won",
    "dispute_arbitration_sent_to_scheme",
)  # fmt: skip
REPORT_EVENTS = ("report_generated",)
"""The name of their source is ours. Source: source 15.8. Inferred: checkoutcom.report-event."""
PREVIOUS_EVENTS = (
    "card_verification_declined", "card_verified", "dispute_canceled", "dispute_evidence_required",
    "dispute_expired", "dispute_lost", "dispute_resolved", "dispute_won", "payment_approved",
    "payment_risk_matched", "payment_pending", "payment_declined", "payment_expired", "payment_canceled",
    "payment_voided", "payment_void_declined", "payment_captured", "payment_capture_declined",
    "payment_capture_pending", "payment_refunded", "payment_refund_declined", "payment_refund_pending",
    "payment_chargeback", "payment_retrieval", "source_updated", "payment_paid",
)  # fmt: skip

# The names of version 1.0. Only `charge.succeeded` is documented. Source: source 6.1.
# Inferred: checkoutcom.event-names.
OLD_EVENTS = (
    "charge.captured",
    "charge.failed",
    "charge.pending",
    "charge.refunded",
    "charge.succeeded",
    "charge.voided",
)

SENT = ("payment_pending", *PAYMENT.events, "dispute_received", *DISPUTE.events, *PAYMENT_SETUP.events, *REPORT_EVENTS)
"""What can happen to an Alipay payment, and after it. Everything else that may be named never comes."""

NAMEABLE = (*GATEWAY_EVENTS, *DISPUTE_EVENTS, *REPORT_EVENTS, *PREVIOUS_EVENTS, *OLD_EVENTS)
"""An account's endpoint may name them all, also those that never happen to Alipay payments."""

SOURCES = {"gateway": GATEWAY_EVENTS, "dispute": DISPUTE_EVENTS, "disputes": DISPUTE_EVENTS, "report": REPORT_EVENTS}
"""The sources that a workflow's condition may name, with their events. Published material spells the second in both ways."""
