"""A charge, as answers and events show it."""

from __future__ import annotations

from typing import Any

from simulator.providers.wooshpay.model import Charge, rounded_ms
from simulator.providers.wooshpay.wire.values import present


def charge(found: Charge) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "charge",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "amount": found.amount,
            "amount_captured": found.amount_captured,
            "amount_refunded": found.amount_refunded,
            "captured": found.amount_captured > 0,
            "currency": found.currency,
            "customer": found.customer,
            "description": found.description,
            "disputed": False,
            "metadata": found.metadata or None,
            "paid": True,
            "payment_intent": found.payment_intent,
            "payment_method": found.payment_method,
            "payment_method_details": {"type": found.method_type, found.method_type: {}},
            "refunded": found.amount_refunded == found.amount_captured > 0,
            "status": "succeeded",
        }
    )
