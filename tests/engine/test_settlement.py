"""The ledger and its settlement, told to a toy provider: days, zones, what is paid out, carried, refused, held back and dropped."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support import Sim
from toy.settling import SETTLING, P, post

from simulator.engine import balances
from simulator.engine.calendar import Calendar, is_holiday
from simulator.engine.ledger import (
    MERCHANT,
    PAYABLE,
    SIGNS,
    Booking,
    Posting,
    Unbalanced,
    decimal,
    rounded,
    sums,
    units,
    whole,
)
from simulator.engine.settlement import Account, kinds_of
from simulator.engine.terms import MoneySettings
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """Its clock stands on a Wednesday, 4 March 2026, 05:00 UTC."""
    async with Sim(providers=[SETTLING]) as simulator:
        yield simulator


def looking(sim: Sim) -> UnitOfWork:
    return sim.app.runtime.open(sim.workspace)


def standing(sim: Sim) -> dict[str, tuple[str, str, str]]:
    found = balances.balances(looking(sim), P)
    return {one.currency: (decimal(one.pending), decimal(one.available), decimal(one.payable)) for one in found}


def payouts(sim: Sim) -> list[Any]:
    return list(looking(sim).every(kinds_of(P).payout))[::-1]


async def got(sim: Sim, what: str, **query: str) -> Any:
    return (await sim.http.get(f"{sim.path}/{what}", params=query)).raise_for_status().json()


# Values ---------------------------------------------------------------------------------------------------------------


def test_a_booking_that_does_not_balance_cannot_be() -> None:
    at = datetime(2026, 3, 4, tzinfo=UTC)
    with pytest.raises(Unbalanced):
        Booking(at=at, available=at, cause="adjustment", postings=(Posting(MERCHANT, "adjustment", 1, "EUR"),))


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [(1990, "EUR", "19.90000000"), (-1100, "JPY", "-1100.00000000"), (1, "KWD", "0.00100000")],
)
def test_amounts_are_exact_decimals(minor: int, currency: str, text: str) -> None:
    amount = units(Money(minor, currency))

    assert decimal(amount) == text
    assert whole(amount, currency) == rounded(amount, currency) == Money(minor, currency)


def test_what_is_no_whole_cent_stays() -> None:
    assert whole(27_044_300_000, "EUR") == Money(27044, "EUR")
    assert whole(-999_999, "EUR") == Money(0, "EUR")
    assert rounded(50_700_000, "EUR") == Money(51, "EUR")


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Europe/London", date(2026, 3, 29), "2026-03-29T00:00:00+00:00"),
        ("Europe/London", date(2026, 3, 30), "2026-03-29T23:00:00+00:00"),
        ("Europe/Amsterdam", date(2026, 10, 25), "2026-10-24T22:00:00+00:00"),
        ("Europe/Amsterdam", date(2026, 10, 26), "2026-10-25T23:00:00+00:00"),
    ],
)
def test_days_follow_each_other_without_a_gap_when_clocks_change(zone: str, day: date, begins: str) -> None:
    calendar = Calendar(ZoneInfo(zone))

    begin = calendar.cutoff_on(day)

    assert begin.isoformat() == begins
    assert (
        calendar.next_cutoff(begin - timedelta(microseconds=1))
        == begin
        == calendar.cutoff_before(calendar.next_cutoff(begin))
    )


def test_business_days_leave_out_weekends_and_the_euros_holidays() -> None:
    calendar = Calendar(ZoneInfo("UTC"))

    assert [day for day in (date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25)) if is_holiday(day)] == [
        date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25),
    ]  # fmt: skip
    assert calendar.after(date(2026, 4, 2), 2) == date(2026, 4, 8)
    assert replace(calendar, holidays=False).after(date(2026, 4, 2), 2) == date(2026, 4, 6)


@pytest.mark.parametrize(
    ("cadence", "pays"),
    [
        ("daily", "2026-03-05T09:00:00+00:00"),
        ("weekly", "2026-03-09T09:00:00+00:00"),
        ("monthly", "2026-04-01T09:00:00+00:00"),
        ("manual", None),
    ],
)
def test_the_cadence_says_which_cut_off_pays(cadence: Any, pays: str | None) -> None:
    calendar = Calendar(ZoneInfo("UTC"), time(9), cadence)

    found = calendar.next_payment(datetime(2026, 3, 4, 9, 1, tzinfo=UTC))

    assert found is None if pays is None else found is not None and found.isoformat() == pays


# Days and payouts -----------------------------------------------------------------------------------------------------


async def test_the_story_of_the_reference(sim: Sim) -> None:
    """Eight sales, one of them in yuan at 0.1275, and two refunds: 270.443 EUR, of which whole cents leave."""
    for value in (2500, 1990, 10000, 750, 6000, 4235, 2550, 1200):
        post(sim, "capture", value)
    for value in (900, 750):
        post(sim, "refund", value)
    assert standing(sim) == {"EUR": ("287.14300000", "-16.70000000", "0.00000000")}

    await sim.advance(days=2)
    assert standing(sim) == {"EUR": ("0.00000000", "0.00300000", "270.44000000")}
    await sim.advance(days=3)

    assert standing(sim) == {"EUR": ("0.00000000", "0.00300000", "0.00000000")}
    assert [(one.money, one.state, one.paid_at.isoformat()) for one in payouts(sim)] == [
        (Money(27044, "EUR"), "paid", "2026-03-09T00:00:00+00:00")
    ]


async def test_a_second_before_the_end_of_a_local_day_is_that_day(sim: Sim) -> None:
    """Over the change of clocks: at 22:59:59 UTC it is a second before midnight in London."""
    await sim.settings(P, time_zone="Europe/London", fee_variable="0", fee_fixed="0")
    await sim.advance(days=26, hours=17, minutes=59, seconds=59)
    post(sim, "capture", 1000, payment="before")
    await sim.advance(seconds=1)
    post(sim, "capture", 500, payment="after")
    await sim.advance(days=5)

    assert [(one.money.value, one.cutoff.isoformat()) for one in payouts(sim)] == [
        (1000, "2026-03-31T23:00:00+00:00"),
        (500, "2026-04-01T23:00:00+00:00"),
    ]


async def test_refunds_beyond_sales_are_carried_until_sales_make_up_for_them(sim: Sim) -> None:
    await sim.settings(P, fee_variable="0", fee_fixed="0", fee_refund="0")
    post(sim, "refund", 1240)
    await sim.advance(days=6)
    assert (payouts(sim), standing(sim)["EUR"][1]) == ([], "-12.40000000")
    post(sim, "capture", 2000)

    await sim.advance(days=3)

    assert [one.money.value for one in payouts(sim)] == [760]


async def test_less_than_the_minimum_is_carried(sim: Sim) -> None:
    await sim.settings(P, fee_variable="0", fee_fixed="0", minimum_payout="10")
    post(sim, "capture", 600)
    await sim.advance(days=3)
    post(sim, "capture", 600)
    await sim.advance(days=5)

    assert [one.money.value for one in payouts(sim)] == [1200]
    assert [len(balances.in_payout(looking(sim), P, one)) for one in payouts(sim)] == [4]


async def test_a_payout_that_fails_is_back_and_leaves_with_the_next(sim: Sim) -> None:
    await sim.arm([{"settlement": {"payout": "failed"}}])
    post(sim, "capture", 10000)
    await sim.advance(days=10)

    told = [(one["state"], one["amount"], one.get("decided_by", "")) for one in (await got(sim, "payouts"))["data"]]
    assert told == [("paid", "98.60000000", ""), ("failed", "98.60000000", "scenario:adhoc")]
    assert sums(one for booking in looking(sim).bookings(P) for one in booking.postings if one.account == "bank") == {
        "EUR": units(Money(9860, "EUR"))
    }


async def test_currencies_and_accounts_are_paid_out_apart(sim: Sim) -> None:
    await sim.settings(P, settlement_currency="same", fee_variable="0", fee_fixed="0")
    for merchant, currency in (("", "EUR"), ("", "USD"), ("other", "EUR")):
        post(sim, "capture", 1000, currency, merchant=merchant)
    await sim.advance(days=2)

    assert sorted((one.merchant, one.currency, one.amount) for one in payouts(sim)) == [
        ("", "EUR", 1000),
        ("", "USD", 1000),
        ("other", "EUR", 1000),
    ]


async def test_a_reserve_is_held_and_given_back(sim: Sim) -> None:
    await sim.settings(P, fee_variable="0", fee_fixed="0", reserve="10%/5d")
    post(sim, "capture", 10000)
    await sim.advance(days=2)
    assert [one.money.value for one in payouts(sim)] == [9000]

    await sim.advance(days=10)

    assert [one.money.value for one in payouts(sim)] == [9000, 1000]


async def test_a_chargeback_takes_what_is_left_and_a_fee(sim: Sim) -> None:
    await sim.arm([{"settlement": {"chargeback": "P1D"}}])
    post(sim, "capture", 10000)
    post(sim, "refund", 2500)

    await sim.advance(days=1, hours=1)

    [booking] = [one for one in looking(sim).bookings_of(P, "p1") if one.cause == "chargeback"]
    assert (booking.gross, decimal(booking.net)) == (Money(-7500, "EUR"), "-90.00000000")


async def test_a_day_can_be_ended_by_hand(sim: Sim) -> None:
    await sim.settings(P, cadence="manual", delay_days=0, fee_variable="0", fee_fixed="0", fee_payout="0.50")
    post(sim, "capture", 1000)
    await sim.advance(hours=1)

    answer = await sim.http.post(f"{sim.path}/payouts", json={"provider": P})

    assert [one["amount"] for one in answer.json()["data"]] == ["9.50000000"]


# Reports --------------------------------------------------------------------------------------------------------------


async def files(sim: Sim) -> dict[str, str]:
    found = {}
    for one in (await got(sim, "reports"))["data"]:
        if one["state"] == "ready":
            found[one["name"]] = (await sim.http.get(one["url"])).raise_for_status().text
    return found


async def test_a_report_comes_later_than_its_cut_off_and_stays_the_same(sim: Sim) -> None:
    post(sim, "capture", 10000)
    await sim.advance(hours=20)
    [due] = (await got(sim, "reports"))["data"]
    absent = await sim.http.get(due["url"])
    await sim.advance(hours=2)
    first = await files(sim)
    post(sim, "refund", 400)
    await sim.advance(days=4)

    assert (due["state"], due["size"], due["available_at"]) == ("due", None, "2026-03-05T02:00:00.000Z")
    assert absent.status_code == 404 and "2026-03-05T02:00" in absent.json()["error"]["message"]
    assert first == {"day-2026-03-04.csv": "1,p1,98.60000000,EUR\ntotal,98.60000000"}
    assert first.items() <= (await files(sim)).items()


async def test_a_days_main_report_has_an_address_of_its_own(sim: Sim) -> None:
    post(sim, "capture", 10000)
    await sim.advance(days=2, hours=3)

    [payout] = (await got(sim, "payouts"))["data"]
    main = await sim.http.get(f"{sim.path}/reports/{P}/2026-03-06")
    listed = await got(sim, "reports", provider=P, date="2026-03-06")
    none = await sim.http.get(f"{sim.path}/reports/{P}/2026-03-05")

    assert main.text == "1,p1,98.60000000,EUR\ntotal,98.60000000"
    assert payout["report"] == next(one["url"] for one in listed["data"] if one["type"] == "payout")
    assert none.status_code == 404


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("row_missing", "2,p2,9.68000000,EUR\ntotal,9.68000000"),
        ("amount_differs", "1,p1,97.60000000,EUR\n2,p2,9.68000000,EUR\ntotal,107.28000000"),
        ("fee_changed", "1,p1,97.40000000,EUR\n2,p2,9.68000000,EUR\ntotal,107.08000000"),
        ("wrong_total", "1,p1,98.60000000,EUR\n2,p2,9.68000000,EUR\ntotal,109.28000000"),
    ],
)
async def test_a_scenario_alters_the_main_report_and_nothing_else(sim: Sim, fault: str, says: str) -> None:
    await sim.arm([{"settlement": {"report": fault}}])
    post(sim, "capture", 10000)
    post(sim, "capture", 1000, payment="p2")
    await sim.advance(days=2, hours=3)

    main = (await sim.http.get(f"{sim.path}/reports/{P}/2026-03-06")).text

    assert main == says
    assert [one.money.value for one in payouts(sim)] == [10828]
    days = [text for name, text in (await files(sim)).items() if name.startswith("day")]
    assert days == ["1,p1,98.60000000,EUR\n2,p2,9.68000000,EUR\ntotal,108.28000000"] or fault == "wrong_total"


async def test_reports_can_be_late_or_never_come(sim: Sim) -> None:
    await sim.arm([{"settlement": {"report": "failed"}}])
    post(sim, "capture", 10000)
    await sim.advance(days=2, hours=10)
    failed = (await got(sim, "reports", date="2026-03-06"))["data"]
    await sim.http.delete(f"{sim.path}/scenario")
    await sim.arm([{"settlement": {"report": "late", "delay": "PT4H"}}])
    post(sim, "capture", 10000)
    await sim.advance(days=5)

    late = [one for one in (await got(sim, "reports", date="2026-03-10"))["data"] if one["type"] == "payout"]
    assert [one["state"] for one in failed] == ["failed"]
    assert [one["available_at"] for one in late] == ["2026-03-10T06:00:00.000Z"]


async def test_reports_are_put_into_a_folder_as_they_come(sim: Sim, tmp_path: Any) -> None:
    sim.app.runtime.reports = tmp_path / "in"
    post(sim, "capture", 10000)
    await sim.advance(days=2, hours=3)

    found = {path.name: path.read_text() for path in (tmp_path / "in" / sim.workspace.name / P).iterdir()}
    assert found == await files(sim)
    assert (tmp_path / "in").stat().st_mode & 0o777 == 0o700


async def test_the_day_that_begins_with_a_payout_has_an_end_and_then_there_is_rest(sim: Sim, tmp_path: Any) -> None:
    """Paid out when Wednesday's sale is two days old: that Friday has a report of its own, and the days after it have none."""
    sim.app.runtime.reports = tmp_path / "in"
    post(sim, "capture", 10000)
    fired = await sim.advance(days=30)

    ends = [one["at"] for one in fired if one["kind"] == "timer.cutoff"]
    there = {path.name: path.read_text() for path in (tmp_path / "in" / sim.workspace.name / P).iterdir()}
    assert ends == [f"2026-03-0{day}T00:00:00.000Z" for day in (5, 6, 7)]
    assert there == await files(sim)
    assert there["day-2026-03-06.csv"] == "2,,-98.60000000,EUR\ntotal,-98.60000000"


async def test_a_day_that_only_pays_out_can_be_late_and_leaves_faults_of_rows_to_a_day_that_has_some(
    monkeypatch: pytest.MonkeyPatch, sim: Sim
) -> None:
    """Of a provider whose main report is about the day."""
    assert SETTLING.settlement is not None
    daily = replace(SETTLING, settlement=replace(SETTLING.settlement, daily=True))
    monkeypatch.setitem(sim.app.runtime.parties, P, daily)
    post(sim, "capture", 10000)
    await sim.advance(days=2, hours=1)
    await sim.arm([{"settlement": {"report": "row_missing"}}, {"settlement": {"report": "late", "delay": "PT4H"}}])
    await sim.advance(days=3)
    post(sim, "capture", 500, payment="p2")
    await sim.advance(days=1)

    told = (await got(sim, "reports"))["data"]
    days = {one["name"]: one["available_at"] for one in told if one["type"] == "day"}
    assert days["day-2026-03-06.csv"] == "2026-03-07T06:00:00.000Z"
    assert days["day-2026-03-09.csv"] == "2026-03-10T02:00:00.000Z"
    assert (await files(sim))["day-2026-03-09.csv"] == "3,,0.00000000,EUR\ntotal,0.00000000", "it lacks the sale"


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "0002-01-01", "9999-12-31"])
async def test_a_day_at_the_end_of_all_days_has_no_report(sim: Sim, day: str) -> None:
    assert (await got(sim, "reports", date=day))["data"] == []
    assert (await sim.http.get(f"{sim.path}/reports/{P}/{day}")).status_code == 404


async def test_a_day_that_was_ended_by_hand_tells_of_itself_at_its_end_alone(sim: Sim, tmp_path: Any) -> None:
    """Its payout has a report at once; what is about the day is never taken for the day before, nor spoilt before it is there."""
    sim.app.runtime.reports = tmp_path / "in"
    await sim.settings(P, delay_days=0, fee_variable="0", fee_fixed="0")
    post(sim, "capture", 1000)
    await sim.advance(hours=1)
    (await sim.http.post(f"{sim.path}/payouts", json={"provider": P})).raise_for_status()
    await sim.advance(hours=3)
    there = {path.name: path.read_text() for path in (tmp_path / "in" / sim.workspace.name / P).iterdir()}
    [payout] = payouts(sim)
    listed = await files(sim)
    await sim.advance(days=1)

    assert there == listed == {f"{payout.id}.csv": "1,p1,10.00000000,EUR\ntotal,10.00000000"}
    found = {path.name: path.read_text() for path in (tmp_path / "in" / sim.workspace.name / P).iterdir()}
    assert found == await files(sim) and "day-2026-03-04.csv" in found


async def test_a_scenario_waits_for_a_day_that_has_a_report(monkeypatch: pytest.MonkeyPatch, sim: Sim) -> None:
    """Of a provider whose main report is about the day: one that is ended by hand has none yet."""
    assert SETTLING.settlement is not None
    daily = replace(SETTLING, settlement=replace(SETTLING.settlement, daily=True))
    monkeypatch.setitem(sim.app.runtime.parties, P, daily)
    await sim.settings(P, delay_days=0)
    await sim.arm([{"settlement": {"report": "failed"}}])
    post(sim, "capture", 1000)
    await sim.advance(hours=1)
    await sim.http.post(f"{sim.path}/payouts", json={"provider": P})
    await sim.advance(days=1)

    told = {one["type"]: one["state"] for one in (await got(sim, "reports"))["data"]}
    assert told == {"payout": "ready", "day": "failed"}


# Whatever happens -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_lost_and_nothing_is_paid_twice(sim: Sim, seed: int) -> None:
    """A random life: sales, refunds, chargebacks, days, settings and payouts that fail. The ledger sums to zero, what the merchant
    is owed and has got is what was booked, and each booking stands in one payout at most, whose rows make its amount."""
    chance, booked = random.Random(seed), Counter[str]()
    for step in range(60):
        match chance.choice(("capture", "capture", "capture", "refund", "chargeback", "pass", "pass", "set", "fail")):
            case "pass":
                await sim.advance(hours=chance.choice((1, 7, 24, 30, 100)))
            case "set":
                cadence, zone = (
                    chance.choice(("daily", "weekly")),
                    chance.choice(("UTC", "Asia/Tokyo", "America/New_York")),
                )
                minimum = chance.choice(("0", "40"))
                await sim.settings(
                    P, cadence=cadence, time_zone=zone, minimum_payout=minimum, fee_payout=chance.choice(("0", "0.5"))
                )
            case "fail":
                await sim.arm([{"settlement": {"payout": "failed"}}])
            case cause:
                value, currency = chance.randrange(1, 9000), chance.choice(("EUR", "CNY", "CHF", "BHD"))
                post(sim, cause, value, currency, payment=f"p{step}")
                booked[currency] += value * SIGNS[cause]
    await sim.http.put(f"{sim.path}/settings/{P}", json={})
    await sim.advance(days=40)

    uow = looking(sim)
    bookings = uow.bookings(P)
    assert not any(sums(posting for one in bookings for posting in one.postings).values())
    gross: Counter[str] = Counter()
    for one in bookings:
        if one.gross is not None:
            gross[one.gross.currency] += one.gross.value
    assert +gross == +booked and -gross == -booked
    moved = Counter(dict.fromkeys({one.purse for one in bookings}, 0))
    for one in bookings:
        moved[one.purse] += one.net
    told = {one.currency: one.pending + one.available for one in balances.balances(uow, P)}
    assert {currency: amount for currency, amount in moved.items() if currency} == told
    for number, one in enumerate(bookings, 1):
        standing = one.standing[one.purse]
        so_far = [other for other in bookings[:number] if other.purse == one.purse]
        later = sum(other.net for other in so_far if other.available > one.at)
        assert (standing.held, standing.later(one.at)) == (sum(other.net for other in so_far), later)
        assert standing.payable == sum(other.on(PAYABLE) for other in so_far)
        assert standing.sales + standing.returns == sum(other.on(MERCHANT, *SIGNS) for other in so_far)
    taken: Counter[int] = Counter()
    carried: Counter[str] = Counter()
    for payout in payouts(sim):
        rows = [one for one in bookings if payout.first <= one.number <= payout.last and payout.takes(one)]
        taken.update(one.number for one in rows)
        left = carried[payout.currency] + sum(one.net for one in rows) - units(payout.money) - payout.fee
        assert 0 <= left < 10**6, "less than a cent stays"
        carried[payout.currency] = left
    assert set(taken.values()) <= {1}
    account = uow.get(kinds_of(P).account, Account.ID)
    assert account.armed == () or min(account.armed) > uow.now


async def test_bookings_that_are_paid_out_are_kept_as_long_as_payments(sim: Sim) -> None:
    for number in range(12):
        post(sim, "capture", 1000, payment=f"p{number}")
    await sim.advance(days=8)
    post(sim, "capture", 1000, payment="last")
    before = standing(sim)
    await sim.settings("simulator", keep={"payments": 2})

    sim.app.runtime.keeper.run()

    numbers = [one.number for one in looking(sim).bookings(P)]
    assert numbers == [*range(numbers[0], 16)] and len(numbers) == 6
    assert standing(sim) == before
    assert [*await files(sim)] == ["day-2026-03-06.csv"], "what was dropped is in no report"
    await sim.advance(days=5)
    assert [one.money.value for one in payouts(sim)] == [11616, 968]


def test_percentages_are_exact() -> None:
    assert MoneySettings(fee_variable="1.20").variable == Decimal("0.012")
