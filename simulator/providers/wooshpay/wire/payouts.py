"""A payout and a balance transaction, as answers and events show them.

Inferred: wooshpay.payouts, wooshpay.balance-transactions.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.ledger import MERCHANT, Booking, rounded
from simulator.engine.settlement import Payout
from simulator.kernel.clock import millis
from simulator.kernel.money import Money
from simulator.providers.wooshpay.model import rounded_ms

LIVE = "live"
"""The account of what was paid with live keys. The other one has no name."""
STATUSES = {"pending": "in_transit"}
"""Of the states that are not called so already: a payout of the schedule is with the bank as soon as there is one."""
TYPES = {"capture": "payment", "refund_failed": "refund_failure"}
"""Of the bookings that are not called so already."""


def account_of(livemode: bool) -> str:
    return LIVE if livemode else ""


def payout(found: Payout) -> dict[str, Any]:
    """Currencies in capital letters, unlike a balance's. Source: docs/providers/wooshpay.md, source 6.6."""
    return {
        "id": found.id,
        "object": "payout",
        "created": rounded_ms(found.created_at),
        "status": STATUSES.get(found.state, found.state),
        "payment_amount": found.amount,
        "payment_currency": found.currency,
        "source_amount": found.amount,
        "source_currency": found.currency,
        "description": f"settlement {found.cutoff.date().isoformat()}",
        "metadata": {},
        "livemode": found.merchant == LIVE,
    }


def transaction_id(booking: Booking) -> str:
    """`txn_` and a number that only this booking has: they are counted from the first one of the workspace."""
    return f"txn_{19 * 10**17 + booking.number}"


def sums(booking: Booking) -> tuple[Money, Money]:
    """Amount and fee in whole cents; what is lost by that stays on the account. No fee comes back. Inferred: wooshpay.fees-kept."""
    amount = rounded(booking.on(MERCHANT, booking.cause), booking.currency)
    return amount, rounded(booking.on(MERCHANT, booking.cause) - booking.net, booking.currency)


def source(booking: Booking) -> str:
    return str(booking.told.get("source") or booking.payout)


def balance_transaction(found: Booking) -> dict[str, Any]:
    amount, fee = sums(found)
    return {
        "id": transaction_id(found),
        "object": "balance_transaction",
        "amount": amount.value,
        "available_on": millis(found.available),
        "created": rounded_ms(found.at),
        "currency": found.currency.lower(),
        "exchange_rate": float(found.rate) if found.rate != 1 else None,
        "fee": fee.value,
        "net": (amount - fee).value,
        "reporting_category": TYPES.get(found.cause, found.cause),
        "source": source(found),
        "type": TYPES.get(found.cause, found.cause),
    }
