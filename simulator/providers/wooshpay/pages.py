"""The hosted checkout page, and the links that show the wallet in place. Source: docs/providers/wooshpay.md, source 3.21.

A GET changes nothing: the wallet's order is opened when the shopper presses the button.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from simulator.engine import pages
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import HostedResult, HostedView
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay import links
from simulator.providers.wooshpay.confirmation import choose
from simulator.providers.wooshpay.method_types import TITLES, offered, preferred
from simulator.providers.wooshpay.model import CashierCode, CheckoutSession, PaymentIntent
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.wallet import alipay, qr
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

_QRCODE = re.compile(r"qrcode=([0-9A-Za-z]+)")
SCANNED = {"scanned": "1"}
"""Marks the address in the page's code: a phone that scanned for a desktop does not go back to the shop."""


# The checkout page ---------------------------------------------------------------------------------------------


def _find(call: Call, runtime: Runtime) -> tuple[Workspace, CheckoutSession]:
    """The session of the address. The key in the query names the workspace; without one, all workspaces are searched."""
    id_ = call.path["session"].replace("cs_test_", "cs_", 1)
    key = call.query.get("key")
    if key:
        workspace = runtime.by_credential("wooshpay", key)
        session = runtime.open(workspace).find(CheckoutSession, id_) if workspace is not None else None
        if workspace is not None and session is not None and session.key == key:
            return workspace, session
        raise NotFound(CheckoutSession.KIND, id_)
    return pages.found(runtime, CheckoutSession, id_)


def _mark(call: Call) -> dict[str, str]:
    """The mark of a phone that has scanned the code for another browser."""
    return SCANNED if SCANNED.items() <= call.query.items() else {}


def _kept(call: Call) -> dict[str, str]:
    """What the page's own addresses carry on."""
    return ({"view": call.query["view"]} if "view" in call.query else {}) | _mark(call)


def _here(call: Call, session: CheckoutSession) -> str:
    kept, own = _kept(call), links.session_path(session)
    return pages.with_query(own, **kept) if kept else own


def show(call: Call, runtime: Runtime) -> Reply:
    workspace, session = _find(call, runtime)
    uow = runtime.open(workspace)
    intent = uow.get(PaymentIntent, session.payment_intent)
    order = uow.find(Order, intent.order_code) if intent.order_code else None
    page = pages.view(
        call,
        "wp_title",
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{intent.id}",
        mobile=pages.is_phone(call),
    )
    buyer = wallet_pages.chosen_buyer(call, uow)
    now, open_ = uow.now, session.state == "open"
    hosted = pages.hosted(
        uow,
        merchant=order.merchant if order else workspace.settings_of(WooshpaySettings).merchant_name,
        amount=session.money,
        title="WooshPay",
        reference=session.client_reference_id or session.id,
        state=session.state,
        expires_at=session.expires_at if open_ else None,
    )
    if not open_:
        decided_by = intent.ended_by or (order.decided_by if order is not None else None)
        return _end(call, runtime, page, hosted, session, decided_by)
    back = links.with_scheme(session.cancel_url) if session.cancel_url else None
    live = order is not None and not order.is_final and intent.state == "requires_action"
    prediction = alipay.predict(uow, order if live and order is not None else _prospect(uow, intent), buyer)
    return pages.render(
        call,
        "hosted/wooshpay/session.html",
        page,
        hosted=hosted,
        items=[
            (item["description"], item["quantity"], Money(item["amount_total"], item["currency"]).symbol())
            for item in session.line_items
        ],
        prediction=prediction,
        buyer_name=buyer.name_zh if page.lang == "zh" else buyer.name_en,
        failed=intent.last_payment_error is not None,
        failed_by=order.decided_by if order is not None and order.state != "paid" else None,
        processing=intent.state == "processing",
        action=_here(call, session),
        methods=_methods(intent, Texts(page.lang)),
        chosen=preferred(intent),
        back_url=back if back and pages.is_safe_return(back) else None,
        qr_target=f"{call.base_url}/w/{order.id}" if live and order is not None else _scanned(call, session),
        qr_url=f"/w/{order.id}/qr.png"
        if live and order is not None
        else f"/pay/{call.path['session']}/qr.png?key={session.key}",
        until=(iso_millis(session.expires_at), Texts(page.lang).day_hour(session.expires_at, now)),
        phone_url=f"/w/{order.id}?view=phone"
        if live and order is not None
        else pages.with_query(links.session_path(session), view="phone", **SCANNED),
        only_here=wallet_pages.is_only_here(call.base_url),
    )


def _methods(intent: PaymentIntent, texts: Texts) -> list[tuple[str, str]]:
    """What the shopper may choose: types with their titles."""
    return [(type_, TITLES.get(type_) or texts(f"wp_method_{type_}")) for type_ in offered(intent)]


def _prospect(uow: UnitOfWork, intent: PaymentIntent) -> Order:
    reference = intent.merchant_order_id or intent.id
    return alipay.prospect(uow, intent, amount=intent.money, reference=reference, operation="confirm")


def _end(
    call: Call, runtime: Runtime, page: PageView, hosted: HostedView, session: CheckoutSession, decided_by: str | None
) -> Reply:
    """The page of a session that is over. It leads to `success_url` or, after expiry, to `cancel_url`; nothing changes.

    A phone that scanned the code for a desktop says "Done" and stays.
    """
    complete, t, has_scanned = session.state == "complete", Texts(page.lang), bool(_mark(call))
    stays = has_scanned or call.query.get("stay") == "1"
    url = session.success_url if complete else session.cancel_url
    target = links.with_scheme(url) if url else None
    safe = target is not None and pages.is_safe_return(target)
    result = HostedResult(
        outcome="paid" if complete else "expired",
        title=t("wp_complete" if complete else "wp_expired"),
        text=t("wp_complete_text" if complete else "wp_expired_text"),
        decided_by=decided_by,
        return_url=target,
        return_field="success_url" if complete else "cancel_url",
        return_is_link=safe,
        auto_return_s=page.auto_return_s if safe and complete and not stays else None,
    )
    return pages.render(
        call,
        "hosted/wooshpay/ended.html",
        page,
        hosted=hosted,
        result=result,
        has_scanned=has_scanned,
        action=_here(call, session),
    )


def act(call: Call, runtime: Runtime) -> Reply:
    """POST: the shopper picks a `method` (the proposed one without it), and is led to the wallet.

    An open wallet order is used again. If the shopper picks another method, a new order replaces it, unless the buyer has
    confirmed the old one.
    """
    workspace, session = _find(call, runtime)
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    own, scanned = _here(call, session), bool(_mark(call))
    with runtime.unit(workspace, provider="wooshpay", topic="page") as uow:
        uow.base_url = call.base_url
        intent = uow.get(PaymentIntent, session.payment_intent)
        type_ = call.form.get("method") or preferred(intent)
        if type_ not in offered(intent):
            return pages.error_page(call, 400, "error_title", "refused_text", link_url=own)
        if session.state == "open" and _is_to_choose(uow, intent, type_):
            # A phone that scanned stands for the app which reads a desktop's code, not for a browser that opens it.
            intent = choose(uow, intent, app=pages.is_phone(call) and not scanned, type_=type_)
        if session.state != "open" or intent.state != "requires_action" or intent.order_code is None:
            return pages.see_other(own)
        return pages.see_other(_scanned_order(call, intent.order_code) if scanned else _wallet_link(intent))


def _scanned_order(call: Call, code: str) -> str:
    """The order as a phone sees it that scanned its code."""
    path = f"/w/{code}"
    return pages.with_query(path, view=call.query["view"]) if "view" in call.query else path


def _is_to_choose(uow: UnitOfWork, intent: PaymentIntent, type_: str) -> bool:
    """Whether this choice begins a new attempt. It does not if it is the method of the open attempt, or comes too late."""
    if intent.state in ("requires_payment_method", "requires_confirmation"):
        return True
    order = uow.find(Order, intent.order_code) if intent.order_code else None
    is_open = order is not None and order.state in ("open", "scanned")
    return intent.state == "requires_action" and is_open and type_ != intent.method_type


def _wallet_link(intent: PaymentIntent) -> str:
    """The link in `next_action`, but on this host: the shopper goes the way that they would go at WooshPay."""
    action = intent.next_action or {}
    url = next((value["url"] for value in action.values() if isinstance(value, dict)), "")
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else f"/w/{intent.order_code}?here=1"


def _scanned(call: Call, session: CheckoutSession) -> str:
    """The address in the QR code. The key is left out, which would make the symbol larger: the id alone finds the session."""
    return pages.with_query(call.base_url + links.session_path(session).partition("?")[0], **SCANNED)


def session_qr(call: Call, runtime: Runtime) -> Reply:
    """The QR code while no wallet order is open: it leads a phone to this session."""
    _, session = _find(call, runtime)
    image = qr.png(_scanned(call, session))
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")


# Wallet links --------------------------------------------------------------------------------------------------


def cashier(call: Call, runtime: Runtime) -> Reply:
    return _wallet(call, runtime, call.query.get("codeValue", ""))


def app(call: Call, runtime: Runtime) -> Reply:
    """`scheme` is the deep link into the app, with the code under `qrcode`."""
    match = _QRCODE.search(call.query.get("scheme", ""))
    return _wallet(call, runtime, match[1] if match else "")


def _wallet(call: Call, runtime: Runtime, cashier_code: str) -> Reply:
    found = runtime.locate(CashierCode, cashier_code)
    order = runtime.locate(Order, found[1].order_code) if found and isinstance(found[1], CashierCode) else None
    return _rendered(call, runtime, order[0] if order else None, order[1] if order else None)


def challenge(call: Call, runtime: Runtime) -> Reply:
    """A card's 3-D Secure page: the wallet's page stands in for the bank's."""
    id_, secret = call.query.get("dataId", ""), call.query.get("clientSecret", "")
    for workspace in runtime.workspaces():
        intent = runtime.open(workspace).find(PaymentIntent, id_)
        if intent is not None and intent.client_secret == secret and intent.order_code is not None:
            return _rendered(call, runtime, workspace, runtime.open(workspace).find(Order, intent.order_code))
    return _rendered(call, runtime, None, None)


def _rendered(call: Call, runtime: Runtime, workspace: Workspace | None, order: object) -> Reply:
    if workspace is None or not isinstance(order, Order):
        return pages.render(call, "wallet/not_found.html", pages.view(call, "title_not_found"), status=404)
    return wallet_pages.render(call, runtime, workspace, order, auto_return_s=runtime.auto_return_s)


PAGES = (
    Page("GET", "/pay/{session}", show),
    Page("POST", "/pay/{session}", act),
    Page("GET", "/pay/{session}/qr.png", session_qr),
    Page("GET", links.CASHIER_PATH, cashier),
    Page("GET", links.APP_PATH, app),
    Page("GET", links.CHALLENGE_PATH, challenge),
)
