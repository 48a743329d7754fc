"""The OpenAPI documents: of each provider, and of this API."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter

from simulator.surface.answers import ErrorAnswer
from simulator.surface.control.operation import ControlCall, NoBody, Operation
from simulator.surface.openapi import REF, document, parameters, plain, provider_document

CONTROL = "control"


def describing(
    table: Callable[[], Sequence[Operation[Any, Any]]],
) -> Callable[[ControlCall], Awaitable[dict[str, Any]]]:
    """The handler of a row of the very `table` that it describes, which therefore is asked for when it is called."""

    async def openapi(call: ControlCall) -> dict[str, Any]:
        """`control.json` is this API."""
        name = call.path["name"]
        if name == CONTROL:
            return control_document(table(), call.base_url)
        return provider_document(call.provider_named(name), call.base_url)

    return openapi


def control_document(table: Sequence[Operation[Any, Any]], base_url: str) -> dict[str, Any]:
    """The control API: requests, queries and answers are the models and types of its table."""
    bodies = [row.body for row in table if row.body is not NoBody]
    answered = [row.returns for row in table if row.returns is not None]
    adapters = {model: TypeAdapter(model) for model in (*bodies, *answered, ErrorAnswer)}
    found, definitions = TypeAdapter.json_schemas(
        [(model, "validation", adapter) for model, adapter in adapters.items()], ref_template=REF
    )
    schemas = {model: found[model, "validation"] for model in adapters}
    paths: dict[str, Any] = {}
    for row in table:
        operation: dict[str, Any] = {
            "operationId": row.name,
            "summary": row.summary,
            "description": inspect.getdoc(row.handler) or "",
            "parameters": [*parameters(row.path), *_query_parameters(row.query)],
            "responses": {
                str(row.status): _response("As it says", schemas.get(row.returns)),
                "default": _response("A refusal", schemas[ErrorAnswer]),
            },
        }
        if row.body is not NoBody:
            content = {"application/json": {"schema": schemas[row.body]}}
            operation["requestBody"] = {"required": False, "content": content}
        paths.setdefault(plain(row.path), {})[row.method.lower()] = operation
    text = "Steers the simulator: workspaces, payments, clock, webhooks, scenarios, buyers."
    return document("psp-simulator control API", text, base_url, paths, definitions.get("$defs", {}))


def _response(text: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"description": text, **content}


def _query_parameters(query: type[BaseModel]) -> list[dict[str, Any]]:
    members = query.model_json_schema().get("properties", {})
    return [
        {"name": name, "in": "query", "required": field.is_required(), "schema": members[field.alias or name]}
        for name, field in query.model_fields.items()
    ]
