"""The story of one payment as a sequence diagram: each row one event between the merchant's server, the provider, the wallet and
the buyer. The same rows are the console's diagram and list, `psp-simulator diagram`, and a text in Mermaid's notation.

What a row says is a key of the catalogue with its values, so that a page tells it in its reader's language; statuses, events and
paths stay as they are on the wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import timedelta
from typing import Any, Literal

from starlette.responses import PlainTextResponse

from simulator.engine import journal
from simulator.engine.journal import Told
from simulator.engine.messages import Plan
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, iso_millis
from simulator.kernel.values import dataclass
from simulator.surface.control import finding
from simulator.surface.control.operation import ControlCall
from simulator.surface.control.payments import found
from simulator.wallet.order import UNDECIDED

NOTICED = 1_000_000
"""Microseconds that the clock is advanced by, at least, where a row says so."""
LABEL = 24
"""Characters of a label."""

Lane = Literal["merchant", "provider", "wallet", "buyer"]
Kind = Literal["request", "answer", "wallet", "decision", "state", "webhook", "clock"]
Group = Literal["create", "buyer", "capture", "refund", "later"]


@dataclass(frozen=True, slots=True)
class Words:
    """A text of the catalogue with its values; without a key the text itself: what stands on the wire, or a line of the journal."""

    key: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    literal: str = ""

    def said(self, texts: Texts) -> str:
        return texts(self.key, **self.values) if self.key else texts.reworded(self.literal)


NOTHING = Words()


@dataclass(frozen=True, slots=True)
class Step:
    """One row. What stands on one lane begins and ends there."""

    at: int
    kind: Kind
    source: Lane
    target: Lane
    label: Words
    fact: Words = NOTHING
    status: int | None = None
    """HTTP's, of an answer or of a webhook's attempt."""
    ref: str | None = None
    group: Group = "create"
    seq: int = 0
    failed: bool = False
    is_attack: bool = False
    """A webhook that the simulator has forged: whoever refuses it is right."""
    full: str = ""
    """The label without shortening, where it was shortened."""
    told: Told | None = None


# What a request is about -----------------------------------------------------------------------------------------

BEGINS: tuple[tuple[str, Group], ...] = (("refund", "refund"), ("captur", "capture"), ("approv", "capture"))
"""By a word in the last part of its path, the group that a call of the merchant begins."""


def _group_of(path: str) -> Group | None:
    last = path.partition("?")[0].rstrip("/").rpartition("/")[2].lower()
    return next((group for word, group in BEGINS if word in last), None)


# Labels ----------------------------------------------------------------------------------------------------------


def shortened(text: str, most: int = LABEL) -> str:
    """Its end, which says more than its beginning, from the beginning of a word where there is one."""
    if len(text) <= most:
        return text
    kept = text[len(text) - most + 1 :]
    word = re.search(r"[_. -](?=[^_. -]{3})", kept[: len(kept) // 2])
    return f"…{kept[word.end() :] if word else kept}"


def _path(method: str, path: str, ids: Sequence[str]) -> str:
    """`POST …/refunds`: without the query, ids and as many of the first parts as do not fit."""
    path = path.partition("?")[0]
    for id_ in ids:
        path = path.replace(id_, "…")
    parts = path.strip("/").split("/")
    text = f"{method} /{'/'.join(parts)}"
    if "…" in parts[:-1]:
        parts = parts[len(parts) - 1 - parts[-2::-1].index("…") :]
        text = f"{method} …/{'/'.join(parts)}"
    while len(text) > LABEL and len(parts) > 1:
        parts = parts[1:]
        text = f"{method} …/{'/'.join(parts)}"
    return text if len(text) <= LABEL else f"{method} {shortened(parts[-1], LABEL - len(method) - 1)}"


def _move(move: Mapping[str, Any], subject: str, named: bool) -> str:
    """`Pending → Captured`; what is not the payment itself is named: `refund succeeded`. `named` names its beginning too."""
    source, target = move.get("from"), str(move.get("to", ""))
    if move.get("ref") != subject or (named and source is None):
        return f"{str(move['summary']).partition(' ')[0]} {target}"
    if source is None:
        return target
    both = f"{source} → {target}"
    return both if len(both) <= LABEL else f"→ {target}"


DECIDED = re.compile(r"(\w+)(?: \(([\w-]+)\))?, decided by ([\w.:\-]+)")
SENT = re.compile(r"browser was sent to (.+)")
PRESSED = {"wallet.decline": "diagram_presses_decline", "wallet.cancel": "diagram_presses_cancel"}
BUYER_MOVES = {
    "wallet.scan": "diagram_scans",
    "wallet.show_code": "diagram_shows_code",
    "wallet.confirm": "diagram_presses_confirm",
}
DECIDERS = {
    "buyer": "diagram_by_buyer",
    "amount": "diagram_by_amount",
    "scenario": "diagram_by_scenario",
    "page": "diagram_by_page",
    "console": "diagram_by_console",
    "timer": "diagram_by_timer",
    "api": "diagram_by_api",
}
OUTCOMES = {
    "paid": "diagram_paid",
    "declined": "diagram_declined",
    "cancelled": "diagram_cancelled",
    "expired": "diagram_expired",
}
"""What a buyer's order may end as, each a sentence that ends in who decided it."""
TOLD = {
    "paid": "diagram_order_paid",
    "declined": "diagram_order_declined",
    "cancelled": "diagram_order_cancelled",
    "expired": "diagram_order_expired",
}
"""What a buyer's order may end as, each a sentence in which the wallet tells the provider."""


@dataclass(frozen=True, slots=True)
class Decider:
    """`decided_by`, to be said in whatever language."""

    by: str

    @property
    def words(self) -> Words:
        kind, _, value = self.by.partition(":")
        key = DECIDERS.get(kind)
        return Words(literal=self.by) if key is None else Words(key, {"value": value})


# Rows ------------------------------------------------------------------------------------------------------------


def steps(runtime: Runtime, workspace: Workspace, resource: Resource) -> list[Step]:
    """The rows of a payment's story, oldest first, numbered and grouped."""
    provider, uow, subject = runtime.providers[resource.PROVIDER], runtime.open(workspace), resource.subject
    events = finding.story(uow, provider, runtime, resource)
    advances = (part for one in journal.advances(runtime.store, workspace.id, events) for part in _parts(one, events))
    events = sorted([*events, *advances], key=lambda e: (e.at, e.place))
    refs = {str(event.entry["ref"]) for event in events if event.topic != "webhook" and "ref" in event.entry}
    ids = sorted({subject, resource.id, *refs}, key=len, reverse=True)
    has_others = bool(resource.preface or provider.payments_of(uow, resource))
    return _numbered(_merged(_told(events, subject, ids, named=has_others)))


def _parts(advance: Told, events: Sequence[Told]) -> Iterator[Told]:
    """An advance from one thing that happened on its way to the next, and to its end where something came after it."""
    start, end = advance.at, advance.row["to"]
    stops = [at for at in dict.fromkeys(event.at for event in events) if start < at <= end]
    for at in [*stops, end] if events[-1].at > end else stops:
        if at - start >= NOTICED:
            yield replace(advance, at=start, row={**advance.row, "to": at})
            start = at


def _told(events: Sequence[Told], subject: str, ids: Sequence[str], *, named: bool) -> Iterator[Step]:
    """Each event as rows; the answer to a call comes after all that the call did."""
    asked: Told | None = None
    for index, event in enumerate(events):
        if asked is not None and event.row is not asked.row and event.place // 100 != asked.place // 100:
            yield _answer(asked, subject)
            asked = None
        following = events[index + 1] if index + 1 < len(events) else None
        if event.entry["kind"] == "request" and event.move is None:
            asked = event
            yield _request(event, ids)
        elif event.topic == "webhook":
            yield _webhook(event)
        elif event.topic == "clock":
            yield _clock(event)
        elif event.move is not None and event.move["kind"] == "wallet":
            yield from _wallet(event, following)
        elif event.move is not None and event.move["kind"] == "state":
            yield from _state(event, subject, named)
        else:
            yield _said(event)
    if asked is not None:
        yield _answer(asked, subject)


def _caller(row: Mapping[str, Any]) -> Lane:
    return "buyer" if row.get("sent_by") == "browser" else "merchant"


def _request(event: Told, ids: Sequence[str]) -> Step:
    row = event.row
    label = _path(row["method"], row["path"], ids)
    by = row.get("sent_by", "merchant")
    fact = Words("diagram_from_console") if by == "console" else Words("diagram_from_page") if by == "page" else NOTHING
    more: dict[str, Any] = {"ref": event.entry["ref"], "full": f"{row['method']} {row['path']}", "told": event}
    return Step(event.at, "request", _caller(row), "provider", Words(literal=label), fact, **more)


def _answer(event: Told, subject: str) -> Step:
    row, status = event.row, int(event.row["status"])
    own = [move for move in row["moves"] if move.get("ref") == subject and move["kind"] == "state"]
    label = f"{status} {own[-1]['to']}" if own else str(status)
    label = label if len(label) <= LABEL else str(status)  # the state stands in the row above
    fact = Words(literal=f"{row['duration_ms']:.0f} ms")
    more: dict[str, Any] = {"ref": event.entry["ref"], "failed": status >= 400, "told": event}
    return Step(event.at, "answer", "provider", _caller(row), Words(literal=label), fact, status, **more)


def _webhook(event: Told) -> Step:
    message, attempt = event.message, event.attempt
    assert message is not None
    label = Words(literal=shortened(message.event))
    common: dict[str, Any] = {"ref": message.id, "full": message.event, "told": event}
    if attempt is None:
        return Step(event.at, "webhook", "provider", "provider", label, Words("diagram_kept"), **common)
    if Plan.load(message.plan).is_adversarial:
        fact = Words("diagram_forged", {"status": attempt.status or "–"})
        return Step(event.at, "webhook", "provider", "merchant", label, fact, attempt.status, is_attack=True, **common)
    accepted = message.state == "delivered" and attempt.n == message.attempts
    answered = attempt.status is not None
    if accepted and attempt.n == 1:
        fact = Words(literal=f"{attempt.status or ''}, {attempt.duration_ms:.0f} ms")
    elif answered:
        fact = Words("diagram_try", {"status": attempt.status, "n": attempt.n})
    else:
        fact = Words("diagram_no_answer", {"n": attempt.n})
    failed = not answered or not 200 <= (attempt.status or 0) < 300
    return Step(event.at, "webhook", "provider", "merchant", label, fact, attempt.status, failed=failed, **common)


def _clock(event: Told) -> Step:
    key = "diagram_advanced_page" if event.row.get("by") == "page" else "diagram_advanced"
    by = timedelta(microseconds=event.row["to"] - event.at)
    return Step(event.at, "clock", "merchant", "buyer", Words(key, {"time": by}), told=event)


def _wallet(event: Told, following: Told | None) -> Iterator[Step]:
    move = event.move
    assert move is not None
    common: dict[str, Any] = {"ref": move.get("ref"), "told": event}
    trigger, target = move.get("trigger"), move.get("to")
    if trigger is None:
        yield from _remark(event, move, common)
    elif move.get("from") is None:
        yield Step(event.at, "wallet", "provider", "wallet", Words("diagram_opens_order"), **common)
    elif target in UNDECIDED:
        yield Step(event.at, "wallet", "buyer", "wallet", Words(BUYER_MOVES.get(trigger, "diagram_acts")), **common)
    elif event.topic == "page" and move["from"] != "paying" and trigger.startswith("wallet."):
        by_page = following is not None and str(following.entry["summary"]).endswith("decided by page")
        key = PRESSED.get(trigger, "diagram_presses_confirm") if by_page else "diagram_presses_confirm"
        yield Step(event.at, "wallet", "buyer", "wallet", Words(key), **common)


def _remark(event: Told, move: Mapping[str, Any], common: dict[str, Any]) -> Iterator[Step]:
    """What the wallet says beside its moves: who decided, where the browser went."""
    summary = str(move["summary"])
    if decided := DECIDED.fullmatch(summary):
        outcome, reason, by = decided.groups()
        words = Words(OUTCOMES.get(outcome, "diagram_ended"), {"by": Decider(by)})
        fact = Words(literal=reason) if reason else NOTHING
        yield Step(event.at, "decision", "wallet", "wallet", words, fact, full=summary, **common)
        if by != "api" and outcome in TOLD:
            yield Step(event.at, "wallet", "wallet", "provider", Words(TOLD[outcome]), **common)
    elif sent := SENT.fullmatch(summary):
        yield Step(event.at, "wallet", "wallet", "buyer", Words("diagram_sent_back"), full=sent[1], **common)
    else:
        yield Step(
            event.at, "wallet", "wallet", "wallet", Words(literal=shortened(summary, 48)), full=summary, **common
        )


def _state(event: Told, subject: str, named: bool) -> Iterator[Step]:
    move = event.move
    assert move is not None
    if "to" not in move:
        yield _said(event)
    elif move.get("from") != move["to"]:
        fact = {
            "timer": Words("diagram_by_time"),
            "bank": Words("diagram_by_bank"),
            "console": Words("diagram_console"),
        }
        label = Words(literal=_move(move, subject, named))
        more: dict[str, Any] = {"ref": move.get("ref"), "full": str(move["summary"]), "told": event}
        yield Step(event.at, "state", "provider", "provider", label, fact.get(move["actor"], NOTHING), **more)


def _said(event: Told) -> Step:
    """A line of the story that moves nothing, in its own words."""
    summary, kind = str(event.entry["summary"]), event.entry["kind"]
    words = Words(literal=shortened(summary, 48))
    of: Kind = "webhook" if kind == "webhook" else "state"
    return Step(event.at, of, "provider", "provider", words, ref=event.entry.get("ref"), full=summary, told=event)


def _merged(rows: Iterator[Step]) -> Iterator[Step]:
    """Advances without anything between them are one."""
    held: Step | None = None
    for step in rows:
        if held is not None and step.kind == "clock":
            by = held.label.values["time"] + step.label.values["time"]
            held = replace(held, label=Words(step.label.key, {"time": by}))
            continue
        if held is not None:
            yield held
        held = step if step.kind == "clock" else None
        if held is None:
            yield step


def _numbered(rows: Iterator[Step]) -> list[Step]:
    """With numbers and groups. A call of the merchant begins the capture, the refund or something later; the buyer's first act
    begins the decision, and an order that the merchant opens anew leads back."""
    group: Group = "create"
    decided = False
    numbered: list[Step] = []
    for number, step in enumerate(rows, 1):
        told = step.told
        if step.kind == "request" and told is not None:
            opens = any(m["kind"] == "wallet" and "to" in m and "from" not in m for m in told.row["moves"])
            begun = _group_of(told.row["path"]) if told.row["method"] not in ("GET", "HEAD") else None
            if opens:
                group, decided = "create", False
            elif decided or begun is not None:
                group = begun or "later"
        elif not decided and step.kind != "answer" and (step.source == "buyer" or step.kind == "decision"):
            group = "buyer"
        decided = decided or step.kind == "decision"
        numbered.append(replace(step, seq=number, group=group))
    return numbered


# As it is told ---------------------------------------------------------------------------------------------------


def said(words: Words, texts: Texts) -> str:
    """In one language, with the parts that are words themselves."""
    values: dict[str, Any] = {}
    for name, value in words.values.items():
        if isinstance(value, Decider):
            value = said(value.words, texts)
        values[name] = texts.duration(value) if isinstance(value, timedelta) else value
    return replace(words, values=values).said(texts)


GROUPS: Mapping[Group, str] = {
    "create": "diagram_group_create",
    "buyer": "diagram_group_buyer",
    "capture": "diagram_group_capture",
    "refund": "diagram_group_refund",
    "later": "diagram_group_later",
}
LANES: tuple[Lane, ...] = ("merchant", "provider", "wallet", "buyer")
NAMED = {"merchant": "diagram_merchant", "wallet": "diagram_wallet", "buyer": "diagram_buyer"}


def lanes(provider: Provider, texts: Texts) -> dict[Lane, str]:
    """What stands at the head of each."""
    return {lane: texts(NAMED[lane]) if lane in NAMED else provider.title for lane in LANES}


def mermaid(rows: Sequence[Step], provider: Provider, texts: Texts) -> str:
    """A `sequenceDiagram`: solid arrows are calls, dashed ones answers, open ones stay within the simulator, crosses failed."""
    lines = ["sequenceDiagram"]
    lines += [f"    participant {lane} as {_quoted(name)}" for lane, name in lanes(provider, texts).items()]
    group = None
    for row in rows:
        if row.group != group:
            group = row.group
            lines.append(f"    Note over merchant,buyer: {_quoted(texts(GROUPS[group]))}")
        label, fact = said(row.label, texts), said(row.fact, texts)
        text = _quoted(f"{label} ({fact})" if fact else label)
        if row.kind == "clock":
            lines.append(f"    Note over merchant,buyer: {text}")
        elif row.source == row.target:
            lines.append(f"    Note over {row.source}: {text}")
        else:
            lines.append(f"    {row.source}{_arrow(row)}{row.target}: {text}")
    return "\n".join(lines) + "\n"


def _arrow(row: Step) -> str:
    if row.kind == "answer":
        return "-->>"
    if row.kind == "webhook":
        return "-x" if row.failed else "->>"
    return "->>" if row.kind == "request" or row.source == "buyer" else "-)"


def _quoted(text: str) -> str:
    """Mermaid ends a line at a semicolon, and begins an entity or a comment with the others."""
    return "".join(f"#{ord(letter)};" if letter in "#;%<>" else letter for letter in " ".join(text.split()))


def row_view(row: Step, texts: Texts) -> dict[str, Any]:
    view: dict[str, Any] = {
        "seq": row.seq,
        "at": iso_millis(from_micros(row.at)),
        "group": texts(GROUPS[row.group]),
        "kind": row.kind,
        "from": row.source,
        "to": row.target,
        "label": said(row.label, texts),
        "fact": said(row.fact, texts),
    }
    if row.status is not None:
        view["status"] = row.status
    if row.ref is not None:
        view["ref"] = row.ref
    return view


async def get_diagram(call: ControlCall) -> Any:
    """The story as rows between four lanes, and as Mermaid; `Accept: text/plain` gives the Mermaid text alone."""
    workspace, texts = call.workspace, Texts("en")
    provider, resource = found(call, workspace, call.runtime.open(workspace))
    rows = steps(call.runtime, workspace, resource)
    drawn = mermaid(rows, provider, texts)
    if "text/plain" in call.request.headers.get("accept", ""):
        return PlainTextResponse(drawn)
    return {"rows": [row_view(row, texts) for row in rows], "mermaid": drawn}
