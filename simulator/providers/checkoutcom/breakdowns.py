"""Financial actions: what each booking of the ledger is called at Checkout.com, and the breakdowns into which it falls.

One action is a capture, a refund or a chargeback; one breakdown is the amount that was moved, or one of its fees.
Source: docs/providers/checkoutcom.md, sources 15.4, 15.5 and 15.7. Inferred: checkoutcom.breakdowns, checkoutcom.financial-columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator.engine.ledger import MERCHANT, Booking, units
from simulator.engine.uow import UnitOfWork
from simulator.kernel.values import dataclass
from simulator.providers.checkoutcom.model import Action, Dispute, Payment, derived_id
from simulator.providers.checkoutcom.rules import entity_of, own_channel
from simulator.providers.checkoutcom.settings import CheckoutcomSettings

PREVIOUS = "previous"
"""The account of what was paid on the Previous platform, which has reports of its own kind (left out). The other has no name."""

FEES = {
    "fee_variable": "Premium Variable Fee",
    "fee_fixed": "Premium Fixed Fee",
    "fee_refund": "Refund Fixed Fee",
    "fee_chargeback": "Chargeback Fixed Fee",
    "fee_payout": "Payout Fixed Fee",
    "reserve_hold": "Rolling Reserve Deduction",
}
"""None of them comes back with a refund. Inferred: checkoutcom.fees-kept."""
CAUSES = {
    "capture": ("Capture", "Capture"),
    "refund": ("Refund", "Refund"),
    "chargeback": ("Chargeback", "Chargeback (ADJM)"),
    "chargeback_reversal": ("Chargeback", "Chargeback (RPDW)"),
    "payout": ("Payout", "Payout"),
    "reserve": ("Rolling Reserve Release", "Rolling Reserve Release"),
}
"""Action and breakdown, unless the booking was told otherwise."""
ADJUSTMENTS = {False: ("Invoice Settlement", "Invoice Settlement"), True: ("Top Up", "Top Up")}
"""Whether it gives to the merchant. Both are documented, not what raises them. Inferred: checkoutcom.breakdowns."""

PARTIAL = {"action": ("Partial Refund", "Refund"), "breakdown": ("Refund", "Partial Refund")}
"""By setting `partial_refund_form`. Inferred: checkoutcom.partial-refund-form."""

ISSUED_IN = {
    "alipay_cn": "CN", "alipay_hk": "HK", "dana": "ID", "gcash": "PH", "kakaopay": "KR", "tng": "MY", "truemoney": "TH",
}  # fmt: skip
ENTITY_COUNTRY = "GB"


# What is told when it is booked --------------------------------------------------------------------------------------


def told(uow: UnitOfWork, payment: Payment, reference: str | None, requested_on: datetime) -> dict[str, Any]:
    """What reports say of anything that happens to a payment."""
    entity = entity_of(own_channel(uow))
    return {
        "reference": reference or "",
        "method": payment.source_type.upper(),
        "country": ISSUED_IN.get(payment.source_type, "CN"),
        "channel": payment.processing_channel_id or own_channel(uow),
        "entity": entity,
        "entity_name": uow.settings(CheckoutcomSettings).merchant_name,
        "requested_on": requested_on.isoformat(),
    }


def told_of_action(uow: UnitOfWork, payment: Payment, action: Action) -> dict[str, Any]:
    found = told(uow, payment, action.reference or payment.reference, action.created_at)
    found |= {"code": action.response_code or "", "summary": action.response_summary or ""}
    if action.type == "Refund" and action.amount < payment.amount:
        form = uow.settings(CheckoutcomSettings).partial_refund_form
        found["action"], found["breakdown"] = PARTIAL[form]
    return found


def chargeback_id(dispute: Dispute, cause: str) -> str:
    """The action of a chargeback, and another one when that is won. Inferred: checkoutcom.breakdowns."""
    return derived_id("act", f"{dispute.id}/{cause}")


# What is read of a booking -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Amounts are units of the ledger."""

    type: str
    processing_currency: str
    processing_amount: int
    rate: Decimal
    currency: str
    amount: int
    trade: str = ""


@dataclass(frozen=True, slots=True)
class FinancialAction:
    id: str
    type: str
    payment: str
    processed_on: datetime
    requested_on: datetime
    entity: str
    entity_name: str
    account: str
    told: Mapping[str, Any]
    payout: str
    breakdowns: tuple[Breakdown, ...]

    def says(self, name: str) -> str:
        return str(self.told.get(name, ""))


def currency_account(entity: str, currency: str) -> str:
    """The id of the sub-account in a currency. Inferred: checkoutcom.financial-columns."""
    return derived_id("ca", f"{entity}/{currency}")


def account_name(currency: str) -> str:
    return f"{currency} account"


def financial_action(uow: UnitOfWork, booking: Booking, payout: str = "", entity_name: str = "") -> FinancialAction:
    """`payout` is the one that it stands in, empty while there is none; `entity_name` what a file calls the merchant."""
    entity = str(booking.told.get("entity") or entity_of(own_channel(uow)))
    type_, breakdown = CAUSES.get(booking.cause) or ADJUSTMENTS[booking.net > 0]
    requested = booking.told.get("requested_on")
    name = booking.told.get("entity_name") or entity_name or uow.settings(CheckoutcomSettings).merchant_name
    return FinancialAction(
        id=booking.operation or derived_id("adj", f"{entity}/{booking.number}"),
        type=str(booking.told.get("action", type_)),
        payment=booking.payment,
        processed_on=booking.at,
        requested_on=datetime.fromisoformat(requested) if requested else booking.at,
        entity=entity,
        entity_name=str(name),
        account=currency_account(entity, booking.currency),
        told=booking.told,
        payout=payout,
        breakdowns=tuple(_breakdowns(booking, entity, str(booking.told.get("breakdown", breakdown)))),
    )


def _breakdowns(booking: Booking, entity: str, main: str) -> Iterator[Breakdown]:
    amount, currency = booking.on(MERCHANT, booking.cause), booking.currency
    if booking.cause == "reserve":
        amount = booking.net
    if booking.gross is not None and booking.gross.currency != currency:
        pair = f"{booking.gross.currency}{currency}"
        trade = derived_id("trd", f"{entity}/{booking.at:%Y-%m-%d}/{pair}")
        yield Breakdown(main, booking.gross.currency, units(booking.gross), booking.rate, currency, amount, trade)
    else:
        yield Breakdown(main, currency, amount, Decimal(1), currency, amount)
    for one in booking.postings:
        if one.account == MERCHANT and one.kind in FEES:
            yield Breakdown(FEES[one.kind], currency, one.amount, Decimal(1), currency, one.amount)
