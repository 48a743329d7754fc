"""Waits until a payment is somewhere, or a webhook has arrived, and answers at that moment. Nothing here polls: whoever waits
is woken by what is committed in the workspace (`Runtime.news`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from pydantic import Field

from simulator.engine.messages import Plan
from simulator.engine.registry import WorkspaceError
from simulator.engine.resource import PHASES, load
from simulator.engine.runtime import Runtime
from simulator.engine.settings import OneOf
from simulator.engine.store import OutboxRow
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import parse_duration
from simulator.surface.control import finding
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.events import refuse_more_listeners
from simulator.surface.control.operation import ControlCall, NoBody, Query
from simulator.surface.control.paging import Sought
from simulator.surface.control.payments import payment_views
from simulator.surface.control.webhooks import delivery_views

LONGEST_S = 600.0
LOOKED_AT = 200
"""So many of the newest payments and webhooks are looked at, where no payment is named."""
SHOWN = 5
"""Of what was seen instead."""
ARRIVED = ("delivered", "kept")
"""States of a webhook that one need not wait for any more: the receiver has it, or there is none."""


class WaitQuery(Query):
    provider: Sought | None = None
    resource_id: Sought | None = None
    phase: Annotated[str, OneOf(PHASES)] | None = None
    status: Sought | None = None
    """The provider's own word."""
    event: Sought | None = None
    timeout: Annotated[str, Field(max_length=64)] = "10s"


async def wait(call: ControlCall[NoBody, WaitQuery]) -> dict[str, Any]:
    """The payment that is in this `phase` and has this `status`; with an `event` the webhook of it, once it has arrived. What is
    due is done meanwhile, in frozen time too. Raises 408 with what was seen instead."""
    query = call.query
    call.known_provider(query.provider)
    if query.phase is None and query.status is None and query.event is None:
        raise invalid("phase: say what to wait for", "phase", ["phase", "status", "event"])
    _known_event(call)
    refuse_more_listeners(call)
    timeout_s = _seconds(query.timeout)
    loop = asyncio.get_running_loop()
    news = asyncio.Event()
    stop = call.runtime.news.watch(call.workspace.id, news.set)
    until = loop.time() + timeout_s
    try:
        with call.runtime.audience.present():
            while (found := _found(call)) is None and loop.time() < until and not call.runtime.closing:
                news.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(until):
                        await _settled_or_told(call.runtime, call.workspace, news)
    finally:
        stop()
    if found is None:
        raise _seen_instead(call, timeout_s)
    return found


def _known_event(call: ControlCall[NoBody, WaitQuery]) -> None:
    """Raises 422 for one that would never come."""
    query, providers = call.query, call.runtime.providers
    asked = [one for one in providers.values() if query.provider in (None, one.name)]
    sent = {event for one in asked for event in one.webhooks.events}
    if query.event is not None and query.event not in sent:
        who = asked[0].title if query.provider is not None else "no provider"
        verb = "sends no" if query.provider is not None else "sends"
        raise invalid(f"event: {who} {verb} {query.event!r}", "event", sorted(sent))


def _seconds(text: str) -> float:
    try:
        timeout_s = parse_duration(text).total_seconds()
    except (ValueError, OverflowError) as error:
        raise invalid(f"timeout: {error}", "timeout") from error
    if timeout_s > LONGEST_S:
        raise invalid(f"timeout: must be at most {LONGEST_S:g} s", "timeout", [f"{LONGEST_S:g}s"])
    return timeout_s


async def _settled_or_told(runtime: Runtime, workspace: Workspace, news: asyncio.Event) -> None:
    """Does what is due; then, if that has changed nothing, waits until somebody changes something. A receiver that takes its
    time keeps nobody from seeing what happens meanwhile."""
    settling, told = asyncio.ensure_future(runtime.settle(workspace)), asyncio.ensure_future(news.wait())
    try:
        await asyncio.wait((settling, told), return_when=asyncio.FIRST_COMPLETED)
        if settling.done():
            with suppress(WorkspaceError):  # what is waited for may come after a reset, too
                settling.result()
            await told
    finally:
        for task in (settling, told):
            task.cancel()
        await asyncio.gather(settling, told, return_exceptions=True)


def _found(call: ControlCall[NoBody, WaitQuery]) -> dict[str, Any] | None:
    query = call.query
    if query.event is None:
        rows = [row for row in _payments(call) if _fits(call, row)]
        return payment_views(call.runtime, call.workspace, rows[:1], call.base_url)[0] if rows else None
    for row in _messages(call):
        if row.state in ARRIVED and not Plan.load(row.plan).is_adversarial and _is_where_it_should(call, row):
            return delivery_views(call.runtime, [row])[0]
    return None


def _is_where_it_should(call: ControlCall[NoBody, WaitQuery], message: OutboxRow) -> bool:
    """Whether the payment of a webhook is in the phase, and has the status, that are asked for too."""
    if call.query.phase is None and call.query.status is None:
        return True
    found = call.runtime.store.payment(call.workspace.id, message.provider, message.subject)
    return found is not None and _fits(call, (0, message.provider, found[0], message.subject, found[1]))


def _fits(call: ControlCall[NoBody, WaitQuery], row: Sequence[Any]) -> bool:
    _, provider, kind, _, body = row
    party = call.runtime.providers.get(provider)
    if party is None:
        return False
    uow, resource = call.runtime.open(call.workspace), load(party.kinds[kind], body)
    summary = finding.summary_of(uow, party, resource)
    return call.query.phase in (None, summary.phase) and call.query.status in (None, summary.status)


def _payments(call: ControlCall[NoBody, WaitQuery]) -> list[Sequence[Any]]:
    """The payment that is named, or the newest, newest first: `(seq, provider, kind, id, body)`."""
    query, store, id_ = call.query, call.runtime.store, call.query.resource_id
    if id_ is None:
        return list(finding.listed(call.runtime, call.workspace, provider=query.provider, limit=LOOKED_AT).rows)
    names = [query.provider] if query.provider is not None else [*call.runtime.providers]
    rows = [(name, store.payment(call.workspace.id, name, id_)) for name in names]
    return [(0, name, found[0], id_, found[1]) for name, found in rows if found is not None]


def _messages(call: ControlCall[NoBody, WaitQuery], *, any_event: bool = False) -> list[OutboxRow]:
    """The webhooks of that event, newest first."""
    query, event = call.query, None if any_event else call.query.event
    providers = None if query.provider is None else [query.provider]
    rows, _ = call.runtime.store.page_of_messages(
        call.workspace.id, providers=providers, event=event, subject=query.resource_id, limit=LOOKED_AT
    )
    return rows


def _seen_instead(call: ControlCall[NoBody, WaitQuery], timeout_s: float) -> ControlError:
    query, runtime = call.query, call.runtime
    payments = payment_views(runtime, call.workspace, _payments(call)[:SHOWN], call.base_url)
    deliveries = [] if query.event is None else delivery_views(runtime, _came(call))
    asked = query.model_dump(exclude={"timeout"}, exclude_none=True)
    wanted = ", ".join(f"{name} {value}" for name, value in asked.items())
    seen = [f"{_named(one)} of {one['resource_id']} is {one['state']}{_last_try(one)}" for one in deliveries]
    seen += [f"{one['provider']} {one['id']} is {one['phase']} ({one['status']})" for one in payments]
    message = f"not within {timeout_s:g} s: {wanted}; seen instead: {'; '.join(seen) or 'nothing'}"
    return ControlError(408, "timeout", message, seen={"payments": payments, "deliveries": deliveries})


def _came(call: ControlCall[NoBody, WaitQuery]) -> list[OutboxRow]:
    """The newest webhooks: those of that event, or else whichever there are."""
    return (_messages(call) or _messages(call, any_event=True))[:SHOWN]


def _named(delivery: dict[str, Any]) -> str:
    return f"adversarial {delivery['event']}" if delivery["adversarial"] else str(delivery["event"])


def _last_try(delivery: dict[str, Any]) -> str:
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    answer = f"answered {last['status']}" if last["status"] is not None else f"failed: {last['error']}"
    return f", try {last['n']} {answer}"
