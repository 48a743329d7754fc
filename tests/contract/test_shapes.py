"""Bodies of any shape, as Hypothesis thinks them up: whatever it is, the answer is no crash, and in the words of who was asked.

`FUZZ_SHAPES` says how many for each provider and for our own routes (`make fuzz`). What fails is made smaller before it is shown.
"""

from __future__ import annotations

import asyncio
import copy
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from fuzzing import Fuzzer, Sent, send
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from support import Sim

from contract.bodies import body_of
from contract.calls import Operation
from simulator.engine.shop import Request
from simulator.kernel.refusals import Refusal
from simulator.providers import built_in
from simulator.surface.control.operation import NoBody
from simulator.surface.control.table import TABLE

SHAPES = int(os.environ.get("FUZZ_SHAPES", "25"))
ASKED = {**{provider.name: provider for provider in built_in()}, "ours": None}

_CHARACTERS = st.characters(exclude_categories=())
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(_CHARACTERS, max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(_CHARACTERS, max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for name, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield (*path, name)
        yield from places(inner, (*path, name))


@st.composite
def bodies(draw: st.DrawFn, model: type[BaseModel]) -> Any:
    """A valid body with something else in up to three places, or something else altogether."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    body: Any = {}
    with suppress(LookupError):
        body = copy.deepcopy(body_of(model, whole=draw(st.booleans())))
    for _ in range(draw(st.integers(1, 3))):
        found = [*places(body)]
        if not found:
            return {draw(st.text(max_size=8)): draw(JSON)}
        *path, last = draw(st.sampled_from(found))
        holder = body
        for step in path:
            holder = holder[step]
        holder[last] = draw(JSON)
    return body


@pytest.fixture(scope="module", params=ASKED)
def asked(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, Fuzzer]]:
    """One simulator for all examples of a provider."""
    provider = ASKED[request.param]
    with asyncio.Runner() as runner:
        sim = Sim()
        runner.run(sim.__aenter__())
        fuzzer = Fuzzer(sim, provider)
        runner.run(fuzzer.prepare([provider] if provider is not None else built_in()))
        yield runner, fuzzer
        runner.run(sim.__aexit__())


def _requests(fuzzer: Fuzzer, data: st.DataObject) -> Request:
    if fuzzer.merchant is None:
        row = data.draw(st.sampled_from([row for row in TABLE if row.body is not NoBody]))
        path = row.path.replace("{ws}", fuzzer.sim.workspace.public_id)
        for name in ("{provider}", "{name}", "{id}", "{slug}"):
            path = path.replace(name, data.draw(st.sampled_from([*ASKED, *fuzzer.known])))
        text = _written(data.draw(bodies(row.body)))
        return Request(row.method, path, {"content-type": "application/json"}, text)
    merchant = fuzzer.merchant
    endpoints = [endpoint for endpoint in merchant.provider.endpoints if endpoint.body is not None]
    endpoint = data.draw(st.sampled_from(endpoints))
    assert endpoint.body is not None
    request = Operation(merchant.provider, endpoint).request(merchant.account)
    request = Request(
        request.method, request.path, {"content-type": "application/json"}, _written(data.draw(bodies(endpoint.body)))
    )
    with suppress(ValueError, TypeError, KeyError, AttributeError, Refusal):  # goes unsigned
        return merchant.shop.sign(merchant.account, request)
    return request


def _written(body: Any) -> bytes:
    return json.dumps(body).encode()


@settings(
    max_examples=SHAPES,
    derandomize=SHAPES == 25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_whatever_its_shape_a_body_is_answered_in_words(
    asked: tuple[asyncio.Runner, Fuzzer], data: st.DataObject
) -> None:
    runner, fuzzer = asked
    request = _requests(fuzzer, data)
    headers = [(n.lower().encode("latin-1"), v.encode("latin-1", "replace")) for n, v in request.headers.items()]
    sent = Sent(request.method, request.path, (*headers, (b"host", b"sim.test")), request.body)

    answer = runner.run(send(fuzzer.sim, sent))

    assert fuzzer.complaint(sent, answer) is None, f"{sent}\n-> {answer.status} {answer.text[:300]}"
