"""One payment: what is known of it, its story as a diagram or a list, and the bytes behind the row that is looked at.

The row that is chosen stands in the address twice: `?event=` chooses it without script, `#e-42` shows where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import orjson
from starlette.responses import Response

from simulator.engine.explain import Explained
from simulator.engine.masking import COMMON
from simulator.engine.messages import Plan
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource, Summary, load
from simulator.engine.store import OutboxRow
from simulator.engine.views import MoneyView
from simulator.kernel.clock import from_micros, iso_millis
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.surface.console import money
from simulator.surface.console.delivery import unexplained
from simulator.surface.console.frame import Console, day
from simulator.surface.console.payments import Row, shown
from simulator.surface.control import again, clock, diagram, finding, moves, requests
from simulator.surface.control.diagram import Lane, Step
from simulator.surface.control.errors import ControlError
from simulator.surface.control.webhooks import can_resend
from simulator.surface.days import Days
from simulator.wallet.order import Order

VIEWS = ("diagram", "list")
CHIPS: Mapping[str, tuple[str, ...]] = {
    "api": ("request", "answer"),
    "wallet": ("wallet", "decision"),
    "state": ("state",),
    "webhook": ("webhook",),
    "clock": ("clock",),
}
"""The list's filters, each with the kinds of rows that it shows."""
FOLDED = 2
"""So deep an object of the pretty view stands open."""


@dataclass(frozen=True)
class Node:
    """A member of a JSON body, to be folded."""

    name: str
    """With its quotes; empty at the root and in a list."""
    text: str | tuple[str, str]
    """A value as JSON, or the two brackets around others."""
    kind: str = ""
    nodes: Sequence[Node] = ()
    open: bool = False


@dataclass(frozen=True)
class Line:
    """A row of the story as the page shows it."""

    step: Step
    seq: int
    time: str
    """Whole where the second changes, else the milliseconds alone."""
    day: str
    """The date above it, where the day changes."""
    group: str | None
    """The heading above it, where a new group begins."""
    label: str
    whole: str
    """What it says where there is room for it."""
    fact: str
    spoken: str
    """The row as a sentence."""
    mark: str
    """What its arrow or box looks like."""
    way: str
    """From which lane to which; empty where the row belongs to none."""
    title: str
    """When it was, on the workspace's clock and in real time."""

    @property
    def ends(self) -> Sequence[Lane]:
        """The first and the last lane that its arrow crosses, the left one first."""
        return sorted((self.step.source, self.step.target), key=diagram.LANES.index)


@dataclass(frozen=True)
class Fact:
    name: str
    title: str
    """A key of the catalogue."""
    value: str
    sub: str = ""


@dataclass(frozen=True)
class Inspected:
    """What stands behind one row."""

    line: Line
    kind: str
    """`call`, `webhook` or `event`."""
    tabs: tuple[str, ...]
    tab: str
    call: Mapping[str, Any] | None = None
    """A call of the API as the control API gives it."""
    request_line: str = ""
    headers: Sequence[tuple[str, str]] = ()
    body: str = ""
    size: int = 0
    pretty: Node | None = None
    """The body's JSON; None where it is none."""
    status: int | None = None
    duration_ms: float = 0
    error: str | None = None
    delivery: OutboxRow | None = None
    n: int = 0
    tries: Sequence[tuple[int, str, int | None, Line | None]] = ()
    """Of each attempt: its number, time, status, and the row that tells of it, which has the times of both clocks."""
    explained: Explained | None = None
    """How the signature of this try came about."""
    can_send: bool = False
    """Whether a webhook has somewhere to go to."""
    unexplained: str = ""
    """The key of a sentence that says why nobody knows."""
    due: timedelta | None = None
    about: Sequence[tuple[str, str]] = ()
    """What an event says of itself, name and value."""
    broken: Sequence[str] = ()
    """The rules that a refused call broke."""
    curl: str | None = None
    """A call as a command, with the workspace's own credentials; None where it was not kept whole."""


async def payment_page(console: Console) -> Response:
    runtime, workspace, id_ = console.runtime, console.workspace, console.request.path_params["id"]
    wanted = console.query.get("provider")
    names = [wanted] if wanted in runtime.providers else list(runtime.providers)
    name = next((name for name in names if runtime.store.payment(workspace.id, name, id_) is not None), None)
    if name is None:
        message = console.texts()("console_no_payment", id=id_, workspace=workspace.name)
        raise ControlError(404, "not_found", message, elsewhere=_elsewhere(console, id_))
    provider = runtime.providers[name]
    kind, body = runtime.store.payment(workspace.id, name, id_) or ("", b"")
    row = shown(console, [(0, name, kind, id_, body)])[0]
    resource = load(provider.kinds[kind], body)
    uow = runtime.open(workspace)
    summary = finding.summary_of(uow, provider, resource)
    told = diagram.steps(runtime, workspace, resource)
    lines = _lines(console, provider, told)
    messages = [
        message
        for subject in finding.subjects_of(uow, provider, resource)
        for message in runtime.store.messages(workspace.id, subject=subject)
        if not Plan.load(message.plan).is_adversarial
    ]
    view, chip = console.chosen("view", VIEWS) or "diagram", console.chosen("show", CHIPS)
    left = summary.amount.value - summary.refunded.value
    payments = [payment.id for payment in provider.payments_of(uow, resource)]
    is_paid = row.payment["phase"] in ("paid", "partly_refunded")
    return console.render(
        "console/payment.html",
        row.amount.symbol_text,
        place="payments",
        row=row,
        at={"provider": name, "id": id_},
        facts=_facts(console, row, provider, resource, summary, messages),
        moves=moves.legal(runtime, workspace, provider, resource),
        can_refund=provider.shop is not None and is_paid and not payments,
        payments=payments,
        preface=runtime.store.payment(workspace.id, name, resource.preface) and resource.preface,
        left=left,
        left_money=MoneyView.of(Money(left, summary.amount.currency)),
        lanes=diagram.lanes(provider, console.texts()),
        hosts=_hosts(messages, row),
        lines=[line for line in lines if view == "diagram" or chip is None or line.step.kind in CHIPS[chip]],
        chips=CHIPS,
        view=view,
        chip=chip,
        mermaid=diagram.mermaid(told, provider, console.texts()),
        inspected=_inspected(console, provider, lines),
        moved=money.of_payment(console, provider, resource.subject),
        raw=console.query.get("body") == "raw",
    )


def _elsewhere(console: Console, id_: str) -> list[dict[str, str]]:
    """The workspaces that have a payment with this id."""
    runtime = console.runtime
    found = runtime.store.payments_anywhere(id_, 12)
    names = {workspace.id: workspace.name for workspace in runtime.workspaces()}
    return [
        {"workspace": names[workspace], "provider": provider, "id": id_}
        for workspace, provider in found
        if workspace in names and provider in runtime.providers
    ]


# Facts -----------------------------------------------------------------------------------------------------------


def _facts(
    console: Console,
    row: Row,
    provider: Provider,
    resource: Resource,
    summary: Summary,
    messages: Sequence[OutboxRow],
) -> list[Fact]:
    t = console.texts()
    order = console.runtime.open(console.workspace).find(Order, summary.order) if summary.order else None
    rate = f"1 {summary.amount.currency} = {order.rate} CNY" if order is not None and order.rate and row.paid else ""
    taken = summary.phase in ("paid", "partly_refunded", "refunded")
    left = Money(summary.amount.value - summary.refunded.value, summary.amount.currency)
    delivered = sum(message.state == "delivered" for message in messages)
    kind, _, value = (row.payment["decided_by"] or "").partition(":")
    key = diagram.DECIDERS.get(kind)
    return [
        Fact("charged", "payments_charged", (row.paid or row.amount).symbol_text, rate),
        Fact("captured", "payments_captured", row.amount.symbol_text if taken else t("payments_nothing")),
        Fact(
            "refunded",
            "payments_refunded",
            MoneyView.of(summary.refunded).symbol_text if summary.refunded.value else t("payments_nothing"),
            t("payments_left", amount=MoneyView.of(left).symbol_text) if taken and left.value else "",
        ),
        Fact(
            "webhooks",
            "payments_webhooks",
            t("payments_delivered", n=delivered, all=len(messages)) if messages else t("console_none_yet"),
            _of_webhooks(console, row, messages),
        ),
        Fact(
            "decided-by",
            "payments_decided",
            t("payments_nobody") if not kind else t(key, value=value) if key else row.payment["decided_by"],
            row.buyer or "" if kind == "buyer" else "",
        ),
        _next(console, provider, resource, messages),
    ]


def _of_webhooks(console: Console, row: Row, messages: Sequence[OutboxRow]) -> str:
    t = console.texts()
    kept = sum(message.state == "kept" for message in messages)
    if row.marks.failing:
        return t("payments_failing", n=row.marks.failing)
    if kept:
        return t("payments_kept", n=kept)
    return t("payments_retried", n=row.marks.retried) if row.marks.retried else ""


def _next(console: Console, provider: Provider, resource: Resource, messages: Sequence[OutboxRow]) -> Fact:
    """What falls due first of all that belongs to the payment."""
    runtime, workspace, t = console.runtime, console.workspace, console.texts()
    family = [resource, *provider.payments_of(runtime.open(workspace), resource)]
    ids = [id_ for member in family for id_ in moves.ids_of(runtime, workspace, member)]
    timers = runtime.store.timers_of(workspace.id, ids)
    due = [
        (timer.due, clock.words(timer.trigger, timer.kind, t))
        for timer in timers
        if timer.provider in (provider.name, Order.PROVIDER)
    ]
    due += [(m.due, t("payments_webhook_due", event=m.event)) for m in messages if m.state == "pending" and m.due]
    if not due:
        return Fact("next-timer", "payments_next", t("payments_no_timer"))
    at, what = min(due)
    in_ = max(from_micros(at) - workspace.clock.now(), timedelta(0))
    return Fact("next-timer", "payments_next", t("payments_in", time=t.short(in_)), what)


def _hosts(messages: Sequence[OutboxRow], row: Row) -> Mapping[str, str]:
    """Beneath the names of the lanes: where the merchant's server is, and who the buyer is."""
    urls = [COMMON.address(message.url) for message in messages if message.url]
    host = urls[-1].partition("://")[2].partition("/")[0] if urls else ""
    return {"merchant": host, "buyer": row.buyer or ""}


# The story -------------------------------------------------------------------------------------------------------


def _lines(console: Console, provider: Provider, told: Sequence[Step]) -> list[Line]:
    t = console.texts()
    names = diagram.lanes(provider, t)
    lines: list[Line] = []
    second, group, days = "", "", Days(iso_millis(console.clock.now))
    for step in told:
        changed = days.change(iso_millis(from_micros(step.at)))
        at = f"{from_micros(step.at):%H:%M:%S.%f}"[:12]
        label, fact = diagram.said(step.label, t), diagram.said(step.fact, t)
        way = t("payments_way", source=names[step.source], target=names[step.target])
        place = "" if step.kind == "clock" else way if step.source != step.target else names[step.source]
        whole = label if step.kind == "decision" else step.full or label
        said = [at, place, whole, fact]
        lines.append(
            Line(
                step=step,
                seq=step.seq,
                time=at if at[:8] != second else at[8:],
                day=day(from_micros(step.at), t.language) if changed else "",
                group=t(diagram.GROUPS[step.group]) if step.group != group else None,
                label=label,
                whole=whole,
                fact=fact,
                spoken=", ".join(part for part in said if part),
                mark=_mark(step),
                way=place,
                title=console.both_times(iso_millis(from_micros(step.at)), step.told.real if step.told else None),
            )
        )
        second, group = at[:8], step.group
    return lines


def _mark(step: Step) -> str:
    if step.kind == "webhook":
        return "sim" if step.is_attack else "bad" if step.failed else "good"
    if step.kind in ("decision", "clock"):
        return "sim"
    if step.kind == "answer":
        return "dash"
    return "call" if step.kind == "request" or step.source == "buyer" else "thin"


# The inspector ---------------------------------------------------------------------------------------------------


def _inspected(console: Console, provider: Provider, lines: Sequence[Line]) -> Inspected | None:
    """What the inspector shows: the chosen row, else the newest that failed, else the newest that has bytes."""
    wanted = console.query.get("event", "")
    with_bytes = [line for line in lines if line.step.kind in ("request", "answer", "webhook")]
    failed = [line for line in with_bytes if line.step.failed]
    chosen = next((line for line in lines if str(line.seq) == wanted), None)
    line = chosen or next(reversed(failed), None) or next(reversed(with_bytes), None)
    if line is None or line.step.told is None:
        return None
    told = line.step.told
    if told.message is not None:
        return _webhook(console, provider, line, told.message, lines)
    if line.step.kind in ("request", "answer"):
        return _call(console, line)
    move = told.move or {}
    about = [(name, str(move[name])) for name in ("from", "to", "trigger", "actor") if move.get(name)]
    about += [("id", line.step.ref)] if line.step.ref else []
    return Inspected(line, "event", (), "", about=about)


def _call(console: Console, line: Line) -> Inspected:
    call = requests.found(console.runtime, console.workspace, line.step.ref or "")
    tabs = ("request", "response", *(["signature"] if "expected" in call.get("help", {}) else []))
    tab = console.chosen("tab", tabs) or ("response" if line.step.kind == "answer" else "request")
    side = call["response" if tab == "response" else "request"]
    help_ = call.get("help", {})
    return Inspected(
        line,
        "call",
        tabs,
        tab,
        call=call,
        request_line=f"{call['method']} {call['path']}",
        headers=list(side["headers"].items()),
        body=side["body"],
        size=side["size"] if side["size"] is not None else len(side["body"].encode()),
        pretty=_json(side["body"]),
        status=call["status"],
        duration_ms=call["duration_ms"],
        broken=[help_["reason"]] if "reason" in help_ else list(help_.get("violations", ())),
        curl=_curl(console, call),
    )


def _curl(console: Console, call: Mapping[str, Any]) -> str | None:
    try:
        request = again.request_of(console.runtime, console.workspace, call, console.base_url)
    except ControlError:
        return None
    return again.as_curl(request, console.base_url)


def _webhook(console: Console, provider: Provider, line: Line, message: OutboxRow, lines: Sequence[Line]) -> Inspected:
    told = line.step.told
    attempt = told.attempt if told is not None else None
    tabs = ("request", "response", "signature", "attempts")
    tab = console.chosen("tab", tabs) or "request"
    raw = bytes(message.body)
    if attempt is None:
        raw = console.runtime.dispatcher.would_send(message)
    elif attempt.body is not None:
        raw = bytes(attempt.body)
    headers: dict[str, str] = orjson.loads(attempt.headers) if attempt is not None else {}
    body = (
        (attempt.answer or "" if attempt is not None else "") if tab == "response" else raw.decode("utf-8", "replace")
    )
    rows = {other.step.told.attempt.n: other for other in lines if _is_try(other, message)}  # type: ignore[union-attr]
    attempts = console.runtime.store.attempts([message.seq])
    due = from_micros(message.due) if message.due is not None and message.state == "pending" else None
    return Inspected(
        line,
        "webhook",
        tabs,
        tab,
        request_line=f"POST {console.runtime.masking_of(message.provider).address(message.url)}" if message.url else "",
        headers=[] if tab == "response" else list(headers.items()),
        body=body,
        size=len(body.encode()) if tab == "response" else len(raw),
        pretty=_json(body),
        status=attempt.status if attempt is not None else None,
        duration_ms=attempt.duration_ms if attempt is not None else 0,
        error=attempt.error if attempt is not None else None,
        delivery=message,
        n=attempt.n if attempt is not None else 0,
        tries=[
            (one.n, console.instant(iso_millis(from_micros(one.at)))[:-4], one.status, rows.get(one.n))
            for one in attempts
        ],
        explained=console.runtime.dispatcher.explained(message, attempt) if tab == "signature" else None,
        can_send=can_resend(console.runtime, console.workspace, message),
        unexplained=unexplained(console.runtime, message, attempt),
        due=None if due is None else max(due - console.workspace.clock.now(), timedelta(0)),
    )


def _is_try(line: Line, message: OutboxRow) -> bool:
    told = line.step.told
    return told is not None and told.attempt is not None and told.attempt.message == message.seq


def _json(body: str) -> Node | None:
    """An object or a list to be folded; None for any other body."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return _node("", found, 0) if isinstance(found, dict | list) and found else None


def _node(name: str, value: Any, depth: int) -> Node:
    quoted = f'"{name}"' if name else ""
    if isinstance(value, dict) and value:
        inner = [_node(key, one, depth + 1) for key, one in value.items()]
        return Node(quoted, ("{", "}"), "", inner, depth < FOLDED)
    if isinstance(value, list) and value:
        inner = [_node("", one, depth + 1) for one in value]
        return Node(quoted, ("[", "]"), "", inner, depth < FOLDED)
    return Node(quoted, orjson.dumps(value).decode(), "string" if isinstance(value, str) else "")
