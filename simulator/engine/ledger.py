"""What a provider owes a merchant, in double entry: bookings of postings that sum to zero in each currency, and are only added.

Amounts are whole numbers of 1e-8 of a currency's unit (`UNIT`), so nothing is rounded before money leaves. On the wire and in
the store they are decimal texts: runs of digits as long as a card number's would be taken for one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

import orjson

from simulator.engine.resource import Resource
from simulator.kernel.money import Money, decimals
from simulator.kernel.values import dataclass, value_type

UNIT = 10**8
"""So many make one unit of a currency."""

Cause = Literal[
    "capture",
    "refund",
    "refund_failed",
    "reversal",
    "chargeback",
    "chargeback_reversal",
    "payout",
    "reserve",
    "adjustment",
]
"""Why there is a booking."""

Kind = Literal[
    "capture", "refund", "refund_failed", "reversal", "chargeback", "chargeback_reversal",
    "fee_variable", "fee_fixed", "fee_refund", "fee_chargeback", "fee_payout",
    "reserve_hold", "reserve_release", "adjustment", "payout",
]  # fmt: skip
"""What a posting is."""

SIGNS: Mapping[str, int] = {
    "capture": 1, "refund": -1, "refund_failed": 1, "reversal": -1, "chargeback": -1, "chargeback_reversal": 1,
}  # fmt: skip
"""Of the movements of a payment: whether they give to the merchant, or take."""

MERCHANT = "merchant"
"""The account of what the provider owes the merchant, and has not begun to pay out."""
PAYABLE = "payable"
"""Of what is on its way to the merchant's bank."""
BANK, BUYER, FEES, EXCHANGE, RESERVE = "bank", "shopper", "fees", "exchange", "reserve"
"""The accounts on the other side: the merchant's bank, the buyers' wallets, what the provider earns, what it changes, what it
holds back."""


GIVEN_BACK = ("refund", "refund_failed", "reversal", "chargeback", "chargeback_reversal")
"""What goes back to buyers, and comes back from there."""


class Unbalanced(ValueError):
    """A booking gives what it does not take. A bug of ours."""


def units(money: Money) -> int:
    """Minor units as units of the ledger."""
    return int(money.value * 10 ** (8 - decimals(money.currency)))


def whole(amount: int, currency: str) -> Money:
    """The minor units in an amount; what is less than one stays where it is."""
    size = 10 ** (8 - decimals(currency))
    return Money(abs(amount) // size * (1 if amount >= 0 else -1), currency)


def floored(amount: int, currency: str) -> Money:
    """The amount in minor units and not more: below zero a part of one counts as one."""
    return Money(amount // 10 ** (8 - decimals(currency)), currency)


def rounded(amount: int, currency: str) -> Money:
    """The amount in minor units, rounded half up, for formats that have no more decimals."""
    size = 10 ** (8 - decimals(currency))
    return Money((abs(amount) + size // 2) // size * (1 if amount >= 0 else -1), currency)


def decimal(amount: int) -> str:
    """`-0.35988000`."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // UNIT}.{abs(amount) % UNIT:08}"


def parsed(text: str) -> int:
    """The other way round, whatever number of decimals up to eight. Raises `ArithmeticError`."""
    return int(Decimal(text) * UNIT)


def times(amount: int, factor: Decimal) -> int:
    """A part of an amount, or what it is in another currency, rounded half up to 1e-8."""
    return int((Decimal(amount) * factor).quantize(Decimal(1), ROUND_HALF_UP))


@value_type
class Posting:
    account: str
    kind: str
    amount: int
    currency: str


def transfer(kind: Kind, amount: int, currency: str, *, of: str, to: str) -> tuple[Posting, ...]:
    """Two postings, or none for nothing."""
    return (Posting(to, kind, amount, currency), Posting(of, kind, -amount, currency)) if amount else ()


@value_type
class Standing:
    """What a purse (`Booking.purse`) holds after a booking, and what has gone through it since the first one, in units of the
    ledger: so a balance, and what happened between two days, is found without reading all bookings before."""

    held: int = 0
    """The balance of the merchant's account, with what is still pending."""
    payable: int = 0
    sales: int = 0
    returns: int = 0
    """The sum of the postings of the kinds in `GIVEN_BACK`: zero or less."""
    pending: Mapping[datetime, int] = field(default_factory=dict)
    """The parts of `held` that become available later, by the instant at which they do."""

    def moved(self, booking: Booking, sign: int = 1) -> Standing:
        """After one more booking of this purse; with -1 before it, without what is pending."""
        pending = {at: amount for at, amount in self.pending.items() if at > booking.at} if sign > 0 else {}
        if sign > 0 and booking.available > booking.at and booking.net:
            pending[booking.available] = pending.get(booking.available, 0) + booking.net
        return Standing(
            self.held + sign * booking.net,
            self.payable + sign * booking.on(PAYABLE),
            self.sales + sign * booking.on(MERCHANT, "capture"),
            self.returns + sign * booking.on(MERCHANT, *GIVEN_BACK),
            pending,
        )

    def later(self, at: datetime) -> int:
        """What the merchant cannot have at that instant."""
        return sum(amount for available, amount in self.pending.items() if available > at)

    def dump(self) -> list[Any]:
        pending = {at.isoformat(): decimal(amount) for at, amount in self.pending.items()}
        return [*map(decimal, (self.held, self.payable, self.sales, self.returns)), pending]

    @classmethod
    def load(cls, raw: list[Any]) -> Standing:
        held, payable, sales, returns = map(parsed, raw[:4])
        pending = {datetime.fromisoformat(at): parsed(amount) for at, amount in raw[4].items()}
        return cls(held, payable, sales, returns, pending)


@dataclass(frozen=True, kw_only=True)
class Booking:
    """What one event did to the accounts. `number` counts a provider's bookings in a workspace, from 1; 0 until it is stored."""

    at: datetime
    available: datetime
    """From when the merchant can have it."""
    cause: str
    postings: tuple[Posting, ...]
    merchant: str = ""
    """The merchant's account at the provider, where it has several."""
    payment: str = ""
    """The id of the payment in whose story it stands."""
    operation: str = ""
    """The provider's own id of the capture, refund, …, where that has one."""
    gross: Money | None = None
    """What was moved, in the currency of the payment; below zero where it was taken from the merchant."""
    rate: Decimal = Decimal(1)
    """What the merchant got for one unit of it."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the provider wants to say of it later, as it was then (the merchant's reference): a report never changes."""
    payout: str = ""
    """The payout that it makes, pays or gives back."""
    releases: datetime | None = None
    """The instant at which its reserve is given back; None where nothing is reserved."""
    standing: Mapping[str, Standing] = field(default_factory=dict)
    """Of each purse after it, once it is stored."""
    number: int = 0

    def __post_init__(self) -> None:
        if wrong := {currency: amount for currency, amount in sums(self.postings).items() if amount}:
            raise Unbalanced(f"a {self.cause} of {self.payment or self.payout} leaves {wrong}")

    @property
    def currency(self) -> str:
        """In which it is settled."""
        return next((one.currency for one in self.postings if one.account in (MERCHANT, PAYABLE)), "")

    @property
    def purse(self) -> str:
        """What is paid out apart from everything else: an account of the merchant's in one currency."""
        return purse_of(self.merchant, self.currency)

    @property
    def standing_before(self) -> Mapping[str, Standing]:
        """What each purse held before this booking. What was pending of the booking's own is not known any more."""
        return {purse: one.moved(self, -1) if purse == self.purse else one for purse, one in self.standing.items()}

    def on(self, account: str, *kinds: str) -> int:
        """The sum of its postings on an account, of all or of those of these kinds."""
        return sum(one.amount for one in self.postings if one.account == account and (not kinds or one.kind in kinds))

    @property
    def net(self) -> int:
        """What it moves on the merchant's account."""
        return self.on(MERCHANT)

    def is_due(self, cutoff: datetime) -> bool:
        """Whether a settlement at that instant takes it along."""
        return self.at < cutoff and self.available <= cutoff

    def dump(self, standing: Mapping[str, Standing]) -> bytes:
        """As it is stored, with what each purse holds after it."""
        body: dict[str, Any] = {"cause": self.cause, "available": self.available.isoformat()}
        if self.merchant:
            body["merchant"] = self.merchant
        if self.operation:
            body["operation"] = self.operation
        if self.payout:
            body["payout"] = self.payout
        if self.gross is not None:
            body["gross"] = [self.gross.value, self.gross.currency]
        if self.rate != 1:
            body["rate"] = str(self.rate)
        if self.releases is not None:
            body["releases"] = self.releases.isoformat()
        if self.told:
            body["told"] = self.told
        if standing:
            body["standing"] = {purse: one.dump() for purse, one in standing.items()}
        body["postings"] = [[one.account, one.kind, decimal(one.amount), one.currency] for one in self.postings]
        return orjson.dumps(body)

    @classmethod
    def load(cls, number: int, at: datetime, payment: str, raw: bytes) -> Booking:
        body = orjson.loads(raw)
        return cls(
            number=number,
            at=at,
            payment=payment,
            available=datetime.fromisoformat(body["available"]),
            cause=body["cause"],
            merchant=body.get("merchant", ""),
            operation=body.get("operation", ""),
            payout=body.get("payout", ""),
            gross=Money(*body["gross"]) if "gross" in body else None,
            rate=Decimal(body.get("rate", 1)),
            releases=datetime.fromisoformat(body["releases"]) if "releases" in body else None,
            told=body.get("told", {}),
            standing=_standing(body),
            postings=tuple(
                Posting(account, kind, parsed(amount), currency) for account, kind, amount, currency in body["postings"]
            ),
        )


def standing_in(raw: bytes) -> Mapping[str, Standing]:
    """What each purse held after a booking, read from its stored form."""
    return _standing(orjson.loads(raw))


def _standing(body: Mapping[str, Any]) -> Mapping[str, Standing]:
    return {purse: Standing.load(one) for purse, one in body.get("standing", {}).items()}


def purse_of(merchant: str, currency: str) -> str:
    return f"{merchant} {currency}" if merchant else currency


def standing_after(standing: Mapping[str, Standing], booking: Booking) -> Mapping[str, Standing]:
    """What each purse holds after one more booking."""
    if not booking.currency:
        return standing
    return {**standing, booking.purse: standing.get(booking.purse, Standing()).moved(booking)}


def sums(postings: Iterable[Posting]) -> Counter[str]:
    """By currency."""
    found: Counter[str] = Counter()
    for one in postings:
        found[one.currency] += one.amount
    return found


# What a provider says -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What money a move has moved. The amount is told without a sign: the cause says which way it went."""

    amount: Money
    operation: str = ""
    merchant: str = ""
    """The merchant's account, where there are several and each is paid out by itself."""
    payment: str = ""
    """The payment that the money belongs to, where it is another than the resource's subject."""
    since: datetime | None = None
    """From when the days count until it is available, where that is not now."""
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoneyMove:
    """A row of a provider's table of money: `of(uow, resource, about)` says what money these triggers of `fire` (or `add`) move,
    None for none. The resource is as it is afterwards."""

    resource: type[Resource]
    triggers: tuple[str, ...]
    cause: Cause
    of: Callable[[Any, Any, Any], Moved | None]
