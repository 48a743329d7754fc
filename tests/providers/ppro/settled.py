"""The reference's ten payments, as PPRO would have them; and the files of a settlement as a reader of CSV takes them."""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from support import Sim

from simulator.engine import settling
from simulator.engine.ledger import BUYER, EXCHANGE, FEES, MERCHANT, SIGNS, Booking, times, transfer, units
from simulator.kernel.clock import parse_instant
from simulator.kernel.money import Money

MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
"""Of the day on which all ten are made. They are settled on the fourth of March."""

CHARGE = "charge_Q{}wErTyUiOpAsDfGhJkLz"
REFUND = "refund_Q{}wErTyUiOpAsDfGhJkLz"

# fmt: off
STORY = (
    # charge, created, processed, amount, currency, rate
    (1, "2026-03-02T08:11:00.000Z", "2026-03-02T08:11:05.120Z",  2500, "EUR", "1"),
    (2, "2026-03-02T08:40:00.000Z", "2026-03-02T08:40:31.000Z",  1990, "EUR", "1"),
    (3, "2026-03-02T09:02:00.000Z", "2026-03-02T09:02:44.511Z", 10000, "EUR", "1"),
    (4, "2026-03-02T09:30:00.000Z", "2026-03-02T09:30:00.000Z",   750, "EUR", "1"),
    (5, "2026-03-02T10:15:00.000Z", "2026-03-02T10:15:12.030Z",  6000, "EUR", "1"),
    (6, "2026-03-02T11:47:00.000Z", "2026-03-02T11:47:59.999Z",  4235, "EUR", "1"),
    (7, "2026-03-02T12:05:00.000Z", "2026-03-02T12:05:20.250Z", 20000, "CNY", "0.1275"),
    (8, "2026-03-02T13:00:00.000Z", "2026-03-02T13:00:00.000Z",  1200, "EUR", "1"),
)
REFUNDS = (
    # refund, of charge, its number, reference, processed, amount, charge's amount, charge created
    (1, 0, "870412", "shop-1999-r1", "2026-03-02T14:20:10.000Z", 900, 4500, "2026-02-20T10:00:00.000Z"),
    (2, 4, "880004", "shop-2004-r1", "2026-03-02T15:00:45.000Z", 750,  750, "2026-03-02T09:30:00.000Z"),
)
# fmt: on


def sale(n: int, at: str, amount: int, currency: str = "EUR", rate: str = "1", reference: str | None = None) -> Booking:
    told = {
        "reference": reference if reference is not None else f"shop-{2000 + n}",
        "resource": CHARGE.format(n),
        "number": f"{880000 + n}",
    }
    fees = {"fee_variable": _part(amount, currency, rate), "fee_fixed": 20_000_000}
    return _booking("capture", at, amount, currency, rate, fees, told, f"capture_Q{n}wErTyUiOpAsDfGhJkLz")


def refund(n: int, of: str, reference: str, at: str, amount: int) -> Booking:
    told = {"reference": reference, "resource": REFUND.format(n), "number": f"{990000 + n}", "of": of}
    return _booking("refund", at, amount, "EUR", "1", {"fee_refund": 10_000_000}, told, REFUND.format(n))


def _part(amount: int, currency: str, rate: str) -> int:
    return times(times(units(Money(amount, currency)), Decimal(rate)), Decimal("0.012"))


def _booking(
    cause: str,
    at: str,
    amount: int,
    currency: str,
    rate: str,
    fees: dict[str, int],
    told: dict[str, str],
    operation: str,
) -> Booking:
    gross, into = Money(amount * SIGNS[cause], currency), "EUR"
    settled = times(units(gross), Decimal(rate))
    own = [transfer(kind, fee, into, of=MERCHANT, to=FEES) for kind, fee in fees.items()]  # type: ignore[arg-type]
    other = transfer(cause, units(gross), currency, of=BUYER, to=EXCHANGE) if currency != into else ()  # type: ignore[arg-type]
    main = transfer(cause, settled, into, of=EXCHANGE if other else BUYER, to=MERCHANT)  # type: ignore[arg-type]
    when = parse_instant(at)
    return Booking(
        at=when,
        available=when,
        cause=cause,
        payment=told["resource"],
        operation=operation,
        gross=gross,
        rate=Decimal(rate),
        told={**told, "merchant_id": "SIMSHOP", "method": "ALIPAY", "country": "CN"},
        postings=(*main, *other, *(one for pair in own for one in pair)),
    )


def story() -> list[Booking]:
    sales = [sale(n, processed, amount, currency, rate) for n, _, processed, amount, currency, rate in STORY]
    return sales + [refund(n, of, reference, at, amount) for n, _, of, reference, at, amount, _, _ in REFUNDS]


def at_morning(sim: Sim) -> None:
    """Before anything has happened."""
    workspace = sim.workspace
    sim.app.runtime.change_workspace(workspace, clock=workspace.clock.frozen(MORNING))


def book(sim: Sim, *bookings: Booking) -> None:
    """As if the payments had been made through the API."""
    with sim.app.runtime.unit(sim.workspace, provider="ppro", topic="test") as uow:
        terms = settling.terms_of(uow, "ppro")
        for one in bookings:
            booked = replace(one, available=terms.available(one.at)) if one.cause == "capture" else one
            uow.post("ppro", booked)
            settling._arm(uow, "ppro", booked)


# Reading --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A file of a settlement: rows by column, and the three lines at its end."""

    rows: list[dict[str, str]]
    date: str
    count: int
    checksum: Decimal

    def column(self, name: str) -> list[str]:
        return [row[name] for row in self.rows]

    @property
    def amounts(self) -> list[Decimal]:
        return [Decimal(row.get("AMOUNT") or row["AGGREGATE_AMOUNT"]) for row in self.rows]


def read(raw: bytes) -> File:
    """With the standard library's reader; the three lines at the end are those with two columns."""
    header, *lines = csv.reader(io.StringIO(raw.decode(), newline=""), strict=True)
    rows, ends = [line for line in lines if len(line) > 2], dict(line for line in lines if len(line) == 2)
    assert list(ends) == ["SETTLEMENT_DATE", "RECORD_COUNT", "CHECKSUM_AGGREGATE_AMOUNT"]
    assert lines == [*rows, *map(list, ends.items())]
    return File(
        [dict(zip(header, row, strict=True)) for row in rows],
        ends["SETTLEMENT_DATE"],
        int(ends["RECORD_COUNT"]),
        Decimal(ends["CHECKSUM_AGGREGATE_AMOUNT"]),
    )


async def listed(sim: Sim, day: str = "") -> dict[str, dict[str, Any]]:
    """The files by name."""
    query = {"provider": "ppro", "limit": 500} | ({"date": day} if day else {})
    answer = await sim.http.get(f"{sim.path}/reports", params=query)
    return {one["name"]: one for one in answer.raise_for_status().json()["data"]}


async def got(sim: Sim, path: str) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/reports/ppro/{path}")


async def files(sim: Sim, day: str) -> dict[str, File]:
    """The plain files of a day by their suffix."""
    found = {}
    for name, one in (await listed(sim, day)).items():
        if name.endswith(".csv"):
            found[one["type"]] = read((await got(sim, f"{day}/{name}")).raise_for_status().content)
    return found


def unpacked(raw: bytes) -> bytes:
    return gzip.decompress(raw)
