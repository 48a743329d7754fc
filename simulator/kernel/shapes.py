"""How deep and how wide a value of JSON is, seen without following it further than is asked."""

from __future__ import annotations

from typing import Any

MEMBERS = 10_000
"""Members and entries of a body, all levels together, or fields of a form with the levels of their names. Far above what any call
has. Whoever reads, checks or explains a body does something for each of them, and a million bytes hold half a million."""

FEWEST_BYTES = 2
"""Of JSON or of a form for one of them: a number and a comma."""


def is_deep(value: Any, levels: int) -> bool:
    """Whether something stands inside so many levels of lists and objects, or more."""
    level = [value]
    for _ in range(levels):
        level = _inside(level)
        if not level:
            return False
    return True


def is_wide(value: Any) -> bool:
    """Whether it has more than `MEMBERS`."""
    count, level = 0, [value]
    while level and count <= MEMBERS:
        level = _inside(level)
        count += len(level)
    return count > MEMBERS


def has_wide_object(value: Any) -> bool:
    """Whether an object in it, at whatever level, has more than `MEMBERS`; lists may have as many entries as they like."""
    level = [value]
    while level:
        if any(isinstance(one, dict) and len(one) > MEMBERS for one in level):
            return True
        level = _inside(level)
    return False


def _inside(level: list[Any]) -> list[Any]:
    containers = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
    return [inner for one in containers for inner in one]
