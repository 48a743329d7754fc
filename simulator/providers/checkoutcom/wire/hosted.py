"""Hosted pages and payment links. Source: docs/providers/checkoutcom.md, source 3.13."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StrictStr

from simulator.providers.checkoutcom.model import Hosted, HostedPayment, PaymentLink
from simulator.providers.checkoutcom.wire.addresses import Address, Country, Phone, Shipping
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.fields import (
    Amount,
    AmountOrAll,
    ChannelId,
    Currency,
    Ignored,
    IgnoredCapture,
    IgnoredMoment,
    Ip,
    Metadata,
    Model,
    PaymentType,
    Quantity,
    Risk,
    ShortUrl,
    Text20,
    Text50,
    Text100,
    Text255,
    ThreeDs,
    Whole,
)
from simulator.providers.checkoutcom.wire.values import instant, link, present

OFFERED = frozenset(["alipay_cn", "alipay_hk", "alipay_plus", "alipay"])
"""The payment methods of which the page offers one."""
LOCALES = frozenset([
    "ar", "da-DK", "de-DE", "el", "en-GB", "es-ES", "fi-FI", "fil-PH", "fr-FR", "hi-IN", "id-ID", "it-IT", "ja-JP",
    "ms-MY", "nb-NO", "nl-NL", "pt-PT", "sv-SE", "th-TH", "vi-VN", "zh-CN", "zh-HK", "zh-TW",
])  # fmt: skip


class BillingAddress(Address):
    country: Country


class Billing(Model):
    address: BillingAddress
    phone: Phone | None = None


class Product(Model):
    name: Text255 | None = None
    reference: Text255 | None = None
    quantity: Quantity | None = None
    price: AmountOrAll | None = None
    unit_price: AmountOrAll | None = None


class HostedRequest(Model):
    amount: AmountOrAll | None = None
    currency: Currency
    payment_type: PaymentType | None = None
    payment_ip: Ip | None = None
    reference: Text50 | None = None
    description: Text100 | None = None
    customer: CustomerInput | None = None
    shipping: Shipping | None = None
    billing: Billing
    processing_channel_id: ChannelId | None = None
    products: Annotated[list[Product], Field(max_length=1000)] | None = None
    metadata: Metadata | None = None
    locale: Text20 | None = None
    capture: IgnoredCapture | None = None
    capture_on: IgnoredMoment | None = None
    risk: Risk | None = None
    three_ds: ThreeDs | None = Field(None, alias="3ds")
    billing_descriptor: Ignored = None
    sender: Ignored = None
    recipient: Ignored = None
    processing: Ignored = None
    amount_allocations: Ignored = None
    instruction: Ignored = None
    allow_payment_methods: list[StrictStr] | None = None
    disabled_payment_methods: list[StrictStr] | None = None


class HostedPaymentRequest(HostedRequest):
    """POST /hosted-payments"""

    success_url: ShortUrl
    cancel_url: ShortUrl
    failure_url: ShortUrl


class PaymentLinkRequest(HostedRequest):
    """POST /payment-links"""

    amount: Amount
    return_url: ShortUrl | None = None
    expires_in: Annotated[Whole, Field(ge=1, le=1_209_600)] | None = None


HOSTED_PATHS = {"hosted-payment": ("hosted-payments", "page"), "payment-link": ("payment-links", "link")}


def hosted_links(hosted: Hosted, base: str) -> dict[str, Any]:
    api, page = HOSTED_PATHS[hosted.KIND]
    links = {"self": link(f"{base}/{api}/{hosted.id}"), "redirect": link(f"{base}/{page}/{hosted.id}")}
    if hosted.payment_id:
        links["payment"] = link(f"{base}/payments/{hosted.payment_id}")
        links["payment_actions"] = link(f"{base}/payments/{hosted.payment_id}/actions")
    return links


def _expires_on(link: PaymentLink) -> str:
    """`2026-01-01T12:00:00+00:00`: with an offset, unlike every other instant."""
    return f"{link.expires_at:%Y-%m-%dT%H:%M:%S}+00:00"


def hosted_created(hosted: Hosted, base: str, warnings: list[dict[str, Any]]) -> dict[str, Any]:
    return present(
        {
            "id": hosted.id,
            "expires_on": _expires_on(hosted) if isinstance(hosted, PaymentLink) else None,
            "reference": hosted.reference,
            "warnings": warnings or None,
            "_links": hosted_links(hosted, base),
        }
    )


def hosted(hosted: Hosted, base: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": hosted.id, "status": hosted.state, "payment_id": hosted.payment_id}
    if isinstance(hosted, PaymentLink):
        found["expires_on"] = _expires_on(hosted)
        found["return_url"] = hosted.return_url
    found |= {
        "amount": hosted.amount,
        "currency": hosted.currency,
        "reference": hosted.reference,
        "description": hosted.description,
        "created_on": instant(hosted.created_at) if isinstance(hosted, PaymentLink) else None,
        "customer": hosted.customer,
        "shipping": hosted.shipping,
        "billing": hosted.billing,
        "products": [dict(p) for p in hosted.products] or None,
        "metadata": hosted.metadata,
        "locale": hosted.locale,
    }
    if isinstance(hosted, HostedPayment):
        found |= {
            "success_url": hosted.success_url,
            "cancel_url": hosted.cancel_url,
            "failure_url": hosted.failure_url,
        }
    return present(found | {"_links": hosted_links(hosted, base)})
