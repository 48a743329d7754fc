"""Payments: the list of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from simulator.engine.provider import Provider
from simulator.engine.resource import PHASES, Resource
from simulator.engine.shop import Account
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import MoneyView
from simulator.kernel.clock import from_micros, micros, time_of_day
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted, Pager
from simulator.surface.console.start import as_curl
from simulator.surface.control import clock, finding
from simulator.surface.control import payments as neutral
from simulator.wallet.buyers import BUYERS, Buyer
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
    real: datetime | None = None
    """When it was made in real time, where the workspace's clock showed another."""


SINCE: Mapping[str, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
    "7d": timedelta(days=7),
}
"""The choices of the filter for time, on the workspace's clock."""


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page; the filters stand in the address."""
    runtime, workspace = console.runtime, console.workspace
    provider, phase = console.chosen("provider", runtime.providers), console.chosen("phase", PHASES)
    since, failing = console.chosen("since", SINCE), console.chosen("failing", ("1",))
    q = console.query.get("q", "").strip() or None
    filters = {"provider": provider, "phase": phase, "q": q, "since": since, "failing": failing}
    runtime.write_late()
    found = finding.listed(
        runtime,
        workspace,
        provider=provider,
        phase=phase,
        q=q,
        since=None if since is None else workspace.clock.now() - SINCE[since],
        failing=failing is not None,
        before=console.before,
        limit=PAGE,
    )
    rows = shown(console, found.rows)
    shops = [(p, p.shop) for p in runtime.providers.values() if p.shop is not None]
    return console.render(
        "console/payments.html",
        "console_payments",
        place="payments",
        rows=rows,
        filters=filters,
        is_filtered=any(filters.values()),
        pager=_pager(console, filters, found, rows),
        providers=[(p.name, p.title) for p in runtime.providers.values()],
        shops=[(p.name, p.title, [*shop.variants.items()]) for p, shop in shops],
        shop_names=[(p.name, p.title) for p, _ in shops],
        first_call=_first_call(console) if not console.payments.n else None,
        waiting=Counted(runtime.store.count_payments(workspace.id, COUNTED, "waiting")),
        failing=_failing(console),
        timer=_next_timer(console),
        phases=PHASES,
        since=SINCE,
    )


def _first_call(console: Console) -> str | None:
    """The first call of the quick start as a `curl` command, for the provider that was called last."""
    runtime, workspace = console.runtime, console.workspace
    shops = {name: provider.shop for name, provider in runtime.providers.items() if provider.shop is not None}
    asked = runtime.store.requests(workspace.id, provider=None, status=None, path=None, before=None, limit=1)
    name = asked[0][2] if asked and asked[0][2] in shops else next(iter(shops), None)
    if name is None:
        return None
    return as_curl(shops[name], Account(workspace.credentials[name], console.base_url, time_of_day()))


def _pager(console: Console, filters: Mapping[str, str | None], found: finding.Listed, rows: Sequence[Row]) -> Pager:
    kept = {name: value for name, value in filters.items() if value}
    older = urlencode({**kept, "before": found.older}) if found.older is not None else None
    return Pager(len(rows), older, urlencode(kept) if console.before is not None else None)


@dataclass(frozen=True)
class Failing:
    """The webhook that is tried again soonest, of those that were refused."""

    host: str
    tries: int


def _failing(console: Console) -> Failing | None:
    found = console.runtime.store.soonest_failing(console.workspace.id, COUNTED)
    if found is None:
        return None
    return Failing(console.runtime.masking.address(found[0] or "").partition("://")[2].partition("/")[0], found[1])


@dataclass(frozen=True)
class NextTimer:
    due: str
    in_: timedelta
    is_webhook: bool


def _next_timer(console: Console) -> NextTimer | None:
    pending = clock.pending(console.runtime.store, console.workspace, 1)
    if not pending:
        return None
    (due, *_), view = pending[0]
    in_ = max(from_micros(due) - console.workspace.clock.now(), timedelta(0))
    return NextTimer(f"{from_micros(due):%Y-%m-%d %H:%M:%S} UTC", in_, view["kind"] == "webhook")


def shown(console: Console, rows: Sequence[Sequence[Any]]) -> list[Row]:
    """Rows of the store as the list shows them. However many there are, each table is read once."""
    runtime, workspace = console.runtime, console.workspace
    uow = runtime.open(workspace)
    pairs = finding.loaded(runtime, uow, rows)
    summaries = [provider.summarise(resource) for provider, resource in pairs]
    order_codes = [summary.order for summary in summaries if summary is not None and summary.order]
    orders = [uow.find(Order, order_code) for order_code in order_codes]
    slugs = [order.buyer or order.scanned_by for order in orders if order is not None]
    known = uow.fetch(Buyer, [slug for slug in slugs if slug is not None])
    subjects = [resource.subject for _, resource in pairs]
    marks, made = _marks(console, subjects), console.real_times(subjects, 1)
    return [_row(console, uow, provider, resource, known, marks, made) for provider, resource in pairs]


def _row(
    console: Console,
    uow: UnitOfWork,
    provider: Provider,
    resource: Resource,
    known: Mapping[str, Buyer],
    marks: Mapping[str, Marks],
    made: Mapping[tuple[str, str, int], datetime],
) -> Row:
    view = neutral.payment_view(uow, provider, resource, console.base_url)
    order = uow.find(Order, view["wallet"]["code"]) if view["wallet"] else None
    amount = Money(view["amount"]["value"], view["amount"]["currency"])
    kind, _, value = (view["decided_by"] or "").partition(":")
    return Row(
        payment=view,
        title=provider.title,
        monogram=provider.monogram,
        amount=MoneyView.of(amount),
        paid=MoneyView.of(Money(order.cny, "CNY")) if order is not None and amount.currency != "CNY" else None,
        buyer=_buyer_name(console, order, known),
        decided=(kind, value),
        marks=marks.get(resource.subject, Marks((), 0, 0)),
        real=made.get((provider.name, resource.subject, micros(resource.created_at))),
    )


def _buyer_name(console: Console, order: Order | None, known: Mapping[str, Buyer]) -> str | None:
    """In the page's language; None while nobody has opened the order."""
    slug = None if order is None else order.buyer or order.scanned_by
    if slug is None:
        return None
    found = known.get(slug) or BUYERS.get(slug)
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
