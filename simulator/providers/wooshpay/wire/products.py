"""Requests about products and prices, and the answers to them."""

from __future__ import annotations

from typing import Any

from simulator.providers.wooshpay.model import Price, Product, rounded_ms
from simulator.providers.wooshpay.wire.values import (
    Amount,
    Boolean,
    Currency,
    Filled,
    Id,
    Metadata,
    Model,
    Text,
    as_list,
    present,
)


class ProductData(Model):
    name: Filled
    active: Boolean | None = None
    description: Text | None = None
    images: list[Text] | None = None
    metadata: Metadata | None = None
    url: Text | None = None


class PriceData(Model):
    currency: Currency
    unit_amount: Amount
    product: Id | None = None
    product_data: ProductData | None = None
    active: Boolean = False
    billing_scheme: Text | None = None
    """Whatever it says, a price is `per_unit`, as at WooshPay (seed: `testscheme` goes in, `per_unit` comes out)."""
    lookup_key: Text | None = None
    metadata: Metadata | None = None
    nickname: Text | None = None
    recurring: dict[str, Any] | None = None


class ProductRequest(ProductData):
    """POST /v1/products"""

    active: Boolean = True


class ProductUpdate(Model):
    """POST /v1/products/{id}"""

    name: Filled | None = None
    active: Boolean | None = None
    description: Text | None = None
    images: list[Text] | None = None
    metadata: Metadata | None = None
    url: Text | None = None


class PriceRequest(PriceData):
    """POST /v1/prices"""

    active: Boolean = True


def price(found: Price, product_: Product) -> dict[str, Any]:
    """A price embeds its product. Source: docs/providers/wooshpay.md, corrections (documented samples)."""
    return present(
        {
            "id": found.id,
            "object": "price",
            "created": rounded_ms(found.created_at),
            "active": found.active,
            "currency": found.currency,
            "metadata": found.metadata or None,
            "nickname": found.nickname,
            "product": product(product_),
            "recurring": _recurring(found.recurring),
            "type": "recurring" if found.recurring else "one_time",
            "livemode": found.livemode,
            "unit_amount": found.unit_amount,
            "billing_scheme": "per_unit",
            "lookup_key": found.lookup_key,
        }
    )


def _recurring(given: dict[str, Any] | None) -> dict[str, Any] | None:
    """As it was sent, with `usage_type` after `type`; nothing but `licensed` is documented.

    Source: docs/providers/wooshpay.md, corrections.
    """
    if not given:
        return None
    sent = {name: value for name, value in given.items() if name not in ("type", "usage_type")}
    leading = {"type": given["type"]} if "type" in given else {}
    return {**leading, "usage_type": "licensed", **sent}


def product(found: Product) -> dict[str, Any]:
    return present(
        {
            "id": found.id,
            "object": "product",
            "created": rounded_ms(found.created_at),
            "active": found.active,
            "description": found.description,
            "images": as_list(found.images),
            "metadata": found.metadata or None,
            "name": found.name,
            "livemode": found.livemode,
            "url": found.url,
            "updated": rounded_ms(found.updated_at),
        }
    )
