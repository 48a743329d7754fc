"""Reduces what providers publish to facts of shape: names, types, what is required, enumerations, formats and bounds.

    python -m published.reduce ../shared/reference/specs      (from the folder `tests`)

No text is taken over: no description, no title, no example, no default. Of Checkout.com, which publishes much more than
Alipay needs, only the operations that the simulator serves are kept, and the schemas that they reach. The result,
`published/*.json`, is what the tests check against; the published documents themselves are no part of this repository.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from simulator.engine.provider import Provider
from simulator.providers import built_in

HERE = Path(__file__).parent

# The keywords of a schema that say what a value may be. All others are dropped.
PLAIN = frozenset(
    [
        "type",
        "required",
        "enum",
        "const",
        "format",
        "pattern",
        "nullable",
        "uniqueItems",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "multipleOf",
        "$ref",
    ]
)
BY_NAME = frozenset({"properties", "definitions", "patternProperties"})
LISTS = frozenset({"oneOf", "anyOf", "allOf"})
INNER = frozenset({"items", "additionalProperties", "not"})


def schema(found: Any) -> Any:
    """The same schema without words."""
    if not isinstance(found, dict):
        return found
    kept: dict[str, Any] = {}
    for keyword, value in found.items():
        if keyword in PLAIN:
            kept[keyword] = value
        elif keyword in BY_NAME:
            kept[keyword] = {name: schema(inner) for name, inner in value.items()}
        elif keyword in LISTS:
            kept[keyword] = [schema(inner) for inner in value]
        elif keyword in INNER:
            kept[keyword] = schema(value)
    return kept


def content(found: Mapping[str, Any]) -> dict[str, Any]:
    """Of a request body or an answer, the schema for each media type."""
    bodies = found.get("content", {})
    return {"content": {media: {"schema": schema(body["schema"])} for media, body in bodies.items()}} if bodies else {}


def operation(found: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {"operationId": found["operationId"]} if "operationId" in found else {}
    if "responses" in found:
        kept["responses"] = {status: content(answer) for status, answer in found["responses"].items()}
    return kept


def openapi(document: Mapping[str, Any], serves: Callable[[str, str], bool]) -> dict[str, Any]:
    """The operations that the simulator serves, and the schemas that their answers reach."""
    paths: dict[str, Any] = {}
    for template, methods in document.get("paths", {}).items():
        for method, found in methods.items():
            if serves(method.upper(), template):
                paths.setdefault(template, {})[method] = operation(found)
    kept: dict[str, Any] = {"paths": paths}
    if "webhooks" in document:
        kept["webhooks"] = {
            name: {"post": {"requestBody": content(hook["post"]["requestBody"])}}
            for name, hook in document["webhooks"].items()
        }
    schemas = document.get("components", {}).get("schemas", {})
    kept["components"] = {"schemas": {name: schema(schemas[name]) for name in reached(kept, schemas)}}
    return kept


def reached(start: Any, schemas: Mapping[str, Any]) -> list[str]:
    """The names of the components that something refers to, directly or not, in the order of the document."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        for name in references(waiting.pop()):
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schema(schemas[name]))
    return [name for name in schemas if name in found]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].rpartition("/")[2]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def operations(document: Mapping[str, Any]) -> list[list[str]]:
    """Method, path and name of each operation."""
    found = document["paths"].items()
    return sorted([method.upper(), path, one["operationId"]] for path, all_ in found for method, one in all_.items())


def served(provider: Provider) -> Callable[[str, str], bool]:
    """Whether the simulator has this operation, whatever the names of the variables in its path."""

    def shape(path: str) -> str:
        return re.sub(r"{[^}]+}", "{}", path)

    ours = {(endpoint.method, shape(endpoint.path)) for endpoint in provider.endpoints}
    return lambda method, template: (method, shape(template)) in ours


def models(found: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, Any]:
    """The classes that the wanted ones are made of: fields with their types, and bases."""
    kept: dict[str, Any] = {}
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name in kept or name not in found:
            continue
        model = found[name]
        kept[name] = {part: model[part] for part in ("bases", "fields") if part in model}
        kinds = [*model.get("bases", ()), *model.get("fields", {}).values()]
        waiting += [word for kind in kinds for word in re.findall(r"\w+", kind)]
    return dict(sorted(kept.items()))


def digest(texts: Mapping[str, str]) -> str:
    """A catalogue of texts, told without repeating one of them."""
    return hashlib.sha256(json.dumps(sorted(texts.items()), ensure_ascii=False).encode()).hexdigest()


# What is taken from whom ------------------------------------------------------------------------------------------

# Worldline: the request bodies that have a model of ours, and the answers that its tests look at.
REQUESTS = (
    "CreatePaymentRequest", "CreateHostedCheckoutRequest", "RefundRequest", "ApproveRefundRequest", "SessionRequest",
    "CreateTokenRequest",
)  # fmt: skip
ANSWERS = (
    "CaptureResponse", "CapturesResponse", "ConvertAmount", "CreateHostedCheckoutResponse", "CreatePaymentResponse",
    "ErrorResponse", "FindPaymentsResponse", "FindRefundsResponse", "GetHostedCheckoutResponse", "PaymentErrorResponse",
    "PaymentProductGroups", "PaymentProductResponse", "PaymentProducts", "PaymentResponse", "RefundResponse",
    "RefundsResponse", "SessionResponse", "TestConnection", "ThirdPartyStatusResponse", "WebhooksEvent",
)  # fmt: skip


def facts(specs: Path) -> dict[str, Any]:
    """Everything that is checked in, by file name."""
    ours = served(next(provider for provider in built_in() if provider.name == "checkoutcom"))

    def read(name: str) -> Any:
        return json.loads((specs / name).read_text("utf-8"))

    def all_of_it(method: str, template: str) -> bool:
        return True

    codes = {entry["code"]: entry["message"] for entry in read("ecommpay/response-codes.json")["codes"]}
    pairs = [[entry["failureType"], entry["failureCode"]] for entry in read("ppro/failure-codes.json")]
    return {
        **{
            f"checkoutcom-{platform}": openapi(read(f"checkoutcom/{platform}-subset.openapi.json"), ours)
            for platform in ("nas", "abc")
        },
        **{
            f"ppro-{name}": openapi(read(f"ppro/{name}.openapi.json"), all_of_it)
            for name in ("payment-charges", "payment-instruments", "funds-statuses", "webhooks")
        },
        "ppro-operations": {
            "operations": [
                operation
                for name in ("payment-charges", "payment-instruments", "funds-statuses")
                for operation in operations(read(f"ppro/{name}.openapi.json"))
            ]
        },
        "ppro-failures": {"pairs": sorted(pairs)},
        "ecommpay-codes": {"codes": sorted(codes), "messages_sha256": digest(codes)},
        "ecommpay-operations": {"operations": operations(read("ecommpay/gate-openapi-excerpt.json"))},
        "worldline-requests": {name: schema(read(f"worldline/schemas/{name}.json")) for name in REQUESTS},
        "worldline-models": models(read("worldline/models.json"), ANSWERS),
    }


def text(found: Mapping[str, Any], depth: int = 3) -> str:
    """JSON with one line for each operation, schema or model, so that a change shows where it is."""
    return _text(found, depth, "") + "\n"


def _text(value: Any, depth: int, margin: str) -> str:
    if depth == 0 or not isinstance(value, dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = margin + " "
    members = (f"{inner}{json.dumps(name)}: {_text(part, depth - 1, inner)}" for name, part in value.items())
    return "{\n" + ",\n".join(members) + "\n" + margin + "}"


def main(specs: Path) -> None:
    for name, found in facts(specs).items():
        (HERE / f"{name}.json").write_text(text(found), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
