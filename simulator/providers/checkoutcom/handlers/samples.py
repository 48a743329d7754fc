"""What the test of a workflow tells of: for each event a payment in the state that it announces, with the action, the codes and
the balances that fit. The bodies are rendered as those of real events. Nothing of it is stored but the events.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom import files, reports
from simulator.providers.checkoutcom.errors import REFUND_DECLINED, response
from simulator.providers.checkoutcom.handlers import disputes
from simulator.providers.checkoutcom.handlers.actions import new_action
from simulator.providers.checkoutcom.model import Action, Dispute, FinancialReport, Payment, new_id
from simulator.providers.checkoutcom.rules import own_channel

AMOUNT = 1000
REFERENCE = "WORKFLOW-TEST"

# fmt: off
_MOMENTS: dict[str, tuple[str, str | None, str, str | None]] = {
    # event                    the payment is       its action       which is       with the code
    "payment_pending":         ("Pending",          None,            "",            None),
    "payment_capture_pending": ("Pending",          "Capture",       "In Progress", None),
    "payment_captured":        ("Captured",         "Capture",       "Approved",    "10000"),
    "payment_declined":        ("Declined",         "Authorization", "Declined",    "20005"),
    "payment_canceled":        ("Canceled",         "Authorization", "Declined",    None),
    "payment_expired":         ("Expired",          "Authorization", "Declined",    None),
    "payment_refund_pending":  ("Captured",         "Refund",        "In Progress", None),
    "payment_refunded":        ("Refunded",         "Refund",        "Approved",    "10000"),
    "payment_refund_declined": ("Captured",         "Refund",        "Declined",    REFUND_DECLINED),
}
# An event that never happens to an Alipay payment tells of a captured one.
_ANY = _MOMENTS["payment_captured"]
# fmt: on


def payment(uow: UnitOfWork, origin: str) -> Payment:
    """The payment of which all samples of one test tell, as it was made."""
    return Payment(
        id=new_id(uow.ids, "pay"),
        state="Pending",
        created_at=uow.now,
        updated_at=uow.now,
        origin=origin,
        amount=AMOUNT,
        currency="EUR",
        source_type="alipay_cn",
        reference=REFERENCE,
        customer_id=new_id(uow.ids, "cus"),
        customer_email="john.smith@example.com",
        customer_name="John Smith",
        metadata={"test": "true"},
        session_id=new_id(uow.ids, "sid"),
        code="",
        processing_channel_id=own_channel(uow),
    )


def at(uow: UnitOfWork, name: str, made: Payment) -> tuple[Payment, Action | None]:
    """The payment when this event happens, and the action that the event is about."""
    state, type_, action_state, code = _MOMENTS.get(name, _ANY)
    changes: dict[str, Any] = {"state": state, "approved": state in ("Captured", "Refunded")}
    if type_ == "Refund":
        settled = action_state == "Approved"
        changes |= {"refunded": AMOUNT if settled else 0, "refunding": AMOUNT if action_state == "In Progress" else 0}
    if type_ is None:
        return replace(made, **changes), None
    response_code, summary = response(code) if code else (None, None)
    acquired = {}
    if (type_, action_state) == ("Capture", "Approved"):
        acquired = {
            "acquirer_transaction_id": uow.ids.digits(10),
            "acquirer_reference_number": uow.ids.digits(12),
        }
    action = new_action(
        uow,
        made,
        type_,
        AMOUNT,
        state=action_state,
        reference=REFERENCE,
        response_code=response_code,
        response_summary=summary,
        **acquired,
    )
    return replace(made, **changes, capture_action_id=action.id if type_ == "Capture" else None), action


def report(uow: UnitOfWork, made: Payment) -> FinancialReport:
    """What a payout that took the payment would be told by."""
    return reports.made_of(uow, files.example(uow), made.origin)


def dispute(uow: UnitOfWork, made: Payment) -> Dispute:
    """A chargeback of the payment, which was captured before."""
    captured, capture = at(uow, "payment_captured", made)
    assert capture is not None
    return disputes.of(uow, captured, capture.processed_on)
