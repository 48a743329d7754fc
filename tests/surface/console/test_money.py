"""The page of the money: balances, the next cut-off, days, the ledger of one of them, payouts and reports."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.settling import SETTLING, P, post

from simulator.engine import balances
from simulator.engine.texts import Texts
from simulator.surface.console.money import PAGE, Figure


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """Its clock stands on a Wednesday, 4 March 2026, 05:00 UTC."""
    async with Sim(providers=[SETTLING]) as simulator:
        yield simulator


def told(page: str, testid: str, *names: str) -> list[tuple[str, ...]]:
    """The data of every element with that test id."""
    tags = re.findall(rf'<[^<>]*data-testid="{testid}"[^<>]*>', page)
    return [tuple(re.search(rf'data-{name}="([^"]*)"', tag)[1] for name in names) for tag in tags]  # type: ignore[index]


async def test_before_money_moves_the_page_says_so_and_leads_to_a_test_payment(sim: Sim) -> None:
    page = await page_of(sim, "/money")

    assert "No money has moved at Acme yet." in page
    assert "Make a test payment</a>" in page
    assert told(page, "balance", "amount") == told(page, "jump-here", "at") == []


async def test_the_balance_stands_there_in_the_providers_columns(sim: Sim) -> None:
    post(sim, "capture", 10000)
    post(sim, "refund", 213)

    page = await page_of(sim, "/money")

    assert told(page, "balance", "currency", "account", "amount") == [
        ("EUR", "pending", "98.60000000"),
        ("EUR", "available", "-2.23000000"),
    ]
    assert "−€\xa02.23" in page
    assert "a refund leaves it at once, while sales are still pending" in page


async def test_what_no_payout_can_take_is_no_cent(sim: Sim) -> None:
    """There is a part of a cent, which the title tells."""
    await sim.settings(P, fee_variable="1.32")
    post(sim, "capture", 1999)
    await sim.advance(days=7)

    page = await page_of(sim, "/money")

    [(left,)] = [one for one in told(page, "balance", "amount") if one != ("0.00000000",)]
    assert Decimal("0.005") <= Decimal(left) < Decimal("0.01") and left in page
    assert "€\xa00.01" not in page


async def test_where_refunds_exceed_sales_nothing_is_paid_and_the_page_says_by_how_much(sim: Sim) -> None:
    post(sim, "refund", 1230)

    page = await page_of(sim, "/money")

    assert "The next cut-off takes it along: refunds exceed sales by €\xa012.40." in page
    assert "no payout at Thu 05 Mar 00:00" in page


async def test_the_next_cut_off_is_told_with_what_it_pays_and_pressed_away(sim: Sim) -> None:
    post(sim, "capture", 10000)
    await sim.advance(hours=20)
    before = await page_of(sim, "/money")

    answer = await press(sim, before, "jump-here")
    await sim.advance(hours=1)
    after = await page_of(sim, "/money")

    assert told(before, "next-cutoff", "at") == [("2026-03-06T00:00:00.000Z",)]
    assert "in 23 h" in before
    assert "€\xa098.60 becomes a payout, reports follow" in before
    assert answer.status_code == 303
    assert told(after, "payout-row", "state") == [("pending",)]
    assert "arrives Mon 09 Mar" in after


async def test_a_day_shows_its_sales_and_refunds_and_opens_its_ledger(sim: Sim) -> None:
    await sim.settings(P, time_zone="Asia/Tokyo")
    post(sim, "capture", 2000)
    await sim.advance(hours=11)  # past midnight in Tokyo
    post(sim, "refund", 500)
    post(sim, "refund_failed", 500)
    post(sim, "refund", 300)

    page = await page_of(sim, "/money?day=2026-03-04")
    today = await page_of(sim, "/money")

    days = {day: (sales, refunds) for day, sales, refunds in told(page, "day-bar", "day", "sales", "refunds")}
    assert list(days) == [f"2026-{day}" for day in ("02-27", "02-28", "03-01", "03-02", "03-03", "03-04", "03-05")]
    assert days["2026-03-04"] == ("20.00000000", "0.00000000")
    assert days["2026-03-05"] == ("0.00000000", "-3.00000000")
    assert told(page, "ledger-row", "kind", "amount") == [
        ("capture", "20.00000000"),
        ("fee_variable", "-0.24000000"),
        ("fee_fixed", "-0.20000000"),
    ]
    assert "Ledger of Wed 04 Mar" in page
    assert "3 entries, sum" in page and "from Fri 06 Mar" in page and ">14:00:00<" in page
    assert [kind for kind, in told(today, "ledger-row", "kind")] == [
        "refund", "fee_refund", "refund_failed", "refund", "fee_refund",
    ]  # fmt: skip


async def test_the_balance_after_an_entry_is_that_of_the_ledger(sim: Sim) -> None:
    for value in (2000, 3000):
        post(sim, "capture", value)
    post(sim, "refund", 500)

    page = await page_of(sim, "/money")

    after = re.findall(r'<td class="number quiet"><span title="([^"]+)"', page)
    amounts = [Decimal(amount) for _, amount in told(page, "ledger-row", "kind", "amount")]
    assert [Decimal(one) for one in after] == [sum(amounts[: n + 1]) for n in range(len(amounts))]
    [balance] = balances.balances(sim.app.runtime.open(sim.workspace), P)
    assert Decimal(after[-1]) == Decimal(balance.pending + balance.available) / 10**8


async def test_both_sides_of_a_day_sum_to_zero_in_each_currency(sim: Sim) -> None:
    post(sim, "capture", 2000, "CNY")
    await sim.advance(days=5)

    for day in ("2026-03-04", "2026-03-06"):
        page = await page_of(sim, f"/money?day={day}&sides=both")
        rows = told(page, "ledger-row", "kind", "account", "amount")
        assert {account for _, account, _ in rows} > {"merchant"}
        assert sum(Decimal(amount) for kind, _, amount in rows if kind.startswith(("fee", "payout"))) == 0
    assert "Your side" in page


async def test_earlier_weeks_are_followed_as_far_as_there_is_money(sim: Sim) -> None:
    post(sim, "capture", 2000)
    await sim.advance(days=9)

    page = await page_of(sim, "/money")
    earlier = re.search(r'href="([^"]+)" data-testid="earlier"', page)
    assert earlier is not None
    first = await page_of(sim, "/" + earlier[1].replace("&amp;", "&").rpartition("/")[2])

    assert told(first, "day-bar", "day")[-1] == ("2026-03-06",)
    assert ("2026-03-04", "20.00000000") in told(first, "day-bar", "day", "sales")
    assert 'data-testid="earlier"' not in first
    assert 'data-testid="later"' in first and 'data-testid="later"' not in page


async def test_a_busy_day_is_shown_a_page_at_a_time(sim: Sim) -> None:
    for number in range(PAGE + 3):
        post(sim, "capture", 1000 + number)

    page = await page_of(sim, "/money")
    older = re.search(r'href="[^"]*(before=\d+)[^"]*" data-testid="older"', page)
    assert older is not None
    rest = await page_of(sim, f"/money?{older[1]}")

    shown, others = told(page, "ledger-row", "kind", "amount"), told(rest, "ledger-row", "kind", "amount")
    assert len(shown) == 3 * PAGE and len(others) == 9
    assert others[0] == ("capture", "10.00000000") and shown[-3] == ("capture", "10.52000000")
    assert "entries, sum" not in page and "sum <span" in page
    assert 'data-testid="newer"' in rest


async def test_payouts_and_reports_are_listed_newest_first_and_the_rest_on_demand(sim: Sim) -> None:
    for _ in range(6):
        post(sim, "capture", 2000)
        await sim.advance(days=1)
    await sim.advance(days=2)

    page = await page_of(sim, "/money")
    every = await page_of(sim, "/money?all=reports")

    assert [state for (state,) in told(page, "payout-row", "state")] == ["paid"] * 4
    assert len(told(page, "report-row", "name")) == 4 < len(told(every, "report-row", "name"))
    assert 'data-testid="all-reports"' in page and 'data-testid="all-payouts"' not in page
    names = [name for (name,) in told(every, "report-row", "name")]
    assert "day-2026-03-04.csv" in names


async def test_a_report_is_downloaded_when_it_is_there_and_waited_for_before(sim: Sim) -> None:
    post(sim, "capture", 2000)
    await sim.advance(hours=20)
    early = await page_of(sim, "/money")
    await sim.advance(hours=2)

    page = await page_of(sim, "/money")
    link = re.search(r'href="([^"]+)" download data-testid="report-download"', page)
    assert link is not None
    raw = (await sim.http.get(link[1])).raise_for_status().content

    assert told(early, "report-row", "name", "available-at") == [("day-2026-03-04.csv", "2026-03-05T02:00:00.000Z")]
    assert "not there yet" in early and "ready in 1 h, at 02:00" in early
    assert 'data-testid="report-download"' not in early
    assert raw.startswith(b"1,p1,19.56000000,EUR")
    assert f"{len(raw)} B, Thu 05 Mar 02:00" in page


async def test_a_payout_that_failed_says_why_and_where_the_money_is(sim: Sim) -> None:
    await sim.arm([{"settlement": {"payout": "failed"}}])
    post(sim, "capture", 2000)
    await sim.advance(days=5)

    page = await page_of(sim, "/money")

    assert ("failed",) in told(page, "payout-row", "state")
    assert "The bank refused it. The amount is back in Available and leaves with the next payout." in page
    assert Texts("en")("decided_scenario", value="").split()[0] in page


async def test_a_report_that_failed_has_no_button(sim: Sim) -> None:
    await sim.arm([{"settlement": {"report": "failed"}}])
    post(sim, "capture", 2000)
    await sim.advance(days=2, hours=10)

    page = await page_of(sim, "/money")

    assert page.count("a scenario lets it fail: it never comes") == 1
    assert len(told(page, "report-row", "name")) == 2 and page.count('data-testid="report-download"') == 1


async def test_a_provider_that_pays_when_told_is_told_here(sim: Sim) -> None:
    await sim.settings(P, cadence="manual", delay_days=0)
    post(sim, "capture", 2000)
    await sim.advance(minutes=1)
    page = await page_of(sim, "/money")

    answer = await press(sim, page, "pay-out")
    paid = await page_of(sim, "/money")

    assert answer.status_code == 303
    assert told(paid, "payout-row", "state") == [("pending",)]
    assert "pays when told" in page


async def test_each_currency_that_is_kept_apart_is_looked_at_apart(sim: Sim) -> None:
    await sim.settings(P, settlement_currency="same")
    post(sim, "capture", 2000, "EUR")
    post(sim, "capture", 1000, "JPY")

    page = await page_of(sim, "/money?purse=JPY")

    assert [one[:2] for one in told(page, "balance", "currency", "amount")][::2] == [
        ("EUR", "19.56000000"),
        ("JPY", "987.80000000"),
    ]
    assert told(page, "ledger-row", "kind", "amount")[0] == ("capture", "1000.00000000")
    assert ("2026-03-04", "1000.00000000") in told(page, "day-bar", "day", "sales")


async def test_a_payment_has_its_own_lines_of_the_ledger_which_lead_to_their_days(sim: Sim) -> None:
    charge = await Merchant(sim, SETTLING).paid()
    before = await page_of(sim, f"/payments/{charge}")
    post(sim, "capture", 2000, payment=charge)
    post(sim, "capture", 4000, payment="another")
    await sim.advance(days=1)
    post(sim, "refund", 500, payment=charge)

    page = await page_of(sim, f"/payments/{charge}")
    link = re.search(r'href="/console/[^/"]+(/money[^"]+day=2026-03-04)"', page)
    assert link is not None
    day = await page_of(sim, link[1].replace("&amp;", "&"))

    assert told(before, "ledger-row", "kind") == []
    assert told(page, "ledger-row", "kind", "amount") == [
        ("capture", "20.00000000"),
        ("fee_variable", "-0.24000000"),
        ("fee_fixed", "-0.20000000"),
        ("refund", "-5.00000000"),
        ("fee_refund", "-0.10000000"),
    ]
    assert 'what is left of it: <span title="14.46000000"' in page
    assert len(told(day, "ledger-row", "kind")) == 6


async def test_what_an_address_names_and_there_is_not_is_said(sim: Sim) -> None:
    post(sim, "capture", 2000)

    for query in (
        "day=2026-02-30",
        "day=2027-01-01",
        "day=0001-01-01",
        "purse=GBP",
        "provider=nobody",
        "all=x",
        "sides=x",
    ):
        page = await page_of(sim, f"/money?{query}")
        assert f"<code>{query}</code>" in page, query
        assert told(page, "ledger-row", "kind") == [("capture",), ("fee_variable",), ("fee_fixed",)]


async def test_the_page_speaks_chinese(sim: Sim) -> None:
    post(sim, "capture", 2000)
    await sim.advance(days=3)

    page = await page_of(sim, "/money?lang=zh")

    texts = Texts("zh")
    for key in ("balance", "cutoff", "payouts", "reports", "days", "jump", "rest"):
        assert texts(f"money_{key}") in page
    assert "03-07 周六" in page


@pytest.mark.parametrize(
    ("units", "currency", "shown"),
    [
        (-7815000000, "EUR", ("−78.15", "00", "−€\xa078.15")),
        (123456789012, "EUR", ("1,234.56", "78", "€\xa01,234.56")),
        (98780000000, "JPY", ("987", ".80", "JP¥\xa0987")),
        (-100000, "KWD", ("−0.001", "00", "−KWD\xa00.001")),
        (898421, "EUR", ("0.00", "89", "€\xa00.00")),
        (-1, "EUR", ("−0.00", "01", "−€\xa00.01")),
    ],
)
def test_amounts_have_two_digits_behind_the_cents(units: int, currency: str, shown: tuple[str, str, str]) -> None:
    """And are never more than there is: less than a cent is none, and less than none is a cent."""
    figure = Figure(units, currency)

    assert (figure.cents, figure.rest, figure.symbol) == shown
