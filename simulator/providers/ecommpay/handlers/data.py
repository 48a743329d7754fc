"""The Data API: what was done in a period, or with a payment, and what the balances are. It is told from the operations
themselves, as soon as they have ended, declines too. Source: docs/providers/ecommpay.md, source 3.11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from simulator.engine import balances
from simulator.engine.ledger import Booking, floored
from simulator.engine.provider import Call, Reply
from simulator.engine.settlement import kinds_of
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay import model, registry
from simulator.providers.ecommpay.data_access import signed_reply
from simulator.providers.ecommpay.model import Operation, Payment, Refund, Sale
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.states import ENDED
from simulator.providers.ecommpay.wire import data as w
from simulator.providers.ecommpay.wire import operations as wire

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

Told = tuple[Operation, Payment]
Span = tuple[datetime, datetime]


def operations(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/operations/get: those that have ended in the interval, oldest first; without an interval the latest, newest first.

    Inferred: ecommpay.data-operations.
    """
    request: w.OperationsRequest = call.body
    found = (one for one in _ended(uow, _span(request)) if _fits(request, _visible(uow, request.project_id), *one))
    page = list(islice(found, request.offset, request.offset + request.limit))
    return _told(uow, page, request.zone, request.fields)


def operations_of_payment(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/operations/get-by-payment: in order of creation; none for a payment that nobody knows.

    Inferred: ecommpay.data-operations.
    """
    request: w.PaymentRequest = call.body
    is_visible = _visible(uow, request.project_id)
    own = uow.workspace.credentials["ecommpay"]
    found: list[Told] = []
    for project in filter(is_visible, (own["project_id"], *own.get("projects", ()))):
        payment = model.find_payment(uow, int(project), request.payment_id)
        if payment is not None:
            found += [(one, payment) for one in model.operations_of(uow, payment) if one.state in ENDED]
    return _told(uow, found, ZoneInfo(request.tz), request.fields)


def _told(uow: UnitOfWork, found: Sequence[Told], zone: ZoneInfo, fields: Sequence[str] | None) -> Reply:
    booked = _bookings(uow, [one for one, _ in found])
    told = [wire.operation(one, payment, booked.get(one.id), zone, fields or ()) for one, payment in found]
    return signed_reply(uow.workspace, {"operations": told})


def _visible(uow: UnitOfWork, wanted: Iterable[int] | None) -> Callable[[int], bool]:
    """Which projects are told of: all of the token's, or those that are asked for; without those that its user may not see.

    Others are left out without a word. Inferred: ecommpay.data-refusals.
    """
    hidden = frozenset(map(int, uow.settings(EcommpaySettings).hidden_projects))
    asked = None if wanted is None else frozenset(wanted)
    return lambda project: project not in hidden and (asked is None or project in asked)


def _fits(request: w.OperationsRequest, is_visible: Callable[[int], bool], each: Operation, payment: Payment) -> bool:
    return (
        is_visible(payment.project_id)
        and request.operation_type in (None, each.type)
        and request.operation_status in (None, each.state)
        and request.customer_id in (None, payment.customer_id)
    )


def _span(request: w.PeriodRequest) -> Span | None:
    """Both ends are in the interval, to the second: so it ends before the second after it."""
    if request.interval is None:
        return None
    zone = request.zone
    return w.instant(request.interval.from_, zone), w.instant(request.interval.to, zone, fold=1) + SECOND


def _ended(uow: UnitOfWork, span: Span | None) -> Iterator[Told]:
    """Operations by the instant of their end, read a day at a time."""
    days = _days(uow, span)
    for day in days if span is not None else reversed(days):
        found = [each for kind in (Sale, Refund) for each in uow.by_key(kind, "ended", day.isoformat())]
        inside = [each for each in found if span is None or span[0] <= each.updated_at < span[1]]
        inside.sort(key=lambda each: (each.updated_at, int(each.id)), reverse=span is None)
        payments = uow.fetch(Payment, (each.payment for each in inside))
        yield from ((each, payments[each.payment]) for each in inside if each.payment in payments)


def _days(uow: UnitOfWork, span: Span | None) -> Sequence[date]:
    """The days (of UTC) in which operations may have ended: not before the first was made, and not after now."""
    numbers = uow.find(model.Sequence, "operations")
    if numbers is None:
        return []
    first, last = numbers.created_at, uow.now
    if span is not None:
        first, last = max(first, span[0]), min(last, span[1])
    count = (last.date() - first.date()).days + 1
    return [first.date() + n * DAY for n in range(max(0, count))]


def _bookings(uow: UnitOfWork, found: Sequence[Operation]) -> dict[str, Booking]:
    """What was booked for them, by their ids: at the instant at which they ended."""
    ended = [each.updated_at for each in found if each.state == "success"]
    if not ended:
        return {}
    rows = uow.bookings_between("ecommpay", min(ended), max(ended) + SECOND)
    return {one.operation: one for one in rows if one.cause in ("capture", "refund", "reversal")}


# Money ----------------------------------------------------------------------------------------------------------------


def balance(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/balance/get: what each project has in each currency and was not paid out yet.

    A name, and one member that is called as the currency and whose value is a text. Inferred: ecommpay.balances.
    """
    main = str(uow.workspace.credentials["ecommpay"]["project_id"])
    is_visible = _visible(uow, None)
    found = {(main, uow.settings(EcommpaySettings).settled_in("CNY")[0]): 0}
    for one in balances.balances(uow, "ecommpay"):
        found[registry.project_of(one.merchant, main), one.currency] = one.pending + one.available
    told: list[dict[str, Any]] = [
        {"name": registry.balance_name(project, unit), unit: str(floored(amount, unit).value)}
        for (project, unit), amount in sorted(found.items())
        if is_visible(int(project))
    ]
    return signed_reply(uow.workspace, {"balance": told})


def financial_operations(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/financial-reporting/operations: what the registries of the days say that are there, with fees.

    Inferred: ecommpay.financial-reporting.
    """
    request: w.FinancialRequest = call.body
    span, is_visible = _span(request), _visible(uow, request.project_id)
    rows = (
        (one, cost)
        for one, cost in _registered(uow, span)
        if (span is None or span[0] <= one.at < span[1]) and is_visible(one.told["project_id"])
    )
    page = islice(rows, request.offset, request.offset + request.limit)
    told = [wire.booked(one, cost, request.zone) for one, cost in page]
    return signed_reply(uow.workspace, {"operations": told})


def _registered(uow: UnitOfWork, span: Span | None) -> Iterator[tuple[Booking, Money]]:
    """The rows of registries with their costs: oldest first, without an interval newest first."""
    ends = [one.at for one in uow.every(kinds_of("ecommpay").cutoff) if one.at <= uow.now]
    for until in sorted(ends, reverse=span is None):
        period = balances.period(uow, "ecommpay", until)
        is_asked = span is None or (period.since < span[1] and span[0] < until)
        if is_asked and not period.by_hand and not period.failed and period.ready(until + registry.READY) <= uow.now:
            rows = registry.rows_of(period)
            yield from rows if span is not None else reversed(rows)
