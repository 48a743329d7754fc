"""Whatever is sent, ecommpay answers in its own format, never with a 500, and sends nothing that an SDK cannot verify."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import Sim

from providers.ecommpay.driver import PAGE, SALE, Merchant
from providers.ecommpay.test_callbacks import faults
from simulator.providers.ecommpay import signing

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | FLOATS | TEXT
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=8
)
PATHS = (
    "payment/wallet/alipay/sale", "payment/wallet/alipay/refund", "payment/status", "payment/clarification",
    "payment/status/request", "info/available_methods_for_merchant/list",
)  # fmt: skip
LEAVES = [(name, inner) for name in ("general", "customer", "payment", "return_url") for inner in (None, *SALE[name])]
PARAMETERS = [*PAGE, "project_id", "best_before", "redirect_success_url", "mode"]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

Check = Callable[..., Coroutine[Any, Any, None]]


@contextmanager
def one_simulator() -> Iterator[Callable[..., None]]:
    """One simulator for all examples of a test: a call runs a check in it."""
    with asyncio.Runner() as runner:
        sim = Sim()
        runner.run(sim.__aenter__())
        runner.run(sim.receive_webhooks("ecommpay"))
        merchant = Merchant(sim)
        runner.run(merchant.sale("known"))

        def run(check: Check, *args: Any) -> None:
            sim.hooks.clear()
            runner.run(check(merchant, *args))

        try:
            yield run
        finally:
            runner.run(sim.__aexit__())


def is_own_format(body: Any) -> bool:
    if body.get("status") == "error":
        return list(body) == ["status", "code", "message"] or list(body) == ["status", "errors"]
    return True


async def gate(merchant: Merchant, path: str, body: dict[str, Any]) -> None:
    """Signed where there is a place for a signature."""
    holder = body.get("general", body)
    if isinstance(holder, dict):
        holder.setdefault("project_id", merchant.project)
        holder["signature"] = signing.sign(merchant.secret, json.loads(json.dumps(body)))

    answer = await merchant.sim.http.post(f"/v2/{path}", content=json.dumps(body))
    await merchant.sim.advance(hours=2)

    assert answer.status_code in (200, 400, 404, 422)
    assert is_own_format(answer.json())
    assert [fault for hook in merchant.sim.hooks for fault in faults(hook.body)] == []
    assert all(hook.verdict("ecommpay").valid for hook in merchant.sim.hooks)


async def page(merchant: Merchant, parameters: dict[str, str]) -> None:
    signed = merchant.page(**parameters)

    opened = await merchant.sim.http.get("/payment", params=signed)
    pressed = await merchant.sim.http.post("/payment", data={**signed, "_step": "pay"})
    await merchant.sim.advance(hours=2)

    assert opened.status_code in (200, 303, 400, 404)
    assert pressed.status_code in (200, 303, 400, 404)
    assert opened.status_code == 303 or opened.headers["content-type"].startswith("text/html")
    assert [fault for hook in merchant.sim.hooks for fault in faults(hook.body)] == []


async def raw_bytes(merchant: Merchant, raw: bytes) -> None:
    answer = await merchant.sim.http.post("/v2/payment/wallet/alipay/sale", content=raw)

    assert answer.status_code in (400, 404, 422)
    assert is_own_format(answer.json())


def test_any_object_gets_an_answer_in_the_providers_format() -> None:
    names = TEXT | st.sampled_from(["general", "payment", "customer"])
    with one_simulator() as run:

        @MANY
        @given(st.sampled_from(PATHS), st.dictionaries(names, ANYTHING, max_size=4))
        def every(path: str, body: dict[str, Any]) -> None:
            run(gate, path, body)

        every()


def test_any_member_may_hold_anything() -> None:
    with one_simulator() as run:

        @MANY
        @given(st.sampled_from(PATHS[:4]), st.sampled_from(LEAVES), ANYTHING)
        def every(path: str, leaf: tuple[str, str | None], value: Any) -> None:
            body = json.loads(json.dumps({**SALE, "additional_data": {"customer": {"first_name": "之的"}}}))
            name, inner = leaf
            if inner is None:
                body[name] = value
            else:
                body[name][inner] = value
            run(gate, path, body)

        every()


def test_any_parameter_of_payment_page_may_hold_anything() -> None:
    with one_simulator() as run:

        @MANY
        @given(st.dictionaries(st.sampled_from(PARAMETERS) | TEXT.filter(bool), TEXT, max_size=3))
        def every(parameters: dict[str, str]) -> None:
            run(page, parameters)

        every()


def test_any_bytes_get_an_answer_in_the_providers_format() -> None:
    with one_simulator() as run:

        @MANY
        @given(st.binary(max_size=200))
        def every(raw: bytes) -> None:
            run(raw_bytes, raw)

        every()
