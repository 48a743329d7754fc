"""Nothing that a request says and nobody reads passes without a word: each operation of each provider, the toy included."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from support import Sim

from contract.bodies import body_of, objects_in
from contract.calls import OPERATIONS, PROVIDERS, Operation
from simulator.engine.shop import Account, Answer, Request
from simulator.kernel.clock import time_of_day

UNKNOWN = "zz_unknown"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[Sim]:
    async with Sim(providers=[*PROVIDERS.values()]) as sim:
        yield sim


@pytest.fixture(scope="module")
async def strict() -> AsyncIterator[Sim]:
    async with Sim(providers=[*PROVIDERS.values()], strict=True) as sim:
        yield sim


def account(sim: Sim, operation: Operation) -> Account:
    return Account(sim.credentials(operation.provider.name), str(sim.http.base_url), time_of_day())


async def answer_to(sim: Sim, request: Request) -> Answer:
    answer = await sim.http.request(request.method, request.path, content=request.body, headers=dict(request.headers))
    return Answer(answer.status_code, answer.content, dict(answer.headers))


async def help_of_last(sim: Sim) -> dict[str, Any]:
    found = (await sim.http.get(f"{sim.path}/requests?limit=1")).raise_for_status().json()["data"]
    help_: dict[str, Any] = found[0].get("help", {})
    return help_


def body_for(operation: Operation, *, whole: bool = False) -> dict[str, Any]:
    model = operation.endpoint.body
    return {} if model is None else body_of(model, whole=whole)


def places(operation: Operation) -> list[str]:
    """The paths of the objects in the fullest body."""
    model = operation.endpoint.body
    return [""] if model is None else [*objects_in(model, body_of(model, whole=True))]


def with_unknown(body: Any, path: str) -> Any:
    """The body with an unknown member in the object at a path."""
    if not path:
        return {**body, UNKNOWN: "1"}
    first, _, rest = path.partition(".")
    if isinstance(body, list):
        return [with_unknown(one, rest) if str(index) == first else one for index, one in enumerate(body)]
    return {**body, first: with_unknown(body[first], rest)}


def query_for(operation: Operation) -> str:
    """What the operation has to be asked, and an unknown parameter beside it."""
    model = operation.endpoint.query
    wanted = {} if model is None else body_of(model)
    return urlencode({**wanted, UNKNOWN: "1"})


def takes_a_body(operation: Operation) -> bool:
    return operation.endpoint.method != "GET"


WITH_BODY = [operation for operation in OPERATIONS if takes_a_body(operation)]


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_an_unknown_query_parameter_is_noticed(world: Sim, operation: Operation) -> None:
    """Also where the request is refused for another reason."""
    body = body_for(operation) if takes_a_body(operation) else None

    answer = await answer_to(world, operation.request(account(world, operation), query_for(operation), body))

    assert UNKNOWN in answer.headers.get("simulator-notice", ""), (answer.status, answer.text)


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("operation", "place"),
    [pytest.param(o, place, id=f"{o} {place or 'the whole'}") for o in WITH_BODY for place in places(o)],
)
async def test_an_unknown_member_is_noticed_by_its_path(world: Sim, operation: Operation, place: str) -> None:
    """In the provider's own notation. Where a model refuses unknown members, that is as good."""
    body = with_unknown(body_for(operation, whole=True), place)

    answer = await answer_to(world, operation.request(account(world, operation), body=body))

    named = operation.provider.spelled(f"{place}.{UNKNOWN}".strip("."))
    refused = (await help_of_last(world)).get("violations", [])
    assert named in answer.headers.get("simulator-notice", "") or f"{UNKNOWN}: unknown" in refused, answer.text


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_a_strict_server_refuses_an_unknown_query_parameter(strict: Sim, operation: Operation) -> None:
    body = body_for(operation) if takes_a_body(operation) else None

    answer = await answer_to(strict, operation.request(account(strict, operation), query_for(operation), body))

    assert 400 <= answer.status < 500
    assert UNKNOWN in " ".join((await help_of_last(strict)).get("violations", [])), (
        answer.text,
        await help_of_last(strict),
    )


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
async def test_a_strict_server_refuses_an_unknown_member(strict: Sim, operation: Operation) -> None:
    body = with_unknown(body_for(operation), "")

    answer = await answer_to(strict, operation.request(account(strict, operation), body=body))

    assert 400 <= answer.status < 500
    assert UNKNOWN in " ".join((await help_of_last(strict)).get("violations", [])), (
        answer.text,
        await help_of_last(strict),
    )
