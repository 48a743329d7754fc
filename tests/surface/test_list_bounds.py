"""No list that a caller can lengthen grows without end: what is one too many is refused in words, and nothing has happened."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from support import Sim

from simulator.engine import endpoints, keeping, registry, workspace
from simulator.engine.journal import BODY_LIMIT
from simulator.engine.watchers import Audience
from simulator.providers import built_in
from simulator.surface.control import audits, scenarios
from simulator.surface.inbox import INBOX, Received
from simulator.wallet import buyers


@pytest.fixture
async def sim() -> Any:
    async with Sim() as simulator:
        yield simulator


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def test_so_many_workspaces_are_made_and_no_more_whichever_way(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (await sim.http.get(f"{sim.path}/export")).json()
    monkeypatch.setattr(registry, "WORKSPACES", len(sim.app.runtime.workspaces()) + 1)
    made = await sim.http.post("/_sim/workspaces", json={})

    more = await sim.http.post("/_sim/workspaces", json={})
    brought = await sim.http.post("/_sim/workspaces/import", json=document)
    await sim.http.delete(f"/_sim/workspaces/{made.json()['id']}")
    again = await sim.http.post("/_sim/workspaces", json={})

    assert [refusal(more), refusal(brought)] == [(409, "too_much")] * 2
    assert [made.status_code, again.status_code] == [201, 201]


async def test_the_snapshots_of_all_workspaces_are_bounded_together(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    other = (await sim.http.post("/_sim/workspaces", json={})).json()["id"]
    for path in (sim.path, f"/_sim/workspaces/{other}"):
        await sim.http.put(f"{path}/buyers/new", json={})
    first = await sim.http.post(f"{sim.path}/snapshots", json={})
    monkeypatch.setattr(registry, "ROWS_IN_ALL", sim.app.runtime.store.rows_of_all_snapshots(1000))

    refused = await sim.http.post(f"/_sim/workspaces/{other}/snapshots", json={})
    await sim.http.delete(f"{sim.path}/snapshots/{first.json()['name']}")
    again = await sim.http.post(f"/_sim/workspaces/{other}/snapshots", json={})

    assert first.status_code == 201
    assert refusal(refused) == (409, "too_much")
    assert again.status_code == 201


async def test_so_many_buyers_are_added_to_the_eight(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buyers, "ADDED", 2)
    added = [
        await sim.http.put(f"{sim.path}/buyers/new", json={}),
        await sim.http.post(f"{sim.path}/buyers/new/copy", json={}),
    ]

    refused = [
        await sim.http.put(f"{sim.path}/buyers/newer", json={}),
        await sim.http.post(f"{sim.path}/buyers/li-na/copy", json={}),
    ]
    known = [await sim.http.put(f"{sim.path}/buyers/{slug}", json={"balance": 1}) for slug in ("new", "li-na")]

    assert [answer.status_code for answer in (*added, *known)] == [200, 201, 200, 200]
    assert [refusal(answer) for answer in refused] == [(409, "too_much")] * 2
    assert len((await sim.http.get(f"{sim.path}/buyers")).json()["data"]) == 8 + 2


@pytest.mark.parametrize("next_", [0, True, scenarios.NEXT + 1, 10**30, 1.0, "2"])
async def test_a_scenario_is_armed_for_so_many_payments_at_most(sim: Sim, next_: Any) -> None:
    """Which payments they were is written with their workspace, with each payment."""
    body = {"rules": [{"api": {"status": 500}}], "scope": {"next": next_}}

    refused = await sim.http.put(f"{sim.path}/scenario", json=body)

    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "scope.next")


async def test_rules_of_armed_scenarios_are_bounded_in_number_and_in_size(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = {"api": {"status": 500, "body": {"text": "x" * 100}}}
    monkeypatch.setattr(scenarios, "ARMED_SIZE", 1000)

    many = await sim.http.put(f"{sim.path}/scenario", json={"rules": [rule] * (scenarios.RULES + 1)})
    large = await sim.http.put(f"{sim.path}/scenario", json={"rules": [rule] * 10})
    small = await sim.http.put(f"{sim.path}/scenario", json={"rules": [rule]})

    assert (many.status_code, many.json()["error"]["field"]) == (422, "rules")
    assert refusal(large) == (409, "too_much")
    assert small.status_code == 200


async def test_so_many_connections_listen_and_wait_and_the_next_is_told(
    sim: Sim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audience, "MOST", 1)
    payment = (await sim.http.post(f"{sim.path}/payments", json={"provider": built_in()[0].name})).json()
    page = f"/w/{payment['wallet']['code']}/events"
    calls = [f"{sim.path}/events?follow=false", f"{sim.path}/wait?phase=paid&timeout=0s"]
    free = [(await sim.http.get(path)).status_code for path in calls]

    with sim.app.runtime.audience.present():
        full = [await sim.http.get(path) for path in calls]
        told = await sim.http.get(page)

    assert free == [200, 408]
    assert [refusal(answer) for answer in full] == [(429, "too_many")] * 2
    assert told.status_code == 429
    assert [(await sim.http.get(path)).status_code for path in calls] == free


async def test_an_inbox_keeps_the_newest_and_counts_what_went(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over all inboxes of a workspace, by number and by size; it goes in idle time, and nobody is refused."""
    monkeypatch.setitem(vars(INBOX), "bounded", ((Received, 3),))
    inbox = f"/_sim/inbox/{sim.workspace.name}"
    for number in range(4):
        await sim.http.post(f"{inbox}/one", content=f"{number}")
    await sim.http.post(f"{inbox}/two", content="last")

    sim.app.runtime.keeper.run()
    by_number = [await bodies(sim, name) for name in ("one", "two")]
    monkeypatch.setattr(keeping, "KIND_SIZE", 1500)
    await sim.http.post(f"{inbox}/two", content="x" * 600)
    sim.app.runtime.keeper.run()

    assert by_number == [["2", "3"], ["last"]]
    assert [await bodies(sim, name) for name in ("one", "two")] == [[], ["x" * 600]]
    assert (await sim.http.get("/_sim/health")).json()["keep"]["dropped"] == {"payments": 0, "requests": 5}


async def bodies(sim: Sim, inbox: str) -> list[str]:
    return [one["body"] for one in (await sim.http.get(f"{sim.path}/inbox/{inbox}")).json()["data"]]


async def test_an_inbox_keeps_the_beginning_of_a_long_body_and_says_how_long_it_was(sim: Sim) -> None:
    card, end = "4111 1111 1111 1111", BODY_LIMIT - 10
    body = "x" * end + " " + card + " " + "y" * 600_000

    posted = await sim.http.post(f"/_sim/inbox/{sim.workspace.name}/hooks", content=body)
    [kept] = (await sim.http.get(f"{sim.path}/inbox/hooks")).json()["data"]

    assert posted.status_code == 200
    assert kept["size"] == len(body)
    assert kept["body"] == body[:end] + " 4111 11**"


async def test_of_what_a_buyer_paid_and_got_back_the_newest_lines_stay(sim: Sim) -> None:
    with sim.app.runtime.unit(sim.workspace, provider="wallet", topic="control") as uow:
        for number in range(buyers.LINES + 5):
            buyers.give_back(uow, "li-na", 1, "balance", f"order-{number}")
        ledger = buyers.get(uow, "li-na").ledger

    assert [line[2] for line in ledger] == [f"order-{number}" for number in range(5, buyers.LINES + 5)]


async def test_an_account_has_so_many_endpoints_and_no_more(sim: Sim) -> None:
    several = next(provider.name for provider in built_in() if provider.webhooks.several_endpoints)
    one = {"url": "http://localhost:9/hooks"}

    answers = [
        await sim.http.put(f"{sim.path}/webhooks/{several}", json={"endpoints": [one] * number})
        for number in (endpoints.ENDPOINTS_LIMIT, endpoints.ENDPOINTS_LIMIT + 1)
    ]

    assert [answer.status_code for answer in answers] == [200, 422]


async def test_so_many_former_secrets_are_remembered_the_oldest_goes(sim: Sim) -> None:
    provider = built_in()[0].name
    for number in range(workspace.FORMER + 5):
        own = {**sim.workspace.credentials, provider: {"key": number}}
        sim.app.runtime.change_workspace(sim.workspace, credentials=own)

    kept = sim.app.runtime.workspace(sim.workspace.id).former[provider]

    assert [one["own"]["key"] for one in kept] == [*range(workspace.FORMER + 3, 3, -1)]


async def test_so_many_audits_are_remembered_the_oldest_goes_unless_it_runs(sim: Sim) -> None:
    held: Any = audits.Audits(sim.app.runtime)
    for number in range(audits.KEPT + 2):
        held.add(SimpleNamespace(id=number, workspace_id=1, is_running=number == 0))

    assert [one.id for one in held.of(1)] == [0, *range(3, audits.KEPT + 2)]
