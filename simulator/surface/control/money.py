"""What became of the money: ledger, balances, payouts, reports."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Iterator
from itertools import dropwhile, islice
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from simulator.engine import balances, settling
from simulator.engine.ledger import Booking, decimal, units
from simulator.engine.provider import Provider
from simulator.engine.settlement import Payout, Report, kinds_of
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall, NoBody, Query
from simulator.surface.control.paging import ListQuery, Sought, page, place_of


class ProviderQuery(Query):
    provider: Sought | None = None


class PayoutsQuery(ListQuery):
    provider: Sought | None = None


class LedgerQuery(ListQuery):
    provider: Sought | None = None
    payment_id: Sought | None = None
    payout_id: Sought | None = None


class ReportsQuery(ListQuery):
    provider: Sought | None = None
    date: datetime.date | None = None


class PayoutBody(Body):
    provider: str


def settling_providers(call: ControlCall[Any, Any], named: str | None) -> list[Provider]:
    """The one of that name, or all that settle, in the order of their names. Raises 422."""
    call.known_provider(named)
    found = [one for _, one in sorted(call.runtime.providers.items()) if one.settlement is not None]
    return [one for one in found if named in (None, one.name)]


# Ledger ---------------------------------------------------------------------------------------------------------------


async def list_ledger(call: ControlCall[NoBody, LedgerQuery]) -> dict[str, Any]:
    """Every posting, oldest first, provider by provider. Each transaction, and all together, sum to zero in each currency."""
    uow, query = call.runtime.open(call.workspace), call.query
    call.runtime.write_late()
    after = place_of(call)
    entries = (
        entry
        for provider in settling_providers(call, query.provider)
        if after is None or provider.name >= after[0]
        for entry in _entries(uow, provider.name, query, after[1] if after and provider.name == after[0] else 0)
    )
    if after is not None:
        entries = (entry for entry in entries if _place(entry) > tuple(after))
    rows = list(islice(entries, query.limit + 1))
    return page(
        call, rows, place=_place, views=lambda shown: [{k: v for k, v in one.items() if k != "at_"} for one in shown]
    )


def _place(entry: dict[str, Any]) -> Any:
    return entry["at_"]


def _entries(uow: UnitOfWork, provider: str, query: LedgerQuery, first: int) -> Iterator[dict[str, Any]]:
    payouts = balances.Payouts(uow, provider)
    for booking in _bookings(uow, provider, query, first):
        payout = payouts.of(booking)
        if query.payout_id in (None, payout) and query.payment_id in (None, booking.payment):
            yield from entry_views(provider, booking, payout)


def _bookings(uow: UnitOfWork, provider: str, query: LedgerQuery, first: int) -> Iterable[Booking]:
    if query.payment_id is not None:
        return uow.bookings_of(provider, query.payment_id)
    if query.payout_id is not None:
        found = uow.find(kinds_of(provider).payout, query.payout_id)
        return sorted(balances.in_payout(uow, provider, found), key=lambda one: one.number) if found is not None else ()
    return balances.each_booking(uow, provider, max(first, 1))


def entry_views(provider: str, booking: Booking, payout: str) -> Iterator[dict[str, Any]]:
    """Its postings as entries."""
    transaction = f"{provider}-{booking.number}"
    named = {
        "merchant": booking.merchant,
        "payment_id": booking.payment,
        "operation_id": booking.operation,
        "payout_id": payout,
    }
    for index, posting in enumerate(booking.postings, 1):
        yield {
            "at_": (provider, booking.number, index),
            "id": f"{transaction}-{index}",
            "transaction": transaction,
            "at": iso_millis(booking.at),
            "available_at": iso_millis(booking.available),
            "provider": provider,
            "account": posting.account,
            "kind": posting.kind,
            "amount": decimal(posting.amount),
            "currency": posting.currency,
            **{name: value for name, value in named.items() if value},
        }


# Balances and payouts -------------------------------------------------------------------------------------------------


async def get_balances(call: ControlCall[NoBody, ProviderQuery]) -> dict[str, Any]:
    """What each provider owes, by currency, and when its next day ends."""
    uow, data, cutoffs = call.runtime.open(call.workspace), [], {}
    for provider in settling_providers(call, call.query.provider):
        for one in balances.balances(uow, provider.name):
            sums = {name: decimal(getattr(one, name)) for name in ("pending", "available", "payable")}
            named = {"merchant": one.merchant} if one.merchant else {}
            data.append({"provider": provider.name, "currency": one.currency, **sums, **named})
        at = balances.next_cutoff(uow, provider.name)
        pays = {purse: decimal(amount) for purse, amount in balances.will_pay(uow, provider.name, at).items()}
        cutoffs[provider.name] = {"at": iso_millis(at), "in_s": (at - uow.now).total_seconds(), "pays": pays}
    return {"data": data, "next_cutoff": cutoffs}


async def list_payouts(call: ControlCall[NoBody, PayoutsQuery]) -> dict[str, Any]:
    """Newest first, provider by provider."""
    uow, after = call.runtime.open(call.workspace), place_of(call)
    found: Iterator[tuple[Provider, Payout]] = (
        (provider, payout)
        for provider in settling_providers(call, call.query.provider)
        for payout in uow.every(kinds_of(provider.name).payout)
    )
    if after is not None:
        found = islice(dropwhile(lambda one: _payout_place(one) != tuple(after), found), 1, None)
    rows = list(islice(found, call.query.limit + 1))
    views = lambda shown: [payout_view(call, uow, provider, payout) for provider, payout in shown]  # noqa: E731
    return page(call, rows, place=_payout_place, views=views)  # type: ignore[arg-type]


def _payout_place(row: tuple[Provider, Payout]) -> tuple[str, str]:
    return (row[0].name, row[1].id)


def payout_view(call: ControlCall[Any, Any], uow: UnitOfWork, provider: Provider, payout: Payout) -> dict[str, Any]:
    assert provider.settlement is not None
    more = {
        "merchant": payout.merchant,
        "paid_at": payout.paid_at and iso_millis(payout.paid_at),
        "failed_at": payout.failed_at and iso_millis(payout.failed_at),
        "decided_by": payout.decided_by,
        "report": _report_of(call, uow, provider, payout),
    }
    return {
        "id": payout.id,
        "provider": provider.name,
        "state": payout.state,
        "status": provider.settlement.statuses.get(payout.state, payout.state),
        "amount": decimal(units(payout.money)),
        "currency": payout.currency,
        "created_at": iso_millis(payout.created_at),
        "arrives_at": iso_millis(payout.arrives_at),
        **{name: value for name, value in more.items() if value},
    }


def _report_of(call: ControlCall[Any, Any], uow: UnitOfWork, provider: Provider, payout: Payout) -> str | None:
    """Where the report is that tells of it."""
    found = balances.report_of(uow, provider.name, payout)
    return _url(call, provider, found) if found is not None and is_there(uow, found) else None


async def pay_out(call: ControlCall[PayoutBody]) -> dict[str, Any]:
    """Ends the provider's day now, and pays out what is due, on whatever day: what a provider's `cadence` does by itself."""
    provider = next(iter(settling_providers(call, call.body.provider)), None)
    if provider is None:
        raise invalid(f"provider: {call.body.provider} settles nothing", "provider")
    with call.runtime.unit(call.workspace, provider=provider.name, topic="control") as uow:
        made = settling.settle(uow, provider.name, uow.now, pays=True)
    uow = call.runtime.open(call.workspace)
    return {"data": [payout_view(call, uow, provider, payout) for payout in made], "next": None}


# Reports --------------------------------------------------------------------------------------------------------------


async def list_reports(call: ControlCall[NoBody, ReportsQuery]) -> dict[str, Any]:
    """The files of days that are over, newest day first, provider by provider; those that are still to come have no size yet."""
    uow, query, after = call.runtime.open(call.workspace), call.query, place_of(call)
    found: Iterator[tuple[Provider, datetime.date, Report]] = (
        (provider, day, report)
        for provider in settling_providers(call, query.provider)
        for day, report in _found(uow, provider.name, query.date)
    )
    if after is not None:
        found = islice(dropwhile(lambda one: _report_place(one) != tuple(after), found), 1, None)
    rows = list(islice(found, query.limit + 1))
    views = lambda shown: [report_view(call, uow, provider, report) for provider, _, report in shown]  # noqa: E731
    return page(call, rows, place=_report_place, views=views)  # type: ignore[arg-type]


def _found(uow: UnitOfWork, provider: str, day: datetime.date | None) -> Iterator[tuple[datetime.date, Report]]:
    if day is None:
        return balances.reports(uow, provider)
    return ((day, one) for one in balances.reports_on(uow, provider, day))


def _report_place(row: tuple[Provider, datetime.date, Report]) -> tuple[str, str, str]:
    return (row[0].name, row[1].isoformat(), row[2].name)


def is_there(uow: UnitOfWork, report: Report) -> bool:
    return not report.failed and report.available_at <= uow.now


def report_path(workspace: Workspace, provider: str, report: Report) -> str:
    """Where its bytes are."""
    where = f"/_sim/workspaces/{workspace.public_id}/reports/{provider}/{report.date.isoformat()}"
    return f"{where}/{quote(report.name, safe='')}"


def _url(call: ControlCall[Any, Any], provider: Provider, report: Report) -> str:
    return call.base_url + report_path(call.workspace, provider.name, report)


def report_view(call: ControlCall[Any, Any], uow: UnitOfWork, provider: Provider, report: Report) -> dict[str, Any]:
    raw = report.render() if is_there(uow, report) else None
    return {
        "provider": provider.name,
        "date": report.date.isoformat(),
        "name": report.name,
        "type": report.type,
        "media_type": report.media_type,
        "state": "failed" if report.failed else "due" if raw is None else "ready",
        "size": None if raw is None else len(raw),
        "sha256": None if raw is None else hashlib.sha256(raw).hexdigest(),
        "period": {"from": iso_millis(report.since), "to": iso_millis(report.until)},
        "available_at": iso_millis(report.available_at),
        **({"payout_id": report.payout} if report.payout else {}),
        "url": _url(call, provider, report),
    }


async def get_main_report(call: ControlCall) -> Response:
    """The provider's main file of a day, byte for byte."""
    uow, found = _reports(call)
    main = balances.main_report(found)
    if main is None:
        raise ControlError(404, "not_found", f"there is no main report of {call.path['date']}", field="date")
    return _file(uow, main)


async def get_report(call: ControlCall) -> Response:
    """A file of a day, byte for byte. 404 while it is not there yet."""
    uow, found = _reports(call)
    report = next((one for one in found if one.name == call.path["name"]), None)
    if report is None:
        names = [one.name for one in found]
        raise ControlError(404, "not_found", "there is no report of that name", field="name", allowed=names)
    return _file(uow, report)


def _reports(call: ControlCall[Any, Any]) -> tuple[UnitOfWork, list[Report]]:
    provider, uow = call.provider, call.runtime.open(call.workspace)
    try:
        day = datetime.date.fromisoformat(call.path["date"])
    except ValueError as error:
        raise invalid("date: must be a date, like 2026-03-04", "date") from error
    return uow, balances.reports_on(uow, provider.name, day) if provider.settlement is not None else []


def _file(uow: UnitOfWork, report: Report) -> Response:
    if not is_there(uow, report):
        when = (
            "it has failed, as a scenario wants" if report.failed else f"it comes at {iso_millis(report.available_at)}"
        )
        raise ControlError(404, "not_found", f"{report.name} is not there: {when}", field="name")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(report.name, safe='')}"}
    return Response(report.render(), media_type=report.media_type, headers=headers)
