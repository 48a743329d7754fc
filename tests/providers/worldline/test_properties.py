"""Whatever is sent, Connect answers in its own format and never with 500; a refused request leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.worldline.driver import Merchant, payment_body

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**25), 10**25) | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
PATHS = (
    "order",
    "order.amountOfMoney",
    "order.amountOfMoney.amount",
    "order.amountOfMoney.currencyCode",
    "order.customer",
    "order.customer.billingAddress",
    "order.customer.billingAddress.countryCode",
    "order.customer.billingAddress.zip",
    "order.customer.device",
    "order.customer.locale",
    "order.references",
    "order.references.merchantReference",
    "order.references.merchantOrderId",
    "order.references.descriptor",
    "order.items",
    "redirectPaymentMethodSpecificInput",
    "redirectPaymentMethodSpecificInput.paymentProductId",
    "redirectPaymentMethodSpecificInput.redirectionData",
    "redirectPaymentMethodSpecificInput.redirectionData.returnUrl",
    "redirectPaymentMethodSpecificInput.expirationPeriod",
    "redirectPaymentMethodSpecificInput.paymentProduct861SpecificInput",
    "cardPaymentMethodSpecificInput",
)
QUERIES = ("countryCode", "currencyCode", "amount", "limit", "offset", "merchantReference", "source", "target", "hide")


def is_own(answer: httpx.Response) -> bool:
    """Connect's JSON, or the HTML of paths and methods that do not exist."""
    if answer.status_code in (404, 405) and answer.headers["content-type"] == "text/html":
        return True
    if answer.headers.get("content-type") != "application/json":
        return False
    body = answer.json()
    if answer.status_code < 300:
        return isinstance(body, dict)
    known = {"errorId", "errors", "paymentResult", "refundResult"}
    return isinstance(body, dict) and {"errorId", "errors"} <= set(body) <= known and bool(body["errors"])


@pytest.fixture
def ask() -> Iterator[Callable[[Callable[[Merchant], Any]], None]]:
    """Runs one example against a simulator of its own loop; the same simulator for all examples of a test."""
    sim = Sim()
    state: dict[str, Merchant] = {}

    def run(act: Callable[[Merchant], Any]) -> None:
        async def example() -> None:
            if not state:
                await sim.__aenter__()
                state["merchant"] = Merchant(sim)
            await act(state["merchant"])

        asyncio.run(example())

    yield run
    sim.app.runtime.store.close()


RELAXED = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


async def payments(merchant: Merchant) -> int:
    answer = await merchant.sim.http.get(f"{merchant.sim.path}/payments?limit=500")
    return len(answer.json()["data"])


@RELAXED
@given(path=st.sampled_from(PATHS), value=JSON)
def test_a_body_with_one_odd_member(ask: Any, path: str, value: Any) -> None:
    async def act(merchant: Merchant) -> None:
        before = await payments(merchant)
        answer = await merchant.post("/payments", payment_body(**{path: value}))
        assert is_own(answer), answer.text
        assert answer.status_code in (201, 400, 402), answer.text
        made = 1 if answer.status_code == 201 or "paymentResult" in answer.json() else 0
        assert await payments(merchant) == before + made

    ask(act)


@RELAXED
@given(body=JSON | st.binary(max_size=200))
def test_any_body_at_all(ask: Any, body: Any) -> None:
    async def act(merchant: Merchant) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        for path in ("/payments", "/hostedcheckouts", "/sessions", "/tokens", "/payments/1/refund"):
            answer = await merchant.post(path, content=content)
            assert is_own(answer), f"{path}: {answer.text}"
            assert answer.status_code in (201, 400, 402, 404)

    ask(act)


@RELAXED
@given(
    path=st.sampled_from(["/payments", "/refunds", "/products", "/products/861", "/services/convert/amount"]),
    query=st.dictionaries(st.sampled_from(QUERIES), st.text(max_size=30), max_size=4),
)
def test_any_query_at_all(ask: Any, path: str, query: dict[str, str]) -> None:
    async def act(merchant: Merchant) -> None:
        encoded = str(httpx.QueryParams(query))
        answer = await merchant.get(f"{path}?{encoded}" if encoded else path)
        assert is_own(answer), answer.text
        assert answer.status_code in (200, 400)

    ask(act)


@settings(RELAXED, max_examples=20)
@given(
    segments=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
)
def test_any_path_at_all(ask: Any, segments: list[str], method: str) -> None:
    async def act(merchant: Merchant) -> None:
        from urllib.parse import quote

        path = "/".join(quote(segment, safe="") for segment in segments)
        answer = await merchant.call(method, f"/{path}")
        assert is_own(answer), answer.text
        assert answer.status_code in (404, 405)

    ask(act)
