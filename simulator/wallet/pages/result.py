"""The page at the end: what became of the order, why, and the way back to the merchant."""

from __future__ import annotations

from datetime import datetime, timedelta

from simulator.engine import pages
from simulator.engine.provider import Provider
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, micros
from simulator.kernel.refusals import NotFound
from simulator.wallet import buyers
from simulator.wallet.order import Order
from simulator.wallet.pages.buyer import OWN_REASONS, buyer_name, yuan
from simulator.wallet.pages.look import Look
from simulator.wallet.view import ResultView, Shortfall


def result_view(
    runtime: Runtime, uow: UnitOfWork, order: Order, look: Look, lang: str, auto_return_s: int | None
) -> ResultView | None:
    tried = order.state in ("open", "scanned") and order.reason is not None
    retry = tried and look.step not in ("sign-in", "confirm") and not look.wrong
    if not order.is_final and not retry:
        return None
    target = return_target(runtime, uow, order) if order.is_final else None
    safe = target is not None and pages.is_safe_return(target)
    payer = buyers.get(uow, order.buyer) if order.buyer else None
    shortfall = None
    if order.shortfall:
        shortfall = Shortfall(yuan(order.cny), yuan(order.cny - order.shortfall), yuan(order.shortfall))
    at = order.decided_at or order.updated_at
    phone_only = look.mobile and not look.began_here
    card = payer.card.last4 if payer and payer.card else None
    method = order.method if order.state == "paid" and (order.method == "balance" or card) else None
    return ResultView(
        outcome="declined" if retry else order.state,  # type: ignore[arg-type]
        decided_by=f"buyer:{order.buyer}" if retry else order.decided_by or "timer",
        merchant=order.merchant,
        decided_at=iso_millis(at),
        decided_at_text=at.strftime("%H:%M:%S UTC"),
        reason=order.reason if order.reason in OWN_REASONS else None,  # type: ignore[arg-type]
        detail=order.detail,  # type: ignore[arg-type]
        open_for=_span(max(1, round((at - order.created_at).total_seconds())), lang)
        if order.state == "expired"
        else None,
        buyer_name=buyer_name(uow, order.buyer, lang),
        method=method,  # type: ignore[arg-type]
        card_last4=card,
        payment_number=_payment_number(order) if order.state == "paid" else None,
        shortfall=shortfall,
        return_url=target,
        return_is_link=safe,
        return_field=_return_field(runtime, order) if not safe else "",
        auto_return_s=auto_return_s if safe and not look.stays and not phone_only else None,
        phone_only_done=phone_only and not retry,
        retry=retry,
        already=look.already,
        advanced=_span(order.advanced_s, lang),
        advanced_by=order.advanced_by,  # type: ignore[arg-type]
        merchant_told=order.is_final and _merchant_told(uow, order, at),
    )


def _return_field(runtime: Runtime, order: Order) -> str:
    party = runtime.parties[order.payee_provider]
    return party.return_field if isinstance(party, Provider) else ""


def _span(seconds: int | None, lang: str) -> str | None:
    return None if seconds is None else Texts("zh" if lang == "zh" else "en").duration(timedelta(seconds=seconds))


def _merchant_told(uow: UnitOfWork, order: Order, since: datetime) -> bool:
    """Whether the provider made an event of the payment's end; some of them say nothing of an expiry."""
    messages = uow.store.messages(uow.workspace.id, provider=order.payee_provider, subject=order.subject)
    return any(message.created >= micros(since) for message in messages)


def _payment_number(order: Order) -> str:
    """20 digits that begin with the day, in groups of four; made of the order's code, so it never changes."""
    day = (order.decided_at or order.updated_at).strftime("%Y%m%d")
    digits = day + str(int.from_bytes(order.id.encode(), "big"))[-12:]
    return " ".join(digits[start : start + 4] for start in range(0, 20, 4))


def return_target(runtime: Runtime, uow: UnitOfWork, order: Order) -> str | None:
    """Where the provider sends the buyer: the merchant's address with the provider's own parameters."""
    party = runtime.parties[order.payee_provider]
    if not isinstance(party, Provider):
        return None
    try:
        payment = uow.resource_of(order.payee_provider, order.payee_kind, order.payee_id)
    except NotFound:
        return None
    return party.return_to(uow, payment, order)


def early_return(runtime: Runtime, uow: UnitOfWork, order: Order) -> str | None:
    """Where a browser may go while nothing is decided: the merchant must cope with a payment whose end is unknown."""
    target = return_target(runtime, uow, order)
    return target if target is not None and pages.is_safe_return(target) else None
