"""Whatever is wrong with a request, the answer speaks to a merchant: no word of a library, of Python or of our own insides."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path as File
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from merchant import Merchant
from pydantic import BaseModel
from support import Sim

import simulator.providers
from contract.bodies import body_of
from contract.calls import OPERATIONS, PROVIDERS, Operation
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day

EXAMPLES = int(os.environ.get("WORDS_EXAMPLES", "150"))
"""Of each provider. All are the same in every run."""

FOLDER = File(simulator.providers.__file__).parent

FORBIDDEN = re.compile(
    r"""
    pydantic | [Ii]nput\ should | \bvalid\ (string|integer|dictionary|list|boolean|number|tuple) | [Uu]nable\ to\ (parse|interpret)
    | [Vv]alue\ error | [Aa]ssertion\ (failed|error) | [Ff]ield\ required | [Ee]xtra\ inputs | after\ validation
    | [Ii]nvalid\ isoformat | does\ not\ appear\ to\ be | should\ (match|have\ at|be\ a) | at\ (least|most)\ \d+\ items?
    | [Tt]raceback | <class | object\ at\ 0x | \bcodec\b | 'str' | \bdict\b | \btuple\b | \bbytes\b | \bint\b | \bfloat\b | \bbool\b
    | \bNone(Type)?\b | \bTrue\b | \bFalse\b | \bnan\b | \w+Error\b | \bPython\b | function-(after|before|wrap|plain)
    | \(char\ \d+\) | \bstr\b | surrogates | \bdouble\b | \\x[0-9a-f]{2} | \\u[0-9a-f]{4}
    | constrained- | \blax-or-strict\b | \bliteral\[ | \bnullable\[ | \bsimulator\.(engine|kernel|wallet|providers|surface)
    """,
    re.X,
)
ALLOWED = re.compile(r"UNKNOWN_SERVER_ERROR|FIELD_VALIDATION_ERROR")


def models_of(operation: Operation) -> list[type[BaseModel]]:
    return [model for model in (operation.endpoint.body, operation.endpoint.query) if model is not None]


BY_NAME = {str(operation): operation for operation in OPERATIONS}


def _models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        yield model
        yield from _models(model)


_NAMES = {model.__name__ for model in _models() if model.__module__.startswith("simulator.providers.")}
INSIDE = re.compile(rf"[.\[]({'|'.join(sorted(_NAMES))})\b")
"""Our own names for objects, where they would stand in a path: `created.Created`."""


def wording(text: str) -> str | None:
    """The first forbidden word of a text."""
    plain = ALLOWED.sub("", text)
    found = FORBIDDEN.search(plain) or INSIDE.search(plain)
    return None if found is None else plain[max(0, found.start() - 60) : found.end() + 60]


# Requests --------------------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]

TEXTS = st.sampled_from([
    "", " ", "x", "x" * 300, "x" * 6000, "2026-13-45", "2026-02-30T25:00:00Z", "T", "999999999999999999999", "²", "１２",
    "-1", "1.5", "1e400", "http://", "javascript:alert(1)", "http://[", "999.999.1.1", "::g", "a@", "李", "😀", "a\nb",
    "%", "{}", "[]", "null", "yes", "cn", "usd", "XXX", "../..", "a.b.c", "[0]",
])  # fmt: skip
SCALARS = st.sampled_from([None, True, False, 0, -1, 1, 2**31, 2**63, 0.5, -0.0, 1e300]) | TEXTS
VALUES = (
    SCALARS
    | st.lists(SCALARS, max_size=2)
    | st.dictionaries(st.sampled_from(["a", "type", "id", "amount", "0", ""]), SCALARS, max_size=2)
    | st.sampled_from([[[]], [{}], {"a": {"b": []}}, ["x"] * 1100, {f"k{n}": "v" for n in range(60)}, {"k" * 300: "v"}])
)
GONE = object()


def paths(value: Any, before: Path = ()) -> Iterator[Path]:
    """Every place in a body, the whole of it first."""
    yield before
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from paths(inner, (*before, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*before, index))


def put(body: Any, path: Path, value: Any) -> Any:
    """The body with another value at a place, or without it."""
    if not path:
        return {} if value is GONE else value
    body = deepcopy(body)
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    if value is GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return body


def in_query(found: Any) -> str:
    """As a client writes it that knows JSON better than queries."""
    if not isinstance(found, dict):
        return ""
    texts = {name: value if isinstance(value, str) else orjson.dumps(value) for name, value in found.items()}
    return urlencode(texts, errors="replace")


@st.composite
def broken(draw: Callable[[Any], Any], model: type[BaseModel]) -> Any:
    """A body that is right but for one place, or two."""
    body = body_of(model, whole=draw(st.booleans()))
    for _ in range(draw(st.integers(1, 2))):
        if not isinstance(body, dict | list):
            break
        path = draw(st.sampled_from([*paths(body)]))
        body = put(body, path, draw(VALUES | st.just(GONE)))
    return body


@st.composite
def requests(draw: Callable[[Any], Any], operations: list[Operation]) -> tuple[str, str, Any]:
    """The operation by its name, its query and its body."""
    operation = BY_NAME[draw(st.sampled_from([str(one) for one in operations]))]
    query, body = "", None
    if operation.endpoint.query is not None:
        found = draw(broken(operation.endpoint.query))
        query = in_query(found)
    if operation.endpoint.body is not None:
        body = draw(broken(operation.endpoint.body))
    return str(operation), query, body


@contextmanager
def one_simulator(name: str) -> Iterator[Callable[[Operation, str, Any], list[str]]]:
    """Sends a request and gives everything that the merchant reads of it: status, headers, body, webhooks."""
    with asyncio.Runner() as runner:
        sim = runner.run(_opened(name))

        def send(operation: Operation, query: str, body: Any) -> list[str]:
            return runner.run(_texts(sim, operation, query, body))

        try:
            yield send
        finally:
            runner.run(sim.__aexit__())


async def _opened(name: str) -> Sim:
    sim = await Sim(providers=[PROVIDERS[name]]).__aenter__()
    await sim.receive_webhooks(name)
    return sim


async def _texts(sim: Sim, operation: Operation, query: str, body: Any) -> list[str]:
    account = Account(sim.credentials(operation.provider.name), str(sim.http.base_url), time_of_day())
    request = operation.request(account, query, body)
    answer = await sim.http.request(request.method, request.path, content=request.body, headers=dict(request.headers))
    assert answer.status_code < 500, (request, answer.text)
    texts = [answer.text, answer.headers.get("simulator-notice", "")] if "text/html" not in str(answer.headers) else []
    if not operation.endpoint.checks_body:
        sim.hooks.clear()
        await sim.advance(minutes=1)
        texts += [hook.raw.decode() for hook in sim.hooks]
    return texts


CHECKED = {name: [o for o in OPERATIONS if o.provider.name == name and models_of(o)] for name in PROVIDERS}


@pytest.mark.parametrize("name", PROVIDERS)
def test_no_answer_speaks_of_a_library_or_of_our_insides(name: str) -> None:
    """Wrong types, lengths, patterns, choices, dates and alternatives at every place of every request; and no 500."""
    with one_simulator(name) as send:

        @settings(max_examples=EXAMPLES, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(requests(CHECKED[name]))
        def every(request: tuple[str, str, Any]) -> None:
            name, query, body = request
            for text in send(BY_NAME[name], query, body):
                assert wording(text) is None, wording(text)

        every()


RAW = [
    b"{", b"{]", b"[" * 2000,
    b"{'a': 1}", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\xff"}', b"\xff\xfe", b'"x"', b"1", b"null", b"[]",
    b"a[=1", b"a[b]=1&a=2", b"it's[=1", b"\x00[=1", b"%FF[=1", b"a" * 300 + b"[=1", b"a" + b"[b]" * 40 + b"=1", b"=&&=",
]  # fmt: skip
"""Bodies that are no JSON, or no object, or no form."""


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_body_that_cannot_be_read_is_refused_in_a_merchants_words(name: str, content_type: str) -> None:
    """Where the signature is over the body, it is refused by that."""
    operations = [one for one in OPERATIONS if one.provider.name == name and one.endpoint.body is not None][:4]
    async with Sim(providers=[PROVIDERS[name]]) as sim:
        account = Account(sim.credentials(name), str(sim.http.base_url), time_of_day())
        for operation in operations:
            for body in RAW:
                request = operation.request(account, "", {})
                headers = dict(request.headers) | {"Content-Type": content_type}
                answer = await sim.http.request(request.method, request.path, content=body, headers=headers)
                assert answer.status_code < 500, (operation, body, answer.text)
                told = f"{answer.text} {answer.headers.get('simulator-notice', '')}"
                assert wording(told) is None, (operation, body, wording(told))


def nameless(told: Any) -> bool:
    """Whether an answer has the place of a name, and no name in it: `"field": ""`, "The  must be …", "the field ''"."""
    if isinstance(told, dict | list):
        return any(nameless(one) for one in (told.values() if isinstance(told, dict) else told))
    return isinstance(told, str) and (not told or re.search(r"""  |''|""|``""", told) is not None)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_what_is_wrong_with_the_body_itself_is_no_member_without_a_name(name: str) -> None:
    """The violation of a body that is no object has an empty path."""
    async with Sim(providers=[PROVIDERS[name]]) as sim:
        merchant = Merchant(sim, PROVIDERS[name])

        answer = await merchant.send(replace(merchant.creation(), body=b"[1]"))

        assert 400 <= answer.status < 500
        assert not nameless(answer.json), answer.text


def test_a_request_models_own_validators_have_words_for_a_merchant() -> None:
    """`Unfit` says so: what any other exception says never reaches an answer."""
    raising = re.compile(r"raise (ValueError|AssertionError|TypeError|PydanticCustomError)\b|PydanticCustomError\(")
    wires = [*FOLDER.glob("*/wire.py"), *FOLDER.glob("*/wire/*.py")]

    assert wires
    assert [path.name for path in wires if raising.search(path.read_text("utf-8"))] == []
