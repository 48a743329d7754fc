"""What the templates of Payment Page and of the emulator are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import HostedResult, HostedView, MoneyView, Outcome
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.providers.ecommpay.model import Payment, Sale
from simulator.providers.ecommpay.pages.returns import Way
from simulator.providers.ecommpay.settings import setting

CSP = pages.CSP.replace("frame-ancestors 'self'", "frame-ancestors *")
"""The merchant may show Payment Page in a frame of his own site, and what it leads to."""


def buyer_view(
    call: Call, runtime: Runtime, title: str, wanted: str | None, workspace: Workspace, path: str, payment: str = ""
) -> PageView:
    """The buyer's texts: what the viewer has chosen here, then `language_code` (English if we do not have it), then the
    browser's language. The simulator speaks the viewer's. Source: reference/ecommpay.md, section 3.9.3.
    """
    asked = ("zh" if wanted[:2].lower() == "zh" else "en") if wanted else None
    console = f"/console/{workspace.name}/payments" + (f"/{payment}" if payment else "")
    page = pages.view(call, title, runtime=runtime, lang=asked, workspace=workspace, console_url=console)
    return replace(page, path=path, voice=pages.language(call))


def titled(page: PageView, result: str) -> PageView:
    """With the result in the title of the window."""
    return replace(page, title=Texts(page.lang)("ecp_title_result", result=result))


def hosted_view(
    uow: UnitOfWork, money: Money, reference: str, state: str, expires_at: datetime | None = None
) -> HostedView:
    return HostedView(
        merchant=setting(uow, "merchant_name"),
        amount=MoneyView.of(money),
        provider_title="ecommpay",
        reference=reference,
        state=state,
        now=iso_millis(uow.now),
        expires_at=iso_millis(expires_at) if expires_at else None,
        seconds_left=pages.seconds_left(expires_at, uow.now),
        frozen=uow.workspace.clock.mode == "frozen",
    )


def show(call: Call, template: str, page: PageView, status: int = 200, **context: Any) -> Reply:
    reply = pages.answer(call, f"hosted/ecommpay/{template}.html", page, status=status, **context)
    reply.headers["content-security-policy"] = CSP
    return reply


def outcome_of(payment: Payment) -> tuple[Outcome, str, str]:
    if payment.state in ("success", "partially refunded", "refunded"):
        return "paid", "ecp_paid_title", "ecp_paid_text"
    if payment.state == "decline":
        return "declined", "ecp_declined_title", "ecp_declined_text"
    return "expired", "ecp_waiting_title", "ecp_waiting_text"


def result_view(
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


def facts_of(
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
