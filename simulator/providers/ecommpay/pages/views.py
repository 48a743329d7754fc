"""What the templates of Payment Page and of the emulator are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork, World
from simulator.engine.views import HostedResult, HostedView, Outcome
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay.model import Payment, Sale
from simulator.providers.ecommpay.pages.returns import Exit
from simulator.providers.ecommpay.settings import EcommpaySettings

CSP = pages.CSP.replace("frame-ancestors 'self'", "frame-ancestors *")
"""The merchant may show Payment Page, and every page that it leads to, in a frame of their own site."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a result page says. `title` and `text` are keys of the catalogue."""

    outcome: Outcome
    title: str
    text: str
    problem: str = ""
    """The platform's words about a purchase that it did not accept."""


PAID = Ending("paid", "ecp_paid_title", "ecp_paid_text")
DECLINED = Ending("declined", "ecp_declined_title", "ecp_declined_text")
UNDECIDED = Ending("expired", "ecp_waiting_title", "ecp_waiting_text")


def ending_of(payment: Payment) -> Ending:
    if payment.is_paid:
        return PAID
    return DECLINED if payment.state == "decline" else UNDECIDED


def page_view(
    call: Call, runtime: World, title: str, wanted: str | None, workspace: Workspace, path: str, payment: str = ""
) -> PageView:
    """What every page needs. `title` is a key of the catalogue, `wanted` the merchant's `language_code`.

    The page speaks the language that the visitor has chosen on a page of ours; else the merchant's, or English if we do not
    have that; else the browser's. The simulator's own remarks follow the visitor's choice and their browser, not the merchant.
    Source: docs/providers/ecommpay.md, source 3.9.3.
    """
    asked = ("zh" if wanted[:2].lower() == "zh" else "en") if wanted else None
    console = f"/console/{workspace.name}/payments" + (f"/{payment}" if payment else "")
    page = pages.view(call, title, runtime=runtime, lang=asked, workspace=workspace, console_url=console)
    return replace(page, path=path, voice=pages.language(call))


def hosted_view(
    uow: UnitOfWork, money: Money, reference: str, state: str, expires_at: datetime | None = None
) -> HostedView:
    return pages.hosted(
        uow,
        merchant=uow.settings(EcommpaySettings).merchant_name,
        amount=money,
        title="ecommpay",
        reference=reference,
        state=state,
        expires_at=expires_at,
    )


def show(call: Call, template: str, page: PageView, **context: Any) -> Reply:
    reply = pages.render(call, f"hosted/ecommpay/{template}.html", page, **context)
    reply.headers["content-security-policy"] = CSP
    return reply


def show_result(
    call: Call, runtime: World, page: PageView, ending: Ending, leaving: Exit, decided_by: str | None, **context: Any
) -> Reply:
    """The result page, with the result in the title of the window too. With `stay=1` it does not leave by itself."""
    texts = Texts(page.lang)
    title, automatic = texts(ending.title), leaving.automatic
    goes = automatic is not None and call.query.get("stay") != "1"
    result = HostedResult(
        ending.outcome,
        title,
        texts(ending.text, problem=ending.problem),
        decided_by,
        return_url=automatic.url if automatic is not None else None,
        return_is_link=automatic is not None,
        auto_return_s=page.auto_return_s if goes else None,
    )
    page = replace(page, title=texts("ecp_title_result", result=title))
    return show(call, "result", page, result=result, back=leaving.button, field=leaving.field, **context)


def facts(
    uow: UnitOfWork, texts: Texts, payment_id: str, description: str | None, payment: Payment | None
) -> list[tuple[str, str, str]]:
    """The rows of a result page: label, value and style. Source: docs/providers/ecommpay.md, source 8.4."""
    found = [(texts("ecp_payment_id"), payment_id, "mono")]
    if description:
        found.append((texts("ecp_description"), description, ""))
    if payment is not None:
        found.append((texts("ecp_date"), payment.changed_at.strftime("%Y-%m-%d %H:%M:%S UTC"), ""))
        if payment.state == "decline":
            sale = uow.get(Sale, payment.sale_id)
            found.append((texts("ecp_code"), f"{sale.code} {sale.message}", "mono"))
    return found
