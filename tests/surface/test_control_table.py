"""The table of the control API: one row says how a call looks, and nothing else does."""

from __future__ import annotations

from typing import Any, get_args, get_type_hints

import pytest
from support import Sim

from simulator.surface.control.operation import NoBody, NoQuery, Operation
from simulator.surface.control.paging import ListQuery
from simulator.surface.control.table import TABLE


def name_of(row: Operation[Any, Any]) -> str:
    return row.name


@pytest.mark.parametrize("row", TABLE, ids=name_of)
def test_a_row_names_the_models_that_its_handler_is_written_for(row: Operation[Any, Any]) -> None:
    """A handler says so in its signature: `ControlCall[PayBody]`, `ControlCall[NoBody, PaymentsQuery]`."""
    models = get_args(get_type_hints(row.handler)["call"])

    assert models in (
        (row.body, row.query),
        (row.body,) if row.query is NoQuery else None,
        () if (row.body, row.query) == (NoBody, NoQuery) else None,
    )


def test_every_row_has_a_name_of_its_own_and_a_summary() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.summary for row in TABLE)


@pytest.mark.uncounted
@pytest.mark.parametrize("row", [row for row in TABLE if row.method == "GET"], ids=name_of)
async def test_a_mistyped_parameter_is_refused_with_those_that_there_are(sim: Sim, row: Operation[Any, Any]) -> None:
    """A filter that is not understood would otherwise answer with everything."""
    path = row.path.replace("{ws}", "default").replace("{name}", "x").replace("{id:path}", "x").replace("{id}", "x")

    answer = await sim.http.get(path, params={"phse": "paid"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid", "phse")
    assert error["allowed"] == sorted(row.query.model_fields)


@pytest.mark.parametrize(
    "row", [row for row in TABLE if row.method == "GET" and "provider" in row.query.model_fields], ids=name_of
)
async def test_a_filter_for_a_provider_that_there_is_not_is_refused_with_those_that_there_are(
    sim: Sim, row: Operation[Any, Any]
) -> None:
    """An empty list would say that nothing happened there."""
    answer = await sim.http.get(row.path.replace("{ws}", "default"), params={"provider": "amce"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid", "provider")
    assert error["allowed"] == sorted(sim.app.runtime.providers)


async def test_the_admin_token_of_a_browser_is_no_parameter_of_a_call(sim: Sim) -> None:
    assert (await sim.http.get(f"{sim.path}/payments", params={"token": "mine"})).status_code == 200


@pytest.mark.parametrize("path", ["reset", "settle", "clock/resume"])
async def test_a_body_where_none_belongs_is_refused_and_nothing_is_done(sim: Sim, path: str) -> None:
    before = (await sim.http.get(sim.path)).json()

    answer = await sim.http.post(f"{sim.path}/{path}", json={"dry_run": True})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "dry_run")
    assert (await sim.http.get(sim.path)).json()["created_at"] == before["created_at"]


@pytest.mark.uncounted
@pytest.mark.parametrize("row", [row for row in TABLE if issubclass(row.query, ListQuery)], ids=name_of)
@pytest.mark.parametrize("limit", ["0", "501", "ten", ""])
async def test_a_page_has_one_to_five_hundred_entries(sim: Sim, row: Operation[Any, Any], limit: str) -> None:
    path = row.path.replace("{ws}", "default").replace("{name}", "x")

    answer = await sim.http.get(path, params={"limit": limit})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "limit")


async def test_the_document_describes_every_row_with_its_query_its_body_and_what_it_answers(sim: Sim) -> None:
    document = (await sim.http.get("/_sim/openapi/control.json")).json()

    operations = {
        operation["operationId"]: operation for path in document["paths"].values() for operation in path.values()
    }
    listed = operations["list_payments"]
    assert set(operations) == {row.name for row in TABLE}
    assert {p["name"] for p in listed["parameters"]} == {
        *("ws", "provider", "phase", "reference", "q", "since", "failing", "limit", "cursor")
    }
    assert listed["responses"]["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/Page_Payment_"
    }
    assert operations["pay"]["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/PayBody"
    }
    assert set(operations["create_workspace"]["responses"]) == {"201", "default"}
