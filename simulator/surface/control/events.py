"""The live feed of a workspace: each committed change as a server-sent event, in the journal's order.

It is read from the journal, not from memory: a client that was away goes on after the last number that it saw, whichever
process on the store tells it. One row of the journal tells several events; each has a number of its own, so that
a client may be cut off between them. While somebody listens the journal is looked at four times a second, which is
one look-up by its primary key.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from simulator.engine import journal
from simulator.engine.resource import load
from simulator.engine.runtime import Runtime
from simulator.engine.unreadable import Unreadable
from simulator.engine.watchers import Audience
from simulator.kernel.clock import stopwatch
from simulator.surface.control import finding
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import ControlCall, NoBody, Query

log = logging.getLogger("simulator")

LOOK_S = 0.25
PING_S = 15.0
AT_ONCE = 500
"""So many rows of the journal are told in one go."""
PLACES = 1000
"""An event's number is that of its row times this, and its place in the row."""


class EventsQuery(Query):
    after: int | None = Field(None, ge=0, lt=2**62)
    follow: bool = True
    """Whether it goes on, or ends with what there is."""


async def events(call: ControlCall[NoBody, EventsQuery]) -> Response:
    """Server-sent events, from now on or after `Last-Event-ID` (or `?after=`); with `?follow=false` those that there are."""
    last = call.request.headers.get("last-event-id", "")
    if last and not (last.isascii() and last.isdecimal() and len(last) < 19):
        raise invalid("Last-Event-ID: must be a number that this feed has sent", "Last-Event-ID")
    refuse_more_listeners(call)
    call.runtime.write_late()
    after = int(last) if last else call.query.after
    start = (call.runtime.store.last_seq() + 1) * PLACES - 1 if after is None else after
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    feed = _feed(call.runtime, call.workspace.id, start, follow=call.query.follow)
    return StreamingResponse(feed, media_type="text/event-stream", headers=headers)


def refuse_more_listeners(call: ControlCall[Any, Any]) -> None:
    """Raises 429 when so many listen or wait that no more can be served."""
    if call.runtime.audience.is_full:
        raise ControlError(
            429, "too_many", f"{Audience.MOST} connections wait for news already; end some, or try again"
        )


async def _feed(runtime: Runtime, workspace: int, after: int, *, follow: bool) -> AsyncIterator[bytes]:
    """Ends when the workspace is gone or the server stops, or with what there is."""
    with runtime.audience.present():
        async for part in _parts(runtime, workspace, after, follow=follow):
            yield part


async def _parts(runtime: Runtime, workspace: int, after: int, *, follow: bool) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    quiet_since = stopwatch()
    seq = after // PLACES - 1  # some of that row's events may have been told, and some not
    while not runtime.closing and workspace in runtime.registry:
        runtime.transactions.write_late_or_tell()
        end = runtime.store.last_seq()
        rows = runtime.store.journal_after(workspace, seq, AT_ONCE)
        if rows:
            seq, quiet_since = int(rows[-1][0]), stopwatch()
            if messages := _told(runtime, workspace, rows, after):
                yield b"".join(messages)
        elif stopwatch() - quiet_since >= PING_S:
            quiet_since = stopwatch()
            runtime.temporary.touch(runtime.registry[workspace])
            yield b": still here\n\n"
        if len(rows) < AT_ONCE:
            if not follow:
                return
            seq = max(seq, end)  # what others have written until then is not walked through again
            await asyncio.sleep(LOOK_S)


def _told(runtime: Runtime, workspace: int, rows: list[Any], after: int) -> list[bytes]:
    """A row that cannot be read is passed over: whoever listens is to hear of the others."""
    states: dict[tuple[str, str], dict[str, Any]] = {}
    messages = []
    for seq, at, kind, provider, subject, raw in rows:
        about: dict[str, Any] = {"provider": provider or None, "resource_id": subject}
        if subject is not None:
            if (provider, subject) not in states:
                states[provider, subject] = _state(runtime, workspace, provider, subject)
            about |= states[provider, subject]
        try:
            entries = journal.told(seq, at, kind, provider, raw)
        except Unreadable as error:
            log.error("passed over in the events of workspace %s: %s", workspace, runtime.store.outage(error))
            continue
        for place, entry in enumerate(entries):
            number = seq * PLACES + min(place, PLACES - 1)
            if number > after:
                data = orjson.dumps({"seq": number, **entry, **about})
                messages.append(b"event: %s\nid: %d\ndata: %s\n\n" % (entry["kind"].encode(), number, data))
    return messages


def _state(runtime: Runtime, workspace: int, provider: str, subject: str) -> dict[str, Any]:
    """Phase and status of the payment as they are now; nothing where it is gone, no payment, or cannot be read."""
    party = runtime.providers.get(provider)
    row = runtime.store.payment(workspace, provider, subject) if party is not None else None
    if party is None or row is None:
        return {}
    try:
        payment = load(party.kinds[row[0]], row[1])
        summary = finding.summary_of(runtime.open(runtime.registry[workspace]), party, payment)
    except Unreadable as error:
        log.error("the state of %s/%s is told to nobody: %s", provider, subject, runtime.store.outage(error))
        return {}
    return {"phase": summary.phase, "status": summary.status}
