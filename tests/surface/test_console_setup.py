"""The console's settings and workspaces."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator

import pytest
from pressing import page_of, press
from support import Sim
from toy.acme import ACME

from simulator.providers import built_in


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[*built_in(), ACME]) as simulator:
        yield simulator


PROVIDERS = [provider.name for provider in (*built_in(), ACME)]


@pytest.mark.parametrize("section", [*PROVIDERS, "simulator"])
async def test_each_setting_has_a_field_with_its_help(sim: Sim, section: str) -> None:
    listed = (await sim.http.get("/_sim/providers")).json()["data"]
    settings = next(entry["settings"] for entry in listed if entry["name"] == section)

    page = html.unescape(await page_of(sim, f"/settings?section={section}"))

    assert all(f'id="s-{setting["name"]}"' in page and setting["about"] in page for setting in settings)


async def test_settings_are_saved_with_their_types_and_refused_in_words(sim: Sim) -> None:
    page = await page_of(sim, "/settings?section=simulator")
    await press(sim, page, "save-settings", **{"retry_factor:json": "0.5"})
    saved = (await sim.http.get(sim.path)).json()["settings"]["simulator"]

    refused = await press(sim, page, "save-settings", **{"retry_factor:json": '"abc"'})

    assert saved == {"retry_factor": 0.5}
    assert 'data-testid="refusal"' in (await sim.http.get(refused.headers["location"])).text
    assert (await sim.http.get(sim.path)).json()["settings"]["simulator"] == saved


async def test_the_settings_page_says_what_is_kept_and_what_was_dropped(sim: Sim) -> None:
    for _ in range(3):
        await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    for one in (await sim.http.get(f"{sim.path}/payments")).json()["data"]:
        await sim.act("acme", one["id"], "pay")
    before = await page_of(sim, "/settings?section=simulator")
    await press(sim, before, "save-settings", **{"keep:json": '{"payments": 1}'})

    sim.app.runtime.keeper.run()

    after = await page_of(sim, "/settings?section=simulator")
    assert 'data-testid="kept" data-dropped="0"' in before
    assert "200,000" in before
    assert 'data-testid="kept" data-dropped="2"' in after


@pytest.mark.parametrize(("typed", "left"), [("", 1), ("another", 1), (None, 0)])
async def test_a_reset_wants_the_name(sim: Sim, typed: str | None, left: int) -> None:
    await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    name = sim.workspace.name if typed is None else typed

    await press(sim, await page_of(sim, "/settings"), "reset", typed=name)

    assert len((await sim.http.get(f"{sim.path}/payments")).json()["data"]) == left


async def test_a_workspace_is_made_and_deleted_by_its_name(sim: Sim) -> None:
    page = (await sim.http.get("/console/workspaces")).text
    made = await press(sim, page, "create-workspace", name="bug-4417", **{"clock.mode": "frozen"})
    listed = (await sim.http.get("/console/workspaces")).text
    await press(sim, listed, "delete-workspace", typed="not it")
    kept = (await sim.http.get("/_sim/workspaces/bug-4417")).status_code
    await press(sim, listed, "delete-workspace", typed="bug-4417", must_be="bug-4417")

    assert made.headers["location"] == "/console/bug-4417/payments"
    assert 'data-name="bug-4417"' in listed
    assert kept == 200
    assert (await sim.http.get("/_sim/workspaces/bug-4417")).status_code == 404
