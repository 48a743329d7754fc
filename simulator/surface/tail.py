"""`psp-simulator tail`: the rows of the console's diagram as lines, as they happen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import field
from itertools import takewhile
from typing import Any

from simulator.kernel.values import dataclass
from simulator.surface import printed, terminal
from simulator.surface.answers import Payment, RequestView, TimelineEntry
from simulator.surface.client import SaidNo, Workspace
from simulator.surface.days import Days

WATCHED = 50
"""The newest payments, which are looked at in each round, beside those that are asked about and those whose webhooks are
still on their way."""
EARLIER = 500
"""API calls before the first round."""
USUAL = 10
"""Rows of what was before."""


@dataclass
class Tail:
    """Asks the control API in rounds; each round yields what was not seen before, in order of time."""

    workspace: Workspace
    provider: str | None = None
    payment: str | None = None
    whole: bool = False
    """Whether the first round goes back to the beginning, or shows some of what came before it."""
    _told: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many entries of a payment's timeline were told."""
    _versions: dict[tuple[str, str], str] = field(default_factory=dict)
    _restless: set[tuple[str, str]] = field(default_factory=set)
    """Payments with webhooks under way: their timelines grow although they do not change."""
    _durations: dict[str, float] = field(default_factory=dict)
    """By request."""
    _next: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Of webhooks under way: how often they were tried, and when they are tried again."""
    _request: int = 0
    """The number of the newest request that was told."""
    _change: int | None = None
    """The number of the newest change that was looked at."""

    def round(self) -> list[dict[str, Any]]:
        requests = self._new_requests()
        self._durations |= {request["id"]: request["duration_ms"] for request in requests}
        asked = {(request["provider"], request["resource_id"]) for request in requests if "resource_id" in request}
        rows = [row for payment in self._changed(asked) for row in self._news(payment)]
        if self.payment is None:
            rows += self._others(requests)
        rows.sort(key=lambda row: row["at"])
        return rows

    def _others(self, requests: list[RequestView]) -> Iterator[dict[str, Any]]:
        """What is about no payment: the clock, test events, calls about something else or nothing."""
        if self._change is None:
            self._change = 0 if self.whole or len(requests) < EARLIER else _number(requests[-1]) - 1
        for change in self.workspace.events(self._change, follow=False):
            self._change = change["seq"]
            if "phase" in change or self.provider not in (None, change["provider"] or self.provider):
                continue
            row: dict[str, Any] = {name: value for name, value in change.items() if name not in ("seq", "resource_id")}
            if change["kind"] == "request":
                row["duration_ms"] = self._durations.get(change.get("ref", ""))
            yield self._tried_again(row) | {"payment": None}

    def _new_requests(self) -> list[RequestView]:
        """The requests that came since the last round, newest first, however many."""
        known = self._request
        at_most = EARLIER if known == 0 and not self.whole else None
        listed = self.workspace.each_request(at_most, provider=self.provider)
        requests = list(takewhile(lambda request: _number(request) > known, listed))
        self._request = max([known, *map(_number, requests)])
        return requests

    def _changed(self, asked: set[tuple[str, str]]) -> Iterator[Payment]:
        """Payments with news: changed, asked about (`asked`), or with webhooks that were or are under way."""
        waiting = self.workspace.deliveries(state="pending")
        self._next = {d["id"]: (len(d["attempts"]), at) for d in waiting if (at := d["next_attempt_at"]) is not None}
        pending = {(d["provider"], d["resource_id"]) for d in waiting}
        if self.whole or self.payment:
            shown = self.workspace.payments(q=self.payment)
        else:
            shown = self.workspace.latest(WATCHED)
        watched = {(p["provider"], p["id"]): p["updated_at"] for p in shown}
        wanted = [key for key, at in watched.items() if self._versions.get(key) != at]
        wanted += [key for key in (pending | self._restless | asked) if key not in wanted]
        self._versions |= watched
        self._restless = pending | {key for key in wanted if key not in self._restless}
        for provider, id_ in wanted:
            if self.provider in (None, provider) and self.payment in (None, id_):
                try:
                    payment = self.workspace.payment(provider, id_)
                except SaidNo as refusal:
                    if refusal.status != 404:
                        raise
                    continue  # a test event's, a customer's, or dropped meanwhile
                yield payment

    def _news(self, payment: Payment) -> Iterator[dict[str, Any]]:
        key = (payment["provider"], payment["id"])
        timeline = payment.get("timeline", [])
        for entry in timeline[self._told.get(key, 0) :]:
            yield self._row(payment, entry)
        self._told[key] = len(timeline)

    def _row(self, payment: Payment, entry: TimelineEntry) -> dict[str, Any]:
        row: dict[str, Any] = {name: value for name, value in entry.items() if name != "seq"}
        if entry["kind"] == "request":
            row["duration_ms"] = self._durations.get(entry.get("ref", ""))
        return self._tried_again(row) | {"provider": payment["provider"], "payment": payment["id"]}

    def _tried_again(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row; of a webhook's newest try, with when the next one is due."""
        tries, at = self._next.get(row.get("ref", ""), (0, ""))
        if row["kind"] == "webhook" and tries and f" try {tries} " in f"{row['summary']} ":
            row["next_attempt_at"] = at
        return row


def follow(
    world: Workspace,
    provider: str | None = None,
    payment: str | None = None,
    *,
    as_json: bool = False,
    lines: int | None = None,
    once: bool = False,
) -> None:
    """Prints rows until somebody ends it, or what there is and no more (`once`). So many `lines` of what was before come first;
    unless that is said, all of one payment's or of what is shown `once`, else `USUAL`."""
    story = Tail(world, provider, payment, whole=once)
    rows = story.round()
    if lines is None and not (payment or once):
        lines = USUAL
    rows = rows if lines is None else rows[max(0, len(rows) - lines) :]
    days = Days(world.clock()["now"])
    while True:
        for row in rows:
            if as_json:
                printed.say_json(row)
            else:
                printed.say(*(told for told in (days.change(row["at"]), line(row)) if told))
        if once:
            return
        sys.stdout.flush()
        threading.Event().wait(0.5)
        rows = story.round()


def _number(request: RequestView) -> int:
    return int(request["id"].removeprefix("req_"))


def line(row: dict[str, Any]) -> str:
    """`09:41:07.214  merchant > acme   POST /acme/charges   201   38 ms  ch_4qkzv7…`; of a webhook that nobody took, why
    and when it is tried again: `failed: connection refused, next try 09:46:07`."""
    between = row["kind"] in ("request", "webhook") and "from" in row and "to" in row
    who = f"{row['from']} > {row['to']}" if between else str(row.get("actor") or row["kind"])
    if row["kind"] not in ("request", "webhook", "state"):
        who = row["kind"]
    summary, status, outcome = row["summary"], "", ""
    if row["kind"] == "request":
        summary, _, status = summary.rpartition(" ")
    elif " answered " in summary:
        summary, _, status = summary.rpartition(" answered ")
        outcome = "" if status.startswith("2") else "failed"
    elif row["kind"] == "webhook" and " failed: " in summary:
        summary, _, reason = summary.partition(" failed: ")
        outcome = f"failed: {reason}"
    elif row["kind"] == "webhook" and " kept here" in summary:
        summary, _, how = summary.partition(" kept here")
        outcome = f"kept here{how}"
    if "next_attempt_at" in row:
        outcome += f", next try {terminal.instant(row['next_attempt_at'], row['at'])}"
    duration = f"{row['duration_ms']:.0f} ms" if row.get("duration_ms") is not None else ""
    told = f"{row['at'][11:23]}  {who:<24} {_short(summary, 46):<46} {status:>3}  {duration:>7}  "
    told += f"{_short(row['payment'] or '', 20):<20}  {outcome}"
    return terminal.paint(told.rstrip(), "red" if outcome.startswith("failed") else _colour(row["kind"], status))


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _colour(kind: str, status: str) -> str:
    if status[:1] in ("4", "5"):
        return "red"
    return {"request": "reset", "webhook": "green", "wallet": "yellow", "clock": "yellow"}.get(kind, "reset")
