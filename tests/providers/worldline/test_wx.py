"""The WX file and the financial report, byte for byte as the reference prints them, and as two public readers take them."""

from __future__ import annotations

import gzip
import hashlib
import random
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.worldline.driver import Merchant
from providers.worldline.wx import STORY, Wx, book, got, listed

GOLDEN = Path(__file__).parent / "golden"
NAME = "wx1.000000471120260304.010236.xml"


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
    assert payout["amount"] == "270.44000000" and payout["report"] == str(report.url)


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


async def test_what_was_declined_or_has_expired_is_told_without_money(worldline: Merchant) -> None:
    sim = worldline.sim
    declined, left = await worldline.created_id(), await worldline.created_id()
    await sim.act("worldline", declined, "decline", reason="blocked")
    await sim.advance(days=2)

    files = [Wx((await got(sim, day)).content) for day in ("2026-03-04", "2026-03-05")]

    told = [(one["id"], one["PaymentStatus"]) for file in files for one in file.records]
    assert [file.codes + file.totals for file in files] == [["XCD"], ["XCD"]]
    assert told == [(declined, "160"), (left, "130")]
    assert (await sim.http.get(f"{sim.path}/ledger")).json()["data"] == []


async def test_what_is_taken_back_is_debited(worldline: Merchant) -> None:
    """PAID on Friday; one charged back a day later, another one reversed then, both before Saturday's cut-off."""
    sim = worldline.sim
    await sim.settings("worldline", settlement_currency="CNY", remittance_s=86400)
    await sim.arm(
        [
            {"settlement": {"chargeback": "P1D"}},
            {"when": {"operation": "remit", "amount": 700}, "bank": {"outcome": "declined"}},
        ]
    )
    await worldline.captured()
    await worldline.captured(**{"order.amountOfMoney.amount": 700})
    await sim.advance(days=4, hours=16)

    file = Wx((await got(sim, "2026-03-07")).content)

    told = {code: (one["PaymentStatus"], one["AmountDue"]) for code, one in zip(file.codes, file.records, strict=True)}
    assert told == {"-CB": ("1500", "-2500"), "-AR": ("1520", "-700")}
    assert file.counters["NumberOfReversals"] == file.counters["NumberOfCollectedCardChargebacks"] == 1
    assert [one["TotalAmountDue"] for one in file.totals] == ["-3200"]


async def test_a_withdrawn_chargeback_is_credited_and_every_fee_has_its_line(sim: Sim) -> None:
    await sim.settings("worldline", fee_payout="1.50")
    at, rest = "2026-03-02T07:11:05", ("EUR", "1")
    book(
        sim,
        (101, at, "capture", 2500, *rest),
        (102, at, "chargeback", 1000, *rest),
        (102, at, "chargeback_reversal", 1000, *rest),
    )
    await sim.advance(hours=16)

    file = Wx((await got(sim, "2026-03-04")).content)
    report = (await got(sim, "2026-03-04/financial_report_000000471120260304.csv")).text.splitlines()

    assert file.codes == ["+IP", "-CB", "+CB"]
    assert file.counters["NumberOfWithdrawnChargebacks"] == 1
    assert report[1:] == [
        "COLLECTION;EUR;Alipay payments;1;2500",
        "COLLECTION;EUR;Withdrawn chargebacks;1;1000",
        "DEDUCTION;EUR;Alipay chargebacks;1;-1000",
        "FEE;EUR;Processing fee variable 1.20%;1;-30",
        "FEE;EUR;Processing fee fixed;1;-20",
        "FEE;EUR;Remittance fee;1;-150",
        "REMITTANCE;EUR;Net remitted 2026-03-05;1;2300",
    ]


# Shapes ---------------------------------------------------------------------------------------------------------------


async def test_a_reference_may_be_any_text(sim: Sim) -> None:
    reference = '=1+1, "A" & <B>; 订单'
    book(sim, (101, "2026-03-02T07:11:05", "capture", 2500, "EUR", "1", reference))
    await sim.advance(hours=16)

    file = Wx((await got(sim, "2026-03-04")).content)

    assert [one["AdditionalReference"] for one in file.records] == [reference]


async def test_amounts_have_two_decimals_in_every_currency_and_files_may_be_one_for_each(sim: Sim) -> None:
    """300 yen that are settled in yen, and a refund in euros."""
    await sim.settings("worldline", wx_prefix="wxt", wx_per_currency=True)
    book(sim, (101, "2026-03-02T07:11:05", "capture", 300, "JPY", "1", "shop-1", "JPY"), STORY[-1])
    await sim.advance(hours=16)

    files = await listed(sim, "2026-03-04")
    euros, yen = [Wx((await got(sim, f"2026-03-04/{name}")).content) for name in files if name.endswith(".gz")]

    assert [name for name in files if name.endswith(".gz")] == [
        "wxt.000000471120260304.010236.EUR.xml.gz", "wxt.000000471120260304.010236.JPY.xml.gz",
    ]  # fmt: skip
    assert euros.codes == ["-CR"] and yen.codes == ["+IP"] and yen.at("FilenameExtension") == "wxt"
    assert (yen.records[0]["AmountDelivered"], yen.records[0]["AmountDue"]) == ("30000", "30000")


async def test_refunds_can_have_the_newer_type(worldline: Merchant) -> None:
    sim = worldline.sim
    await sim.settings("worldline", wx_refund="RF")
    id_ = await worldline.paid()
    await worldline.refund(id_)
    await sim.advance(hours=1)
    await sim.settings("worldline", wx_refund="CR")
    await sim.advance(hours=16)

    assert Wx((await got(sim, "2026-03-06")).content).codes == ["+IP", "XCR", "-RF"]


# Scenarios ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "records", "credited", "fee"),
    [
        ("row_missing", 9, 26725, "-351"),
        ("amount_differs", 10, 29125, "-351"),
        ("fee_changed", 10, 29225, "-381"),
        ("wrong_total", 10, 29325, "-351"),
    ],
)
async def test_a_scenario_shows_in_the_files(sim: Sim, fault: str, records: int, credited: int, fee: str) -> None:
    """The first sale is 25.00 EUR, its larger fee 0.30. What is remitted stays what it is."""
    await sim.arm([{"settlement": {"report": fault}}])
    book(sim, *STORY)
    await sim.advance(hours=16)

    file = Wx((await got(sim, "2026-03-04")).content)
    report = (await got(sim, "2026-03-04/financial_report_000000471120260304.csv")).text.splitlines()

    assert len(file.records) == int(file.at("NumberOfRecords")) == records
    assert [(one["TotalAmountCredited"], one["TotalAmountDue"]) for one in file.totals] == [
        (str(credited), str(credited - 1650))
    ]
    assert report[3].endswith(f";{fee}") and report[-1] == "REMITTANCE;EUR;Net remitted 2026-03-05;1;27044"


async def test_files_come_at_ten_in_the_evening_or_late_or_never(sim: Sim) -> None:
    ready: list[Any] = []
    for rule in ({}, {"report": "late", "delay": "PT4H"}, {"report": "failed"}):
        if rule:
            await sim.arm([{"settlement": rule}])
        book(sim, *STORY[:1])
        await sim.advance(hours=24)
        day = f"2026-03-0{4 + len(ready)}"
        ready.append(next((one["available_at"], one["state"]) for one in (await listed(sim, day)).values()))

    assert ready == [
        ("2026-03-04T21:00:00.000Z", "ready"),
        ("2026-03-06T01:00:00.000Z", "ready"),
        ("2026-03-06T21:00:00.000Z", "failed"),
    ]


async def test_the_folder_has_no_gap(sim: Sim, tmp_path: Any) -> None:
    """Between two days on which money moved, those without are there too, empty; the days before the first one are not."""
    sim.app.runtime.reports = tmp_path
    book(sim, STORY[0])
    await sim.advance(days=5)
    book(sim, STORY[1])
    await sim.advance(days=1)

    files = {path.name: path.read_bytes() for path in tmp_path.rglob("wx1*.gz")}

    assert sorted(files) == [f"wx1.00000047112026030{day}.010236.xml.gz" for day in range(4, 10)]
    assert [Wx(files[name]).codes for name in sorted(files)] == [["+IP"], [], [], [], [], ["+IP"]]


async def test_a_remittance_that_fails_is_collected_again(sim: Sim) -> None:
    await sim.arm([{"settlement": {"payout": "failed"}}])
    book(sim, *STORY)
    await sim.advance(days=2)
    await sim.advance(days=2)

    days = [(await got(sim, f"2026-03-0{day}/financial_report_00000047112026030{day}.csv")) for day in (4, 5, 6)]

    assert [one.status_code for one in days] == [200, 404, 200]
    assert days[2].text.splitlines()[1:] == [
        "COLLECTION;EUR;Returned remittances;1;27044",
        "REMITTANCE;EUR;Net remitted 2026-03-09;1;27044",
    ]


async def test_an_adjustment_is_a_line_of_the_financial_report_and_no_record(worldline: Merchant) -> None:
    sim = worldline.sim
    await sim.arm([{"settlement": {"adjustment": "-1.00"}}])
    await worldline.paid()
    await sim.advance(days=5)

    [payout] = (await sim.http.get(f"{sim.path}/payouts")).json()["data"]
    report = (await sim.http.get(payout["report"])).text.splitlines()

    assert "ADJUSTMENT;EUR;Adjustments;1;-100" in report
    assert sum(int(line.rsplit(";", 1)[1]) for line in report[1:-1]) == int(report[-1].rsplit(";", 1)[1])
    assert Wx((await got(sim, "2026-03-06")).content).codes == ["+IP"]


async def test_a_remittance_by_hand_has_a_report_of_its_own_beside_that_of_the_day(sim: Sim) -> None:
    """Its name bears its time in Amsterdam."""
    await sim.settings("worldline", delay_days=0)
    book(sim, STORY[0])
    await sim.advance(hours=4)
    book(sim, STORY[1])
    await sim.advance(hours=1)
    (await sim.http.post(f"{sim.path}/payouts", json={"provider": "worldline"})).raise_for_status()

    names = [name for name in await listed(sim, "2026-03-04") if name.startswith("financial")]

    assert names == [
        "financial_report_000000471120260304.csv",
        "financial_report_000000471120260304.110000.csv",
    ]


# Whatever happens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_each_movement_stands_in_one_file_and_every_sum_is_right(sim: Sim, seed: int) -> None:
    """Random days: each file's end is what its rows make, a financial report adds up to its remittance, and bytes stay."""
    chance, booked = random.Random(seed), 0
    for order in range(1, 25):
        cause, currency = chance.choice(("capture", "capture", "refund")), chance.choice(("EUR", "CNY", "JPY"))
        rate = "1" if currency == "EUR" else "0.00617283" if currency == "JPY" else "0.12722158"
        book(sim, (order, "2026-03-02T07:11:05", cause, chance.randrange(1, 90000), currency, rate))
        booked += 1
        await sim.advance(hours=chance.choice((1, 3, 11, 26)))
    await sim.advance(days=4)

    seen: list[tuple[str, str]] = []
    answer = await sim.http.get(f"{sim.path}/reports", params={"provider": "worldline", "limit": 200})
    for one in answer.json()["data"]:
        raw = (await sim.http.get(one["url"])).content
        assert hashlib.sha256(raw).hexdigest() == one["sha256"]
        if one["type"] == "wx":
            file = Wx(raw)
            file.check(one["name"])
            seen += [(row["id"], row["AdditionalReference"]) for row in file.records]
        elif one["type"] == "financial":
            amounts = [int(line.rsplit(";", 1)[1]) for line in raw.decode().splitlines()[1:]]
            assert sum(amounts[:-1]) == amounts[-1] > 0
    assert len(seen) == len(set(seen)) == booked
