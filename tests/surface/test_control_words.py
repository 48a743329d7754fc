"""What the control API refuses it refuses in plain words, whatever library has checked it."""

from __future__ import annotations

from typing import Any

import pytest
from contract.test_words import wording
from support import Sim

from simulator.surface.control.operation import NoBody, Operation
from simulator.surface.control.table import TABLE

WRONG: tuple[Any, ...] = (None, True, -1, 2**63, 0.5, "", "x" * 6000, "2026-02-30", [], [[]], {}, {"a": {"b": []}})
WITH_BODY = [row for row in TABLE if row.body is not NoBody]
WITH_QUERY = [row for row in TABLE if row.query.model_fields]


def address(sim: Sim, row: Operation[Any, Any]) -> str:
    names = {"{ws}": str(sim.workspace.public_id), "{provider}": "simulator", "{id:path}": "x", "{id}": "x"}
    path = row.path
    for name, value in names.items():
        path = path.replace(name, value)
    return path.replace("{", "").replace("}", "")


@pytest.mark.parametrize("row", WITH_BODY, ids=lambda row: row.name)
async def test_a_body_that_cannot_be_is_refused_in_plain_words(sim: Sim, row: Operation[Any, Any]) -> None:
    path = address(sim, row)
    bodies: list[Any] = [*WRONG, {"zz_unknown": 1}]
    bodies += [{field.alias or name: value} for name, field in row.body.model_fields.items() for value in WRONG]

    for body in bodies:
        answer = await sim.http.request(row.method, path, json=body)

        assert answer.status_code < 500, (body, answer.text)
        if answer.status_code >= 400:
            assert wording(answer.json()["error"]["message"]) is None, answer.text


@pytest.mark.uncounted
@pytest.mark.parametrize("row", WITH_QUERY, ids=lambda row: row.name)
async def test_a_query_that_cannot_be_is_refused_in_plain_words(sim: Sim, row: Operation[Any, Any]) -> None:
    path = address(sim, row)
    queries = [
        f"{name}={value}" for name in row.query.model_fields for value in ("", "x", "-1", "1.5", "9" * 30, "%C2%B2")
    ]

    for query in ["zz_unknown=1", *queries]:
        patient = "timeout" not in row.query.model_fields or query.startswith("timeout=")
        answer = await sim.http.request(row.method, f"{path}?{query}{'' if patient else '&timeout=PT0S'}")

        assert answer.status_code < 500, (query, answer.text)
        if answer.status_code >= 400:
            assert wording(answer.json()["error"]["message"]) is None, answer.text
