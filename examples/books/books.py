"""The books of a shop: what Checkout.com says of a payout, against the shop's own orders.

It knows nothing of the simulator. Its configuration is what it would be in production: a base URL, a secret key, and what the
contract says of fees. The payout's id stands on the bank statement; the report of that payout says what it is made of.
"""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

BY_PAYOUT = ("FinancialActionsByPayoutId", "FinancialActionsByPayout")
"""The type of the report, as the documents and as merchants spell it."""
EXACT = Decimal("0.00000001")


@dataclass(frozen=True)
class Order:
    reference: str
    amount: Decimal
    """What the buyer has paid, in the currency of the payout."""


@dataclass(frozen=True)
class Contract:
    per_cent: Decimal
    fixed: Decimal

    def fee(self, amount: Decimal) -> Decimal:
        return (amount * self.per_cent / 100).quantize(EXACT, ROUND_HALF_UP) + self.fixed


@dataclass(frozen=True)
class Difference:
    """`what` is missing (the report has no row of an order), unknown (the shop has no order of a row), amount, or fee."""

    what: str
    reference: str
    expected: Decimal
    told: Decimal


@dataclass
class Told:
    """What the report says of one order: a row for the capture, and one for each fee."""

    amount: Decimal = Decimal(0)
    fee: Decimal = Decimal(0)


@dataclass(frozen=True)
class Booked:
    total: Decimal
    """Of all rows: whole cents of it are what the bank got."""
    differences: tuple[Difference, ...]


class NotThere(LookupError):
    """The report has not been made yet: look again later, and ask when it never comes."""


class KeepsTheKey(HTTPRedirectHandler):
    """A file lies elsewhere: the secret key is not for whoever keeps it there."""

    def redirect_request(self, req: Request, *rest: Any) -> Request | None:
        following = super().redirect_request(req, *rest)
        if following is not None:
            following.remove_header("Authorization")
        return following


@dataclass(frozen=True)
class Books:
    base_url: str
    secret_key: str
    contract: Contract

    def book(self, payout: str, orders: Iterable[Order]) -> Booked:
        """The report of a payout against the orders that it should pay. Raises `NotThere`."""
        rows = list(csv.DictReader(io.StringIO(self._file(payout))))
        told = self._told(rows)
        return Booked(
            total=sum((Decimal(row["Holding Currency Amount"]) for row in rows), Decimal(0)),
            differences=tuple(self._compared({order.reference: order for order in orders}, told)),
        )

    def _told(self, rows: Iterable[dict[str, str]]) -> dict[str, Told]:
        """By the shop's reference. Amounts are decimals with eight digits: as floats they would not add up."""
        found: defaultdict[str, Told] = defaultdict(Told)
        for row in rows:
            one, amount = found[row["Reference"]], Decimal(row["Holding Currency Amount"])
            if row["Breakdown Type"].endswith("Fee"):
                one.fee -= amount
            else:
                one.amount += amount
        return found

    def _compared(self, orders: dict[str, Order], told: dict[str, Told]) -> Iterator[Difference]:
        for reference, order in orders.items():
            one = told.get(reference)
            if one is None:
                yield Difference("missing", reference, order.amount, Decimal(0))
                continue
            if one.amount != order.amount:
                yield Difference("amount", reference, order.amount, one.amount)
            if one.fee != (fee := self.contract.fee(order.amount)):
                yield Difference("fee", reference, fee, one.fee)
        for reference in told.keys() - orders.keys():
            yield Difference("unknown", reference, Decimal(0), told[reference].amount)

    # Checkout.com's API

    def _file(self, payout: str) -> str:
        """The report that bears the payout's id in the name of its file."""
        for report in self._reports():
            for file in report["files"] if report["type"] in BY_PAYOUT else ():
                if f"_{payout}_" in file["filename"]:
                    opener = build_opener(KeepsTheKey())
                    with opener.open(self._request(file["_links"]["self"]["href"]), timeout=10) as answer:
                        return str(answer.read().decode("utf-8-sig"))
        raise NotThere(f"there is no report of payout {payout} yet")

    def _reports(self) -> Iterator[Any]:
        """All of them, a page at a time."""
        address: str | None = f"{self.base_url}/reports?{urlencode({'limit': 100})}"
        while address is not None:
            with urlopen(self._request(address), timeout=10) as answer:
                page = json.load(answer)
            yield from page["data"]
            address = page["_links"].get("next", {}).get("href")

    def _request(self, address: str) -> Request:
        return Request(address, headers={"Authorization": f"Bearer {self.secret_key}"})
