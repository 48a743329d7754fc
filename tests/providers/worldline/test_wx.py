"""The WX file and the financial report, byte for byte as the reference prints them, and as two public readers take them."""

from __future__ import annotations

import gzip
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
from support import Sim

from providers.worldline.driver import Merchant
from simulator.engine import settling
from simulator.engine.ledger import EXCHANGE, FEES, MERCHANT, SHOPPER, Booking, times, transfer, units
from simulator.kernel.money import Money
from simulator.providers.worldline.model import payment_id, refund_id

GOLDEN = Path(__file__).parent / "golden"
NAME = "wx1.000000471120260304.010236.xml"

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
    now: datetime, order: int, at: str, cause: str, amount: int, currency: str, rate: str, reference: str | None = None
) -> Booking:
    """One row of the story, as a payment of the merchant 4711 that was made through the API would have been booked."""
    payment = payment_id("4711", 2000000000 + order)
    is_sale = cause == "capture"
    gross = Money(amount if is_sale else -amount, currency)
    settled = times(units(gross), Decimal(rate))
    fees = (
        {"fee_variable": times(settled, Decimal("0.012")), "fee_fixed": 20_000_000}
        if is_sale
        else {"fee_refund": 10_000_000}
    )
    own = [transfer(kind, fee, "EUR", of=MERCHANT, to=FEES) for kind, fee in fees.items()]  # type: ignore[arg-type]
    other = transfer(cause, units(gross), currency, of=SHOPPER, to=EXCHANGE) if currency != "EUR" else ()  # type: ignore[arg-type]
    main = transfer(cause, settled, "EUR", of=EXCHANGE if other else SHOPPER, to=MERCHANT)  # type: ignore[arg-type]
    told = {
        "reference": reference if reference is not None else f"shop-{1900 + order}",
        "order_id": None,
        "country": "CN",
        "product": 861,
        "at": f"{at}+00:00",
        **({"fee_variable": "1.20"} if is_sale else {"record": "CR"}),
    }
    return Booking(
        at=now, available=now, cause=cause, payment=payment, operation=payment if is_sale else refund_id(payment, 1),
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
            settling._arm(uow, "worldline", settling.terms_of(uow, "worldline"), one)


class Wx:
    """A file, read as strictly as its public readers do: `tns:` in front of every name, text for every value."""

    def __init__(self, packed: bytes) -> None:
        self.root = ElementTree.fromstring(gzip.decompress(packed).replace(b"xmlns:tns", b"form").replace(b"tns:", b""))
        self.records = [self._record(one) for one in self.root.iter("DataRecord")]
        self.totals = [{part.tag: part.text for part in one} for one in self.root.iter("TotalAmount")]
        self.counters = {part.tag: int(part.text or "") for one in self.root.iter("Totals") for part in one}

    def _record(self, one: ElementTree.Element) -> dict[str, str]:
        ids = [one.findtext(name, "") for name in ("MerchantID", "OrderID", "EffortID", "AttemptID")]
        merchant, order, effort, attempt = ids
        data = {part.tag: part.text or "" for part in one.iter() if len(part) == 0}
        padded = [merchant.rjust(10, "0"), order, effort.rjust(5, "0"), attempt.rjust(5, "0")]
        return data | {"id": "".join(padded)}

    def at(self, name: str) -> str:
        """Of the report itself."""
        return self.root.findtext(name, "")

    @property
    def codes(self) -> list[str]:
        return [one["Recordcategory"] + one["Recordtype"] for one in self.records]


async def got(sim: Sim, path: str) -> httpx.Response:
    return await sim.http.get(f"{sim.path}/reports/worldline/{path}")


async def test_the_story_of_the_reference_is_the_file_of_the_reference(sim: Sim) -> None:
    book(sim, *STORY)
    await sim.advance(hours=16)

    packed, plain = await got(sim, "2026-03-04"), await got(sim, f"2026-03-04/{NAME}")

    assert plain.content == (GOLDEN / NAME).read_bytes()
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["content-disposition"] == f"attachment; filename*=UTF-8''{NAME}.gz"
    assert (packed.headers["content-type"], plain.headers["content-type"]) == ("application/gzip", "application/xml")
    assert (await got(sim, "2026-03-04")).content == packed.content


async def test_the_financial_report_of_the_story_adds_up_to_what_is_remitted(sim: Sim) -> None:
    """In the reference it is remitted a day later: that story is paid out by the cut-off after this one."""
    book(sim, *STORY)
    await sim.advance(hours=16)

    report = await got(sim, "2026-03-04/financial_report_000000471120260304.csv")

    assert report.text.splitlines() == [
        "SECTION;CURRENCY;DESCRIPTION;COUNT;AMOUNT",
        "COLLECTION;EUR;Alipay payments;8;29225",
        "DEDUCTION;EUR;Alipay refunds;2;-1650",
        "FEE;EUR;Processing fee variable 1.20%;8;-351",
        "FEE;EUR;Processing fee fixed;10;-180",
        "REMITTANCE;EUR;Net remitted 2026-03-05;1;27044",
    ]
    [payout] = (await sim.http.get(f"{sim.path}/payouts")).json()["data"]
    assert payout["amount"] == "270.44000000"


# Through the API ------------------------------------------------------------------------------------------------------


async def test_a_payment_is_in_doubt_until_it_is_paid_and_then_stands_in_one_file(worldline: Merchant) -> None:
    """Captured on Wednesday at 06:00 in Amsterdam, PAID on Friday at 06:00."""
    sim, id_ = worldline.sim, await worldline.captured()
    await sim.advance(days=1)
    refused = await worldline.created_id()
    await sim.act("worldline", refused, "cancel")
    await sim.advance(days=1)
    await worldline.refund(id_, 500)
    await sim.advance(days=1, hours=16)

    files = {day: Wx((await got(sim, f"2026-03-0{day}")).content) for day in (4, 5, 6, 7)}

    assert {day: file.codes for day, file in files.items()} == {4: [], 5: ["XAC"], 6: ["+IP", "XCR", "-CR"], 7: []}
    assert [file.at("NumberOfRecords") for file in files.values()] == ["0", "1", "3", "0"]
    paid, asked, refunded = files[6].records
    assert (paid["id"], asked["id"], refunded["id"]) == (id_, f"{id_[:20]}000-100001", f"{id_[:20]}000-100001")
    assert (paid["TransactionDateTime"], paid["DateDue"]) == ("2026-03-04T06:00:00", "2026-03-06")
    assert (asked["AmountLocal"], asked["PaymentStatus"]) == ("-500", "800")
    assert (refunded["TransactionDateTime"], refunded["AmountDelivered"]) == ("2026-03-06T06:00:00", "-500")
    assert paid["AdditionalReference"] == refunded["ReferenceOriginalPayment"] == "LS-7781"
