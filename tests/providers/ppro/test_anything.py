"""Whatever is sent to whatever endpoint: no 500, and no answer outside of PPRO's formats."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.ppro.driver import SEED, Merchant
from providers.ppro.openapi import check_answer
from simulator.providers.ppro.endpoints import ENDPOINTS

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "CNY", "CN", "ALIPAY", "MOCK", "REDIRECT", "MULTI_FACTOR", "777123", "javascript:alert(1)", "https://[",
            "a\r\nb: c", "\0", "x" * 600, "2026-13-45", "0001-01-01T00:00:00+23:59", 300002, 2**63 - 1, 10**400,
        ]
    )
)  # fmt: skip
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
NAMES = st.sampled_from(
    [
        "paymentMethod", "paymentDescriptor", "amount", "value", "currency", "consumer", "country", "labels", "order",
        "webhooksUrl", "authenticationSettings", "settings", "type", "details", "authenticationResult", "autoCapture",
        "instrument", "instrumentId", "merchantPaymentChargeReference", "refundReason", "verificationCode", "returnUrl",
    ]
)  # fmt: skip
LIKELY = st.dictionaries(NAMES, JSON, max_size=5)
PATHS = [(endpoint.method, endpoint.path) for endpoint in ENDPOINTS]


@st.composite
def almost_seed(draw: st.DrawFn) -> Any:
    """The seed's request with one member anywhere replaced."""
    body = json.loads(
        json.dumps(SEED | {"paymentDescriptor": "requiresAuthentication=true", "labels": {}, "order": {}})
    )
    inner: Any = body
    while True:
        names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
        name = draw(st.sampled_from(names)) if names else "new"
        if not isinstance(inner, dict | list) or not names:
            break
        if isinstance(inner[name], dict | list) and inner[name] and draw(st.booleans()):
            inner = inner[name]
            continue
        inner[name] = draw(JSON)
        break
    return body


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[asyncio.Runner, Merchant, list[str]]]:
    """One simulator for all examples, with a charge in each state."""

    async def begin() -> tuple[Sim, Merchant, list[str]]:
        sim = await Sim().__aenter__()
        merchant = Merchant(sim)
        charges = [
            await merchant.waiting("REDIRECT", "SCAN_CODE", "MULTI_FACTOR"),
            await merchant.mock("requiresCapture=true"),
            await merchant.mock(),
            await merchant.mock("providerConfirmation=true"),
            await merchant.mock(value=300001),
        ]
        sim.http.event_hooks["response"].append(check_answer)
        return sim, merchant, [charge["id"] for charge in charges] + [charges[0]["instrumentId"]]

    with asyncio.Runner() as runner:
        sim, merchant, ids = runner.run(begin())
        yield runner, merchant, ids
        runner.run(sim.__aexit__())


async def send(merchant: Merchant, method: str, path: str, raw: bytes, **headers: str) -> httpx.Response:
    sent = merchant.headers | {"Content-Type": "application/json"} | headers
    return await merchant.sim.http.request(method, path, content=raw, headers=sent)


COMMON = settings(
    max_examples=100, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(data=st.data())
@COMMON
def test_no_body_breaks_an_endpoint(shop: tuple[asyncio.Runner, Merchant, list[str]], data: st.DataObject) -> None:
    runner, merchant, ids = shop
    method, template = data.draw(st.sampled_from(PATHS))
    id_ = data.draw(st.sampled_from([*ids, "charge_x", "%00", "...", "é"]))
    path = template.replace("{id}", id_).replace("{operation}", id_)
    body = data.draw(JSON | LIKELY | almost_seed() | st.binary(max_size=40))
    raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")

    answer = runner.run(send(merchant, method, path, raw))

    assert answer.status_code < 500
    assert answer.status_code in (200, 204, 400, 404, 405, 415, 422)


@given(body=almost_seed(), method=st.sampled_from(["ALIPAY", "MOCK"]))
@COMMON
def test_no_request_for_a_charge_breaks_it(
    shop: tuple[asyncio.Runner, Merchant, list[str]], body: Any, method: str
) -> None:
    runner, merchant, _ = shop
    if isinstance(body, dict) and "paymentMethod" in body and body["paymentMethod"] == "ALIPAY":
        body["paymentMethod"] = method

    answer = runner.run(send(merchant, "POST", "/v1/payment-charges", json.dumps(body).encode()))

    assert answer.status_code in (200, 400, 422)
    if answer.status_code == 200:
        page = runner.run(merchant.open_page(answer.json()["id"]))
        assert page.status_code == 200


@given(
    query=st.dictionaries(
        st.sampled_from(["merchantPaymentChargeReference", "agreementId", "page", "x"]), st.text(max_size=30)
    ),
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=300),
    path=st.text(max_size=40),
)
@COMMON
def test_no_query_key_or_path_breaks_it(
    shop: tuple[asyncio.Runner, Merchant, list[str]], query: dict[str, str], key: str, path: str
) -> None:
    runner, merchant, _ = shop
    headers = merchant.headers | {"Request-Idempotency-Key": key, "Request-Reference": key}

    async def both() -> list[httpx.Response]:
        http = merchant.sim.http
        escaped = "".join(f"%{byte:02X}" for byte in path.encode("utf-8", "surrogatepass"))
        return [
            await http.get("/v1/payment-charges", params=query, headers=headers),
            await http.post(f"/v1/payment-charges/{escaped}", json={}, headers=headers),
        ]

    assert all(answer.status_code in (200, 400, 404, 405) for answer in runner.run(both()))
