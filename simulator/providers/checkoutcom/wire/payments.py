"""Payments: what is asked for and what is answered. Source: docs/providers/checkoutcom.md, sources 3.1 to 3.3.

Inferred: checkoutcom.pending-payment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StrictStr, model_validator

from simulator.engine.known import NoEffect
from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.model import Action, Payment
from simulator.providers.checkoutcom.wire.actions import short_action
from simulator.providers.checkoutcom.wire.addresses import Shipping
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.fields import (
    AmountOrAll,
    ChannelId,
    Currency,
    Email,
    FilterText,
    Flag,
    Ignored,
    IgnoredCapture,
    IgnoredMoment,
    Ip,
    Metadata,
    Model,
    Moment,
    PageLimit,
    PaymentType,
    Quantity,
    Risk,
    SearchLimit,
    Skip,
    Text80,
    Text100,
    Text255,
    Text1024,
    ThreeDs,
    Url,
)
from simulator.providers.checkoutcom.wire.values import instant, link, present

WALLETS = ("alipay_cn", "alipay_hk", "alipay_plus", "gcash", "dana", "kakaopay", "truemoney", "tng")
SOURCE_TYPES = (*WALLETS, "alipay", "id", "customer")


def _source_type(value: str) -> str:
    if value not in SOURCE_TYPES:
        raise Unfit("payment_method_not_supported", limit=", ".join(SOURCE_TYPES))
    return value


class Source(Model):
    """What pays: a wallet (`{"type": "alipay_cn"}`), a stored agreement (`id`) or a customer (`customer`).

    Source: source 3.1.1.
    """

    type: Annotated[StrictStr, AfterValidator(_source_type)]
    id: StrictStr | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _names_its_owner(self) -> Source:
        if self.type == "id" and self.id is None:
            raise Unfit("source_id_required")
        if self.type == "id" and self.id is not None and not re.fullmatch(r"src_\w{26}", self.id, re.ASCII):
            raise Unfit("source_id_invalid")
        if self.type == "customer" and self.id is None and self.email is None:
            raise Unfit("source_id_or_email_required")
        return self


class Processing(Model):
    """Takes anything: the connector to the wallet checks it, not the gateway.

    The customs declaration is passed on to the acquirer, so that nobody sees an effect of it (source 7.5).
    """

    terminal_type: Any = None
    os_type: Any = None
    customsCode: Any = None
    merchantCustomsCode: Any = None
    merchantCustomsName: Any = None
    order_id: Ignored = None
    invoice_id: Ignored = None
    receipt_id: Ignored = None
    tax_amount: Ignored = None
    discount_amount: Ignored = None
    duty_amount: Ignored = None
    shipping_amount: Ignored = None
    shipping_tax_amount: Ignored = None
    original_order_amount: Ignored = None
    locale: Ignored = None
    brand_name: Ignored = None
    purchase_country: Ignored = None
    merchant_initiated_reason: Ignored = None


class Item(Model):
    name: Text255 | None = None
    quantity: Quantity | None = None
    unit_price: AmountOrAll | None = None
    reference: Text255 | None = None
    commodity_code: Text255 | None = None
    unit_of_measure: Text255 | None = None
    total_amount: AmountOrAll | None = None
    tax_amount: AmountOrAll | None = None
    discount_amount: AmountOrAll | None = None
    url: Text1024 | None = None
    image_url: Text1024 | None = None


class PaymentRequest(Model):
    """POST /payments"""

    source: Source
    amount: AmountOrAll | None = None
    currency: Currency
    payment_type: PaymentType | None = None
    merchant_initiated: Flag | None = None
    reference: Text80 | None = None
    description: Text100 | None = None
    authorization_type: Annotated[Literal["Final", "Estimated", "Incremental"], NoEffect()] | None = None
    capture: IgnoredCapture | None = None
    capture_on: IgnoredMoment | None = None
    customer: CustomerInput | None = None
    shipping: Shipping | None = None
    processing: Processing | None = None
    items: Annotated[list[Item], Field(max_length=1000)] | None = None
    success_url: Url | None = None
    failure_url: Url | None = None
    processing_channel_id: ChannelId | None = None
    previous_payment_id: Text100 | None = None
    metadata: Metadata | None = None
    risk: Risk | None = None
    three_ds: ThreeDs | None = Field(None, alias="3ds")
    payment_ip: Ip | None = None
    billing_descriptor: Ignored = None
    sender: Ignored = None
    recipient: Ignored = None
    marketplace: Ignored = None
    amount_allocations: Ignored = None
    instruction: Ignored = None
    retry: Ignored = None
    customsCode: StrictStr | None = None
    merchantCustomsCode: StrictStr | None = None
    merchantCustomsName: StrictStr | None = None


class PaymentsQuery(Model):
    """GET /payments"""

    reference: FilterText
    limit: PageLimit = 10
    skip: Skip = 0


class SearchRequest(Model):
    """POST /payments/search"""

    query: Text1024 = ""
    limit: SearchLimit = 10
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None


class SearchQuery(Model):
    """Where the answer to POST /payments/search goes on: after this payment."""

    after: FilterText | None = None


def customer_of(payment: Payment) -> dict[str, Any]:
    return present({"id": payment.customer_id, "email": payment.customer_email, "name": payment.customer_name})


def source_of(payment: Payment) -> dict[str, Any]:
    return present({"id": payment.source_id, "type": payment.source_type})


def redirect_of(payment: Payment, base: str) -> str | None:
    """The address to which the shopper is redirected; None for a follow-up.

    Path and query are as published, the origin is the simulator's. Source: sources 7.2 and 7.6.
    Inferred: checkoutcom.redirect-origin.
    """
    if payment.is_follow_up:
        return None
    if payment.platform == "previous":
        return f"{base}/LP.Core/api/payment/{payment.code}"
    if payment.terminal_type == "WEB":
        deep_link = f"alipayconnect%3A%2F%2Fplatformapi%2Fstartapp%3Fcode%3D{payment.code}"
        return f"{base}/page/aplus-linker/acwallet/qrcode.html?url={deep_link}"
    name = payment.source_type.upper()
    page = f"{base}/page/simulation-wallet/acwallet/alipayconnectcode.html"
    return f"{page}?code={payment.code}&pspName={name}&loadMode=2"


def payment_accepted(payment: Payment, base: str) -> dict[str, Any]:
    """The 202 of POST /payments. A one-time payment has no `source` in it."""
    redirect = redirect_of(payment, base)
    links = {"self": link(f"{base}/payments/{payment.id}"), "redirect": link(redirect) if redirect else None}
    return present(
        {
            "id": payment.id,
            "status": payment.state,
            "reference": payment.reference,
            "customer": customer_of(payment),
            "source": source_of(payment) if payment.source_id else None,
            "_links": present(links),
        }
    )


def balances(payment: Payment) -> dict[str, int]:
    captured = payment.captured
    return {
        "total_authorized": captured,
        "total_voided": 0,
        "available_to_void": 0,
        "total_captured": captured,
        "available_to_capture": 0,
        "total_refunded": payment.refunded,
        "available_to_refund": payment.refundable,
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item with its members in the seed's order, those of the request only."""
    order = (
        "name",
        "quantity",
        "unit_price",
        "reference",
        "commodity_code",
        "unit_of_measure",
        "total_amount",
        "tax_amount",
        "discount_amount",
        "url",
        "image_url",
    )
    return {name: item[name] for name in order if name in item}


def payment(payment: Payment, base: str, actions: Sequence[Action] | None = None) -> dict[str, Any]:
    """GET /payments/{id}. `actions` are given only when the payment was asked for by session id."""
    own = f"{base}/payments/{payment.id}"
    redirect = redirect_of(payment, base) if payment.state == "Pending" and not payment.capture_action_id else None
    return present(
        {
            "id": payment.id,
            "requested_on": instant(payment.created_at),
            "source": source_of(payment),
            "items": [_item(item) for item in payment.items] or None,
            "amount": payment.amount,
            "currency": payment.currency,
            "payment_type": payment.payment_type,
            "reference": payment.reference,
            "description": payment.description,
            "status": payment.state,
            "approved": payment.approved,
            "balances": balances(payment),
            "customer": customer_of(payment),
            "shipping": payment.shipping,
            "payment_ip": payment.payment_ip,
            "processing": {"partner_customer_id": payment.partner_customer_id} if payment.partner_customer_id else None,
            "metadata": payment.metadata,
            "actions": None if actions is None else [short_action(action) for action in actions],
            "_links": present(
                {
                    "self": link(own),
                    "actions": link(f"{own}/actions"),
                    "refund": link(f"{own}/refunds") if payment.refundable > 0 else None,
                    "redirect": link(redirect) if redirect else None,
                }
            ),
        }
    )
