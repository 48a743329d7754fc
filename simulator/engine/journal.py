"""The story of a payment: every request, move, wallet event and attempt, with its actor. Nothing here decides anything."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

import orjson

from simulator.engine.call import Call, Reply
from simulator.engine.masking import COMMON, FORM, Masking
from simulator.engine.store import Store
from simulator.engine.store.base import AttemptRow, OutboxRow, Row
from simulator.engine.unreadable import Unreadable, members, raw_bytes
from simulator.kernel.clock import from_micros, iso_millis, micros, time_of_day
from simulator.kernel.values import value_type

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
    why: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What the journal keeps of a request and its answer: without secrets; the values of `known`, which a merchant may have
    put anywhere, are looked for in what the merchant sent."""
    path, query = masking.path(call.raw_path, known), masking.query(call.raw_query, known)
    target = path if call.target == call.raw_path else masking.path(call.target, known)
    """As answers and help say it, without doubled slashes."""
    answered = _text(sent, masking, ())
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
            "body": answered if target == call.target else answered.replace(call.target, target),
            "size": len(sent),
        },
        "notices": [masking.sentence(notice, known) for notice in call.answering.notices],
        "sent_by": call.sent_by,
    }
    if call.from_network:
        entry["from_network"] = True
    if call.answering.weather is not None:
        entry["weather"] = call.answering.weather.told
    if help_:
        if isinstance(reason := help_.get("reason"), str):
            help_ = {**help_, "reason": reason.replace(call.target, target)}
        entry["help"] = {name: _help(name, value, masking, known) for name, value in help_.items()}
    told = {**(why or {}), **_beside(call)}
    if told:
        entry["why"] = {name: _told_why(value, masking, known) for name, value in told.items()}
    return entry


def _beside(call: Call) -> dict[str, Any]:
    """What is told of calls that went well, too."""
    answering, told = call.answering, dict[str, Any]()
    if answering.slips:
        told["slips"] = answering.slips
    if answering.first_at is not None:
        told["first_at"] = answering.first_at
    return told


def _told_why(value: Any, masking: Masking, known: Sequence[bytes]) -> Any:
    """Each text as a sentence of ours. What was given for a member that means a secret is not told."""
    if isinstance(value, list):
        return [_told_why(one, masking, known) for one in value if not _tells_secret(one, masking)]
    if isinstance(value, Mapping):
        return {name: _told_why(inner, masking, known) for name, inner in value.items()}
    return masking.sentence(value, known) if isinstance(value, str) else value


def _tells_secret(slip: Any, masking: Masking) -> bool:
    return isinstance(slip, Mapping) and slip.get("kind") == "value" and masking.is_secret(slip["field"].split(".")[-1])


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
    apart, rows = apart_from_real(at), list[Row]()
    touched: list[str | None] = [*subjects] or [None]
    for index, subject in enumerate(touched):
        mine = [m for m in moves if m.get("subject") in (None, subject)] if len(touched) > 1 else moves
        body = {**(entry if index == 0 else {}), "moves": mine, **apart}
        path, status = (entry.get("path"), entry.get("status")) if index == 0 else (None, None)
        rows.append(
            (workspace, at, topic if index == 0 else "moves", provider, subject, path, status, orjson.dumps(body))
        )
    return rows


def line_about(workspace: int, at: int, topic: str, summary: str, **more: Any) -> Row:
    """A row about the workspace as a whole: `topic` is `clock` or `workspace`. An advance says besides since when (`since`) and
    by whom (`by`)."""
    entry = {"summary": summary, "moves": [], **more, **apart_from_real(at)}
    return (workspace, at, topic, "", None, None, None, orjson.dumps(entry))


APART = 1_000_000
"""Microseconds by which a workspace's time is another than the real one."""


def apart_from_real(at: int) -> dict[str, float]:
    """What a row ends with that is written when its workspace's clock shows another time than the real one: that, in seconds."""
    real = micros(time_of_day())
    return {} if abs(real - at) < APART else {"real": real / 1_000_000}


def real_time(at: int, row: Mapping[str, Any], sent: int | None = None) -> datetime | None:
    """When a row was written, or something was `sent`, in real time; None where that is what the workspace's clock showed."""
    real = round(row.get("real", 0) * 1_000_000) if sent is None else sent
    return None if not real or abs(real - at) < APART else from_micros(real)


_TAIL = re.compile(rb'"real":([\d.]+)\}\Z')


def real_times(
    store: Store, workspace: int, subjects: Iterable[str], most: int
) -> dict[tuple[str, str, int], datetime]:
    """By provider, payment and instant the real time of what happened first in the stories of these payments, `most` lines of each;
    only where it was another."""
    found = dict[tuple[str, str, int], datetime]()
    for subject, provider, at, tail in store.tails_of(workspace, [*dict.fromkeys(subjects)], most):
        if (real := _TAIL.search(raw_bytes("a row of the journal", tail))) is not None:
            found.setdefault((provider, subject, at), from_micros(round(float(real[1]) * 1_000_000)))
    return found


def told(seq: int, at: int, topic: str, provider: str, raw: bytes) -> list[dict[str, Any]]:
    """One row of the journal as entries of a timeline, without their place in it. Raises `Unreadable`."""
    which = f"row {seq} of the journal"
    try:
        return _told(seq, at, topic, provider, members(which, raw))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise Unreadable(which, error) from error


def _told(seq: int, at: int, topic: str, provider: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    instant = iso_millis(from_micros(at))
    entries: list[dict[str, Any]] = []
    if topic == "request":
        summary = f"{body['method']} {body['path']} {body['status']}"
        entries.append({"at": instant, "kind": "request", "actor": body.get("sent_by", "merchant")})
        sender = "buyer" if body.get("sent_by") == "browser" else "merchant"
        entries[0] |= {"from": sender, "to": provider, "summary": summary, "ref": f"req_{seq}"}
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


@value_type
class Told:
    """One event of a payment's story, with what it was told from."""

    at: int
    place: int
    """Orders what happened at one instant."""
    entry: Mapping[str, Any]
    """As a timeline has it, but for its number."""
    topic: str
    """The topic of its row in the journal: `request`, `page`, `control`, `timer`, `clock`; `webhook` for an attempt."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """What the row holds: the request and its answer, all moves."""
    move: Mapping[str, Any] | None = None
    message: OutboxRow | None = None
    attempt: AttemptRow | None = None
    """None for a message that is kept here."""

    @property
    def real(self) -> datetime | None:
        """When it happened in real time, where that is known to be another than the workspace's."""
        return real_time(self.at, self.row, self.attempt.sent if self.attempt is not None else None)


LATE = 2**61
"""Added to the places of attempts, so that those of an instant come after whatever else was done at it."""


def story(store: Store, workspace: int, subject: str, preface: str = "", payments: Sequence[str] = ()) -> list[Told]:
    """Everything about one payment in the order in which it happened; before it, what happened under its `Resource.preface`.

    Of a preface, what happened to its `payments` is told too.
    """
    events, apart = list[Told](), dict[int, Any]()
    rows = store.journal_of(workspace, subject)
    if preface and rows:
        rows = [*(row for row in store.journal_of(workspace, preface) if row[0] < rows[0][0]), *rows]
    for payment in payments:
        rows = [*rows, *store.journal_of(workspace, payment)]
    for seq, at, topic, provider, raw in rows:
        if topic == "webhook":  # the attempts themselves follow, also those of older stores
            continue
        entries, row = told(seq, at, topic, provider, raw), orjson.loads(raw)
        apart.setdefault(at, {name: row[name] for name in ("real",) if name in row})
        own = len(entries) - len(row["moves"])
        for index, entry in enumerate(entries):
            move = row["moves"][index - own] if index >= own else None
            events.append(Told(at, seq * 100 + index, entry, topic, row, move))
    messages = [message for one in (subject, *payments) for message in store.messages(workspace, subject=one)]
    by_seq = {message.seq: message for message in messages}
    for message in messages:
        if message.state == "kept":
            entry = {"at": iso_millis(from_micros(message.created)), "kind": "webhook", "actor": message.provider}
            entry.update({"summary": f"{message.event} kept here, no URL", "ref": message.id})
            row, place = apart.get(message.created, {}), LATE + message.seq * 1000
            events.append(Told(message.created, place, entry, "webhook", row, message=message))
    for attempt in store.attempts(list(by_seq)):
        message = by_seq[attempt.message]
        entry = {"at": iso_millis(from_micros(attempt.at)), "kind": "webhook", "actor": message.provider}
        summary = attempted(message.event, attempt.n, attempt.status, attempt.error)
        entry.update({"from": message.provider, "to": "merchant", "summary": summary, "ref": message.id})
        place = LATE + attempt.message * 1000 + attempt.n
        events.append(Told(attempt.at, place, entry, "webhook", message=message, attempt=attempt))
    return sorted(events, key=lambda event: (event.at, event.place))


def timeline(events: Sequence[Told]) -> list[dict[str, Any]]:
    """These events as plain, numbered entries (Payment.timeline of the control API)."""
    return [{"at": event.entry["at"], "seq": number, **event.entry} for number, event in enumerate(events, 1)]


def advances(store: Store, workspace: int, events: Sequence[Told]) -> list[Told]:
    """Where the clock was advanced between these events, at the instant from which it was."""
    rows = [event.place // 100 for event in events if event.place < LATE]
    found = []
    for seq, at, raw in store.clock_lines(workspace, min(rows, default=0), ADVANCES) if rows else ():
        row: Any = members(f"row {seq} of the journal", raw)
        since = row.get("since", at)
        if events[0].at <= since < events[-1].at:
            entry = {"at": iso_millis(from_micros(since)), "kind": "clock", "actor": "ops", "summary": row["summary"]}
            found.append(Told(since, 2 * LATE + seq, entry, "clock", row | {"to": at}))
    return found


ADVANCES = 500
"""So many of them are looked at in one story."""
