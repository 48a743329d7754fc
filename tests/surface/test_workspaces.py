"""Workspaces over the control API: made, found, reset and deleted, each with credentials of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import TALKATIVE

from surface.test_control import error_of


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[TALKATIVE]) as simulator:
        yield simulator


@pytest.fixture
async def acme(sim: Sim) -> Merchant:
    await sim.receive_webhooks("acme")
    return Merchant(sim, TALKATIVE)


async def test_a_workspace_has_credentials_for_every_provider(sim: Sim) -> None:
    providers = (await sim.http.get("/_sim/health")).json()["providers"]

    created = await sim.http.post("/_sim/workspaces", json={"name": "checkout-tests"})

    workspace = created.json()
    assert created.status_code == 201
    assert list(workspace["credentials"]) == providers
    assert workspace["webhooks"] == dict.fromkeys(providers)
    assert workspace["clock"]["mode"] == "real"
    assert (await sim.http.get("/_sim/workspaces/checkout-tests")).json()["id"] == workspace["id"]


async def test_the_default_workspace_always_exists(sim: Sim) -> None:
    assert (await sim.http.get("/_sim/workspaces/default")).json()["name"] == "default"
    refused = await sim.http.delete("/_sim/workspaces/default")
    assert (refused.status_code, error_of(refused)["code"]) == (409, "conflict")


async def test_a_name_is_given_once(sim: Sim) -> None:
    await sim.http.post("/_sim/workspaces", json={"name": "twice"})

    second = await sim.http.post("/_sim/workspaces", json={"name": "twice"})

    assert (second.status_code, error_of(second)["field"]) == (409, "name")


async def test_own_credentials_can_be_handed_in_and_belong_to_one_workspace(sim: Sim) -> None:
    mine = {"credentials": {"acme": {"key": "key_from_my_env"}}}
    created = await sim.http.post("/_sim/workspaces", json=mine)

    again = await sim.http.post("/_sim/workspaces", json=mine)

    assert created.json()["credentials"]["acme"]["key"] == "key_from_my_env"
    assert (again.status_code, error_of(again)["field"]) == (409, "credentials.acme")


async def test_an_unknown_member_is_refused_with_what_is_allowed(sim: Sim) -> None:
    answer = await sim.http.post("/_sim/workspaces", json={"nmae": "typo"})

    assert answer.status_code == 422
    assert error_of(answer)["field"] == "nmae"
    assert "name" in error_of(answer)["allowed"]


async def test_a_deleted_workspace_is_gone_and_its_keys_are_unknown(sim: Sim, acme: Merchant) -> None:
    created = (await sim.http.post("/_sim/workspaces", json={})).json()

    deleted = await sim.http.delete(f"/_sim/workspaces/{created['id']}")

    theirs = replace(acme.account, credentials=created["credentials"]["acme"])
    assert deleted.status_code == 204
    assert (await sim.http.get(f"/_sim/workspaces/{created['id']}")).status_code == 404
    assert (await acme.ask(acme.shop.sign(theirs, acme.creation()))).status == 401


async def test_reset_drops_what_happened_and_keeps_the_credentials(sim: Sim, acme: Merchant) -> None:
    charge = await acme.create()
    before = sim.credentials("acme")

    answer = await sim.http.post(f"{sim.path}/reset")

    assert answer.json()["credentials"]["acme"] == before
    assert answer.json()["webhooks"]["acme"] is not None
    assert (await acme.read(charge)).status == 404
    for what in ("payments", "webhooks", "timers"):
        assert (await sim.http.get(f"{sim.path}/{what}")).json()["data"] == []


async def test_the_same_seed_gives_the_same_ids(sim: Sim) -> None:
    ids = []
    for _ in range(2):
        workspace = (await sim.http.post("/_sim/workspaces", json={"seed": "order-tests"})).json()
        twin = Sim.beside(sim)
        found = sim.app.runtime.find_workspace(workspace["id"])
        assert found is not None
        twin._id = found.id
        ids.append([await Merchant(twin, TALKATIVE).create() for _ in range(2)])

    assert ids[0] == ids[1]
    assert ids[0][0] != ids[0][1]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"credentials": {"acme": {"kee": "key_mistyped"}}}, "credentials.acme.kee"),
        ({"credentials": {"acme": {"key": ""}}}, "credentials.acme.key"),
        ({"credentials": {"acme": {"key": "key\nInjected: yes"}}}, "credentials.acme.key"),
        ({"webhooks": {"acme": {"url": "http://shop.test/ hooks"}}}, "webhooks.acme.url"),
        ({"webhooks": {"acme": {"url": "http://shop.test/\r\nInjected: yes"}}}, "webhooks.acme.url"),
        ({"clock": {"mode": "frozen", "now": "9999-12-31T23:59:59.999Z"}}, "clock.now"),
        ({"clock": {"mode": "frozen", "now": "0001-01-01T00:00:00.000Z"}}, "clock.now"),
    ],
)
async def test_a_workspace_that_could_not_work_is_not_made(sim: Sim, body: dict[str, Any], field: str) -> None:
    before = (await sim.http.get("/_sim/workspaces")).json()["data"]

    refused = await sim.http.post("/_sim/workspaces", json=body)

    assert (refused.status_code, error_of(refused)["code"], error_of(refused)["field"]) == (422, "invalid", field)
    assert [w["id"] for w in (await sim.http.get("/_sim/workspaces")).json()["data"]] == [w["id"] for w in before]


async def test_a_mistyped_credential_is_told_the_names_that_there_are(sim: Sim) -> None:
    refused = await sim.http.post("/_sim/workspaces", json={"credentials": {"acme": {"kee": "key_mistyped"}}})

    assert error_of(refused)["allowed"] == ["key", "secret"]


async def test_no_workspace_is_called_as_the_list_of_them(sim: Sim) -> None:
    """Its address would be that of the list. One that comes in a document is called otherwise."""
    document = (await sim.http.get(f"{sim.path}/export")).json()
    document["workspace"]["name"] = "workspaces"

    made = await sim.http.post("/_sim/workspaces", json={"name": "workspaces"})
    asked = await sim.http.post("/_sim/workspaces/import?name=workspaces", json=document)
    brought = await sim.http.post("/_sim/workspaces/import", json=document)

    assert [(no.status_code, no.json()["error"]["field"]) for no in (made, asked)] == [(422, "name")] * 2
    assert brought.json()["name"] == "workspaces-2"
