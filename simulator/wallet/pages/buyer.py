"""The buyers as the wallet's pages show them: who is chosen in this browser, and what each would do with an order."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine import pages
from simulator.engine.provider import Call
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.wallet import alipay, buyers
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from simulator.wallet.view import BuyerView, Prediction

SEAL = "signed-in"
COOKIE_BUYER = "buyer"
OWN_REASONS = ("balance", "limit", "blocked", "authentication")


def chosen_buyer(call: Call, uow: UnitOfWork) -> Buyer:
    """The buyer of this browser: named in the address, remembered in a cookie, or the default one."""
    for slug in (call.query.get("buyer"), pages.cookies(call).get(COOKIE_BUYER)):
        found = buyers.find(uow, slug) if slug else None
        if found is not None:
            return found
    return buyers.get(uow, buyers.default(uow.workspace))


def buyer_cookie(slug: str) -> str:
    return f"{COOKIE_BUYER}={slug}; Path=/; Max-Age=31536000; SameSite=Lax"


def is_signed_in(runtime: Runtime, order: Order, buyer: Buyer, seal: str) -> bool:
    return buyer.password is None or pages.token_holds(runtime, SEAL, f"{order.id} {buyer.id}", seal)


def buyer_name(uow: UnitOfWork, slug: str | None, lang: str) -> str | None:
    if slug is None:
        return None
    try:
        buyer = buyers.get(uow, slug)
    except NotFound:
        return slug
    return buyer.name_zh if lang == "zh" else buyer.name_en


def buyer_view(uow: UnitOfWork, order: Order, buyer: Buyer) -> BuyerView:
    method = alipay.best_method(order, buyer)
    decision = alipay.predict(uow, order, buyer, method)
    outcome, values = decision.outcome, {}
    if decision.outcome == "paid" and decision.delay > timedelta(0):
        outcome, values = "paying", {"delay": f"{int(decision.delay.total_seconds())}\u00a0s"}
    if decision.shortfall:
        values["short"] = yuan(decision.shortfall)
    if decision.outcome == "paid" and method == "card":
        values["by"] = "card"
    special, value = None, ""
    if buyer.password is not None:
        special, value = "sign_in", buyer.password
    elif buyer.payment_code:
        special, value = "code", buyer.payment_code
    elif buyer.delay_s:
        special, value = "slow", f"{buyer.delay_s}\u00a0s"
    elif buyer.walks_away:
        special = "leaves"
    elif buyer.daily_limit is not None:
        special, value = "limit", yuan(buyer.daily_limit)
    return BuyerView(
        slug=buyer.id,
        name_en=buyer.name_en,
        name_zh=buyer.name_zh,
        initials=buyer.initials,
        balance_text=yuan(buyer.balance),
        available_minor=buyer.balance,
        prediction=Prediction(
            outcome=outcome,  # type: ignore[arg-type]
            reason=decision.reason if decision.reason in OWN_REASONS else None,  # type: ignore[arg-type]
            decided_by=decision.decided_by,
            delayed_by=decision.delayed_by,
            values=values,
        ),
        card_last4=buyer.card.last4 if buyer.card else None,
        card_limit_text=yuan(buyer.card.limit) if buyer.card else None,
        special=special,  # type: ignore[arg-type]
        special_value=value,
        needs_password=buyer.password is not None,
        needs_code=buyer.payment_code is not None,
        best_method=method,  # type: ignore[arg-type]
    )


def yuan(fen: int) -> str:
    return Money(fen, "CNY").symbol()
