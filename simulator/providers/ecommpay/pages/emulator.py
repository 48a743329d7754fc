"""The Alipay emulator behind `redirect_data.url` and the QR code. Only a POST changes anything."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.refusals import NotFound
from simulator.providers.ecommpay.model import Payment
from simulator.providers.ecommpay.pages.notes import amount_decides_alone, note_for
from simulator.providers.ecommpay.pages.returns import (
    automatic_way,
    gate_return,
    is_framed,
    missing_field,
    own_page,
    result_kind,
    return_to,
    safe_way,
    way_back,
    way_out,
)
from simulator.providers.ecommpay.pages.views import (
    buyer_view,
    facts_of,
    hosted_view,
    outcome_of,
    result_view,
    show,
    titled,
)
from simulator.wallet import alipay, buyers, qr
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

PURPOSE = "ecommpay"

LAST_NAMES = ("Zhou", "Lin", "Gao", "Shen", "Tang", "Xu", "He", "Luo")


def _find(runtime: Runtime, call: Call) -> tuple[Workspace, Order, Payment]:
    """The key in the address is the wallet order's code. Raises `NotFound`."""
    key, kind = call.path["key"], call.path["kind"]
    found = runtime.locate(Order, key)
    if found is None or kind not in ("aps", "qr"):
        raise NotFound("payment", key)
    workspace, order = found
    assert isinstance(order, Order)
    if order.payee_provider != Payment.PROVIDER:
        raise NotFound("payment", key)
    return workspace, order, runtime.open(workspace).get(Payment, order.payee_id)


def show_emulator(call: Call, runtime: Runtime) -> Reply:
    """GET changes nothing, whatever the state. In a frame the end is shown by Payment Page, which tells the library."""
    workspace, order, payment = _find(runtime, call)
    uow = runtime.open(workspace)
    wanted = payment.page.get("language_code") if payment.page else order.language
    page = replace(
        buyer_view(call, runtime, "ecp_title_emulator", wanted, workspace, _own_path(call), payment.id),
        token=pages.token(runtime, PURPOSE, order.id),
        mobile=call.path["kind"] == "qr" and pages.is_phone(call),
    )
    texts, framed = Texts(page.lang), is_framed(payment.page or {})
    if order.is_final and framed and call.path["kind"] == "aps":
        return Reply(302, "", {"location": own_page(payment), "cache-control": "no-store"})
    if order.is_final:
        outcome, title, text = outcome_of(payment)
        is_phone, kind = call.path["kind"] == "qr", result_kind(payment)
        if payment.page is not None:
            automatic, back = automatic_way(payment.page, kind), way_out(payment.page, kind)
            field = missing_field(payment.page, kind)
        else:
            automatic = back = safe_way(gate_return(payment))
            field = None if payment.return_url else f"return_url.{'success' if kind == 'success' else 'decline'}"
        automatic = None if is_phone else automatic
        return show(
            call,
            "result",
            titled(page, texts(title)),
            hosted=hosted_view(uow, payment.money, texts("ecp_payment_alipay", id=payment.payment_id), payment.state),
            result=result_view(
                call, runtime, outcome, texts(title), texts(text, problem=""), order.decided_by, automatic
            ),
            facts=facts_of(texts, payment.payment_id, payment.description, payment, uow),
            back=automatic or back,
            field=None if is_phone else field,
            already=call.query.get("already") == "1",
            is_done=is_phone,
            redirect=None,
            event="",
            data="",
        )
    if payment.page is not None:
        back = way_back(payment.page, "redirect", "return") or way_back(payment.page, "merchant", "return")
    else:
        back = safe_way(payment.return_url.get("return"))
    is_paying = order.state == "paying"
    due = order.answer_at if is_paying else None
    return show(
        call,
        "emulator",
        page,
        hosted=hosted_view(
            uow, payment.money, texts("ecp_payment_emulator", id=payment.payment_id), payment.state, payment.expires_at
        ),
        action=_own_path(call),
        is_paying=is_paying,
        answer_at=iso_millis(due) if due else None,
        answer_left_s=pages.seconds_left(due, uow.now) or 0,
        asks_name=payment.page is not None and call.path["kind"] == "aps",
        last_name=call.query.get("last_name", "")[:255],
        note=note_for(uow, order, payment.money, payment.payment_id, "emulator", amount_decides_alone(payment)),
        wallet_url=f"/w/{order.id}?here=1",
        framed=framed,
        walked_away=wallet_pages.buyer_name(uow, order.walked_away, page.voice or page.lang),
        back=back,
    )


def _own_path(call: Call) -> str:
    return f"/emulator/{call.path['kind']}/{call.path['key']}"


def act_on_emulator(call: Call, runtime: Runtime) -> Reply:
    """POST `outcome` = success or decline, `answer` while the wallet takes its time, or `fill`. The first act wins. Without
    any of them it leads to the page, which is reached so by the form of `redirect_data` that a merchant's page posts."""
    workspace, order, payment = _find(runtime, call)
    outcome = call.form.get("outcome", "")
    if call.form.get("fill"):
        name = LAST_NAMES[sum(order.id.encode()) % len(LAST_NAMES)]
        return pages.see_other(f"{_own_path(call)}?{urlencode({'last_name': name})}")
    if outcome not in ("success", "decline", "answer"):
        return pages.see_other(_own_path(call))
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not pages.token_holds(runtime, PURPOSE, order.id, given):
        return pages.error_page(call, 403, "error_title", "stale_form", link_url=_own_path(call))
    if order.is_final:
        return pages.see_other(f"{_own_path(call)}?already=1")
    if (order.state == "paying") != (outcome == "answer"):
        return pages.see_other(_own_path(call))
    with runtime.unit(workspace, provider="ecommpay", kind="page") as uow:
        uow.base_url = call.base_url
        order = alipay.order_of(uow, order.id)
        decision = alipay.predict(uow, order, buyers.get(uow, buyers.DEFAULT), "balance")
        amount_decides = decision.decided_by.startswith("amount:") or amount_decides_alone(payment)
        if outcome == "answer":
            order = alipay.answer(uow, order)
        elif outcome == "success" or amount_decides:
            decided_by = f"amount:{payment.amount}" if amount_decides_alone(payment) else "page"
            order = alipay.approve(uow, order, decided_by=decided_by)
        else:
            order = alipay.decline(uow, order, "cancelled")
        target = return_to(uow, uow.get(Payment, payment.id), order) if order.is_final else None
        if target is None or not pages.is_safe_return(target) or call.path["kind"] == "qr":
            return pages.see_other(_own_path(call))
        if target != f"{payment.origin}{own_page(payment)}":
            alipay.note_return(uow, order, target)
    return pages.see_other(target)


def qr_image(call: Call, runtime: Runtime) -> Reply:
    _, order, payment = _find(runtime, call)
    image = qr.png(f"{payment.origin}/emulator/qr/{order.id}")
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")
