"""The request that makes a refund, and the refund that answers it."""

from __future__ import annotations

from typing import Any, Literal

from simulator.providers.wooshpay.model import Refund, rounded_ms
from simulator.providers.wooshpay.wire.values import Amount, Id, Metadata, Model, present


class RefundRequest(Model):
    """POST /v1/refunds. `amount` is text in the documentation; integrations send integers: both are accepted."""

    payment_intent: Id | None = None
    charge: Id | None = None
    amount: Amount | None = None
    reason: (
        Literal["duplicate", "fraudulent", "requested_by_customer", "resolved_dispute", "requested_by_merchant"] | None
    ) = None
    metadata: Metadata | None = None


def refund(found: Refund) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "refund",
            "amount": found.amount,
            "created": rounded_ms(found.created_at),
            "currency": found.currency,
            "metadata": found.metadata or None,
            "payment_intent": found.payment_intent,
            "reason": found.reason,
            "status": found.state,
            "description": found.description,
            "failure_reason": found.failure_reason,
        }
    )
