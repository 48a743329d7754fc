"""Products and prices."""

from __future__ import annotations

from typing import TypeVar

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.lookup import find, listed, merged, owned, query_of
from simulator.providers.wooshpay.model import Price, Product, mint, truth
from simulator.providers.wooshpay.wire import products as wire
from simulator.providers.wooshpay.wire.lists import listing

Brought = TypeVar("Brought", Price, Product)


def new_price(
    call: Call, uow: UnitOfWork, data: wire.PriceData | wire.PriceRequest, where: str
) -> tuple[Price, Product]:
    """A new price, and the product that it names or brings along. `where` is the path of `data` in the request.

    The price is minted before its product (seed). `billing_scheme` is ignored, because it is always `per_unit` (seed).
    """
    id_ = mint(uow, "price")
    if data.product_data is not None:
        product = add_product(call, uow, data.product_data, data.active)
    elif data.product is not None:
        named = find(call, uow, Product, data.product, bracketed(f"{where}.product") if where else "product")
        product = named_again(uow, named)
    else:
        raise refused("parameter_missing", bracketed(f"{where}.product_data") if where else "product")
    price = Price(
        id=id_,
        currency=data.currency,
        unit_amount=data.unit_amount,
        product=product.id,
        active=data.active,
        lookup_key=data.lookup_key,
        metadata=merged(None, data.metadata),
        nickname=data.nickname,
        recurring=data.recurring,
        **owned(call, uow),
    )
    return uow.add(price), product


def named_again(uow: UnitOfWork, one: Brought) -> Brought:
    """What a session brought along, and a later call names: from now on it stays whatever becomes of the session."""
    return one if one.made_for is None else uow.amend(one, made_for=None, updated_at=one.updated_at)


def add_product(call: Call, uow: UnitOfWork, data: wire.ProductData | wire.ProductRequest, active: bool) -> Product:
    return uow.add(
        Product(
            id=mint(uow, "prod"),
            name=data.name,
            active=active if data.active is None else data.active,
            description=data.description,
            images=tuple(data.images) if data.images else None,
            metadata=merged(None, data.metadata),
            url=data.url,
            **owned(call, uow),
        )
    )


def create_product(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.product(add_product(call, uow, call.body, True)))


def get_product(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.product(find(call, uow, Product, call.path["id"])))


def update_product(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/products/{id}: what is sent replaces what was, and metadata merges.

    Inferred: wooshpay.product-update.
    """
    product = find(call, uow, Product, call.path["id"])
    request: wire.ProductUpdate = call.body
    names = ("name", "active", "description", "url")
    changes = {name: getattr(request, name) for name in names if getattr(request, name) is not None}
    if request.images is not None:
        changes["images"] = tuple(request.images) or None
    if request.metadata is not None:
        changes["metadata"] = merged(product.metadata, request.metadata)
    return Reply(200, wire.product(uow.amend(product, **changes, made_for=None)))


def list_products(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, Product, active=_as_text(query_of(call).active))
    return Reply(200, listing("/v1/products", [wire.product(product) for product in found], more))


def _as_text(flag: bool | None) -> str | None:
    return None if flag is None else truth(flag)


def create_price(call: Call, uow: UnitOfWork) -> Reply:
    price, product = new_price(call, uow, call.body, "")
    return Reply(200, wire.price(price, product))


def get_price(call: Call, uow: UnitOfWork) -> Reply:
    price = find(call, uow, Price, call.path["id"])
    return Reply(200, wire.price(price, uow.get(Product, price.product)))


def list_prices(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, Price, product=query.product, active=_as_text(query.active), type=query.type)
    data = [wire.price(price, uow.get(Product, price.product)) for price in found]
    return Reply(200, listing("/v1/prices", data, more))
