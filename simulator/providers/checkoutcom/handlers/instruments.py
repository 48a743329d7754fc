"""Instruments: stored agreements with a wallet. Source: docs/providers/checkoutcom.md, sources 3.1, 3.12 and 4.3."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.handlers.customers import customer_of, default_agreement, find_customer
from simulator.providers.checkoutcom.model import Customer, Instrument, Payment, new_id
from simulator.providers.checkoutcom.wire import instruments as wire
from simulator.providers.checkoutcom.wire.customers import CustomerInput
from simulator.providers.checkoutcom.wire.payments import Source

# The stored agreement that the published follow-up request names, and its customer. Source: the seed.
PUBLISHED_SOURCE = "src_inmwstthmjyfcskeir3gcqtyj4"
PUBLISHED_EMAIL = "john.smith@example.com"
PUBLISHED_NAME = "John Smith"


def get_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """GET /instruments/{id}. The manual does not say that an agreement with Alipay can be read here.

    Source: source 3.12. Inferred: checkoutcom.agreements.
    """
    agreement = uow.get(Instrument, call.path["id"], "id")
    return Reply(200, wire.instrument(agreement, uow.find(Customer, agreement.customer_id)))


def update_instrument(call: Call, uow: UnitOfWork) -> Reply:
    request: wire.InstrumentUpdate = call.body
    agreement = uow.get(Instrument, call.path["id"], "id")
    customer = (request.customer or {}).get("id")
    if customer is not None:
        if not isinstance(customer, str) or uow.find(Customer, customer) is None:
            raise refused("customer_not_found")
        agreement = uow.amend(agreement, customer_id=customer)
    return Reply(200, {"type": agreement.type})


def delete_instrument(call: Call, uow: UnitOfWork) -> Reply:
    """DELETE /instruments/{id}: later payments with this source are refused with `source_id_unknown`.

    Inferred: checkoutcom.agreements.
    """
    uow.delete(uow.get(Instrument, call.path["id"], "id"))
    return Reply(204)


def agreement_of(uow: UnitOfWork, source: Source, customer: Customer) -> Instrument | None:
    """The stored agreement that a payment's source charges; None when the shopper is to be redirected."""
    if source.type == "id":
        return uow.get(Instrument, source.id or "")
    if source.type == "customer":
        known = find_customer(uow, source.id, source.email)
        return default_agreement(uow, known) if known is not None else None
    return None


def published_agreement(uow: UnitOfWork) -> Instrument:
    """The agreement that the seed's third request names, so that this request works as printed in every workspace.

    It is made when it is first used, as if a customer John Smith had signed it long ago.
    """
    known = uow.find(Instrument, PUBLISHED_SOURCE)
    if known is not None:
        return known
    customer = customer_of(uow, CustomerInput(email=PUBLISHED_EMAIL, name=PUBLISHED_NAME), None)
    uow.amend(customer, made_for=None)
    agreement = Instrument(
        id=PUBLISHED_SOURCE,
        state="Issued",
        type="alipay_cn",
        customer_id=customer.id,
        payment_id=PUBLISHED_SOURCE,
    )
    return uow.fire(uow.add(agreement), "bank.captured")


def issue_agreement(uow: UnitOfWork, payment: Payment) -> Instrument:
    """The agreement that a first payment is to sign. The 202 already names it. Source: sources 3.1 and 4.3."""
    agreement = Instrument(
        id=new_id(uow.ids, "src"),
        state="Issued",
        type=payment.source_type,
        customer_id=payment.customer_id,
        payment_id=payment.id,
    )
    return uow.add(agreement)
