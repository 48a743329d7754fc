"""What the Data API and the registry tell of an operation. Source: docs/providers/ecommpay.md, source 3.11.

A refund is an operation of its own with its purchase's `payment_id`; its amount bears no sign, the type says which way it went.
Amounts are in minor units. Inferred: ecommpay.data-operations.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, get_args
from zoneinfo import ZoneInfo

from simulator.engine.ledger import MERCHANT, Booking, rounded
from simulator.kernel.money import Money
from simulator.providers.ecommpay.model import METHOD, Operation, Payment
from simulator.providers.ecommpay.wire.data import FEES, REQUIRED, Member, printed

ORDER: tuple[str, ...] = get_args(Member)

TYPES = {"capture": "sale", "chargeback_reversal": "chargeback reversal"}
"""The type of an operation by the cause of its booking, where that is another word."""

MOVES = ("capture", "refund", "reversal", "chargeback", "chargeback_reversal")
"""The causes of bookings that are operations of a payment."""

FEE_KINDS = ("fee_variable", "fee_fixed", "fee_refund", "fee_chargeback")


def operation(
    each: Operation, payment: Payment, booking: Booking | None, zone: ZoneInfo, fields: Sequence[str] = ()
) -> dict[str, Any]:
    """The members that are wanted, in their fixed order. What Alipay has nothing for (cards, banks, AVS) is empty."""
    charged = Money(each.amount, each.currency) if booking is None else settled(booking)
    told: dict[str, Any] = {
        "project_id": payment.project_id,
        "operation_id": int(each.id),
        "payment_id": payment.payment_id,
        "operation_type": each.type,
        "operation_status": each.state,
        "customer_ip": payment.customer.get("ip_address") or "",
        "payment_method": METHOD,
        "payment_method_type": "wallet",
        "payment_description": payment.description,
        "operation_created_at": printed(each.created_at, zone),
        "operation_completed_at": printed(each.updated_at, zone),
        "provider_completed_at": printed(each.provider_at, zone) if each.provider_at is not None else "",
        "amount": each.amount,
        "currency": each.currency,
        "channel_amount": charged.value,
        "channel_currency": charged.currency,
    }
    wanted = fields or REQUIRED
    return {name: told.get(name, "") for name in ORDER if name in wanted}


def settled(booking: Booking) -> Money:
    """What the merchant got or gave in the settled currency, without a sign and before fees."""
    return rounded(abs(booking.on(MERCHANT, booking.cause)), booking.currency)


def fee(booking: Booking) -> int:
    """All that was charged for it, in units of the ledger."""
    return -booking.on(MERCHANT, *FEE_KINDS)


def booked(booking: Booking, cost: Money, zone: ZoneInfo) -> dict[str, Any]:
    """A row of the registry, and of financial reporting: an operation that has moved money, with what it cost."""
    assert booking.gross is not None
    told, amount = booking.told, settled(booking)
    is_own = booking.cause != "chargeback"
    created = datetime.fromisoformat(told["created_at"]) if is_own and "created_at" in told else booking.at
    return {
        "project_id": told["project_id"],
        "operation_id": int(booking.operation),
        "payment_id": told["payment_id"],
        "operation_type": TYPES.get(booking.cause, booking.cause),
        "operation_status": "success",
        "payment_method": METHOD,
        "operation_created_at": printed(created, zone),
        "operation_completed_at": printed(booking.at, zone),
        "amount": abs(booking.gross.value),
        "currency": booking.gross.currency,
        "channel_amount": amount.value,
        "channel_currency": amount.currency,
        "fee_amount": cost.value,
        "fee_currency": cost.currency,
    }


COLUMNS = (*REQUIRED, *FEES)
