"""Requests about payment methods, their options in other requests, and the payment method that answers them."""

from __future__ import annotations

from typing import Any, Literal

from simulator.providers.wooshpay.model import PaymentMethod, rounded_ms
from simulator.providers.wooshpay.wire.values import BillingDetails, Id, Metadata, MethodType, Model, Text, present


class AlipayOptions(Model):
    """`payment_method_options.alipay`. Source: docs/providers/wooshpay.md, source 7.1 (WAP and ANDROID inferred)."""

    terminal_type: Literal["WEB", "APP", "WAP"] | None = None
    os_type: Literal["IOS", "ANDROID"] | None = None
    client_ip: Text | None = None


class MethodOptions(Model):
    alipay: AlipayOptions | None = None
    alipayplus: AlipayOptions | None = None


class MethodData(Model):
    """`payment_method_data`: a method that is given inline and saved when the request succeeds."""

    type: MethodType
    billing_details: BillingDetails | None = None


class MethodRequest(MethodData):
    """POST /v1/payment_methods"""

    metadata: Metadata | None = None


class MethodUpdate(Model):
    billing_details: BillingDetails | None = None
    metadata: Metadata | None = None


class AttachRequest(Model):
    customer: Id


def payment_method(found: PaymentMethod) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "payment_method",
            "created": rounded_ms(found.created_at),
            "livemode": found.livemode,
            "customer": found.customer,
            "metadata": found.metadata or None,
            "billing_details": found.billing_details,
            "type": found.type,
            found.type: found.details,
        }
    )
