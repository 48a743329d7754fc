"""Documents that are large, or that others come between while they are read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from support import Sim
from toy.acme import TALKATIVE

from engine.merchant import Merchant
from engine.test_transfer import bring, export, lived_in
from simulator.engine import document, validation
from simulator.engine.arrivals import Arrivals
from simulator.kernel.refusals import Invalid
from simulator.kernel.shapes import MEMBERS


@pytest.fixture
async def elsewhere() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


@pytest.mark.uncounted
def test_of_a_list_without_end_the_first_fault_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """To put each into words keeps everybody waiting."""
    looked_at = list[int]()
    found = validation._violations

    def counted(model: Any, data: Any, errors: Any) -> Any:
        looked_at.append(len(errors))
        return found(model, data, errors)

    monkeypatch.setattr(validation, "_violations", counted)
    wrong = {"tables": {"resources": [{}] * 3000, "journal": [{}] * 3000}, "workspace": {"paused": [1] * 3000}}

    with pytest.raises(ValidationError) as refused:
        document.Document.model_validate(wrong)
    with pytest.raises(Invalid):
        validation.validate(document.Document, wrong)

    assert refused.value.error_count() < 30
    assert looked_at == [refused.value.error_count()]


async def test_an_object_with_members_without_end_is_refused(elsewhere: Sim) -> None:
    document = await export(elsewhere)
    document["tables"]["resources"] = [{f"m{n}": 1 for n in range(MEMBERS + 1)}]

    refused = await bring(elsewhere, document)

    assert refused.status_code == 422
    assert f"{MEMBERS:,} members" in refused.json()["error"]["message"]


async def test_others_have_their_turn_while_a_large_document_arrives(elsewhere: Sim) -> None:
    sim = elsewhere
    await lived_in(sim, Merchant(sim))
    document = await export(sim)
    journal = document["tables"]["journal"]
    document["tables"]["journal"] = [{**row, "seq": n} for n, row in enumerate(journal * (4000 // len(journal)))]
    arriving = asyncio.ensure_future(bring(sim, document))
    turns = 0

    while not arriving.done():
        await asyncio.sleep(0.001)
        turns += 1

    assert (await arriving).status_code == 201
    assert turns > 10


async def test_a_name_that_was_taken_while_a_document_was_read_is_another_ones(
    elsewhere: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two bring the same document at once, and somebody makes a workspace of its name meanwhile."""
    sim = elsewhere
    await lived_in(sim, Merchant(sim))
    document = await export(sim)
    document["workspace"]["name"] = "mine"
    written, called = Arrivals._written, list[str]()

    def meanwhile(self: Arrivals, *given: Any) -> Any:
        called.append(given[1].name)
        return written(self, *given)

    monkeypatch.setattr(Arrivals, "_written", meanwhile)

    async def made() -> httpx.Response:
        while not called:  # noqa: ASYNC110 - a thread says so
            await asyncio.sleep(0)
        return await sim.http.post("/_sim/workspaces", json={"name": "mine"})

    first, second, other = await asyncio.gather(bring(sim, document), bring(sim, document), made())

    assert (first.status_code, second.status_code, other.status_code) == (201, 201, 201)
    assert len({answer.json()["name"] for answer in (first, second, other)}) == 3
    assert len({json.dumps(answer.json()["credentials"]) for answer in (first, second, other)}) == 3
