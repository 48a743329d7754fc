"""OpenAPI 3.1 documents of the providers, made from the same tables and models by which requests are routed and checked.

What the control API's own document shares with them stands here too: `document`, `plain`, `parameters`.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

from pydantic.json_schema import models_json_schema

from simulator import __version__
from simulator.engine.provider import Endpoint, Provider

REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"{(\w+)(?::(\w+))?}")


def provider_document(provider: Provider, base_url: str) -> dict[str, Any]:
    """Requests exactly as they are checked; answers by status, in the words of the provider's reference. Where several endpoints
    are one operation for scenarios, method and path follow its name: an `operationId` stands once in a document."""
    models = [model for e in provider.endpoints for model in (e.body, e.query) if model is not None]
    paths: dict[str, Any] = {}
    rows = Counter(endpoint.operation for endpoint in provider.endpoints)
    for endpoint in provider.endpoints:
        path = plain(endpoint.path)
        is_alone = bool(endpoint.operation) and rows[endpoint.operation] == 1
        id_ = endpoint.operation if is_alone else f"{endpoint.operation} {endpoint.method} {path}".lstrip()
        paths.setdefault(path, {})[endpoint.method.lower()] = {"operationId": id_, **_operation(provider, endpoint)}
    unique = list(dict.fromkeys(models))
    _, schemas = models_json_schema([(model, "validation") for model in unique], ref_template=REF)
    title = f"{provider.title} (simulated)"
    return document(title, provider.documents, base_url, paths, schemas.get("$defs", {}))


def document(title: str, text: str, base_url: str, paths: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": text},
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _operation(provider: Provider, endpoint: Endpoint) -> dict[str, Any]:
    doc = inspect.getdoc(endpoint.handler) or ""
    head = endpoint.summary or next(iter(doc.splitlines()), "")
    answers = endpoint.answers or {200: "As the provider documents"}
    operation: dict[str, Any] = {
        "summary": head,
        "parameters": parameters(endpoint.path),
        "responses": {str(status): {"description": text} for status, text in answers.items()},
    }
    operation["responses"]["default"] = {"description": "A refusal in the provider's own format"}
    if endpoint.query is not None:
        operation["parameters"] += [
            {"name": name, "in": "query", "required": field.is_required(), "schema": {}}
            for name, field in endpoint.query.model_fields.items()
        ]
    if endpoint.body is not None:
        schema = {"$ref": REF.format(model=endpoint.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if provider.idempotency is not None and endpoint.idempotent:
        header = {"name": provider.idempotency.header, "in": "header", "required": False, "schema": {"type": "string"}}
        operation["parameters"].append(header)
    return operation


def plain(path: str) -> str:
    """A path without what its parameters may look like."""
    return _PARAMETER.sub(r"{\1}", path)


def parameters(path: str) -> list[dict[str, Any]]:
    patterns = {"digits": {"type": "string", "pattern": "^[0-9]+$"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": patterns.get(only, {"type": "string"})}
        for name, only in _PARAMETER.findall(path)
    ]
