"""The OpenAPI documents are valid, complete and made from what really checks the requests."""

from __future__ import annotations

import pytest
from openapi_schema_validator import OAS31Validator
from support import Sim

from simulator.providers import BUILT_IN, built_in


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


async def test_an_unknown_document_is_404(sim: Sim) -> None:
    assert (await sim.http.get("/_sim/openapi/nobody.json")).status_code == 404
