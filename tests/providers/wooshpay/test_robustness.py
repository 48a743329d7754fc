"""Whatever is sent, the answer is the provider's: never a 500, never another format, never a broken world."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.wooshpay.driver import SEED_SESSION, SEED_WEB, Merchant
from simulator.providers.wooshpay.endpoints import ENDPOINTS
from simulator.providers.wooshpay.errors import CATALOGUE

OBJECTS = {
    "payment_intent", "checkout.session", "refund", "charge", "payment_method", "customer", "product", "price",
    "webhook_endpoint", "event", "list", "search_result", "balance",
}  # fmt: skip

QUERIES = [
    "limit",
    "starting_after",
    "ending_before",
    "created",
    "created[gte]",
    "customer",
    "type",
    "query",
    "page",
    "x[y][z]",
]
ODD = st.sampled_from(
    [None, "", 0, -1, 1, 20, 2**31, 2**63, 1.5, True, [], {}, [[]], "1", "1.5", "CNY", "cny", "EUR", "alipay", "card",
     "WEB", "payment", "automatic", "manual", "off_session", "https://shop.example/r", "javascript:alert(1)", "\x00",
     "a\r\nb: c", "茶", "😀", "x" * 6000, "pi_1", "cus_1666729870215872512", "' OR 1=1 --", "{{7*7}}", "../../x"]
)  # fmt: skip
VALUES = st.recursive(
    ODD | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def _names(model: Any, depth: int = 0) -> list[str]:
    return list(model.model_fields) if model is not None and depth < 1 else []


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, str, bytes, str]:
    """A call of one of the routes: a good body with a few members changed, or members that exist with odd values."""
    endpoint = draw(st.sampled_from(ENDPOINTS))
    path = endpoint.path.replace("{id}", draw(st.sampled_from(["{intent}", "{session}", "pi_1", "x", "cs_test_1"])))
    path = path.replace("{payment_method}", "pm_1")
    if endpoint.method != "POST":
        pairs = draw(st.lists(st.tuples(st.sampled_from(QUERIES), ODD.map(str)), max_size=3))
        return endpoint.method, f"{path}?{urlencode(pairs, errors='replace')}", b"", "application/json"
    names = _names(endpoint.body) or ["nothing"]
    base: dict[str, Any] = {}
    if endpoint.path == "/v1/payment_intents":
        base = dict(SEED_WEB)
    elif endpoint.path == "/v1/checkout/sessions":
        base = dict(SEED_SESSION)
    changes = draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=3))
    body = base | changes
    if draw(st.booleans()):
        import orjson

        try:
            return endpoint.method, path, orjson.dumps(body), "application/json"
        except TypeError:
            return endpoint.method, path, b'{"amount": 1e999}', "application/json"
    flat = [(name, str(value)) for name, value in body.items()]
    return endpoint.method, path, urlencode(flat, errors="replace").encode(), "application/x-www-form-urlencoded"


def _is_own(status: int, body: Any) -> bool:
    if status == 200:
        return body.get("object") in OBJECTS
    return list(body) == ["error"] and body["error"]["code"] in CATALOGUE


def test_no_request_breaks_it() -> None:
    async def run() -> None:
        async with Sim() as sim:
            merchant = await Merchant(sim).listening()
            intent = (await merchant.pay_link())["id"]
            session = (await merchant.session())["id"]
            loop = asyncio.get_running_loop()
            calls: list[tuple[str, str, bytes, str]] = []

            @settings(
                max_examples=200, deadline=None, database=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow],
            )  # fmt: skip
            @given(_requests())
            def collect(call: tuple[str, str, bytes, str]) -> None:
                calls.append(call)

            await loop.run_in_executor(None, collect)
            for method, path, body, content_type in calls:
                path = path.replace("{intent}", intent).replace("{session}", session)
                headers = merchant.headers | {"content-type": content_type}
                answer = await sim.http.request(method, path, content=body, headers=headers)
                told = (method, path, body, answer.text)
                assert answer.status_code in (200, 400, 402, 404, 409, 429) or "91" in body.decode(), told
                assert _is_own(answer.status_code, answer.json()), told
            await sim.settle()
            assert all(hook.verdict("wooshpay").valid for hook in sim.hooks)
            assert (await merchant.get("payment_intents")).status_code == 200

    asyncio.run(run())
