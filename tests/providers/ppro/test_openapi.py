"""The checks that run behind every test of this folder do find mistakes."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from support import Sim

from providers.ppro import openapi
from providers.ppro.driver import Merchant
from simulator.providers.ppro.endpoints import ENDPOINTS
from simulator.providers.ppro.webhooks import EVENTS


def answer(body: object, status: int = 200, path: str = "/v1/payment-charges") -> httpx.Response:
    request = httpx.Request("POST", f"http://sim.test{path}")
    return httpx.Response(status, json=body, request=request)


def test_every_event_has_a_published_schema() -> None:
    for event in EVENTS:
        assert openapi._webhook(event).schema["type"] == "object"


async def test_a_member_that_is_not_documented_is_noticed(sim: Sim) -> None:
    charge = await Merchant(sim).create()

    with pytest.raises(AssertionError, match="merchantName"):
        await openapi.check_answer(answer(charge | {"merchantName": "Riverside Books"}))
    with pytest.raises(AssertionError, match="WAITING"):
        await openapi.check_answer(answer(charge | {"status": "WAITING"}))


async def test_null_a_short_time_and_a_foreign_error_are_noticed(sim: Sim) -> None:
    charge = await Merchant(sim).create()

    for wrong in (charge | {"labels": None}, charge | {"createdAt": "2026-03-04T05:00:00Z"}):
        with pytest.raises(AssertionError):
            await openapi.check_answer(answer(wrong))
    with pytest.raises(AssertionError):
        await openapi.check_answer(answer({"detail": "Not Found"}, 404))


async def test_a_webhook_with_a_bare_amount_is_noticed(sim: Sim) -> None:
    await sim.receive_webhooks("ppro")
    await Merchant(sim, settles=True).create()
    body = sim.hooks[0].body
    body["data"]["amount"] = 1000

    with pytest.raises(AssertionError, match=r"data\.amount"):
        openapi.check_webhook(json.dumps(body, separators=(",", ":")).encode())


def test_every_published_operation_is_served_under_its_own_name() -> None:
    ours = {(e.method, re.sub(r"{\w+}", "{}", e.path)): e.operation for e in ENDPOINTS}

    for name in ("payment-charges", "payment-instruments", "funds-statuses"):
        for path, methods in openapi._document(name)["paths"].items():
            for method, operation in methods.items():
                assert ours[method.upper(), re.sub(r"{[\w-]+}", "{}", path)] == operation["operationId"]
