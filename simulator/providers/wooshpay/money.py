"""What moves money at WooshPay, how it is paid out, and the CSV of it.

The CSV is this simulator's own convention, shaped like Stripe's: there is none in the documentation.
Inferred: wooshpay.balance.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from simulator.engine.ledger import Booking, MoneyMove, Moved, rounded, units
from simulator.engine.settlement import Payout, Period, Report, Settlement
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.providers.wooshpay.model import Owned, PaymentIntent, Refund
from simulator.providers.wooshpay.wire.payouts import STATUSES, TYPES, account_of, source, sums, transaction_id

READY = timedelta(hours=2)
"""From the cut-off until its report is ready (our own convention)."""

COLUMNS = (
    "id", "type", "source", "amount", "fee", "net", "currency", "source_amount", "source_currency", "exchange_rate",
    "merchant_order_id", "created", "available_on",
)  # fmt: skip


def _merchant(owned: Owned) -> str:
    return account_of(owned.livemode)


def _captured(uow: UnitOfWork, intent: PaymentIntent, about: Any) -> Moved:
    amount = Money(intent.amount_received or intent.amount, intent.currency)
    told = {"source": intent.id, "merchant_order_id": intent.merchant_order_id}
    return Moved(amount=amount, operation=intent.charge or "", merchant=_merchant(intent), told=told)


def _refunded(uow: UnitOfWork, refund: Refund, about: Any) -> Moved:
    reference = uow.get(PaymentIntent, refund.payment_intent).merchant_order_id
    told = {"source": refund.id, "merchant_order_id": reference}
    return Moved(amount=refund.money, operation=refund.id, merchant=_merchant(refund), told=told)


# The CSV --------------------------------------------------------------------------------------------------------------


def _row(booking: Booking) -> list[object]:
    amount, fee = sums(booking)
    gross = booking.gross or amount
    return [
        transaction_id(booking),
        TYPES.get(booking.cause, booking.cause),
        source(booking),
        amount.value,
        fee.value,
        (amount - fee).value,
        booking.currency.lower(),
        gross.value,
        gross.currency.lower(),
        f"{booking.rate.normalize():f}",
        booking.told.get("merchant_order_id") or "",
        iso_millis(booking.at),
        booking.available.date().isoformat(),
    ]


def _closing(period: Period, payout: Payout) -> Iterator[list[object]]:
    """What makes the rows the payout: its fee, the parts of cents that rounding row by row has lost, and the total."""
    purse = payout.currency.lower()
    taken = period.uow.bookings("wooshpay", first=payout.first, last=payout.last)
    net = sum((amount - fee).value for amount, fee in (sums(one) for one in taken if payout.takes(one)))
    fee = rounded(payout.fee, payout.currency).value
    if fee:
        yield ["", "payout_fee", payout.id, 0, fee, -fee, purse]
    if lost := payout.amount - net + fee:
        yield ["", "rounding", payout.id, lost, 0, lost, purse]
    total = rounded(period.total(units(payout.money)), payout.currency).value
    yield ["", "total", payout.id, total, 0, total, purse]


def _csv(rows: Sequence[Booking], closing: Iterable[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(one) for one in rows)
    writer.writerows([*one, *[""] * (len(COLUMNS) - len(one))] for one in closing)
    return text.getvalue().encode()


def _of_payout(period: Period, payout: Payout) -> bytes:
    return _csv(period.of(payout), _closing(period, payout))


def reports(period: Period) -> list[Report]:
    """One CSV for each payout: the balance transactions that it took."""
    return [
        Report(
            name=f"balance_{period.closes_on:%Y%m%d}_{payout.id}.csv",
            type="payout_reconciliation",
            date=period.closes_on,
            available_at=period.ready(period.until + READY),
            render=partial(_of_payout, period, payout),
            since=period.since,
            until=period.until,
            payout=payout.id,
            main=number == 0,
            failed=period.failed,
        )
        for number, payout in enumerate(period.payouts)
    ]


def tell(uow: UnitOfWork, payout: Payout, news: str) -> None:
    """`payout.created`, then `payout.paid` or `payout.failed`."""
    uow.emit(f"payout.{news}", payout)


# A refund leaves the balance when it is asked for, and comes back when it fails.
SETTLEMENT = Settlement(
    moves=(
        # resource                triggers                                        cause            what
        MoneyMove(PaymentIntent, ("wallet.paid", "bank.settled", "api.capture"), "capture", _captured),
        MoneyMove(Refund, ("api.create",), "refund", _refunded),
        MoneyMove(Refund, ("bank.failed",), "refund_failed", _refunded),
    ),
    columns=("available", "pending"),
    payout_id=lambda ids: f"po_{1 + int(ids.digits(1)) % 9}{ids.digits(18)}",
    statuses=STATUSES,
    reports=reports,
    on_payout=tell,
)
