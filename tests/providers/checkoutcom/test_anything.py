"""Whatever arrives, the answer is Checkout.com's own and never a 500."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, HOSTED, ONE_TIME, RECURRING, Merchant, workflow

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["true", "EUR", "src_" + "a" * 26, "pay_x", "javascript:alert(1)", "\u0000", "a@b.c", "9" * 300]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SEEDS = [
    ("POST", "/payments", ONE_TIME),
    ("POST", "/payments", RECURRING),
    ("POST", "/payments", FOLLOW_UP),
    ("POST", "/payments/{pay}/refunds", {"amount": 20, "reference": "R", "metadata": {"a": "b"}}),
    ("POST", "/payments/{pay}/reversals", {"reference": "R"}),
    ("POST", "/payments/{pay}/captures", {"amount": 20, "capture_type": "Final"}),
    ("POST", "/payments/search", {"query": "reference:'x'", "limit": 1, "from": "2026-01-01T00:00:00Z"}),
    ("POST", "/customers", {"email": "a@example.com", "phone": {"country_code": "44", "number": "123456"}}),
    ("PATCH", "/customers/{cus}", {"name": "x", "metadata": {"a": 1}, "default": "src_x", "instruments": []}),
    ("PATCH", "/instruments/src_x", {"customer": {"id": "cus_x"}}),
    ("POST", "/hosted-payments", HOSTED),
    ("POST", "/payment-links", HOSTED | {"expires_in": 60, "return_url": "https://shop.example"}),
    ("POST", "/workflows", workflow()),
    ("PATCH", "/workflows/{wf}", {"name": "x", "active": True}),
    ("POST", "/workflows/{wf}/actions", workflow()["actions"][0]),
    ("POST", "/workflows/{wf}/conditions", {"type": "entity", "entities": ["ent_x"]}),
    ("POST", "/workflows/{wf}/test", {"event_types": ["payment_captured"]}),
    ("POST", "/workflows/events/reflow", {"events": ["evt_x"], "subjects": ["pay_x"], "workflows": ["wf_x"]}),
]
PATHS = [
    "/payments/{id}",
    "/payments/{id}/actions",
    "/payments?reference={id}&limit={id}",
    "/customers/{id}",
    "/instruments/{id}",
    "/workflows/{id}",
    "/workflows/events/{id}",
    "/workflows/events/{id}/actions/{id}",
    "/workflows/events/subject/{id}",
    "/hosted-payments/{id}",
    "/payment-links/{id}",
    "/balances/{id}?query={id}",
    "/disputes/{id}",
    "/disputes?statuses={id}&from={id}&limit={id}",
]


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A documented request with some members, at any depth, replaced or removed."""
    method, path, seed = draw(st.sampled_from(SEEDS))
    body = json.loads(json.dumps(seed))
    for _ in range(draw(st.integers(1, 3))):
        node: Any = body
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
                node = node[key]
                continue
            if isinstance(node, dict) and draw(st.integers(0, 3)) == 0:
                del node[key]
            else:
                node[key] = draw(VALUES)
            break
    return method, path, body


def is_own(answer: httpx.Response) -> bool:
    """An answer in Checkout.com's format: nothing of the framework's, nothing of ours."""
    if "cko-request-id" not in answer.headers or "cko-version" not in answer.headers:
        return False
    match answer.status_code:
        case 200 | 201 | 202:
            return not answer.content or answer.headers["content-type"] == "application/json"
        case 204 | 401 | 403 | 404 | 405 | 409 | 413:
            return answer.content == b"" and "content-type" not in answer.headers
        case 400:
            return list(answer.json()) == ["error"] and re.fullmatch(r"[a-z_]+", answer.json()["error"]) is not None
        case 422:
            body = answer.json()
            codes = body["error_codes"]
            return (
                list(body) == ["request_id", "error_type", "error_codes"]
                and bool(codes)
                and len(set(codes)) == len(codes)
                and all(re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)+", code) for code in codes)
            )
        case _:
            return False


class World:
    """One simulator for a whole run: examples follow each other on it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sim = Sim()
        self.run(self.sim.__aenter__())
        self.merchant = Merchant(self.sim)
        self.ids = self.run(self._prepare())

    async def _prepare(self) -> dict[str, str]:
        flow = await self.merchant.listens()
        created = await self.merchant.paid()
        return {"pay": created["id"], "cus": created["customer"]["id"], "wf": flow}

    def run(self, what: Any) -> Any:
        return self.loop.run_until_complete(what)

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answer: httpx.Response = self.run(self.merchant.send(method, path, body))
        return answer

    def close(self) -> None:
        self.run(self.sim.__aexit__())
        self.loop.close()


@pytest.fixture(scope="module")
def world() -> Any:
    made = World()
    yield made
    made.close()


QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(request=mutations())
def test_no_body_makes_a_foreign_answer(world: World, request: tuple[str, str, Any]) -> None:
    method, path, body = request

    answer = world.send(method, path.format(**world.ids), body)

    assert is_own(answer), (answer.status_code, answer.headers, answer.text)


@QUICK
@given(path=st.sampled_from(PATHS), id_=st.text(min_size=1, max_size=30))
def test_no_path_makes_a_foreign_answer(world: World, path: str, id_: str) -> None:
    from urllib.parse import quote

    safe = quote(id_.encode("utf-8", "surrogatepass"), safe="")

    answer = world.send("GET", path.replace("{id}", safe))

    assert is_own(answer), (answer.status_code, answer.headers, answer.text)


@settings(QUICK, max_examples=40)
@given(raw=st.binary(max_size=200), path=st.sampled_from(["/payments", "/customers", "/workflows", "/connect/token"]))
def test_no_bytes_make_a_foreign_answer(world: World, raw: bytes, path: str) -> None:
    answer = world.send("POST", path, raw)

    assert is_own(answer), (answer.status_code, answer.headers, answer.text)
    assert answer.status_code in (400, 422)


@settings(QUICK, max_examples=40)
@given(authorization=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_no_authorization_header_makes_a_foreign_answer(world: World, authorization: str) -> None:
    answer = world.run(world.sim.http.get("/payments/pay_x", headers={"Authorization": authorization}))

    assert (answer.status_code, answer.content) == (401, b"")


def test_the_world_is_still_in_order_after_all_that(world: World) -> None:
    """Every webhook that left is signed, and the first payment is what its own refunds have made of it."""
    world.run(world.sim.advance(hours=1))
    shown = world.send("GET", f"/payments/{world.ids['pay']}").json()

    assert shown["balances"]["total_refunded"] + shown["balances"]["available_to_refund"] == shown["amount"]
