"""Pages behind Checkout.com's redirect links: the simulation wallet, the QR page, the hosted page and the payment link.

A GET changes nothing; of several presses on a page the first one counts.
Source: docs/providers/checkoutcom.md, sources 3.13, 7.2 and 8.2.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import HostedView, MoneyView
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.kernel.values import dataclass
from simulator.providers.checkoutcom.handlers.hosted import start_try
from simulator.providers.checkoutcom.handlers.outcomes import return_to
from simulator.providers.checkoutcom.model import Hosted, HostedPayment, Payment, PaymentLink
from simulator.providers.checkoutcom.settings import CheckoutcomSettings
from simulator.providers.checkoutcom.wire.payments import redirect_of
from simulator.wallet import alipay, buyers
from simulator.wallet import pages as wallet_pages
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from simulator.wallet.view import Prediction

SIMULATION = "/page/simulation-wallet/acwallet/alipayconnectcode.html"
QR = "/page/aplus-linker/acwallet/qrcode.html"
PREVIOUS = "/LP.Core/api/payment/{number}"

_CODE = re.compile(r"[?&]code=([0-9A-Za-z]+)")
_REASONS = ("balance", "limit", "blocked", "authentication")


# Finding -------------------------------------------------------------------------------------------------------


def _find(runtime: Runtime, code: str) -> tuple[Workspace, Payment, Order]:
    """The payment whose link bears this code. Raises `NotFound`."""
    found = runtime.locate_by_key(Payment, "code", code) if code else None
    if found is None:
        raise NotFound("payment", code)
    workspace, payment = found
    return workspace, payment, alipay.order_of(runtime.open(workspace), payment.order_code or "")


def _chosen(call: Call, uow: UnitOfWork) -> Buyer:
    slug = call.form.get("buyer") if call.method == "POST" else None
    slug = slug or call.query.get("buyer") or pages.cookies(call).get(wallet_pages.COOKIE_BUYER)
    found = buyers.find(uow, slug or buyers.default(uow.workspace))
    return found or buyers.get(uow, buyers.DEFAULT)


# The simulation wallet -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Payer:
    """A buyer in the page's list, with what Pay Now would lead to if they pressed it."""

    slug: str
    name: str
    prediction: Prediction
    url: str
    """This page with this buyer chosen."""


def show_simulation(call: Call, runtime: Runtime) -> Reply:
    """The simulation wallet, for the terminals APP and WAP. It asks for no password."""
    workspace, payment, order = _find(runtime, call.query.get("code", ""))
    uow = runtime.open(workspace)
    page = pages.view(
        call,
        "cko_title",
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{payment.id}",
    )
    texts, chosen = Texts(page.lang), _chosen(call, uow)
    payers = {buyer.id: _payer(uow, order, buyer, page) for buyer in buyers.offered(uow, chosen.id)}
    target = return_to(uow, payment, order)
    terminal = payment.terminal_type
    if payment.os_type:
        terminal = texts("cko_on", terminal=terminal, system=payment.os_type)
    is_open = order.state in ("open", "scanned")
    due = order.answer_at if order.state == "paying" else None
    return pages.render(
        call,
        "hosted/checkoutcom/simulation.html",
        page,
        hosted=_hosted_view(
            uow, order.merchant, payment, payment.reference or payment.id, payment.state, not order.is_final
        ),
        payment=payment,
        order=order,
        is_open=is_open,
        outcome=order.state if order.is_final else None,
        already=call.query.get("already") == "1",
        psp_name=payment.source_type.upper(),
        terminal=terminal,
        cny=MoneyView.of(Money(order.cny, "CNY")),
        rate_text=f"1 {order.amount.currency} = {order.rate} CNY" if order.rate else None,
        buyers=payers.values(),
        payer=payers[chosen.id],
        walked_away=wallet_pages.buyer_name(uow, order.walked_away, page.lang),
        answer_at=iso_millis(due) if due else None,
        wait_left_s=pages.seconds_left(due, uow.now),
        reason=order.reason if order.reason in _REASONS else None,
        action=f"{SIMULATION}?{urlencode(call.query_pairs)}",
        return_url=target,
        return_is_link=target is not None and pages.is_safe_return(target),
    )


def _payer(uow: UnitOfWork, order: Order, buyer: Buyer, page: PageView) -> Payer:
    decision = alipay.predict(uow, order, buyer)
    outcome = "paying" if decision.outcome == "paid" and decision.delay.total_seconds() > 0 else decision.outcome
    reason = decision.reason if decision.reason in _REASONS else None
    prediction = Prediction(outcome, reason, decision.decided_by)  # type: ignore[arg-type]  # names of the wallet's own
    name = buyer.name_zh if page.lang == "zh" else buyer.name_en
    return Payer(buyer.id, name, prediction, page.url(buyer=buyer.id))


def act_simulation(call: Call, runtime: Runtime) -> Reply:
    """POST `outcome`: `pay` (with `buyer`), `cancel`, or `answer` (a bank that takes its time answers now)."""
    workspace, _, order = _find(runtime, call.query.get("code", ""))
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    outcome, slug = call.form.get("outcome", ""), _chosen(call, runtime.open(workspace)).id
    if outcome not in ("pay", "cancel", "answer"):
        return pages.error_page(call, 400, "error_title", "refused_text")
    if order.is_final:
        return pages.see_other(f"{SIMULATION}?{urlencode({**call.query, 'already': '1'})}")
    if (order.state in ("open", "scanned") and outcome != "answer") or (
        order.state == "paying" and outcome == "answer"
    ):
        with runtime.unit(workspace, provider="checkoutcom", topic="page") as uow:
            order = alipay.order_of(uow, order.id)
            if outcome == "pay":
                alipay.confirm(uow, order, slug)
            elif outcome == "cancel":
                alipay.cancel(uow, order)
            else:
                alipay.decide_now(uow, order)
    remembered = wallet_pages.buyer_cookie(slug) if outcome == "pay" else None
    return pages.see_other(f"{SIMULATION}?{urlencode(call.query_pairs)}", remembered)


def _hosted_view(
    uow: UnitOfWork, merchant: str, payment: Payment | Hosted, reference: str, state: str, is_open: bool
) -> HostedView:
    return pages.hosted(
        uow,
        merchant=merchant,
        amount=payment.money,
        title="Checkout.com",
        reference=reference,
        state=state,
        expires_at=payment.expires_at if is_open else None,
    )


# The QR page ---------------------------------------------------------------------------------------------------


def show_qr(call: Call, runtime: Runtime) -> Reply:
    """For the terminal WEB: the wallet's cashier at this address. The payment code stands in the deep link in `url`."""
    match = _CODE.search(call.query.get("url", ""))
    workspace, _, order = _find(runtime, match[1] if match else "")
    return wallet_pages.render(
        call, runtime, workspace, order, auto_return_s=runtime.auto_return_s, hint="cko_scan_hint"
    )


def show_previous(call: Call, runtime: Runtime) -> Reply:
    """For the Previous platform: the wallet's cashier at this address."""
    workspace, _, order = _find(runtime, call.path["number"])
    return wallet_pages.render(call, runtime, workspace, order, auto_return_s=runtime.auto_return_s)


# Hosted pages and payment links ------------------------------------------------------------------------------------


def _find_hosted(call: Call, runtime: Runtime) -> tuple[Workspace, Hosted]:
    kind: type[Hosted] = HostedPayment if call.raw_path.startswith("/page/") else PaymentLink
    return pages.found(runtime, kind, call.path["id"])


def show_hosted(call: Call, runtime: Runtime) -> Reply:
    """An open page shows what is bought and the button; a paid or expired one says so and leads back to the shop."""
    workspace, hosted = _find_hosted(call, runtime)
    uow = runtime.open(workspace)
    merchant = uow.settings(CheckoutcomSettings).merchant_name
    payment = uow.find(Payment, hosted.payment_id) if hosted.payment_id else None
    prediction = alipay.predict(uow, _prospect(uow, hosted), wallet_pages.chosen_buyer(call, uow))
    order = uow.find(Order, payment.order_code) if payment is not None and payment.order_code else None
    is_confirmed = payment is not None and payment.capture_action_id is not None and payment.state != "Declined"
    is_received = hosted.state == "Payment Received" or is_confirmed
    is_open = hosted.is_open and not is_received
    page = pages.view(
        call,
        "cko_page_title",
        lang=hosted.locale,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{payment.id if payment else hosted.id}",
    )
    texts = Texts(page.lang)
    text = texts("cko_page_expired_text", at=hosted.expires_at.strftime("%Y-%m-%d %H:%M UTC"))
    if is_received:
        text = texts("cko_page_paid_text", merchant=merchant)
    back = _way_back(hosted, is_received)
    return pages.render(
        call,
        "hosted/checkoutcom/page.html",
        page,
        hosted=_hosted_view(uow, merchant, hosted, hosted.reference or hosted.id, hosted.state, is_open),
        subject=hosted,
        products=[_row(product, hosted.currency, texts) for product in hosted.products],
        is_open=is_open,
        can_be_paid=hosted.can_be_paid,
        failed=payment is not None and payment.state in ("Declined", "Canceled", "Expired"),
        failed_by=order.decided_by if order is not None and order.state != "paid" else None,
        decided_by="timer" if hosted.state == "Expired" else order.decided_by if order is not None else None,
        prediction=prediction,
        can_cancel=isinstance(hosted, HostedPayment),
        method="alipay" if hosted.platform == "previous" else "alipay_cn",
        action=call.target,
        outcome="paid" if is_received else "expired",
        result="cko_page_paid" if is_received else "cko_page_expired",
        result_text=text,
        shop_url=back if back and pages.is_safe_return(back) else None,
        shop_field="return_url" if isinstance(hosted, PaymentLink) else "success_url" if is_received else "cancel_url",
    )


def _way_back(hosted: Hosted, is_received: bool) -> str | None:
    if isinstance(hosted, HostedPayment):
        return hosted.success_url if is_received else hosted.cancel_url
    return hosted.return_url if isinstance(hosted, PaymentLink) else None


def _prospect(uow: UnitOfWork, hosted: Hosted) -> Order:
    reference = hosted.reference or hosted.id
    return alipay.prospect(uow, hosted, amount=hosted.money, reference=reference, operation="pay")


def _row(product: dict[str, Any], currency: str, texts: Texts) -> tuple[str, int, str]:
    """A product's name, quantity, and price times quantity (empty when the request named no price)."""
    name, quantity = product.get("name") or product.get("reference") or texts("cko_unnamed"), product.get("quantity", 1)
    price = product.get("price", product.get("unit_price"))
    return name, quantity, "" if price is None else Money(price * quantity, currency).symbol()


def act_hosted(call: Call, runtime: Runtime) -> Reply:
    """POST `outcome`: `pay` leads to the payment that is still open, or to a new one; `cancel` leads back to `cancel_url`."""
    workspace, hosted = _find_hosted(call, runtime)
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    outcome = call.form.get("outcome", "")
    if outcome not in (("pay", "cancel") if isinstance(hosted, HostedPayment) else ("pay",)):
        return pages.error_page(call, 400, "error_title", "refused_text")
    if outcome == "pay" and hosted.is_open and not hosted.can_be_paid:
        return pages.see_other(call.target)
    if not hosted.is_open:
        return pages.see_other(call.target)
    uow = runtime.open(workspace)
    payment = uow.find(Payment, hosted.payment_id) if hosted.payment_id else None
    if payment is not None and payment.capture_action_id is not None and payment.state != "Declined":
        return pages.see_other(call.target)
    if outcome == "cancel" and isinstance(hosted, HostedPayment):
        return pages.see_other(hosted.cancel_url)
    if payment is None or payment.state != "Pending":
        terminal = "WAP" if pages.is_phone(call) else "WEB"
        with runtime.unit(workspace, provider="checkoutcom", topic="page") as unit:
            unit.base_url = call.base_url
            payment = start_try(unit, unit.get(type(hosted), hosted.id), terminal)
    return pages.see_other(redirect_of(payment, "") or call.target)


PAGES = (
    Page("GET", SIMULATION, show_simulation),
    Page("POST", SIMULATION, act_simulation),
    Page("GET", QR, show_qr),
    Page("GET", PREVIOUS, show_previous),
    Page("GET", "/page/{id}", show_hosted),
    Page("POST", "/page/{id}", act_hosted),
    Page("GET", "/link/{id}", show_hosted),
    Page("POST", "/link/{id}", act_hosted),
)
