"""Lists: `{"data": [...], "next": cursor | null}`, with `limit` and `cursor` in the query."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import Field

from simulator.surface.control.errors import invalid
from simulator.surface.control.operation import ControlCall, NoBody, Query

MAX_LIMIT = 500


class ListQuery(Query):
    """What every list takes."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: str | None = None


Row = TypeVar("Row")
L = TypeVar("L", bound=ListQuery)


def place_of(call: ControlCall[NoBody, L]) -> int | None:
    """The place of the last entry of the page before. Raises 422 for a cursor that is not ours."""
    given = call.query.cursor
    if given is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(given + "=="))
    except ValueError as error:
        raise invalid("cursor: is not one of ours", "cursor") from error


def page(
    call: ControlCall[NoBody, L],
    rows: Sequence[Row],
    *,
    place: Callable[[Row], int],
    views: Callable[[Sequence[Row]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """`rows` are one more than `limit`, if there are so many; `place` is where one stands in the list."""
    limit = call.query.limit
    shown = rows[:limit]
    following = _cursor(place(shown[-1])) if len(rows) > limit else None
    return {"data": views(shown), "next": following}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")
