"""The page of the scenarios: groups, for which payments one is armed, and the amounts that always hold."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator

import pytest
from pressing import page_of, press
from support import Sim

from simulator.engine.texts import Texts
from simulator.providers import built_in
from simulator.surface.app import load_scenarios
from simulator.surface.settings import Settings


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim() as simulator:
        yield simulator


ANY = built_in()[0]
KNOWN = load_scenarios(Settings(), built_in()).known
NAMED = KNOWN.named
AMOUNTS = {name: scenario.description for name, scenario in KNOWN.documented.items()}


def test_the_catalogue_says_in_english_what_the_files_say() -> None:
    texts = Texts("en")

    told = {name: (texts(f"scenarios_title_{name}"), texts(f"scenarios_about_{name}")) for name in NAMED}

    assert told == {name: (scenario.title, scenario.description) for name, scenario in NAMED.items()}
    assert {name: texts(f"scenarios_amounts_{name}") for name in AMOUNTS} == AMOUNTS


async def test_what_decides_an_amount_is_told_in_the_language_of_the_page(sim: Sim) -> None:
    page = html.unescape(await page_of(sim, "/scenarios?amounts=all&lang=zh"))

    assert [about for about in AMOUNTS.values() if about in page] == []


async def test_every_scenario_stands_in_one_group_and_can_be_armed(sim: Sim) -> None:
    page = await page_of(sim, "/scenarios")

    shown = re.findall(r'data-testid="scenario-([a-z0-9-]+)"', page)
    assert sorted(shown) == sorted(sim.app.runtime.scenarios.known.named)
    assert page.count('data-testid="arm"') == len(shown)
    assert all(f"<h2>{title}</h2>" in page for title in ("The buyer", "Time and order", "Faults"))


async def test_it_is_armed_for_the_payments_that_the_address_names(sim: Sim) -> None:
    page = await page_of(sim, f"/scenarios?scope=5&provider={ANY.name}&amount=1100&reference=ORD-*&currency=EUR")

    await press(sim, page, "arm")

    (armed,) = (await sim.http.get(f"{sim.path}/scenario")).json()["data"]
    assert armed["scope"]["match"] == {"amount": 1100, "reference": "ORD-*", "currency": "EUR"}
    assert (armed["scope"]["next"], armed["scope"]["provider"]) == (5, ANY.name)
    told = re.sub(r"<[^>]+>", "", await page_of(sim, "/scenarios"))
    assert re.search(
        rf"Armed: [^,]+, next 5 payments · {ANY.title} · amount 1100 · reference ORD-\* · currency EUR", told
    )


async def test_an_amount_that_is_none_is_refused_on_the_page(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/scenarios?amount=much"), "arm")

    assert "scope.match.amount" in (await sim.http.get(answer.headers["location"])).text


async def test_the_chip_says_for_how_many_and_goes_when_they_have_come(sim: Sim) -> None:
    await sim.http.put(f"{sim.path}/scenario", json={"name": "slow-wallet", "scope": {"next": 1}})
    before = await page_of(sim, "/payments")

    (await sim.http.post(f"{sim.path}/payments", json={"provider": ANY.name})).raise_for_status()

    assert "Armed: Slow wallet, next payment" in before
    assert 'data-testid="armed-chip"' not in await page_of(sim, "/payments")
    assert 'data-testid="armed"' not in await page_of(sim, "/scenarios")


async def test_disarming_is_one_press(sim: Sim) -> None:
    await sim.http.put(f"{sim.path}/scenario", json={"name": "slow-wallet"})

    await press(sim, await page_of(sim, "/scenarios"), "disarm")

    assert (await sim.http.get(f"{sim.path}/scenario")).json()["data"] == []


async def test_all_test_amounts_are_listed_with_where_they_come_from(sim: Sim) -> None:
    few, every = await page_of(sim, "/scenarios"), await page_of(sim, "/scenarios?amounts=all")

    documented = sim.app.runtime.scenarios.known.documented
    rules = sum(len(scenario.rules) for scenario in documented.values())
    sources = re.findall(r'data-testid="amounts" data-source="([a-z]+)"', every)
    assert every.count("<dt><code>") == rules > few.count("<dt><code>")
    assert sorted(sources) == sorted(scenario.source for scenario in documented.values())
    assert f"All {rules}" in few


@pytest.mark.parametrize(("language", "said"), [("en", "its signature names no time"), ("zh", "其签名不含时间")])
async def test_what_is_armed_says_where_nothing_of_it_is_to_be_seen(language: str, said: str) -> None:
    timeless = [one.title for one in built_in() if not one.webhooks.forging.signs_time]
    async with Sim() as sim:
        armed = await sim.http.put(f"{sim.path}/scenario", json={"rules": [{"webhooks": {"stale": "PT10M"}}]})
        page = (await sim.http.get(f"/console/{sim.workspace.name}/scenarios?lang={language}")).text

    told = re.findall(r'data-testid="not-shown">([^<]+)<', page)
    assert armed.status_code == 200, armed.text
    assert [title for title in timeless if not any(title in one for one in told)] == []
    assert told and all(said in one for one in told)
