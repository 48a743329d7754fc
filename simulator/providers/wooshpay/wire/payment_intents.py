"""Requests about payment intents, and the intent that answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from simulator.engine.known import NoEffect
from simulator.providers.wooshpay.model import PaymentIntent, rounded_ms
from simulator.providers.wooshpay.wire.payment_methods import MethodData, MethodOptions
from simulator.providers.wooshpay.wire.values import (
    Amount,
    Boolean,
    Currency,
    FutureUsage,
    Id,
    Metadata,
    MethodTypes,
    Model,
    Shipping,
    Text,
    present,
    rounded,
)

Unseen = Annotated[Text, NoEffect("is echoed and shown nowhere")]
ConfirmationMethod = Annotated[
    Literal["automatic", "manual"],
    NoEffect("is echoed: the merchant's server may confirm either way", unless=("automatic",)),
]
AtOnce = Annotated[Boolean, NoEffect("is not read: whoever has agreed to it is charged at once anyway")]


INEFFECTIVE = frozenset({"off_session", "off_session_documented", "quantity"})
"""The members of the models below that leave the intent as it is."""


class IntentFields(Model):
    """What create, update and confirm have in common."""

    payment_method: Id | None = None
    payment_method_data: MethodData | None = None
    payment_method_types: MethodTypes | None = None
    payment_method_options: MethodOptions | None = None
    return_url: Text | None = None
    shipping: Shipping | None = None
    receipt_email: Annotated[Text, NoEffect("is echoed; no mail is sent")] | None = None
    setup_future_usage: FutureUsage | None = None
    capture_method: Literal["automatic", "manual"] | None = None
    merchant_order_id: Text | None = None
    metadata: Metadata | None = None
    off_session: AtOnce | None = None
    off_session_documented: AtOnce | None = Field(None, alias="off-session")
    quantity: Annotated[Any, NoEffect("has no effect, as WooshPay says too")] = None


class IntentRequest(IntentFields):
    """POST /v1/payment_intents"""

    amount: Amount
    currency: Currency
    confirm: Boolean = False
    description: Text | None = None
    customer: Id | None = None
    confirmation_method: ConfirmationMethod | None = None
    statement_descriptor: Unseen | None = None
    statement_descriptor_suffix: Unseen | None = None


class IntentUpdate(IntentFields):
    """POST /v1/payment_intents/{id}"""

    amount: Amount | None = None
    currency: Currency | None = None
    description: Text | None = None
    customer: Id | None = None
    confirmation_method: ConfirmationMethod | None = None
    statement_descriptor: Unseen | None = None
    statement_descriptor_suffix: Unseen | None = None


class ConfirmRequest(IntentFields):
    """POST /v1/payment_intents/{id}/confirm"""

    client_secret: Text | None = None


class CaptureRequest(Model):
    amount_to_capture: Amount | None = None


class CancelRequest(Model):
    cancellation_reason: Text | None = None


def payment_intent(intent: PaymentIntent) -> dict[str, Any]:
    return present(
        {
            "id": intent.id,
            "object": "payment_intent",
            "created": rounded_ms(intent.created_at),
            "currency": intent.currency,
            "amount": intent.amount,
            "status": intent.state,
            "customer": intent.customer,
            "description": intent.description,
            "metadata": intent.metadata or None,
            "livemode": intent.livemode,
            "merchant_order_id": intent.merchant_order_id,
            "client_secret": intent.client_secret,
            "last_payment_error": intent.last_payment_error,
            "next_action": intent.next_action,
            "payment_method_types": list(intent.payment_method_types),
            "canceled_at": rounded(intent.canceled_at),  # Inferred: wooshpay.canceled-at
            "cancellation_reason": intent.cancellation_reason,
            "confirmation_method": intent.confirmation_method,
            "payment_method_options": intent.payment_method_options,
            "shipping": intent.shipping,
            "receipt_email": intent.receipt_email,
            "statement_descriptor": intent.statement_descriptor,
            "statement_descriptor_suffix": intent.statement_descriptor_suffix,
            "return_url": intent.return_url,
            "payment_method": intent.payment_method,
            "capture_method": intent.capture_method,
            "setup_future_usage": intent.setup_future_usage,
            "amount_capturable": intent.amount if intent.state == "requires_capture" else None,
            "amount_received": intent.amount_received,
        }
    )
