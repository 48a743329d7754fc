"""Payment methods, a customer's included."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay.lookup import find, listed, merged, query_of, raw
from simulator.providers.wooshpay.method_types import add_method
from simulator.providers.wooshpay.model import Customer, PaymentMethod
from simulator.providers.wooshpay.wire import payment_methods as wire
from simulator.providers.wooshpay.wire.lists import listing


def create_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.MethodRequest = call.body
    details, metadata = raw(call, "billing_details"), merged(None, request.metadata)
    livemode = call.credential["livemode"]
    method = add_method(uow, livemode, request.type, billing_details=details, metadata=metadata)
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
    return Reply(200, listing(url, [wire.payment_method(m) for m in found], more))


def get_customer_payment_method(call: Call, uow: UnitOfWork) -> Reply:
    customer = find(call, uow, Customer, call.path["id"])
    method = find(call, uow, PaymentMethod, call.path["payment_method"])
    if method.customer != customer.id:
        raise NotFound(PaymentMethod.KIND, method.id, "payment_method")
    return Reply(200, wire.payment_method(method))
