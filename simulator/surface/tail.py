"""`psp-simulator tail`: the rows of the console's diagram as lines, as they happen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.surface import terminal
from simulator.surface.client import Payment, TimelineEntry, Workspace

WATCHED = 50
"""Payments that are looked at in each round: the newest, and those whose webhooks are still on their way."""


@dataclass
class Tail:
    """Asks the control API in rounds; each round yields what was not seen before, in order of time."""

    workspace: Workspace
    provider: str | None = None
    payment: str | None = None
    _told: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many entries of a payment's timeline were told."""
    _versions: dict[tuple[str, str], str] = field(default_factory=dict)
    _restless: set[tuple[str, str]] = field(default_factory=set)
    """Payments with webhooks under way: their timelines grow although they do not change."""
    _request: int = 0
    """The number of the newest request that was told."""

    def round(self) -> list[dict[str, Any]]:
        requests = self.workspace.requests(provider=self.provider, limit=500)
        durations = {request["id"]: request["duration_ms"] for request in requests}
        rows = [row for payment in self._changed() for row in self._news(payment, durations)]
        for request in reversed(requests):
            number = int(request["id"].removeprefix("req_"))
            if number > self._request and "resource_id" not in request and self.payment is None:
                rows.append(
                    {
                        "at": request["at"],
                        "kind": "request",
                        "from": "merchant",
                        "to": request["provider"],
                        "summary": f"{request['method']} {request['path']} {request['status']}",
                        "duration_ms": request["duration_ms"],
                        "provider": request["provider"],
                        "payment": None,
                    }
                )
        self._request = max([self._request, *(int(request["id"].removeprefix("req_")) for request in requests)])
        rows.sort(key=lambda row: row["at"])
        return rows

    def _changed(self) -> Iterator[Payment]:
        pending = {(d["provider"], d["resource_id"]) for d in self.workspace.deliveries(state="pending")}
        watched = {(p["provider"], p["id"]): p["updated_at"] for p in self.workspace.latest(WATCHED)}
        wanted = [key for key, at in watched.items() if self._versions.get(key) != at]
        wanted += [key for key in (pending | self._restless) if key not in wanted]
        self._versions |= watched
        self._restless = pending | {key for key in wanted if key not in self._restless}
        for provider, id_ in wanted:
            if self.provider in (None, provider) and self.payment in (None, id_):
                yield self.workspace.payment(provider, id_)

    def _news(self, payment: Payment, durations: dict[str, float]) -> Iterator[dict[str, Any]]:
        key = (payment["provider"], payment["id"])
        timeline = payment.get("timeline", [])
        for entry in timeline[self._told.get(key, 0) :]:
            yield self._row(payment, entry, durations)
        self._told[key] = len(timeline)

    def _row(self, payment: Payment, entry: TimelineEntry, durations: dict[str, float]) -> dict[str, Any]:
        row: dict[str, Any] = {name: value for name, value in entry.items() if name != "seq"}
        if entry["kind"] == "request":
            row["duration_ms"] = durations.get(entry.get("ref", ""))
        return row | {"provider": payment["provider"], "payment": payment["id"]}


def line(row: dict[str, Any]) -> str:
    """`09:41:07.214  merchant > ppro   POST /v1/payment-charges   200   38 ms  charge_4qkzv7…`"""
    between = row["kind"] in ("request", "webhook") and "from" in row and "to" in row
    who = f"{row['from']} > {row['to']}" if between else str(row.get("actor") or row["kind"])
    if row["kind"] not in ("request", "webhook", "state"):
        who = row["kind"]
    summary, status = row["summary"], ""
    if row["kind"] == "request":
        summary, _, status = summary.rpartition(" ")
    elif " answered " in summary:
        summary, _, status = summary.rpartition(" answered ")
    duration = f"{row['duration_ms']:.0f} ms" if row.get("duration_ms") is not None else ""
    told = f"{row['at'][11:23]}  {who:<24} {_short(summary, 46):<46} {status:>3}  {duration:>7}  "
    told += _short(row["payment"] or "", 20)
    return terminal.paint(told.rstrip(), _colour(row["kind"], status))


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _colour(kind: str, status: str) -> str:
    if status[:1] in ("4", "5"):
        return "red"
    return {"request": "reset", "webhook": "green", "wallet": "yellow", "clock": "yellow"}.get(kind, "reset")
