"""The request that makes a checkout session; the session and its line items that answer it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from simulator.engine.known import NoEffect
from simulator.kernel.clock import millis
from simulator.providers.wooshpay.model import CheckoutSession, Price, Product, rounded_ms
from simulator.providers.wooshpay.wire.payment_methods import AlipayOptions
from simulator.providers.wooshpay.wire.products import PriceData, price
from simulator.providers.wooshpay.wire.values import (
    BillingDetails,
    Filled,
    FutureUsage,
    Id,
    Integer,
    Metadata,
    MethodTypes,
    Model,
    Quantity,
    Shipping,
    Text,
    as_list,
    present,
)


class LineItem(Model):
    quantity: Quantity
    price: Id | None = None
    price_data: PriceData | None = None


class PaymentIntentData(Model):
    metadata: Metadata | None = None
    billing_details: BillingDetails | None = None
    shipping: Shipping | None = None
    description: Text | None = None
    capture_method: Literal["automatic", "manual"] | None = None
    setup_future_usage: FutureUsage | None = None


class SessionAlipay(AlipayOptions):
    """The page decides by the shopper's device (seed)."""

    terminal_type: (
        Annotated[Literal["WEB", "APP", "WAP"], NoEffect("has no effect: the shopper's device decides")] | None
    ) = None


class SessionOptions(Model):
    alipay: SessionAlipay | None = None
    alipayplus: SessionAlipay | None = None


class SessionRequest(Model):
    """POST /v1/checkout/sessions"""

    success_url: Filled
    cancel_url: Text | None = None
    mode: Literal["payment", "setup", "subscription"] = "payment"
    payment_method_types: MethodTypes | None = None
    payment_method_options: SessionOptions | None = None
    line_items: Annotated[list[LineItem], Field(min_length=1, max_length=100)]
    client_reference_id: Text | None = None
    customer: Id | None = None
    customer_email: Annotated[Text, NoEffect("is echoed: the page asks for no address to fill in")] | None = None
    metadata: Metadata | None = None
    payment_intent_data: PaymentIntentData | None = None
    billing_address_collection: Annotated[
        Literal["auto", "required"], NoEffect("is echoed: the page asks for no address", unless=("auto",))
    ] = "auto"
    shipping_address_collection: (
        Annotated[dict[str, Any], NoEffect("is echoed: the page asks for no address")] | None
    ) = None
    expires_at: Integer | None = None


def checkout_session(session: CheckoutSession, url: str) -> dict[str, Any]:
    """`customer` and `payment_link` are empty strings, `expires_at` is the exact millisecond (seed)."""
    return present(
        {
            "id": session.id,
            "object": "checkout.session",
            "created": rounded_ms(session.created_at),
            "currency": session.currency,
            "customer": session.customer or "",
            "metadata": session.metadata or None,
            "mode": session.mode,
            "livemode": session.livemode,
            "status": session.state,
            "url": None if session.state == "expired" else url,
            "cancel_url": session.cancel_url,
            "client_reference_id": session.client_reference_id,
            "customer_email": session.customer_email,
            "shipping": session.shipping,
            "line_items": {"object": "list", "data": list(session.line_items)},
            "payment_intent": session.payment_intent,
            "payment_method_options": session.payment_method_options,
            "payment_method_types": as_list(session.payment_method_types),
            "payment_status": session.payment_status,
            "success_url": session.success_url,
            "amount_subtotal": session.amount_total,
            "amount_total": session.amount_total,
            "billing_address_collection": session.billing_address_collection,
            "shipping_address_collection": session.shipping_address_collection,
            "expires_at": millis(session.expires_at),
            "payment_link": "",
            "client_secret": session.client_secret,
        }
    )


def line_item(id_: str, price_: Price, product_: Product, quantity: int) -> dict[str, Any]:
    total = price_.unit_amount * quantity
    return {
        "id": id_,
        "object": "item",
        "currency": price_.currency,
        "description": product_.name,
        "price": price(price_, product_),
        "quantity": quantity,
        "amount_subtotal": total,
        "amount_total": total,
    }
