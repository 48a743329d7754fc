"""OpenAPI 3.1 documents, made from the same tables and models by which requests are routed and checked."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from simulator import __version__
from simulator.engine.provider import Endpoint, Provider

REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")


def provider_document(provider: Provider, base_url: str) -> dict[str, Any]:
    """Requests exactly as they are checked; answers by status, in the words of the provider's reference."""
    models = [model for e in provider.endpoints for model in (e.body, e.query) if model is not None]
    paths: dict[str, Any] = {}
    for endpoint in provider.endpoints:
        path = _PARAMETER.sub(r"{\1}", endpoint.path)
        paths.setdefault(path, {})[endpoint.method.lower()] = _operation(provider, endpoint)
    return _document(f"{provider.title} (simulated)", provider.documents, base_url, paths, models)


def control_document(
    table: Sequence[tuple[str, str, Any]], models: dict[str, type[BaseModel]], base_url: str
) -> dict[str, Any]:
    """The control API. `models` maps the name of a handler to its request model."""
    paths: dict[str, Any] = {}
    for method, path, handler in table:
        name = handler.__name__
        operation: dict[str, Any] = {
            "operationId": name,
            "summary": (inspect.getdoc(handler) or name.replace("_", " ")).splitlines()[0],
            "parameters": _parameters(path),
            "responses": {"default": {"description": "JSON; errors are {error: {code, message, field?, allowed?}}"}},
        }
        if name in models:
            operation["requestBody"] = _body(models[name], required=False)
        paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})[method.lower()] = operation
    text = "Steers the simulator: workspaces, payments, clock, webhooks, scenarios, buyers."
    return _document("psp-simulator control API", text, base_url, paths, list(dict.fromkeys(models.values())))


def _document(
    title: str, text: str, base_url: str, paths: dict[str, Any], models: Sequence[type[BaseModel]]
) -> dict[str, Any]:
    unique = list(dict.fromkeys(models))
    _, schemas = models_json_schema([(model, "validation") for model in unique], ref_template=REF)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": text},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": schemas.get("$defs", {})},
    }


def _operation(provider: Provider, endpoint: Endpoint) -> dict[str, Any]:
    doc = inspect.getdoc(endpoint.handler) or ""
    head = endpoint.summary or next(iter(doc.splitlines()), "")
    answers = endpoint.answers or {200: "As the provider documents"}
    operation: dict[str, Any] = {
        "operationId": endpoint.operation or f"{endpoint.method} {endpoint.path}",
        "summary": head,
        "parameters": _parameters(endpoint.path),
        "responses": {str(status): {"description": text} for status, text in answers.items()},
    }
    operation["responses"]["default"] = {"description": "A refusal in the provider's own format"}
    if endpoint.query is not None:
        operation["parameters"] += [
            {"name": name, "in": "query", "required": field.is_required(), "schema": {}}
            for name, field in endpoint.query.model_fields.items()
        ]
    if endpoint.body is not None:
        operation["requestBody"] = _body(endpoint.body, required=True)
    if provider.idempotency is not None and endpoint.idempotent:
        header = {"name": provider.idempotency.header, "in": "header", "required": False, "schema": {"type": "string"}}
        operation["parameters"].append(header)
    return operation


def _parameters(path: str) -> list[dict[str, Any]]:
    kinds = {"digits": {"type": "string", "pattern": "^[0-9]+$"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}
        for name, kind in _PARAMETER.findall(path)
    ]


def _body(model: type[BaseModel], *, required: bool) -> dict[str, Any]:
    schema = {"$ref": REF.format(model=model.__name__)}
    return {"required": required, "content": {"application/json": {"schema": schema}}}
