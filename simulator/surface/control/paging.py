"""Lists: `{"data": [...], "next": cursor | null}`, with `limit` and `cursor` in the query.

A cursor holds the place of the last entry that was shown (a sequence number, not a count of entries), so what is added or
removed between two pages moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import Field

from simulator.engine.workspace import Workspace
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import ControlCall, NoBody, Query

MAX_LIMIT = 500

SOUGHT = 512
Sought = Annotated[str, Field(max_length=SOUGHT)]
"""A name, an id or a reference by which a list is looked through."""


class ListQuery(Query):
    """What every list takes."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT)
    cursor: str | None = Field(None, max_length=2_000)


Place = int | str | tuple[int, ...]
Row = TypeVar("Row")
L = TypeVar("L", bound=ListQuery)


def place_of(call: ControlCall[NoBody, L]) -> Any:
    """The place of the last entry of the page before, as `page` was told it; None on the first page.

    Raises 422 for a cursor that this list of this workspace did not give.
    """
    given = call.query.cursor
    if given is None:
        return None
    from itsdangerous import BadData

    try:
        return _cursors(call).loads(given)
    except BadData as error:
        raise unknown_cursor() from error


def unknown_cursor() -> ControlError:
    return invalid("cursor: is not one of this list", "cursor")


def none_such(what: str, workspace: Workspace, looked_at: int | None) -> ControlError:
    """404: there is none, or none among so many of the newest, where there are more."""
    among = "" if looked_at is None else f" among the {looked_at:,} newest; older ones are in the list"
    return ControlError(404, "not_found", f"there is no such {what} in workspace {workspace.name}{among}")


def page(
    call: ControlCall[NoBody, L],
    rows: Sequence[Row],
    *,
    place: Callable[[Row], Place],
    views: Callable[[Sequence[Row]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """`rows` are one more than `limit`, if there are so many; `place` is where one stands in the list."""
    limit = call.query.limit
    shown = rows[:limit]
    following = str(_cursors(call).dumps(place(shown[-1]))) if len(rows) > limit else None
    return {"data": views(shown), "next": following}


def page_so_far(call: ControlCall[NoBody, L], views: list[dict[str, Any]], following: Place | None) -> dict[str, Any]:
    """A page of a list that is looked through piece by piece: it may hold fewer entries than it could, and still go on."""
    return {"data": views, "next": None if following is None else str(_cursors(call).dumps(following))}


def page_of_all(
    call: ControlCall[NoBody, L],
    entries: Sequence[Row],
    *,
    name: Callable[[Row], str],
    views: Callable[[Sequence[Row]], list[dict[str, Any]]],
) -> dict[str, Any]:
    """A page of a list that is at hand as a whole. Its order is fixed and new ones come at its end; a name is a place."""
    after, names = place_of(call), [name(entry) for entry in entries]
    if after is not None and after not in names:
        raise unknown_cursor()
    start = 0 if after is None else names.index(after) + 1
    return page(call, entries[start : start + call.query.limit + 1], place=name, views=views)


def _cursors(call: ControlCall[NoBody, L]) -> Any:
    """Writes and reads cursors: signed, so that one counts only in the list and the workspace that gave it."""
    from itsdangerous import URLSafeSerializer

    where = {**call.path, "ws": call.workspace.public_id} if "ws" in call.path else {**call.path}
    return URLSafeSerializer(call.runtime.secret, salt=f"cursor {call.operation} {sorted(where.items())}")
