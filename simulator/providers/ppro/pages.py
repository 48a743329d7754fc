"""PPRO's mock authenticator, by which ALIPAY is paid in the sandbox. Source: reference/ppro.md, section 8."""

from __future__ import annotations

from simulator.engine import pages
from simulator.engine.provider import Call, Page, Reply
from simulator.engine.resource import Resource
from simulator.engine.runtime import Runtime
from simulator.engine.views import HostedView, MoneyView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.refusals import NotFound
from simulator.providers.ppro import errors, wire
from simulator.providers.ppro.handlers import MFA_CODE, return_to
from simulator.providers.ppro.model import Charge
from simulator.wallet import alipay, qr
from simulator.wallet.order import Order

PATH = "/default/authenticator.html"


def _find(runtime: Runtime, id_: str) -> tuple[Workspace, Charge]:
    found: tuple[Workspace, Resource] | None = runtime.locate(Charge, id_)
    if found is None:
        raise NotFound("payment-charge", id_)
    workspace, charge = found
    assert isinstance(charge, Charge)
    return workspace, charge


def show(call: Call, runtime: Runtime) -> Reply:
    """GET: changes nothing, whatever the charge's state."""
    workspace, charge = _find(runtime, call.query.get("payment-charge-id", ""))
    return _page(call, runtime, workspace, charge)


def act(call: Call, runtime: Runtime) -> Reply:
    """POST `outcome` = success, fail (with `code`), cancel, or mfa (with `verificationCode`). The first act wins."""
    charge_id = call.query.get("payment-charge-id") or call.form.get("payment-charge-id", "")
    workspace, charge = _find(runtime, charge_id)
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    outcome = call.form.get("outcome", "")
    if charge.state == "AUTHENTICATION_PENDING" and charge.order_code:
        with runtime.unit(workspace, provider="ppro", kind="page") as uow:
            order = alipay.order_of(uow, charge.order_code)
            if outcome == "success" or (outcome == "mfa" and call.form.get("verificationCode") == MFA_CODE):
                alipay.approve(uow, order)
            elif outcome == "mfa":
                alipay.decline(uow, order, "authentication")
            elif outcome == "cancel":
                alipay.cancel(uow, order)
            elif outcome == "fail":
                code = call.form.get("code") or "GENERIC_DECLINE"
                alipay.decline(uow, order, code=code if code in errors.DECLINES else "GENERIC_DECLINE")
            else:
                return pages.error_page(call, 400, "error_title", "refused_text")
            charge = uow.get(Charge, charge.id)
    uow = runtime.open(workspace)
    target = return_to(uow, charge, charge) if "REDIRECT" in charge.authentication_types else None
    own = f"{PATH}?payment-charge-id={charge.id}"
    return pages.see_other(target if target and outcome != "" else own)


def code_image(call: Call, runtime: Runtime) -> Reply:
    _, charge = _find(runtime, call.path["id"])
    headers = {"cache-control": "public, max-age=3600"}
    return Reply(200, qr.png(wire.authenticator_url(charge)), headers, content_type="image/png")


def _page(call: Call, runtime: Runtime, workspace: Workspace, charge: Charge) -> Reply:
    page = pages.view(
        call,
        "ppro_title",
        lang=charge.consumer.get("locale"),
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{charge.id}",
    )
    clock = workspace.clock
    now = clock.now()
    pending = charge.state == "AUTHENTICATION_PENDING"
    order = runtime.open(workspace).find(Order, charge.order_code or "")
    expires_at = order.expires_at if order is not None and pending else None
    hosted = HostedView(
        merchant=order.merchant if order else "",
        amount=MoneyView.of(charge.money),
        provider_title="PPRO",
        reference=charge.id,
        state=charge.state,
        now=iso_millis(now),
        expires_at=iso_millis(expires_at) if expires_at else None,
        seconds_left=max(0, int((expires_at - now).total_seconds())) if expires_at else None,
        frozen=clock.mode == "frozen",
    )
    target = return_to(runtime.open(workspace), charge, charge)
    return pages.answer(
        call,
        "hosted/ppro/authenticator.html",
        page,
        hosted=hosted,
        charge=charge,
        pending=pending,
        action=f"{PATH}?payment-charge-id={charge.id}",
        wallet_url=f"/w/{charge.order_code}" if charge.order_code else None,
        failure_codes=sorted(code for code, (type_, _) in errors.DECLINES.items() if type_ == "PROVIDER_DECLINE"),
        qr_url=f"/default/v0/authenticator/payment/{charge.id}/qr.png",
        return_url=target if target and pages.is_safe_return(target) else None,
    )


PAGES = (
    Page("GET", PATH, show),
    Page("POST", PATH, act),
    Page("GET", "/default/v0/authenticator/payment/{id}/qr.png", code_image),
)
