"""Payments: the list of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from simulator.engine.resource import PHASES, Resource, load
from simulator.engine.views import MoneyView
from simulator.kernel.clock import from_micros
from simulator.kernel.money import Money
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted
from simulator.surface.control import clock
from simulator.surface.control import payments as neutral
from simulator.wallet.order import Order


@dataclass(frozen=True)
class Marks:
    """What became of a payment's webhooks: one mark each."""

    states: Sequence[str]
    """`sent`, `failing` or `waiting`, oldest first."""
    retried: int
    tries: int
    """Of the one that is failing."""

    @property
    def failing(self) -> int:
        return sum(state == "failing" for state in self.states)


@dataclass(frozen=True)
class Row:
    """A payment as the list shows it."""

    payment: Mapping[str, Any]
    """As the control API gives it."""
    title: str
    monogram: str
    amount: MoneyView
    paid: MoneyView | None
    """What the buyer pays, where that is another currency."""
    buyer: str | None
    """In the page's language; None while nobody has opened the order."""
    decided: tuple[str, str]
    """Kind and value of `decided_by`: `("amount", "40000")`."""
    marks: Marks


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page; the filters stand in the address."""
    provider, phase = console.chosen("provider", console.runtime.providers), console.chosen("phase", PHASES)
    filters = {"provider": provider, "phase": phase, "q": console.query.get("q")}
    console.runtime.write_notes()
    rows = console.runtime.store.payments(
        console.workspace.id,
        provider=provider,
        phase=phase,
        reference=None,
        q=filters["q"] or None,
        before=console.before,
        limit=PAGE + 1,
    )
    return console.render(
        "console/payments.html",
        "console_payments",
        place="payments",
        rows=shown(console, rows[:PAGE]),
        filters=filters,
        pager=console.pager(filters, rows, lambda row: int(row[0])),
        providers=[(p.name, p.title) for p in console.runtime.providers.values()],
        shops=[(p.name, p.title) for p in console.runtime.providers.values() if p.shop is not None],
        waiting=Counted(console.runtime.store.count_payments(console.workspace.id, COUNTED, "waiting")),
        at_time=lambda due: f"{from_micros(due):%d %b %H:%M:%S}",
        next_timer=clock.pending(console.runtime.store, console.workspace, 1),
        phases=PHASES,
    )


def shown(console: Console, rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows of the store as the list shows them."""
    runtime, workspace = console.runtime, console.workspace
    known = [row for row in rows if row[1] in runtime.providers]
    views = neutral.payment_views(runtime, workspace, known, console.base_url)
    resources = [load(runtime.providers[name].kinds[kind], bytes(body)) for _, name, kind, _, body in known]
    marks = _marks(console, [resource.subject for resource in resources])
    return [_row(console, view, resource, marks) for view, resource in zip(views, resources, strict=True)]


def _row(console: Console, view: Mapping[str, Any], resource: Resource, marks: Mapping[str, Marks]) -> Row:
    provider = console.runtime.providers[view["provider"]]
    order = console.runtime.open(console.workspace).find(Order, view["wallet"]["code"]) if view["wallet"] else None
    amount = Money(view["amount"]["value"], view["amount"]["currency"])
    kind, _, value = (view["decided_by"] or "").partition(":")
    return Row(
        payment=view,
        title=provider.title,
        monogram=provider.monogram,
        amount=MoneyView.of(amount),
        paid=MoneyView.of(Money(order.cny, "CNY")) if order is not None and amount.currency != "CNY" else None,
        buyer=buyer_name(console, order),
        decided=(kind, value),
        marks=marks.get(resource.subject, Marks((), 0, 0)),
    )


def buyer_name(console: Console, order: Order | None) -> str | None:
    """In the page's language; None while nobody has opened the order."""
    from simulator.wallet import buyers

    slug = None if order is None else order.buyer or order.scanned_by
    if slug is None:
        return None
    found = console.runtime.open(console.workspace).find(buyers.Buyer, slug)
    return slug if found is None else found.name_zh if console.texts().language == "zh" else found.name_en


def _marks(console: Console, subjects: Sequence[str]) -> dict[str, Marks]:
    found: dict[str, list[Sequence[Any]]] = {}
    for row in console.runtime.store.outcomes(console.workspace.id, subjects):
        found.setdefault(row[0], []).append(row)
    return {
        subject: Marks(
            states=[_mark(state, attempts) for _, _, _, state, attempts in rows],
            retried=sum(state == "delivered" and attempts > 1 for _, _, _, state, attempts in rows),
            tries=max(
                (attempts for _, _, _, state, attempts in rows if _mark(state, attempts) == "failing"), default=0
            ),
        )
        for subject, rows in found.items()
    }


def _mark(state: str, attempts: int) -> str:
    if state == "delivered":
        return "sent"
    return "failing" if state == "failed" or attempts else "waiting"
