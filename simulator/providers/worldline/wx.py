"""The WX file: all that was processed at Worldline from one cut-off to the next, as XML.

Its form follows from public readers and samples; the specification itself is not public. Both known readers need the prefix `tns`,
order ids of ten digits, and `NumberOfRecords` in a file without records too.
Inferred: worldline.wx, worldline.wx-records, worldline.wx-dates.
"""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from xml.sax.saxutils import escape

from simulator.engine.ledger import MERCHANT, UNIT, Booking, rounded, units
from simulator.engine.settlement import Period
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.worldline.model import Payment, Refund, to_money
from simulator.providers.worldline.settings import WorldlineSettings

VERSION = "01.02.36"
"""Of the format: the newest that a public sample has."""

HUNDREDTH = UNIT // 100
"""Amounts have two decimals in every currency, as in the API."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A category (`+` for the merchant, `-` from the merchant, `X` no money), a type, the statusCode, and the counter of both."""

    category: str
    type: str
    status: int
    counter: str


# fmt: off
KINDS: Mapping[str, Kind] = {
    # booked as                  category, type, statusCode, counter
    "capture":             Kind("+", "IP", 1000,  "NumberOfInvoicePayments"),
    "refund":              Kind("-", "CR", 1800,  "NumberOfCollectedCardRefunds"),
    "reversal":            Kind("-", "AR", 1520,  "NumberOfReversals"),
    "chargeback":          Kind("-", "CB", 1500,  "NumberOfCollectedCardChargebacks"),
    "chargeback_reversal": Kind("+", "CB", 1000,  "NumberOfWithdrawnChargebacks"),
}
REQUESTED =                Kind("X", "CR", 800,   "NumberOfCardRefunds")
CANCELLED =                Kind("X", "AC", 99999, "NumberOfCanceledTransactions")
DECLINED =                 Kind("X", "CD", 100,   "NumberOfdeclinedTransactions")

FIELDS = (
    "Recordcategory", "Recordtype", "PaymentReference", "AdditionalReference", "MerchantOrderID",
    "CurrencyDelivered", "AmountDelivered", "CurrencyLocal", "AmountLocal", "PaymentCountry", "PaymentStatus",
    "TransactionDateTime", "PaymentGroupId", "PaymentMethodId", "PaymentProductId", "ReferenceOriginalPayment",
    "UncleanIndicator", "PaymentCurrency", "PaymentAmount", "CreditedCurrency", "CreditedAmount",
    "DebitedCurrency", "DebitedAmount", "CurrencyDue", "AmountDue", "DateDue",
    "OverOrUnderCurrencyLocal", "OverOrUnderAmountLocal", "DeductedCurrency", "DeductedAmount", "PlatformIdNo",
)
"""Of `PaymentData`, in their order. One without a value is left out."""

COUNTERS = (
    "NumberOfRecords", "NumberOfSentInvoices", "NumberOfRejectedInvoices", "NumberOfInvoicePayments",
    "NumberOfConvertedInvoicePayments", "NumberOfCorrectionsOnPayments", "NumberOfReversals",
    "NumberOfCorrectionsOnReversals", "NumberOfRejectedCardPayments", "NumberOfCardRefunds",
    "NumberOfCorrectedCardRefunds", "NumberOfCollectedCardOnline", "NumberOfCollectedCardOffline",
    "NumberOfCollectedCardRefunds", "NumberOfCollectedCardChargebacks", "NumberOfrejectedCardOnline",
    "NumberOfrejectedCardOffline", "NumberOfDirectDebitOrdersRejectedGlobalCollect",
    "NumberOfDirectDebitOrdersRejectedByBank", "NumberOfCollectedDirectDebitPayments",
    "NumberOfreversedDirectDebitPayments", "NumberOfWithdrawnChargebacks",
    "NumberOfCardPaymentsSentOnlineForSettlement", "NumberOfCardRefundsSentOnlineForSettlement",
    "NumberOfOnlineCapturedNonCardPayments", "NumberOfSuccessfulCreatedReversals", "NumberOfTimedOutTransactions",
    "NumberOfSuccessfulCreatedRefunds", "NumberOfdeclinedTransactions", "NumberOfFailedCapturesByWebcollect",
    "NumberOfCanceledTransactions",
)
"""Of `Totals`, spelled as in the samples."""
# fmt: on

E_WALLET, BY_REDIRECT = 60, 8
"""`PaymentGroupId` and `PaymentMethodId` of the group of e-wallets."""


@dataclass(frozen=True, slots=True)
class Record:
    """A `DataRecord`. `due` is what it gives the merchant, in hundredths of the currency in which it is settled."""

    at: datetime
    id: str
    """Of the payment or the refund, in the 30 digits of the API."""
    kind: Kind
    data: Mapping[str, object]
    currency: str
    due: int = 0

    def lines(self) -> Iterator[str]:
        data = {"Recordcategory": self.kind.category, "Recordtype": self.kind.type, "PlatformIdNo": "LBO", **self.data}
        own = "".join(_element(name, data[name]) for name in FIELDS if data.get(name) is not None)
        ids = {
            "MerchantID": int(self.id[:10]),
            "OrderID": self.id[10:20],
            "EffortID": int(self.id[20:25].lstrip("0")),
            "AttemptID": int(self.id[25:]),
        }
        yield (
            f"<tns:DataRecord>{_elements(ids)}<tns:PaymentData>{own}</tns:PaymentData><tns:ThirdPartyData/>"
            "<tns:MerchantData/><tns:CustomerData/><tns:AirlineData><tns:AirlineLegs/></tns:AirlineData>"
        )
        yield "</tns:DataRecord>"


def _element(name: str, value: object) -> str:
    return f"<tns:{name}>{escape(str(value))}</tns:{name}>"


def _elements(values: Mapping[str, object]) -> str:
    return "".join(_element(name, value) for name, value in values.items())


def _hundredths(money: Money) -> int:
    return units(money) // HUNDREDTH


# Records --------------------------------------------------------------------------------------------------------------


def records(period: Period) -> list[Record]:
    """What was booked in the period and what was told in it without money, oldest first."""
    booked = [_booked(period, one) for one in period.bookings if one.cause in KINDS]
    return sorted([*booked, *_told(period)], key=lambda one: one.at)


def _booked(period: Period, booking: Booking) -> Record:
    kind, told, gross = KINDS[booking.cause], booking.told, booking.gross
    assert gross is not None
    due = rounded(booking.on(MERCHANT, booking.cause), booking.currency)
    given, settled = {"Currency": gross.currency, "Amount": _hundredths(gross)}, _hundredths(due)
    calendar = period.calendar
    data: dict[str, object] = {
        **_common(period, told["reference"], told["order_id"], told["country"], told["product"]),
        "PaymentReference": f"{int(booking.operation[:10])}{booking.number:08}",
        "PaymentStatus": kind.status,
        "TransactionDateTime": _local(period, datetime.fromisoformat(told["at"])),
        **_pair("Payment{}", given),
        "CurrencyDue": due.currency,
        "AmountDue": settled,
        "DateDue": calendar.day(max(booking.available, period.until)),
    }
    if kind.type != "CB":
        data |= _pair("{}Delivered", given)
    if kind.category == "+":
        data |= _pair("{}Local", given) | {
            "UncleanIndicator": "N",
            "CreditedCurrency": due.currency,
            "CreditedAmount": settled,
            "OverOrUnderCurrencyLocal": gross.currency,
            "OverOrUnderAmountLocal": 0,
        }
    else:
        data |= {
            "ReferenceOriginalPayment": told["reference"],
            "DebitedCurrency": due.currency,
            "DebitedAmount": -settled,
            "DeductedCurrency": due.currency,
            "DeductedAmount": settled,
        }
    if booking.cause == "refund":
        kind = Kind(kind.category, told["record"], kind.status, kind.counter)
    return Record(booking.at, booking.operation, kind, data, due.currency, settled)


def _pair(pattern: str, given: Mapping[str, object]) -> dict[str, object]:
    """`CurrencyDelivered` and `AmountDelivered`, by `{}Delivered`."""
    return {pattern.format(name): value for name, value in given.items()}


def _common(
    period: Period, reference: str | None, order_id: int | None, country: str, product: int
) -> dict[str, object]:
    return {
        "AdditionalReference": reference,
        "MerchantOrderID": order_id,
        "PaymentCountry": country,
        "PaymentGroupId": E_WALLET,
        "PaymentMethodId": BY_REDIRECT,
        "PaymentProductId": product,
    }


def _local(period: Period, at: datetime) -> str:
    return f"{at.astimezone(period.calendar.zone):%Y-%m-%dT%H:%M:%S}"


def _told(period: Period) -> Iterator[Record]:
    """Records without money: payments that were cancelled or declined, refunds that were asked for. None of these changes again."""
    uow = period.uow
    days = {(period.since + timedelta(days=n)).date().isoformat() for n in range(3)}
    for day in sorted(days):
        for payment in uow.by_key(Payment, "ended", day):
            if period.since <= payment.changed_at < period.until:
                kind = CANCELLED if payment.state == "CANCELLED" else DECLINED
                yield _unpaid(period, payment, payment.id, kind, payment.changed_at, payment.code, payment.amount)
        for refund in uow.by_key(Refund, "requested", day):
            if refund.requested_at is not None and period.since <= refund.requested_at < period.until:
                payment = uow.get(Payment, refund.payment)
                at, status = refund.requested_at, REQUESTED.status
                yield _unpaid(period, payment, refund.id, REQUESTED, at, status, -refund.requested_amount)


def _unpaid(period: Period, payment: Payment, id_: str, kind: Kind, at: datetime, status: int, amount: int) -> Record:
    value = _hundredths(to_money(amount, payment.currency))
    reference = payment.merchant_reference
    data = {
        **_common(period, reference, payment.merchant_order_id, payment.country, payment.product),
        **_pair("{}Local", {"Currency": payment.currency, "Amount": value}),
        "PaymentReference": 0,
        "PaymentStatus": status,
        "TransactionDateTime": _local(period, at),
        "ReferenceOriginalPayment": reference if kind is REQUESTED else None,
    }
    return Record(at, id_, kind, data, period.terms.settled_in(payment.currency)[0])


# The file -------------------------------------------------------------------------------------------------------------


def middle_of(period: Period, merchant_id: str) -> str:
    """What stands between the first dot of a file's name and what follows its version."""
    return f"{merchant_id:0>10}{period.closes_on:%Y%m%d}.{VERSION.replace('.', '')}"


def xml(period: Period, merchant_id: str, currency: str | None = None) -> bytes:
    """All records, or those of one settlement currency."""
    found = [one for one in records(period) if currency in (None, one.currency)]
    return "\n".join([*_lines(period, merchant_id, found), ""]).encode()


def packed(period: Period, merchant_id: str, currency: str | None = None) -> bytes:
    """The report in an archive. It has the same bytes each time, for the archive bears no time."""
    return gzip.compress(xml(period, merchant_id, currency), mtime=0)


def _lines(period: Period, merchant_id: str, found: list[Record]) -> Iterator[str]:
    terms, day = period.terms, period.closes_on
    assert isinstance(terms, WorldlineSettings)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    head = {"AccountID": merchant_id, "Filename": middle_of(period, merchant_id), "FilenameExtension": terms.wx_prefix}
    rest = {"PeriodFrom": day, "PeriodTo": day, "CutoffTime": f"{terms.cutoff}:00", "Version": VERSION}
    yield (
        f'<tns:report xmlns:tns="https://wx.v2_6.globalcollect.com">{_elements(head)}'
        f"{_element('DateProduction', day)}<tns:SerialNumber/>{_elements(rest)}"
    )
    for one in found:
        yield from one.lines()
    yield from _totals(period, found)
    counted = Counter(one.kind.counter for one in found)
    counted["NumberOfRecords"] = len(found)
    yield f"<tns:Totals>{_elements({name: counted[name] for name in COUNTERS})}"
    yield "</tns:Totals>"
    yield _element("NumberOfRecords", len(found))
    yield "</tns:report>"


def _totals(period: Period, found: Iterable[Record]) -> Iterator[str]:
    """One for each account and currency in which money has moved; the rounded rows are added, so they are exactly the sums."""
    dues: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for one in found:
        if one.kind.category != "X":
            dues[int(one.id[:10]), one.currency].append(one.due)
    for (merchant, currency), amounts in sorted(dues.items()):
        credited = period.total(sum(due for due in amounts if due > 0) * HUNDREDTH) // HUNDREDTH
        debited = -sum(due for due in amounts if due < 0)
        total = {
            "MerchantID": merchant,
            "CurrencyDue": currency,
            "TotalAmountCredited": credited,
            "TotalAmountDebited": debited,
            "TotalAmountDue": credited - debited,
        }
        yield f"<tns:TotalAmount>{_elements(total)}"
        yield "</tns:TotalAmount>"
