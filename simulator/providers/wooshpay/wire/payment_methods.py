"""Requests about payment methods, their options in other requests, and the payment method that answers them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from simulator.engine.known import NoEffect
from simulator.providers.wooshpay.model import PaymentMethod, rounded_ms
from simulator.providers.wooshpay.wire.values import BillingDetails, Id, Metadata, MethodType, Model, Text, present


class AlipayOptions(Model):
    """`payment_method_options.alipay`. Source: docs/providers/wooshpay.md, source 7.1. Inferred: wooshpay.terminal-types."""

    terminal_type: Literal["WEB", "APP", "WAP"] | None = None
    os_type: Literal["IOS", "ANDROID"] | None = None
    client_ip: Text | None = None


class MethodOptions(Model):
    alipay: AlipayOptions | None = None
    alipayplus: AlipayOptions | None = None


Details = Annotated[dict[str, Any], NoEffect("is not read: every method is decided in the mock wallet")]


class MethodData(Model):
    """`payment_method_data`: a method that is given inline and saved when the request succeeds. A type's own details have
    no place here, least of all a card's number."""

    type: MethodType
    billing_details: BillingDetails | None = None
    card: Details | None = None
    sepa_debit: Details | None = None
    wechat_pay: Details | None = None
    alipay: Details | None = None
    alipayplus: Details | None = None
    mobile_money: Details | None = None


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
