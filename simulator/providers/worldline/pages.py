"""MyCheckout, and the wallet behind the redirect URL. Source: reference/worldline.md, sections 3.11, 3.17 and 8.

A GET changes nothing. Where the merchant has chosen the product, the page's script presses Continue by itself: a browser
skips the choice as at the provider, and a link preview begins no payment.
"""

from __future__ import annotations

from simulator.engine import pages
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.views import HostedView, MoneyView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.providers.worldline import handlers, products, wire
from simulator.providers.worldline.model import HostedCheckout, Payment
from simulator.wallet import alipay
from simulator.wallet.order import Order

PURPOSE = "worldline"
_LIVE = ("CREATED", "REDIRECTED")


def _find(runtime: Runtime, token: str) -> tuple[Workspace, HostedCheckout]:
    """Raises `NotFound`. After its two hours a checkout still shows what became of its payment."""
    parts = token.split(":")
    found = runtime.locate(HostedCheckout, parts[1]) if len(parts) == 3 else None
    if found is None:
        raise NotFound("hostedcheckout", token)
    workspace, checkout = found
    assert isinstance(checkout, HostedCheckout)
    is_over = checkout.is_gone and (checkout.state == "DELETED" or checkout.payment is None)
    if checkout.token != token or is_over:
        raise NotFound("hostedcheckout", token)
    return workspace, checkout


def _payment(runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Payment | None:
    return runtime.open(workspace).find(Payment, checkout.payment) if checkout.payment else None


def show(call: Call, runtime: Runtime) -> Reply:
    """GET /checkout/{token}: the choice of product, or what has become of the payment."""
    return _page(call, runtime, *_find(runtime, call.path["token"]))


def act(call: Call, runtime: Runtime) -> Reply:
    """POST `action` = pay (with `product`) or cancel."""
    workspace, checkout = _find(runtime, call.path["token"])
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not pages.token_holds(runtime, PURPOSE, checkout.id, given):
        return pages.error_page(call, 403, "error_title", "stale_form", link_url=wire.page_path(checkout))
    if call.form.get("action") == "cancel":
        return _cancel(runtime, workspace, checkout)
    chosen = call.form.get("product", "")
    if chosen not in map(str, _choice(checkout)):
        return pages.error_page(call, 400, "error_title", "refused_text", link_url=wire.page_path(checkout))
    return _pay(call, runtime, workspace, checkout, int(chosen))


def _pay(call: Call, runtime: Runtime, workspace: Workspace, checkout: HostedCheckout, product: int) -> Reply:
    """A new attempt, unless one is on its way or has succeeded; then to the wallet."""
    payment = _payment(runtime, workspace, checkout)
    is_over = payment is not None and payment.state not in ("REJECTED", "CANCELLED")
    if checkout.state not in ("IN_PROGRESS", "PAYMENT_CREATED") or (is_over and payment.state not in _LIVE):  # type: ignore[union-attr]
        return pages.see_other(wire.page_path(checkout))
    if payment is None or not is_over:
        with runtime.unit(workspace, provider="worldline", kind="page") as uow:
            own = uow.get(HostedCheckout, checkout.id)
            if own.payment is None and not handlers.is_client_eligible(uow, own):
                uow.fire(own, "page.not_eligible")
                return pages.see_other(wire.page_path(own))
            mobile = pages.is_phone(call)
            payment = handlers.pay_by_checkout(uow, own, product, call.base_url, mobile)
    if payment.order_code is None:
        return pages.see_other(wire.page_path(checkout))
    return pages.see_other(wire.redirect_url(payment).removeprefix(payment.origin))


def _cancel(runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Reply:
    """Sends the consumer back in both settings; only with `returnCancelState` the status changes."""
    if checkout.return_cancel_state and checkout.state == "IN_PROGRESS":
        with runtime.unit(workspace, provider="worldline", kind="page") as uow:
            uow.fire(uow.get(HostedCheckout, checkout.id), "page.cancel")
    target = handlers.checkout_return(checkout)
    return pages.see_other(target or wire.page_path(checkout))


def _choice(checkout: HostedCheckout) -> tuple[int, ...]:
    """The products on the page: the one that the merchant has chosen, or all that are offered."""
    return checkout.products if checkout.product is None else (checkout.product,)


_SUCCESSFUL = ("CAPTURED", "PAID", "REFUNDED", "REVERSED")


def _page(call: Call, runtime: Runtime, workspace: Workspace, checkout: HostedCheckout) -> Reply:
    payment = _payment(runtime, workspace, checkout)
    page = pages.view(
        call,
        "wl_title",
        lang=checkout.locale,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{checkout.id}",
        token=pages.token(runtime, PURPOSE, checkout.id),
    )
    if checkout.state == "CANCELLED_BY_CONSUMER":
        step, outcome = "cancelled", "cancelled"
    elif checkout.state != "IN_PROGRESS" and payment is None:
        step, outcome = "not_eligible", "declined"
    elif payment is None:
        step, outcome = "choice", ""
    elif payment.state in _LIVE:
        step, outcome = "pending", ""
    elif payment.state in _SUCCESSFUL:
        step, outcome = "successful", "paid"
    else:
        step, outcome = "unsuccessful", {"cancelled": "cancelled", "expired": "expired"}.get(payment.phase, "declined")
    target = handlers.checkout_return(checkout)
    order = runtime.open(workspace).find(Order, payment.order_code) if payment and payment.order_code else None
    now = workspace.clock.now()
    fen = alipay.in_fen(checkout.money)
    hosted = HostedView(
        merchant=workspace.setting("worldline", "merchant_name", handlers.MERCHANT_NAME),
        amount=MoneyView.of(checkout.money),
        provider_title="Worldline MyCheckout",
        reference=checkout.reference or "",
        state=checkout.state,
        now=iso_millis(now),
        frozen=workspace.clock.mode == "frozen",
    )
    return pages.answer(
        call,
        "hosted/worldline/mycheckout.html",
        page,
        hosted=hosted,
        step=step,
        outcome=outcome,
        decided_by=order.decided_by if order is not None else None,
        action=wire.page_path(checkout),
        products=[] if checkout.is_gone else [products.PRODUCTS[id_] for id_ in _choice(checkout)],
        preset=step == "choice" and checkout.product is not None,
        cny=MoneyView.of(Money(fen, "CNY")),
        rate=f"1 {checkout.currency} = {alipay.RATES[checkout.currency]} CNY"
        if checkout.currency in alipay.RATES and checkout.currency != "CNY"
        else None,
        wallet_url=wire.redirect_url(payment).removeprefix(payment.origin) if payment and step == "pending" else None,
        return_url=target if target and pages.is_safe_return(target) else None,
    )


# The wallet ------------------------------------------------------------------------------------------------------


def _order(runtime: Runtime, call: Call) -> tuple[Workspace, Order, Payment]:
    token = call.query.get("token", "")
    found = runtime.locate(Order, token)
    if found is None:
        raise NotFound("order", token)
    workspace, order = found
    assert isinstance(order, Order)
    if order.payee_provider != "worldline":
        raise NotFound("order", token)
    return workspace, order, runtime.open(workspace).get(Payment, order.payee_id)


def _wallet(call: Call, runtime: Runtime, workspace: Workspace, order: Order) -> Reply:
    from simulator.wallet import pages as wallet_pages

    return wallet_pages.render(call, runtime, workspace, order, auto_return_s=runtime.auto_return_s)


def show_alipay(call: Call, runtime: Runtime) -> Reply:
    """GET /mock/alipay/cashier?token=…: renders the wallet in place."""
    workspace, order, _ = _order(runtime, call)
    return _wallet(call, runtime, workspace, order)


def show_alipay_plus(call: Call, runtime: Runtime) -> Reply:
    """GET /mock/alipayplus/cashier?token=…: which wallet, then the wallet in place."""
    workspace, order, payment = _order(runtime, call)
    if payment.wallet_used is not None or order.is_final:
        return _wallet(call, runtime, workspace, order)
    page = pages.view(
        call,
        "wl_title",
        lang=payment.locale,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{payment.id}",
        token=pages.token(runtime, PURPOSE, order.id),
    )
    clock = workspace.clock
    hosted = HostedView(
        merchant=order.merchant,
        amount=MoneyView.of(payment.money),
        provider_title="Alipay+",
        reference=order.reference,
        state=payment.state,
        now=iso_millis(clock.now()),
        frozen=clock.mode == "frozen",
    )
    return pages.answer(
        call,
        "hosted/worldline/wallets.html",
        page,
        hosted=hosted,
        action=f"/mock/alipayplus/cashier?token={order.id}",
        wallets=products.wallets_for(payment.currency),
    )


def choose_wallet(call: Call, runtime: Runtime) -> Reply:
    """POST `wallet`: remembered as `walletUsed`. The first choice stays."""
    workspace, order, payment = _order(runtime, call)
    own = f"/mock/alipayplus/cashier?token={order.id}"
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not pages.token_holds(runtime, PURPOSE, order.id, given):
        return pages.error_page(call, 403, "error_title", "stale_form", link_url=own)
    chosen = call.form.get("wallet", "")
    if chosen not in products.WALLETS:
        return pages.error_page(call, 400, "error_title", "refused_text", link_url=own)
    if payment.wallet_used is None and payment.state == "REDIRECTED":
        with runtime.unit(workspace, provider="worldline", kind="page") as uow:
            uow.amend(uow.get(Payment, payment.id), wallet_used=chosen)
    return pages.see_other(own)


PAGES = (
    Page("GET", "/checkout/{token}", show),
    Page("POST", "/checkout/{token}", act),
    Page("GET", "/mock/alipay/cashier", show_alipay),
    Page("GET", "/mock/alipayplus/cashier", show_alipay_plus),
    Page("POST", "/mock/alipayplus/cashier", choose_wallet),
)
