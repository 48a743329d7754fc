"""The Alipay emulator: the page behind `redirect_data.url` and the one behind the QR code. Only a POST changes anything."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.refusals import NotFound
from simulator.providers.ecommpay.invitation import scan_url
from simulator.providers.ecommpay.model import Payment
from simulator.providers.ecommpay.pages.notes import note_on
from simulator.providers.ecommpay.pages.returns import (
    early_way_of_payment,
    exit_of_payment,
    is_framed,
    page_address,
    return_to,
)
from simulator.providers.ecommpay.pages.views import ending_of, facts, hosted_view, page_view, show, show_result
from simulator.wallet import alipay, buyers, qr
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

PURPOSE = "ecommpay"
"""Of the tokens in the forms: one of another page does not serve here."""

LAST_NAMES = ("Zhou", "Lin", "Gao", "Shen", "Tang", "Xu", "He", "Luo")
"""What the Random button fills in."""


def _find(runtime: Runtime, call: Call) -> tuple[Workspace, Order, Payment]:
    """The key in the address is the code of the wallet's order. Raises `NotFound`."""
    key, kind = call.path["key"], call.path["kind"]
    found = runtime.locate(Order, key)
    if found is None or kind not in ("aps", "qr"):
        raise NotFound("payment", key)
    workspace, order = found
    if order.payee_provider != Payment.PROVIDER:
        raise NotFound("payment", key)
    return workspace, order, runtime.open(workspace).get(Payment, order.payee_id)


def _own_path(call: Call) -> str:
    return f"/emulator/{call.path['kind']}/{call.path['key']}"


def _is_phone(call: Call) -> bool:
    """Whether this is the page behind the QR code; the other one is the customer's own browser."""
    return call.path["kind"] == "qr"


# Showing -------------------------------------------------------------------------------------------------------


def show_emulator(call: Call, runtime: Runtime) -> Reply:
    """GET /emulator/{kind}/{key}. In a frame, Payment Page shows the end, because only it can tell the library."""
    workspace, order, payment = _find(runtime, call)
    uow = runtime.open(workspace)
    if order.is_final and is_framed(payment.page or {}) and not _is_phone(call):
        return Reply(302, "", {"location": page_address(payment), "cache-control": "no-store"})
    wanted = payment.page.get("language_code") if payment.page else order.language
    page = replace(
        page_view(call, runtime, "ecp_title_emulator", wanted, workspace, _own_path(call), payment.id),
        token=pages.token(runtime, PURPOSE, order.id),
        mobile=_is_phone(call) and pages.is_phone(call),
    )
    if order.is_final:
        return _end(call, uow, page, order, payment)
    return _buttons(call, uow, page, order, payment)


def _buttons(call: Call, uow: UnitOfWork, page: PageView, order: Order, payment: Payment) -> Reply:
    """Success and Decline, or what is left to do while the wallet takes its time to answer."""
    reference = Texts(page.lang)("ecp_payment_emulator", id=payment.payment_id)
    is_paying = order.state == "paying"
    due = order.answer_at if is_paying else None
    return show(
        call,
        "emulator",
        page,
        hosted=hosted_view(uow, payment.money, reference, payment.state, payment.expires_at),
        action=_own_path(call),
        is_paying=is_paying,
        answer_at=iso_millis(due) if due else None,
        wait_left_s=pages.seconds_left(due, uow.now) or 0,
        asks_name=payment.page is not None and not _is_phone(call),
        last_name=call.query.get("last_name", "")[:255],
        note=note_on(uow, payment, order, "emulator"),
        wallet_url=f"/w/{order.id}?here=1",
        framed=is_framed(payment.page or {}),
        walked_away=wallet_pages.buyer_name(uow, order.walked_away, page.voice or page.lang),
        back=early_way_of_payment(payment),
    )


def _end(call: Call, uow: UnitOfWork, page: PageView, order: Order, payment: Payment) -> Reply:
    """The result page. On the phone it stays: the customer's own browser returns to the merchant."""
    texts, is_phone = Texts(page.lang), _is_phone(call)
    leaving = exit_of_payment(payment, may_redirect=not is_phone)
    if is_phone:
        leaving = replace(leaving, field=None)
    return show_result(
        call,
        uow.runtime,
        page,
        ending_of(payment),
        leaving,
        order.decided_by,
        hosted=hosted_view(uow, payment.money, texts("ecp_payment_alipay", id=payment.payment_id), payment.state),
        facts=facts(uow, texts, payment.payment_id, payment.description, payment),
        already=call.query.get("already") == "1",
        is_done=is_phone,
        redirect=None,
        event="",
        data="",
    )


# Acting --------------------------------------------------------------------------------------------------------


def act_on_emulator(call: Call, runtime: Runtime) -> Reply:
    """POST /emulator/{kind}/{key}: `outcome` is success or decline, or `answer` while the wallet takes its time.

    The first act wins. `fill` only writes a name into the form. A POST with none of them shows the page: the form of
    `redirect_data`, which a merchant's page posts, gets here that way.
    """
    workspace, order, payment = _find(runtime, call)
    outcome = call.form.get("outcome", "")
    if call.form.get("fill"):
        name = LAST_NAMES[sum(order.id.encode()) % len(LAST_NAMES)]
        return pages.see_other(f"{_own_path(call)}?{urlencode({'last_name': name})}")
    if outcome not in ("success", "decline", "answer"):
        return pages.see_other(_own_path(call))
    if (refusal := pages.refused_form(call, runtime, PURPOSE, order.id, link_url=_own_path(call))) is not None:
        return refusal
    if order.is_final:
        return pages.see_other(f"{_own_path(call)}?already=1")
    if (order.state == "paying") != (outcome == "answer"):
        return pages.see_other(_own_path(call))
    with runtime.unit(workspace, provider="ecommpay", topic="page") as uow:
        uow.base_url = call.base_url
        order = _decide(uow, alipay.order_of(uow, order.id), payment, outcome)
        target = return_to(uow, uow.get(Payment, payment.id), order) if order.is_final else None
        if target is None or not pages.is_safe_return(target) or _is_phone(call):
            return pages.see_other(_own_path(call))
        if target != f"{payment.origin}{page_address(payment)}":
            alipay.journal_return(uow, order, target)
    return pages.see_other(target)


def _decide(uow: UnitOfWork, order: Order, payment: Payment, outcome: str) -> Order:
    """Where the amount decides, both buttons do the same."""
    if outcome == "answer":
        return alipay.decide_now(uow, order)
    decision = alipay.predict(uow, order, buyers.get(uow, buyers.default(uow.workspace)), "balance")
    is_alone = payment.amount_alone_decides
    if outcome == "success" or is_alone or decision.decided_by.startswith("amount:"):
        return alipay.approve(uow, order, decided_by=f"amount:{payment.amount}" if is_alone else "page")
    return alipay.decline(uow, order, "cancelled")


def qr_image(call: Call, runtime: Runtime) -> Reply:
    """GET /emulator/{kind}/{key}/image.png"""
    _, _, payment = _find(runtime, call)
    headers = {"cache-control": "public, max-age=3600"}
    return Reply(200, qr.png(scan_url(payment)), headers, content_type="image/png")
