"""Payment Page: the steps before Pay, the QR code, the result. Nothing exists until the customer presses Pay.

The server keeps nothing between the steps: every form sends the merchant's parameters again. Source: docs/providers/ecommpay.md,
sources 3.9 and 8.
"""

from __future__ import annotations

import json

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import Page as PageView
from simulator.kernel.refusals import Forbidden
from simulator.providers.ecommpay import auth, flow, signing
from simulator.providers.ecommpay.invitation import emulator_path, scan_url
from simulator.providers.ecommpay.model import METHOD, Payment, Request, Sale, find_payment, new_request_id
from simulator.providers.ecommpay.pages.notes import note_before_pay, note_on
from simulator.providers.ecommpay.pages.parameters import CALLBACK_ADDRESSES
from simulator.providers.ecommpay.pages.returns import (
    address_after,
    early_way_of_page,
    exit_of_page,
    page_address,
    result_of,
    way_back,
)
from simulator.providers.ecommpay.pages.views import (
    UNDECIDED,
    Ending,
    ending_of,
    facts,
    hosted_view,
    page_view,
    show,
    show_result,
)
from simulator.providers.ecommpay.pages.visit import Visit
from simulator.providers.ecommpay.states import AWAITING
from simulator.providers.ecommpay.wire import answers
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

TITLES = {
    "method": "ecp_title_method",
    "instructions": "ecp_title_instructions",
    "clarification": "ecp_title_clarification",
}
EXPIRED = Ending("expired", "ecp_expired_title", "ecp_expired_text")


def open_page(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /payment. Only a POST with `_step=pay` registers a payment; everything else just shows.

    A payment that exists already is shown as it is: nothing is created and nothing is sent.
    Inferred: ecommpay.page-again, ecommpay.page-refusals.
    """
    visit = Visit(call, uow, call.parsed["parameters"])
    payment = find_payment(uow, visit.project_id, visit.payment_id)
    is_over = visit.best_before is not None and visit.best_before <= uow.now
    if call.method == "POST" and visit.step in ("continue", "pay"):
        if payment is not None or is_over:
            return pages.see_other(visit.url())
        return _pay(visit) if visit.step == "pay" else pages.see_other(visit.url(_step="instructions"))
    if payment is not None:
        return _existing(visit, payment)
    if is_over:
        return _end(visit, EXPIRED, decided_by="timer")
    if visit.step == "rejected" and (problems := visit.problems):
        return _end(visit, Ending("declined", "ecp_rejected_title", "ecp_rejected_text", problems[0]["message"]))
    if visit.step == "clarification" and (asked := visit.asked):
        return _form(visit, "clarification", asked)
    is_forced = visit.parameters.get("force_payment_method") == METHOD
    is_first = visit.parameters.get("default_payment_method") == METHOD and visit.step != "method"
    is_chosen = visit.step == "instructions" or is_forced or is_first
    return _form(visit, "instructions" if is_chosen else "method")


# Pay -----------------------------------------------------------------------------------------------------------


def _pay(visit: Visit) -> Reply:
    """The Pay button: from now on the payment exists, or the request that was not accepted."""
    if not pages.is_own_origin(visit.call):
        raise Forbidden("the form came from another site", visit.uow.workspace.id)
    customer = visit.customer
    if any(not customer.get(name) for name in visit.asked):
        return pages.see_other(visit.url(_step="clarification", **visit.typed))
    request_id = new_request_id(visit.uow)
    problems = visit.problems
    if problems:
        flow.reject(visit.uow, _rejected(visit, request_id, problems))
        return pages.see_other(visit.url(_step="rejected", **visit.typed))
    payment = flow.register(visit.uow, _purchase(visit, request_id, customer))
    return pages.see_other(_where(flow.proceed(visit.uow, payment)))


def _rejected(visit: Visit, request_id: str, problems: list[dict[str, object]]) -> Request:
    return Request(
        id=request_id,
        state="accepted",
        created_at=visit.uow.now,
        updated_at=visit.uow.now,
        project_id=visit.project_id,
        payment_id=visit.payment_id,
        amount=visit.money.value,
        currency=visit.money.currency,
        description=visit.description,
        customer_id=visit.parameters["customer_id"],
        errors=tuple(problems),
        callback_url=visit.parameters.get("merchant_callback_url") or None,
        callback_from_network=_named_from_network(visit),
    )


def _purchase(visit: Visit, request_id: str, customer: dict[str, str]) -> flow.Purchase:
    return flow.Purchase(
        request_id=request_id,
        project_id=visit.project_id,
        payment_id=visit.payment_id,
        amount=visit.money.value,
        currency=visit.money.currency,
        description=visit.description,
        customer=customer,
        origin=visit.call.base_url,
        callback_url=visit.parameters.get("merchant_callback_url") or None,
        success_callback_url=visit.parameters.get("merchant_success_callback_url") or None,
        decline_callback_url=visit.parameters.get("merchant_decline_callback_url") or None,
        callback_from_network=_named_from_network(visit),
        page=visit.call.parsed["signed"],
    )


def _named_from_network(visit: Visit) -> bool:
    """Whoever opens the page names them, for its address is all that we know of the merchant."""
    named = [visit.parameters.get(name) or None for name in CALLBACK_ADDRESSES]
    return visit.uow.may_go_to("merchant_callback_url", *named, call=visit.call)


def _where(payment: Payment) -> str:
    """Where the customer goes on: to the page with the QR code, or to the emulator."""
    return page_address(payment) if payment.state == "awaiting customer action" else emulator_path(payment, "aps")


# Showing -------------------------------------------------------------------------------------------------------


def _view(visit: Visit, title: str, path: str, payment: str = "") -> PageView:
    uow, wanted = visit.uow, visit.parameters.get("language_code")
    return page_view(visit.call, uow.runtime, title, wanted, uow.workspace, path, payment)


def _form(visit: Visit, step: str, asked: list[str] | None = None) -> Reply:
    """The steps before Pay: `method`, `instructions`, `clarification`."""
    parameters = visit.parameters
    wanted = parameters.get("language_code")
    more = {} if step == "method" else {"_step": step, **visit.typed}
    page = _view(visit, TITLES[step], visit.url(**more))
    hidden = {name.strip() for name in parameters.get("hide", "").split(",")}
    reference = Texts(page.lang)("ecp_payment" if step == "method" else "ecp_payment_alipay", id=visit.payment_id)
    state = {"method": "opened", "instructions": "method chosen"}.get(step, step)
    return show(
        visit.call,
        "payment",
        page,
        hosted=hosted_view(visit.uow, visit.money, reference, state, visit.best_before),
        step=step,
        testid=f"ecp-{step}",
        parameters=parameters,
        description=visit.description,
        offers_alipay=METHOD not in hidden,
        asked=asked or [],
        typed=visit.customer,
        note=note_before_pay(visit),
        asked_for=wanted if wanted and page.lang == wanted[:2].lower() else None,
        back=way_back(parameters, "merchant", "return"),
        back_to_methods=visit.url(_step="method") if parameters.get("force_payment_method") != METHOD else None,
        framed=visit.framed,
    )


def _existing(visit: Visit, payment: Payment) -> Reply:
    if payment.state == "awaiting customer action" and payment.page is not None:
        return _qr_page(visit, payment)
    if payment.state in AWAITING:
        return pages.see_other(_where(payment))
    return _end_of_payment(visit, payment)


def _qr_page(visit: Visit, payment: Payment) -> Reply:
    """The QR code and the time that is left. The page reloads itself and so notices the end."""
    order = visit.uow.get(Order, payment.order_code or "")
    page = _view(visit, "ecp_title_qr", visit.url(), payment.id)
    reference = Texts(page.lang)("ecp_payment_alipay", id=payment.payment_id)
    path = emulator_path(payment, "qr")
    return show(
        visit.call,
        "qr",
        page,
        hosted=hosted_view(visit.uow, payment.money, reference, payment.state, payment.expires_at),
        scan_url=scan_url(payment),
        phone_url=path,
        image_url=f"{path}/image.png",
        unreachable=wallet_pages.is_only_here(payment.origin),
        note=note_on(visit.uow, payment, order, "code"),
        back=early_way_of_page(visit.parameters),
    )


def _end_of_payment(visit: Visit, payment: Payment) -> Reply:
    """The result page of a payment. If it was made here and is decided, the library in the merchant's page is told."""
    uow, ending = visit.uow, ending_of(payment)
    order = uow.find(Order, payment.order_code or "")
    decided_by = order.decided_by if order is not None else None
    if payment.page is None or ending is UNDECIDED:
        return _end(visit, ending, payment, decided_by)
    result = result_of(payment)
    told = {
        "event": "onPaymentSuccess" if result == "success" else "onPaymentFail",
        "data": _result_object(uow, payment),
        "redirect": way_back(visit.parameters, "redirect", result),
    }
    return _end(visit, ending, payment, decided_by, **told)


def _end(
    visit: Visit, ending: Ending, payment: Payment | None = None, decided_by: str | None = None, **told: object
) -> Reply:
    """The result page, also of what never became a payment. `told` is for the library: event, data, redirect."""
    more = {"_step": visit.step, **visit.typed} if ending.problem else {}
    page = _view(visit, ending.title, visit.url(**more), payment.id if payment else "")
    texts = Texts(page.lang)
    if payment is not None:
        money, state, result = payment.money, payment.state, result_of(payment)
    else:
        money, state, result = visit.money, "expired" if ending is EXPIRED else "error", "fail"
    return show_result(
        visit.call,
        visit.uow.runtime,
        page,
        ending,
        exit_of_page(visit.parameters, result, may_redirect=bool(told)),
        decided_by,
        hosted=hosted_view(visit.uow, money, texts("ecp_payment", id=visit.payment_id), state),
        facts=facts(visit.uow, texts, visit.payment_id, visit.parameters.get("payment_description"), payment),
        already=False,
        is_done=False,
        **({"event": "", "data": "", "redirect": None} | told),
    )


def _result_object(uow: UnitOfWork, payment: Payment) -> str:
    """The JSON that the library's event carries, signed in `general`."""
    told = answers.result_object(payment, uow.get(Sale, payment.sale_id), address_after(payment))
    told["general"]["signature"] = signing.sign(auth.secret_of(uow.workspace), told)
    return json.dumps(told, ensure_ascii=False)
