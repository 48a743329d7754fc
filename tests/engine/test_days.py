"""Settings that draw days, and change: what is over stays as it was, and no booking is lost between two days or told twice."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from support import Sim
from toy.settling import SETTLING, P, Terms, post

from simulator.engine import balances, resource, settling
from simulator.engine.days import MOST, Days, Span
from simulator.engine.settlement import Account, kinds_of


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    """Its clock stands on a Wednesday, 4 March 2026, 05:00 UTC."""
    async with Sim(providers=[SETTLING]) as simulator:
        yield simulator


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-03-{text}").replace(tzinfo=UTC)


def account(sim: Sim) -> Account:
    return sim.app.runtime.open(sim.workspace).get(kinds_of(P).account, Account.ID)


def armed(sim: Sim) -> list[str]:
    return [f"{one:%dT%H:%M}" for one in sorted(account(sim).armed)]


async def files(sim: Sim) -> dict[str, tuple[str, str]]:
    """Of those that are there: address and content, by name."""
    found: dict[str, tuple[str, str]] = {}
    listed = (await sim.http.get(f"{sim.path}/reports", params={"limit": 500})).raise_for_status().json()["data"]
    for one in listed:
        assert one["name"] not in found, "no two files have one name"
        if one["state"] == "ready":
            address = one["url"].partition("/reports/")[2]
            found[one["name"]] = (address, (await sim.http.get(one["url"])).raise_for_status().text)
    return found


# Values ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "changed", "after", "ends"),
    [
        (("00:00", "UTC"), "04T10:00", ("18:00", "UTC"), ["03T00:00", "04T00:00", "05T18:00", "06T18:00"]),
        (("18:00", "UTC"), "04T10:00", ("00:00", "UTC"), ["02T18:00", "03T18:00", "05T00:00", "06T00:00"]),
        (("18:00", "UTC"), "04T18:00", ("20:00", "UTC"), ["03T18:00", "04T18:00", "05T20:00", "06T20:00"]),
        (("00:00", "UTC"), "04T10:00", ("00:00", "Asia/Tokyo"), ["03T00:00", "04T00:00", "04T15:00", "05T15:00"]),
        (("00:00", "Pacific/Kiritimati"), "04T11:00", ("00:00", "Etc/GMT+12"), ["03T10:00", "04T10:00", "06T12:00", "07T12:00"]),
    ],
)  # fmt: skip
def test_the_day_of_a_change_goes_on_until_a_cut_off_with_a_later_date(
    before: tuple[str, str], changed: str, after: tuple[str, str], ends: list[str]
) -> None:
    old, new = (Terms(cutoff=cutoff, time_zone=zone) for cutoff, zone in (before, after))

    days = Days((Span(old),)).turned(new, at(changed), None)

    found = [at(ends[0])]
    for _ in ends[1:]:
        found.append(days.next_cutoff(found[-1]))
    assert [f"{one:%dT%H:%M}" for one in found[: len(ends)]] == ends
    assert [days.cutoff_before(one) for one in found[1:]] == found[:-1]
    dates = [days.closes_on(one) for one in found]
    assert dates == sorted(set(dates)) and [days.is_cutoff(one) for one in found] == [True] * len(found)
    assert [[*days.cutoffs_on(day)] for day in dates] == [[one] for one in found]


def test_terms_under_which_no_day_has_ended_are_as_if_they_had_never_been() -> None:
    days = Days((Span(Terms()),))
    for minute in range(10, 50):
        days = days.turned(Terms(cutoff=f"18:{minute}"), at(f"04T10:{minute}"), at("04T00:00"))

    assert [one.terms.cutoff for one in days.spans] == ["00:00", "18:49"]
    assert days.next_cutoff(at("04T10:00")) == at("05T18:49")


def test_a_cut_off_by_hand_counts_as_one_under_the_terms_of_its_time() -> None:
    days = Days((Span(Terms()),)).turned(Terms(cutoff="18:00"), at("04T10:00"), at("04T00:00"))

    days = days.turned(Terms(cutoff="19:00"), at("04T12:00"), at("04T12:00"))

    assert [days.terms_at(at(text)).cutoff for text in ("04T09:00", "04T12:00", "04T12:01")] == [
        "00:00",
        "18:00",
        "19:00",
    ]


def test_no_more_than_so_many_former_terms_are_kept() -> None:
    days = Days((Span(Terms()),))
    for day in range(1, 28):
        for hour in (1, 13):
            days = days.turned(
                Terms(fee_payout=f"{day}.{hour}"), at(f"{day:02}T{hour:02}:00"), at(f"{day:02}T{hour:02}:00")
            )

    assert len(days.former()) == MOST and days.former()[0].first is None
    assert days.cutoff_before(at("02T00:00")) == at("01T00:00")


# What a merchant sees -------------------------------------------------------------------------------------------------


async def test_days_that_are_over_stay_as_they_were_and_the_one_that_goes_on_ends_under_the_new_terms(
    sim: Sim, tmp_path: Any
) -> None:
    sim.app.runtime.reports = tmp_path
    post(sim, "capture", 1000)
    await sim.advance(days=1, hours=3)
    post(sim, "capture", 2000, payment="p2")
    before = await files(sim)

    await sim.settings(P, cutoff="06:00", time_zone="Asia/Shanghai")
    waiting = armed(sim)
    post(sim, "capture", 3000, payment="p3")
    await sim.advance(days=10)

    after = await files(sim)
    assert before.items() <= after.items() and len(before) == 1
    assert waiting == ["05T22:00", "08T22:00", "09T22:00"], (
        "the end of the day that goes on, and a payday for each sale"
    )
    assert {path.name: path.read_text() for path in tmp_path.rglob("*.csv")} == {
        name: one[1] for name, one in after.items()
    }


async def test_all_of_it_outlives_a_restart_a_snapshot_and_an_export(tmp_path: Any) -> None:
    db = str(tmp_path / "store.db")
    async with Sim(providers=[SETTLING], db=db) as sim:
        post(sim, "capture", 1000)
        await sim.advance(days=1, hours=3)
        await sim.settings(P, cutoff="06:00", time_zone="Asia/Shanghai")
        await sim.advance(days=2)
        await sim.http.post(f"{sim.path}/snapshots", json={"name": "kept"})
        there, days, id_ = await files(sim), settling.days_of(sim.app.runtime.open(sim.workspace), P), sim._id
        await sim.settings(P, cutoff="12:00")
        await sim.advance(days=3)
        (await sim.http.post(f"{sim.path}/snapshots/kept/restore")).raise_for_status()
        restored = await files(sim)
        document = (await sim.http.get(f"{sim.path}/export")).raise_for_status().json()
    async with Sim(providers=[SETTLING], db=db) as again:
        again._id = id_
        restarted = await files(again)
        assert settling.days_of(again.app.runtime.open(again.workspace), P) == days
        view = (await again.http.post("/_sim/workspaces/import", json=document)).raise_for_status().json()
        found = again.app.runtime.find_workspace(view["id"])
        again._id = found.id if found is not None else None
        imported = {name: text for name, (_, text) in (await files(again)).items()}

    assert restored == restarted == there and len(there) == 1
    assert imported == {name: text for name, (_, text) in there.items()}


async def test_a_store_of_a_version_without_former_terms_is_drawn_by_those_of_now(sim: Sim) -> None:
    post(sim, "capture", 1000)
    kind, runtime = kinds_of(P).account, sim.app.runtime
    raw = orjson.loads(resource.dump(account(sim)))
    older = {name: value for name, value in raw.items() if name not in ("former", "first")}

    assert resource.load(kind, orjson.dumps(older)) == account(sim)
    assert settling.days_of(runtime.open(sim.workspace), P) == Days((Span(Terms()),))


async def test_nothing_is_armed_by_settings_where_nothing_waits(sim: Sim) -> None:
    await sim.settings(P, cutoff="03:00")
    assert not sim.app.runtime.open(sim.workspace).find(kinds_of(P).account, Account.ID)
    post(sim, "capture", 1000)
    await sim.advance(days=20)

    await sim.settings(P, cutoff="06:00")
    same = account(sim)
    await sim.settings(P, cutoff="06:00")

    assert armed(sim) == [] and account(sim) == same


async def test_what_waits_is_paid_when_the_settings_let_it(sim: Sim) -> None:
    """A minimum that is no more, a cadence that was manual, a reserve that is still held."""
    await sim.settings(P, minimum_payout="50", fee_variable="0", fee_fixed="0", reserve="10%/5d")
    post(sim, "capture", 1000)
    post(sim, "refund", 0)
    await sim.advance(days=4)
    kept = armed(sim)

    await sim.settings(P, cadence="manual", minimum_payout="50", cutoff="09:00")
    manual = armed(sim)
    await sim.settings(P, cutoff="10:00")
    await sim.advance(days=7)

    paid = [
        (f"{one.cutoff:%dT%H:%M}", one.amount) for one in sim.app.runtime.open(sim.workspace).every(kinds_of(P).payout)
    ]
    assert (kept, manual) == (["10T00:00"], ["09T09:00"])
    assert paid == [("10T10:00", 100), ("09T10:00", 890)]


# Whatever happens -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_each_booking_stands_in_one_daily_file_whatever_the_settings_become(
    sim: Sim, tmp_path: Any, seed: int
) -> None:
    """A random life with settings that change at any hour: no file that was there is ever another one, the folder has them all,
    and each booking is in the file of one day."""
    sim.app.runtime.reports = tmp_path
    chance, seen = random.Random(seed), dict[str, tuple[str, str]]()
    for step in range(36):
        match chance.choice(("post", "post", "pass", "pass", "set", "set", "pay")):
            case "post":
                post(
                    sim, chance.choice(("capture", "capture", "refund")), chance.randrange(1, 9000), payment=f"p{step}"
                )
            case "pass":
                await sim.advance(hours=chance.choice((1, 7, 12, 24, 30)))
            case "pay":
                await sim.advance(seconds=1)
                (await sim.http.post(f"{sim.path}/payouts", json={"provider": P})).raise_for_status()
            case _:
                zones = ("UTC", "Asia/Tokyo", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York")
                chosen: dict[str, Any] = {"cutoff": f"{chance.randrange(24):02}:00", "time_zone": chance.choice(zones)}
                chosen |= {
                    "cadence": chance.choice(("daily", "weekly", "manual")),
                    "holidays": chance.choice((True, False)),
                }
                await sim.settings(P, **(chosen if chance.random() < 0.8 else {}))
        there = await files(sim)
        assert seen.items() <= there.items(), step
        seen = there
    await sim.settings(P)
    await sim.advance(days=12)

    folder = {path.name: path.read_text() for path in tmp_path.rglob("*.csv")}
    assert folder == {name: text for name, (_, text) in (await files(sim)).items()}
    told = Counter(
        int(line.partition(",")[0])
        for name, text in folder.items()
        for line in text.splitlines()[:-1]
        if name.startswith("day")
    )
    bookings = sim.app.runtime.open(sim.workspace).bookings(P)
    assert set(told.values()) == {1}
    assert {one.number for one in bookings if one.net} <= told.keys()
    known = settling.days_of(sim.app.runtime.open(sim.workspace), P)
    assert (
        len(known.spans) > 2
        and balances.next_cutoff(sim.app.runtime.open(sim.workspace), P) > sim.workspace.clock.now()
    )
