"""The files of a settlement: which there are for a day, how they are called, when they are there, and their bytes.

Source: docs/providers/checkoutcom.md, sources 15.3, 15.5 and 15.6. Inferred: checkoutcom.report-times, checkoutcom.partial-files.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import partial
from zoneinfo import ZoneInfo

from simulator.engine import balances
from simulator.engine.ledger import MERCHANT, PAYABLE, RESERVE, Booking, decimal, units
from simulator.engine.settlement import Payout, Period, Report
from simulator.engine.uow import UnitOfWork
from simulator.kernel.values import dataclass
from simulator.providers.checkoutcom import breakdowns
from simulator.providers.checkoutcom.breakdowns import ENTITY_COUNTRY, FinancialAction, financial_action
from simulator.providers.checkoutcom.model import FinancialReport, derived_id
from simulator.providers.checkoutcom.rules import entity_of, own_channel
from simulator.providers.checkoutcom.settings import CheckoutcomSettings

BY_PAYOUT, BY_DATE, PAYOUTS, BALANCES = "by_payout", "by_date", "payouts", "balances"
SORTS = {
    # in our words  type (of the first, see the setting `report_type`), what it is called, its folder
    BY_PAYOUT: ("", "Financial Actions by Payout ID", "financial-actions"),
    BY_DATE: ("FinancialActions", "Financial Actions by Date Range", "financial-actions"),
    PAYOUTS: ("Payouts", "Payouts", "payouts"),
    BALANCES: ("Balances", "Balances", "balance-breakdown"),
}
"""Only the types of the first two are published. Inferred: checkoutcom.report-types."""

AFTER_SETTLEMENT, AT_NOON = time(2, 10), time(12)
"""In the settlement time zone: of the first, and of the others."""

FINANCIAL_ACTIONS = (
    "Client Entity ID", "Client Entity Name", "Sub Entity ID", "Sub Entity Name", "Processing Channel ID",
    "Merchant Category Code", "Currency Account ID", "Currency Account Name", "Currency Account Custom ID", "Action Type",
    "Action ID", "Payment ID", "Requested On", "Processed On", "Processing Currency", "FX Rate Applied", "Holding Currency",
    "FX Trade ID", "Payout ID", "Reference", "Payment Method", "Card Type", "Card Category", "Issuer Country",
    "Entity Country", "Region", "MID", "Response Code", "Response Description", "Breakdown Type",
    "Processing Currency Amount", "Holding Currency Amount", "Entity Country Tax Currency", "Tax Fx Rate",
    "Tax Currency Amount", "Fee Detail",
)  # fmt: skip
"""Inferred: checkoutcom.financial-order."""
PAYOUT_COLUMNS = (
    "Client Entity ID", "Client Entity Name", "Sub Entity ID", "Sub Entity Name", "Currency Account ID",
    "Currency Account Name", "Holding Currency", "Payout ID", "Payout Date", "Reporting Start Date", "Reporting End Date",
    "Payout Amount", "Merchant Payout Fees", "Payments", "Refunds", "Chargebacks", "Pay To Cards",
    "Card Payment Interchange Fees", "Card Payment Scheme Fees",
)  # fmt: skip
BALANCE_COLUMNS = (
    "Report ID", "Entity ID", "Entity Name", "Currency Account ID", "Currency Account Name", "Holding Currency",
    "Report Date", "Reporting Start Date", "Reporting End Date", "Description", "Opening Available Balance",
    "Opening Pending Balance", "Opening Payable Balance", "Opening Collateral Balance", "Payment Method", "Payments",
    "Refunds",
)  # fmt: skip
CATEGORY = "5999"
"""Of the merchant: miscellaneous and specialty retail. Inferred: checkoutcom.financial-columns."""


@dataclass(frozen=True, slots=True)
class File:
    """One of the files of a day, as it is called and when it is there."""

    sort: str
    type: str
    name: str
    entity: str
    entity_name: str
    payout: str
    since: datetime
    until: datetime
    zone: str


# Which there are -----------------------------------------------------------------------------------------------------


def reports(period: Period) -> list[Report]:
    """For the engine."""
    return [_report(period, file) for file in files_of(period)]


def files_of(period: Period) -> list[File]:
    """One for each payout; and where a whole day has ended, what was processed in it, what was paid out, and the balances."""
    made = _payouts(period)
    found = [_file(period, BY_PAYOUT, payout) for payout in made]
    if not period.by_hand:
        booked = any(not one.merchant and one.net for one in period.each_booking())
        found += [_file(period, BY_DATE)] if booked else []
        found += [_file(period, PAYOUTS)] if made else []
        found += [_file(period, BALANCES)] if booked or made else []
    return found


def _payouts(period: Period) -> list[Payout]:
    """The payouts that the Default platform receives."""
    return [payout for payout in period.payouts if not payout.merchant]


def _file(period: Period, sort: str, payout: Payout | None = None) -> File:
    entity, settings = entity_of(own_channel(period.uow)), period.terms
    assert isinstance(settings, CheckoutcomSettings)
    days = f"{period.day:%Y%m%d}_{period.closes_on:%Y%m%d}"
    span = days if payout is None else f"{period.closes_on:%Y%m%d}_{payout.id}"
    return File(
        sort=sort,
        type=SORTS[sort][0] or settings.report_type,
        name=f"{SORTS[sort][2]}_{entity}_{span}_1.csv",
        entity=entity,
        entity_name=settings.merchant_name,
        payout=payout.id if payout is not None else "",
        since=period.since,
        until=period.until,
        zone=settings.time_zone,
    )


def report_id(file: File | FinancialReport) -> str:
    """The report's id. It is the same whenever the report is made again."""
    entity, name = (file.entity, file.name) if isinstance(file, File) else (file.entity_id, file.filename)
    return derived_id("rpt", f"{entity}/{name}")


def _report(period: Period, file: File) -> Report:
    by_payout = file.sort == BY_PAYOUT
    usual = period.calendar.instant(period.closes_on, AFTER_SETTLEMENT if by_payout else AT_NOON)
    first = next((payout.id for payout in _payouts(period)), "")
    return Report(
        name=file.name,
        type=file.type,
        date=period.closes_on if by_payout or file.sort == PAYOUTS else period.day,
        available_at=period.ready(max(usual, period.until)),
        render=partial(content, period, file),
        since=file.since,
        until=file.until,
        payout=file.payout or None,
        main=by_payout and file.payout == first,
        failed=period.failed,
    )


def example(uow: UnitOfWork) -> File:
    """A file for the samples, of a day on which nothing need have happened."""
    settings, entity = uow.settings(CheckoutcomSettings), entity_of(own_channel(uow))
    calendar = settings.calendar
    until = calendar.cutoff_on(calendar.day(uow.now))
    payout = "000S1M0000A1"
    return File(
        sort=BY_PAYOUT,
        type=settings.report_type,
        name=f"financial-actions_{entity}_{calendar.day(until):%Y%m%d}_{payout}_1.csv",
        entity=entity,
        entity_name=settings.merchant_name,
        payout=payout,
        since=calendar.cutoff_before(until),
        until=until,
        zone=settings.time_zone,
    )


def folder_of(report: FinancialReport) -> str:
    """Where the file lies on the SFTP server. Source: source 15.3."""
    name = report.entity_name
    return f"/{name}/reports-{name}/{SORTS[report.sort][2]}/{report.filename}"


# What stands in them --------------------------------------------------------------------------------------------------


def content_of(uow: UnitOfWork, report: FinancialReport) -> bytes:
    """The bytes of a report that is there: the same for ever, whatever the settings have become."""
    period = balances.period(uow, "checkoutcom", report.until)
    period.since = report.since
    file = File(
        sort=report.sort,
        type=report.type,
        name=report.filename,
        entity=report.entity_id,
        entity_name=report.entity_name,
        payout=report.payout,
        since=report.since,
        until=report.until,
        zone=report.zone,
    )
    return content(period, file)


def content(period: Period, file: File) -> bytes:
    zone = ZoneInfo(file.zone)
    match file.sort:
        case "by_payout":
            return _csv(FINANCIAL_ACTIONS, _rows(_in_payout(period, file), zone))
        case "by_date":
            return _csv(FINANCIAL_ACTIONS, _rows(_in_day(period, file), zone))
        case "payouts":
            return _csv(PAYOUT_COLUMNS, _payout_rows(period, file, zone))
        case _:
            return _csv(BALANCE_COLUMNS, _balance_rows(period, file, zone))


def _csv(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Lines end as RFC 4180 has them; there is no byte order mark. Inferred: checkoutcom.csv-form."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def local(at: datetime, zone: ZoneInfo) -> str:
    """`2026-03-02T08:11:05.120`, in the settlement time zone."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}"


def _in_payout(period: Period, file: File) -> Iterator[FinancialAction]:
    """What it took, then its own fee: together they are its amount, but for what is less than a cent."""
    payout = next((one for one in period.payouts if one.id == file.payout), None)
    if payout is None:
        return
    for booking in period.of(payout):
        yield financial_action(period.uow, booking, payout.id, file.entity_name)
    if payout.fee:
        made = balances.in_payout(period.uow, "checkoutcom", payout)
        own = next(one for one in made if one.payout == payout.id and one.net < 0)
        action = financial_action(period.uow, own, payout.id, file.entity_name)
        yield replace(action, breakdowns=action.breakdowns[1:])


def _in_day(period: Period, file: File) -> Iterator[FinancialAction]:
    """What was processed in the day, payouts too; which payout takes it is said as far as that is known when the day ends."""
    for booking in period.uow.bookings_between("checkoutcom", period.since, period.until):
        if not booking.merchant and booking.net:
            yield financial_action(period.uow, booking, _known(period, booking), file.entity_name)


def _known(period: Period, booking: Booking) -> str:
    if booking.payout:
        return booking.payout
    return next((payout.id for payout in period.payouts if payout.takes(booking)), "")


def _rows(actions: Iterable[FinancialAction], zone: ZoneInfo) -> Iterator[Sequence[str]]:
    for action in actions:
        for one in action.breakdowns:
            yield (
                action.entity, action.entity_name, "", "", action.says("channel"), CATEGORY, action.account,
                breakdowns.account_name(one.currency), "", action.type, action.id, action.payment,
                local(action.requested_on, zone), local(action.processed_on, zone), one.processing_currency,
                f"{one.rate:.8f}", one.currency, one.trade, action.payout, action.says("reference"), action.says("method"),
                "", "", action.says("country"), ENTITY_COUNTRY, "International", "", action.says("code"),
                action.says("summary"), one.type, decimal(one.processing_amount), decimal(one.amount), "", "", "", "",
            )  # fmt: skip


def _payout_rows(period: Period, file: File, zone: ZoneInfo) -> Iterator[Sequence[str]]:
    for payout in _payouts(period):
        rows = period.uow.bookings("checkoutcom", first=payout.first, last=payout.last)
        sums: Counter[str] = Counter()
        for booking in rows:
            if payout.takes(booking):
                for posting in booking.postings:
                    if posting.account == MERCHANT:
                        sums[posting.kind] += posting.amount
        yield (
            file.entity, file.entity_name, "", "", breakdowns.currency_account(file.entity, payout.currency),
            breakdowns.account_name(payout.currency), payout.currency, payout.id, _day(payout.cutoff, zone),
            _day(file.since, zone), _day(file.until, zone), decimal(period.total(units(payout.money))),
            decimal(-payout.fee), decimal(sums["capture"]), decimal(sums["refund"]),
            decimal(sums["chargeback"] + sums["chargeback_reversal"]), decimal(0), decimal(0), decimal(0),
        )  # fmt: skip


def _balance_rows(period: Period, file: File, zone: ZoneInfo) -> Iterator[Sequence[str]]:
    """For each currency what there was when the day began, and what the day has brought by payment method.

    What a payout has left behind, being less than a minor unit, is part of it. Inferred: checkoutcom.payout-remainder.
    """
    opening: dict[str, Counter[str]] = {}
    moved: dict[str, dict[str, Counter[str]]] = {}
    for booking in balances.each_booking(period.uow, "checkoutcom"):
        if booking.merchant or booking.at >= file.until:
            continue
        if booking.at < file.since:
            is_there = booking.available <= file.since
            sums = opening.setdefault(booking.currency, Counter())
            sums["available" if is_there else "pending"] += booking.net
            sums["payable"] += booking.on(PAYABLE)
            sums["collateral"] += booking.on(RESERVE)
        elif booking.cause in ("capture", "refund"):
            method = str(booking.told.get("method", ""))
            sums = moved.setdefault(booking.currency, {}).setdefault(method, Counter())
            sums[booking.cause] += booking.on(MERCHANT, booking.cause)
    for currency in sorted({*opening, *moved}):
        before = opening.get(currency, Counter())
        for method, sums in sorted(moved.get(currency, {"": Counter()}).items()):
            yield (
                report_id(file), file.entity, file.entity_name, breakdowns.currency_account(file.entity, currency),
                breakdowns.account_name(currency), currency, _day(file.until, zone), _day(file.since, zone),
                _day(file.until, zone), "Revenue Account 1", decimal(period.total(before["available"])),
                decimal(before["pending"]), decimal(before["payable"]), decimal(before["collateral"]), method,
                decimal(sums["capture"]), decimal(sums["refund"]),
            )  # fmt: skip


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()
