"""Several people move one clock at the same time: it never runs backwards, and none of them is told what is not so."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pressing import page_of, press
from support import STARTED, Sim

from engine.merchant import Merchant
from engine.test_walks import Held, advancing, after, clock
from simulator.kernel.clock import LAST, NO_FURTHER, Clock, iso_millis, time_of_day

YEAR_2070 = "2070-01-01T00:00:00.000Z"


def asking(sim: Sim, path: str, body: Any = None) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(sim.http.post(sim.path + path, json={} if body is None else body))


async def called(sim: Sim, path: str, body: Any = None) -> dict[str, Any]:
    found: dict[str, Any] = (await asking(sim, path, body)).raise_for_status().json()
    return found


async def a_turn() -> None:
    """Everybody who can go on has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


async def going_back(sim: Sim, acme: Merchant) -> tuple[Held, asyncio.Task[httpx.Response]]:
    """A resume at the time of day that waits for a receiver, two hours after the start."""
    await acme.charge("order-1")
    held = Held(sim)
    resume = asking(sim, "/clock/resume", {"real": True})
    await held.begun.wait()
    return held, resume


def said(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


# Back to the time of day ----------------------------------------------------------------------------------------------


async def test_a_reset_ends_the_way_back_to_the_time_of_day(sim: Sim, acme: Merchant) -> None:
    _, resume = await going_back(sim, acme)

    await called(sim, "/reset")

    assert said(await resume) == (422, "invalid", "the workspace was reset meanwhile")


async def test_a_restore_ends_the_way_back_to_the_time_of_day(sim: Sim, acme: Merchant) -> None:
    await called(sim, "/snapshots", {"name": "prepared"})
    _, resume = await going_back(sim, acme)

    await called(sim, "/snapshots/prepared/restore")

    assert said(await resume) == (422, "invalid", "the workspace was restored meanwhile")
    assert (await clock(sim))["now"] == after(sim)


async def test_a_delete_ends_the_way_back_to_the_time_of_day(sim: Sim, acme: Merchant) -> None:
    _, resume = await going_back(sim, acme)

    await sim.http.delete(sim.path)

    assert said(await resume)[:2] == (404, "not_found")


async def test_who_goes_back_after_an_advance_that_goes_further_is_told_that_the_clock_is_ahead(
    sim: Sim, acme: Merchant
) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    walk = asking(sim, "/clock/advance", {"to": YEAR_2070})
    await held.begun.wait()
    resume = asking(sim, "/clock/resume", {"real": True})
    await a_turn()
    held.released.set()

    assert (await walk).status_code == 200
    assert said(await resume)[:2] == (409, "ahead")
    assert await clock(sim) | {"offset_s": 0} == {"now": YEAR_2070, "mode": "frozen", "offset_s": 0}


async def test_a_freeze_far_ahead_on_the_way_back_holds_and_the_clock_does_not_run_backwards(
    sim: Sim, acme: Merchant
) -> None:
    held, resume = await going_back(sim, acme)
    await called(sim, "/clock/freeze", {"at": YEAR_2070})
    held.released.set()

    assert said(await resume)[:2] == (409, "ahead")
    now = await clock(sim)
    assert (now["mode"], now["now"]) == ("frozen", YEAR_2070)


async def test_a_freeze_on_the_way_back_holds_where_it_arrives(sim: Sim, acme: Merchant) -> None:
    held, resume = await going_back(sim, acme)
    await called(sim, "/clock/freeze")
    held.released.set()

    answer = await resume
    now = await clock(sim)
    assert (answer.status_code, answer.json()) == (200, now)
    assert now["mode"] == "frozen"
    assert timedelta(0) <= time_of_day() - sim.workspace.clock.now() < timedelta(minutes=1)


async def test_a_freeze_while_the_way_back_has_to_wait_its_turn_holds(sim: Sim, acme: Merchant) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    walk = await advancing(sim, "3h")
    await held.begun.wait()
    resume = asking(sim, "/clock/resume", {"real": True})
    await a_turn()
    await called(sim, "/clock/freeze")
    held.released.set()

    assert [answer.status_code for answer in await asyncio.gather(walk, resume)] == [200, 200]
    assert (await clock(sim))["mode"] == "frozen"


async def test_a_stop_ends_the_way_back_at_the_deadline_that_it_has_reached(sim: Sim, acme: Merchant) -> None:
    held, resume = await going_back(sim, acme)
    stopped = await called(sim, "/clock/stop")
    held.released.set()

    answer = await resume
    assert (answer.status_code, answer.json()) == (200, stopped)
    now = await clock(sim)
    assert (now["mode"], now["now"]) == ("frozen", after(sim, hours=2))


async def test_a_rate_that_is_given_on_the_way_back_holds_from_where_it_arrives(sim: Sim, acme: Merchant) -> None:
    held, resume = await going_back(sim, acme)
    await called(sim, "/clock/rate", {"rate": 60})
    held.released.set()

    answer = (await resume).raise_for_status().json()
    assert (answer["mode"], answer["rate"]) == ("real", 60)
    assert (await clock(sim))["rate"] == 60
    assert abs(sim.workspace.clock.ahead) < timedelta(hours=1)


async def test_two_who_go_back_together_both_arrive(sim: Sim, acme: Merchant) -> None:
    held, resume = await going_back(sim, acme)
    second = asking(sim, "/clock/resume", {"real": True})
    await a_turn()
    held.released.set()

    answers = [(await one).raise_for_status().json() for one in (resume, second)]
    assert [(one["mode"], one["offset_s"]) for one in answers] == [("real", 0), ("real", 0)]
    events = (await sim.http.get(f"{sim.path}/events", params={"after": "0", "follow": "false"})).text
    assert "clock running" in events


def test_what_is_a_little_ahead_does_not_run_backwards_to_the_time_of_day() -> None:
    little = timedelta(milliseconds=400)
    before = Clock(offset=little, rate=1)

    assert before.at_time_of_day().offset == little
    assert Clock(offset=-little).at_time_of_day().offset == timedelta(0)


# Several advances -----------------------------------------------------------------------------------------------------


async def test_each_of_several_durations_is_added(sim: Sim, acme: Merchant) -> None:
    """It used to be reckoned from when it was asked, so that three of an hour were one hour together."""
    await acme.charge("order-1")
    await sim.advance(minutes=90)
    held = Held(sim)
    three = [await advancing(sim, "1h") for _ in range(3)]
    await held.begun.wait()
    await a_turn()
    held.released.set()

    answers = await asyncio.gather(*three)
    assert [answer.json()["now"] for answer in answers] == [after(sim, hours=hours) for hours in (2.5, 3.5, 4.5)]
    assert (await clock(sim))["now"] == after(sim, hours=4.5)


async def test_a_button_of_the_console_adds_to_where_an_advance_arrives(sim: Sim, acme: Merchant) -> None:
    page = await page_of(sim, "/clock")
    await acme.charge("order-1")
    held = Held(sim)
    first = await advancing(sim, "3h")
    await held.begun.wait()
    pressed = asyncio.create_task(press(sim, page, "advance", by="1h"))
    await a_turn()
    held.released.set()

    await asyncio.gather(first, pressed)
    assert (await clock(sim))["now"] == after(sim, hours=4)


NEARLY_LAST = f"{(LAST - STARTED - timedelta(hours=2, minutes=30)).total_seconds():.0f}s"
"""Two hours after the start it can be added, three hours after it no more."""


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"by": iso_millis(STARTED + timedelta(hours=2, minutes=30))}, "the clock never runs backwards"),
        ({"to": iso_millis(STARTED + timedelta(hours=2, minutes=30))}, "the clock never runs backwards"),
        ({"by": NEARLY_LAST}, f"by: {NO_FURTHER}"),
    ],
)
async def test_who_is_refused_when_their_turn_comes_is_told_by_the_name_of_what_they_gave(
    sim: Sim, acme: Merchant, body: dict[str, str], message: str
) -> None:
    await acme.charge("order-1")
    held = Held(sim)
    first = await advancing(sim, "3h")
    await held.begun.wait()
    second = asking(sim, "/clock/advance", body)
    await a_turn()
    held.released.set()

    assert (await first).status_code == 200
    error = (await second).json()["error"]
    assert ((await second).status_code, [error["field"]], error["message"]) == (422, [*body], message)


# What is sent meanwhile -----------------------------------------------------------------------------------------------


async def sending(sim: Sim, acme: Merchant, path: str, body: Any = None) -> asyncio.Task[httpx.Response]:
    """A call that sends what is due, and waits for the receiver."""
    id_ = await acme.charge("order-1")
    if path == "/webhooks/resend-failed":
        sim.answer = lambda request: httpx.Response(500)
        await called(sim, f"/payments/acme/{id_}/pay")
        await sim.settle()
        held = Held(sim)
    else:
        held = Held(sim)
        await called(sim, f"/payments/acme/{id_}/pay")
    task = asking(sim, path, body)
    await held.begun.wait()
    return task


SENDING = [
    ("/settle", None),
    ("/webhooks/resend-failed", None),
    ("/webhooks/acme/test-event", {"event": "charge.captured"}),
]


@pytest.mark.parametrize(("path", "body"), SENDING)
async def test_who_sends_what_is_due_is_told_of_a_reset(sim: Sim, acme: Merchant, path: str, body: Any) -> None:
    task = await sending(sim, acme, path, body)

    await called(sim, "/reset")

    assert said(await task) == (422, "invalid", "the workspace was reset meanwhile")


@pytest.mark.parametrize(("path", "body"), SENDING)
async def test_who_sends_what_is_due_is_told_of_a_restore(sim: Sim, acme: Merchant, path: str, body: Any) -> None:
    await called(sim, "/snapshots", {"name": "prepared"})
    task = await sending(sim, acme, path, body)

    await called(sim, "/snapshots/prepared/restore")

    assert said(await task) == (422, "invalid", "the workspace was restored meanwhile")


@pytest.mark.parametrize(("path", "body"), SENDING)
async def test_who_sends_what_is_due_is_told_of_a_delete(sim: Sim, acme: Merchant, path: str, body: Any) -> None:
    task = await sending(sim, acme, path, body)

    await sim.http.delete(sim.path)

    assert said(await task)[:2] == (404, "not_found")


async def test_who_waits_for_a_payment_waits_on_over_a_reset(sim: Sim, acme: Merchant) -> None:
    id_ = await acme.charge("order-1")
    held = Held(sim)
    await called(sim, f"/payments/acme/{id_}/pay")
    waiting = asyncio.create_task(sim.http.get(f"{sim.path}/wait", params={"phase": "expired", "timeout": "60s"}))
    await held.begun.wait()

    await called(sim, "/reset")
    held.released.set()
    later = await acme.charge("order-2")
    await called(sim, f"/payments/acme/{later}/expire")

    answer = await waiting
    assert (answer.status_code, answer.json()["id"]) == (200, later)


async def test_a_button_of_the_console_says_that_the_workspace_was_reset(sim: Sim, acme: Merchant) -> None:
    page = await page_of(sim, "/clock")
    await acme.charge("order-1")
    held = Held(sim)
    pressed = asyncio.create_task(press(sim, page, "back-to-real"))
    await held.begun.wait()

    await called(sim, "/reset")

    told = await sim.http.get((await pressed).headers["location"])
    assert "the workspace was reset meanwhile" in told.text
