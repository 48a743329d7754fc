"""PPRO's mock authenticator, by which ALIPAY is paid in the sandbox. Source: docs/providers/ppro.md, source 8.

It is a page without login or key. A GET changes nothing. The first POST decides; a later one changes nothing and leads back to the
page, which then says what has happened.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

import orjson

from simulator.engine import pages, samples
from simulator.engine.provider import Ask, Call, Page, Reply, Walk
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import HostedView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis, parse_instant
from simulator.kernel.refusals import NotFound
from simulator.kernel.values import dataclass
from simulator.providers.ppro import failures, wire
from simulator.providers.ppro.handlers.authorizations import MFA_CODE
from simulator.providers.ppro.handlers.outcomes import return_to
from simulator.providers.ppro.model import Charge
from simulator.providers.ppro.states import PHASES
from simulator.wallet import alipay, buyers, qr
from simulator.wallet import pages as wallet_pages
from simulator.wallet.order import Order

PATH = "/default/authenticator.html"
SAMPLES = {"curl": "cURL", "python": "Python", "node": "Node"}
WRONG_CODE = "000000"
SCANNED = {"scanned": "1"}
"""Marks the address in the page's own code: a phone that scanned for a desktop does not go back to the shop."""
_STATUS = re.compile("[0-9]{3}")
DEFAULT_FAILURE = "PROVIDER_DECLINE/GENERIC_DECLINE"

_TABS = {
    # type: (text, icon, test id)
    "REDIRECT": ("ppro_tab_redirect", "out", "tab-redirect"),
    "SCAN_CODE": ("ppro_tab_scan_code", "qr", "tab-scan-code"),
    "MULTI_FACTOR": ("ppro_tab_multi_factor", "message", "tab-multi-factor"),
}

_MARKS = {"paid": "paid", "partly_refunded": "paid", "refunded": "paid", "cancelled": "cancelled", "expired": "expired"}


def _find(call: Call, runtime: Runtime, id_: str) -> tuple[Workspace, Charge]:
    """The charge with that id. Workspaces of one seed draw the same ids: the oldest of them has the plain address, the addresses of
    the others name their workspace. Raises `NotFound`."""
    if "\0" in id_:
        raise NotFound("payment-charge", id_)
    named = call.query.get("workspace")
    if named:
        world = runtime.find_workspace(named)
        if world is None:
            raise NotFound("payment-charge", id_)
        return world, runtime.open(world).get(Charge, id_)
    found = runtime.locate(Charge, id_, oldest=True)
    if found is None:
        raise NotFound("payment-charge", id_)
    return found


def _chosen(call: Call, charge: Charge) -> str:
    """The authentication type whose tab is open: the wanted one if the charge offers it, else the first that it offers."""
    wanted = call.query.get("type", "")
    return wanted if wanted in charge.authentication_types else next(iter(charge.authentication_types), "")


def _url(charge: Charge, **query: str) -> str:
    named = {"workspace": charge.twin_in} if charge.twin_in else {}
    return f"{PATH}?{urlencode({'payment-charge-id': charge.id, **named, **query})}"


# Acting --------------------------------------------------------------------------------------------------------


def act(call: Call, runtime: Runtime, ask: Ask) -> Reply:
    """POST `outcome`: what the consumer does, or what happens to them.

    `success`, `fail` (with `code`) and `cancel` decide. `mfa` makes the API call that the merchant makes with the consumer's
    code (`verificationCode`, or a wrong one with `wrong`). `expire` lets the clock go to the deadline. `answer` ends the wait
    for a wallet that takes its time.

    For REDIRECT the browser then goes to the `returnUrl`, unless it is that of a phone which has scanned for a desktop. For the
    other types it stays on the page, as it does after a press that comes too late.
    """
    form = call.form
    charge_id = call.query.get("payment-charge-id") or form.get("payment-charge-id", "")
    workspace, charge = _find(call, runtime, charge_id)
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    chosen = _chosen(call, charge)
    uow = runtime.open(workspace)
    is_first, answers = _awaits_a_choice(uow, charge), form.get("outcome") == "answer" and _is_paying(uow, charge)
    if answers:
        is_first = True
        with runtime.unit(workspace, provider="ppro", topic="page") as uow:
            alipay.decide_now(uow, alipay.order_of(uow, charge.order_code or ""))
            charge = _told(uow, uow.get(Charge, charge.id), chosen)
    elif is_first:
        if not _is_possible(chosen, form):
            return pages.error_page(call, 400, "error_title", "refused_text")
        if form["outcome"] == "mfa":
            status = _submit(ask, workspace, charge, form)
            answered = {"answered": str(status)} if status != 200 else {}
            return pages.see_other(_here(call, charge, chosen, **answered))
        if form["outcome"] == "expire":
            back = pages.see_other(_here(call, charge, chosen))
            back.walk = Walk(workspace, charge.authenticate_by) if charge.authenticate_by is not None else None
            return back
        with runtime.unit(workspace, provider="ppro", topic="page") as uow:
            _decide(uow, charge, form)
            charge = _told(uow, uow.get(Charge, charge.id), chosen)
    target = _safe_return(runtime.open(workspace), charge)
    is_over = charge.state != "AUTHENTICATION_PENDING"
    if chosen == "REDIRECT" and is_first and is_over and target is not None and not _has_scanned(call, chosen):
        return pages.see_other(target)
    return pages.see_other(_here(call, charge, chosen, **({"already": "1"} if is_over and not is_first else {})))


def _here(call: Call, charge: Charge, chosen: str, **more: str) -> str:
    view = {"view": call.query["view"]} if "view" in call.query else {}
    return _url(charge, type=chosen, **view, **_mark(call), **more)


def _mark(call: Call) -> dict[str, str]:
    return SCANNED if SCANNED.items() <= call.query.items() else {}


def _has_scanned(call: Call, chosen: str) -> bool:
    """Whether this is the phone that has scanned a code for another browser."""
    return bool(_mark(call)) or (chosen == "SCAN_CODE" and pages.is_phone(call))


def _pending_order(uow: UnitOfWork, charge: Charge) -> Order | None:
    """The wallet's order of a charge that still waits for its consumer."""
    return uow.find(Order, charge.order_code or "") if charge.state == "AUTHENTICATION_PENDING" else None


def _awaits_a_choice(uow: UnitOfWork, charge: Charge) -> bool:
    """Whether a button may still be pressed. It may not while the wallet takes its time to answer an earlier press."""
    order = _pending_order(uow, charge)
    return order is not None and order.state != "paying"


def _is_paying(uow: UnitOfWork, charge: Charge) -> bool:
    """Whether the wallet takes its time to answer."""
    order = _pending_order(uow, charge)
    return order is not None and order.state == "paying"


def _is_possible(chosen: str, form: dict[str, str]) -> bool:
    outcome = form.get("outcome")
    if chosen == "MULTI_FACTOR":
        is_code = outcome == "mfa" and bool(form.get("verificationCode") or form.get("wrong"))
        return is_code or outcome in ("cancel", "expire")
    return outcome in ("success", "fail", "cancel", "expire")


def _decide(uow: UnitOfWork, charge: Charge, form: dict[str, str]) -> None:
    order = alipay.order_of(uow, charge.order_code or "")
    match form["outcome"]:
        case "success":
            alipay.approve(uow, order)
        case "cancel":
            alipay.cancel(uow, order)
        case "fail":
            alipay.decline(uow, order, code=_failure_code(form.get("code", "")))


def _told(uow: UnitOfWork, charge: Charge, chosen: str) -> Charge:
    """Journals where the browser is sent. Returns the charge."""
    target = _safe_return(uow, charge) if chosen == "REDIRECT" and charge.state != "AUTHENTICATION_PENDING" else None
    if target is not None:
        alipay.journal_return(uow, alipay.order_of(uow, charge.order_code or ""), target)
    return charge


def _submit(ask: Ask, workspace: Workspace, charge: Charge, form: dict[str, str]) -> int:
    """Makes the merchant's call with the consumer's code and this workspace's credentials. Returns the status of its answer."""
    code = WRONG_CODE if form.get("wrong") else form["verificationCode"].replace(" ", "")
    found = workspace.credentials["ppro"]
    headers = {
        "authorization": f"Bearer {found['api_key']}",
        "merchant-id": charge.merchant_id,
        "content-type": "application/json",
        "user-agent": "psp-simulator",
    }
    return ask("POST", _authorizations(charge), headers, orjson.dumps(_confirmation(code)))


def _authorizations(charge: Charge) -> str:
    return f"/v1/payment-charges/{charge.id}/authorizations"


def _confirmation(code: str) -> dict[str, object]:
    """Source: docs/providers/ppro.md, source 8.4."""
    return {"authenticationResult": {"type": "MULTI_FACTOR", "details": {"verificationCode": code}}}


def _failure_code(wanted: str) -> str:
    """`TYPE/CODE` or a bare code of the catalogue; anything else is a generic decline."""
    type_, _, code = wanted.rpartition("/")
    known = (type_, code) in failures.PAIRS if type_ else any(code == c for _, c in failures.PAIRS)
    return wanted if known else DEFAULT_FAILURE


# Showing -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Prediction:
    """What pressing Authorise would lead to, and who would have decided it."""

    outcome: str
    decides: str
    code: str | None = None


def show(call: Call, runtime: Runtime) -> Reply:
    workspace, charge = _find(call, runtime, call.query.get("payment-charge-id", ""))
    chosen = _chosen(call, charge)
    page = pages.view(
        call,
        "ppro_title",
        lang=charge.consumer.get("locale"),
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{charge.id}",
        mobile=pages.is_phone(call),
    )
    uow = runtime.open(workspace)
    order = uow.find(Order, charge.order_code or "")
    pending = charge.state == "AUTHENTICATION_PENDING" and order is not None
    deadline = charge.authenticate_by if pending else None
    sample = call.query.get("sample", "curl")
    text = _sample(charge, sample)
    has_scanned = _has_scanned(call, chosen)
    target = _safe_return(uow, charge)
    returns = chosen == "REDIRECT" and target is not None and not has_scanned and call.query.get("stay") != "1"
    return pages.render(
        call,
        "hosted/ppro/authenticator.html",
        page,
        hosted=_hosted(uow, charge, order),
        charge=charge,
        phase=_phase(charge),
        mark=_MARKS.get(_phase(charge), "declined"),
        pending=pending,
        paying=_is_paying(uow, charge),
        answer_at=iso_millis(order.answer_at) if order is not None and order.answer_at else None,
        wait_left_s=pages.seconds_left(order.answer_at, uow.now) if order is not None else None,
        chosen=chosen,
        tabs=[
            (_url(charge, type=type_), Texts(page.lang)(key), icon, testid, type_ == chosen)
            for type_, (key, icon, testid) in _TABS.items()
            if type_ in charge.authentication_types
        ],
        is_scanner=chosen == "SCAN_CODE" and page.mobile,
        action=_url(charge, type=chosen, **({"view": "phone"} if page.mobile else {}), **_mark(call)),
        scanner_url=_url(charge, type="SCAN_CODE", view="phone"),
        wallet_url=f"/w/{charge.order_code}" if has_scanned else f"/w/{charge.order_code}?here=1",
        catalogue=failures.CATALOGUE,
        default_failure=DEFAULT_FAILURE,
        page_url=pages.with_query(wire.authenticator_url(charge), **SCANNED),
        code_payload=wire.code_payload(charge),
        qr_url=wire.code_image_path(charge),
        page_qr_url=pages.with_query(wire.code_image_path(charge), type="REDIRECT"),
        prediction=_predict(uow, order) if order is not None and pending else None,
        decided_by=order.decided_by if order is not None else None,
        walked_away=wallet_pages.buyer_name(uow, order.walked_away if order else None, page.lang) if pending else None,
        failure=charge.decline,
        code=MFA_CODE,
        scan_left_s=pages.seconds_left(parse_instant(charge.scan_by) if charge.scan_by else None, uow.now),
        answered=call.query.get("answered", "") if _STATUS.fullmatch(call.query.get("answered", "")) else "",
        already=call.query.get("already") == "1",
        only_here=wallet_pages.is_only_here(call.base_url),
        phone_time=_hour(uow.now),
        deadline=_hour(deadline) if deadline else None,
        lasts=Texts(page.lang).duration(deadline - charge.created_at) if deadline else "",
        samples=[
            (_url(charge, type=chosen, sample=name), title, None, f"sample-{name}", name == sample)
            for name, title in SAMPLES.items()
        ],
        sample=text,
        sample_parts=list(samples.coloured(text)),
        return_url=target,
        has_scanned=has_scanned,
        auto_return_s=page.auto_return_s if returns and not pending else None,
    )


def _hosted(uow: UnitOfWork, charge: Charge, order: Order | None) -> HostedView:
    return pages.hosted(
        uow,
        merchant=order.merchant if order else "",
        amount=charge.money,
        title="PPRO",
        reference=charge.id,
        state=charge.state,
    )


def _phase(charge: Charge) -> str:
    """The charge's phase as in the console, except that here a charge which waits for its capture is paid."""
    if charge.state == "CAPTURE_PENDING":
        return "paid"
    return "cancelled" if charge.is_cancelled else PHASES[charge.state]


def _predict(uow: UnitOfWork, order: Order) -> Prediction:
    decision = alipay.predict(uow, order, buyers.get(uow, buyers.default(uow.workspace)), "balance")
    if decision.decided_by.startswith("buyer:"):
        return Prediction("paying" if decision.delay > timedelta(0) else "paid", "page")
    fails = decision.outcome not in ("paid", "open")
    code = decision.code or failures.of_reason(decision.reason) if fails else None
    return Prediction(decision.outcome, decision.decided_by, code)


def _safe_return(uow: UnitOfWork, charge: Charge) -> str | None:
    target = return_to(uow, charge, charge) if "REDIRECT" in charge.authentication_types else None
    return target if target and pages.is_safe_return(target) else None


def _hour(at: datetime) -> tuple[str, str]:
    """An instant, and its time of day in UTC, which the page's script replaces by that in the viewer's time zone."""
    return iso_millis(at), at.strftime("%H:%M")


def _sample(charge: Charge, language: str) -> str:
    """The call that the merchant's server makes with the consumer's code."""
    path, body = _authorizations(charge), json.dumps(_confirmation(MFA_CODE))
    if language == "python":
        return (
            f'httpx.post(PPRO_URL + "{path}",\n'
            '    headers={"Authorization": f"Bearer {PPRO_TOKEN}"},\n'
            f"    json={body})"
        )
    if language == "node":
        return (
            f'await fetch(PPRO_URL + "{path}", {{\n'
            '  method: "POST",\n'
            '  headers: { Authorization: `Bearer ${PPRO_TOKEN}`, "Content-Type": "application/json" },\n'
            f"  body: JSON.stringify({body}),\n"
            "})"
        )
    broken = ",\n        "
    return (
        f'curl "$PPRO_URL{path}" \\\n'
        '  -H "Authorization: Bearer $PPRO_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body.replace(', ', broken)}'"
    )


def qr_image(call: Call, runtime: Runtime) -> Reply:
    """The QR code to which `codeImage` points, as a PNG. With `type=REDIRECT`, or where scanning is not offered, the code holds the
    address of the page for the phone that scans it."""
    _, charge = _find(call, runtime, call.path["id"])
    is_own = call.query.get("type") == "REDIRECT" or "SCAN_CODE" not in charge.authentication_types
    own = pages.with_query(wire.authenticator_url(charge), **SCANNED)
    text = own if is_own else wire.code_payload(charge)
    headers = {"cache-control": "public, max-age=3600"}
    return Reply(200, qr.png(text), headers, content_type="image/png")


PAGES = (
    Page("GET", PATH, show),
    Page("POST", PATH, act, asks=True),
    Page("GET", "/default/v0/authenticator/payment/{id}/qr.png", qr_image),
)
