"""The financial report: what was collected, deducted, charged and remitted, one section for each remittance.

Only its subjects are documented; the layout is this simulator's own convention.
Inferred: worldline.financial-report.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from simulator.engine import balances
from simulator.engine.ledger import MERCHANT, Booking, rounded
from simulator.engine.settlement import Payout, Period

COLUMNS = ("SECTION", "CURRENCY", "DESCRIPTION", "COUNT", "AMOUNT")

# fmt: off
LINES = (
    # section       what                              kinds of postings
    ("COLLECTION", "Alipay payments",               ("capture",)),
    ("COLLECTION", "Withdrawn chargebacks",         ("chargeback_reversal",)),
    ("COLLECTION", "Returned remittances",          ("payout",)),
    ("DEDUCTION",  "Alipay refunds",                ("refund",)),
    ("DEDUCTION",  "Alipay reversals",              ("reversal",)),
    ("DEDUCTION",  "Alipay chargebacks",            ("chargeback",)),
    ("FEE",        "Processing fee variable {}%",   ("fee_variable",)),
    ("FEE",        "Processing fee fixed",          ("fee_fixed", "fee_refund")),
    ("FEE",        "Chargeback fee",                ("fee_chargeback",)),
    ("RESERVE",    "Reserve held",                  ("reserve_hold",)),
    ("RESERVE",    "Reserve released",              ("reserve_release",)),
    ("ADJUSTMENT", "Adjustments",                   ("adjustment",)),
)
# fmt: on


def financial_report(period: Period) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for payout in period.payouts:
        writer.writerows(_section(period, payout))
    return text.getvalue().encode()


def _section(period: Period, payout: Payout) -> Iterator[Sequence[object]]:
    """Each line is rounded to whole cents; what that makes of the sum, and what earlier remittances left, is a line of its own."""
    rows, left = period.of(payout), payout.amount
    told = {one.number: one for one in _with_other_fees(period, rows)}
    for section, words, kinds in LINES:
        by_words: defaultdict[str, list[Booking]] = defaultdict(list)
        for one in rows:
            if one.on(MERCHANT, *kinds):
                by_words[words.format(one.told.get("fee_variable"))].append(one)
        for description, found in sorted(by_words.items()):
            left -= _sum(found, kinds, payout.currency)
            shown = [told.get(one.number, one) for one in found] if section == "FEE" else found
            yield section, payout.currency, description, len(found), _sum(shown, kinds, payout.currency)
    if payout.fee:
        fee = -rounded(payout.fee, payout.currency).value
        left -= fee
        yield "FEE", payout.currency, "Remittance fee", 1, fee
    if left:
        yield "ROUNDING", payout.currency, "Rounding", 1, left
    remitted = f"Net remitted {period.calendar.day(payout.arrives_at)}"
    yield "REMITTANCE", payout.currency, remitted, 1, payout.amount


def _sum(found: Iterable[Booking], kinds: Sequence[str], currency: str) -> int:
    return rounded(sum(one.on(MERCHANT, *kinds) for one in found), currency).value


def _with_other_fees(period: Period, rows: Iterable[Booking]) -> Iterator[Booking]:
    """What a scenario tells of fees wrongly: the WX file of the day has no place for them, so this report does it."""
    days = {period.days.next_cutoff(one.at) for one in rows}
    for until in sorted(days):
        day = balances.period(period.uow, period.provider, until)
        if day.cutoff is not None and day.cutoff.fault == "fee_changed":
            yield from day.bookings
