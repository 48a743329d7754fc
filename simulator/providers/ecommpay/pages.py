"""Payment Page, the Alipay emulator behind `redirect_data.url` and the QR code, and the files of the JavaScript library.

Payment Page is an endpoint: its parameters carry a signature. Nothing exists until the customer presses Pay. The steps keep
nothing on the server; every form carries the merchant's parameters on. Source: reference/ecommpay.md, sections 3.9 and 8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.gateway import validate
from simulator.engine.provider import Call, Directory, Endpoint, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import HostedResult, HostedView, MoneyView, Outcome
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import Forbidden, Invalid, NotFound, Refusal, Refused, Unauthenticated
from simulator.providers.ecommpay import auth, errors, handlers, signing, wire
from simulator.providers.ecommpay.model import (
    METHOD,
    Payment,
    Request,
    Sale,
    find_payment,
    new_request_id,
)
from simulator.providers.ecommpay.states import AWAITING
from simulator.wallet import alipay, buyers, qr
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

PATH = "/payment"
PURPOSE = "ecommpay"
CSP = pages.CSP.replace("frame-ancestors 'self'", "frame-ancestors *")
"""The merchant may show Payment Page in a frame of his own site, and what it leads to."""

REQUIRED = ("project_id", "payment_id", "payment_amount", "payment_currency", "customer_id", "signature")
RETURN_ADDRESSES = (
    "merchant_success_url", "merchant_fail_url", "merchant_return_url", "redirect_success_url", "redirect_fail_url",
    "redirect_return_url",
)  # fmt: skip
CALLBACK_ADDRESSES = ("merchant_callback_url", "merchant_success_callback_url", "merchant_decline_callback_url")
BEST_BEFORE_LIMIT = timedelta(days=30)
TITLES = {
    "method": "ecp_title_method",
    "instructions": "ecp_title_instructions",
    "clarification": "ecp_title_clarification",
}
LAST_NAMES = ("Zhou", "Lin", "Gao", "Shen", "Tang", "Xu", "He", "Luo")


# Opening -------------------------------------------------------------------------------------------------------


def authenticate(call: Call, directory: Directory) -> None:
    """Required parameters, then the project, then the signature. Source: reference/ecommpay.md, sections 3.9.2 and 2.4."""
    given = _given(call)
    mode = given.get("mode", "purchase")
    for name in REQUIRED:
        if name not in given:
            raise Refused("page", {"status": 400, "text": "ecp_missing", "name": name})
    workspace, project = _workspace(directory, given["project_id"])
    parameters = signing.page_parameters(given)
    secret, signature = auth.secret_of(workspace), given["signature"]
    if not signing.verify_page(secret, parameters, signature):
        arrived = ";".join(f"{name}:{value}" for name, value in parameters.items() if name not in signing.UNSIGNED)
        help_ = {**signing.explain(secret, parameters, signature), "arrived": arrived}
        raise Unauthenticated("the signature is wrong", help_, workspace.id)
    call.workspace, call.credential = workspace, {"project_id": project}
    amount = parameters["payment_amount"]
    is_amount = amount.isascii() and amount.isdigit() and len(amount) <= 14 and 1 <= int(amount) <= wire.MAX_AMOUNT
    currency = parameters["payment_currency"]
    wrong = {
        "mode": mode != "purchase",
        "payment_id": not 1 <= len(parameters["payment_id"]) <= 255
        or handlers.is_malformed_id(parameters["payment_id"]),
        "payment_amount": not is_amount,
        "payment_currency": not (
            len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()
        ),
        "customer_id": not 1 <= len(parameters["customer_id"]) <= 255,
        "payment_description": len(parameters.get("payment_description", "")) > 255,
        **{name: not pages.is_safe_return(parameters[name]) for name in RETURN_ADDRESSES if parameters.get(name)},
        **{name: not _is_web(parameters[name]) for name in CALLBACK_ADDRESSES if parameters.get(name)},
    }
    for name, is_wrong in wrong.items():
        if is_wrong:
            raise Refused("page", {"status": 400, "text": "ecp_wrong", "name": name})
    call.scratch["parameters"] = parameters
    call.scratch["signed"] = signing.without_our_own(secret, parameters, signature)
    call.facts.update(amount=int(amount), currency=currency, reference=parameters["payment_id"])


def _given(call: Call) -> dict[str, str]:
    return call.form if call.method == "POST" else call.query


def _workspace(directory: Directory, project_id: str) -> tuple[Workspace, int]:
    try:
        return auth.find_workspace(directory, project_id)
    except Refused as refused:
        raise Refused("page", {"status": 404, "text": "ecp_no_project", "name": project_id[:20]}) from refused


def _is_web(url: str) -> bool:
    return len(url) <= 255 and url.lower().startswith(("http://", "https://"))


def refuse(refusal: Refusal, call: Call) -> Reply:
    """A plain page for everything that Payment Page refuses; the library's frame may show it."""
    reply = _refusal(refusal, call)
    reply.headers["content-security-policy"] = CSP
    return reply


def _refusal(refusal: Refusal, call: Call) -> Reply:
    match refusal:
        case Refused(code="page", detail=detail):
            return pages.error_page(call, detail["status"], "error_title", detail["text"], name=detail["name"])
        case Unauthenticated(help=help_):
            expected = f"{help_['signed']}\n\nsignature: {help_['expected']}"
            received = f"{help_['arrived']}\n\nsignature: {help_['received']}"
            return pages.error_page(call, 400, "error_title", "ecp_bad_signature", expected=expected, received=received)
        case Forbidden():
            return pages.error_page(call, 403, "error_title", "foreign_origin")
        case _:
            reply = pages.refused(call, refusal)
            faulted = getattr(refusal, "status", None)
            if faulted is not None:
                reply.status = faulted
            return reply


@dataclass(frozen=True)
class Visit:
    """One look at Payment Page: the merchant's parameters and what they mean."""

    call: Call
    uow: UnitOfWork
    parameters: dict[str, str]

    @property
    def money(self) -> Money:
        return Money(int(self.parameters["payment_amount"]), self.parameters["payment_currency"])

    @property
    def step(self) -> str:
        return _given(self.call).get("_step", "")

    @property
    def framed(self) -> bool:
        return is_framed(self.parameters)

    @property
    def typed(self) -> dict[str, str]:
        """What the customer has typed into the form of clarification: nobody signs it."""
        return {name: value for name, value in _given(self.call).items() if name.startswith("_customer_")}

    def url(self, **more: str) -> str:
        return f"{PATH}?{urlencode({**self.parameters, **more})}"


def open_page(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /payment. Only a POST with `_step=pay` registers a payment; everything else just shows.

    A payment that exists already is shown as it is: nothing is created and nothing is sent (inferred).
    """
    visit = Visit(call, uow, call.scratch["parameters"])
    payment = find_payment(uow, call.credential["project_id"], visit.parameters["payment_id"])
    best_before = _best_before(visit)
    is_over = best_before is not None and best_before <= uow.now
    if call.method == "POST" and visit.step in ("continue", "pay"):
        if payment is not None or is_over:
            return pages.see_other(visit.url())
        return _pay(visit) if visit.step == "pay" else pages.see_other(visit.url(_step="instructions"))
    if payment is not None:
        return _existing(visit, payment)
    if is_over:
        return _end(visit, "expired", "ecp_expired_title", "ecp_expired_text")
    if visit.step == "rejected" and (problems := _problems(visit)):
        return _end(visit, "declined", "ecp_rejected_title", "ecp_rejected_text", problem=problems[0]["message"])
    if visit.step == "clarification" and (asked := _asked(visit)):
        return _form(visit, "clarification", asked)
    is_forced = visit.parameters.get("force_payment_method") == METHOD
    is_first = visit.parameters.get("default_payment_method") == METHOD and visit.step != "method"
    is_chosen = visit.step == "instructions" or is_forced or is_first
    return _form(visit, "instructions" if is_chosen else "method")


def _best_before(visit: Visit) -> datetime | None:
    """Ignored when it is no instant or more than 30 days ahead. Source: reference/ecommpay.md, section 3.9.1."""
    at = wire.best_before(visit.parameters.get("best_before", ""))
    return None if at is None or at > visit.uow.now + BEST_BEFORE_LIMIT else at


def _pay(visit: Visit) -> Reply:
    """The Pay button: from now on the payment exists."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    if not pages.is_own_origin(call):
        raise Forbidden("the form came from another site", uow.workspace.id)
    customer, money = _customer(visit), visit.money
    if any(not customer.get(name) for name in _asked(visit)):
        return pages.see_other(visit.url(_step="clarification", **visit.typed))
    project_id, request_id = call.credential["project_id"], new_request_id(uow)
    problems = _problems(visit)
    if problems:
        handlers.reject(
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
    payment = handlers.register(
        uow,
        handlers.Purchase(
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
    payment = handlers.proceed(uow, payment)
    return pages.see_other(_where(payment))


def _asked(visit: Visit) -> list[str]:
    """The customer's data that the project requires and the merchant has not sent."""
    money, parameters = visit.money, visit.parameters
    chosen = handlers.options(visit.uow, money.value, money.currency, parameters["payment_id"])
    return [name for name in chosen["required_customer_fields"] if not parameters.get(f"customer_{name}")]


def _problems(visit: Visit) -> list[dict[str, Any]]:
    """Why the platform would not accept the purchase."""
    project_id, money = visit.call.credential["project_id"], visit.money
    found = handlers.purchase_problems(
        visit.uow, project_id, visit.parameters["payment_id"], money.value, money.currency, prefix="_"
    )
    return found + _malformed(_customer(visit))


def _customer(visit: Visit) -> dict[str, str]:
    """`customer_*` of the merchant, completed by what the customer typed (`_customer_*`, which nobody signs)."""
    given = _given(visit.call)
    found = {}
    for name in wire.CUSTOMER_FIELDS:
        value = visit.parameters.get(f"customer_{name}") or given.get(f"_customer_{name}", "").strip()
        if value:
            found[name] = value
    return found


def _malformed(customer: Mapping[str, str]) -> list[dict[str, Any]]:
    try:
        validate(wire.Customer, customer)
    except Invalid as invalid:
        return [errors.of_violation(replace(v, path=f"customer.{v.path}")) for v in invalid.violations]
    return []


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
    outcome, title, text = _outcome(payment)
    return _end(visit, outcome, title, text, payment=payment)


def _outcome(payment: Payment) -> tuple[Outcome, str, str]:
    if payment.state in ("success", "partially refunded", "refunded"):
        return "paid", "ecp_paid_title", "ecp_paid_text"
    if payment.state == "decline":
        return "declined", "ecp_declined_title", "ecp_declined_text"
    return "expired", "ecp_waiting_title", "ecp_waiting_text"


# Returning -----------------------------------------------------------------------------------------------------

Kind = Literal["success", "fail", "return"]


def is_framed(parameters: Mapping[str, str]) -> bool:
    """Whether the library opened the page in a modal or an iframe."""
    return parameters.get("frame_mode") in ("iframe", "popup")


@dataclass(frozen=True, slots=True)
class Way:
    """Back to the merchant. `target` is the browsing context; `act` is what the library does instead of a navigation."""

    url: str
    target: Literal["_self", "_top", "_blank"] = "_self"
    act: Literal["", "close", "event"] = ""


def way_back(parameters: Mapping[str, str], prefix: Literal["merchant", "redirect"], kind: Kind) -> Way | None:
    """The return matrix. None: no button, no redirect. The URL is used as given.

    Source: reference/ecommpay.md, sections 3.9.1 and 3.9.4. Inferred: a button without a mode opens the whole page.
    """
    url, enabled = parameters.get(f"{prefix}_{kind}_url"), parameters.get(f"{prefix}_{kind}_enabled", "2")
    if not url or enabled == "0":
        return None
    own_mode = "_redirect_mode" if prefix == "merchant" else "_mode"
    mode = parameters.get(f"{prefix}_{kind}{own_mode}") or ("iframe" if prefix == "redirect" else "parent_page")
    if not is_framed(parameters):
        return Way(url, "_blank" if mode == "blank_page" else "_self")
    if enabled == "1":
        return Way(url, act="close" if parameters["frame_mode"] == "popup" else "event")
    return Way(url, {"iframe": "_self", "blank_page": "_blank"}.get(mode, "_top"))  # type: ignore[arg-type]


def own_page(payment: Payment) -> str:
    return f"{PATH}?{urlencode(payment.page or {})}"


def result_kind(payment: Payment) -> Literal["success", "fail"]:
    return "success" if payment.state in ("success", "partially refunded", "refunded") else "fail"


def after_payment(payment: Payment) -> str:
    """`redirect_*_url` where the browser itself can go there, else the result page, which sees to the rest."""
    way = way_back(payment.page or {}, "redirect", result_kind(payment))
    if way is not None and way.target == "_self" and not way.act:
        return way.url
    return f"{payment.origin}{own_page(payment)}"


# Showing -------------------------------------------------------------------------------------------------------


def _view(
    call: Call, runtime: Runtime, title: str, wanted: str | None, workspace: Workspace, path: str, payment: str = ""
) -> PageView:
    """The buyer's texts: what the viewer has chosen here, then `language_code` (English if we do not have it), then the
    browser's language. The simulator speaks the viewer's. Source: reference/ecommpay.md, section 3.9.3.
    """
    asked = ("zh" if wanted[:2].lower() == "zh" else "en") if wanted else None
    console = f"/console/{workspace.name}/payments" + (f"/{payment}" if payment else "")
    page = pages.view(call, title, runtime=runtime, lang=asked, workspace=workspace, console_url=console)
    return replace(page, path=path, voice=pages.language(call))


def _titled(page: PageView, result: str) -> PageView:
    """With the result in the title of the window."""
    return replace(page, title=Texts(page.lang)("ecp_title_result", result=result))


def _hosted(
    uow: UnitOfWork, money: Money, reference: str, state: str, expires_at: datetime | None = None
) -> HostedView:
    return HostedView(
        merchant=handlers.setting(uow, "merchant_name"),
        amount=MoneyView.of(money),
        provider_title="ecommpay",
        reference=reference,
        state=state,
        now=iso_millis(uow.now),
        expires_at=iso_millis(expires_at) if expires_at else None,
        seconds_left=pages.seconds_left(expires_at, uow.now),
        frozen=uow.workspace.clock.mode == "frozen",
    )


def _answer(call: Call, template: str, page: PageView, status: int = 200, **context: Any) -> Reply:
    reply = pages.answer(call, f"hosted/ecommpay/{template}.html", page, status=status, **context)
    reply.headers["content-security-policy"] = CSP
    return reply


@dataclass(frozen=True, slots=True)
class Note:
    """The simulator's word on what will come of it. `title` and `text` are keys of the catalogue."""

    decides: str
    outcome: Literal["success", "decline", "open"]
    """`open` when nobody will answer."""
    code: str
    title: str
    text: str
    values: dict[str, Any]


Stage = Literal["form", "code", "emulator"]
"""Where the note stands: before Pay, beside the QR code, above the emulator's buttons."""


def _note(uow: UnitOfWork, order: Order | None, money: Money, reference: str, stage: Stage, alone: bool) -> Note:
    """`alone`: the project lets the amount decide, and never the button."""
    decides, outcome, code = _decision(uow, order, money, reference)
    who, _, name = decides.partition(":")
    if who == "page" and alone:
        decides, who = f"amount:{money.value}", "alone"
    title = {"amount": "ecp_amount_title", "alone": "ecp_amount_title", "scenario": "ecp_scenario_title"}
    text = {
        "amount": {"form": "ecp_amount_tests", "code": "ecp_amount_ends", "emulator": "ecp_amount_decides"},
        "alone": dict.fromkeys(("form", "code", "emulator"), "ecp_amount_alone"),
        "scenario": {"form": "ecp_scenario_ends", "code": "ecp_scenario_ends", "emulator": "ecp_scenario_decides"},
        "page": {"form": "ecp_button_waits", "code": "ecp_button_waits", "emulator": "ecp_button_decides"},
    }[who][stage]
    if outcome == "open":
        text = "ecp_scenario_open"
    return Note(
        decides=decides,
        outcome=outcome,
        code=code,
        title="simulator" if stage == "form" else title.get(who, "ecp_button_title"),
        text=text,
        values={"amount": money.value, "outcome": outcome, "code": code, "scenario": name},
    )


def _decision(
    uow: UnitOfWork, order: Order | None, money: Money, reference: str
) -> tuple[str, Literal["success", "decline", "open"], str]:
    """Who decides, how it ends, and the code, if Success is pressed."""
    ended, reason, own_code, decides = "paid", None, None, "page"
    if order is not None:
        decision = alipay.predict(uow, order, buyers.get(uow, order.buyer or buyers.DEFAULT), "balance")
        if not decision.decided_by.startswith("buyer:"):
            ended, reason, own_code, decides = decision.outcome, decision.reason, decision.code, decision.decided_by
    else:
        facts = {"amount": money.value, "currency": money.currency, "reference": reference, "buyer": buyers.DEFAULT}
        for effect in uow.rules("wallet", "ecommpay", operation="sale", **facts):
            params = effect.params
            if params.decline is not None or params.outcome is not None:
                ended, reason = ("declined", params.decline) if params.decline else (params.outcome, params.outcome)
                own_code, decides = params.code, effect.label
                break
    if ended == "open":
        return decides, "open", ""
    if ended == "paid":
        return decides, "success", own_code or "0"
    return decides, "decline", own_code or errors.WALLET_REASONS.get(reason or ended, errors.WALLET_REASONS["declined"])


def _form(visit: Visit, step: str, asked: list[str] | None = None) -> Reply:
    """The steps before Pay: `method`, `instructions`, `clarification`."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    wanted = parameters.get("language_code")
    more = {} if step == "method" else {"_step": step, **visit.typed}
    page = _view(call, uow.runtime, TITLES[step], wanted, uow.workspace, visit.url(**more))
    texts = Texts(page.lang)
    hidden = {name.strip() for name in parameters.get("hide", "").split(",")}
    reference = texts("ecp_payment" if step == "method" else "ecp_payment_alipay", id=parameters["payment_id"])
    state = {"method": "opened", "instructions": "method chosen"}.get(step, step)
    return _answer(
        call,
        "payment",
        page,
        hosted=_hosted(uow, visit.money, reference, state, _best_before(visit)),
        step=step,
        testid=f"ecp-{step}",
        parameters=parameters,
        description=parameters.get("payment_description", ""),
        offers_alipay=METHOD not in hidden,
        asked=asked or [],
        typed=_customer(visit),
        note=_note(uow, None, visit.money, parameters["payment_id"], "form", _is_alone(visit)),
        asked_for=wanted if wanted and page.lang == wanted[:2].lower() else None,
        back=way_back(parameters, "merchant", "return"),
        back_to_methods=visit.url(_step="method") if parameters.get("force_payment_method") != METHOD else None,
        framed=visit.framed,
    )


def _is_alone(visit: Visit) -> bool:
    money = visit.money
    chosen = handlers.options(visit.uow, money.value, money.currency, visit.parameters["payment_id"])
    return bool(chosen["amount_alone_decides"])


def _end(
    visit: Visit, outcome: Outcome, title: str, text: str, *, payment: Payment | None = None, problem: str = ""
) -> Reply:
    """The result page, also of what never became a payment."""
    call, uow, parameters = visit.call, visit.uow, visit.parameters
    wanted, id_ = parameters.get("language_code"), payment.id if payment else ""
    more = {"_step": visit.step, **visit.typed} if problem else {}
    page = _view(call, uow.runtime, title, wanted, uow.workspace, visit.url(**more), id_)
    texts = Texts(page.lang)
    page = _titled(page, texts(title))
    automatic = None
    state = payment.state if payment is not None else "expired" if outcome == "expired" else "error"
    kind = result_kind(payment) if payment is not None else "fail"
    event, data, redirect = "", "", None
    decided_by, money = "timer" if outcome == "expired" else None, visit.money
    facts = _facts(texts, parameters["payment_id"], parameters.get("payment_description"), payment, uow)
    if payment is not None:
        money = payment.money
        order = uow.find(Order, payment.order_code or "")
        decided_by = order.decided_by if order is not None else None
        if payment.page is not None and outcome != "expired":
            sale = uow.get(Sale, payment.sale_id)
            event = "onPaymentSuccess" if kind == "success" else "onPaymentFail"
            data = json.dumps(_result_object(uow, payment, sale), ensure_ascii=False)
            redirect, automatic = way_back(parameters, "redirect", kind), _automatic(parameters, kind)
    back = automatic or _way_out(parameters, kind)
    return _answer(
        call,
        "result",
        page,
        hosted=_hosted(uow, money, texts("ecp_payment", id=parameters["payment_id"]), state),
        result=_result(call, uow.runtime, outcome, texts(title), texts(text, problem=problem), decided_by, automatic),
        facts=facts,
        back=back,
        field=_field(parameters, kind),
        already=False,
        is_done=False,
        redirect=redirect,
        event=event,
        data=data,
    )


def _automatic(parameters: Mapping[str, str], kind: Literal["success", "fail"]) -> Way | None:
    """Where the page goes on by itself: `redirect_*_url`, unless the library or a new tab sees to it."""
    way = way_back(parameters, "redirect", kind)
    return way if way is not None and way.target == "_self" and not way.act and not is_framed(parameters) else None


def _way_out(parameters: Mapping[str, str], kind: Kind) -> Way | None:
    """The button of a result page."""
    return (
        way_back(parameters, "merchant", kind)
        or way_back(parameters, "redirect", kind)
        or way_back(parameters, "merchant", "return")
    )


def _field(parameters: Mapping[str, str], kind: Kind) -> str | None:
    """What the merchant could have sent, where he sent no address at all."""
    return None if any(map(parameters.get, RETURN_ADDRESSES)) else f"merchant_{kind}_url"


def _result(
    call: Call, runtime: Runtime, outcome: Outcome, title: str, text: str, decided_by: str | None, automatic: Way | None
) -> HostedResult:
    goes = automatic is not None and call.query.get("stay") != "1"
    return HostedResult(
        outcome,
        title,
        text,
        decided_by,
        return_url=automatic.url if automatic is not None else None,
        return_is_link=automatic is not None,
        auto_return_s=runtime.auto_return_s if goes else None,
    )


def _facts(
    texts: Texts, id_: str, description: str | None, payment: Payment | None, uow: UnitOfWork
) -> list[tuple[str, str, str]]:
    """What a result page lists. Source: reference/ecommpay.md, section 8.4."""
    facts = [(texts("ecp_payment_id"), id_, "mono")]
    if description:
        facts.append((texts("ecp_description"), description, ""))
    if payment is not None:
        facts.append((texts("ecp_date"), payment.changed_at.strftime("%Y-%m-%d %H:%M:%S UTC"), ""))
        if payment.state == "decline":
            sale = uow.get(Sale, payment.sale_id)
            facts.append((texts("ecp_code"), f"{sale.code} {sale.message}", "mono"))
    return facts


def _result_object(uow: UnitOfWork, payment: Payment, sale: Sale) -> dict[str, Any]:
    told = wire.result_object(payment, sale, after_payment(payment))
    told["general"]["signature"] = signing.sign(auth.secret_of(uow.workspace), told)
    return told


def _qr_page(visit: Visit, payment: Payment) -> Reply:
    """The QR variant: the picture and the time that is left. It looks again by itself."""
    call, uow = visit.call, visit.uow
    page = _view(
        call, uow.runtime, "ecp_title_qr", visit.parameters.get("language_code"), uow.workspace, visit.url(), payment.id
    )
    reference = Texts(page.lang)("ecp_payment_alipay", id=payment.payment_id)
    url = f"/emulator/qr/{payment.order_code}"
    return _answer(
        call,
        "qr",
        page,
        hosted=_hosted(uow, payment.money, reference, payment.state, payment.expires_at),
        scan_url=f"{payment.origin}{url}",
        phone_url=url,
        image_url=f"{url}/image.png",
        unreachable=wallet_pages.is_only_here(payment.origin),
        note=_note(
            uow, uow.get(Order, payment.order_code or ""), payment.money, payment.payment_id, "code", _alone(payment)
        ),
        back=way_back(visit.parameters, "redirect", "return") or way_back(visit.parameters, "merchant", "return"),
    )


# The emulator --------------------------------------------------------------------------------------------------


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
        _view(call, runtime, "ecp_title_emulator", wanted, workspace, _own_path(call), payment.id),
        token=pages.token(runtime, PURPOSE, order.id),
        mobile=call.path["kind"] == "qr" and pages.is_phone(call),
    )
    texts, framed = Texts(page.lang), is_framed(payment.page or {})
    if order.is_final and framed and call.path["kind"] == "aps":
        return Reply(302, "", {"location": own_page(payment), "cache-control": "no-store"})
    if order.is_final:
        outcome, title, text = _outcome(payment)
        is_phone, kind = call.path["kind"] == "qr", result_kind(payment)
        if payment.page is not None:
            automatic, back = _automatic(payment.page, kind), _way_out(payment.page, kind)
            field = _field(payment.page, kind)
        else:
            automatic = back = _safe(handlers.gate_return(payment))
            field = None if payment.return_url else f"return_url.{'success' if kind == 'success' else 'decline'}"
        automatic = None if is_phone else automatic
        return _answer(
            call,
            "result",
            _titled(page, texts(title)),
            hosted=_hosted(uow, payment.money, texts("ecp_payment_alipay", id=payment.payment_id), payment.state),
            result=_result(call, runtime, outcome, texts(title), texts(text, problem=""), order.decided_by, automatic),
            facts=_facts(texts, payment.payment_id, payment.description, payment, uow),
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
        back = _safe(payment.return_url.get("return"))
    is_paying = order.state == "paying"
    due = order.answer_at if is_paying else None
    return _answer(
        call,
        "emulator",
        page,
        hosted=_hosted(
            uow, payment.money, texts("ecp_payment_emulator", id=payment.payment_id), payment.state, payment.expires_at
        ),
        action=_own_path(call),
        is_paying=is_paying,
        answer_at=iso_millis(due) if due else None,
        answer_left_s=pages.seconds_left(due, uow.now) or 0,
        asks_name=payment.page is not None and call.path["kind"] == "aps",
        last_name=call.query.get("last_name", "")[:255],
        note=_note(uow, order, payment.money, payment.payment_id, "emulator", _alone(payment)),
        wallet_url=f"/w/{order.id}?here=1",
        framed=framed,
        walked_away=wallet_pages.buyer_name(uow, order.walked_away, page.voice or page.lang),
        back=back,
    )


def _alone(payment: Payment) -> bool:
    return bool(payment.options["amount_alone_decides"])


def _safe(url: str | None) -> Way | None:
    """A way only where a browser may follow it."""
    return Way(url) if url and pages.is_safe_return(url) else None


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
        amount_decides = decision.decided_by.startswith("amount:") or _alone(payment)
        if outcome == "answer":
            order = alipay.answer(uow, order)
        elif outcome == "success" or amount_decides:
            decided_by = f"amount:{payment.amount}" if _alone(payment) else "page"
            order = alipay.approve(uow, order, decided_by=decided_by)
        else:
            order = alipay.decline(uow, order, "cancelled")
        target = handlers.return_to(uow, uow.get(Payment, payment.id), order) if order.is_final else None
        if target is None or not pages.is_safe_return(target) or call.path["kind"] == "qr":
            return pages.see_other(_own_path(call))
        if target != f"{payment.origin}{own_page(payment)}":
            alipay.note_return(uow, order, target)
    return pages.see_other(target)


def qr_image(call: Call, runtime: Runtime) -> Reply:
    _, order, payment = _find(runtime, call)
    image = qr.png(f"{payment.origin}/emulator/qr/{order.id}")
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")


# The library and the parameter check -----------------------------------------------------------------------------

SHARED = {
    "merchant.js": "text/javascript; charset=utf-8",
    "merchant.css": "text/css; charset=utf-8",
    "frame.js": "text/javascript; charset=utf-8",
}


def shared(call: Call, runtime: Runtime) -> Reply:
    """/shared/merchant.js, /shared/merchant.css, and the script of the pages themselves."""
    name = call.path["name"]
    if name not in SHARED:
        raise NotFound("file", name)
    content = files(__package__).joinpath("shared", name).read_bytes()
    headers = {"cache-control": "public, max-age=300", "access-control-allow-origin": "*"}
    return Reply(200, content, headers, content_type=SHARED[name])


def authenticate_check(call: Call, directory: Directory) -> None:
    """The check serves a developer: it needs a project that exists, and says everything else itself."""
    given = _checked(call)
    workspace, number = auth.find_workspace(directory, given.get("project_id", ""))
    call.workspace, call.credential = workspace, {"project_id": number}
    call.scratch["given"] = given


def _checked(call: Call) -> dict[str, str]:
    """The query (PHP SDK) or a JSON object (.NET SDK)."""
    if call.method == "GET":
        return call.query
    body = call.json
    if not isinstance(body, dict):
        return {}
    return {str(name): _as_sent(value) for name, value in body.items() if not isinstance(value, dict | list)}


def _as_sent(value: Any) -> str:
    return ("1" if value else "0") if isinstance(value, bool) else "" if value is None else str(value)


def check_parameters(call: Call, uow: UnitOfWork) -> Reply:
    """GET and POST /params/check: 200 when Payment Page would open, else a list of errors (composition inferred)."""
    given: dict[str, str] = call.scratch["given"]
    problems = [
        errors.item("2003", name, "required", f"The property {name} is required")
        for name in REQUIRED
        if name not in given and name != "signature"
    ]
    amount = given.get("payment_amount")
    if amount is not None and not (
        amount.isascii() and amount.isdigit() and 1 <= int(amount[:20] or 0) <= wire.MAX_AMOUNT
    ):
        problems.append(errors.item("2003", "payment_amount", "type", "String value found, but an integer is required"))
    for name, value in given.items():
        if name in RETURN_ADDRESSES and not pages.is_safe_return(value):
            problems.append(errors.item("2003", name, "format", "Invalid URL format"))
    signature = given.get("signature")
    secret = auth.secret_of(uow.workspace)
    if signature is not None and not signing.verify_page(secret, signing.page_parameters(given), signature):
        problems.append(errors.item("3261", "signature"))
    if problems:
        return Reply(400, {"status": "error", "errors": problems})
    return Reply(200, {"status": "success"})


ENDPOINTS = (
    Endpoint("GET", PATH, open_page, "payment_page", authenticate=authenticate, reads=True),
    Endpoint("POST", PATH, open_page, "payment_page", authenticate=authenticate),
    Endpoint("GET", "/params/check", check_parameters, "params.check", authenticate=authenticate_check, reads=True),
    Endpoint("POST", "/params/check", check_parameters, "params.check", authenticate=authenticate_check, reads=True),
)

PAGES = (
    Page("GET", "/emulator/{kind}/{key}", show_emulator),
    Page("POST", "/emulator/{kind}/{key}", act_on_emulator),
    Page("GET", "/emulator/{kind}/{key}/image.png", qr_image),
    Page("GET", "/shared/{name}", shared),
)
