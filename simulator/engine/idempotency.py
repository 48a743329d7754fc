"""Repeated requests: the stored answer is given again, nothing is executed twice."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import orjson

from simulator.engine.call import Call, Reply, Use
from simulator.engine.provider import Idempotency
from simulator.engine.store import Store
from simulator.engine.unreadable import raw_bytes
from simulator.kernel.clock import from_micros, micros
from simulator.kernel.refusals import IdempotencyConflict


class Keys:
    """The keys whose first call is under way: executed or about to be, and not answered yet. In memory, for this process alone."""

    def __init__(self) -> None:
        self._in_use: set[Use] = set()

    def are_in_use(self, policy: Idempotency, call: Call, key: str) -> bool:
        """Whether another call is under way with this key. If not, this one may be from now on (`under_way`)."""
        if call.answering.weather is not None:  # it comes back to be executed
            return False
        call.answering.key = (call.workspace.id, call.provider, policy.scope(call), key)
        return call.answering.key in self._in_use

    @contextmanager
    def under_way(self, use: Use | None) -> Iterator[None]:
        """The key is in use within."""
        if use is None or use in self._in_use:
            yield
            return
        self._in_use.add(use)
        try:
            yield
        finally:
            self._in_use.discard(use)


def key_of(policy: Idempotency | None, call: Call) -> str | None:
    """The idempotency key that counts for this call, if any."""
    if policy is None or call.method not in policy.methods or call.endpoint is None or not call.endpoint.idempotent:
        return None
    return call.headers.get(policy.header.lower()) or None


def replay(store: Store, policy: Idempotency, call: Call, key: str, now: datetime) -> Reply | None:
    """The stored answer, or None for a first use. Raises `IdempotencyConflict` for another request under the key."""
    found = store.reply(call.workspace.id, call.provider, policy.scope(call), key)
    if found is None:
        return None
    at, fingerprint, status = found[:3]
    headers, body = (raw_bytes("an answer that is given again", one) for one in found[3:])
    first = from_micros(at)
    if now - first >= policy.lifetime:
        return None
    if fingerprint != _fingerprint(call):
        if policy.on_mismatch == "refuse":
            raise IdempotencyConflict(key)
        call.differs_live(f"this is the first answer under this {policy.header}; the request is another one now")
    stored = orjson.loads(headers)
    content_type = stored.pop("content-type", None)
    reply = Reply(status, body or None, stored, content_type=content_type)
    policy.replayed(reply, first)
    call.answering.first_at = at
    return reply


def keep(
    store: Store, policy: Idempotency, call: Call, key: str, now: datetime, reply: Reply, sent: bytes, content_type: str
) -> None:
    """Remembers an answer under its key if the provider keeps answers of that status."""
    if not policy.keeps(reply.status):
        return
    headers = {**reply.headers, **({"content-type": content_type} if sent else {})}
    scope, raw = policy.scope(call), orjson.dumps(headers)
    store.save_reply(
        call.workspace.id, call.provider, scope, key, micros(now), _fingerprint(call), reply.status, raw, sent
    )


def _fingerprint(call: Call) -> bytes:
    return hashlib.sha256(f"{call.method} {call.target}?{call.raw_query}\n".encode() + call.raw_body).digest()
