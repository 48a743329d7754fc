"""The account's balance."""

from __future__ import annotations

from collections import Counter

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.lookup import newest_first
from simulator.providers.wooshpay.model import Charge, side_of


def get_balance(call: Call, uow: UnitOfWork) -> Reply:
    """GET /v1/balance: per currency what was captured less what was given back. There are no fees and no payouts.

    Inferred: wooshpay.balance.
    """
    amounts: Counter[str] = Counter()
    for charge in newest_first(uow, Charge, ("side", side_of(call.credential["livemode"])), None):
        amounts[charge.currency] += charge.amount_captured - charge.amount_refunded
    available = [{"amount": amounts[currency], "currency": currency} for currency in sorted(amounts)]
    return Reply(200, {"object": "balance", "available": available})
