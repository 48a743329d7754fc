"""Webhooks: what was promised to the merchant, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import orjson

from simulator.engine.runtime import Runtime
from simulator.engine.store import OutboxRow
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import ControlCall, NoBody
from simulator.surface.control.paging import ListQuery, page, place_of


class WebhooksQuery(ListQuery):
    provider: str | None = None
    event: str | None = None
    resource_id: str | None = None
    state: Literal["pending", "delivered", "failed", "kept"] | None = None


def delivery_views(runtime: Runtime, rows: Sequence[OutboxRow]) -> list[dict[str, Any]]:
    """Each with the bytes that left last. A try that sent others shows its own; what never left is shown as it would."""
    tries: dict[int, list[dict[str, Any]]] = {}
    headers: dict[int, dict[str, str]] = {}
    bodies: dict[int, list[bytes]] = {}
    rendered = {row.seq: bytes(row.body) for row in rows}
    for attempt in runtime.store.attempts([row.seq for row in rows]):
        tries.setdefault(attempt.message, []).append(
            {
                "n": attempt.n,
                "at": iso_millis(from_micros(attempt.at)),
                "status": attempt.status,
                "duration_ms": round(attempt.duration_ms),
                "error": attempt.error,
                "response_body": attempt.answer,
            }
        )
        headers[attempt.message] = orjson.loads(attempt.headers)
        body = rendered[attempt.message] if attempt.body is None else bytes(attempt.body)
        bodies.setdefault(attempt.message, []).append(body)
    for message, left in bodies.items():
        for entry, body in zip(tries[message], left, strict=True):
            if body != left[-1]:
                entry["body"] = _text(body)
    return [
        {
            "id": row.id,
            "provider": row.provider,
            "event": row.event,
            "resource_id": row.subject,
            "url": row.url,
            "state": row.state,
            "body": _text(bodies[row.seq][-1] if row.seq in bodies else runtime.dispatcher.would_send(row)),
            "headers": headers.get(row.seq, {}),
            "created_at": iso_millis(from_micros(row.created)),
            "next_attempt_at": iso_millis(from_micros(row.due)) if row.due is not None else None,
            "attempts": tries.get(row.seq, []),
        }
        for row in rows
    ]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


async def list_webhooks(call: ControlCall[NoBody, WebhooksQuery]) -> dict[str, Any]:
    """Oldest first."""
    query = call.query
    rows = call.runtime.store.messages(
        call.workspace.id,
        provider=call.known_provider(query.provider),
        event=query.event,
        subject=query.resource_id,
        state=query.state,
        after=place_of(call),
        limit=query.limit + 1,
    )
    return page(call, rows, place=lambda row: row.seq, views=lambda shown: delivery_views(call.runtime, shown))


def _message(call: ControlCall[Any, Any], workspace: Workspace) -> OutboxRow:
    row = call.runtime.store.message(workspace.id, call.path["id"])
    if row is None:
        raise ControlError(404, "not_found", f"there is no webhook {call.path['id']!r}", field="id")
    return row


async def get_webhook(call: ControlCall) -> dict[str, Any]:
    return delivery_views(call.runtime, [_message(call, call.workspace)])[0]


async def resend(call: ControlCall) -> dict[str, Any]:
    """One more attempt now. Raises 409 when there is still no URL to send it to, or the provider is not installed."""
    workspace = call.workspace
    row = _message(call, workspace)
    if row.provider not in call.runtime.providers:
        raise ControlError(409, "not_installed", f"{row.provider} is not installed; its webhooks wait until it is")
    if row.url is None:
        url = workspace.account_endpoint(row.provider).url
        if url is None:
            raise ControlError(409, "no_url", f"no webhook URL is configured for {row.provider}")
        call.runtime.store.set_message_url(row.seq, url)
    await call.runtime.dispatcher.attempt(workspace.id, row, manual=True)
    return delivery_views(call.runtime, [_message(call, workspace)])[0]
