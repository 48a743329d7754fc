"""The page of the clock: what would fire, how it was moved, how fast it runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from merchant import Merchant
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME

from simulator.engine.provider import Provider
from simulator.engine.texts import Texts, languages
from simulator.providers import built_in
from simulator.surface.console.clock import PAGE


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def test_a_step_marks_the_timers_that_it_would_fire_and_draws_the_line_behind_them(sim: Sim) -> None:
    """The toy's charges expire after two hours."""
    await Merchant(sim, ACME).create("first")
    await sim.advance(minutes=90)
    await Merchant(sim, ACME).create("second")

    page = await page_of(sim, "/clock?step=1h")

    places = [page.index(part) for part in (" data-marked>", 'data-testid="stands"', ">second<")]
    assert page.count(" data-marked>") == 1
    assert places == sorted(places)
    assert "+ 1 hour would fire the marked one" in page
    assert "the clock would stand here after + 1 hour" in page


async def test_a_clock_without_timers_says_where_they_come_from_and_leads_there(sim: Sim) -> None:
    page = await page_of(sim, "/clock")

    assert "Timers appear for open orders, retries and settlements." in page
    assert ">Make a test payment</a>" in page


async def test_a_step_that_fires_nothing_says_so(sim: Sim) -> None:
    await Merchant(sim, ACME).create()

    page = await page_of(sim, "/clock?step=1m")

    assert " data-marked>" not in page
    assert "+ 1 min would fire nothing" in page


async def test_a_timer_is_told_with_its_states_its_reference_and_its_date_where_that_is_another_day(sim: Sim) -> None:
    await sim.advance(hours=18, minutes=30)
    await Merchant(sim, ACME).create("ORD-1")

    page = await page_of(sim, "/clock")

    assert "Charge expires: PENDING becomes EXPIRED" in page
    assert ">ORD-1<" in page
    assert "05 Mar 01:30:00" in page


async def test_a_retry_says_which_try_it_is(sim: Sim) -> None:
    sim.answer = lambda request: httpx.Response(500)
    await sim.receive_webhooks("acme")
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "pay")
    await sim.settle()

    assert re.search(r"Send \S+ again, try 2", await page_of(sim, "/clock"))


@pytest.mark.parametrize(("lang", "words"), [("en", "in 1 h 30 min"), ("zh", "1 小时 30 分后")])
async def test_how_far_a_timer_is_stands_short_and_in_the_language_of_the_page(sim: Sim, lang: str, words: str) -> None:
    """The toy's charges expire after two hours."""
    await Merchant(sim, ACME).create()
    await sim.advance(minutes=30)

    page = await page_of(sim, f"/clock?lang={lang}")

    assert words in re.sub("[\u2066-\u2069]", "", page)


async def test_the_travel_log_tells_each_move_with_what_came_of_it_the_last_one_first(sim: Sim) -> None:
    await Merchant(sim, ACME).create()
    await sim.advance(hours=3)
    await press(sim, await page_of(sim, "/clock"), "rate-60")

    rows = re.findall(r'data-testid="travel-row">(.*?)</li>', await page_of(sim, "/clock"), re.S)

    assert "Running at ×60" in rows[0]
    assert "Advanced 3 hours" in rows[1]
    assert "1 timer fired" in rows[1]


async def test_what_a_reset_has_dropped_is_no_travel_and_later_ones_are(sim: Sim) -> None:
    await sim.advance(hours=3)
    await sim.http.post(f"{sim.path}/reset")
    before = await page_of(sim, "/clock")

    await sim.advance(hours=4)

    after = await page_of(sim, "/clock")
    assert "Advanced 3 hours" not in before + after
    assert "Advanced 4 hours" in after


async def test_a_fast_clock_is_amber_and_says_how_fast(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/clock"), "rate-3600")

    page = await page_of(sim, "/payments")

    chip = re.search(r'<a class="([^"]*)"[^>]*data-testid="clock-chip".*?</a>', page, re.S)
    assert chip is not None
    assert chip[1] == "chip"
    assert "×3600" in chip[0]


@pytest.mark.parametrize("by", ["2 h 30 min", "2h30m", "PT2H30M"])
async def test_a_free_duration_is_written_as_one_likes(sim: Sim, by: str) -> None:
    before = sim.workspace.clock.now()

    await press(sim, await page_of(sim, "/clock"), "advance", by=by)

    assert sim.workspace.clock.now() - before == timedelta(hours=2, minutes=30)


async def test_a_free_duration_may_be_an_instant(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/clock"), "advance", by="2026-12-24T18:00:00Z")

    assert sim.workspace.clock.now().isoformat() == "2026-12-24T18:00:00+00:00"


async def test_an_advance_is_stopped_at_the_deadline_that_it_has_reached(sim: Sim) -> None:
    held, reached = asyncio.Event(), asyncio.Event()

    async def receive(request: httpx.Request) -> httpx.Response:
        reached.set()
        await held.wait()
        return httpx.Response(200)

    await sim.receive_webhooks("acme")
    await Merchant(sim, ACME).create()
    await sim.settle()
    sim.answer = receive
    began = sim.workspace.clock.now()
    advance = asyncio.create_task(sim.http.post(f"{sim.path}/clock/advance", json={"by": "12h"}))
    await reached.wait()
    page = await page_of(sim, "/clock")

    await press(sim, page, "stop-advance")
    held.set()

    answer = (await advance).json()
    assert "The clock is being advanced by 12 hours." in page
    assert sim.workspace.clock.now() - began == timedelta(hours=2)
    assert [fired["kind"] for fired in answer["fired"]] == ["timer.expired", "webhook"]
    assert answer["now"] == (await sim.http.get(f"{sim.path}/clock")).json()["now"]


async def test_there_is_nothing_to_stop_where_nobody_advances(sim: Sim) -> None:
    answer = await sim.http.post(f"{sim.path}/clock/stop")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_advancing")


async def test_fifty_timers_are_a_page_and_the_next_ones_another(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    for number in range(PAGE + 2):
        await merchant.create(f"order-{number}")
    page = await page_of(sim, "/clock")
    later = re.search(r'href="([^"]+)" data-testid="older"', page)

    assert later is not None
    rest = await sim.http.get(f"{console(sim)}/clock" + later[1].replace("&amp;", "&").partition("/clock")[2])

    assert [each.count('data-testid="timer"') for each in (page, rest.text)] == [PAGE, 2]


async def test_the_control_api_tells_timers_and_what_fired_in_words(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create("ORD-1")

    (timer,) = (await sim.http.get(f"{sim.path}/timers")).json()["data"]
    (fired,) = await sim.advance(hours=3)

    assert timer["summary"] == "Charge expires: PENDING becomes EXPIRED"
    assert (timer["from"], timer["to"], timer["payment"], timer["reference"]) == ("PENDING", "EXPIRED", charge, "ORD-1")
    assert "charge PENDING > EXPIRED" in fired["summary"]


def unnamed(provider: Provider) -> list[str]:
    """The texts that are missing for what expires at a provider, each with the file where it belongs."""
    kinds = [
        name
        for name, kind in provider.kinds.items()
        if kind.MACHINE is not None
        and any(trigger in ("timer.expired", "timer.expired_as_declined") for trigger, _ in kind.MACHINE.moves)
    ]
    keys = [f"clock_kind_{re.sub('[.-]', '_', kind)}" for kind in kinds]
    return [
        f"simulator/providers/{provider.name}/texts/{language}.json has no {key}"
        for language in languages
        for key in keys
        if not Texts(language).has(key)
    ]


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
def test_what_expires_is_named_in_both_languages(provider: Provider) -> None:
    """Not by the provider's own name of the kind, which is English and not always a word."""
    assert unnamed(provider) == []


def test_a_name_that_is_missing_is_told_with_its_file() -> None:
    places = [f"simulator/providers/acme/texts/{language}.json" for language in ("en", "zh")]

    assert unnamed(ACME) == [f"{place} has no clock_kind_charge" for place in places]


async def test_jumping_to_a_timer_fires_it_though_its_instant_is_told_without_microseconds(sim: Sim) -> None:
    """A clock that ran when the order was made stands between two milliseconds."""
    began = (sim.workspace.clock.now() + timedelta(seconds=1)).replace(microsecond=345_678)
    sim.app.runtime.change_workspace(sim.workspace, clock=sim.workspace.clock.frozen(began))
    await Merchant(sim, ACME).create()
    page = await page_of(sim, "/clock")
    due = re.findall(r'data-due="([^"]+)"', page)

    await press(sim, page, "jump-here")

    assert due and due[0].endswith(".345Z")
    assert f'data-due="{due[0]}"' not in await page_of(sim, "/clock")


async def test_a_date_names_no_english_month_in_chinese(sim: Sim) -> None:
    """On the chip of every page, and where a timer falls due on another day."""
    late = sim.workspace.clock.now().replace(hour=23, minute=30)
    sim.app.runtime.change_workspace(sim.workspace, clock=sim.workspace.clock.frozen(late))
    await Merchant(sim, ACME).create()

    english, chinese = await page_of(sim, "/clock?lang=en"), await page_of(sim, "/clock?lang=zh")

    assert f"{late:%d %b} 23:30:00" in english
    assert f"{late:%m-%d} 23:30:00" in chinese
    assert f"{late + timedelta(hours=2):%m-%d} 01:30:00" in chinese
    assert f"{late:%b} " not in chinese


async def test_a_clock_that_is_behind_goes_back_to_the_time_of_day(sim: Sim) -> None:
    """What falls due on the way is done; a clock that is ahead is offered no way back, for time never runs backwards."""
    await sim.receive_webhooks("acme")
    await Merchant(sim, ACME).create()

    answer = await press(sim, await page_of(sim, "/clock"), "back-to-real")
    clock = (await sim.http.get(f"{sim.path}/clock")).json()
    [payment] = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    await sim.advance(hours=3)
    refused = await sim.http.post(f"{sim.path}/clock/resume", json={"real": True})

    assert (answer.status_code, clock["mode"], clock["offset_s"], payment["phase"]) == (303, "real", 0, "expired")
    assert 'data-testid="back-to-real"' not in await page_of(sim, "/clock")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "ahead")
