"""The types of the official request schemas, for the members that the request models do not read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from simulator.kernel.refusals import Violation
from simulator.providers.worldline.wire.values import as_number

_ANYTHING = object()


@cache
def official_types() -> dict[str, Any]:
    """The members of the official request schemas and their types, by the name of the request model.

    An array is written as a list of one: the type of its elements.
    """
    return dict(orjson.loads((Path(__file__).parent.parent / "request_types.json").read_bytes()))


def wrong_types(value: Any, official: Any, path: str = "") -> Iterator[Violation]:
    """The places where a body is not of its official types. Unknown members are ignored; numbers may come as strings."""
    if isinstance(official, dict) and isinstance(value, dict):
        for name, member in value.items():
            wanted = official.get(name, _ANYTHING)
            if wanted is not _ANYTHING and not (wanted == "string" and type(member) is str):
                yield from wrong_types(member, wanted, f"{path}.{name}" if path else name)
    elif isinstance(official, list) and isinstance(value, list):
        for index, element in enumerate(value):
            yield from wrong_types(element, official[0], f"{path}.{index}")
    elif not _is_of(value, official, path):
        yield Violation(path, "type", given=value)


def _is_of(value: Any, official: Any, path: str) -> bool:
    match official:
        case "string":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return isinstance(value, str) or (is_number and path.endswith(".merchantCustomerId"))
        case "integer":
            number = as_number(value)
            return isinstance(number, int) and not isinstance(number, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return False
