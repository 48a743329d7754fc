"""The seven files of a settlement: the reference's ten payments byte for byte, scenarios, and what always holds."""

from __future__ import annotations

import gzip
import hashlib
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.ppro.driver import Merchant
from providers.ppro.settled import at_morning, book, files, got, listed, read, refund, sale, story

GOLDEN = Path(__file__).parent / "golden"
DAY, STEM = "2026-03-04", "1-999-D-2026-044"
SUFFIXES = [
    "volume-per-transaction", "volume-per-refund", "volume-per-chargeback", "fee-per-transaction", "fee-per-refund",
    "fee-per-chargeback", "aggregate",
]  # fmt: skip


@pytest.fixture
async def told(sim: Sim) -> Sim:
    """The ten payments are booked, and the fourth of March is three hours old once `hours=43` have passed."""
    at_morning(sim)
    await sim.settings("ppro", fee_payout="0.50")
    book(sim, *story())
    return sim


# The reference's --------------------------------------------------------------------------------------------------


async def test_the_ten_payments_give_the_files_of_the_reference(told: Sim) -> None:
    await told.advance(hours=43)

    found = {path.stem: path for path in GOLDEN.glob(f"{STEM}-*.csv")}
    raw = {name: (await got(told, f"{DAY}/{name}.csv")).content for name in found}
    main = await got(told, DAY)

    assert len(found) == 4 and raw == {name: path.read_bytes() for name, path in found.items()}
    assert main.content == raw[f"{STEM}-aggregate"]
    assert main.headers["content-type"].startswith("text/csv")


async def test_all_seven_are_there_packed_and_plain(told: Sim) -> None:
    await told.advance(hours=43)

    found = await listed(told, DAY)
    pairs = [
        ((await got(told, f"{DAY}/{name}")).content, (await got(told, f"{DAY}/{name}.gz")).content)
        for name in found
        if name.endswith(".csv")
    ]

    assert list(found) == [f"{STEM}-{suffix}.csv{packed}" for suffix in SUFFIXES for packed in ("", ".gz")]
    assert all(gzip.decompress(packed) == plain for plain, packed in pairs)
    assert {one["media_type"] for one in found.values()} == {"text/csv", "application/gzip"}
    fees = await files(told, DAY)
    assert [
        (row["RF_ID"], row["FEE_TYPE"], row["AMOUNT"], row["REFERENCE_TX_ID"]) for row in fees["fee-per-refund"].rows
    ] == [
        ("990001", "ACQUIRING_FEE", "0.1000", "870412"),
        ("990002", "ACQUIRING_FEE", "0.1000", "880004"),
    ]
    assert fees["volume-per-chargeback"].rows == fees["fee-per-chargeback"].rows == []


async def test_the_sums_are_what_is_wired(told: Sim) -> None:
    await told.advance(hours=43)

    aggregate = (await files(told, DAY))["aggregate"]
    [payout] = (await told.http.get(f"{told.path}/payouts")).json()["data"]

    wired = sum(
        one
        for one, kind in zip(aggregate.amounts, aggregate.column("EVENT_TYPE"), strict=True)
        if kind != "CLEARED_TO_MERCHANT"
    )
    assert Decimal(payout["amount"]) == wired == Decimal("269.94")
    assert payout["report"].endswith(f"/{DAY}/{STEM}-aggregate.csv")


# When they are there, and how they are called ---------------------------------------------------------------------


async def test_they_are_there_three_hours_after_the_cut_off_and_the_same_for_ever(told: Sim) -> None:
    await told.advance(hours=42, minutes=59)
    early = await got(told, f"{DAY}/{STEM}-aggregate.csv")
    await told.advance(minutes=1)
    first = {name: one["sha256"] for name, one in (await listed(told, DAY)).items()}
    await told.advance(days=9)

    assert early.status_code == 404
    assert first == {name: one["sha256"] for name, one in (await listed(told, DAY)).items()}
    assert None not in first.values()


@pytest.mark.parametrize(
    ("cadence", "days", "name"),
    [
        ("daily", 2, "1-77-D-2026-044"),
        ("weekly", 7, "1-77-W-2026-10"),
        ("monthly", 30, "1-77-M-2026-04"),
        ("manual", 3, "1-77-080000-D-2026-045"),
    ],
)
async def test_the_name_counts_the_settlements_of_the_year(sim: Sim, cadence: str, days: int, name: str) -> None:
    """One by hand bears its time."""
    at_morning(sim)
    await sim.settings("ppro", cadence=cadence, settlement_client="77")
    book(sim, *story())
    await sim.advance(days=days)
    if cadence == "manual":
        (await sim.http.post(f"{sim.path}/payouts", json={"provider": "ppro"})).raise_for_status()
    await sim.advance(hours=4)

    assert {
        found.rpartition(".csv")[0].removesuffix("-aggregate") for found in await listed(sim) if "aggregate" in found
    } == {name}


async def test_on_a_day_without_a_payout_there_is_no_file_and_what_was_sold_waits(sim: Sim) -> None:
    """More is given back than was sold: nothing is wired, and the rows stand in the files of the day that wires again."""
    at_morning(sim)
    book(
        sim,
        refund(1, "870412", "shop-1999-r1", "2026-03-02T14:20:10.000Z", 900),
        sale(1, "2026-03-02T15:00:00.000Z", 300),
    )
    await sim.advance(days=3)
    waiting = await listed(sim)
    book(sim, sale(2, "2026-03-05T08:00:00.000Z", 5000))
    await sim.advance(days=5)

    found = await files(sim, "2026-03-09")
    assert waiting == {}
    assert found["volume-per-transaction"].column("MERCHANT_TX_ID") == ["shop-2001", "shop-2002"]
    assert found["volume-per-refund"].column("MERCHANT_TX_ID") == ["shop-1999-r1"]


async def test_a_reference_may_be_any_text(sim: Sim) -> None:
    reference = '=1+1, "A" & <B>\n订单'
    at_morning(sim)
    book(sim, sale(1, "2026-03-02T08:11:05.120Z", 2500, reference=reference))
    await sim.advance(days=3)

    found = await files(sim, DAY)

    assert found["volume-per-transaction"].column("MERCHANT_TX_ID") == [reference]
    assert set(found["fee-per-transaction"].column("MERCHANT_TX_ID")) == {reference}


# Through the API --------------------------------------------------------------------------------------------------


async def test_a_charge_and_its_refund_are_found_by_the_ids_that_the_api_gave(sim: Sim, ppro: Merchant) -> None:
    """The refund, a day later, stands in an earlier settlement than the rest of its day: it is available at once."""
    charge = await ppro.paid(merchantPaymentChargeReference="order-1", amount={"value": 2000, "currency": "JPY"})
    other = await ppro.paid(merchantPaymentChargeReference="order-2", amount={"value": 9000, "currency": "EUR"})
    one = await ppro.refund(other["id"], 100, merchantRefundReference="back-1")
    await sim.advance(days=3)
    two = await ppro.refund(charge["id"], 500)
    later = await ppro.paid(amount={"value": 1000, "currency": "EUR"})
    await sim.advance(days=5)

    first, second = await files(sim, "2026-03-06"), await files(sim, "2026-03-10")

    sales, refunds = first["volume-per-transaction"], first["volume-per-refund"]
    assert sales.column("PAYMENT_REFERENCE") == [charge["id"], other["id"]]
    assert sales.column("AMOUNT") == ["2000", "90.00"] and sales.column("CURRENCY") == ["JPY", "EUR"]
    assert sales.checksum == Decimal("2090.00")
    assert [refunds.column(name) for name in ("PAYMENT_REFERENCE", "MERCHANT_TX_ID")] == [[one["id"]], ["back-1"]]
    assert refunds.column("REFERENCE_TX_ID") == [sales.column("TX_ID")[1]]
    assert second["volume-per-refund"].column("PAYMENT_REFERENCE") == [two["id"]]
    assert second["volume-per-refund"].column("REFERENCE_TX_ID") == [sales.column("TX_ID")[0]]
    assert second["volume-per-refund"].column("MERCHANT_TX_ID") == ["order-1"] != [""]
    assert second["volume-per-transaction"].column("PAYMENT_REFERENCE") == [later["id"]]


async def test_a_settlement_says_of_each_capture_and_refund_that_its_funds_have_moved(sim: Sim, ppro: Merchant) -> None:
    charge = await ppro.paid()
    refund = await ppro.refund(charge["id"], 100)
    await sim.advance(days=1)
    waiting = (await ppro.get(f"payment-charges/{charge['id']}/funds-statuses")).json()
    ppro.forget()
    await sim.advance(days=1)

    moved = (await ppro.get(f"payment-charges/{charge['id']}/funds-statuses")).json()

    assert [one["fundsStatus"] for one in waiting] == ["CAPTURE_FUNDS_WAITING", "REFUND_FUNDS_WAITING"]
    assert [one["fundsStatus"] for one in moved] == ["CAPTURE_FUNDS_RECEIVED", "REFUND_FUNDS_SENT"]
    told = [(hook.body["data"]["paymentOperationId"], hook.body["data"]["fundsState"]) for hook in sim.hooks]
    assert told == [
        (charge["captures"][0]["id"], "CAPTURE_FUNDS_RECEIVED"),
        (refund["id"], "REFUND_FUNDS_SENT"),
    ]


@pytest.mark.parametrize(
    ("bank", "funds"),
    [
        ({"outcome": "declined"}, "CAPTURE_FUNDS_MISSING"),
        ({"outcome": "pending"}, "CAPTURE_FUNDS_WAITING"),
        ({"outcome": "pending", "delay": "P20D"}, "CAPTURE_FUNDS_WAITING"),
    ],
)
async def test_the_bank_may_keep_the_funds_away_from_a_settlement(
    sim: Sim, ppro: Merchant, bank: dict[str, Any], funds: str
) -> None:
    await sim.arm([{"when": {"operation": "settle"}, "bank": bank}])
    charge = await ppro.paid()
    await sim.advance(days=6)

    [status] = (await ppro.get(f"payment-charges/{charge['id']}/funds-statuses")).json()

    assert status["fundsStatus"] == funds


# Scenarios --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "sales", "first_fee", "summed", "checksum"),
    [
        ("row_missing", 7, "0.2000", "267.25", "496.19"),
        ("amount_differs", 8, "0.2000", "291.25", "543.69"),
        ("fee_changed", 8, "0.2000", "292.25", "545.39"),
        ("wrong_total", 8, "0.2000", "292.25", "546.69"),
    ],
)
async def test_a_scenario_shows_in_the_files(
    told: Sim, fault: str, sales: int, first_fee: str, summed: str, checksum: str
) -> None:
    """The first sale is 25.00 EUR, its larger fee 0.30. What is wired stays what it is."""
    await told.arm([{"settlement": {"report": fault}}])
    await told.advance(hours=43)

    found = await files(told, DAY)
    [payout] = (await told.http.get(f"{told.path}/payouts")).json()["data"]

    volume, fees, aggregate = (found[name] for name in ("volume-per-transaction", "fee-per-transaction", "aggregate"))
    assert len(volume.rows) == volume.count == sales
    assert fees.column("AMOUNT")[0] == first_fee
    assert fees.column("AMOUNT")[1] == {"fee_changed": "0.6000", "row_missing": "0.2388"}.get(fault, "0.3000")
    assert (aggregate.rows[0]["AGGREGATE_AMOUNT"], str(aggregate.checksum)) == (summed, checksum)
    assert (fault == "wrong_total") == (sum(aggregate.amounts) != aggregate.checksum)
    assert payout["amount"] == "269.94000000"


async def test_files_come_late_or_never(sim: Sim) -> None:
    ready: list[Any] = []
    at_morning(sim)
    book(sim, *(sale(n, f"2026-03-0{2 + n}T08:00:00.000Z", 2500) for n in range(2)))
    await sim.arm([{"settlement": {"report": "late", "delay": "PT4H"}}])
    await sim.advance(hours=40)
    await sim.arm([{"settlement": {"report": "failed"}}])
    await sim.advance(hours=40)
    for day in (DAY, "2026-03-05"):
        ready.append(next((one["available_at"], one["state"]) for one in (await listed(sim, day)).values()))

    assert ready == [("2026-03-04T07:00:00.000Z", "ready"), ("2026-03-05T03:00:00.000Z", "failed")]


async def test_a_payout_that_failed_comes_back_in_the_next_settlement(told: Sim) -> None:
    await told.arm([{"settlement": {"payout": "failed"}}])
    await told.advance(days=2)
    await told.advance(days=2)

    found = (await files(told, "2026-03-06"))["aggregate"]

    assert [(row["EVENT_TYPE"], row["AGGREGATE_AMOUNT"]) for row in found.rows] == [
        ("PAYOUT_RETURNED", "269.94"),
        ("WIRE_FEE", "-0.50"),
    ]
    assert found.column("MERCHANT_ID")[0]


async def test_a_chargeback_has_rows_of_its_own(sim: Sim, ppro: Merchant) -> None:
    await sim.arm([{"settlement": {"chargeback": "P3D"}}])
    charge = await ppro.paid(amount={"value": 4000, "currency": "EUR"}, merchantPaymentChargeReference="order-1")
    await ppro.paid(amount={"value": 9000, "currency": "EUR"})
    await sim.advance(days=2)
    await ppro.paid(amount={"value": 90000, "currency": "EUR"})
    await sim.advance(days=5)

    sold = (await files(sim, "2026-03-06"))["volume-per-transaction"].rows[0]
    found = await files(sim, "2026-03-10")
    [row], [fee] = found["volume-per-chargeback"].rows, found["fee-per-chargeback"].rows

    assert (row["MERCHANT_TX_ID"], row["PAYMENT_REFERENCE"], row["AMOUNT"]) == ("order-1", charge["id"], "40.00")
    assert row["REFERENCE_TX_ID/REFERENCE_RF_ID"] == fee["REFERENCE_TX_ID"] == sold["TX_ID"] != row["CB_ID"]
    assert (fee["CB_ID"], fee["FEE_TYPE"], fee["AMOUNT"]) == (row["CB_ID"], "EXTERNAL_FEE", "15.0000")
    assert [(one["EVENT_TYPE"], one["AGGREGATE_AMOUNT"]) for one in found["aggregate"].rows] == [
        ("TRANSACTION", "900.00"), ("CHARGEBACK", "-40.00"), ("ACQUIRING_FEE", "-0.20"), ("DISCOUNT_FEE", "-10.80"),
        ("EXTERNAL_FEE", "-15.00"), ("CLEARED_TO_MERCHANT", "860.00"),
    ]  # fmt: skip


async def test_a_reserve_has_lines_of_its_own(sim: Sim) -> None:
    at_morning(sim)
    await sim.settings("ppro", reserve="10%/5d")
    book(sim, *story())  # these are booked without one
    await Merchant(sim).paid(amount={"value": 10000, "currency": "EUR"})
    await sim.advance(days=10)

    held, given = [(await files(sim, day))["aggregate"] for day in (DAY, "2026-03-09")]

    assert ("RESERVE_HELD", "-10.00") in zip(held.column("EVENT_TYPE"), held.column("AGGREGATE_AMOUNT"), strict=True)
    assert given.column("EVENT_TYPE") == ["RESERVE_RELEASED"]


async def test_an_adjustment_is_a_line_of_the_sums(sim: Sim) -> None:
    at_morning(sim)
    await sim.arm([{"settlement": {"adjustment": "-5.00"}}])
    book(sim, *story())
    await Merchant(sim).paid(amount={"value": 10000, "currency": "EUR"})
    await sim.advance(days=3)

    sums = (await files(sim, DAY))["aggregate"]

    assert ("ADJUSTMENT", "-5.00") in zip(sums.column("EVENT_TYPE"), sums.column("AGGREGATE_AMOUNT"), strict=True)


# Whatever happens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_each_movement_stands_in_one_settlement_and_every_sum_is_right(sim: Sim, seed: int) -> None:
    """Random days with several currencies: files end with what their rows make, `aggregate` adds up to what is wired, and bytes
    stay."""
    chance, booked = random.Random(seed), set[tuple[str, str]]()
    at_morning(sim)
    await sim.settings("ppro", settlement_currency="same" if seed == 2 else "EUR", fee_payout="0.50")
    if seed == 1:  # over the last weekend of March, on which the clocks change there
        await sim.settings("ppro", time_zone="Europe/Amsterdam", cutoff="02:30")
        await sim.advance(days=24)
    merchant = Merchant(sim)
    for n in range(1, 13):
        currency = chance.choice(("EUR", "CNY", "JPY"))
        charge = await merchant.paid(
            amount={"value": chance.randrange(100, 90000), "currency": currency},
            merchantPaymentChargeReference=f"o-{n}",
        )
        booked.add((charge["id"], f"o-{n}"))
        if chance.random() < 0.5:
            back = await merchant.refund(charge["id"], chance.randrange(1, 100), merchantRefundReference=f"r-{n}")
            booked.add((back["id"], f"r-{n}"))
        await sim.advance(hours=chance.choice((1, 3, 11, 26)))
    await sim.advance(days=8)

    found = await listed(sim)
    payouts = (await sim.http.get(f"{sim.path}/payouts", params={"limit": 100})).json()["data"]
    seen, wired = list[tuple[str, str]](), Decimal(0)
    for name, one in found.items():
        raw = (await sim.http.get(one["url"])).content
        assert hashlib.sha256(raw).hexdigest() == one["sha256"]
        if name.endswith(".gz"):
            continue
        file = read(raw)
        assert (file.count, file.checksum, file.date) == (len(file.rows), sum(file.amounts, Decimal(0)), one["date"])
        if one["type"].startswith("volume-"):
            seen += zip(file.column("PAYMENT_REFERENCE"), file.column("MERCHANT_TX_ID"), strict=True)
            assert all(row["EVENT_TIMESTAMP"] < one["period"]["to"] for row in file.rows)
        if one["type"] == "aggregate":
            pairs = zip(file.column("EVENT_TYPE"), file.amounts, strict=True)
            wired += sum(amount for kind, amount in pairs if kind != "CLEARED_TO_MERCHANT")
    assert len(seen) == len(set(seen)) and set(seen) == booked
    assert wired == sum(Decimal(one["amount"]) for one in payouts) > 0
