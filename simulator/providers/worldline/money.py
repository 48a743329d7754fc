"""What moves money at Worldline, how it is remitted, and the files of it. Source: docs/providers/worldline.md, sources 4.1 and 4.2.

Money stands in the ledger from PAID on: until then a payment is in doubt. Days count from its capture. Connect has no call for
any of it: a merchant gets files. Inferred: worldline.wx, worldline.financial-report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from simulator.engine.ledger import MoneyMove, Moved
from simulator.engine.settlement import Period, Report, Settlement
from simulator.engine.terms import SAME
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.worldline import wx
from simulator.providers.worldline.financial_report import financial_report
from simulator.providers.worldline.model import Payment, Refund, to_money
from simulator.providers.worldline.settings import WorldlineSettings

READY = timedelta(hours=13)
"""From the cut-off until its report is ready. With the usual cut-off that is 22:00; the manual promises it by midnight."""


def _moved(uow: UnitOfWork, payment: Payment, amount: Money, operation: str, at: str, **more: Any) -> Moved:
    """`at` is the instant of the transaction: of the capture, or of the request to refund."""
    told = {
        "reference": payment.merchant_reference,
        "order_id": payment.merchant_order_id,
        "country": payment.country,
        "product": payment.product,
        "at": at,
        **more,
    }
    return Moved(amount=amount, operation=operation, since=payment.captured_at, told=told)


def _paid(uow: UnitOfWork, payment: Payment, about: Any) -> Moved:
    at = (payment.captured_at or uow.now).isoformat()
    fee = uow.settings(WorldlineSettings).fee_variable
    return _moved(uow, payment, payment.money, payment.id, at, fee_variable=fee)


def _reversed(uow: UnitOfWork, payment: Payment, about: Any) -> Moved | None:
    if not payment.amount_reversed:
        return None
    amount = to_money(payment.amount_reversed, payment.currency)
    return replace(_moved(uow, payment, amount, payment.id, uow.now.isoformat()), since=None)


def _refunded(uow: UnitOfWork, refund: Refund, about: Any) -> Moved:
    at = (refund.requested_at or uow.now).isoformat()
    record = uow.settings(WorldlineSettings).wx_refund
    amount = to_money(refund.amount, refund.currency)
    payment = uow.get(Payment, refund.payment)
    return replace(_moved(uow, payment, amount, refund.id, at, record=record), since=None)


# Files ----------------------------------------------------------------------------------------------------------------


def reports(period: Period) -> list[Report]:
    """The WX files of every day, also of one on which nothing happened, and the financial report of a day that remits."""
    return [*_wx_files(period), *_financial(period)]


def _wx_files(period: Period) -> Iterator[Report]:
    """The file twice: packed, as it is delivered, and as plain XML for people."""
    terms = period.terms
    assert isinstance(terms, WorldlineSettings)
    merchant_id = _merchant_id(period)
    for number, currency in enumerate(_currencies(period, terms)):
        name = f"{terms.wx_prefix}.{wx.middle_of(period, merchant_id)}{f'.{currency}' if currency else ''}.xml"
        of = (period, merchant_id, currency)
        packed = _report(period, "wx", f"{name}.gz", "application/gzip", partial(wx.packed, *of))
        yield replace(packed, main=number == 0)
        yield _report(period, "wx_plain", name, "application/xml", partial(wx.xml, *of))


def _merchant_id(period: Period) -> str:
    found: str = period.uow.workspace.credentials["worldline"]["merchant_id"]
    return found


def _currencies(period: Period, terms: WorldlineSettings) -> list[str | None]:
    """By which the files are told apart: none, or each that something is settled in, that of the merchant first."""
    if not terms.wx_per_currency:
        return [None]
    main = "EUR" if terms.settlement_currency == SAME else terms.settlement_currency
    return [main, *sorted({one.currency for one in wx.records(period)} - {main})]


def _financial(period: Period) -> Iterator[Report]:
    if period.payouts:
        ended = period.until.astimezone(period.calendar.zone)
        time = f".{ended:%H%M%S}" if period.by_hand else ""
        name = f"financial_report_{_merchant_id(period):0>10}{ended:%Y%m%d}{time}.csv"
        found = _report(period, "financial", name, "text/csv", partial(financial_report, period))
        yield replace(found, payout=period.payouts[0].id)


def _report(period: Period, type_: str, name: str, media_type: str, render: Callable[[], bytes]) -> Report:
    return Report(
        name=name,
        type=type_,
        date=period.closes_on,
        available_at=period.ready(period.until + READY),
        render=render,
        media_type=media_type,
        since=period.since,
        until=period.until,
        failed=period.failed,
    )


SETTLEMENT = Settlement(
    moves=(
        # resource        triggers             cause       what
        MoneyMove(Payment, ("timer.settled",), "capture", _paid),
        MoneyMove(Payment, ("bank.reversed",), "reversal", _reversed),
        MoneyMove(Refund, ("timer.executed",), "refund", _refunded),
    ),
    reports=reports,
    daily=True,
    every_day=True,
)
