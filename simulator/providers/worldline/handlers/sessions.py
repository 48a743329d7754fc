"""Client sessions."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline.client_sessions import new_session
from simulator.providers.worldline.wire import sessions as wire

PUBLIC_KEY_ID = "36c83c15-75d6-47ca-aa25-ae2e005e96eb"
PUBLIC_KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAoW9LlMAgF257PV6+n7E66Uo9i28ZIPtZJ54wWVZHtXjzUxexBRM/p81jEQkm"
    "kPMpwjmVWcujP132sExk1QVLrIpJxcPvQyHmhr3ELKuedbvuVwiYfuNw4WfndX3X5/NH3oBmeLs5W5rR79BPA31W3zLUmo7U1j/piO0q"
    "YHGT7cVJMkvMajTG6QYry3t437/MNbnW1C2y32OUlrvqUvJehjaWtDKRUVJlHezdBQKY75iQOgICBY5siTWlBzIDTfOQ1Lr0Z+mSnMJQ"
    "JsyFAM68Fw6mJ6lxPSYfw3MIKwjoNllJfXDuKGBNwOFS7T3064e/LlEaPTu1UkD9fHcZutfmsQIDAQAB"
)


def create_session(call: Call, uow: UnitOfWork) -> Reply:
    """POST /sessions: no token is known, so all that are sent come back as invalid. Inferred: worldline.session-created."""
    session_id, customer_id = new_session(call.workspace, uow.ids, uow.now)
    tokens = list(call.body.tokens or [])
    return Reply(201, wire.session(call.base_url, session_id, customer_id, tokens))


def get_public_key(call: Call, uow: UnitOfWork) -> Reply:
    """GET /client/v1/{customerId}/crypto/publickey: nobody has the other half, since Alipay has no fields to encrypt."""
    return Reply(200, {"keyId": PUBLIC_KEY_ID, "publicKey": PUBLIC_KEY})
