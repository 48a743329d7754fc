"""Finding payments: by id, reference, amount, buyer, phase and what became of their webhooks, at a cost that does not grow.

Most of this has no index, for each would cost every create a page of the log. So a page of a filtered list looks at so many
of the newest payments, and where they are used up it goes on after them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from simulator.engine import journal
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource, Summary, load
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.money import SYMBOLS, Money
from simulator.kernel.values import dataclass
from simulator.wallet import buyers
from simulator.wallet.order import Order

WINDOW = 5000
"""So many payments are looked at for one page of a filtered list: no list costs more in a fuller store."""
NEAR = 4
"""First, so many times the page's length of payments are looked at, not the whole `WINDOW`: that is enough for most pages, and to
find the end of a window costs as much as it is wide."""
READ = 1000
"""So many payments are looked at where each has to be read: to compare its amount, or its buyer."""
AT_ONCE = 200
DECIMALS = THOUSAND = 3
"""Digits behind a point or comma: so many at most, or exactly."""
AMOUNT = re.compile(r"([A-Z]{3}|[A-Z]{0,3}[^\w\s.,-])?\s*(\d[\d.,'\u00a0\u202f ]*)\s*([A-Z]{3}|[^\w\s.,-])?")
"""An amount as people write it, in capitals: a currency's code or symbol before or behind it, or none."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of payments, newest first, as the store has them."""

    rows: list[Sequence[Any]]
    older: int | None
    """Before which one the list goes on; None at its end. Where nothing fitted among those that were looked at, the page is empty
    and goes on."""


def listed(
    runtime: Runtime,
    workspace: Workspace,
    *,
    provider: str | None = None,
    phase: str | None = None,
    reference: str | None = None,
    q: str | None = None,
    since: datetime | None = None,
    failing: bool = False,
    before: int | None = None,
    limit: int,
) -> Listed:
    """`q` is a part of an id or of a reference, an amount as people write it (`Amount`), or a buyer (a part of a name)."""
    store, text = runtime.store, (q or "").strip()
    filters: dict[str, Any] = {"provider": provider, "phase": phase, "reference": reference, "failing": failing}
    sought = _sought(runtime, workspace, text) if text else None
    if sought is None:

        def down_to(end: int | None) -> Listed:
            rows = store.payments(workspace.id, **filters, q=text or None, before=before, from_seq=end, limit=limit + 1)
            return Listed(rows[:limit], int(rows[limit - 1][0]) if len(rows) > limit else end)

        if text or failing or provider or phase:
            near = store.payment_back(workspace.id, before, min(NEAR * limit, WINDOW), reference)
            page = down_to(near)
            if near is not None and page.older == near:  # not enough of them fitted
                page = down_to(store.payment_back(workspace.id, before, WINDOW, reference))
        else:
            page = down_to(None)
    else:
        page = _read_through(runtime, workspace, filters, sought, before, limit)
    if text and before is None:
        page = _with_exact(runtime, workspace, page, text, provider, limit)
    return page if since is None else _since(runtime, page, since)


def _with_exact(
    runtime: Runtime, workspace: Workspace, page: Listed, text: str, provider: str | None, limit: int
) -> Listed:
    """A payment with this whole id, reference or wallet code is found however old it is, and stands first."""
    store, ids = runtime.store, [text, *paid_by(runtime, workspace, text)]
    names = [provider] if provider is not None else list(runtime.providers)
    exact: list[Sequence[Any]] = []
    for name, id_ in ((name, id_) for id_ in ids for name in names):
        if (row := store.payment(workspace.id, name, id_)) is not None:
            exact.append((store.seq_of(workspace.id, name, row[0], id_) or 0, name, row[0], id_, row[1]))
    exact += store.payments(workspace.id, provider=provider, reference=text, limit=1)
    there = {(row[1], row[3]) for row in page.rows}
    missing = {(row[1], row[3]): row for row in exact if (row[1], row[3]) not in there}
    return Listed([*missing.values(), *page.rows][: max(limit, len(missing))], page.older)


def paid_by(runtime: Runtime, workspace: Workspace, order_code: str) -> list[str]:
    """The id of the payment that the wallet's order with this order code pays."""
    uow = runtime.open(workspace)
    order = uow.find(Order, order_code)
    if order is None or order.payee_provider not in runtime.providers:
        return []
    payee = uow.find(runtime.providers[order.payee_provider].kinds[order.payee_kind], order.payee_id)
    return [] if payee is None else [payee.subject]


LONGEST_AMOUNT = 64
"""Characters of what may be an amount."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What may be meant by an amount that somebody has typed: `11.00`, `11,00`, `EUR 11`, `1.234,50 €`, `1100`."""

    majors: frozenset[Decimal]
    minor: int | None
    """The digits alone, where they may be minor units."""
    currency: str | None
    """Its code or symbol; None where any may be meant."""

    @classmethod
    def read(cls, text: str) -> Amount | None:
        """None for what is no amount."""
        found = AMOUNT.fullmatch(text.strip().upper()) if len(text) <= LONGEST_AMOUNT else None
        if found is None or (found[1] and found[3]):
            return None
        digits = re.sub(r"[^\d.,]", "", found[2]).rstrip(".,")
        minor = int(digits) if digits.isdecimal() else None
        return cls(frozenset(_majors(digits)), minor, found[1] or found[3])

    def fits(self, money: Money) -> bool:
        if self.currency not in (None, money.currency, SYMBOLS.get(money.currency)):
            return False
        return money.value == self.minor or Decimal(money.major()) in self.majors


def _majors(digits: str) -> Iterator[Decimal]:
    """What a number with points and commas may be: the last one may part the decimals, and all may part thousands."""
    whole, mark, rest = (
        digits[: (at := max(digits.rfind("."), digits.rfind(",")))],
        digits[at : at + 1],
        digits[at + 1 :],
    )
    if at < 0:
        yield Decimal(digits)
    elif mark not in whole and len(rest) <= DECIMALS:
        yield Decimal(f"{re.sub('[.,]', '', whole)}.{rest}")
    if at > 0 and all(len(part) == THOUSAND for part in re.split("[.,]", digits)[1:]):
        yield Decimal(re.sub("[.,]", "", digits))


@dataclass(frozen=True, slots=True)
class _Sought:
    text: str
    amount: Amount | None
    buyers: frozenset[str]

    def fits(self, uow: UnitOfWork, id_: str, provider: Provider, resource: Resource) -> bool:
        summary = provider.summarise(resource)
        assert summary is not None
        if self.text in id_.lower() or self.text in summary.reference.lower():
            return True
        order = uow.find(Order, summary.order) if summary.order else None
        amounts = [summary.amount, *([Money(order.cny, "CNY")] if order is not None else [])]
        if self.amount is not None and any(self.amount.fits(money) for money in amounts):
            return True
        return order is not None and (order.buyer or order.scanned_by) in self.buyers


def _sought(runtime: Runtime, workspace: Workspace, text: str) -> _Sought | None:
    """What a payment has to be read for; None where its id and its reference are enough."""
    amount = Amount.read(text)
    known = buyers.offered(runtime.open(workspace)) if len(text) > 1 else []
    low = text.lower()
    slugs = [buyer.slug for buyer in known if low in f"{buyer.slug} {buyer.name_en} {buyer.name_zh}".lower()]
    if amount is None and not slugs:
        return None
    return _Sought(low, amount, frozenset(slugs))


def _read_through(
    runtime: Runtime, workspace: Workspace, filters: dict[str, Any], sought: _Sought, before: int | None, limit: int
) -> Listed:
    """Reads payment by payment, at most `READ` of them."""
    store, end = runtime.store, runtime.store.payment_back(workspace.id, before, READ)
    fitting: list[Sequence[Any]] = []
    while rows := store.payments(workspace.id, **filters, before=before, from_seq=end, limit=AT_ONCE):
        uow = runtime.open(workspace)
        known = [row for row in rows if row[1] in runtime.providers]
        pairs = zip(known, loaded(runtime, uow, known), strict=True)
        fitting += [row for row, (provider, resource) in pairs if sought.fits(uow, row[3], provider, resource)]
        if len(fitting) > limit:
            return Listed(fitting[:limit], int(fitting[limit - 1][0]))
        before = int(rows[-1][0])
    return Listed(fitting, end)


def _since(runtime: Runtime, page: Listed, since: datetime) -> Listed:
    """Only what was made since. Payments stand in the order of their making, so that the list ends at the first older one."""
    young: list[Sequence[Any]] = []
    for row in page.rows:
        if row[1] in runtime.providers:
            if load(runtime.providers[row[1]].kinds[row[2]], row[4]).created_at < since:
                return Listed(young, None)
            young.append(row)
    return Listed(young, page.older)


Loaded = tuple[Provider, Resource]


def loaded(runtime: Runtime, uow: UnitOfWork, rows: Sequence[Sequence[Any]]) -> list[Loaded]:
    """Rows of the store as resources, each with its provider. Their orders are fetched in one query. Rows of providers that are
    not installed are left out."""
    known = [(runtime.providers[name], kind, body) for _, name, kind, _, body in rows if name in runtime.providers]
    found = [(provider, load(provider.kinds[kind], body)) for provider, kind, body in known]
    summaries = [provider.summarise(resource) for provider, resource in found]
    uow.fetch(Order, [summary.order for summary in summaries if summary is not None and summary.order])
    return found


# What was opened for payments, and the payments ---------------------------------------------------------------------


def summary_of(uow: UnitOfWork, provider: Provider, resource: Resource) -> Summary:
    """The summary of a payment, as it is told everywhere. A preface is told as its latest payment, under its own name and status.

    Raises `AssertionError` for what is neither.
    """
    own = provider.summarise(resource)
    assert own is not None
    latest = latest_payment(uow, provider, resource)
    told = provider.summarise(latest) if latest is not None else None
    if told is None:
        return own
    return replace(
        told,
        kind=own.kind,
        reference=own.reference or told.reference,
        status=own.status,
        expires_at=own.expires_at,
        payment=own.payment,
    )


def latest_payment(uow: UnitOfWork, provider: Provider, resource: Resource) -> Resource | None:
    """The payment that stands for a preface in lists. None for a payment itself, and before there is one."""
    own = provider.summarise(resource)
    if own is None or own.payment is None:
        return None
    return next((payment for payment in provider.payments_of(uow, resource) if payment.id == own.payment), None)


def story(uow: UnitOfWork, provider: Provider, runtime: Runtime, resource: Resource) -> list[journal.Told]:
    """What has happened to a payment, from its preface on; to a preface, with what became of its payments."""
    runtime.write_late()
    subject, *payments = subjects_of(uow, provider, resource)
    return journal.story(runtime.store, uow.workspace.id, subject, resource.preface, payments)


def subjects_of(uow: UnitOfWork, provider: Provider, resource: Resource) -> list[str]:
    """Under which ids the journal and the webhooks tell of it: its own, and those of a preface's payments."""
    return [resource.subject, *(payment.subject for payment in provider.payments_of(uow, resource))]
