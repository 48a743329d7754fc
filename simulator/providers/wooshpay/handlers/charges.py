"""Charges, which payments leave behind: retrieve and list."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.lookup import find, listed, query_of
from simulator.providers.wooshpay.model import Charge
from simulator.providers.wooshpay.wire import charges as wire
from simulator.providers.wooshpay.wire.lists import listing


def get_charge(call: Call, uow: UnitOfWork) -> Reply:
    charge = find(call, uow, Charge, call.path["id"])
    return Reply(200, wire.charge(charge), subject=charge.payment_intent)


def list_charges(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    found, more = listed(call, uow, Charge, payment_intent=query.payment_intent, customer=query.customer)
    return Reply(200, listing("/v1/charges", [wire.charge(c) for c in found], more))
