"""MyCheckout, and the wallet behind the redirect URL. Source: docs/providers/worldline.md, sources 3.11, 3.17 and 8.

A GET changes nothing. Where the merchant has chosen the product, the page's script presses Continue by itself: a browser
skips the choice as at the provider, and a link preview begins no payment. Inferred: worldline.checkout-page.
"""

from __future__ import annotations

from datetime import timedelta

from simulator.engine import pages
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.rates import RATES
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import MoneyView
from simulator.engine.workspace import Workspace
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.kernel.values import dataclass
from simulator.providers.worldline import products
from simulator.providers.worldline.checkout_payments import checkout_return, is_client_eligible, pay_by_checkout
from simulator.providers.worldline.model import HostedCheckout, Payment
from simulator.providers.worldline.settings import WorldlineSettings
from simulator.providers.worldline.wire.hosted_checkouts import page_path
from simulator.providers.worldline.wire.payments import redirect_url
from simulator.wallet import alipay
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

PURPOSE = "worldline"
_LIVE = ("CREATED", "REDIRECTED")


def _find(runtime: Runtime, token: str) -> tuple[Workspace, HostedCheckout]:
    """Raises `NotFound`."""
    parts = token.split(":")
    found = runtime.locate(HostedCheckout, parts[1]) if len(parts) == 3 else None
    if found is None:
        raise NotFound("hostedcheckout", token)
    workspace, checkout = found
    if checkout.token != token:
        raise NotFound("hostedcheckout", token)
    return workspace, checkout


def _payment(runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Payment | None:
    return runtime.open(workspace).find(Payment, checkout.payment) if checkout.payment else None


def show(call: Call, runtime: Runtime) -> Reply:
    """GET /checkout/{token}: the choice of product, or what has become of the payment.

    If the merchant wants no result page, the browser goes on to the merchant, with 302 and GET.
    """
    workspace, checkout = _find(runtime, call.path["token"])
    step, _ = _step(checkout, _payment(runtime, workspace, checkout))
    target = _target(checkout)
    if target is not None and not checkout.show_result_page and step in ("successful", "unsuccessful", "cancelled"):
        return Reply(302, "", {**pages.see_other(target).headers})
    return _page(call, runtime, workspace, checkout)


def _target(checkout: HostedCheckout) -> str | None:
    """The address back to the merchant; None where there is none that a browser may follow."""
    target = checkout_return(checkout)
    return target if target and pages.is_safe_return(target) else None


def act(call: Call, runtime: Runtime) -> Reply:
    """POST `action` = pay (with `product`) or cancel."""
    workspace, checkout = _find(runtime, call.path["token"])
    refusal = pages.refused_form(call, runtime, PURPOSE, checkout.id, link_url=page_path(checkout))
    if refusal is not None:
        return refusal
    if call.form.get("action") == "cancel":
        return _cancel(runtime, workspace, checkout)
    chosen = call.form.get("product", "")
    if chosen not in map(str, _choice(checkout)):
        return pages.error_page(call, 400, "error_title", "refused_text", link_url=page_path(checkout))
    return _pay(call, runtime, workspace, checkout, int(chosen))


def _pay(call: Call, runtime: Runtime, workspace: Workspace, checkout: HostedCheckout, product: int) -> Reply:
    """Begins a new attempt, unless one is on its way or has succeeded, and sends the consumer to the wallet."""
    payment = _payment(runtime, workspace, checkout)
    is_over = payment is not None and payment.state not in ("REJECTED", "CANCELLED")
    if checkout.state not in ("IN_PROGRESS", "PAYMENT_CREATED") or (is_over and payment.state not in _LIVE):  # type: ignore[union-attr]
        return pages.see_other(f"{page_path(checkout)}?already=1")
    if payment is None or not is_over:
        with runtime.unit(workspace, provider="worldline", topic="page") as uow:
            own = uow.get(HostedCheckout, checkout.id)
            if own.payment is None and not is_client_eligible(uow, own):
                uow.fire(own, "page.not_eligible")
                return pages.see_other(page_path(own))
            mobile = pages.is_phone(call)
            payment = pay_by_checkout(uow, own, product, call.base_url, mobile)
    if payment.order_code is None:
        return pages.see_other(page_path(checkout))
    return pages.see_other(redirect_url(payment).removeprefix(payment.origin))


def _cancel(runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Reply:
    """Sends the consumer back to the merchant. A payment that has ended meanwhile is shown instead.

    The checkout changes its status only if the merchant asked for that with `returnCancelState`.
    """
    payment = _payment(runtime, workspace, checkout)
    if checkout.state == "CANCELLED_BY_CONSUMER" or (payment is not None and payment.state not in _LIVE):
        return pages.see_other(page_path(checkout))
    if checkout.return_cancel_state and checkout.state == "IN_PROGRESS":
        with runtime.unit(workspace, provider="worldline", topic="page") as uow:
            uow.fire(uow.get(HostedCheckout, checkout.id), "page.cancel")
    return pages.see_other(_target(checkout) or page_path(checkout))


def _choice(checkout: HostedCheckout) -> tuple[int, ...]:
    """The products on the page: the one that the merchant has chosen, or all that are offered."""
    return checkout.products if checkout.product is None else (checkout.product,)


_TITLES = {
    "successful": "wl_title_paid",
    "unsuccessful": "wl_title_unpaid",
    "cancelled": "wl_title_unpaid",
    "not_eligible": "wl_title_unpaid",
    "gone": "wl_title_gone",
}
_SUCCESSFUL = ("CAPTURED", "PAID", "REFUNDED", "REVERSED")


def _step(checkout: HostedCheckout, payment: Payment | None) -> tuple[str, str]:
    """What the page shows, and the outcome once there is one.

    When its two hours are over, a checkout still shows what became of its payment.
    """
    if checkout.is_gone and (checkout.state == "DELETED" or payment is None):
        return "gone", "expired"
    if checkout.state == "CANCELLED_BY_CONSUMER":
        return "cancelled", "cancelled"
    if checkout.state != "IN_PROGRESS" and payment is None:
        return "not_eligible", "declined"
    if payment is None:
        return "choice", ""
    if payment.state in _LIVE:
        return "pending", ""
    if payment.state in _SUCCESSFUL:
        return "successful", "paid"
    return "unsuccessful", {"cancelled": "cancelled", "expired": "expired"}.get(payment.phase, "declined")


def _page(call: Call, runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Reply:
    payment = _payment(runtime, workspace, checkout)
    step, outcome = _step(checkout, payment)
    page = pages.view(
        call,
        _TITLES.get(step, "wl_title"),
        lang=checkout.locale,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{checkout.id}",
        token=pages.token(runtime, PURPOSE, checkout.id),
    )
    uow = runtime.open(workspace)
    order = uow.find(Order, payment.order_code) if payment and payment.order_code else None
    hosted = pages.hosted(
        uow,
        merchant=workspace.settings_of(WorldlineSettings).merchant_name,
        amount=checkout.money,
        title="Worldline MyCheckout",
        reference=checkout.reference or checkout.id,
        state=checkout.state,
    )
    offered = [] if checkout.is_gone else [products.PRODUCTS[id_] for id_ in _choice(checkout)]
    return pages.render(
        call,
        "hosted/worldline/mycheckout.html",
        page,
        status=404 if step == "gone" else 200,
        hosted=hosted,
        step=step,
        outcome=outcome,
        payment=payment,
        decided_by=order.decided_by if order is not None else checkout.ended_by,
        already=call.query.get("already") == "1",
        walked_away=wallet_pages.buyer_name(uow, order.walked_away if order else None, page.lang),
        action=page_path(checkout),
        products=offered,
        preset=step == "choice" and checkout.product is not None,
        cny=MoneyView.of(Money(alipay.in_fen(checkout.money), "CNY")),
        rate=_rate(checkout.currency),
        note=_foretold(call, uow, checkout, order, step),
        wallet_url=redirect_url(payment).removeprefix(payment.origin) if payment and step == "pending" else None,
        return_url=_target(checkout),
        can_cancel=_target(checkout) is not None or (checkout.return_cancel_state and step == "choice"),
    )


@dataclass(frozen=True, slots=True)
class Note:
    """What the simulator foretells: who decides, and what comes of it."""

    decided_by: str
    outcome: str = ""
    """As `Decision.outcome`, or `paying` for what is paid later; empty when no wallet opens."""


def _rate(currency: str) -> str | None:
    return f"1 {currency} = {RATES[currency]} CNY" if currency in RATES and currency != "CNY" else None


def _prospect(uow: UnitOfWork, checkout: HostedCheckout) -> Order:
    reference = checkout.reference or checkout.id
    return alipay.prospect(uow, checkout, amount=checkout.money, reference=reference, operation="authorize")


def _foretold(call: Call, uow: UnitOfWork, checkout: HostedCheckout, order: Order | None, step: str) -> Note | None:
    """The note on the order that waits, or on the one that the next try would open."""
    if step == "pending" and order is not None:
        return _note(call, uow, order)
    return _note(call, uow, _prospect(uow, checkout)) if step in ("choice", "unsuccessful") else None


def _note(call: Call, uow: UnitOfWork, order: Order) -> Note:
    """What comes of it when this browser's buyer confirms, unless the bank would refuse before that."""
    if not order.id:
        verdict = uow.ask_bank(
            uow.resource_of(order.payee_provider, order.payee_kind, order.payee_id), "authorize", order.amount
        )
        if not verdict.approves:
            return Note(verdict.decided_by)
    decision = alipay.predict(uow, order, wallet_pages.chosen_buyer(call, uow))
    is_later = decision.outcome == "paid" and decision.delay > timedelta(0)
    return Note(decision.decided_by, "paying" if is_later else decision.outcome)


# The wallet ------------------------------------------------------------------------------------------------------


def _order(runtime: Runtime, call: Call) -> tuple[Workspace, Order, Payment]:
    token = call.query.get("token", "")
    found = runtime.locate(Order, token)
    if found is None:
        raise NotFound("order", token)
    workspace, order = found
    if order.payee_provider != "worldline":
        raise NotFound("order", token)
    return workspace, order, runtime.open(workspace).get(Payment, order.payee_id)


def _wallet(call: Call, runtime: Runtime, workspace: Workspace, order: Order) -> Reply:
    return wallet_pages.render(call, runtime, workspace, order, auto_return_s=runtime.auto_return_s)


def show_alipay(call: Call, runtime: Runtime) -> Reply:
    """GET /mock/alipay/cashier?token=…: the wallet, rendered at this address."""
    workspace, order, _ = _order(runtime, call)
    return _wallet(call, runtime, workspace, order)


def show_alipay_plus(call: Call, runtime: Runtime) -> Reply:
    """GET /mock/alipayplus/cashier?token=…: the choice of a wallet, then the wallet, rendered at this address."""
    workspace, order, payment = _order(runtime, call)
    if payment.wallet_used is not None or order.is_final:
        return _wallet(call, runtime, workspace, order)
    uow = runtime.open(workspace)
    page = pages.view(
        call,
        "wl_title_wallets",
        lang=payment.locale,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{payment.id}",
        token=pages.token(runtime, PURPOSE, order.id),
    )
    hosted = pages.hosted(
        uow,
        merchant=order.merchant,
        amount=payment.money,
        title="Alipay+",
        reference=order.reference,
        state=payment.state,
        expires_at=order.expires_at,
    )
    return pages.render(
        call,
        "hosted/worldline/wallets.html",
        page,
        hosted=hosted,
        action=_wallets_path(order),
        wallets=products.wallets_for(payment.currency),
        cny=MoneyView.of(Money(order.cny, "CNY")),
        rate=_rate(payment.currency),
        note=_note(call, uow, order),
    )


def _wallets_path(order: Order) -> str:
    return f"/mock/alipayplus/cashier?token={order.id}"


def choose_wallet(call: Call, runtime: Runtime) -> Reply:
    """POST `wallet`: kept as `walletUsed`, and a second choice changes nothing. `action` = cancel cancels as in the wallet."""
    workspace, order, payment = _order(runtime, call)
    own = _wallets_path(order)
    refusal = pages.refused_form(call, runtime, PURPOSE, order.id, link_url=own)
    if refusal is not None:
        return refusal
    chosen, cancels = call.form.get("wallet", ""), call.form.get("action") == "cancel"
    if not cancels and chosen not in products.WALLETS:
        return pages.error_page(call, 400, "error_title", "refused_text", link_url=own)
    if order.is_final:
        return pages.see_other(f"{own}&already=1")
    with runtime.unit(workspace, provider="worldline", topic="page") as uow:
        uow.base_url = call.base_url
        if cancels:
            alipay.cancel(uow, alipay.order_of(uow, order.id))
        elif payment.wallet_used is None and payment.state == "REDIRECTED":
            uow.amend(uow.get(Payment, payment.id), wallet_used=chosen)
    return pages.see_other(own)


PAGES = (
    Page("GET", "/checkout/{token}", show),
    Page("POST", "/checkout/{token}", act),
    Page("GET", "/mock/alipay/cashier", show_alipay),
    Page("GET", "/mock/alipayplus/cashier", show_alipay_plus),
    Page("POST", "/mock/alipayplus/cashier", choose_wallet),
)
