"""The console's quick start, settings and workspaces."""

from __future__ import annotations

import html
import itertools
import re
import shlex
from collections.abc import AsyncIterator

import pytest
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME

from simulator.providers import built_in


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[*built_in(), ACME]) as simulator:
        yield simulator


PROVIDERS = [provider.name for provider in (*built_in(), ACME)]


def _done(page: str) -> list[str]:
    return re.findall(r'data-testid="step-\d" data-done="(\w+)"', page)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_first_call_that_is_shown_makes_a_payment(sim: Sim, provider: str) -> None:
    """With this workspace's own credentials, as cURL would send it."""
    before = await page_of(sim, f"/start/{provider}")
    sample = re.search(r'data-copy="(curl -X [^"]+)"', before)
    assert sample is not None
    words = shlex.split(html.unescape(sample[1]).replace("\\\n", " "))
    pairs = list(itertools.pairwise(words))
    headers = dict(value.split(": ", 1) for flag, value in pairs if flag == "-H")
    body = next((value for flag, value in pairs if flag == "-d"), "")

    answer = await sim.http.request(words[2], words[3], headers=headers, content=body.encode())

    assert answer.status_code < 300, answer.text
    await sim.advance(seconds=1)
    after = await page_of(sim, f"/start/{provider}")
    assert (_done(before), _done(after)[:2]) == (["false"] * 4, ["true", "true"])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_every_provider_can_be_done_for_me(sim: Sim, provider: str) -> None:
    answer = await press(sim, await page_of(sim, f"/start/{provider}"), "do-it")

    assert answer.status_code == 303
    assert _done(await page_of(sim, f"/start/{provider}"))[:2] == ["true", "true"]


async def test_a_refused_first_call_is_shown_with_the_way_to_its_reason(sim: Sim) -> None:
    key = sim.credentials("acme")["key"]
    answer = await sim.http.post("/acme/charges", json={}, headers={"authorization": f"Acme {key}"})

    assert answer.status_code >= 400
    assert f"{console(sim)}/requests/req_" in await page_of(sim, "/start/acme")


async def test_an_unknown_provider_has_no_quick_start(sim: Sim) -> None:
    assert (await sim.http.get(f"{console(sim)}/start/nobody")).status_code == 404


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
