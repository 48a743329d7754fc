"""Payment products, their directories, networks and groups."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.worldline import errors, products
from simulator.providers.worldline.handlers.requests import count, flag, must_have
from simulator.providers.worldline.wire import products as wire
from simulator.providers.worldline.wire.values import is_country


def eligible(currency: str, amount: int | None) -> list[int]:
    """The products for this currency, in display order. An amount outside of the limits leaves none.

    Inferred: worldline.product-list.
    """
    if currency not in products.CURRENCIES:
        return []
    if amount is not None and not products.is_within_limits(amount, currency):
        return []
    return [p.id for p in sorted(products.PRODUCTS.values(), key=lambda p: p.display_order)]


def _asked_products(call: Call) -> tuple[str, list[int]]:
    """The currency that was asked for, and the products for it. Recurring and instalment payments have none."""
    must_have(call, "countryCode", "currencyCode", code=errors.PROPERTY_MISSING)  # inferred: worldline.missing-place
    country, currency = call.query["countryCode"], call.query["currencyCode"]
    amount = count(call, "amount", 0, 10**12 - 1) if call.query.get("amount") else None
    hidden = {value for name, value in call.query_pairs if name == "hide"}
    recurring = flag(call.query.get("isRecurring")) or flag(call.query.get("isInstallments"))
    if recurring or "productsWithRedirects" in hidden or "productsWithoutFields" in hidden:
        return currency, []
    return currency, eligible(currency, amount) if is_country(country) else []


def get_products(call: Call, uow: UnitOfWork) -> Reply:
    """GET /products. Source: docs/providers/worldline.md, source 3.14."""
    currency, found = _asked_products(call)
    return Reply(200, wire.products(found, currency))


def get_product(call: Call, uow: UnitOfWork) -> Reply:
    id_ = _product_id(call)
    currency, _ = _asked_products(call)
    return Reply(200, wire.product(products.PRODUCTS[id_], currency if currency in products.CURRENCIES else "CNY"))


def _product_id(call: Call) -> int:
    raw = call.path["paymentProductId"]
    if raw not in map(str, products.PRODUCTS):
        raise NotFound("product", raw, "productId")
    return int(raw)


def get_directory(call: Call, uow: UnitOfWork) -> Reply:
    _product_id(call)
    raise Refused("210390")


def get_networks(call: Call, uow: UnitOfWork) -> Reply:
    _product_id(call)
    return Reply(200, {"networks": []})


def get_product_groups(call: Call, uow: UnitOfWork) -> Reply:
    """Only cards are grouped, and the account has no card products. Source: docs/providers/worldline.md, source 3.1."""
    _asked_products(call)
    return Reply(200, {"paymentProductGroups": []})


def get_product_group(call: Call, uow: UnitOfWork) -> Reply:
    raise NotFound("productgroup", call.path["paymentProductGroupId"], "paymentProductGroupId")


def get_customer_details(call: Call, uow: UnitOfWork) -> Reply:
    """POST /products/{paymentProductId}/customerDetails: neither product looks customers up.

    Inferred: worldline.unknown-things.
    """
    raise NotFound("customerdetails", str(_product_id(call)), "values")
