"""Requests that Schemathesis makes of our own OpenAPI documents, valid ones and others: no crash, and errors in the right words.

`FUZZ_DOCUMENTED` says how many for each operation (`make fuzz`).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fuzzing import Fuzzer, Sent, send
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from support import Sim

from simulator.engine.shop import Request
from simulator.kernel.refusals import Refusal
from simulator.providers import built_in

schemathesis: Any = pytest.importorskip("schemathesis", reason="schemathesis is not installed: see the extra `fuzz`")

DOCUMENTED = int(os.environ.get("FUZZ_DOCUMENTED", "1"))
ASKED = {**{provider.name: provider for provider in built_in()}, "control": None}


@pytest.fixture(scope="module", params=ASKED)
def asked(request: pytest.FixtureRequest) -> Iterator[tuple[asyncio.Runner, Fuzzer, Any]]:
    """One simulator for all examples of a document, and the document."""
    provider = ASKED[request.param]
    with asyncio.Runner() as runner:
        sim = Sim()
        runner.run(sim.__aenter__())
        fuzzer = Fuzzer(sim, provider)
        runner.run(fuzzer.prepare([provider] if provider is not None else built_in()))
        document = runner.run(sim.http.get(f"/_sim/openapi/{request.param}.json")).json()
        yield runner, fuzzer, schemathesis.openapi.from_dict(document)
        runner.run(sim.__aexit__())


def _sent(fuzzer: Fuzzer, case: Any) -> Sent:
    path = case.path
    for name, value in (case.path_parameters or {}).items():
        own = fuzzer.sim.workspace.public_id if name == "ws" else value
        path = path.replace("{" + name + "}", quote(str(own), safe="", errors="replace"))
    if case.query:
        path += "?" + urlencode(case.query, doseq=True, errors="replace")
    has_body = not isinstance(case.body, schemathesis.core.NotSet)
    body = b"" if not has_body else json.dumps(case.body, default=str).encode()
    headers = {str(name): str(value) for name, value in (case.headers or {}).items()}
    request = Request(case.method.upper(), path, headers | {"content-type": "application/json"}, body)
    if fuzzer.merchant is not None:
        with suppress(ValueError, TypeError, KeyError, AttributeError, Refusal):  # goes unsigned
            request = fuzzer.merchant.shop.sign(fuzzer.merchant.account, request)
    pairs = [
        (n.lower().encode("latin-1", "replace"), v.encode("latin-1", "replace")) for n, v in request.headers.items()
    ]
    return Sent(request.method, request.path, (*pairs, (b"host", b"sim.test")), request.body)


ENDLESS = ("/events", "/wait")
"""Feeds, and calls that wait for something."""


def test_what_our_documents_describe_is_answered_in_words(asked: tuple[asyncio.Runner, Fuzzer, Any]) -> None:
    runner, fuzzer, document = asked
    operations = [found.ok() for found in document.get_all_operations()]

    assert len(operations) > 3
    for operation in operations:
        is_needed = (operation.method, operation.path) == ("delete", "/_sim/workspaces/{ws}")
        if not is_needed and not operation.path.endswith(ENDLESS):
            _check(runner, fuzzer, operation)


def _check(runner: asyncio.Runner, fuzzer: Fuzzer, operation: Any) -> None:
    """Valid requests to one operation, and others."""

    @settings(
        max_examples=DOCUMENTED,
        derandomize=DOCUMENTED == 1,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[*HealthCheck],
    )
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        modes = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]
        strategy = operation.as_strategy(generation_mode=data.draw(st.sampled_from(modes)))
        sent = _sent(fuzzer, data.draw(strategy))
        answer = runner.run(send(fuzzer.sim, sent))
        assert fuzzer.complaint(sent, answer) is None, f"{sent}\n-> {answer.status} {answer.text[:300]}"

    check()
