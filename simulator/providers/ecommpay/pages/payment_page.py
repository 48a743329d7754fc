"""Payment Page. Nothing exists until the customer presses Pay.

The steps keep nothing on the server; every form carries the merchant's parameters on. Source: reference/ecommpay.md, sections
3.9 and 8.
"""

from __future__ import annotations

import json
from typing import Any

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import Outcome
from simulator.kernel.refusals import Forbidden
from simulator.providers.ecommpay import auth, flow, signing, wire
from simulator.providers.ecommpay.model import METHOD, Payment, Request, Sale, find_payment, new_request_id
from simulator.providers.ecommpay.pages.notes import amount_decides_alone, note_for
from simulator.providers.ecommpay.pages.returns import (
    after_payment,
    automatic_way,
    missing_field,
    own_page,
    result_kind,
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
from simulator.providers.ecommpay.pages.visit import (
    Visit,
    asked_of,
    best_before_of,
    customer_of,
    is_amount_alone,
    problems_of,
)
from simulator.providers.ecommpay.states import AWAITING
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

TITLES = {
    "method": "ecp_title_method",
    "instructions": "ecp_title_instructions",
    "clarification": "ecp_title_clarification",
}


def open_page(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /payment. Only a POST with `_step=pay` registers a payment; everything else just shows.

    A payment that exists already is shown as it is: nothing is created and nothing is sent (inferred).
    """
    visit = Visit(call, uow, call.scratch["parameters"])
    payment = find_payment(uow, call.credential["project_id"], visit.parameters["payment_id"])
    best_before = best_before_of(visit)
    is_over = best_before is not None and best_before <= uow.now
    if call.method == "POST" and visit.step in ("continue", "pay"):
        if payment is not None or is_over:
            return pages.see_other(visit.url())
        return _pay(visit) if visit.step == "pay" else pages.see_other(visit.url(_step="instructions"))
    if payment is not None:
        return _existing(visit, payment)
    if is_over:
        return _end(visit, "expired", "ecp_expired_title", "ecp_expired_text")
    if visit.step == "rejected" and (problems := problems_of(visit)):
        return _end(visit, "declined", "ecp_rejected_title", "ecp_rejected_text", problem=problems[0]["message"])
    if visit.step == "clarification" and (asked := asked_of(visit)):
        return _form(visit, "clarification", asked)
    is_forced = visit.parameters.get("force_payment_method") == METHOD
    is_first = visit.parameters.get("default_payment_method") == METHOD and visit.step != "method"
    is_chosen = visit.step == "instructions" or is_forced or is_first
    return _form(visit, "instructions" if is_chosen else "method")


def _pay(visit: Visit) -> Reply:
    """The Pay button: from now on the payment exists."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    if not pages.is_own_origin(call):
        raise Forbidden("the form came from another site", uow.workspace.id)
    customer, money = customer_of(visit), visit.money
    if any(not customer.get(name) for name in asked_of(visit)):
        return pages.see_other(visit.url(_step="clarification", **visit.typed))
    project_id, request_id = call.credential["project_id"], new_request_id(uow)
    problems = problems_of(visit)
    if problems:
        flow.reject(
            uow,
            Request(
                id=request_id,
                state="accepted",
                created_at=uow.now,
                updated_at=uow.now,
                project_id=project_id,
                payment_id=parameters["payment_id"],
                amount=money.value,
                currency=money.currency,
                description=parameters.get("payment_description", ""),
                customer_id=parameters["customer_id"],
                errors=tuple(problems),
                callback_url=parameters.get("merchant_callback_url") or None,
            ),
        )
        return pages.see_other(visit.url(_step="rejected", **visit.typed))
    payment = flow.register(
        uow,
        flow.Purchase(
            request_id=request_id,
            project_id=project_id,
            payment_id=parameters["payment_id"],
            amount=money.value,
            currency=money.currency,
            description=parameters.get("payment_description", ""),
            customer=customer,
            origin=call.base_url,
            return_url={},
            callback_url=parameters.get("merchant_callback_url") or None,
            success_callback_url=parameters.get("merchant_success_callback_url") or None,
            decline_callback_url=parameters.get("merchant_decline_callback_url") or None,
            page=call.scratch["signed"],
        ),
    )
    payment = flow.proceed(uow, payment)
    return pages.see_other(_where(payment))


def _where(payment: Payment) -> str:
    """Where a payment that waits for the customer goes on: the emulator, or the page with the QR code."""
    if payment.state == "awaiting customer action":
        return own_page(payment)
    return f"/emulator/aps/{payment.order_code}"


def _existing(visit: Visit, payment: Payment) -> Reply:
    if payment.state == "awaiting customer action" and payment.page is not None:
        return _qr_page(visit, payment)
    if payment.state in AWAITING:
        return pages.see_other(_where(payment))
    outcome, title, text = outcome_of(payment)
    return _end(visit, outcome, title, text, payment=payment)


def _form(visit: Visit, step: str, asked: list[str] | None = None) -> Reply:
    """The steps before Pay: `method`, `instructions`, `clarification`."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    wanted = parameters.get("language_code")
    more = {} if step == "method" else {"_step": step, **visit.typed}
    page = buyer_view(call, uow.runtime, TITLES[step], wanted, uow.workspace, visit.url(**more))
    texts = Texts(page.lang)
    hidden = {name.strip() for name in parameters.get("hide", "").split(",")}
    reference = texts("ecp_payment" if step == "method" else "ecp_payment_alipay", id=parameters["payment_id"])
    state = {"method": "opened", "instructions": "method chosen"}.get(step, step)
    return show(
        call,
        "payment",
        page,
        hosted=hosted_view(uow, visit.money, reference, state, best_before_of(visit)),
        step=step,
        testid=f"ecp-{step}",
        parameters=parameters,
        description=parameters.get("payment_description", ""),
        offers_alipay=METHOD not in hidden,
        asked=asked or [],
        typed=customer_of(visit),
        note=note_for(uow, None, visit.money, parameters["payment_id"], "form", is_amount_alone(visit)),
        asked_for=wanted if wanted and page.lang == wanted[:2].lower() else None,
        back=way_back(parameters, "merchant", "return"),
        back_to_methods=visit.url(_step="method") if parameters.get("force_payment_method") != METHOD else None,
        framed=visit.framed,
    )


def _end(
    visit: Visit, outcome: Outcome, title: str, text: str, *, payment: Payment | None = None, problem: str = ""
) -> Reply:
    """The result page, also of what never became a payment."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    wanted, id_ = parameters.get("language_code"), payment.id if payment else ""
    more = {"_step": visit.step, **visit.typed} if problem else {}
    page = buyer_view(call, uow.runtime, title, wanted, uow.workspace, visit.url(**more), id_)
    texts = Texts(page.lang)
    page = titled(page, texts(title))
    automatic = None
    state = payment.state if payment is not None else "expired" if outcome == "expired" else "error"
    kind = result_kind(payment) if payment is not None else "fail"
    event, data, redirect = "", "", None
    decided_by, money = "timer" if outcome == "expired" else None, visit.money
    facts = facts_of(texts, parameters["payment_id"], parameters.get("payment_description"), payment, uow)
    if payment is not None:
        money = payment.money
        order = uow.find(Order, payment.order_code or "")
        decided_by = order.decided_by if order is not None else None
        if payment.page is not None and outcome != "expired":
            sale = uow.get(Sale, payment.sale_id)
            event = "onPaymentSuccess" if kind == "success" else "onPaymentFail"
            data = json.dumps(_result_object(uow, payment, sale), ensure_ascii=False)
            redirect, automatic = way_back(parameters, "redirect", kind), automatic_way(parameters, kind)
    back = automatic or way_out(parameters, kind)
    return show(
        call,
        "result",
        page,
        hosted=hosted_view(uow, money, texts("ecp_payment", id=parameters["payment_id"]), state),
        result=result_view(
            call, uow.runtime, outcome, texts(title), texts(text, problem=problem), decided_by, automatic
        ),
        facts=facts,
        back=back,
        field=missing_field(parameters, kind),
        already=False,
        is_done=False,
        redirect=redirect,
        event=event,
        data=data,
    )


def _result_object(uow: UnitOfWork, payment: Payment, sale: Sale) -> dict[str, Any]:
    told = wire.result_object(payment, sale, after_payment(payment))
    told["general"]["signature"] = signing.sign(auth.secret_of(uow.workspace), told)
    return told


def _qr_page(visit: Visit, payment: Payment) -> Reply:
    """The QR variant: the picture and the time that is left. It looks again by itself."""
    call, uow = visit.call, visit.uow
    page = buyer_view(
        call, uow.runtime, "ecp_title_qr", visit.parameters.get("language_code"), uow.workspace, visit.url(), payment.id
    )
    reference = Texts(page.lang)("ecp_payment_alipay", id=payment.payment_id)
    url = f"/emulator/qr/{payment.order_code}"
    return show(
        call,
        "qr",
        page,
        hosted=hosted_view(uow, payment.money, reference, payment.state, payment.expires_at),
        scan_url=f"{payment.origin}{url}",
        phone_url=url,
        image_url=f"{url}/image.png",
        unreachable=wallet_pages.is_only_here(payment.origin),
        note=note_for(
            uow,
            uow.get(Order, payment.order_code or ""),
            payment.money,
            payment.payment_id,
            "code",
            amount_decides_alone(payment),
        ),
        back=way_back(visit.parameters, "redirect", "return") or way_back(visit.parameters, "merchant", "return"),
    )
