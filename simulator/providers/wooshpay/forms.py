"""Form-encoded bodies in Stripe's bracket notation: `line_items[0][quantity]=1`, `enabled_events[]=a`.

Source: docs/providers/wooshpay.md, source 2.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from simulator.kernel.refusals import MalformedBody

DEPTH_LIMIT = 12
_NAME = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")


def parse(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Returns nested objects and arrays, in which every scalar stays text.

    Raises `MalformedBody` for names that contradict each other.
    """
    root: dict[str, Any] = {}
    for name, value in pairs:
        match = _NAME.match(name)
        if match is None:
            raise MalformedBody(f"{_quoted(name)} is not a parameter name")
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        if len(path) > DEPTH_LIMIT:
            raise MalformedBody(f"{_quoted(name)} is nested too deeply")
        _put(root, path, value)
    return {name: value if name == "metadata" else _arrays(value) for name, value in root.items()}


def _quoted(name: str) -> str:
    """A name as the merchant wrote it, in one line and not too long."""
    return "'" + "".join(c if c.isprintable() else "?" for c in name[:100]) + "'"


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    for index, part in enumerate(path):
        if not part and (part := str(len(node))) in node:
            raise MalformedBody(f"{_quoted(path[0])} is given both with and without numbers")
        if index == len(path) - 1:
            if isinstance(node.get(part), dict):
                raise MalformedBody(f"{_quoted(path[0])} is given both as a value and as an object")
            node[part] = value
            return
        inner = node.setdefault(part, {})
        if not isinstance(inner, dict):
            raise MalformedBody(f"{_quoted(path[0])} is given both as a value and as an object")
        node = inner


def _arrays(value: Any) -> Any:
    """Turns objects whose names are all numbers into arrays, except `metadata`, which stays an object at any depth."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isascii() and name.isdigit() for name in value):
        return [_arrays(value[name]) for name in sorted(value, key=lambda digits: (len(digits), digits))]
    return {name: inner if name == "metadata" else _arrays(inner) for name, inner in value.items()}
