"""Snapshots through the control API, the client and the commands: names, lists, refusals."""

from __future__ import annotations

from typing import Any

import pytest
from buying import ANY, order
from click.testing import CliRunner
from support import Sim

from simulator.surface import cli
from simulator.surface.client import SaidNo, Workspace


async def names(sim: Sim, **query: Any) -> list[str]:
    page = (await sim.http.get(f"{sim.path}/snapshots", params=query)).raise_for_status().json()
    found = [one["name"] for one in page["data"]]
    return found if page["next"] is None else found + await names(sim, **{**query, "cursor": page["next"]})


async def test_one_without_a_name_gets_the_next_free_number(sim: Sim) -> None:
    await sim.http.post(f"{sim.path}/snapshots", json={"name": "snapshot-2"})

    taken = [(await sim.http.post(f"{sim.path}/snapshots")).json()["name"] for _ in range(2)]

    assert taken == ["snapshot-1", "snapshot-3"]


async def test_the_list_is_in_the_order_in_which_they_were_taken_page_by_page(sim: Sim) -> None:
    for name in ("c", "a", "b"):
        await sim.http.post(f"{sim.path}/snapshots", json={"name": name})

    assert await names(sim, limit=2) == ["c", "a", "b"]


async def test_a_name_that_is_taken_is_refused_and_the_first_one_stays(sim: Sim) -> None:
    await sim.http.post(f"{sim.path}/snapshots", json={"name": "prepared"})
    await sim.advance(hours=1)

    answer = await sim.http.post(f"{sim.path}/snapshots", json={"name": "prepared"})

    assert (answer.status_code, answer.json()["error"]["field"]) == (409, "name")
    restored = (await sim.http.post(f"{sim.path}/snapshots/prepared/restore")).json()
    assert restored["clock"]["now"] == "2026-03-04T05:00:00.000Z"


async def test_one_that_there_is_not_is_404_with_those_that_there_are(sim: Sim) -> None:
    await sim.http.post(f"{sim.path}/snapshots", json={"name": "prepared"})

    for method, path in (("POST", "/snapshots/prepaid/restore"), ("DELETE", "/snapshots/prepaid")):
        answer = await sim.http.request(method, sim.path + path)

        error = answer.json()["error"]
        assert (answer.status_code, error["field"], error["allowed"]) == (404, "name", ["prepared"])


async def test_one_that_was_forgotten_is_gone_and_its_name_is_free(sim: Sim) -> None:
    await sim.http.post(f"{sim.path}/snapshots", json={"name": "prepared"})

    assert (await sim.http.delete(f"{sim.path}/snapshots/prepared")).status_code == 204

    assert await names(sim) == []
    assert sim.app.runtime.store.rows("SELECT COUNT(*) FROM kept_journal") == [(0,)]
    assert (await sim.http.post(f"{sim.path}/snapshots", json={"name": "prepared"})).status_code == 201


def test_the_client_goes_back_to_a_prepared_world(world: Workspace) -> None:
    paid = order(world)
    world.pay(ANY.name, paid)
    taken = world.snapshot("one-paid")
    order(world)

    view = world.restore("one-paid")

    assert (taken["payments"], [one["id"] for one in world.payments()]) == (1, [paid])
    assert view["id"] == world.id
    assert [one["name"] for one in world.snapshots()] == ["one-paid"]
    world.delete_snapshot("one-paid")
    with pytest.raises(SaidNo, match="no snapshot 'one-paid'"):
        world.restore("one-paid")


def test_the_commands_keep_list_and_restore(world: Workspace) -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(cli.main, [*arguments, "--url", world.client.url, "--workspace", world.id])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    assert run("restore") == "there are no snapshots\n"
    order(world)

    assert run("snapshot", "prepared").endswith("1 payment\n")
    world.reset()

    assert run("restore").startswith("prepared ")
    assert f"workspace {world.name} is as it was at prepared" in run("restore", "prepared")
    assert len(world.payments()) == 1
