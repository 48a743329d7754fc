"""Balances: what the ledger says. Source: docs/providers/checkoutcom.md, sources 3.16 and 15.1."""

from __future__ import annotations

from typing import Any

from simulator.engine import balances
from simulator.engine.ledger import RESERVE, rounded
from simulator.engine.provider import Call, Reply
from simulator.engine.settlement import Account, kinds_of
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound, Refused
from simulator.providers.checkoutcom.breakdowns import PREVIOUS
from simulator.providers.checkoutcom.rules import entity_of, own_channel


def get_balances(call: Call, uow: UnitOfWork) -> Reply:
    """GET /balances/{id}: by holding currency, in minor units. Captures are pending until they are due; refunds, chargebacks and
    fees leave what is available at once, which may so be below zero.

    Inferred: checkoutcom.balances-members.
    """
    if call.path["id"] != entity_of(own_channel(uow)):
        raise NotFound("entity", call.path["id"], "id")
    query = call.body.query
    wanted = None
    if query is not None:
        name, _, wanted = query.partition(":")
        if name != "currency" or not wanted:
            raise Refused("balances", {"error": "invalid_request"})
    own = [one for one in balances.balances(uow, "checkoutcom") if one.merchant != PREVIOUS]
    return Reply(200, {"data": [_balance(uow, one) for one in own if wanted in (None, one.currency)]})


def _balance(uow: UnitOfWork, found: balances.Balance) -> dict[str, Any]:
    collateral = _collateral(uow, found.currency)
    sums = {"pending": found.pending, "available": found.available, "payable": found.payable, "collateral": collateral}
    return {
        "descriptor": "Revenue Account 1",
        "holding_currency": found.currency,
        "balances": {name: rounded(amount, found.currency).value for name, amount in sums.items()},
    }


def _collateral(uow: UnitOfWork, currency: str) -> int:
    """What is held back as a reserve."""
    account = uow.find(kinds_of("checkoutcom").account, Account.ID)
    if account is None or not account.reserves:
        return 0
    booked = balances.each_booking(uow, "checkoutcom")
    return sum(one.on(RESERVE) for one in booked if one.merchant != PREVIOUS and one.currency == currency)
