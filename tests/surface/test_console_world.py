"""The console's clock, scenarios, buyers and what can be done with a payment: each button is a control call."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from merchant import Merchant
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def _clock(sim: Sim) -> dict[str, str]:
    found: dict[str, str] = (await sim.http.get(f"{sim.path}/clock")).json()
    return found


async def test_the_clock_is_frozen_moved_and_let_run(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/clock"), "mode-frozen")
    before = await _clock(sim)
    await press(sim, await page_of(sim, "/clock"), "advance-12h")
    moved = await _clock(sim)
    page = await page_of(sim, "/clock")
    await press(sim, page, "mode-running")

    assert (before["mode"], moved["mode"], (await _clock(sim))["mode"]) == ("frozen", "frozen", "real")
    assert moved["now"] > before["now"]
    assert "12 hours" in page


async def test_the_page_of_the_clock_lists_what_falls_due_in_words(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()

    page = await page_of(sim, "/clock")

    assert re.search(r'data-testid="timer" data-due="[^"]+" data-kind="timer\.', page)
    assert "Charge expires: PENDING becomes EXPIRED" in page
    assert charge in page


async def test_a_jump_goes_to_the_timer_and_fires_it(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()

    await press(sim, await page_of(sim, "/clock"), "jump-here")

    assert (await sim.payment("acme", charge))["phase"] == "expired"


async def test_what_is_no_time_is_refused_beside_the_field(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/clock"), "advance", by="soon")

    shown = (await sim.http.get(answer.headers["location"])).text

    assert "is not a duration" in shown


@pytest.mark.parametrize(
    ("query", "scope"),
    [("", {"next": 1}), ("?scope=5", {"next": 5}), ("?scope=all&provider=acme", {"provider": "acme"})],
)
async def test_a_scenario_is_armed_in_the_scope_of_the_address(sim: Sim, query: str, scope: dict[str, object]) -> None:
    await press(sim, await page_of(sim, f"/scenarios{query}"), "arm")

    (armed,) = (await sim.http.get(f"{sim.path}/scenario")).json()["data"]
    assert {name: value for name, value in armed["scope"].items() if name != "payments"} == scope
    page = await page_of(sim, "/payments")
    assert 'data-testid="armed-chip"' in page
    await press(sim, await page_of(sim, "/scenarios"), "disarm")
    assert (await sim.http.get(f"{sim.path}/scenario")).json()["data"] == []


async def test_a_buyer_is_changed_and_the_ledger_told(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    slug = "li-na"

    await press(
        sim, await page_of(sim, f"/buyers/{slug}"), "save-buyer", name_en="Li Na", balance="12345", blocked="true"
    )

    page = await page_of(sim, f"/buyers/{slug}")
    assert "¥\xa0123.45" in await page_of(sim, "/buyers")
    assert "paid" in page
    buyers = {buyer["slug"]: buyer for buyer in (await sim.http.get(f"{sim.path}/buyers")).json()["data"]}
    assert (buyers[slug]["balance"]["value"], buyers[slug]["blocked"]) == (12345, True)


async def test_an_unknown_buyer_is_a_page_that_says_so(sim: Sim) -> None:
    assert (await sim.http.get(f"{console(sim)}/buyers/nobody")).status_code == 404


async def test_a_test_payment_is_made_and_its_wallet_page_opens(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/payments"), "make-submit", provider="acme")

    assert answer.status_code == 303
    (made,) = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert answer.headers["location"] == f"/w/{made['wallet']['code']}"
    assert (await sim.http.get(answer.headers["location"])).status_code == 200


async def test_a_payment_is_marked_and_refunded_from_its_page(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    page = await page_of(sim, f"/payments/{charge}")
    marks = re.findall(r'data-testid="(mark-wallet\.[a-z]+)"', page)

    await press(sim, page, marks[0])
    paid = await page_of(sim, f"/payments/{charge}")
    await press(sim, paid, "refund-submit", amount="300")

    payment = await sim.payment("acme", charge)
    assert (payment["decided_by"], payment["refunded"]["value"]) == ("console", 300)


async def test_more_than_is_left_is_refused_in_words(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).paid()

    answer = await press(sim, await page_of(sim, f"/payments/{charge}"), "refund-submit", amount="999999")

    assert "At most ¥\xa010.00 can be refunded." in (await sim.http.get(answer.headers["location"])).text


async def test_what_waits_is_said_above_the_payments(sim: Sim) -> None:
    before = await page_of(sim, "/payments")
    await Merchant(sim, ACME).create()

    page = await page_of(sim, "/payments")

    assert "attention-waiting" not in before
    assert re.search(r'data-testid="attention-waiting" data-n="1"', page)
    assert 'data-testid="attention-timer"' in page
