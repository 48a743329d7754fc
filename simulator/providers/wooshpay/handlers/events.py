"""Stored events: retrieve and list."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.lookup import find, listed, query_of
from simulator.providers.wooshpay.model import StoredEvent
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.providers.wooshpay.wire import events as wire
from simulator.providers.wooshpay.wire.lists import listing


def list_events(call: Call, uow: UnitOfWork) -> Reply:
    found, more = listed(call, uow, StoredEvent, type=query_of(call).type)
    version = uow.settings(WooshpaySettings).api_version
    return Reply(200, listing("/v1/events", [wire.event(e, version) for e in found], more))


def get_event(call: Call, uow: UnitOfWork) -> Reply:
    event = find(call, uow, StoredEvent, call.path["id"])
    version = uow.settings(WooshpaySettings).api_version
    return Reply(200, wire.event(event, version), subject=event.about)
