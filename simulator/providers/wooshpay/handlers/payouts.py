"""The payouts of the schedule, and the balance transactions: retrieve and list.

Inferred: wooshpay.payouts, wooshpay.balance-transactions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.engine.balances import Payouts
from simulator.engine.ledger import MERCHANT, Booking
from simulator.engine.provider import Call, Reply
from simulator.engine.settlement import Payout, kinds_of
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay.lookup import is_within, page_of, query_of
from simulator.providers.wooshpay.wire import payouts as wire
from simulator.providers.wooshpay.wire.lists import listing


def _payouts(call: Call, uow: UnitOfWork) -> list[Payout]:
    """The payouts on the caller's side (live or test), newest first."""
    account = wire.account_of(call.credential["livemode"])
    return [one for one in uow.every(kinds_of("wooshpay").payout) if one.merchant == account]


def get_payout(call: Call, uow: UnitOfWork) -> Reply:
    found = uow.find(kinds_of("wooshpay").payout, call.path["id"])
    if found is None or found.merchant != wire.account_of(call.credential["livemode"]):
        raise NotFound("payout", call.path["id"], "id")
    return Reply(200, wire.payout(found), subject=found.id)


def list_payouts(call: Call, uow: UnitOfWork) -> Reply:
    query = query_of(call)
    made = (one for one in _payouts(call, uow) if is_within(one.created_at, query.created))
    found = [one for one in map(wire.payout, made) if query.status in (None, one["status"])]
    page, more = page_of(found, query, "payout")
    return Reply(200, listing("/v1/payouts", page, more))


def _transactions(call: Call, uow: UnitOfWork) -> Iterator[Booking]:
    """The bookings on the caller's side (live or test) that have moved the balance, newest first."""
    account = wire.account_of(call.credential["livemode"])
    for booking in reversed(uow.bookings("wooshpay")):
        if booking.merchant == account and booking.on(MERCHANT):
            yield booking


def get_balance_transaction(call: Call, uow: UnitOfWork) -> Reply:
    wanted = re.fullmatch(r"txn_(19[0-9]{17})", call.path["id"])
    numbers = [int(wanted[1]) - 19 * 10**17] if wanted is not None else []
    for booking in uow.bookings_numbered("wooshpay", numbers):
        if booking.merchant == wire.account_of(call.credential["livemode"]) and booking.on(MERCHANT):
            return Reply(200, wire.balance_transaction(booking), subject=booking.payment or None)
    raise NotFound("balance_transaction", call.path["id"], "id")


def list_balance_transactions(call: Call, uow: UnitOfWork) -> Reply:
    """Newest first. The list of a payout holds the payout's own transaction too. A filter by something unknown finds nothing."""
    query, payouts = query_of(call), Payouts(uow, "wooshpay")
    wanted = {"currency": query.currency and query.currency.lower(), "source": query.source, "type": query.type}
    told = (
        wire.balance_transaction(one)
        for one in _transactions(call, uow)
        if query.payout in (None, payouts.of(one)) and is_within(one.at, query.created)
    )
    found = [one for one in told if all(value in (None, one[name]) for name, value in wanted.items())]
    page, more = page_of(found, query, "balance_transaction")
    return Reply(200, listing("/v1/balance_transactions", page, more))
