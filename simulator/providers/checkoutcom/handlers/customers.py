"""Customers: kept by the merchant, or made by the first payment that names them.

Source: docs/providers/checkoutcom.md, sources 3.1 and 3.11.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.model import Customer, Instrument, Payment, new_id
from simulator.providers.checkoutcom.wire import customers as wire
from simulator.providers.checkoutcom.wire import values
from simulator.providers.checkoutcom.wire.payments import Source


def _customer(call: Call, uow: UnitOfWork) -> Customer:
    """The customer whom the path names by id or by e-mail. Raises `NotFound`."""
    identifier = call.path["identifier"]
    if "@" in identifier:
        found = uow.first_by_key(Customer, "email", identifier.lower())
        if found is None:
            raise NotFound("customer", identifier, "identifier")
        return found
    return uow.get(Customer, identifier, "identifier")


def create_customer(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.CustomerRequest = call.body
    _check_new_email(uow, request.email)
    made = Customer(
        id=new_id(uow.ids, "cus"),
        email=request.email,
        name=request.name,
        phone=values.plain(request.phone),
        metadata=request.metadata,
        default=request.default,
    )
    uow.add(made)
    _adopt(uow, made, request)
    return Reply(201, {"id": made.id})


def get_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = _customer(call, uow)
    agreements = uow.by_key(Instrument, "customer", customer.id)
    default = default_agreement(uow, customer)
    shown = replace(customer, default=default.id if default is not None else customer.default)
    return Reply(200, wire.customer(shown, agreements))


def update_customer(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.CustomerUpdate = call.body
    customer = _customer(call, uow)
    if request.email is not None and request.email.lower() != (customer.email or "").lower():
        _check_new_email(uow, request.email)
    changes: dict[str, Any] = request.model_dump(exclude_none=True, exclude={"instruments"})
    _adopt(uow, customer, request)
    uow.amend(customer, **changes, made_for=None)
    return Reply(204)


def delete_customer(call: Call, uow: UnitOfWork) -> Reply:
    customer = _customer(call, uow)
    for agreement in uow.by_key(Instrument, "customer", customer.id):
        uow.delete(agreement)
    uow.delete(customer)
    return Reply(204)


def _check_new_email(uow: UnitOfWork, email: str) -> None:
    if uow.first_by_key(Customer, "email", email.lower()) is not None:
        raise refused("customer_already_exists")


def _adopt(uow: UnitOfWork, customer: Customer, request: wire.CustomerRequest | wire.CustomerUpdate) -> None:
    """Moves the stored agreements that the request names to this customer. Raises `Refused` for one that does not exist."""
    for id_ in filter(None, [*(request.instruments or ()), request.default]):
        agreement = uow.find(Instrument, id_)
        if agreement is None:
            raise refused("source_id_unknown")
        uow.amend(agreement, customer_id=customer.id)


def find_customer(uow: UnitOfWork, id_: str | None, email: str | None) -> Customer | None:
    if id_:
        return uow.find(Customer, id_)
    return uow.first_by_key(Customer, "email", email.lower()) if email else None  # Inferred: checkoutcom.email-case


def customer_of(uow: UnitOfWork, given: wire.CustomerInput | None, source: Source | None) -> Customer:
    """The customer of a payment: found by id or by e-mail, else a new one.

    Where the request names nobody, its source may: it is a customer, or an agreement, which belongs to one. A name that is
    stored already wins over the request's. Source: source 3.1.
    """
    id_, email = (given.id, given.email) if given is not None else (None, None)
    if id_ is None and email is None and source is not None:
        if source.type == "id":
            agreement = uow.get(Instrument, source.id or "")
            id_ = agreement.customer_id
        elif source.type == "customer":
            id_, email = source.id, source.email
    name = given.name if given is not None else None
    found = find_customer(uow, id_, email)
    if found is not None:
        return uow.amend(found, name=name) if name and not found.name else found
    made = Customer(
        id=new_id(uow.ids, "cus"),
        email=email,
        name=name,
        phone=values.plain(given.phone) if given is not None else None,
        made_for="",
    )
    return uow.add(made)


def named_by(uow: UnitOfWork, customer: Customer, payment: Payment) -> None:
    """Who is known by payments alone is kept as long as the newest of them, and with an agreement for good."""
    if customer.made_for is not None:
        uow.amend(customer, made_for=None if payment.payment_type == "Recurring" else payment.id)


def default_agreement(uow: UnitOfWork, customer: Customer) -> Instrument | None:
    """The agreement that is charged when a payment names only the customer: their default, else the first usable one.

    The manual does not say which one it is while the merchant has chosen none. Inferred: checkoutcom.default-agreement.
    """
    usable = [i for i in uow.by_key(Instrument, "customer", customer.id)[::-1] if i.state == "Usable"]
    return next((i for i in usable if i.id == customer.default), usable[0] if usable else None)
