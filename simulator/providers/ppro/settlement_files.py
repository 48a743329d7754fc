"""The seven files of a settlement: what was settled, what it cost, and the sums that are wired.

Source: docs/providers/ppro.md, source 12.6. Inferred: ppro.settlement-files, ppro.settlement-form, ppro.settlement-numbers.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache, partial

from simulator.engine.calendar import DAY, Calendar
from simulator.engine.ledger import MERCHANT, UNIT, Booking, rounded, units
from simulator.engine.settlement import Period, Report
from simulator.kernel.crypto import sha256_hex
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ppro.keys import merchant_ids
from simulator.providers.ppro.settings import PproSettings

READY = timedelta(hours=3)
"""From the cut-off until its file is ready. Inferred: ppro.settlement-times."""

ENTITY = "1"
"""PPRO itself. Source: source 12.6."""

GUARANTEED = "SUCCEEDED"
"""The event that settles: Alipay bears no settlement risk, so no other one does. Source: source 7."""

# fmt: off
FILES: Mapping[str, tuple[str, ...]] = {
    # name: columns
    "volume-per-transaction": (
        "MERCHANT_TX_ID", "TX_ID", "PAYMENT_REFERENCE", "EVENT_TYPE", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD", "AMOUNT",
        "CURRENCY", "COUNTRY",
    ),
    "volume-per-refund": (
        "MERCHANT_TX_ID", "RF_ID", "PAYMENT_REFERENCE", "EVENT_TYPE", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD", "AMOUNT",
        "CURRENCY", "COUNTRY", "REFERENCE_TX_ID",
    ),
    "volume-per-chargeback": (
        "MERCHANT_TX_ID", "CB_ID", "PAYMENT_REFERENCE", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD", "AMOUNT", "CURRENCY",
        "COUNTRY", "REFERENCE_TX_ID/REFERENCE_RF_ID", "CHARGEBACK_REASON",
    ),
    "fee-per-transaction": (
        "MERCHANT_TX_ID", "TX_ID", "PAYMENT_REFERENCE", "EVENT_TYPE", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD",
        "FEE_TYPE", "AMOUNT", "CURRENCY", "COUNTRY",
    ),
    "fee-per-refund": (
        "MERCHANT_TX_ID", "RF_ID", "PAYMENT_REFERENCE", "EVENT_TYPE", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD",
        "FEE_TYPE", "AMOUNT", "CURRENCY", "COUNTRY", "REFERENCE_TX_ID",
    ),
    "fee-per-chargeback": (
        "MERCHANT_TX_ID", "CB_ID", "EVENT_TIMESTAMP", "MERCHANT_ID", "PAYMENT_METHOD", "FEE_TYPE", "AMOUNT", "CURRENCY", "COUNTRY",
        "REFERENCE_TX_ID",
    ),
    "aggregate": ("MERCHANT_ID", "PAYMENT_METHOD", "EVENT_TYPE", "EVENT_COUNT", "AGGREGATE_AMOUNT", "CURRENCY"),
}

CAUSES: Mapping[str, str] = {"transaction": "capture", "refund": "refund", "chargeback": "chargeback"}
"""Of which bookings a file `…-per-…` is."""

FEES: Mapping[str, str] = {
    # posting          FEE_TYPE
    "fee_fixed":      "ACQUIRING_FEE",
    "fee_refund":     "ACQUIRING_FEE",
    "fee_variable":   "DISCOUNT_FEE",
    "fee_chargeback": "EXTERNAL_FEE",
}
"""Inferred: ppro.settlement-rows."""

VOLUMES: Mapping[str, str] = {"capture": "TRANSACTION", "refund": "REFUND", "chargeback": "CHARGEBACK"}
OTHERS: Mapping[str, str] = {
    "reserve_hold": "RESERVE_HELD", "reserve_release": "RESERVE_RELEASED", "adjustment": "ADJUSTMENT",
    "payout": "PAYOUT_RETURNED",
}
"""What a posting is called in `aggregate`; the names of the last four, and of ROUNDING, are ours."""
# fmt: on

LINES = (*VOLUMES.values(), *dict.fromkeys(FEES.values()), *OTHERS.values())
"""The order of the lines of `aggregate`; behind them stand WIRE_FEE, ROUNDING and CLEARED_TO_MERCHANT."""

DISPLAY: Mapping[str, str] = {"ALIPAY": "Alipay", "MOCK": "Mock"}
FEE_PLACES = Decimal("0.0001")


def number(lead: str, id_: str) -> str:
    """The number that a charge, refund or chargeback has in the older interface, whose ids are numeric; `lead` says of what kind
    it is."""
    return f"{lead}{int(sha256_hex(id_.encode())[:15], 16) % 10**11:011}"


# Which there are ------------------------------------------------------------------------------------------------------


def reports(period: Period) -> list[Report]:
    """None where nothing is wired. Each file is there as it is delivered, packed, and plain."""
    if not period.payouts:
        return []
    stem, found = _stem(period), []
    for suffix in FILES:
        of = partial(content, period, suffix)
        plain = Report(
            name=f"{stem}-{suffix}.csv",
            type=suffix,
            date=period.closes_on,
            available_at=period.ready(period.until + READY),
            render=of,
            since=period.since,
            until=period.until,
            payout=period.payouts[0].id,
            main=suffix == "aggregate",
            failed=period.failed,
        )
        packed = partial(_packed, of)
        found += [
            plain,
            replace(plain, name=f"{plain.name}.gz", render=packed, media_type="application/gzip", main=False),
        ]
    return found


def _packed(render: Callable[[], bytes]) -> bytes:
    """The file in an archive. It has the same bytes each time, for the archive bears no time."""
    return gzip.compress(render(), mtime=0)


def _stem(period: Period) -> str:
    """`1-999-D-2026-044`. A settlement by hand bears its time where a referral partner's billing id stands."""
    settings, calendar, day = period.terms, period.calendar, period.closes_on
    assert isinstance(settings, PproSettings)
    is_regular = not period.by_hand and calendar.is_payday(day)
    by_hand = [] if is_regular else [period.until.astimezone(calendar.zone).strftime("%H%M%S")]
    letter = {"weekly": "W", "monthly": "M"}.get(calendar.cadence, "D")
    nth = f"{_nth(period):0{3 if letter == 'D' else 2}}"
    return "-".join([ENTITY, settings.settlement_client, *by_hand, letter, f"{day.year}", nth])


def _nth(period: Period) -> int:
    """How many settlements the year has had by then, as the calendars of its time have them."""
    cadence = "daily" if period.calendar.cadence == "manual" else period.calendar.cadence
    first, found = date(period.closes_on.year, 1, 1), 0
    for span in period.days.spans:
        last = min(period.closes_on, span.calendar.day(span.until)) if span.until is not None else period.closes_on
        found += _paydays(replace(span.calendar, cadence=cadence), first, last)
        first = max(first, last + DAY)
    return found


@lru_cache(maxsize=1024)
def _paydays(calendar: Calendar, first: date, last: date) -> int:
    return sum(calendar.is_payday(first + n * DAY) for n in range((last - first).days + 1))


# What stands in them --------------------------------------------------------------------------------------------------


def content(period: Period, suffix: str) -> bytes:
    """Header, rows, and the three lines that end each file."""
    if suffix == "aggregate":
        lines = aggregate(period)
        rows: list[Sequence[object]] = [line.cells for line in lines]
        total = period.total(sum(units(line.amount) for line in lines))
        checksum = _decimal(total, Decimal("0.01"))
    else:
        family, _, of = suffix.partition("-per-")
        rows = [*(_volumes if family == "volume" else _fees)(_settled(period), CAUSES[of])]
        column = FILES[suffix].index("AMOUNT")
        checksum = sum(
            (Decimal(str(row[column])) for row in rows), Decimal("0.00") if family == "volume" else Decimal("0.0000")
        )
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(FILES[suffix])
    writer.writerows(rows)
    writer.writerow(("SETTLEMENT_DATE", period.closes_on.isoformat()))
    writer.writerow(("RECORD_COUNT", len(rows)))
    writer.writerow(("CHECKSUM_AGGREGATE_AMOUNT", checksum))
    return text.getvalue().encode()


def _settled(period: Period) -> list[Booking]:
    """What the payouts of this settlement took, oldest first; a scenario may have altered it."""
    found = [one for payout in period.payouts for one in period.of(payout)]
    return sorted(found, key=lambda one: one.number)


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _method(booking: Booking) -> str:
    said = str(booking.told.get("method", "ALIPAY"))
    return DISPLAY.get(said, said)


def _ids(booking: Booking) -> tuple[str, str, str]:
    """The merchant's reference, the number, and the id that the API knows."""
    told = booking.told
    own = (
        number("7", f"{booking.operation}/chargeback") if booking.cause == "chargeback" else str(told.get("number", ""))
    )
    return str(told.get("reference") or ""), own, str(told.get("resource", booking.operation))


def _original(booking: Booking) -> list[str]:
    """The number of the transaction of which a refund or a chargeback is."""
    told = booking.told
    return [] if booking.cause == "capture" else [str(told.get("of") or told.get("number", ""))]


def _volumes(rows: Iterable[Booking], cause: str) -> Iterator[Sequence[object]]:
    for one in rows:
        if one.cause != cause or one.gross is None:
            continue
        amount = Money(abs(one.gross.value), one.gross.currency)
        yield (
            *_ids(one), *([] if cause == "chargeback" else [GUARANTEED]), _instant(one.at), one.told.get("merchant_id", ""),
            _method(one), amount.major(), amount.currency, one.told.get("country", ""), *_original(one),
            *([""] if cause == "chargeback" else []),
        )  # fmt: skip


def _fees(rows: Iterable[Booking], cause: str) -> Iterator[Sequence[object]]:
    """Not yet rounded to whole cents: what binds are the sums in `aggregate`."""
    for one in rows:
        for kind, name in FEES.items():
            amount = -one.on(MERCHANT, kind) if one.cause == cause else 0
            if not amount:
                continue
            reference, own, resource = _ids(one)
            ids = [reference, own] if cause == "chargeback" else [reference, own, resource, GUARANTEED]
            yield (
                *ids, _instant(one.at), one.told.get("merchant_id", ""), _method(one), name, _decimal(amount, FEE_PLACES),
                one.currency, one.told.get("country", ""), *_original(one),
            )  # fmt: skip


def _decimal(amount: int, places: Decimal) -> Decimal:
    """Units of the ledger as a decimal number, rounded half up."""
    return (Decimal(amount) / UNIT).quantize(places, ROUND_HALF_UP)


# The sums -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    merchant_id: str
    method: str
    type: str
    count: int
    amount: Money

    @property
    def cells(self) -> Sequence[object]:
        return (self.merchant_id, self.method, self.type, self.count, self.amount.major(), self.amount.currency)


def aggregate(period: Period) -> list[Line]:
    """Currency by currency. Each line is rounded to whole cents, and what that makes of the sum that is wired is a line too."""
    lines: list[Line] = []
    for payout in period.payouts:
        lines_ = _sums(period, period.of(payout), payout.currency)
        first = lines_[0] if lines_ else Line(_main_merchant(period), DISPLAY["ALIPAY"], "", 0, payout.money)
        own = period.uow.bookings(period.provider, first=payout.first, last=payout.last)
        rest = payout.money - _total(_sums(period, filter(payout.takes, own), payout.currency), payout.currency)
        if payout.fee:
            fee = Money(-rounded(payout.fee, payout.currency).value, payout.currency)
            lines_.append(replace(first, type="WIRE_FEE", count=1, amount=fee))
            rest -= fee
        if rest.value:
            lines_.append(replace(first, type="ROUNDING", count=1, amount=rest))
        lines += [*lines_, *_cleared(lines_)]
    return lines


def _total(lines: Iterable[Line], currency: str) -> Money:
    return Money(sum(line.amount.value for line in lines), currency)


def _sums(period: Period, rows: Iterable[Booking], currency: str) -> list[Line]:
    rows, names = list(rows), {**VOLUMES, **FEES, **OTHERS}
    counts: Counter[tuple[str, str, str]] = Counter()
    sums: Counter[tuple[str, str, str]] = Counter()
    main = next((one.told["merchant_id"] for one in rows if "merchant_id" in one.told), None) or _main_merchant(period)
    for one in rows:
        for posting in one.postings:
            if posting.account == MERCHANT:
                key = (one.told.get("merchant_id", main), _method(one), names[posting.kind])
                counts[key] += 1
                sums[key] += posting.amount
    ordered = sorted(sums, key=lambda key: (key[0], key[1], LINES.index(key[2])))
    return [Line(*key, counts[key], rounded(sums[key], currency)) for key in ordered]


def _main_merchant(period: Period) -> str:
    """Whose reserves, fees of payouts and returned payouts are, if no row says it."""
    return merchant_ids(period.uow.workspace.credentials[period.provider])[0]


def _cleared(lines: Sequence[Line]) -> Iterator[Line]:
    """What was turned over, without fees, by merchant and method."""
    volume = [line for line in lines if line.type in VOLUMES.values()]
    for merchant_id, method in dict.fromkeys((line.merchant_id, line.method) for line in volume):
        own = [line for line in volume if (line.merchant_id, line.method) == (merchant_id, method)]
        total = _total(own, own[0].amount.currency)
        yield Line(merchant_id, method, "CLEARED_TO_MERCHANT", sum(line.count for line in own), total)
