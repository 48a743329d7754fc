"""The account's balance, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine import balances
from simulator.engine.ledger import whole
from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.wire.payouts import account_of


def get_balance(call: Call, uow: UnitOfWork) -> Reply:
    """GET /v1/balance: what can be paid out, and what is still to come, per currency. Either may be below zero.

    Inferred: wooshpay.balance.
    """
    livemode = call.credential["livemode"]
    own = [one for one in balances.balances(uow, "wooshpay") if one.merchant == account_of(livemode)]
    available = _amounts((one.currency, one.available) for one in own)
    pending = _amounts((one.currency, one.pending) for one in own)
    return Reply(200, {"object": "balance", "available": available, "pending": pending, "livemode": livemode})


def _amounts(sums: Iterable[tuple[str, int]]) -> list[dict[str, object]]:
    return [{"amount": whole(amount, currency).value, "currency": currency.lower()} for currency, amount in sums]
