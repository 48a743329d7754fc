"""Customers."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.lookup import find, listed, merged, owned, raw
from simulator.providers.wooshpay.model import Customer, PaymentMethod, mint
from simulator.providers.wooshpay.wire import customers as wire
from simulator.providers.wooshpay.wire.lists import listing
from simulator.providers.wooshpay.wire.values import deleted, present


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
    if request.payment_method is not None:
        method = find(call, uow, PaymentMethod, request.payment_method, "payment_method")
        uow.amend(method, customer=customer.id)
    names = ("description", "email", "name", "phone")
    changes: dict[str, Any] = present({name: getattr(request, name) for name in names})
    for name in ("address", "shipping"):
        if getattr(request, name) is not None:
            changes[name] = raw(call, name)
    if request.metadata is not None:
        changes["metadata"] = merged(customer.metadata, request.metadata)
    return Reply(200, wire.customer(uow.amend(customer, **changes)))


def delete_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = find(call, uow, Customer, call.path["id"])
    uow.delete(customer)
    return Reply(200, deleted("customer", customer.id))


def list_customers(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, Customer)
    return Reply(200, listing("/v1/customers", [wire.customer(c) for c in found], more))
