"""The JSON: a request model for each body, a function for each answer, its members in the documented order."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from simulator.kernel.clock import iso_millis
from simulator.surface.skeleton.model import Payment


class PaymentRequest(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)

    amount: StrictInt = Field(ge=1, le=99_999_999)
    currency: str = Field(pattern="^[A-Z]{3}$")
    reference: str = Field(min_length=1, max_length=64)
    return_url: str = Field(min_length=1, max_length=2048)


class RefundRequest(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)

    amount: StrictInt | None = Field(None, ge=1)


def payment(payment: Payment, base_url: str) -> dict[str, Any]:
    return {
        "id": payment.id,
        "status": payment.state,
        "amount": payment.amount,
        "currency": payment.currency,
        "reference": payment.reference,
        "amount_refunded": payment.refunded,
        "decline_reason": payment.decline_reason,
        "redirect_url": f"{base_url}/w/{payment.order_code}" if payment.state == "pending" else None,
        "created_at": iso_millis(payment.created_at),
    }
