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

TOKEN = 'open "sesame"/+ %;=&'
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


OURS: list[dict[str, str]] = [
    {},
    {"Origin": "http://sim.test"},
    {"Origin": "http://sim.test", "Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Mode": "cors"},
    {"Referer": "http://sim.test/console/default"},
    {"Referer": "https://shop.example/cart", "Sec-Fetch-Site": "none"},
]
"""Programs (Node's `fetch` names a mode), our own forms, an address that somebody typed."""

THEIRS: list[dict[str, str]] = [
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://sim.test.evil.example"},
    {"Origin": "http://sim.test:81"},
    {"Origin": "http://sim.test, http://sim.test"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://sim.test", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://sim.test", "Sec-Fetch-Site": "same-site"},
    {"Referer": "https://shop.example/cart?at=http://sim.test/"},
    {"Referer": "http://sim.test@evil.example/"},
    {"Referer": "http://sim.test:81/"},
    {"Referer": "about:blank"},
    {"Referer": ""},
    {"Referer": "http://sim.test/", "Origin": "http://evil.example"},
]
"""Sandboxed frames, pages of other sites, and of other ports of this machine."""


@pytest.mark.parametrize("headers", OURS, ids=str)
async def test_scripts_and_our_own_forms_may_write(local: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await local.post("/_sim/workspaces", json={}, headers=headers)).status_code == 201


@pytest.mark.parametrize("headers", THEIRS, ids=str)
async def test_what_another_page_sends_changes_nothing(local: httpx.AsyncClient, headers: dict[str, str]) -> None:
    async def world() -> list[object]:
        workspaces = (await local.get("/_sim/workspaces")).json()["data"]
        return [(workspace["name"], workspace["settings"]) for workspace in workspaces]

    before = await world()

    answers = [
        await local.post("/_sim/workspaces", json={}, headers=headers),
        await local.post("/_sim/workspaces/default/reset", headers=headers),
        await local.put("/_sim/workspaces/default/settings/simulator", json={"retry_factor": 0}, headers=headers),
        await local.post("/console/default/anything", headers=headers),
    ]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(403, "foreign_origin")] * 4
    assert await world() == before


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
@pytest.mark.parametrize("headers", THEIRS, ids=str)
async def test_an_inbox_keeps_nothing_of_another_page_not_even_an_image(
    local: httpx.AsyncClient, headers: dict[str, str], method: str
) -> None:
    """It keeps what comes, whatever the method: an address in an `<img>` would do."""
    answer = await local.request(method, "/_sim/inbox/default/orders", headers=headers)

    assert answer.status_code == 403
    assert (await local.get("/_sim/workspaces/default/inbox/orders")).json()["data"] == []


REBOUND = [
    ("POST", {"origin": "http://evil.example:8080"}),
    ("GET", {"referer": "http://evil.example:8080/"}),
    ("GET", {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"}),
]


@pytest.mark.parametrize(("method", "headers"), REBOUND, ids=str)
async def test_an_inbox_keeps_nothing_of_a_page_whose_name_was_rebound_to_this_machine(
    local: httpx.AsyncClient, method: str, headers: dict[str, str]
) -> None:
    answer = await local.request(method, "/_sim/inbox/default/orders", headers={**headers, "host": "evil.example:8080"})
    taken = await local.post("/_sim/inbox/default/orders", headers={"host": "host.docker.internal:8080"})

    assert (answer.status_code, taken.status_code) == (403, 200)
    assert len((await local.get("/_sim/workspaces/default/inbox/orders")).json()["data"]) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", THEIRS, ids=str)
async def test_no_page_of_another_site_waits_for_whoever_waits_lets_leave_what_is_due(
    local: httpx.AsyncClient, headers: dict[str, str], method: str
) -> None:
    where = "/_sim/workspaces/default/wait?phase=paid&timeout=0s"

    assert (await local.request(method, where, headers=headers)).status_code == 403
    assert (await local.get(where)).status_code == 408


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "sub.localhost",
        "192.168.1.9",
        "[fe80::1]",
        "",
        "a b",
    ],
)
@pytest.mark.parametrize("path", ["/", "/console/default/payments", "/_sim/workspaces", "/_sim/openapi/control.json"])
async def test_a_name_that_was_rebound_to_this_machine_reads_nothing(
    local: httpx.AsyncClient, path: str, host: str
) -> None:
    answer = await local.get(path, headers={"Host": host})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_host")
    assert "--allow-host" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LocalHost:3000", "localhost.", "127.0.0.1:1", "[::1]", "[0:0:0:0:0:0:0:1]:80"),
        *(
            "sim.test",
            "Sandbox.Example.com:444",
            "my-laptop.local",
            "192.168.1.20:8080",
            "[fd00::20]",
            "tunnel.example",
        ),
    ],
)
async def test_the_simulators_own_names_reach_what_is_ours(host: str) -> None:
    """Those of loopback, the address at which the request arrived (`sim.test` here), the public address, and what is allowed."""
    names = ("my-laptop.local", "192.168.1.20", "fd00::20", "TUNNEL.example.")
    app = App(Settings(db=":memory:", public_url="https://sandbox.example.com:444", allow_host=names))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        answer = await client.get("/_sim/workspaces", headers={"Host": host})
    await app.runtime.close()

    assert answer.status_code == 200


async def test_the_address_at_which_the_server_listens_is_its_own_name() -> None:
    app = App(Settings(db=":memory:", host="192.168.1.20"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sim.test") as client:
        answers = [await client.get("/console", headers={"Host": host}) for host in ("192.168.1.20:80", "192.168.1.21")]
    await app.runtime.close()

    assert [answer.status_code for answer in answers] == [303, 403]


@pytest.mark.parametrize("path", ["/_sim/health", "/_sim/static/sim.css"])
async def test_health_and_static_files_answer_under_any_name(local: httpx.AsyncClient, path: str) -> None:
    """Containers and phones know the simulator by names that it does not know."""
    assert (await local.get(path, headers={"Host": "psp-simulator"})).status_code == 200


async def test_an_inbox_takes_webhooks_under_any_name(local: httpx.AsyncClient) -> None:
    answer = await local.post("/_sim/inbox/default/orders", content=b"{}", headers={"Host": "host.docker.internal"})

    assert answer.status_code == 200


async def test_an_opened_console_answers_under_any_name_to_who_shows_the_token(opened: httpx.AsyncClient) -> None:
    """A rebound name has no cookie and knows no token; containers go by names of their own."""
    headers = {"Host": "psp-simulator:8080"}
    cookie = (await opened.get("/console", params={"token": TOKEN}, headers=PAGE)).headers["set-cookie"]
    opened.cookies.clear()

    refused = await opened.get("/_sim/workspaces", headers=headers)
    served = await opened.get("/_sim/workspaces", headers={**headers, "Cookie": cookie.partition(";")[0]})

    assert (refused.status_code, served.status_code) == (401, 200)


async def test_a_form_under_the_public_address_is_our_own_behind_a_proxy_that_changes_the_name() -> None:
    app = App(Settings(db=":memory:", public_url="https://sandbox.example.com"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        headers = {"Origin": "https://sandbox.example.com", "Sec-Fetch-Site": "same-origin"}
        answer = await client.post("/_sim/workspaces", json={}, headers=headers)
    await app.runtime.close()

    assert answer.status_code == 201


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


CROSS = {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize("path", ["/_sim/workspaces/default/requests?path=*a*", "/console/default/payments"])
@pytest.mark.parametrize(
    "how",
    [
        {"Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Mode": "cors"},
        {},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=str,
)
async def test_nothing_is_looked_up_for_an_image_of_another_site(
    local: httpx.AsyncClient, path: str, how: dict[str, str]
) -> None:
    answer = await local.get(path, headers=CROSS | how)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/_sim/workspaces", CROSS | {"Sec-Fetch-Mode": "navigate"}),
        ("/console/default/payments", CROSS | {"Sec-Fetch-Mode": "navigate"}),
        ("/_sim/workspaces", {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}),
        ("/_sim/workspaces", {}),
        ("/_sim/health", CROSS | {"Sec-Fetch-Mode": "no-cors"}),
    ],
)
async def test_links_of_other_sites_and_programs_go_on_reading(
    local: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> None:
    assert (await local.get(path, headers=headers)).status_code == 200
