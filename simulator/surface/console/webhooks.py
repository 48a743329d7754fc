"""Webhooks: the endpoints, and all that was promised to the merchant, with what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from simulator.engine.endpoints import nameable
from simulator.engine.provider import Provider
from simulator.engine.store import OutboxRow
from simulator.engine.workspace import AccountEndpoint
from simulator.kernel.clock import from_micros
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted, Pager
from simulator.surface.control import webhooks
from simulator.surface.control.paging import SOUGHT

GROUPS = ("delivered", "failing", "held", "kept", "adversarial")

LINES = 100
"""So many lines of a payment's story are looked at for the one that tells when a webhook happened."""

ADVERSARIAL_PROVEN_BY = frozenset({"amount", "currency"})
"""What is forged under a right signature: the answer proves nothing, the order does."""


@dataclass(frozen=True)
class Row:
    """A delivery as the list shows it."""

    delivery: Mapping[str, Any]
    """As the control API gives it."""
    provider: Provider | None
    """None where it is not installed."""
    marks: Sequence[str]
    """`sent`, `failing` or `waiting`, one for each try."""
    due_in: timedelta | None
    """Until the next try, on the workspace's clock; None while the provider is paused."""
    is_held: bool
    """Whether it waits because its provider is paused."""
    real: datetime | None = None
    """When it happened in real time, where the workspace's clock showed another."""

    @property
    def last(self) -> Mapping[str, Any] | None:
        attempts = self.delivery["attempts"]
        return attempts[-1] if attempts else None

    @property
    def attack(self) -> str:
        """How the simulator has forged it: `body`, `stale`; empty for what is sent in earnest."""
        if not self.delivery.get("adversarial"):
            return ""
        return str(self.delivery.get("forge") or "stale")

    @property
    def proof(self) -> str:
        """What the answer to an attack says: `refused`, `taken`, or `open` where only the order tells; empty without one."""
        if not self.attack or self.last is None or self.last["status"] is None:
            return ""
        if self.attack in ADVERSARIAL_PROVEN_BY:
            return "open"
        return "taken" if self.delivery["state"] == "delivered" else "refused"

    @property
    def state(self) -> str:
        """What has become of the delivery: `delivered`, `failing`, `stopped`, `held`, `kept`, `waiting`, or `adversarial`."""
        if self.attack:
            return "adversarial"
        if self.is_held and not self.delivery["attempts"]:
            return "held"
        state = str(self.delivery["state"])
        return {"pending": "failing" if self.delivery["attempts"] else "waiting", "failed": "stopped"}.get(state, state)


@dataclass(frozen=True)
class Tally:
    """How many deliveries of each kind there are among the newest."""

    delivered: int = 0
    failing: int = 0
    held: int = 0
    kept: int = 0
    adversarial: int = 0
    is_whole: bool = True
    """False where there are more than were looked at: then there may be more of each kind."""

    def of(self, group: str) -> str:
        n: int = getattr(self, group)
        return f"{n:,}" if self.is_whole or group == "failing" else f"{n:,}+"


@dataclass(frozen=True)
class EndpointCell:
    """One provider in the strip of endpoints."""

    provider: Provider
    endpoint: AccountEndpoint
    own: int
    """How many endpoints the merchant has made with calls of the provider's API."""
    is_paused: bool
    tally: Tally
    events: Sequence[str]
    """The events that the provider's account endpoint may ask for."""

    @property
    def address(self) -> str:
        """The endpoint's, as it is shown; the form has it as it was set."""
        return self.provider.masking.address(self.endpoint.url or "")

    @property
    def state(self) -> str:
        if self.is_paused:
            return "paused"
        if self.tally.failing:
            return "failing"
        return "set" if self.endpoint.url is not None or self.own else "unset"


def shown(console: Console, rows: Sequence[OutboxRow]) -> list[Row]:
    now = console.workspace.clock.now()
    views, real = (
        webhooks.delivery_views(console.runtime, rows),
        console.real_times((row.subject for row in rows), LINES),
    )
    return [
        _row(console, row, view, now, real.get((row.provider, row.subject, row.created)))
        for row, view in zip(rows, views, strict=True)
    ]


def _row(console: Console, row: OutboxRow, view: Mapping[str, Any], now: datetime, real: datetime | None) -> Row:
    provider = console.runtime.providers.get(row.provider)
    marks = ["failing"] * len(view["attempts"])
    if row.state == "delivered" and marks:
        marks[-1] = "sent"
    if row.state in ("pending", "kept"):
        marks.append("waiting")
    is_held = row.state == "pending" and row.provider in console.workspace.paused
    is_due = row.due is not None and row.state == "pending" and not is_held
    due = max(from_micros(row.due or 0) - now, timedelta(0)) if is_due else None
    return Row(view, provider, marks, due, is_held, real)


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page. `?endpoint=` opens a provider's endpoint."""
    store, workspace, providers = console.runtime.store, console.workspace, console.runtime.providers
    provider, group = console.chosen("provider", providers), console.chosen("state", GROUPS)
    event = console.sought("event", SOUGHT)
    rows, further = store.ledger(
        workspace.id,
        providers=_asked(provider, workspace.paused if group == "held" else None),
        event=event,
        group="pending" if group == "held" else group,
        before=console.before,
        limit=PAGE + 1,
    )
    filters = {"provider": provider, "state": group, "event": event}
    senders = [one for one in providers.values() if one.webhooks.events]
    tallies = _tallies(console, [one.name for one in senders])
    cells = [
        EndpointCell(
            one,
            workspace.account_endpoint(one.name),
            len(workspace.webhook_endpoints.get(one.name, ())),
            one.name in workspace.paused,
            tallies[one.name],
            nameable(one),
        )
        for one in senders
    ]
    counts = {group: sum(getattr(tally, group) for tally in tallies.values()) for group in GROUPS}
    whole = Tally(**counts, is_whole=all(tally.is_whole for tally in tallies.values()))
    pager = console.pager(filters, rows, lambda row: row.seq)
    if further is not None and pager.older is None:
        kept = {name: value for name, value in filters.items() if value}
        pager = Pager(pager.shown, urlencode({**kept, "before": further}), pager.newer)
    return console.render(
        "console/webhooks.html",
        "console_webhooks",
        place="webhooks",
        rows=shown(console, rows[:PAGE]),
        known=console.payments_among(row.subject for row in rows[:PAGE]),
        filters=filters,
        groups=GROUPS,
        pager=pager,
        providers=[(one.name, one.title) for one in providers.values()],
        events=sorted({name for one in senders if provider in (None, one.name) for name in one.webhooks.events}),
        endpoints=cells,
        opened=next((cell for cell in cells if cell.provider.name == console.query.get("endpoint")), None),
        tally=whole,
        total=Counted(sum(getattr(whole, name) for name in GROUPS)),
        has_more=further is not None,
        testable=[one for one in senders if one.shop is not None and provider in (None, one.name)],
    )


def _asked(provider: str | None, paused: Collection[str] | None) -> Sequence[str] | None:
    if paused is None:
        return None if provider is None else [provider]
    return [name for name in paused if provider in (None, name)]


def _tallies(console: Console, names: Sequence[str]) -> dict[str, Tally]:
    store, workspace = console.runtime.store, console.workspace
    found = store.tallies(workspace.id, COUNTED)
    failing = dict(store.failing_of(workspace.id, COUNTED))
    is_whole = sum(n for *_, n in found) < COUNTED
    counted = {(provider, kind): n for provider, kind, n in found}

    return {
        name: Tally(
            delivered=counted.get((name, "delivered"), 0),
            failing=failing.get(name, 0),
            held=counted.get((name, "pending"), 0) if name in workspace.paused else 0,
            kept=counted.get((name, "kept"), 0),
            adversarial=counted.get((name, "adversarial"), 0),
            is_whole=is_whole,
        )
        for name in names
    }
