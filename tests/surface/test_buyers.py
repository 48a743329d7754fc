"""A test buyer is copied, made as in the beginning, and made the one who pays where nobody is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def _act(sim: Sim, who: str, act: str, **body: Any) -> dict[str, Any]:
    answer = await sim.http.post(f"{sim.path}/buyers/{who}/{act}", json=body)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def _buyer(sim: Sim, slug: str) -> dict[str, Any]:
    found = {buyer["slug"]: buyer for buyer in (await sim.http.get(f"{sim.path}/buyers")).json()["data"]}
    return dict(found[slug])


async def test_a_copy_has_all_but_the_ledger_and_the_next_free_slug(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    original = await _buyer(sim, "li-na")

    first, second = await _act(sim, "li-na", "copy"), await _act(sim, "li-na", "copy")

    assert (first["slug"], second["slug"], first["name_en"]) == ("li-na-2", "li-na-3", "Li Na 2")
    assert original["ledger"]
    assert first == {**original, "slug": "li-na-2", "name_en": "Li Na 2", "name_zh": "李娜 2", "ledger": []}


async def test_a_copy_may_have_a_slug_that_is_free(sim: Sim) -> None:
    await _act(sim, "li-na", "copy", slug="vip")

    taken = await sim.http.post(f"{sim.path}/buyers/li-na/copy", json={"slug": "vip"})
    none = await sim.http.post(f"{sim.path}/buyers/li-na/copy", json={"slug": "no way"})

    assert (taken.status_code, taken.json()["error"]["code"]) == (409, "taken")
    assert (none.status_code, none.json()["error"]["field"]) == (422, "slug")


@pytest.mark.parametrize("slug", ["li-na", "zhang-min", "wang-wei"])
async def test_a_reset_buyer_is_as_in_the_beginning(sim: Sim, slug: str) -> None:
    beginning = await _buyer(sim, slug)
    await sim.http.put(
        f"{sim.path}/buyers/{slug}", json={"balance": 1, "name_en": "X", "blocked": True, "daily_limit": 9}
    )
    await sim.advance(days=3)

    again = await _act(sim, slug, "reset")

    assert again == beginning == await _buyer(sim, slug)


async def test_a_reset_copy_is_as_the_original_was_and_keeps_its_name(sim: Sim) -> None:
    await _act(sim, "wang-wei", "copy", slug="poor")
    await sim.http.put(f"{sim.path}/buyers/poor", json={"balance": 99, "name_en": "Poor"})

    again = await _act(sim, "poor", "reset")

    assert (again["balance"]["value"], again["name_en"]) == (500, "Poor")


async def test_who_was_added_is_reset_to_somebody_new(sim: Sim) -> None:
    made = (await sim.http.put(f"{sim.path}/buyers/vip", json={"name_en": "V", "blocked": True})).json()

    again = await _act(sim, "vip", "reset")

    assert again == {**made, "blocked": False}


async def test_the_default_buyer_pays_where_nobody_is_named(sim: Sim) -> None:
    await _act(sim, "chen-jie", "default")
    charge = await Merchant(sim, ACME).create()

    paid = (await sim.http.post(f"{sim.path}/payments/acme/{charge}/pay", json={})).json()

    assert paid["decided_by"] == "buyer:chen-jie"
    assert (await sim.http.get(sim.path)).json()["default_buyer"] == "chen-jie"


async def test_the_default_buyer_is_shown_to_a_browser_that_remembers_nobody(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    wallet = (await sim.payment("acme", charge))["wallet"]["url"] + "?view=phone"
    before = (await sim.http.get(wallet)).text

    await _act(sim, "zhao-lei", "default")

    assert "Li Na" in before
    assert "Zhao Lei" in (await sim.http.get(wallet)).text


async def test_a_reset_of_the_workspace_takes_the_default_back(sim: Sim) -> None:
    await _act(sim, "chen-jie", "default")

    await sim.http.post(f"{sim.path}/reset")

    assert (await sim.http.get(sim.path)).json()["default_buyer"] == "li-na"


@pytest.mark.parametrize("act", ["copy", "reset", "default"])
async def test_nobody_cannot_be_changed(sim: Sim, act: str) -> None:
    answer = await sim.http.post(f"{sim.path}/buyers/nobody/{act}", json={})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
