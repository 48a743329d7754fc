"""The ledger of the reference's ten payments, and a WX file as its public readers see it."""

from __future__ import annotations

import gzip
import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.dom import minidom

import httpx
from support import Sim

from simulator.engine import settling
from simulator.engine.ledger import BUYER, EXCHANGE, FEES, MERCHANT, SIGNS, Booking, times, transfer, units
from simulator.kernel.money import Money
from simulator.providers.worldline.model import payment_id, refund_id

# fmt: off
STORY = (
    # order, transaction (UTC), cause, amount, currency, rate
    (101, "2026-03-02T07:11:05", "capture",  2500, "EUR", "1"),
    (102, "2026-03-02T07:40:31", "capture",  1990, "EUR", "1"),
    (103, "2026-03-02T08:02:44", "capture", 10000, "EUR", "1"),
    (104, "2026-03-02T08:30:00", "capture",   750, "EUR", "1"),
    (105, "2026-03-02T09:15:12", "capture",  6000, "EUR", "1"),
    (106, "2026-03-02T10:47:59", "capture",  4235, "EUR", "1"),
    (107, "2026-03-02T11:05:20", "capture", 20000, "CNY", "0.1275"),
    (108, "2026-03-02T12:00:00", "capture",  1200, "EUR", "1"),
    (99,  "2026-03-02T13:20:10", "refund",    900, "EUR", "1"),
    (104, "2026-03-02T14:00:45", "refund",    750, "EUR", "1"),
)
# fmt: on


def booking(
    now: datetime,
    order: int,
    at: str,
    cause: str,
    amount: int,
    currency: str,
    rate: str,
    reference: str | None = None,
    into: str = "EUR",
) -> Booking:
    """One row of the story, as a payment of the merchant 4711 that was made through the API would have been booked."""
    payment = payment_id("4711", 2000000000 + order)
    is_sale = cause == "capture"
    gross = Money(amount * SIGNS[cause], currency)
    settled = times(units(gross), Decimal(rate))
    fees = (
        {"fee_variable": times(settled, Decimal("0.012")), "fee_fixed": 20_000_000}
        if is_sale
        else {"fee_refund": 10_000_000}
        if cause == "refund"
        else {}
    )
    own = [transfer(kind, fee, into, of=MERCHANT, to=FEES) for kind, fee in fees.items()]  # type: ignore[arg-type]
    other = transfer(cause, units(gross), currency, of=BUYER, to=EXCHANGE) if currency != into else ()  # type: ignore[arg-type]
    main = transfer(cause, settled, into, of=EXCHANGE if other else BUYER, to=MERCHANT)  # type: ignore[arg-type]
    told = {
        "reference": reference if reference is not None else f"shop-{1900 + order}",
        "order_id": None,
        "country": "CN",
        "product": 861,
        "at": f"{at}+00:00",
        **({"fee_variable": "1.20"} if is_sale else {"record": "CR"}),
    }
    return Booking(
        at=now, available=now, cause=cause, payment=payment, operation=refund_id(payment, 1) if cause == "refund" else payment,
        gross=gross, rate=Decimal(rate), told=told, postings=(*main, *other, *(one for pair in own for one in pair)),
    )  # fmt: skip


def book(sim: Sim, *rows: tuple[Any, ...], merchant_id: str = "4711") -> None:
    runtime = sim.app.runtime
    with runtime.unit(sim.workspace, provider="worldline", topic="test") as uow:
        own = {**sim.workspace.credentials["worldline"], "merchant_id": merchant_id}
        uow.change_workspace(credentials={**sim.workspace.credentials, "worldline": own})
        for row in rows:
            one = booking(uow.now, *row)
            uow.post("worldline", one)
            settling._arm(uow, "worldline", one)


class Wx:
    """A file, read as strictly as the public readers do: qualified names, `tns:` literally, text for every value."""

    def __init__(self, packed: bytes) -> None:
        self.raw = gzip.decompress(packed)
        self.root = minidom.parseString(self.raw).documentElement
        assert self.root is not None
        self.records = [self._record(one) for one in self._all("tns:DataRecord")]
        self.totals = [_leaves(one) for one in self._all("tns:TotalAmount")]
        self.counters = {name: int(value) for one in self._all("tns:Totals") for name, value in _leaves(one).items()}

    def _all(self, name: str) -> list[Any]:
        assert self.root is not None
        return list(self.root.getElementsByTagName(name))

    def _record(self, one: Any) -> dict[str, str]:
        """Its values, and the id that the API knows: merchant and numbers padded, the order's number as it stands."""
        data = _leaves(one)
        padded = [data["MerchantID"].rjust(10, "0"), data["OrderID"]]
        padded += [data[name].rjust(5, "0") for name in ("EffortID", "AttemptID")]
        return data | {"id": "".join(padded)}

    def at(self, name: str) -> str:
        """Of the report itself."""
        assert self.root is not None
        return _leaves(self.root)[name]

    @property
    def codes(self) -> list[str]:
        return [one["Recordcategory"] + one["Recordtype"] for one in self.records]

    def check(self, name: str) -> None:
        """What stands at the end of it is what a reader counts."""
        pattern = r"w[x,t][t0-9]*\.(\d{10})(\d{8})\.(\d{6})\.?([A-Z]{3})?\.xml\.gz"
        found = re.fullmatch(pattern, name)
        assert found is not None and self.at("PeriodFrom").replace("-", "") == found[2]
        assert self.at("Filename") == f"{found[1]}{found[2]}.{found[3]}" and self.at("FilenameExtension") == name[:3]
        assert self.counters["NumberOfRecords"] == int(self.at("NumberOfRecords")) == len(self.records)
        assert sum(self.counters.values()) == 2 * len(self.records)
        assert all(len(one["OrderID"]) == 10 for one in self.records)
        due = [(one["CurrencyDue"], int(one["AmountDue"])) for one in self.records if one["Recordcategory"] != "X"]
        assert [
            (
                one["CurrencyDue"],
                int(one["TotalAmountCredited"]),
                int(one["TotalAmountDebited"]),
                int(one["TotalAmountDue"]),
            )
            for one in self.totals
        ] == [
            (
                currency,
                sum(amount for its, amount in due if its == currency and amount > 0),
                -sum(amount for its, amount in due if its == currency and amount < 0),
                sum(amount for its, amount in due if its == currency),
            )
            for currency in sorted({currency for currency, _ in due})
        ]


def _leaves(node: Any) -> dict[str, str]:
    """The values below it, by name without the prefix."""
    found = [one for one in node.getElementsByTagName("*") if not one.getElementsByTagName("*")]
    return {one.localName: one.firstChild.data if one.firstChild else "" for one in found}


async def got(sim: Sim, path: str) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/reports/worldline/{path}")


async def listed(sim: Sim, day: str) -> dict[str, dict[str, Any]]:
    """The files of a day by name."""
    answer = await sim.http.get(f"{sim.path}/reports", params={"provider": "worldline", "date": day})
    return {one["name"]: one for one in answer.raise_for_status().json()["data"]}
