"""The files of a day, byte for byte as the reference prints them, their times, and what scenarios do to them."""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.ecommpay.driver import Merchant
from providers.ecommpay.money import got, listed, net, post, read, registry, sold, tell
from providers.ecommpay.test_properties import one_simulator
from simulator.engine import balances

GOLDEN = Path(__file__).parent / "golden"
NAME = "registry_20260302.csv"


def statement(page: str) -> dict[str, tuple[str, str]]:
    """Count and amount by line."""
    rows = re.findall(r"<tr><th>([^<]+)</th><td>(\d*)</td><td>([-\d.]+)</td><td>[A-Z]{3}</td></tr>", page)
    return {name: (count, amount) for name, count, amount in rows}


async def ledger(sim: Sim, **query: str) -> list[dict[str, Any]]:
    answer = await sim.http.get(f"{sim.path}/ledger", params={"provider": "ecommpay", "limit": "500", **query})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return found


async def payouts(sim: Sim) -> list[dict[str, Any]]:
    answer = await sim.http.get(f"{sim.path}/payouts", params={"provider": "ecommpay", "limit": "500"})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return found


async def test_the_story_of_the_reference_is_the_registry_of_the_reference(ecommpay: Merchant) -> None:
    tell(ecommpay.sim)

    by_date, by_name = await got(ecommpay.sim, "2026-03-02"), await got(ecommpay.sim, f"2026-03-02/{NAME}")
    page = (await got(ecommpay.sim, "2026-03-02/statement_201_EUR_20260302.html")).text

    assert by_date.content == by_name.content == (GOLDEN / NAME).read_bytes()
    assert by_date.headers["content-type"].startswith("text/csv") and NAME in by_date.headers["content-disposition"]
    assert net(read(by_date.content)) == 27044
    assert "Project_201_balance_EUR" in page and "2026-03-02 00:00:00" in page
    assert statement(page) == {
        "Balance at the beginning": ("", "0.00"),
        "Sales": ("8", "292.25"),
        "Refunds": ("2", "-16.50"),
        "Reversals": ("0", "0.00"),
        "Chargebacks": ("0", "0.00"),
        "Won chargebacks": ("0", "0.00"),
        "Fees of sales": ("8", "-5.11"),
        "Fees of refunds": ("2", "-0.20"),
        "Fees of reversals": ("0", "0.00"),
        "Fees of chargebacks": ("0", "0.00"),
        "Fees of won chargebacks": ("0", "0.00"),
        "Reserve held": ("0", "0.00"),
        "Reserve released": ("0", "0.00"),
        "Adjustments": ("0", "0.00"),
        "Fees of payouts": ("0", "0.00"),
        "Paid out or returned": ("0", "0.00"),
        "Change of the balance": ("", "270.44"),
        "Balance at the end": ("", "270.44"),
    }


async def test_the_files_are_there_two_hours_after_the_day(ecommpay: Merchant) -> None:
    """Sold on Wednesday, 4 March; an idle day has its files too, whole and with zeros, but for the balance."""
    sim = ecommpay.sim
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(hours=20, minutes=59)
    early = await got(sim, "2026-03-04")
    await sim.advance(minutes=1)

    files = {one["name"]: one for one in await listed(sim, date="2026-03-04")}
    await sim.advance(days=1)
    idle = await got(sim, "2026-03-05")
    project = ecommpay.project
    page = (await got(sim, f"2026-03-05/statement_{project}_EUR_20260305.html")).text

    assert early.status_code == 404
    assert list(files) == ["registry_20260304.csv", f"statement_{project}_EUR_20260304.html"]
    assert {one["available_at"] for one in files.values()} == {"2026-03-05T02:00:00.000Z"}
    assert [one["type"] for one in files.values()] == ["registry", "statement"]
    assert idle.status_code == 200 and read(idle.content) == []
    lines = statement(page)
    assert lines.pop("Balance at the beginning") == lines.pop("Balance at the end") == ("", "24.50")
    assert {amount for _, amount in lines.values()} == {"0.00"} and len(lines) == 16


async def test_the_folder_has_no_gap(ecommpay: Merchant, tmp_path: Any) -> None:
    """Between two days on which money moved, those without are there too, with zeros; the days before the first one are not."""
    sim = ecommpay.sim
    sim.app.runtime.reports = tmp_path
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=8)
    await sold(ecommpay, "shop-2", 2500)
    await sim.advance(days=1)

    found = {path.name: path.read_bytes() for path in tmp_path.rglob("registry*")}
    statements = [path.read_text() for path in tmp_path.rglob("statement*")]

    assert sorted(found) == [f"registry_202603{day:02}.csv" for day in range(4, 13)]
    assert [len(read(found[name])) for name in sorted(found)] == [1, 0, 0, 0, 0, 0, 0, 0, 1]
    assert len(statements) == 9 and all(len(statement(page)) == 18 for page in statements)


async def test_the_list_has_what_the_folder_has(ecommpay: Merchant, tmp_path: Any) -> None:
    """Of the days without money those between two that have a cut-off, also where the files of the next one fail; none before the
    first one, and none behind the last one while nothing follows."""
    sim = ecommpay.sim
    sim.app.runtime.reports = tmp_path
    (await sim.http.post(f"{sim.path}/payouts", json={"provider": "ecommpay"})).raise_for_status()
    await sim.advance(days=2)
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=8)
    await sim.arm([{"settlement": {"report": "failed"}}])
    await sold(ecommpay, "shop-2", 2500)
    await sim.advance(days=9)
    await sold(ecommpay, "shop-3", 2500)
    await sim.advance(days=40)
    await sold(ecommpay, "shop-4", 2500)
    await sim.advance(days=10)

    listed = (await sim.http.get(f"{sim.path}/reports", params={"limit": 500})).raise_for_status().json()["data"]
    days = [one["date"][5:] for one in listed if one["type"] == "registry"]

    assert {one["name"] for one in listed if one["state"] == "ready"} == {one.name for one in tmp_path.rglob("*_*.*")}
    assert sum(one["state"] == "failed" for one in listed) == 2
    assert days == sorted(days, reverse=True)
    assert (days[0], days[-1]) == ("05-05", "03-06")
    assert {f"03-{day:02}" for day in range(6, 26)} < set(days) and "04-15" not in days


async def test_a_payout_stands_in_the_statement_of_its_day_and_a_failed_one_comes_back(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sim.settings("ecommpay", fee_payout="0.50")
    await sim.arm([{"settlement": {"payout": "failed"}}])
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=7)

    pages = {
        day: statement((await got(sim, f"2026-03-{day}/statement_{ecommpay.project}_EUR_202603{day}.html")).text)
        for day in ("04", "06", "09")
    }

    assert pages["04"]["Change of the balance"] == pages["04"]["Balance at the end"] == ("", "24.50")
    assert [pages["06"][f"Balance at the {end}"][1] for end in ("beginning", "end")] == ["24.50", "0.00"]
    assert pages["06"]["Paid out or returned"] == ("1", "-24.00")
    assert pages["06"]["Fees of payouts"] == ("1", "-0.50")
    assert pages["09"]["Paid out or returned"] == ("1", "24.00")
    assert [one["state"] for one in await payouts(sim)][-1] == "failed"


async def test_an_adjustment_stands_in_the_statement_and_in_no_registry(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sim.arm([{"settlement": {"adjustment": "-5.004"}}])
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=1)

    page = statement((await got(sim, f"2026-03-04/statement_{ecommpay.project}_EUR_20260304.html")).text)

    assert page["Adjustments"] == ("1", "-5.01") and page["Change of the balance"] == ("", "19.49")
    assert [row["payment_id"] for row in await registry(sim, "2026-03-04")] == ["shop-1"]


async def test_the_report_of_a_payout_is_the_statement_that_tells_of_it(ecommpay: Merchant) -> None:
    """It is there when the day is over that begins with the payout; a scenario takes the day's refund, not the payout."""
    sim = ecommpay.sim
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=2)
    await ecommpay.refund("shop-1", amount=300)
    await sim.arm([{"settlement": {"report": "row_missing"}}])
    [early] = await payouts(sim)
    await sim.advance(days=1)
    [payout] = await payouts(sim)

    page = statement((await sim.http.get(payout["report"])).text)

    assert "report" not in early
    assert payout["report"].endswith(f"/2026-03-06/statement_{ecommpay.project}_EUR_20260306.html")
    assert page["Paid out or returned"] == ("1", "-24.50") and page["Refunds"] == ("0", "0.00")


async def test_which_files_there_are_is_known_without_reading_what_was_booked(ecommpay: Merchant) -> None:
    """A payout by hand, one of a cut-off, and the files of both days: nobody has gone through a day's bookings for them."""
    sim = ecommpay.sim
    await sim.settings("ecommpay", delay_days=0)
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(hours=1)
    (await sim.http.post(f"{sim.path}/payouts", json={"provider": "ecommpay"})).raise_for_status()
    await sold(ecommpay, "shop-2", 2500)
    await sim.advance(days=3)

    found = [one for _, one in balances.reports(sim.app.runtime.open(sim.workspace), "ecommpay")]
    told = [one.payout for one in found if one.payout]

    assert sorted(told) == sorted(one["id"] for one in await payouts(sim))
    assert len(told) == 2 and not any("bookings" in vars(one.render.args[0]) for one in found)  # type: ignore[attr-defined]


async def test_a_day_ends_at_its_cut_off_in_its_zone(ecommpay: Merchant) -> None:
    """At 18:00 in Shanghai, which is 10:00 UTC: a second before it is another day than at it."""
    sim = ecommpay.sim
    await sim.settings("ecommpay", time_zone="Asia/Shanghai", cutoff="18:00")
    for payment, seconds in (("shop-1", 4 * 3600 + 59 * 60 + 49), ("shop-2", 9), ("shop-3", 0.5)):
        await sim.advance(seconds=seconds)
        await sold(ecommpay, payment, 1000)  # half a second later
    await sim.advance(days=3)

    days = {day: await registry(sim, day) for day in ("2026-03-03", "2026-03-04", "2026-03-05")}

    assert {day: [row["payment_id"] for row in rows] for day, rows in days.items()} == {
        "2026-03-03": ["shop-1", "shop-2"],
        "2026-03-04": ["shop-3"],
        "2026-03-05": [],
    }
    assert [row["operation_completed_at"] for rows in days.values() for row in rows] == [
        "2026-03-04 17:59:49",
        "2026-03-04 17:59:59",
        "2026-03-04 18:00:00",
    ]


async def test_any_reference_stands_in_the_registry_as_it_was_given(ecommpay: Merchant) -> None:
    references = ['comma, "quote"', "<a>&amp;", "订单", "=1+1"]
    for number, reference in enumerate(references):
        await ecommpay.sale(reference, payment={"amount": 1000 + number, "currency": "EUR"})
    await ecommpay.sim.advance(seconds=1)
    for view in (await ecommpay.sim.http.get(f"{ecommpay.sim.path}/payments")).json()["data"]:
        await ecommpay.sim.act("ecommpay", view["id"], "pay")
    await ecommpay.sim.advance(days=1)

    rows = await registry(ecommpay.sim, "2026-03-04")

    assert {row["payment_id"]: int(row["amount"]) - 1000 for row in rows} == {
        reference: number for number, reference in enumerate(references)
    }


# Scenarios ------------------------------------------------------------------------------------------------------------


async def planted(ecommpay: Merchant, **effect: Any) -> list[dict[str, str]]:
    """The registry of a day on which two were sold, with what a scenario does to it."""
    await ecommpay.sim.arm([{"settlement": effect}])
    await sold(ecommpay, "shop-1", 2500)
    await sold(ecommpay, "shop-2", 1000)
    await ecommpay.sim.advance(hours=21)
    return await registry(ecommpay.sim, "2026-03-04")


@pytest.mark.parametrize(
    "fault, rows, total",
    [
        ("row_missing", [("shop-2", "1000", "32")], "9.68"),
        ("amount_differs", [("shop-1", "2400", "50"), ("shop-2", "1000", "32")], "33.18"),
        ("fee_changed", [("shop-1", "2500", "80"), ("shop-2", "1000", "32")], "33.88"),
        ("wrong_total", [("shop-1", "2500", "50"), ("shop-2", "1000", "32")], "35.18"),
    ],
)
async def test_a_planted_difference_is_in_the_files_and_nowhere_else(
    ecommpay: Merchant, fault: str, rows: list[tuple[str, str, str]], total: str
) -> None:
    found = await planted(ecommpay, report=fault)

    page = (await got(ecommpay.sim, f"2026-03-04/statement_{ecommpay.project}_EUR_20260304.html")).text
    financial = await ecommpay.operations("financial-reporting/operations")
    assert [(row["payment_id"], row["amount"], row["fee_amount"]) for row in found] == rows
    assert [(row["payment_id"], str(row["amount"]), str(row["fee_amount"])) for row in reversed(financial)] == rows, (
        "financial reporting is what the registries say"
    )
    assert statement(page)["Change of the balance"] == ("", total)
    assert [row["amount"] for row in await ecommpay.operations()] == [1000, 2500], "the operations themselves are right"
    assert (await ecommpay.data("balance/get"))["balance"][0]["EUR"] == "3418"


async def test_a_report_can_be_late_or_never_come(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sim.arm([{"settlement": {"report": "late"}}])
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(hours=26, minutes=59)
    before, unseen = await got(sim, "2026-03-04"), await ecommpay.operations("financial-reporting/operations")
    await sim.advance(minutes=1)
    after, seen = await got(sim, "2026-03-04"), await ecommpay.operations("financial-reporting/operations")

    await sim.arm([{"settlement": {"report": "failed"}}])
    await sold(ecommpay, "shop-2", 2500)
    await sim.advance(days=3)
    never = await got(sim, "2026-03-05")

    assert (before.status_code, after.status_code, never.status_code) == (404, 200, 404)
    assert unseen == [] and [row["payment_id"] for row in seen] == ["shop-1"]
    assert await ecommpay.operations("financial-reporting/operations") == seen


async def test_a_chargeback_is_a_row_with_the_number_of_its_sale(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sim.arm([{"settlement": {"chargeback": "P1D"}}])
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=3)

    [sale], [chargeback] = await registry(sim, "2026-03-04"), await registry(sim, "2026-03-05")

    assert (chargeback["operation_type"], chargeback["amount"], chargeback["fee_amount"]) == (
        "chargeback",
        "2500",
        "1500",
    )
    assert chargeback["operation_id"] == sale["operation_id"]
    assert chargeback["operation_created_at"] == chargeback["operation_completed_at"] > sale["operation_completed_at"]


async def test_a_reversal_is_a_row_of_its_own(ecommpay: Merchant) -> None:
    await ecommpay.sim.settings("ecommpay", same_day_refund="reversal")
    await sold(ecommpay, "shop-1", 2500)
    await ecommpay.refund("shop-1")
    await ecommpay.sim.advance(days=1)

    rows = await registry(ecommpay.sim, "2026-03-04")

    assert [(row["operation_type"], row["amount"]) for row in rows] == [("sale", "2500"), ("reversal", "2500")]
    assert net(rows) == -60, "the fees of the sale are not given back"
    assert [row["operation_type"] for row in await ecommpay.operations()] == ["reversal", "sale"]


async def test_financial_reporting_is_what_the_registries_say(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(days=1)
    await ecommpay.refund("shop-1", amount=500)
    await sim.advance(days=2)
    rows = [*await registry(sim, "2026-03-04"), *await registry(sim, "2026-03-05")]

    always = {"from": "2026-03-04 00:00:00", "to": "2026-03-31 00:00:00"}
    found = await ecommpay.operations("financial-reporting/operations", interval=always)
    second = await ecommpay.operations("financial-reporting/operations", interval=always, limit=1, offset=1)
    latest = await ecommpay.operations("financial-reporting/operations", limit=1)
    in_tokyo = await ecommpay.operations("financial-reporting/operations", tz="Asia/Tokyo", limit=1)

    assert [{name: str(value) for name, value in row.items()} for row in found] == rows
    assert [row["operation_type"] for row in rows] == ["sale", "refund"]
    assert second == latest == found[1:]
    assert in_tokyo[0]["operation_completed_at"] == "2026-03-05 14:00:01"


async def test_a_day_that_was_ended_by_hand_is_told_once_when_it_is_over(ecommpay: Merchant) -> None:
    sim = ecommpay.sim
    await sim.settings("ecommpay", delay_days=0)
    await sold(ecommpay, "shop-1", 2500)
    await sim.advance(hours=1)
    (await sim.http.post(f"{sim.path}/payouts", json={"provider": "ecommpay"})).raise_for_status()
    await sim.advance(hours=3)
    early = await ecommpay.operations("financial-reporting/operations")
    await sim.advance(days=1)

    later = await ecommpay.operations("financial-reporting/operations")

    assert early == [] and [row["payment_id"] for row in later] == ["shop-1"]


async def test_the_rows_of_a_registry_are_what_is_paid_out_to_the_cent(ecommpay: Merchant) -> None:
    """Each of forty sales of 19.60 leaves 19.1648: the fee of some is 44 cents, of the others 43."""
    sim = ecommpay.sim
    for number in range(40):
        post(sim, "capture", 1960, number=number)
    await sim.advance(days=2)

    rows, financial = await registry(sim, "2026-03-04"), await ecommpay.operations("financial-reporting/operations")
    [payout] = await payouts(sim)

    assert net(rows) == 76659 and payout["amount"] == "766.59000000"
    assert [row["fee_amount"] for row in rows] == ["43"] * 19 + ["44"] * 21
    assert [str(row["fee_amount"]) for row in reversed(financial)] == [row["fee_amount"] for row in rows]


async def test_rows_and_statement_are_what_the_balance_has_changed_by_day_after_day(ecommpay: Merchant) -> None:
    """Converted or not, with a reserve and a payout's fee of parts of cents; also where a balance falls below zero, and in a day
    on which nothing but a payout has happened. What registries tell of all days is what was paid out and is left."""
    sim, chance = ecommpay.sim, random.Random(7)
    await sim.settings("ecommpay", reserve="7.77%/3d", fee_payout="0.333", fee_variable="1.37")
    for number in range(60):
        cause = chance.choice(("capture", "capture", "refund", "reversal", "chargeback"))
        post(sim, cause, chance.randrange(1, 3000), chance.choice(("EUR", "CNY", "JPY")), number)
        await sim.advance(hours=chance.choice((1, 5, 11)))
    for number in range(60, 64):
        post(sim, "capture", 99999, number=number)
    await sim.advance(days=14)

    files = await listed(sim, limit="500")
    rows = {one["date"]: await registry(sim, one["date"]) for one in files if one["type"] == "registry"}
    told = {
        one["date"]: statement((await sim.http.get(one["url"])).text) for one in files if one["type"] == "statement"
    }

    assert len(told) > 12 and any(page["Balance at the end"][1].startswith("-") for page in told.values())
    for day, page in told.items():
        begun, ended, change = (cents(page[what][1]) for what in BALANCES)
        lines = [cents(amount) for name, (_, amount) in page.items() if name not in BALANCES]
        assert sum(lines) == change == ended - begun
        own = [cents(amount) for name, (_, amount) in page.items() if name in OPERATIONS]
        assert sum(own) == net(rows[day])


BALANCES = ("Balance at the beginning", "Balance at the end", "Change of the balance")
OPERATIONS = tuple(
    name
    for what in ("Sales", "Refunds", "Reversals", "Chargebacks", "Won chargebacks")
    for name in (what, f"Fees of {what.lower()}")
)


def cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


# Any history ----------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sell"), st.sampled_from((1000, 2500, 99_999)), st.sampled_from(("EUR", "CNY", "JPY"))),
        st.tuples(st.just("refund"), st.sampled_from((1, 300, 1000)), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from((1, 19 * 3600 - 1, 86_400, 3 * 86_400)), st.none()),
    ),
    min_size=3,
    max_size=8,
)


def test_the_files_of_any_history_hold_what_a_reader_counts_on() -> None:
    """Each operation that moved money is in one registry, of its day; a payout is the sum of its rows; the bytes stay."""
    with one_simulator() as run:

        @settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(STEPS, st.sampled_from(("UTC", "Asia/Shanghai", "America/New_York")))
        def every(steps: list[tuple[Any, ...]], zone: str) -> None:
            run(in_a_new_workspace, steps, zone)

        every()


async def in_a_new_workspace(merchant: Merchant, steps: list[tuple[Any, ...]], zone: str) -> None:
    other = Sim.beside(merchant.sim)
    await other.__aenter__()
    await _tried(other, steps, zone)


async def _tried(sim: Sim, steps: list[tuple[Any, ...]], zone: str) -> None:
    merchant, sales = Merchant(sim), list[str]()
    await sim.settings("ecommpay", time_zone=zone, test_amounts=False)
    for what, value, other in steps:
        if what == "sell":
            sales.append(f"shop-{len(sales)}")
            await sold(merchant, sales[-1], value, other)
        elif what == "refund" and sales:
            await merchant.refund(sales[other % len(sales)], amount=value)
        elif what == "wait":
            await sim.advance(seconds=value)
    await sim.advance(days=12)

    files = [one for one in await listed(sim, limit="500") if one["type"] == "registry"]
    contents = {one["name"]: (await sim.http.get(one["url"])).content for one in files}
    again = {one["name"]: (await sim.http.get(one["url"])).content for one in files}
    rows = {row["operation_id"]: row for raw in contents.values() for row in read(raw)}
    always = {"from": "2026-01-01 00:00:00", "to": "2026-12-31 00:00:00"}
    ended = await merchant.operations(interval=always, operation_status="success")

    assert contents == again
    assert len(rows) == sum(len(read(raw)) for raw in contents.values())
    assert {(row["operation_id"], row["payment_id"]) for row in rows.values()} == {
        (str(each["operation_id"]), each["payment_id"]) for each in ended
    }
    for one in files:
        days = {row["operation_completed_at"][:10] for row in read(contents[one["name"]])}
        assert days <= {one["date"]}
    for payout in await payouts(sim):
        entries = await ledger(sim, payout_id=payout["id"])
        mine = {one["operation_id"] for one in entries if one.get("operation_id")}
        assert abs(net([rows[id_] for id_ in mine]) - Decimal(payout["amount"]) * 100) <= len(mine) + 1
