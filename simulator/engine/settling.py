"""Settles a merchant's money: books what a `fire` has moved, pays out at cut-offs, and tells when the funds of a payment are there.

A cut-off is a timer of the merchant's account. Each booking arms two: the end of its day, and the first payday on which it can
be paid out. So a workspace without money has no such timer, and one in which nothing happens any more soon has none either.
What a payout takes follows from the ledger alone (`Payout.takes`): a booking is never changed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, cast

from simulator.engine import days
from simulator.engine.days import Days
from simulator.engine.ledger import (
    BANK,
    BUYER,
    EXCHANGE,
    FEES,
    MERCHANT,
    PAYABLE,
    RESERVE,
    SIGNS,
    Booking,
    Moved,
    Posting,
    decimal,
    parsed,
    times,
    transfer,
    units,
    whole,
)
from simulator.engine.resource import Resource
from simulator.engine.scenarios import Effect
from simulator.engine.settlement import Account, Cutoff, Payout, Period, Settlement, id_of, kinds_of
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import MICROSECOND, micros
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money

if TYPE_CHECKING:
    from simulator.engine.settings import WorkspaceSettings
    from simulator.engine.terms import MoneySettings


class _Settles(Protocol):
    """A provider, as this room sees it."""

    @property
    def settings(self) -> type[WorkspaceSettings]: ...

    @property
    def settlement(self) -> Settlement | None: ...


def _party(uow: UnitOfWork, provider: str) -> _Settles:
    return cast(_Settles, uow.runtime.parties[provider])


def terms_of(uow: UnitOfWork, provider: str) -> MoneySettings:
    from simulator.engine.terms import MoneySettings

    terms = uow.settings(_party(uow, provider).settings)
    assert isinstance(terms, MoneySettings), f"the settings of {provider} are no MoneySettings"
    return terms


def days_of(uow: UnitOfWork, provider: str) -> Days:
    """The provider's days as they have been, under all the terms that it has had."""
    account = uow.find(kinds_of(provider).account, Account.ID)
    first, former = (account.first, account.former) if account is not None else (None, ())
    return days.days_of(terms_of(uow, provider), first, former)


def settlement_of(uow: UnitOfWork, provider: str) -> Settlement:
    """Only to be asked of a provider that has one."""
    found = _party(uow, provider).settlement
    assert found is not None, f"{provider} settles nothing"
    return found


# Whether the funds have come ------------------------------------------------------------------------------------------


def funds_due(uow: UnitOfWork, payment: Resource, amount: Money, usual: timedelta | None) -> datetime | None:
    """When settlement reports where the funds of a capture or a refund are: after the `usual` time, unless a bank rule for `settle`
    names another. None where it never does: the rule says so, or there is neither."""
    verdict = uow.ask_bank(payment, "settle", amount)
    after = verdict.delay if verdict.delay is not None else usual
    return None if after is None or verdict.is_open_ended else uow.now + after


def funds_have_come(uow: UnitOfWork, payment: Resource, amount: Money) -> bool:
    """Whether settlement then reports that the funds are there. They are, unless a bank rule for `settle` keeps them away."""
    return uow.ask_bank(payment, "settle", amount).approves


# Booking --------------------------------------------------------------------------------------------------------------


def book(uow: UnitOfWork, provider: str, resource: Resource, trigger: str, about: Any) -> None:
    """Books the money that a move has moved, as the provider's table says."""
    for move in settlement_of(uow, provider).table[resource.KIND, trigger]:
        moved = move.of(uow, resource, about)
        if moved is not None:
            post(uow, provider, move.cause, moved, moved.payment or resource.subject)


def post(uow: UnitOfWork, provider: str, cause: str, moved: Moved, payment: str) -> Booking:
    """Books an amount of a payment with its fees, in the currency in which it is settled."""
    terms = terms_of(uow, provider)
    gross = Money(moved.amount.value * SIGNS[cause], moved.amount.currency)
    currency, factor = terms.settled_in(gross.currency)
    settled = times(units(gross), factor)
    booking = Booking(
        at=uow.now,
        available=terms.available(moved.since or uow.now) if cause == "capture" else uow.now,
        cause=cause,
        merchant=moved.merchant,
        payment=payment,
        operation=moved.operation,
        gross=gross,
        rate=factor,
        told=moved.told,
        releases=uow.now + terms.held[1] if cause == "capture" and terms.held is not None else None,
        postings=(
            *_gross(cause, units(gross), gross.currency, settled, currency),
            *_fees(terms, cause, settled, currency),
            *_held(terms, cause, settled, currency),
        ),
    )
    uow.post(provider, booking)
    _arm(uow, provider, booking)
    if cause == "capture":
        _foresee(uow, provider, booking)
    return booking


def _gross(cause: str, given: int, source: str, settled: int, currency: str) -> Iterator[Posting]:
    if source == currency:
        yield from transfer(cause, settled, currency, of=BUYER, to=MERCHANT)  # type: ignore[arg-type]
        return
    yield from transfer(cause, settled, currency, of=EXCHANGE, to=MERCHANT)  # type: ignore[arg-type]
    yield from transfer(cause, given, source, of=BUYER, to=EXCHANGE)  # type: ignore[arg-type]


def _fees(terms: MoneySettings, cause: str, settled: int, currency: str) -> Iterator[Posting]:
    if cause == "capture":
        yield from transfer("fee_variable", times(settled, terms.variable), currency, of=MERCHANT, to=FEES)
        yield from transfer("fee_fixed", terms.amount("fee_fixed"), currency, of=MERCHANT, to=FEES)
    elif cause in ("refund", "reversal"):
        yield from transfer("fee_refund", terms.amount("fee_refund"), currency, of=MERCHANT, to=FEES)
    elif cause == "chargeback":
        yield from transfer("fee_chargeback", terms.amount("fee_chargeback"), currency, of=MERCHANT, to=FEES)


def _held(terms: MoneySettings, cause: str, settled: int, currency: str) -> Iterator[Posting]:
    if cause == "capture" and terms.held is not None:
        yield from transfer("reserve_hold", times(settled, terms.held[0]), currency, of=MERCHANT, to=RESERVE)


def _account(uow: UnitOfWork, provider: str) -> Account:
    kind = kinds_of(provider).account
    return uow.find(kind, Account.ID) or uow.add(kind(id=Account.ID))


def _arm(uow: UnitOfWork, provider: str, booking: Booking) -> None:
    """The end of its day, the first payday on which it can be paid, and that on which its reserve is released."""
    account, known = _account(uow, provider), days_of(uow, provider)
    day_ends = known.next_cutoff(booking.at)
    wanted = [day_ends, _payday(uow, provider, max(booking.available, day_ends))]
    if booking.releases is not None:
        wanted.append(known.next_cutoff(booking.releases))
        if not account.reserves:
            uow.amend(account, reserves=True)
    _arm_at(uow, provider, wanted)


def _payday(uow: UnitOfWork, provider: str, since: datetime) -> datetime | None:
    return terms_of(uow, provider).calendar.next_payment(since)


def _arm_at(uow: UnitOfWork, provider: str, wanted: Iterable[datetime | None]) -> None:
    account = _account(uow, provider)
    fresh = [at for at in dict.fromkeys(wanted) if at is not None and at not in account.armed]
    for at in fresh:
        uow.arm(account, "timer.cutoff", at=at)
    if fresh:
        uow.amend(account, armed=(*(at for at in account.armed if at >= uow.now), *fresh))


def change_settings(uow: UnitOfWork, provider: str, values: Mapping[str, Any]) -> None:
    """Sets a provider's settings. Days that are over stay as they were; what waits for a cut-off waits for one of the new terms."""
    before = days_of(uow, provider)
    uow.change_workspace(settings={**uow.workspace.settings, provider: values})
    account, terms = uow.find(kinds_of(provider).account, Account.ID), terms_of(uow, provider)
    if account is None or terms == before.spans[-1].terms:
        return
    if terms.drawn() != before.spans[-1].terms.drawn():
        passed = next((one.at for one in uow.every(kinds_of(provider).cutoff)), None)
        turned = before.turned(terms, uow.now, passed)
        uow.amend(account, former=turned.former(), first=turned.spans[-1].first)
    _arm_again(uow, provider)


def _arm_again(uow: UnitOfWork, provider: str) -> None:
    """All that there is to wait for, whatever has been armed; a cut-off that is due and has not passed stays."""
    account, terms, known = _account(uow, provider), terms_of(uow, provider), days_of(uow, provider)
    day_ends, began = known.next_cutoff(uow.now), known.cutoff_before(uow.now + MICROSECOND)
    wanted: list[datetime | None] = [at for at in account.armed if at <= uow.now]
    last = uow.store.last_booking(uow.workspace.id, provider)
    if uow.store.first_booking_since(uow.workspace.id, provider, micros(began)) <= last:
        wanted.append(day_ends)
    for purse, one in uow.standing(provider).items():
        later = [at for at in one.pending if at > uow.now]
        is_due = leaving(terms, purse, one.held - one.later(uow.now)) is not None
        wanted += [_payday(uow, provider, max(at, day_ends)) for at in (*later, *([uow.now] if is_due else []))]
    for booking in uow.bookings(provider, first=account.held) if account.reserves else ():
        if booking.releases is not None:
            wanted.append(known.next_cutoff(max(booking.releases, uow.now)))
    uow.disarm(account, "timer.cutoff")
    uow.amend(account, armed=())
    _arm_at(uow, provider, sorted(at for at in wanted if at is not None))


# Scenarios ------------------------------------------------------------------------------------------------------------


def asked(
    uow: UnitOfWork, provider: str, what: str, *, among: Collection[str] | None = None, **facts: Any
) -> Effect | None:
    """The strongest rule that says something of this (`report`, `payout`, `chargeback`), counted as used; `among` are the values
    that mean something here."""
    if not uow.workspace.scenarios:
        return None
    said = ((one, getattr(one.params, what)) for one in uow.rules("settlement", provider, **facts))
    effect = next((one for one, value in said if value and (among is None or value in among)), None)
    if effect is not None and effect.source is not None:
        index, rule = effect.source
        armed = list(copy.deepcopy(uow.workspace.scenarios))
        used = armed[index].setdefault("used", {})
        used[str(rule)] = used.get(str(rule), 0) + 1
        uow.change_workspace(scenarios=tuple(armed))
    return effect


def _foresee(uow: UnitOfWork, provider: str, capture: Booking) -> None:
    """Arms the chargeback of a payment that was just captured, and adjusts the balance beside it, if scenarios want that."""
    gross = capture.gross
    assert gross is not None
    about: dict[str, Any] = {"amount": gross.value, "currency": gross.currency, "payment": capture.payment}
    effect = asked(uow, provider, "chargeback", **about)
    if effect is not None:
        after = effect.params.chargeback
        uow.arm(_account(uow, provider), "timer.chargeback", after=after, payment=capture.payment)
    effect = asked(uow, provider, "adjustment", **about)
    if effect is not None:
        _adjust(uow, provider, capture, parsed(effect.params.adjustment))


def _adjust(uow: UnitOfWork, provider: str, beside: Booking, amount: int) -> None:
    """What the provider gives or takes for no payment, in the purse of a booking."""
    postings = transfer("adjustment", amount, beside.currency, of=FEES, to=MERCHANT)
    booking = _booking(uow, "adjustment", postings, beside.merchant)
    uow.journal("state", "bank", f"adjustment of the balance by {decimal(amount)} {beside.currency}")
    uow.post(provider, booking)
    _arm(uow, provider, booking)


def _charge_back(uow: UnitOfWork, provider: str, payment: str) -> None:
    """All that was captured and not given back."""
    on_chargeback = settlement_of(uow, provider).on_chargeback
    if on_chargeback is not None:
        on_chargeback(uow, payment)
        return
    booked = uow.bookings_of(provider, payment)
    captures = [one for one in booked if one.cause == "capture" and one.gross is not None]
    left = sum(one.gross.value for one in booked if one.gross is not None)
    if captures and left > 0:
        currency = captures[0].gross.currency if captures[0].gross is not None else ""
        first = captures[0]
        moved = Moved(amount=Money(left, currency), operation=first.operation, merchant=first.merchant, told=first.told)
        uow.journal("state", "bank", f"chargeback of {moved.amount.major()} {currency}", subject=payment)
        uow.touch(provider, payment)
        post(uow, provider, "chargeback", moved, payment)


# Timers ---------------------------------------------------------------------------------------------------------------


def on_timer(uow: UnitOfWork, provider: str, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource:
        case Account():
            if trigger == "timer.chargeback":
                _charge_back(uow, provider, data["payment"])
            else:
                settle(uow, provider, uow.now)
        case Payout(state="pending"):
            _pay(uow, provider, resource)
        case Cutoff() if trigger == "timer.settled":
            _go_through(uow, provider, resource, data["first"], data["last"], data["left"])
        case Cutoff():
            _tell_reports(uow, provider, resource)


def settle(uow: UnitOfWork, provider: str, cutoff: datetime, *, pays: bool | None = None) -> list[Payout]:
    """Ends a day: what is due becomes payouts, if that is a payday or `pays` says so; reports follow. Returns the payouts."""
    kinds, settlement, known = kinds_of(provider), settlement_of(uow, provider), days_of(uow, provider)
    account = _account(uow, provider)
    account = uow.amend(account, armed=tuple(at for at in account.armed if at > cutoff))
    if uow.find(kinds.cutoff, id_of(cutoff)) is not None:
        return []
    if pays is None:
        pays = known.terms_at(cutoff).calendar.is_payday(known.closes_on(cutoff))
    passed = uow.add(kinds.cutoff(id=id_of(cutoff), at=cutoff))
    payouts = _paid_out(uow, provider, account, cutoff) if pays else []
    if payouts:
        uow.amend(account, paid_until={**account.paid_until, **{payout.purse: cutoff for payout in payouts}})
        _go_through(uow, provider, passed, account.summed, max(payout.last for payout in payouts), {})
        _arm_at(uow, provider, [known.next_cutoff(uow.now)])  # they are booked in the day that begins
    _release(uow, provider, cutoff)
    period = Period(uow, provider, settlement, known, cutoff)
    if period.has_bookings and not period.by_hand if settlement.daily else payouts:
        _spoil(uow, provider, passed, period)
        period = Period(uow, provider, settlement, known, cutoff)
    _arm_reports(uow, settlement, period, passed)
    paid = ", ".join(f"{payout.currency} {payout.money.major()}" for payout in payouts)
    uow.journal("timer", "timer", f"cut-off of {provider}, {f'pays out {paid}' if paid else 'pays out nothing'}")
    return payouts


def _paid_out(uow: UnitOfWork, provider: str, account: Account, cutoff: datetime) -> list[Payout]:
    """What is due, by currency, where it is enough: booked and on its way."""
    due = {purse: one.held - one.later(cutoff) for purse, one in uow.standing(provider, before=cutoff).items()}
    made = (_made(uow, provider, account, cutoff, purse, amount) for purse, amount in sorted(due.items()))
    return [payout for payout in made if payout is not None]


STEP = 100
"""So many bookings are gone through in one unit of work: a day may have a hundred thousand, and others want their turn."""


def _go_through(uow: UnitOfWork, provider: str, passed: Cutoff, first: int, last: int, left: Mapping[str, int]) -> None:
    """Tells the provider what the payouts of a cut-off have taken, and finds where the next ones go on. `left` is the first
    booking of each purse, of those that were looked at, that was not due."""
    payouts = uow.by_key(kinds_of(provider).payout, "cutoff", passed.at.isoformat())
    settlement, left = settlement_of(uow, provider), dict(left)
    for one in uow.bookings(provider, first=first, last=min(first + STEP - 1, last)):
        if not one.is_due(passed.at):
            left.setdefault(one.purse, one.number)
        elif settlement.on_settled is not None and any(payout.takes(one) for payout in payouts):
            settlement.on_settled(uow, one)
    if first + STEP <= last:
        uow.arm(passed, "timer.settled", at=uow.now, first=first + STEP, last=last, left=left)
        return
    account = _account(uow, provider)
    reached = {payout.purse: left.get(payout.purse, payout.last + 1) for payout in payouts}
    unpaid = {**account.unpaid, **{purse: max(at, account.unpaid.get(purse, 1)) for purse, at in reached.items()}}
    uow.amend(account, unpaid=unpaid, summed=max(account.summed, min(left.values(), default=last + 1)))


def leaving(terms: MoneySettings, purse: str, due: int) -> Money | None:
    """What a payout of so much would be: whole cents without its fee; None where it is too little."""
    money = whole(due - terms.amount("fee_payout"), purse.rpartition(" ")[2])
    return money if money.value > 0 and due >= terms.amount("minimum_payout") else None


def _made(uow: UnitOfWork, provider: str, account: Account, cutoff: datetime, purse: str, due: int) -> Payout | None:
    terms, settlement = terms_of(uow, provider), settlement_of(uow, provider)
    merchant, _, currency = purse.rpartition(" ")
    fee, money = terms.amount("fee_payout"), leaving(terms, purse, due)
    if money is None:
        return None
    calendar = terms.calendar
    ids = Ids.seeded(f"{uow.workspace.seed or ''}/{provider}/payout/{cutoff.isoformat()}/{purse}", 0)
    effect = asked(uow, provider, "payout")
    payout = uow.add(
        kinds_of(provider).payout(
            id=settlement.payout_id(ids),
            amount=money.value,
            currency=currency,
            merchant=merchant,
            fee=fee,
            cutoff=cutoff,
            after=account.paid_until.get(purse),
            first=account.unpaid.get(purse, 1),
            last=uow.store.last_booking(uow.workspace.id, provider),
            arrives_at=max(calendar.cutoff_on(calendar.after(calendar.day(cutoff), 1)), uow.now),
            fails=effect is not None,
            decided_by=effect.label if effect is not None else "",
        ),
        trigger="timer.cutoff",
    )
    postings = (
        *transfer("payout", units(money), currency, of=MERCHANT, to=PAYABLE),
        *transfer("fee_payout", fee, currency, of=MERCHANT, to=FEES),
    )
    uow.post(provider, _booking(uow, "payout", postings, merchant, payout.id))
    uow.arm(payout, "timer.pays", at=payout.arrives_at)
    if settlement.on_payout is not None:
        settlement.on_payout(uow, payout, "created")
    return payout


def _booking(uow: UnitOfWork, cause: str, postings: tuple[Posting, ...], merchant: str, payout: str = "") -> Booking:
    return Booking(at=uow.now, available=uow.now, cause=cause, postings=postings, merchant=merchant, payout=payout)


def _release(uow: UnitOfWork, provider: str, cutoff: datetime) -> None:
    """Gives back the reserves whose time is over; they leave with the next payout."""
    account = _account(uow, provider)
    if not account.reserves:
        return
    due: Counter[str] = Counter()
    held = account.held
    for one in uow.bookings(provider, first=held):
        if not one.number or (one.releases is not None and one.releases > cutoff):
            break
        if one.releases is not None:
            due[one.purse] += one.on(RESERVE, "reserve_hold")
        held = one.number + 1
    if held != account.held:
        uow.amend(account, held=held)
    for purse, amount in sorted(due.items()):
        merchant, _, currency = purse.rpartition(" ")
        postings = transfer("reserve_release", amount, currency, of=RESERVE, to=MERCHANT)
        booking = _booking(uow, "reserve", postings, merchant)
        uow.post(provider, booking)
        _arm(uow, provider, booking)


def _spoil(uow: UnitOfWork, provider: str, passed: Cutoff, period: Period) -> None:
    """What a scenario does to the reports of a cut-off. What it does to a row waits for a day that has rows: more than a payout."""
    if not uow.workspace.scenarios:
        return
    has_rows = bool(period.payouts) or any(one.gross is not None for one in period.bookings)
    effect = asked(uow, provider, "report", among=None if has_rows else ("late", "failed"))
    if effect is not None:
        is_late = effect.params.report == "late"
        late_s = effect.params.delay.total_seconds() if is_late else 0.0
        uow.amend(passed, fault="" if is_late else effect.params.report, late_s=late_s, decided_by=effect.label)


def _arm_reports(uow: UnitOfWork, settlement: Settlement, period: Period, passed: Cutoff) -> None:
    for at in sorted({max(report.available_at, uow.now) for report in settlement.files(period)}):
        uow.arm(passed, "timer.report", at=at)


def _tell_reports(uow: UnitOfWork, provider: str, passed: Cutoff) -> None:
    """Tells of the reports that are there from now on, or have failed: in the journal, in the folder, to the provider."""
    settlement = settlement_of(uow, provider)
    period = Period(uow, provider, settlement, days_of(uow, provider), passed.at)
    for report in settlement.files(period):
        if max(report.available_at, passed.at) != uow.now:
            continue
        state = "has failed" if report.failed else "is there"
        uow.journal("timer", "timer", f"report {report.name} {state}")
        if report.main and settlement.every_day:
            _fill(uow, period)
        if not report.failed:
            uow.runtime.keep_report(uow.workspace, provider, report.name, report.render)
        if settlement.on_report is not None:
            settlement.on_report(uow, period, report)


def _fill(uow: UnitOfWork, period: Period) -> None:
    """Puts the files of days without a cut-off into the folder: of those that have passed since the cut-off before this one."""
    settlement = settlement_of(uow, period.provider)
    for ended in reversed(period.idle_before()):
        for file in settlement.files(Period(uow, period.provider, settlement, period.days, ended)):
            uow.runtime.keep_report(uow.workspace, period.provider, file.name, file.render)


def _pay(uow: UnitOfWork, provider: str, payout: Payout) -> None:
    """It has arrived, or the bank has refused it: then the amount is back on the account, and leaves with the next payout."""
    settlement, money = settlement_of(uow, provider), units(payout.money)
    if payout.fails:
        payout = uow.fire(payout, "bank.failed", failed_at=uow.now)
        postings = transfer("payout", money, payout.currency, of=PAYABLE, to=MERCHANT)
    else:
        payout = uow.fire(payout, "bank.paid", paid_at=uow.now)
        postings = transfer("payout", money, payout.currency, of=PAYABLE, to=BANK)
    booking = _booking(uow, "payout", postings, payout.merchant, payout.id)
    uow.post(provider, booking)
    if payout.state == "failed":
        _arm(uow, provider, booking)
    if settlement.on_payout is not None:
        settlement.on_payout(uow, payout, payout.state)
