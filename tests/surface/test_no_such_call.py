"""Calls that the control API does not have: they are told what was near."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from support import Sim
from toy.acme import ACME


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def test_an_unknown_path_of_ours_is_answered_in_our_words(sim: Sim) -> None:
    answer = await sim.http.get("/_sim/nothing")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("method", "path", "meant"),
    [
        ("PATCH", "/settings", "PUT /_sim/workspaces/{ws}/settings/{provider}"),
        ("PUT", "/setting/acme", "PUT /_sim/workspaces/{ws}/settings/{provider}"),
        ("GET", "/payment/latest", "GET /_sim/workspaces/{ws}/payments/latest"),
    ],
)
async def test_an_unknown_path_of_ours_names_the_nearest(sim: Sim, method: str, path: str, meant: str) -> None:
    answer = await sim.http.request(method, sim.path + path, json={})

    assert answer.status_code == 404
    assert meant in answer.json()["error"]["nearest"]


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("PATCH", "/settings/acme", ["PUT"]),
        ("PATCH", "/scenario", ["DELETE", "GET", "PUT"]),
        ("PUT", "", ["DELETE", "GET"]),
    ],
)
async def test_a_wrong_method_is_told_with_those_that_the_path_takes(
    sim: Sim, method: str, path: str, methods: list[str]
) -> None:
    """In the header too, as HTTP demands."""
    answer = await sim.http.request(method, sim.path + path, json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, ", ".join(methods))
    assert answer.json()["error"]["allowed"] == methods
    assert answer.json()["error"]["message"].endswith(f"; it takes {', '.join(methods)}")


async def test_a_file_that_is_not_there_has_no_neighbours(sim: Sim) -> None:
    answer = await sim.http.get("/_sim/static/nothing.css")

    assert (answer.status_code, set(answer.json()["error"])) == (404, {"code", "message"})


async def test_a_static_file_is_only_read(sim: Sim) -> None:
    answer = await sim.http.post("/_sim/static/nothing.css", json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.json()["error"]["allowed"] == ["GET"]
