"""Test events: the provider's own sample of an event, sent to the account's endpoint though nothing has happened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall
from simulator.surface.control.purchases import shop_of
from simulator.surface.control.webhooks import delivery_views
from simulator.surface.stage import Cast, NotTold, sample


class TestEventBody(Body):
    event: str

    __test__ = False  # it is no test of ours, whatever its name


async def send_test_event(call: ControlCall[TestEventBody]) -> dict[str, Any]:
    """Whatever the endpoint asked for. Raises 422 for an event that the provider does not send."""
    provider, workspace, event = call.provider, call.workspace, call.body.event
    shop_of(provider)
    if event not in provider.webhooks.events:
        message = f"event: {provider.title} does not send {event!r}"
        raise invalid(message, "event", provider.webhooks.events)
    with call.runtime.unit(workspace, provider=provider.name, topic="control") as uow:
        seed = uow.ids.text(20)
    try:
        told = await sample(Cast(provider, workspace, call.base_url, seed), event)
    except NotTold as reason:
        raise ControlError(409, "not_told", str(reason), field="event") from reason
    rendered = replace(told.message, url=None, context=provider.webhooks.account_context)
    with call.runtime.unit(call.workspace, provider=provider.name, topic="control") as uow:
        became = "sent as a test" if workspace.account_endpoint(provider.name).url else "kept here as a test, no URL"
        uow.journal("webhook", "console", f"{event} {became}", subject=told.subject)
        id_ = uow.promise(provider.name, rendered, told.subject)
    await call.runtime.settle(call.workspace)
    row = call.runtime.store.message(workspace.id, id_)
    if row is None:
        raise ControlError(404, "not_found", "the workspace was reset meanwhile", field="ws")
    return delivery_views(call.runtime, [row])[0]
