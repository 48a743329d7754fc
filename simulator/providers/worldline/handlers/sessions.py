"""Client sessions."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline.wire import sessions as wire


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /sessions: no token is known, so all that are sent come back as invalid."""
    customer_id = f"{call.credential['merchant_id']}-{uow.ids.hex(32)}"
    tokens = list(call.body.tokens or [])
    return Reply(201, wire.session(call.base_url, uow.ids.hex(32), customer_id, tokens))
