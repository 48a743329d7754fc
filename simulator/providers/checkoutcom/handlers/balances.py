"""Balances: what was captured and not refunded. Source: docs/providers/checkoutcom.md, source 3.16."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.checkoutcom.model import Payment
from simulator.providers.checkoutcom.rules import entity_of, own_channel


def get_balances(call: Call, uow: UnitOfWork) -> Reply:
    """GET /balances/{id}: what was captured and not refunded, per currency. Source: source 3.16."""
    if call.path["id"] != entity_of(own_channel(uow)):
        raise NotFound("entity", call.path["id"], "id")
    query = call.body.query
    wanted = None
    if query is not None:
        name, _, wanted = query.partition(":")
        if name != "currency" or not wanted:
            raise Refused("balances", {"error": "invalid_request"})
    sums: dict[str, list[int]] = {}
    for payment in uow.every(Payment):
        if payment.platform == "default" and payment.captured:
            entry = sums.setdefault(payment.currency, [0, 0])
            entry[0] += payment.refunding
            entry[1] += payment.captured - payment.refunded - payment.refunding
    return Reply(200, {"data": [_balance(c, *entry) for c, entry in sorted(sums.items()) if wanted in (None, c)]})


def _balance(currency: str, pending: int, available: int) -> dict[str, Any]:
    return {
        "descriptor": "Revenue Account 1",
        "holding_currency": currency,
        "balances": {"pending": pending, "available": available, "payable": 0, "collateral": 0},
    }
