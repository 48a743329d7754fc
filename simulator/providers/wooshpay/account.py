"""What a merchant keeps beside payments: webhook endpoints, payment methods, customers, products and prices."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay import wire
from simulator.providers.wooshpay.auth import webhook_secret
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.lookup import find, listed, merged, owned, query_of, raw
from simulator.providers.wooshpay.model import Customer, PaymentMethod, Price, Product, mint, rounded_ms

# Webhook endpoints ---------------------------------------------------------------------------------------------


def _endpoints(call: Call, uow: UnitOfWork) -> list[dict[str, Any]]:
    """Those of this side of the account, oldest first."""
    own = uow.workspace.webhook_endpoints.get("wooshpay", [])
    return [endpoint for endpoint in own if endpoint["livemode"] == call.credential["livemode"]]


def _endpoint(call: Call, uow: UnitOfWork) -> dict[str, Any]:
    id_ = call.path["id"]
    if not re.fullmatch(r"we_[0-9]{1,25}", id_):
        raise refused("id_invalid", "id")
    found = next((endpoint for endpoint in _endpoints(call, uow) if endpoint["id"] == id_), None)
    if found is None:
        raise NotFound("webhook_endpoint", id_, "id")
    return found


def _keep_endpoints(uow: UnitOfWork, endpoints: list[dict[str, Any]]) -> None:
    uow.change_workspace(webhook_endpoints={**uow.workspace.webhook_endpoints, "wooshpay": endpoints})


def _check_endpoint_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or any(ord(character) <= 32 for character in url):
        raise refused("url_invalid", "url")


def create_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/webhook_endpoints: active at once; plain HTTP is fine for local work (documented).

    Source: reference/wooshpay.md, section 3.16.
    """
    request: wire.EndpointRequest = call.body
    _check_endpoint_url(request.url)
    endpoint = wire.present(
        {
            "id": mint(uow, "we"),
            "created": rounded_ms(uow.now),
            "livemode": call.credential["livemode"],
            "api_version": request.api_version,
            "description": request.description,
            "metadata": merged(None, request.metadata),
            "secret": webhook_secret(uow.ids),
            "status": "enabled",
            "url": request.url,
            "enabled_events": sorted(set(request.enabled_events)),
        }
    )
    _keep_endpoints(uow, [*uow.workspace.webhook_endpoints.get("wooshpay", []), endpoint])
    return Reply(200, wire.webhook_endpoint(endpoint))


def get_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.webhook_endpoint(_endpoint(call, uow)))


def update_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/webhook_endpoints/{id}; disabling it stops its pending retries (inferred)."""
    endpoint, request = _endpoint(call, uow), call.body
    changes: dict[str, Any] = wire.present({"url": request.url, "description": request.description})
    if request.url is not None:
        _check_endpoint_url(request.url)
    if request.enabled_events is not None:
        changes["enabled_events"] = sorted(set(request.enabled_events))
    if request.metadata is not None:
        changes["metadata"] = merged(endpoint.get("metadata"), request.metadata)
    if request.disabled is not None:
        changes["status"] = "disabled" if request.disabled else "enabled"
    if request.status is not None:
        changes["status"] = request.status
    changed = {**endpoint, **changes}
    own = uow.workspace.webhook_endpoints.get("wooshpay", [])
    _keep_endpoints(uow, [changed if e["id"] == endpoint["id"] else e for e in own])
    return Reply(200, wire.webhook_endpoint(changed))


def delete_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    endpoint = _endpoint(call, uow)
    own = uow.workspace.webhook_endpoints.get("wooshpay", [])
    _keep_endpoints(uow, [e for e in own if e["id"] != endpoint["id"]])
    return Reply(200, wire.deleted("webhook_endpoint", endpoint["id"]))


def list_webhook_endpoints(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found = _endpoints(call, uow)[::-1]
    ids = [endpoint["id"] for endpoint in found]
    for name in ("starting_after", "ending_before"):
        given = getattr(query, name)
        if given is not None and given not in ids:
            raise NotFound("webhook_endpoint", given, name)
    start = ids.index(query.starting_after) + 1 if query.starting_after else 0
    stop = ids.index(query.ending_before) if query.ending_before else len(ids)
    items = found[start:stop]
    page = items[-query.limit :] if query.ending_before else items[: query.limit]
    data = [wire.webhook_endpoint(endpoint) for endpoint in page]
    return Reply(200, wire.listing("/v1/webhook_endpoints", data, len(items) > len(page)))


# Payment methods and customers ---------------------------------------------------------------------------------


def add_method(
    call: Call, uow: UnitOfWork, type_: str, billing: dict[str, Any] | None, metadata: dict[str, str] | None
) -> PaymentMethod:
    id_ = mint(uow, "pm")
    more: dict[str, Any] = {"billing_details": billing, "metadata": metadata or None, **owned(call, uow)}
    return uow.add(PaymentMethod(id=id_, type=type_, details={}, **more))


def create_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.MethodRequest = call.body
    metadata = merged(None, request.metadata)
    method = add_method(call, uow, request.type, raw(call, "billing_details"), metadata)
    return Reply(200, wire.payment_method(method))


def get_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.payment_method(find(call, uow, PaymentMethod, call.path["id"])))


def update_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    method, request = find(call, uow, PaymentMethod, call.path["id"]), call.body
    changes: dict[str, Any] = {}
    if request.billing_details is not None:
        changes["billing_details"] = {**(method.billing_details or {}), **raw(call, "billing_details")}
    if request.metadata is not None:
        changes["metadata"] = merged(method.metadata, request.metadata)
    return Reply(200, wire.payment_method(uow.amend(method, **changes)))


def attach_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    method = find(call, uow, PaymentMethod, call.path["id"])
    customer = find(call, uow, Customer, call.body.customer, "customer")
    return Reply(200, wire.payment_method(uow.amend(method, customer=customer.id)))


def detach_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    method = find(call, uow, PaymentMethod, call.path["id"])
    return Reply(200, wire.payment_method(uow.amend(method, customer=None, buyer=None)))


def list_payment_methods(call: Call, uow: UnitOfWork) -> Reply:
    return _methods(call, uow, query_of(call).customer, "/v1/payment_methods")


def list_customer_payment_methods(call: Call, uow: UnitOfWork) -> Reply:
    customer = find(call, uow, Customer, call.path["id"])
    return _methods(call, uow, customer.id, f"/v1/customers/{customer.id}/payment_methods")


def _methods(call: Call, uow: UnitOfWork, customer: str | None, url: str) -> Reply:
    found, more = listed(call, uow, PaymentMethod, customer=customer, type=query_of(call).type)
    return Reply(200, wire.listing(url, [wire.payment_method(m) for m in found], more))


def get_customer_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    customer = find(call, uow, Customer, call.path["id"])
    method = find(call, uow, PaymentMethod, call.path["payment_method"])
    if method.customer != customer.id:
        raise NotFound(PaymentMethod.KIND, method.id, "payment_method")
    return Reply(200, wire.payment_method(method))


def create_customer(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.CustomerRequest = call.body
    method = None
    if request.payment_method is not None:
        method = find(call, uow, PaymentMethod, request.payment_method, "payment_method")
    customer = uow.add(
        Customer(
            id=mint(uow, "cus"),
            address=raw(call, "address") or {},
            description=request.description,
            email=request.email,
            metadata=merged(None, request.metadata),
            name=request.name,
            phone=request.phone,
            shipping=raw(call, "shipping"),
            **owned(call, uow),
        )
    )
    if method is not None:
        uow.amend(method, customer=customer.id)
    return Reply(200, wire.customer(customer))


def get_customer(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.customer(find(call, uow, Customer, call.path["id"])))


def update_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer, request = find(call, uow, Customer, call.path["id"]), call.body
    names = ("description", "email", "name", "phone")
    changes: dict[str, Any] = wire.present({name: getattr(request, name) for name in names})
    for name in ("address", "shipping"):
        if getattr(request, name) is not None:
            changes[name] = raw(call, name)
    if request.metadata is not None:
        changes["metadata"] = merged(customer.metadata, request.metadata)
    return Reply(200, wire.customer(uow.amend(customer, **changes)))


def delete_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = find(call, uow, Customer, call.path["id"])
    uow.delete(customer)
    return Reply(200, wire.deleted("customer", customer.id))


def list_customers(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, Customer)
    return Reply(200, wire.listing("/v1/customers", [wire.customer(c) for c in found], more))


# Products and prices -------------------------------------------------------------------------------------------


def new_price(
    call: Call, uow: UnitOfWork, data: wire.PriceData | wire.PriceRequest, where: str
) -> tuple[Price, Product]:
    """The price is minted before its product (seed). `billing_scheme` is ignored: it always is `per_unit` (seed)."""
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
