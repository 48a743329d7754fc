"""A workspace's time: what it is, moving it, what falls due, and doing what is due."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from simulator.engine.dispatcher import Watch
from simulator.engine.registry import WorkspaceError
from simulator.engine.runtime import Runtime
from simulator.engine.store import EVERY, FOREVER, Store
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.walking import Ahead
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import (
    LAST,
    Clock,
    from_micros,
    iso_millis,
    micros,
    parse_duration,
)
from simulator.surface.control import checks
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of

FASTEST = 3600
"""An hour in a second."""

_INSTANT = re.compile(r"\s*\d{4}-")
"""What somebody types where a duration is wanted, and means an instant."""

TIMERS, MESSAGES = 0, 1
"""The two tables of what falls due, in the order in which they are listed where they fall due together."""


class AdvanceBody(Body):
    by: str | None = None
    to: str | None = None
    next: bool = False


class FreezeBody(Body):
    at: str | None = None


class RateBody(Body):
    rate: int = Field(ge=1, le=FASTEST)


def clock_view(clock: Clock) -> dict[str, Any]:
    """`rate` stands there where it is not the usual one."""
    offset = clock.offset if clock.mode == "frozen" or clock.rate == 1 else clock.ahead
    view = {"now": iso_millis(clock.now()), "mode": clock.mode, "offset_s": offset.total_seconds()}
    return view if clock.rate == 1 else {**view, "rate": clock.rate}


async def get_clock(call: ControlCall) -> dict[str, Any]:
    return clock_view(call.workspace.clock)


async def advance(call: ControlCall[AdvanceBody]) -> dict[str, Any]:
    """Walks deadline by deadline; what fell due is done when this answers, webhook attempts included."""
    runtime, workspace, body = call.runtime, call.workspace, call.body
    if sum((body.by is not None, body.to is not None, body.next)) != 1:
        message = "give exactly one of by, to and next"
        raise ControlError(422, "invalid", message, allowed=["by", "to", "next"])
    to = _target(call)
    try:
        seen = await runtime.advance(workspace, to)
    except WorkspaceError as error:
        if error.field is None:
            raise
        field = "next" if body.next else "to" if body.by is None else "by"
        raise invalid(f"by: {error}" if isinstance(to, timedelta) else str(error), field) from error
    clock, arrived = runtime.workspace(workspace.id).clock, seen.arrived_at
    now_is = iso_millis(arrived if arrived is not None and clock.mode == "real" else clock.now())
    return {"now": now_is, "fired": seen.fired, **_waited_for(seen)}


def _target(call: ControlCall[AdvanceBody]) -> datetime | timedelta | None:
    """A duration counts from where the clock stands when this advance has its turn. None is the next deadline."""
    by, to = call.body.by, call.body.to
    if by is not None and not _INSTANT.match(by):
        try:
            return parse_duration(by)
        except ValueError as error:
            raise invalid(f"by: {error}", "by") from error
    if by is not None:
        return _later(call, checks.of_clock(by, "by"), "by")
    return None if to is None else _later(call, checks.of_clock(to, "to"), "to")


def _later(call: ControlCall[AdvanceBody], at: datetime, field: str) -> datetime:
    """What falls due within the millisecond that is named falls due then: so it was told."""
    if at < call.workspace.clock.now():
        raise invalid("the clock never runs backwards", field)
    end = micros(at) // 1000 * 1000 + 999
    due = call.runtime.store.next_due(call.workspace.id, micros(at))
    return min(from_micros(end), LAST) if due is not None and due <= end else at


async def stop_advance(call: ControlCall) -> dict[str, Any]:
    """An advance that is under way ends at the deadline that it has reached, and answers; 409 where there is none."""
    if not call.runtime.stop_advance(call.workspace):
        raise ControlError(409, "not_advancing", "the clock is not being advanced")
    return clock_view(call.workspace.clock)


async def freeze(call: ControlCall[FreezeBody]) -> dict[str, Any]:
    workspace, given = call.workspace, call.body.at
    at = checks.of_clock(given, "at") if given else None
    if at is not None and at < workspace.clock.now() - timedelta(seconds=1):
        raise invalid("at: the clock never runs backwards", "at")
    return clock_view(call.runtime.change_workspace(workspace, clock=workspace.clock.frozen(at)).clock)


class ResumeBody(Body):
    real: bool = False
    """At the time of day, having done what fell due until then; not only from where it stands."""


async def resume(call: ControlCall[ResumeBody]) -> dict[str, Any]:
    """Raises 409 for a clock that is ahead of the time of day and should run at it: none runs backwards. A stop, a freeze and
    another rate on the way there hold, and the answer is the clock as it is then."""
    workspace = call.workspace
    if not call.body.real:
        clock = workspace.clock.resumed() if workspace.clock.mode == "frozen" else workspace.clock
        return clock_view(call.runtime.change_workspace(workspace, clock=clock).clock)
    try:
        return clock_view(await call.runtime.back_to_real(workspace))
    except Ahead as error:
        raise ControlError(409, "ahead", str(error)) from error


async def rate(call: ControlCall[RateBody]) -> dict[str, Any]:
    """Lets the clock run from what it shows, that many of its seconds in one of real time; 1 is the usual pace."""
    clock = call.workspace.clock.running_at(call.body.rate)
    return clock_view(call.runtime.change_workspace(call.workspace, clock=clock).clock)


async def timers(call: ControlCall[NoBody, ListQuery]) -> dict[str, Any]:
    """Pending timers and webhook retries, soonest first; of those at one instant the timers come first."""
    limit = call.query.limit + 1
    return page(
        call,
        pending(call.runtime.store, call.workspace, limit, place_of(call)),
        place=lambda row: row[0],
        views=lambda shown: told(call.runtime, call.workspace, shown, Texts("en")),
    )


def pending(
    store: Store, workspace: Workspace, limit: int, place: Sequence[int] | None = None
) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
    """What falls due, soonest first, each with its place in the list."""
    after_timers, after_messages = _after(place)
    rows: list[tuple[tuple[int, ...], dict[str, Any]]] = [
        (
            (row.due, TIMERS, row.seq),
            {"kind": row.trigger, "provider": row.provider, "resource_id": row.id, "resource": row.kind},
        )
        for row in store.timers(workspace.id, limit=limit, after=after_timers)
    ]
    rows += [
        (
            (row.due or 0, MESSAGES, row.seq),
            {
                "kind": "webhook",
                "provider": row.provider,
                "resource_id": row.subject,
                "event": row.event,
                "attempt": row.attempts + 1,
            },
        )
        for row in store.due_messages(workspace.id, FOREVER, limit=limit, after=after_messages)
    ]
    rows.sort(key=lambda row: row[0])
    return rows[:limit]


def told(
    runtime: Runtime, workspace: Workspace, rows: Sequence[tuple[Sequence[int], Mapping[str, Any]]], texts: Texts
) -> list[dict[str, Any]]:
    """What falls due (`pending`), each with the payment that it is about and in words, with the states that it leads from and
    to where the table of its kind says so."""
    uow = runtime.open(workspace)
    return [
        {"at": iso_millis(from_micros(place[0])), **view, **_words(runtime, uow, view, texts)} for place, view in rows
    ]


def _words(runtime: Runtime, uow: UnitOfWork, view: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    if view["kind"] == "webhook":
        again = "clock_sends" if view["attempt"] == 1 else "clock_sends_again"
        return {"payment": view["resource_id"], "summary": texts(again, event=view["event"], n=view["attempt"])}
    party = runtime.parties.get(view["provider"])
    kind = party.kinds.get(view["resource"]) if party is not None else None
    found = uow.find(kind, view["resource_id"]) if kind is not None else None
    what = words(view["kind"], view["resource"], texts)
    if found is None:
        return {"payment": view["resource_id"], "summary": what}
    said: dict[str, Any] = {"payment": found.subject or view["resource_id"], "summary": what}
    move = found.MACHINE.moves.get((view["kind"], found.state)) if found.MACHINE is not None else None
    if move is not None and move.source != move.target:
        said |= {"from": move.source, "to": move.target}
        said["summary"] = texts("clock_becomes", what=what, source=move.source, target=move.target)
    summary = runtime.summary_of(found)
    return said if summary is None or not summary.reference else {**said, "reference": summary.reference}


def words(trigger: str, kind: str, texts: Texts) -> str:
    """`Session expires`, of the trigger `timer.expires`; of a trigger or a kind that has no words here, its own."""
    trigger = trigger.partition(".")[2]
    key = f"clock_kind_{re.sub('[.-]', '_', kind)}"
    named = texts(key) if texts.has(key) else kind
    if not texts.has(f"clock_when_{trigger}"):
        return f"{named} {trigger.replace('_', ' ')}"
    said = texts(f"clock_when_{trigger}", kind=named)
    return said[:1].upper() + said[1:]


def _after(place: Sequence[int] | None) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Where to go on in each of the two tables."""
    if place is None:
        return None, None
    due, table, seq = place
    return ((due, seq), (due, -1)) if table == TIMERS else ((due, EVERY), (due, seq))


async def settle(call: ControlCall) -> dict[str, Any]:
    """Does everything that is due at the workspace's present instant, and counts the webhooks.

    What runs out of time is waited for once at each address; what follows there goes on when this has answered. Raises 422
    when the workspace is reset or restored meanwhile, 404 when it is deleted.
    """
    runtime, workspace = call.runtime, call.workspace
    pending, newest = runtime.store.pending_now(workspace.id)
    seen = await runtime.settle(workspace)
    ended = runtime.store.outcomes_since(workspace.id, pending, newest)
    counted = {state: ended.get(state, 0) for state in ("delivered", "failed")}
    return {**counted, "pending": runtime.store.count_pending(workspace.id), **_waited_for(seen)}


def _waited_for(seen: Watch) -> dict[str, Any]:
    """Stands in the answer only where somebody kept us waiting."""
    return {"waited_for": seen.waited_for} if seen.waited_for else {}
