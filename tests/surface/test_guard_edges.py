"""The door of what is ours: who is let in without asking, what a refused caller is told, what a browser may keep."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from simulator.surface.app import App
from simulator.surface.guard import is_this_machine
from simulator.surface.settings import Settings

TOKEN = "open sésame/+ "
PAGE = {"Accept": "text/html"}


@pytest.fixture
async def opened() -> AsyncIterator[httpx.AsyncClient]:
    app = App(Settings(db=":memory:", host="0.0.0.0", open_console=True, admin_token=TOKEN))
    transport = httpx.ASGITransport(app, client=("192.168.1.33", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://sim.test") as client:
        yield client
    await app.runtime.close()


@pytest.fixture
async def local() -> AsyncIterator[httpx.AsyncClient]:
    app = App(Settings(db=":memory:"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        yield client
    await app.runtime.close()


@pytest.mark.parametrize(
    ("scope", "is_local"),
    [
        ({}, True),
        ({"client": None, "server": None}, True),
        ({"client": ("127.0.0.1", 1), "server": None}, True),
        ({"client": ("192.168.1.33", 1), "server": None}, False),
        ({"client": ("192.168.1.33", 1), "server": ("192.168.1.33", 80)}, True),
        ({"client": ("::ffff:127.0.0.1", 1), "server": ("::", 80)}, True),
        ({"client": ("::ffff:192.168.1.33", 1), "server": ("::", 80)}, False),
        ({"client": ("no address", 1), "server": None}, False),
    ],
)
def test_a_caller_without_an_address_came_by_a_socket_of_this_machine(scope: dict[str, Any], is_local: bool) -> None:
    assert is_this_machine(scope) is is_local


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_a_page_of_another_site_may_read(local: httpx.AsyncClient, method: str) -> None:
    answer = await local.request(method, "/_sim/workspaces", headers={"Origin": "http://elsewhere.example"})

    assert answer.status_code != 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_page_of_another_site_may_not_write(local: httpx.AsyncClient, method: str) -> None:
    answer = await local.request(method, "/_sim/workspaces", headers={"Origin": "http://elsewhere.example"})

    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/json")
    assert answer.json()["error"]["code"] == "foreign_origin"
    assert answer.json()["error"]["message"].startswith("a page of another site")


@pytest.mark.parametrize("origin", [{}, {"Origin": "null"}, {"Origin": "http://sim.test"}])
async def test_scripts_and_our_own_forms_may_write(local: httpx.AsyncClient, origin: dict[str, str]) -> None:
    assert (await local.post("/_sim/workspaces", json={}, headers=origin)).status_code == 201


async def test_a_program_without_the_token_is_told_how_to_show_it(opened: httpx.AsyncClient) -> None:
    answer = await opened.get("/_sim/workspaces")

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/json")
    assert answer.json()["error"]["code"] == "unauthorized"
    assert "Authorization: Bearer <token>" in answer.json()["error"]["message"]
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_a_browser_without_the_token_is_told_how_to_hand_it_in_and_keeps_nothing(
    opened: httpx.AsyncClient,
) -> None:
    answer = await opened.get("/console", headers=PAGE)

    assert answer.status_code == 401
    assert "?token=<token>" in answer.text
    assert answer.headers["cache-control"] == "no-store"


async def test_an_address_without_more_than_the_token_becomes_a_bare_one(opened: httpx.AsyncClient) -> None:
    answer = await opened.get("/console", params={"token": TOKEN}, headers=PAGE)

    assert (answer.status_code, answer.headers["location"]) == (303, "/console")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_token_is_handed_in_by_reading_only(opened: httpx.AsyncClient) -> None:
    answer = await opened.post("/_sim/workspaces", params={"token": TOKEN}, json={})

    assert answer.status_code == 401


@pytest.mark.parametrize("others", ["lang=zh; {}", "{}; lang=zh", "odd(name=1; {}", "{}; odd[name]=1", "no-value; {}"])
async def test_the_cookie_is_found_among_those_of_other_programs_on_the_same_host(
    opened: httpx.AsyncClient, others: str
) -> None:
    """Cookies know no port: whatever else runs on localhost sends its own along, also under names that are none."""
    handed_in = await opened.get("/console", params={"token": TOKEN}, headers=PAGE)
    own = handed_in.headers["set-cookie"].partition(";")[0]
    opened.cookies.clear()

    answer = await opened.get("/_sim/workspaces", headers={"Cookie": others.format(own)})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "cookie", ["", "psp_simulator_token=", "psp_simulator_token", "psp_simulator_token=guess", ";;=;"]
)
async def test_another_cookie_is_not_the_token(opened: httpx.AsyncClient, cookie: str) -> None:
    assert (await opened.get("/_sim/workspaces", headers={"Cookie": cookie})).status_code == 401


async def test_a_connection_that_speaks_no_http_is_ended() -> None:
    app = App(Settings(db=":memory:"))
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    await app({"type": "websocket", "path": "/console"}, receive, send)
    await app.runtime.close()

    assert json.dumps(said) == '[{"type": "websocket.close", "code": 1000}]'
