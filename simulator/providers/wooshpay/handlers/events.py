"""Stored events: retrieve and list."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.lookup import find, listed, query_of
from simulator.providers.wooshpay.model import StoredEvent
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.providers.wooshpay.wire import events as wire
from simulator.providers.wooshpay.wire.lists import listing


def _shown(uow: UnitOfWork, event: StoredEvent) -> dict[str, Any]:
    return wire.event(event, uow.settings(WooshpaySettings).api_version)


def list_events(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, StoredEvent, type=query_of(call).type)
    return Reply(200, listing("/v1/events", [_shown(uow, event) for event in found], more))


def get_event(call: Call, uow: UnitOfWork) -> Reply:
    event = find(call, uow, StoredEvent, call.path["id"])
    return Reply(200, _shown(uow, event), subject=event.about)
