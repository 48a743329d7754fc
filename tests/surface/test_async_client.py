"""The two clients: one text, and every call of the control API in it; and a simulator in the test's own process."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from buying import ANY
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.surface.async_client import AsyncClient, AsyncWorkspace
from simulator.surface.client import Client, NotReached, SaidNo, Workspace
from simulator.surface.control.operation import Operation
from simulator.surface.control.table import TABLE
from simulator.surface.in_process import Simulator
from simulator.surface.launch import Launched
from surface.as_async import ASYNC_CLIENT, CLIENT, as_async

OF_HTTP = {"call", "every", "lines", "file", "send", "close"}
"""What the calls are made with."""
ANYTHING: dict[str, Any] = {
    "data": [],
    "next": None,
    "id": "ws_1",
    "resent": 0,
    "imported": {"renamed": []},
    "wallet": None,
    "credentials": {},
    "name": "x",
}


def test_the_asynchronous_client_is_made_from_the_text_of_the_other() -> None:
    made = as_async(CLIENT.read_text("utf-8"))

    assert ASYNC_CLIENT.read_text("utf-8") == made, "run python tests/surface/as_async.py"


class Recorder:
    """Answers anything, and keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.said: dict[str, set[str]] = {}
        """By row, the members of query and body."""
        self.transport = httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.method, request.url.path))
        members = {*request.url.params, *(json.loads(request.content) if request.content[:1] == b"{" else ())}
        self.said.setdefault(_row_of(request.method, request.url.path), set()).update(members)
        if request.url.path.endswith("/events"):
            return httpx.Response(200, text='retry: 2000\n\nid: 1\ndata: {"seq": 1}\n\n')
        return httpx.Response(200, json=ANYTHING)

    @property
    def rows(self) -> set[str]:
        """The names of the rows that were asked for, the first that fits each."""
        return {_row_of(method, path) for method, path in self.asked}


def _row_of(method: str, path: str) -> str:
    return next(row.name for row in TABLE if row.method == method and _fits(row.path, path))


def _fits(pattern: str, path: str) -> bool:
    parts = re.sub(r"\{\w+:path\}", ".+", re.sub(r"\{\w+\}", "[^/]+", pattern))
    return re.fullmatch(parts, path) is not None


def calls_of(thing: object) -> Iterator[Any]:
    """Every method, called with something."""
    for name, method in inspect.getmembers(thing, callable):
        if name.startswith("_") or name in OF_HTTP:
            continue
        needed = [
            parameter
            for parameter in inspect.signature(method).parameters.values()
            if parameter.default is parameter.empty and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        ]
        yield method(*["x" for _ in needed])


def test_the_client_has_every_call_of_the_control_api() -> None:
    recorder = Recorder()
    with Client("http://simulator.test", transport=recorder.transport) as client:
        for thing in (client, Workspace(client, "mine")):
            for result in calls_of(thing):
                list(result) if inspect.isgenerator(result) else None

    assert recorder.rows == {row.name for row in TABLE}


SOMETHING = {
    "bool": True,
    "int": 1,
    "Sequence[str]": ["x"],
    "Sequence": [{"x": "y"}],
    "Mapping": {"x": {"y": "z"}},
    "str": "x",
}
"""By a part of a parameter's type, in this order; a text for every other."""
LEFT_TO_THE_CLIENT = {"cursor"}
WITHOUT_EFFECT = {"cancel": {"reason", "code"}, "expire": {"reason", "code"}}
GIVEN_WHOLE = {"import_workspace", "put_settings", "put_buyer", "compare_request", "begin_audit"}
"""A document, or whatever members the caller names."""


def _something(parameter: inspect.Parameter) -> Any:
    return next((value for part, value in SOMETHING.items() if part in str(parameter.annotation)), "x")


@pytest.mark.parametrize("row", [row for row in TABLE if row.name not in GIVEN_WHOLE], ids=lambda row: row.name)
def test_the_client_says_every_member_that_a_call_takes(said: dict[str, set[str]], row: Operation[Any, Any]) -> None:
    members = {field.alias or name for model in (row.query, row.body) for name, field in model.model_fields.items()}

    assert members - LEFT_TO_THE_CLIENT - WITHOUT_EFFECT.get(row.name, set()) <= said[row.name]


@pytest.fixture(scope="module")
def said() -> dict[str, set[str]]:
    """What the client says where it is given everything that its methods take."""
    recorder = Recorder()
    with Client("http://simulator.test", transport=recorder.transport) as client:
        for thing in (client, Workspace(client, "mine")):
            for name, method in inspect.getmembers(thing, callable):
                if name.startswith("_") or name in OF_HTTP:
                    continue
                given = [
                    one for one in inspect.signature(method).parameters.values() if one.kind is not one.VAR_KEYWORD
                ]
                named = {one.name: _something(one) for one in given if one.kind is one.KEYWORD_ONLY}
                result = method(*[_something(one) for one in given if one.name not in named], **named)
                list(result) if inspect.isgenerator(result) else None
    return recorder.said


async def test_so_has_the_asynchronous_one() -> None:
    recorder = Recorder()
    async with AsyncClient("http://simulator.test", transport=recorder.transport) as client:
        for thing in (client, AsyncWorkspace(client, "mine", ANYTHING)):  # type: ignore[arg-type]
            for result in calls_of(thing):
                if inspect.isasyncgen(result):
                    [one async for one in result]
                elif inspect.isawaitable(result):
                    await result

    assert recorder.rows == {row.name for row in TABLE}


# In process -------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator.in_process() as running:
        yield running


async def test_a_purchase_without_a_port(simulator: Simulator) -> None:
    world = await simulator.client.create_workspace(frozen=True, temporary=True)
    await world.set_webhook(ANY.name, world.inbox_url("shop"))

    payment = await world.make_payment(ANY.name, amount=1200, currency="CNY", reference="order-1")
    await world.pay(ANY.name, payment["id"])
    paid = await world.wait_for(resource_id=payment["id"], phase="paid")
    await world.settle()

    assert paid["id"] == payment["id"]
    assert {one["state"] for one in await world.deliveries()} == {"delivered"}
    assert all(one["signature"] and one["signature"]["valid"] for one in await world.inbox("shop"))
    assert await world.find("order-1") is not None


async def test_the_live_feed_is_read_as_it_comes(server: Launched) -> None:
    async with AsyncClient(server.url) as client:
        world = await client.create_workspace(temporary=True)
        await world.make_payment(ANY.name)
        await world.freeze()
        heard = []
        async for change in world.events(after=0):
            heard.append(change)
            if change["summary"] == "clock frozen":
                break
    with Client(server.url) as again:
        first = next(again.workspace(world.id).events(after=0))

    assert heard[0]["kind"] == first["kind"] == "request"
    assert [change["seq"] for change in heard] == sorted(change["seq"] for change in heard)


async def test_webhooks_go_to_the_shops_own_application() -> None:
    got: list[bytes] = []

    async def hooks(request: Request) -> Response:
        got.append(await request.body())
        return Response(ANY.webhooks.acknowledgement or "")

    shop = Starlette(routes=[Route("/hooks", hooks, methods=["POST"])])
    async with Simulator.in_process(shop=shop) as simulator:
        world = await simulator.client.create_workspace(frozen=True)
        await world.set_webhook(ANY.name, "http://shop.test/hooks")
        payment = await world.make_payment(ANY.name)
        await world.pay(ANY.name, payment["id"])
        await world.settle()
        sent = [one["body"].encode() for one in await world.deliveries()]

    assert got == sent
    assert len(got) > 1


async def test_a_providers_own_client_is_put_on_the_transport(simulator: Simulator) -> None:
    async with httpx.AsyncClient(transport=simulator.transport, base_url=simulator.base_url) as http:
        answer = await http.get("/_sim/health")

    assert answer.json()["status"] == "ok"


def test_without_asyncio_too() -> None:
    with Simulator.in_process() as simulator:
        world = simulator.sync_client.create_workspace()
        payment = world.make_payment(ANY.name)
        world.pay(ANY.name, payment["id"])

        assert world.wait_for(resource_id=payment["id"], phase="paid")["id"] == payment["id"]
        with pytest.raises(SaidNo):
            world.payment(ANY.name, "nobody")


async def test_a_workspace_of_which_nothing_was_asked_has_no_name_yet(simulator: Simulator) -> None:
    world = simulator.client.workspace()

    with pytest.raises(RuntimeError, match="refresh"):
        world.credentials  # noqa: B018 - it raises
    await world.refresh()

    assert world.name == "default"


async def test_nobody_at_home_is_an_error_of_its_own() -> None:
    async with AsyncClient("http://127.0.0.1:9") as client:
        with pytest.raises(NotReached):
            await client.health()
        with pytest.raises(NotReached):
            async for _ in client.workspace().events():
                pass
