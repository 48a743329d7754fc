"""However a body is shaped, what its signature costs grows with its size and has an end. Work is counted, not timed."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import orjson
import pytest
from support import Sim

from providers.ecommpay.driver import SALE, Merchant
from simulator.providers.ecommpay import receiver, signing

SHAPES: dict[str, Callable[[int], dict[str, Any]]] = {
    # A message of so many members.
    "side by side": lambda n: {f"member_{i}": "x" for i in range(n)},
    "in one long name": lambda n: {"n" * 20: {str(i): 1 for i in range(n)}},
    "names of digits and letters": lambda n: {"1a" * 10: {str(i): True for i in range(n)}},
    "colons": lambda n: {":" * 20: {f"{i}:": None for i in range(n)}},
    "a list": lambda n: {"positions": [{"amount": 1.5, "name": "茶叶"} for _ in range(n // 2)]},
}

ATTACKS: dict[str, Callable[[], dict[str, Any]]] = {
    # 35 kB each, whose text to sign would have dozens of millions of characters.
    "a long name around many members": lambda: {"n" * 17_000: {str(i): 1 for i in range(2000)}},
    "a long name of digits": lambda: {"1a" * 8500: {str(i): 1 for i in range(2000)}},
    "a long name of colons": lambda: {":" * 17_000: {str(i): 1 for i in range(2000)}},
    "many objects in each other": lambda: nested(900, {str(i): 1 for i in range(1000)}),
    "many arrays in each other": lambda: {"a": nested_list(900)},
    "many members": lambda: {str(i): 1 for i in range(20_000)},
}


def nested(depth: int, inner: Any) -> Any:
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def nested_list(depth: int) -> Any:
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    return inner


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the lines of Python that are executed."""
    count, before = [0], sys.gettrace()

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        count[0] += event == "line"
        return trace

    sys.settrace(trace)
    try:
        yield count
    finally:
        sys.settrace(before)


def work_of(message: dict[str, Any]) -> int:
    """What a wrong signature costs: all dialects are tried, then the help is written."""
    with counted() as count:
        assert signing.verify("secret", message, "wrong") is None
        signing.explain("secret", message, "wrong")
    return count[0]


@pytest.mark.uncounted
@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_members_are_twice_the_work(shape: str) -> None:
    make = SHAPES[shape]

    small, large = work_of(make(500)), work_of(make(1000))

    assert large <= 2.2 * small


@pytest.mark.uncounted
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_small_body_with_a_huge_text_is_refused_before_it_is_built(attack: str) -> None:
    message = ATTACKS[attack]()

    tracemalloc.start()
    with counted() as count, pytest.raises(signing.TooMuchToSign):
        signing.verify("secret", message, "wrong")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count[0] < 60 * signing.MAX_MEMBERS
    assert peak < 20_000_000


@pytest.mark.parametrize("attack", ATTACKS)
async def test_such_a_body_is_answered_at_once_and_says_why(sim: Sim, ecommpay: Merchant, attack: str) -> None:
    body = {**SALE, "general": {**SALE["general"], "project_id": ecommpay.project, "signature": "x"}}
    body["addendum"] = ATTACKS[attack]()

    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", content=json.dumps(body))

    assert (answer.status_code, answer.json()["code"]) == (413, "702")
    assert "10000 members" in answer.headers["simulator-notice"]


async def test_payment_page_has_the_same_bounds(sim: Sim, ecommpay: Merchant) -> None:
    long = {"n" * 5000 + f"[{i}]": "1" for i in range(200)}

    answer = await sim.http.post("/payment", data={**ecommpay.page(), **long})
    deep = await sim.http.post("/payment", data={**ecommpay.page(), "a" + "[b]" * 255 + "[c]": "1"})

    assert answer.status_code == 413
    assert deep.status_code == 413


async def test_the_help_for_a_wrong_signature_is_as_long_as_somebody_reads(sim: Sim, ecommpay: Merchant) -> None:
    body = {**SALE, "general": {**SALE["general"], "project_id": ecommpay.project, "signature": "x" * 100_000}}
    body["addendum"] = {f"member_{i}": "value" for i in range(9000)}

    answer = await sim.http.post("/v2/payment/wallet/alipay/sale", json=body)

    assert (answer.status_code, answer.json()["code"]) == (400, "3261")
    [entry] = [request for request in await sim.requests() if request["path"].endswith("/sale")]
    help_ = entry["help"]
    assert help_["signed"].startswith("addendum:member_0:value;addendum:member_1:value;")
    assert len(orjson.dumps(help_)) < 5 * signing.HELP_TEXT
    assert (help_["received"][:3], len(help_["expected"])) == ("xxx", 88)


def test_an_ordinary_large_body_is_signed() -> None:
    """A receipt of a thousand positions."""
    position = {"quantity": "1", "amount": "1000", "description": "茶叶", "tax": 10, "tax_amount": 100}
    message = {"receipt_data": {"positions": [position] * 1000}}

    assert signing.verify("secret", message, signing.sign("secret", message)) == signing.Match()


@pytest.mark.parametrize("attack", ATTACKS)
async def test_the_merchants_side_has_bounds_too(sim: Sim, ecommpay: Merchant, attack: str) -> None:
    body = json.dumps({**ATTACKS[attack](), "signature": "x"}).encode()

    with counted() as count:
        verdict = receiver.verify(sim.workspace, {}, body)

    assert not verdict.valid
    assert count[0] < 20 * receiver.MAX_MEMBERS


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b'{"signature":"x","' + b"1" * 5000 + b'":1}'])
async def test_the_merchants_side_survives_any_bytes(sim: Sim, ecommpay: Merchant, body: bytes) -> None:
    assert not receiver.verify(sim.workspace, {}, body).valid
