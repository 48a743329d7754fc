"""The story of a payment: every request, move, wallet event and attempt, with its actor. Nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from simulator.engine.call import Call, Reply
from simulator.engine.masking import COMMON, FORM, Masking
from simulator.engine.store import Store
from simulator.engine.store.base import Row
from simulator.kernel.clock import from_micros, iso_millis

BODY_LIMIT = 65_536
"""Bytes of a body that the journal keeps."""

MARGIN = 4096
"""Bytes beyond them that are looked at, so that a secret is not cut in two before it is found."""


def request_entry(
    call: Call,
    reply: Reply,
    sent: bytes,
    duration_ms: float,
    help_: Mapping[str, Any],
    masking: Masking,
    known: Sequence[bytes] = (),
) -> dict[str, Any]:
    """What the journal keeps of a request and its answer: without secrets; the values of `known`, which a merchant may have
    put anywhere, are looked for in what the merchant sent."""
    path, query = masking.path(call.raw_path, known), masking.query(call.raw_query, known)
    entry: dict[str, Any] = {
        "method": call.method,
        "path": f"{path}?{query}" if query else path,
        "status": reply.status,
        "duration_ms": round(duration_ms, 3),
        "request": {
            "headers": masking.headers_of(call.headers, known),
            "body": _text(call.raw_body, masking, known, form=call.media_type == FORM),
            "size": len(call.raw_body),
        },
        "response": {
            "headers": masking.headers_of(reply.headers, known),
            "body": _text(sent, masking, ()),
            "size": len(sent),
        },
        "notices": [masking.sentence(notice, known) for notice in call.answering.notices],
        "sent_by": call.sent_by,
    }
    if help_:
        entry["help"] = {name: _help(name, value, masking, known) for name, value in help_.items()}
    return entry


def masked_entry(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry that an older version has written as it came; one that was masked before it was written stays as it is."""
    for side in ("request", "response"):
        if "size" not in entry[side]:
            headers, body = entry[side]["headers"], entry[side]["body"]
            entry[side] = {"headers": COMMON.headers_of(headers), "body": COMMON.text(body), "size": None}
            entry["path"] = COMMON.text(entry["path"])
    return entry


def _text(body: bytes, masking: Masking, known: Sequence[bytes], *, form: bool = False) -> str:
    """The bytes as received, but masked."""
    masked = masking.body(body[: BODY_LIMIT + MARGIN], known, form=form) if body else body
    return masked[:BODY_LIMIT].decode("utf-8", "replace")


def _help(name: str, value: Any, masking: Masking, known: Sequence[bytes]) -> Any:
    if name == "violations":
        return [masking.sentence(violation, known) for violation in value]
    return masking.sentence(value, known) if name == "reason" else masking.of(value, known)


def rows_for(
    workspace: int,
    at: int,
    topic: str,
    provider: str,
    moves: list[dict[str, Any]],
    subjects: Iterable[str],
    **entry: Any,
) -> list[Row]:
    """One journal row for each payment that was touched; the first carries the request, each its own moves."""
    rows: list[Row] = []
    touched: list[str | None] = [*subjects] or [None]
    for index, subject in enumerate(touched):
        mine = [m for m in moves if m.get("subject") in (None, subject)] if len(touched) > 1 else moves
        body = {**(entry if index == 0 else {}), "moves": mine}
        path, status = (entry.get("path"), entry.get("status")) if index == 0 else (None, None)
        rows.append(
            (workspace, at, topic if index == 0 else "moves", provider, subject, path, status, orjson.dumps(body))
        )
    return rows


def note(workspace: int, at: int, topic: str, summary: str) -> Row:
    """A row about the workspace as a whole: `topic` is `clock` or `workspace`."""
    return (workspace, at, topic, "", None, None, None, orjson.dumps({"summary": summary, "moves": []}))


def told(seq: int, at: int, topic: str, provider: str, raw: bytes) -> list[dict[str, Any]]:
    """One row of the journal as entries of a timeline, without their place in it."""
    body = orjson.loads(raw)
    instant = iso_millis(from_micros(at))
    entries: list[dict[str, Any]] = []
    if topic == "request":
        summary = f"{body['method']} {body['path']} {body['status']}"
        entries.append({"at": instant, "kind": "request", "actor": body.get("sent_by", "merchant")})
        entries[0] |= {"from": "merchant", "to": provider, "summary": summary, "ref": f"req_{seq}"}
    elif topic in ("clock", "workspace"):
        entries.append({"at": instant, "kind": topic, "actor": "ops", "summary": body["summary"]})
    elif topic == "webhook":
        summary = attempted(body["event"], body["n"], body["status"], body["error"])
        entries.append({"at": instant, "kind": "webhook", "actor": provider, "from": provider, "to": "merchant"})
        entries[0] |= {"summary": summary, "ref": body["id"]}
    for move in body["moves"]:
        entry = {"at": instant, "kind": "timer" if move["actor"] == "timer" else move["kind"]}
        kept = {k: v for k, v in move.items() if k in ("actor", "from", "to", "summary", "ref") and v is not None}
        entries.append(entry | kept)
    return entries


def attempted(event: str, n: int, status: int | None, error: str | None) -> str:
    """What became of one try, in words."""
    return f"{event} try {n} " + (f"answered {status}" if status is not None else f"failed: {error}")


def timeline(store: Store, workspace: int, subject: str) -> list[dict[str, Any]]:
    """Everything about one payment in the order in which it happened (`control-api`, Payment.timeline)."""
    events: list[tuple[int, int, dict[str, Any]]] = []
    for seq, at, topic, provider, raw in store.journal_of(workspace, subject):
        if topic != "webhook":  # the attempts themselves follow, also those of older stores
            entries = told(seq, at, topic, provider, raw)
            events += [(at, seq * 100 + index, entry) for index, entry in enumerate(entries)]
    messages = store.messages(workspace, subject=subject)
    by_seq = {message.seq: message for message in messages}
    for message in messages:
        if message.state == "kept":
            entry = {"at": iso_millis(from_micros(message.created)), "kind": "webhook", "actor": message.provider}
            entry.update({"summary": f"{message.event} kept here, no URL", "ref": message.id})
            events.append((message.created, 2**61 + message.seq * 1000, entry))
    for attempt in store.attempts(list(by_seq)):
        message = by_seq[attempt.message]
        entry = {"at": iso_millis(from_micros(attempt.at)), "kind": "webhook", "actor": message.provider}
        summary = attempted(message.event, attempt.n, attempt.status, attempt.error)
        entry.update({"from": message.provider, "to": "merchant", "summary": summary, "ref": message.id})
        events.append((attempt.at, 2**61 + attempt.message * 1000 + attempt.n, entry))
    events.sort(key=lambda item: item[:2])
    return [{"at": entry["at"], "seq": number, **entry} for number, (_, _, entry) in enumerate(events, 1)]
