"""Webhooks: what was promised to the merchant, and what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import orjson
from pydantic import Field, StringConstraints, field_validator

from simulator.engine import journal
from simulator.engine.messages import Plan
from simulator.engine.provider import Dropped, Signed
from simulator.engine.runtime import Runtime
from simulator.engine.store import OutboxRow, outbox
from simulator.engine.tries import Other
from simulator.engine.validation import Unfit
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis, short_duration
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody, Query
from simulator.surface.control.paging import ListQuery, Sought, none_such, page_so_far, place_of


class WebhooksQuery(ListQuery):
    provider: Sought | None = None
    event: Sought | None = None
    resource_id: Sought | None = None
    state: Literal["pending", "delivered", "failed", "kept", "failing", "held"] | None = None
    """A state, or one of two groups: `failing` was refused, whether it will be tried again or not, and `held` waits at a provider
    that is paused."""
    adversarial: bool | None = None
    """Only the attacks of a scenario, or only what is none. The two groups have them only where they are asked for."""
    newest: bool = False
    """The newest first."""


class LatestQuery(Query):
    provider: Sought | None = None
    event: Sought | None = None


_Header = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[\t\x20-\x7e]*$")]
_HeaderName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")]


FRAMING = frozenset(
    {"connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)


class ResendBody(Body):
    as_: Literal["again", "recorded", "edited"] | None = Field(None, alias="as")
    """`again` signs anew, `recorded` repeats the last attempt byte for byte, `edited` sends other bytes under a right
    signature. Without it `edited` where there is a body or headers, else `again`."""
    body: str | None = None
    headers: dict[_HeaderName, _Header] | None = Field(None, max_length=100)
    """Beside the message's own, or in the place of those of the same names."""
    copies: int = Field(1, ge=1, le=10, strict=True)

    @field_validator("headers")
    @classmethod
    def _without_framing(cls, headers: dict[str, str] | None) -> dict[str, str] | None:
        """How long a body is, and who is called, is said once: whoever says it twice reaches behind a proxy or another server."""
        found = next((name for name in headers or {} if name.lower() in FRAMING), None)
        if found is not None:
            raise Unfit("framing", f"{found} says how the message is sent: it cannot be chosen")
        return headers


class ResendFailedBody(Body):
    provider: str | None = None


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
        if (real := journal.real_time(attempt.at, {}, attempt.sent)) is not None:
            tries[attempt.message][-1]["real_at"] = iso_millis(real)
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
            "url": row.url and runtime.masking_of(row.provider).address(row.url),
            "state": row.state,
            **_played(Plan.load(row.plan)),
            "body": _text(bodies[row.seq][-1] if row.seq in bodies else runtime.dispatcher.would_send(row)),
            "headers": headers.get(row.seq, {}),
            "created_at": iso_millis(from_micros(row.created)),
            "next_attempt_at": iso_millis(from_micros(row.due)) if row.due is not None else None,
            "attempts": tries.get(row.seq, []),
        }
        for row in rows
    ]


def _played(plan: Plan) -> dict[str, Any]:
    """What a delivery says of its plan: whether it was forged or aged so that no merchant should take it, and how."""
    if not plan.is_adversarial:
        return {"adversarial": False}
    forged = {} if plan.forge is None else {"forge": plan.forge}
    return {"adversarial": True, **forged, **({"stale": short_duration(plan.stale)} if plan.stale else {})}


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")


async def list_webhooks(call: ControlCall[NoBody, WebhooksQuery]) -> dict[str, Any]:
    """Oldest first, unless asked otherwise."""
    query, provider = call.query, call.known_provider(call.query.provider)
    providers = [provider] if provider is not None else None
    if query.state == "held":
        providers = [name for name in call.workspace.paused if provider in (None, name)]
    rows, further = call.runtime.store.page_of_messages(
        call.workspace.id,
        providers=providers,
        event=query.event,
        subject=query.resource_id,
        group="pending" if query.state == "held" else query.state,
        adversarial=False if query.adversarial is None and query.state in ("failing", "held") else query.adversarial,
        newest=query.newest,
        place=place_of(call),
        limit=query.limit + 1,
    )
    if len(rows) > query.limit:
        rows, further = rows[: query.limit], rows[query.limit - 1].seq
    return page_so_far(call, delivery_views(call.runtime, rows), further)


def message_of(call: ControlCall[Any, Any], workspace: Workspace) -> OutboxRow:
    row = call.runtime.store.message(workspace.id, call.path["id"])
    if row is None:
        raise ControlError(404, "not_found", f"there is no webhook {call.path['id']!r}", field="id")
    return row


async def get_webhook(call: ControlCall) -> dict[str, Any]:
    return delivery_views(call.runtime, [message_of(call, call.workspace)])[0]


async def latest_webhook(call: ControlCall[NoBody, LatestQuery]) -> dict[str, Any]:
    """The newest. Raises 404 when there is none, or none among so many of the newest as a page of the list looks at."""
    query, provider = call.query, call.known_provider(call.query.provider)
    rows, further = call.runtime.store.page_of_messages(
        call.workspace.id, providers=None if provider is None else [provider], event=query.event, limit=1
    )
    if not rows:
        raise none_such("webhook", call.workspace, None if further is None else outbox.LOOKED_AT)
    return delivery_views(call.runtime, rows)[0]


# What is done by hand --------------------------------------------------------------------------------------------

ACTS = {
    "pending": ("resend", "mark-delivered", "stop"),
    "failed": ("resend", "mark-delivered"),
    "kept": ("resend", "mark-delivered"),
    "delivered": ("resend",),
}
"""By a delivery's state, what can be done with it."""


def can_resend(runtime: Runtime, workspace: Workspace, row: OutboxRow) -> bool:
    """Whether there is somebody to send it, and somewhere to send it to."""
    is_addressed = row.url is not None or workspace.account_endpoint(row.provider).url is not None
    return row.provider in runtime.providers and is_addressed


async def resend(call: ControlCall[ResendBody]) -> dict[str, Any]:
    """One more attempt now, or several at the same moment. Raises 409 when there is still no URL to send it to, or the provider
    is not installed; 422 for a body that cannot be signed."""
    workspace, body = call.workspace, call.body
    row = message_of(call, workspace)
    if row.provider not in call.runtime.providers:
        raise ControlError(409, "not_installed", f"{row.provider} is not installed; its webhooks wait until it is")
    other = _other(call, row)
    if row.url is None:
        account = workspace.account_endpoint(row.provider)
        if account.url is None:
            raise ControlError(409, "no_url", f"no webhook URL is configured for {row.provider}")
        with call.runtime.transactions.writing() as store:
            store.set_message_url(row.seq, account.url, account.from_network)
    attempt = call.runtime.dispatcher.attempt
    await asyncio.gather(*(attempt(workspace.id, row, manual=True, other=other) for _ in range(body.copies)))
    return delivery_views(call.runtime, [message_of(call, workspace)])[0]


def _other(call: ControlCall[ResendBody], row: OutboxRow) -> Other | None:
    """What leaves instead of the message signed anew."""
    body = call.body
    wish = body.as_ or ("again" if body.body is None and not body.headers else "edited")
    if wish == "edited":
        return _edited(call, row)
    for name, value in (("body", body.body), ("headers", body.headers)):
        if value is not None:
            raise invalid(f"{name}: only an edited message has others", name, ["edited"])
    if wish == "again":
        return None
    last = call.runtime.store.last_attempt(row.seq)
    if last is None:
        message = "nothing was recorded yet: it was never sent"
        raise ControlError(409, "never_sent", message, field="as", allowed=["again", "edited"])
    return Other(Signed(orjson.loads(last.headers), bytes(row.body if last.body is None else last.body)))


def _edited(call: ControlCall[ResendBody], row: OutboxRow) -> Other:
    body = call.body
    if body.body is None and not body.headers:
        raise invalid("body: an edited message needs another body or other headers", "body")
    own = None if body.body is None else body.body.encode("utf-8", "surrogatepass")
    if own is not None:
        try:
            call.runtime.dispatcher.edited(row, own)
        except Dropped:
            pass  # its endpoint is gone: the attempt says so
        except Exception as problem:  # a signature that stands in the body needs one in which it can stand
            title = call.runtime.providers[row.provider].title
            raise invalid(f"body: {title} cannot sign it ({problem})", "body") from problem
    return Other(None, own, dict(body.headers or {}))


async def mark_delivered(call: ControlCall) -> dict[str, Any]:
    """Whatever the receiver said, it has it. Raises 409 when it was delivered already."""
    return _concluded(call, "mark-delivered", "delivered")


async def stop(call: ControlCall) -> dict[str, Any]:
    """Ends a delivery: it is tried no more. Raises 409 unless it is pending."""
    return _concluded(call, "stop", "failed")


def _concluded(call: ControlCall, act: str, state: Literal["delivered", "failed"]) -> dict[str, Any]:
    row = message_of(call, call.workspace)
    if act not in ACTS[row.state]:
        message = f"{act} is not possible: the webhook is {row.state}"
        raise ControlError(409, "illegal_move", message, allowed=list(ACTS[row.state]))
    call.runtime.conclude(call.workspace, row, state)
    return delivery_views(call.runtime, [message_of(call, call.workspace)])[0]


async def resend_failed(call: ControlCall[ResendFailedBody]) -> dict[str, Any]:
    """One more attempt now at every delivery that was refused, given up or not. Raises what `settle` does."""
    provider = call.known_provider(call.body.provider)
    return {"resent": await call.runtime.try_failed_again(call.workspace, provider)}
