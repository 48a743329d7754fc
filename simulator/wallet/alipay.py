"""What can be done with an order: open, scan, confirm, decline, cancel, expire, refund, and who decides what comes of it.

Precedence, the first that has an opinion wins: the console, a refusal pressed on a page, the armed scenario, a documented
test amount, the buyer's account. Confirming only means "go": the last three may still refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from simulator.engine.provider import Party
from simulator.engine.rates import RATES
from simulator.engine.resource import Resource
from simulator.engine.scenarios import Effect
from simulator.engine.uow import UnitOfWork
from simulator.kernel.ids import UNAMBIGUOUS
from simulator.kernel.money import Money, decimals
from simulator.kernel.refusals import IllegalTransition
from simulator.kernel.values import value_type
from simulator.wallet import buyers
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order

SECRET_TRIES = 3
"""Wrong passwords or payment codes of one buyer until the wallet declines."""
NO_DELAY = timedelta(0)


@value_type
class Decision:
    """What will come of pressing Confirm. `outcome`: paid, declined, cancelled, expired, or open (nobody answers).

    `detail` is `payment` for a limit per payment, `password` for an authentication without a code. `shortfall` is in
    fen. `code` and `message` are the provider's own words where a documented trigger fixes them.
    """

    outcome: str
    decided_by: str
    reason: str | None = None
    code: str | None = None
    message: str | None = None
    delay: timedelta = timedelta(0)
    delayed_by: str | None = None
    """What was armed to delay the answer, where it says nothing of the outcome."""
    detail: str | None = None
    shortfall: int = 0


def in_fen(amount: Money) -> int:
    """The order amount in fen, rounded half up. A currency without a rate is taken at 1:1 to the US dollar."""
    return _in_fen(amount.value, amount.currency)


@lru_cache(256)
def _in_fen(value: int, currency: str) -> int:
    """A provider asks it of an amount, and its order again."""
    major = Decimal(value).scaleb(-decimals(currency))
    return int((major * Decimal(RATES.get(currency, RATES["USD"])) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def open_order(
    uow: UnitOfWork,
    payee: Resource,
    *,
    title: str,
    amount: Money,
    merchant: str,
    reference: str,
    description: str = "",
    billing: Sequence[str] = (),
    operation: str = "",
    device: str = "web",
    language: str | None = None,
    expires_at: datetime | None = None,
) -> Order:
    """An order for a provider's payment. The provider keeps its `id` and drives its expiry (`expires_at` is shown)."""
    uow.claim_scenarios(payee, amount, reference)
    order_code = uow.own_id(Order, lambda: uow.ids.text(8, UNAMBIGUOUS))
    return uow.add(
        Order(
            id=order_code,
            state="open",
            created_at=uow.now,
            updated_at=uow.now,
            payee_provider=payee.PROVIDER,
            payee_kind=payee.KIND,
            payee_id=payee.id,
            payee_title=title,
            amount=amount,
            cny=in_fen(amount),
            rate=RATES.get(amount.currency) if amount.currency != "CNY" else None,
            merchant=merchant,
            reference=reference,
            description=description,
            billing=tuple(billing),
            operation=operation,
            device=device,
            language=language,
            expires_at=expires_at,
        ),
        trigger="api.open",
    )


def prospect(uow: UnitOfWork, payee: Resource, *, amount: Money, reference: str, operation: str) -> Order:
    """The order that a provider's page would open, for `predict` only: it is not stored and has no code."""
    return Order(
        id="",
        state="open",
        created_at=uow.now,
        updated_at=uow.now,
        payee_provider=payee.PROVIDER,
        payee_kind=payee.KIND,
        payee_id=payee.id,
        payee_title="",
        amount=amount,
        cny=in_fen(amount),
        rate=None,
        merchant="",
        reference=reference,
        operation=operation,
    )


def order_of(uow: UnitOfWork, order_code: str) -> Order:
    return uow.get(Order, order_code, "code")


# The buyer -----------------------------------------------------------------------------------------------------


def scan(uow: UnitOfWork, order: Order, buyer: str | None = None) -> Order:
    """The phone has opened the order. A second scan changes nothing."""
    if order.state != "open":
        return order
    scanned = uow.fire(order, "wallet.scan", scanned_by=buyer or buyers.default(uow.workspace))
    _tell(uow, scanned, "wallet.scanned")
    return scanned


def show_qr_code(uow: UnitOfWork, order: Order) -> Order:
    return uow.fire(order, "wallet.show_code", scanned_by=None) if order.state == "scanned" else order


def predict(uow: UnitOfWork, order: Order, buyer: Buyer, method: str | None = None) -> Decision:
    """What Confirm would lead to, without doing it."""
    delay: timedelta | None = None
    delayed_by = None
    method = method or best_method(order, buyer)
    for effect in _rules(uow, order, buyer, method):
        params = effect.params
        if delay is None and params.delay is not None:
            delay, delayed_by = params.delay, effect.label
        if params.decline is not None:
            return Decision("declined", effect.label, params.decline, params.code, params.message, delay or NO_DELAY)
        if params.outcome is not None:
            reason = params.outcome if params.outcome in ("cancelled", "expired") else None
            return Decision(params.outcome, effect.label, reason, params.code, params.message, delay or NO_DELAY)
    late: dict[str, Any] = {
        "delay": timedelta(seconds=buyer.delay_s) if delay is None else delay,
        "delayed_by": delayed_by,
    }
    own = f"buyer:{buyer.id}"
    if buyer.walks_away:
        return Decision("open", own, delayed_by=delayed_by)
    if buyer.blocked:
        return Decision("declined", own, "blocked", **late)
    if buyer.daily_limit is not None and buyers.used_today(uow, buyer) + order.cny > buyer.daily_limit:
        return Decision("declined", own, "limit", **late)
    if buyer.per_payment_limit is not None and order.cny > buyer.per_payment_limit:
        return Decision("declined", own, "limit", detail="payment", **late)
    if method == "card":
        if buyer.card is None or order.cny > buyer.card.limit:
            return Decision("declined", own, "limit", detail="payment", **late)
    elif buyer.balance < order.cny:
        return Decision("declined", own, "balance", shortfall=order.cny - buyer.balance, **late)
    return Decision("paid", own, **late)


def _rules(uow: UnitOfWork, order: Order, buyer: Buyer, method: str) -> Iterator[Effect]:
    facts = {
        "operation": order.operation,
        "amount": order.amount.value,
        "currency": order.amount.currency,
        "reference": order.reference,
        "buyer": buyer.id,
        "method": method,
        "payment": order.payee_id,
    }
    return uow.rules("wallet", order.payee_provider, **facts)


def best_method(order: Order, buyer: Buyer) -> str:
    """The balance if it covers the order, else the card if there is one."""
    return "card" if buyer.balance < order.cny and buyer.card is not None else "balance"


def confirm(
    uow: UnitOfWork,
    order: Order,
    buyer_slug: str | None = None,
    *,
    method: str | None = None,
    payment_code: str | None = None,
) -> Order:
    """The buyer presses Confirm. Raises `IllegalTransition` when the order is decided already, `NotFound` for an
    unknown buyer. A `payment_code` of None stands for the right one."""
    _must_be_undecided(order, "wallet.confirm")
    buyer = buyers.get(uow, buyer_slug or buyers.default(uow.workspace))
    method = method or best_method(order, buyer)
    if buyer.payment_code is not None and payment_code is not None and payment_code != buyer.payment_code:
        return _wrong_secret(uow, order, buyer)
    decision = predict(uow, order, buyer, method)
    if decision.outcome == "declined" and buyer.refusal == "retry" and decision.decided_by.startswith("buyer:"):
        _journal(uow, order, f"declined ({decision.reason}) by {decision.decided_by}, may be tried again")
        return uow.amend(order, buyer=buyer.id, method=method, **_why(decision))
    return _go(uow, order, buyer, method, decision)


def sign_in(uow: UnitOfWork, order: Order, buyer_slug: str, password: str) -> Order:
    """A wrong password counts as a try (`tries` grows); the third declines the order. Any password is right for a buyer
    who has none of their own. Raises `IllegalTransition` when the order is decided already, `NotFound` for an unknown
    buyer."""
    _must_be_undecided(order, "wallet.confirm")
    buyer = buyers.get(uow, buyer_slug)
    if buyer.password is None or password == buyer.password:
        return order
    return _wrong_secret(uow, order, buyer)


def _wrong_secret(uow: UnitOfWork, order: Order, buyer: Buyer) -> Order:
    """Tries are counted per buyer: another one begins anew."""
    tries = order.tries + 1 if order.buyer == buyer.id else 1
    order = uow.amend(order, tries=tries, buyer=buyer.id, reason=None)
    secret = "payment code" if buyer.password is None else "password"
    _journal(uow, order, f"wrong {secret} of {buyer.id}, try {tries} of {SECRET_TRIES}")
    if tries < SECRET_TRIES:
        return order
    detail = "password" if buyer.password is not None else None
    refusal = Decision("declined", f"buyer:{buyer.id}", "authentication", detail=detail)
    return _decide(uow, order, buyer, best_method(order, buyer), refusal)


def _go(uow: UnitOfWork, order: Order, buyer: Buyer, method: str, decision: Decision, **changes: Any) -> Order:
    """Acts on a decision: the order stays open, or is decided after a delay, or now."""
    if decision.outcome == "open":
        _journal(uow, order, f"left open by {decision.decided_by}")
        return uow.amend(order, buyer=buyer.id, walked_away=buyer.id, reason=None, answer_at=None, **changes)
    if decision.delay > timedelta(0) and order.state != "paying":
        return _wait(uow, order, buyer, method, decision.delay, **changes)
    return _decide(uow, order, buyer, method, decision)


def _wait(uow: UnitOfWork, order: Order, buyer: Buyer, method: str, delay: timedelta, **changes: Any) -> Order:
    changes |= {"buyer": buyer.id, "method": method, "answer_at": uow.now + delay, "reason": None}
    paying = uow.fire(order, "wallet.confirm", **changes)
    uow.arm(paying, "timer.answer", after=delay)
    _tell(uow, paying, "wallet.paying")
    return paying


def confirm_late(uow: UnitOfWork, order: Order, buyer_slug: str, delay: timedelta) -> Order:
    """The buyer confirms, and the wallet decides only after `delay`."""
    buyer = buyers.get(uow, buyer_slug)
    return _wait(uow, order, buyer, best_method(order, buyer), delay)


def walk_away(uow: UnitOfWork, order: Order, buyer_slug: str) -> Order:
    """The buyer closes the app; the order stays open until it expires."""
    _must_be_undecided(order, "wallet.confirm")
    _journal(uow, order, "left open by page")
    return uow.amend(order, walked_away=buyers.get(uow, buyer_slug).id)


def approve(uow: UnitOfWork, order: Order, *, decided_by: str = "page") -> Order:
    """A provider's own mock page says "go" without a buyer: only scenarios and test amounts may still refuse."""
    _must_be_undecided(order, "wallet.pay")
    buyer = buyers.get(uow, order.buyer or buyers.default(uow.workspace))
    decision = _approval(uow, order, buyer, decided_by)
    return _go(uow, order, buyer, "balance", decision, approved_by=decided_by)


def _approval(uow: UnitOfWork, order: Order, buyer: Buyer, decided_by: str) -> Decision:
    decision = predict(uow, order, buyer, "balance")
    if not decision.decided_by.startswith("buyer:"):
        return decision
    armed = (effect.params.delay for effect in _rules(uow, order, buyer, "balance") if effect.params.delay is not None)
    return Decision("paid", decided_by, delay=next(armed, NO_DELAY))


def decide_now(uow: UnitOfWork, order: Order) -> Order:
    """Decides an order that has waited: its delay is over, or somebody pressed "Answer now"."""
    if order.state != "paying":
        return order
    buyer = buyers.get(uow, order.buyer or buyers.default(uow.workspace))
    if order.approved_by is not None:
        decision = _approval(uow, order, buyer, order.approved_by)
    else:
        decision = predict(uow, order, buyer, order.method)
    return _go(uow, order, buyer, order.method or "balance", decision)


def pay(uow: UnitOfWork, order: Order, *, decided_by: str = "console") -> Order:
    """Paid whatever the buyer's account, a scenario or a test amount would say: the console is asked first."""
    _must_be_undecided(order, "wallet.pay")
    buyer = buyers.get(uow, order.buyer or order.scanned_by or buyers.default(uow.workspace))
    return _decide(uow, order, buyer, best_method(order, buyer), Decision("paid", decided_by))


def decline(
    uow: UnitOfWork,
    order: Order,
    reason: str = "declined",
    *,
    decided_by: str = "page",
    code: str | None = None,
    message: str | None = None,
) -> Order:
    """A refusal that was pressed (on a page) or ordered (in the console)."""
    _must_be_undecided(order, "wallet.decline")
    buyer = buyers.get(uow, order.buyer or order.scanned_by or buyers.default(uow.workspace))
    return _decide(uow, order, buyer, "balance", Decision("declined", decided_by, reason, code, message))


def cancel(uow: UnitOfWork, order: Order, *, decided_by: str = "page") -> Order:
    _must_be_undecided(order, "wallet.cancel")
    buyer = buyers.get(uow, order.buyer or order.scanned_by or buyers.default(uow.workspace))
    return _decide(uow, order, buyer, "balance", Decision("cancelled", decided_by, "cancelled"))


def expire(uow: UnitOfWork, order: Order, *, decided_by: str = "page") -> Order:
    _must_be_undecided(order, "timer.expire")
    buyer = buyers.get(uow, order.buyer or order.scanned_by or buyers.default(uow.workspace))
    return _decide(uow, order, buyer, "balance", Decision("expired", decided_by, "expired"))


_TRIGGERS = {
    "paid": "wallet.pay",
    "declined": "wallet.decline",
    "cancelled": "wallet.cancel",
    "expired": "timer.expire",
}


def _decide(uow: UnitOfWork, order: Order, buyer: Buyer, method: str, decision: Decision) -> Order:
    if decision.outcome == "paid":
        if method == "balance" and buyer.balance < order.cny:
            method = "card"  # somebody else than the buyer's account decided: a balance never falls below zero
        buyers.charge(uow, buyer, order.cny, method, order.id)
    uow.disarm(order, "timer.answer")
    decided = uow.fire(
        order,
        _TRIGGERS[decision.outcome],
        buyer=buyer.id,
        method=method,
        **_why(decision),
        code=decision.code,
        message=decision.message,
        decided_by=decision.decided_by,
        decided_at=uow.now,
    )
    _journal_decision(uow, decided)
    _tell(uow, decided, f"wallet.{decision.outcome}")
    return decided


def _why(decision: Decision) -> dict[str, Any]:
    """Kept as it was then: the buyer's account may change later."""
    return {"reason": decision.reason, "detail": decision.detail, "shortfall": decision.shortfall}


def _must_be_undecided(order: Order, trigger: str) -> None:
    if order.is_final:
        raise IllegalTransition("wallet.order", order.state, trigger)


def _journal_decision(uow: UnitOfWork, order: Order) -> None:
    """The journal's line for "who decided"; the move itself names only the trigger."""
    because = f" ({order.reason})" if order.reason not in (None, order.state) else ""
    _journal(uow, order, f"{order.state}{because}, decided by {order.decided_by}")


def _journal(uow: UnitOfWork, order: Order, summary: str) -> None:
    uow.journal("wallet", "wallet", summary, subject=order.subject, ref=order.id)


def journal_return(uow: UnitOfWork, order: Order, target: str) -> None:
    """The story says where a browser goes; what it carries along is the merchant's business."""
    address = target.partition("?")[0]
    uow.journal("wallet", "wallet", f"browser was sent to {address}", subject=order.subject, ref=order.id)


def _tell(uow: UnitOfWork, order: Order, news: str) -> None:
    uow.tell(order.payee_provider, order.payee_kind, order.payee_id, news, order)


# The provider --------------------------------------------------------------------------------------------------


def close(uow: UnitOfWork, order_code: str | None, outcome: str, *, decided_by: str = "api") -> None:
    """The provider has ended the payment (`cancelled` or `expired`): the order is no longer payable. Tells nobody."""
    order = uow.find(Order, order_code) if order_code else None
    if order is None or order.is_final:
        return
    trigger = "api.cancel" if outcome == "cancelled" else "api.expire"
    uow.disarm(order, "timer.answer")
    more: dict[str, Any] = {}
    if decided_by == "timer" and (stride := uow.stride) is not None:
        more = {"advanced_s": round(stride.by.total_seconds()), "advanced_by": stride.actor}
    _journal_decision(uow, uow.fire(order, trigger, reason=outcome, decided_by=decided_by, decided_at=uow.now, **more))


def refund(uow: UnitOfWork, order_code: str | None, amount: Money) -> None:
    """Gives part of a paid order back to its buyer; `amount` is in the order's currency.

    The sum of all parts is converted, not each part: a buyer who gets everything back has what they had before.
    """
    order = uow.find(Order, order_code) if order_code else None
    if order is None or order.state != "paid" or order.buyer is None:
        return
    refunded = min(order.refunded + amount.value, order.amount.value)
    cny = order.cny if refunded == order.amount.value else min(in_fen(replace(amount, value=refunded)), order.cny)
    if cny > order.refunded_cny:
        buyers.give_back(uow, order.buyer, cny - order.refunded_cny, order.method or "balance", order.id)
    uow.amend(order, refunded=refunded, refunded_cny=max(cny, order.refunded_cny))


def _on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    if isinstance(resource, Order) and trigger == "timer.answer":
        decide_now(uow, resource)
    else:
        uow.fire(resource, trigger)


WALLET = Party(
    name="wallet",
    resources=(Order, Buyer),
    on_timer=_on_timer,
    timers=("timer.answer",),
    serves=lambda resource: resource.payee_provider if isinstance(resource, Order) else None,
)
