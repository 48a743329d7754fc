"""The checked-in facts of shape: complete in a plain clone, without a word of the manuals, and equal to what is published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from published import facts, reduce

pytestmark = pytest.mark.uncounted

HERE = Path(reduce.__file__).parent
FILES = sorted(path.stem for path in HERE.glob("*.json"))
SPECS = Path(__file__).parents[2] / "shared" / "reference" / "specs"
WORDS = {"description", "title", "summary", "example", "examples", "default", "externalDocs", "x-provenance"}


def keywords(schema: Any) -> Iterator[str]:
    """The keywords of a schema and of those inside; the names of properties are no keywords."""
    if not isinstance(schema, dict):
        return
    yield from schema
    for keyword, value in schema.items():
        if keyword in reduce.BY_NAME:
            for inner in value.values():
                yield from keywords(inner)
        elif keyword in reduce.LISTS:
            for inner in value:
                yield from keywords(inner)
        elif keyword in reduce.INNER:
            yield from keywords(value)


def schemas_of(found: dict[str, Any]) -> list[Any]:
    if "components" not in found:
        return list(found.values())
    operations = [operation for methods in found["paths"].values() for operation in methods.values()]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    answers += [hook["post"]["requestBody"] for hook in found.get("webhooks", {}).values()]
    bodies = [body["schema"] for answer in answers for body in answer.get("content", {}).values()]
    return [*found["components"]["schemas"].values(), *bodies]


@pytest.mark.parametrize("name", [name for name in FILES if facts(name).keys() & {"paths", "CreatePaymentRequest"}])
def test_a_schema_says_only_what_a_value_may_be(name: str) -> None:
    allowed = reduce.PLAIN | reduce.BY_NAME | reduce.LISTS | reduce.INNER | {"$schema"}

    schemas = schemas_of(facts(name))

    assert schemas
    assert {keyword for schema in schemas for keyword in keywords(schema)} - allowed == set()


@pytest.mark.parametrize("name", [name for name in FILES if "components" in facts(name)])
def test_every_reference_leads_to_a_schema_and_every_schema_is_referred_to(name: str) -> None:
    found = facts(name)
    known = set(found["components"]["schemas"])

    named = set(reduce.references(found))

    assert known <= named
    assert named - known <= {"PaymentResponseAlmaSource"}  # it dangles in the published document, too


def test_words_and_unreached_schemas_are_left_out() -> None:
    document = {
        "paths": {
            "/a/{id}": {"get": {"operationId": "getA", "summary": "Get", "responses": {"200": {
                "description": "Fine", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}}},
            "/b": {"post": {"responses": {"204": {"description": "Fine"}}}},
        },
        "components": {"schemas": {
            "A": {"type": "object", "title": "A", "required": ["title"], "properties": {
                "title": {"type": "string", "description": "Words", "example": "Sir", "maxLength": 9},
                "of": {"oneOf": [{"$ref": "#/components/schemas/B"}, {"type": "null"}]}}},
            "B": {"enum": ["x"], "default": "x"},
            "C": {"type": "string"},
        }},
    }  # fmt: skip

    kept = reduce.openapi(document, lambda method, template: template == "/a/{id}")

    assert kept == {
        "paths": {"/a/{id}": {"get": {"operationId": "getA", "responses": {"200": {
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}}}}},
        "components": {"schemas": {
            "A": {"type": "object", "required": ["title"], "properties": {
                "title": {"type": "string", "maxLength": 9},
                "of": {"oneOf": [{"$ref": "#/components/schemas/B"}, {"type": "null"}]}}},
            "B": {"enum": ["x"]},
        }},
    }  # fmt: skip
    assert json.loads(reduce.text(kept)) == kept


def test_the_files_are_those_that_the_reduction_writes() -> None:
    for name in FILES:
        assert (HERE / f"{name}.json").read_text("utf-8") == reduce.text(facts(name)), name


if SPECS.is_dir():  # only beside the published documents; a plain clone has nothing to compare, and nothing to skip

    def test_the_facts_are_those_of_the_published_documents() -> None:
        made = reduce.facts(SPECS)

        assert sorted(made) == FILES
        assert {name: facts(name) for name in FILES} == made
