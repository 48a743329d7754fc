"""How a request narrows the payment products, and the products as answers show them."""

from __future__ import annotations

from typing import Any

from simulator.providers.worldline.products import PRODUCTS, Product, limits
from simulator.providers.worldline.wire.values import Model, Number, Text


class ProductFilter(Model):
    groups: list[Text] | None = None
    products: list[Number] | None = None


class ProductFilters(Model):
    """What a merchant leaves out of the offer, or restricts it to."""

    exclude: ProductFilter | None = None
    restrictTo: ProductFilter | None = None


def product(found: Product, currency: str) -> dict[str, Any]:
    minimum, maximum = limits(currency)
    return {
        "allowsInstallments": False,
        "allowsRecurring": False,
        "allowsTokenization": False,
        "autoTokenized": False,
        "deviceFingerprintEnabled": False,
        "displayHints": {"displayOrder": found.display_order, "label": found.label, "logo": found.logo},
        "fields": [],
        "id": found.id,
        "maxAmount": maximum,
        "minAmount": minimum,
        "mobileIntegrationLevel": "BASIC_SUPPORT",
        "paymentMethod": "redirect",
        "usesRedirectionTo3rdParty": True,
    }


def products(found: list[int], currency: str) -> dict[str, Any]:
    return {"paymentProducts": [product(PRODUCTS[id_], currency) for id_ in found]}
