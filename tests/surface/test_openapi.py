"""The OpenAPI documents are valid, complete and made from what really checks the requests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from merchant import Merchant
from openapi_schema_validator import OAS31Validator
from support import HOOKS, Sim
from toy.acme import TALKATIVE, AcmeSettings
from toy.settling import post, reports

from simulator.engine.settlement import Settlement
from simulator.engine.terms import MoneySettings
from simulator.providers import BUILT_IN, built_in


class Terms(MoneySettings, AcmeSettings):
    """The toy's own, and what is agreed about its money."""


SETTLING = replace(TALKATIVE, settings=Terms, settlement=Settlement(moves=(), reports=reports))


@pytest.mark.parametrize("name", [*BUILT_IN, "control"])
async def test_each_document_is_valid_json_schema_throughout(sim: Sim, name: str) -> None:
    document = (await sim.http.get(f"/_sim/openapi/{name}.json")).raise_for_status().json()

    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        OAS31Validator.check_schema(schema)


async def test_every_endpoint_is_described(sim: Sim) -> None:
    for provider in built_in():
        document = (await sim.http.get(f"/_sim/openapi/{provider.name}.json")).json()
        described = sum(len(operations) for operations in document["paths"].values())

        assert described == len(provider.endpoints)


async def test_an_operation_id_stands_once_in_a_document(sim: Sim) -> None:
    """Also where several calls are one operation for scenarios: generators of clients make a function of each."""
    for provider in built_in():
        document = (await sim.http.get(f"/_sim/openapi/{provider.name}.json")).json()
        ids = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]

        assert sorted(ids) == sorted(set(ids))


@pytest.fixture
async def busy() -> AsyncIterator[Sim]:
    """Something has happened here, and something is still to come."""
    async with Sim(providers=[SETTLING]) as sim:
        post(sim, "capture", 1000)
        await sim.advance(days=5)
        await sim.receive_webhooks("acme")
        acme = Merchant(sim, SETTLING)
        await acme.create()
        await sim.arm([{"webhooks": {"delay": "1h"}}])
        await sim.act("acme", await acme.create(), "pay")
        yield sim


async def test_the_control_api_answers_what_its_document_says(busy: Sim) -> None:
    """Each call that reads."""
    [delivery, *_] = (await busy.http.get(f"{busy.path}/webhooks")).json()["data"]
    [request, *_] = (await busy.http.get(f"{busy.path}/requests")).json()["data"]
    await busy.http.post(f"/_sim/inbox/{busy.workspace.public_id}/orders", content=busy.hooks[0].raw)
    await busy.http.put(f"{busy.path}/buyers/li-na", json={"balance": 1})
    await busy.http.post(f"{busy.path}/snapshots")
    asks = {"provider": "acme", "webhook": HOOKS, "only": ["unknown-payment"]}
    audit = (await busy.http.post(f"{busy.path}/audit", json=asks)).raise_for_status().json()
    await busy.app.audits.ended(audit["id"])
    document = (await busy.http.get("/_sim/openapi/control.json")).json()
    asked = []

    for path, operations in document["paths"].items():
        if "get" not in operations or "{name}.json" in path:
            continue
        if "application/json" not in operations["get"]["responses"]["200"].get("content", {}):
            continue  # the feed never ends: tests/surface/test_events.py reads it
        ids = {"payments": delivery["resource_id"], "requests": request["id"], "audit": audit["id"]}
        id_ = next((one for part, one in ids.items() if f"/{part}/" in path), delivery["id"])
        address = path.format(ws=busy.workspace.public_id, provider="acme", id=id_, name="orders")
        query = {"phase": "waiting"} if path.endswith("/wait") else {}
        answer = (await busy.http.get(address, params=query)).raise_for_status().json()
        schema = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        OAS31Validator({**schema, "components": document["components"]}).validate(answer)
        asked.append(operations["get"]["operationId"])
        if "data" in answer:
            assert answer["data"], f"{path} was empty, so it shows nothing"

    assert len(asked) >= 14


async def test_a_refusal_is_what_the_document_says(sim: Sim) -> None:
    document = (await sim.http.get("/_sim/openapi/control.json")).json()
    schema = {"$ref": "#/components/schemas/ErrorAnswer", "components": document["components"]}

    for path in ("/_sim/nothing", f"{sim.path}/payments?phase=never", f"{sim.path}/webhooks/dlv_x"):
        answer = await sim.http.get(path)
        assert answer.status_code in (404, 422)
        OAS31Validator(schema).validate(answer.json())


async def test_an_unknown_document_is_404(sim: Sim) -> None:
    assert (await sim.http.get("/_sim/openapi/nobody.json")).status_code == 404
