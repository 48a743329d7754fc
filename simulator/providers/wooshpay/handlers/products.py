"""Products and prices."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.lookup import find, merged, owned
from simulator.providers.wooshpay.model import Price, Product, mint
from simulator.providers.wooshpay.wire import products as wire


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
        product = find(call, uow, Product, data.product, bracketed(f"{where}.product") if where else "product")
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


def create_price(call: Call, uow: UnitOfWork) -> Reply:
    price, _ = new_price(call, uow, call.body, "")
    return Reply(200, wire.price(price))


def get_price(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.price(find(call, uow, Price, call.path["id"])))
