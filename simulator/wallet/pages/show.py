"""What is shown: cashier, phone and result page, and the QR image. Nothing here changes an order."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

from simulator.engine import pages
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import MoneyView
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.wallet import alipay, buyers, qr
from simulator.wallet.order import Order
from simulator.wallet.pages.buyer import buyer_name, buyer_view
from simulator.wallet.pages.look import Look, look_of
from simulator.wallet.pages.result import early_return, result_view
from simulator.wallet.view import BuyerView, FormError, OrderView, title_key

PURPOSE = "wallet"


def find(runtime: Runtime, order_code: str) -> tuple[Workspace, Order] | None:
    """None also for an order of a provider that is not installed: nobody could be told what becomes of it."""
    found = runtime.locate(Order, order_code)
    if found is None:
        return None
    workspace, order = found
    return (workspace, order) if order.payee_provider in runtime.parties else None


def not_found(call: Call) -> Reply:
    return pages.render(call, "wallet/not_found.html", pages.view(call, "title_not_found"), status=404)


def show(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = find(runtime, call.path["code"])
    if found is None:
        return not_found(call)
    return render(call, runtime, *found, auto_return_s=auto_return_s)


def render(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, *, auto_return_s: int | None, hint: str = ""
) -> Reply:
    """The wallet in place: also for providers whose own links show it (`/p/s/i/…`, `/page/aplus-linker/…`). `hint` is
    what the provider's testers are told to do there, a key of the catalogue."""
    page, context = context_of(call, runtime, workspace, order, auto_return_s)
    context["hint"] = hint
    is_result = context["result"] is not None and not context["result"].retry
    template = "wallet/result.html" if is_result else "wallet/phone.html" if page.mobile else "wallet/cashier.html"
    return pages.render(call, template, page, **context)


def context_of(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, auto_return_s: int | None
) -> tuple[PageView, dict[str, Any]]:
    uow = runtime.open(workspace)
    auto_return_s = workspace.own_settings.returns_after(auto_return_s)
    look = look_of(call, runtime, uow, order)
    chosen = buyers.get(uow, order.buyer) if order.state == "paying" and order.buyer else look.buyer
    result = result_view(runtime, uow, order, look, pages.language(call, order.language), auto_return_s)
    shown = result.outcome if result is not None else order.state
    page = pages.view(
        call,
        title_key(shown),
        lang=order.language,
        runtime=runtime,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{order.payee_id}",
        token=pages.token(runtime, PURPOSE, order.id),
        mobile=look.mobile,
    )
    chosen_view = buyer_view(uow, order, chosen)
    views = [buyer_view(uow, order, buyer) for buyer in buyers.offered(uow, chosen.id)]
    view = _order_view(call, uow, order, look, page.lang, chosen_view)
    if not order.is_final:
        view = replace(view, return_url=early_return(runtime, uow, order))
    if call.raw_path.endswith(("/events", "/state.json")):
        page = replace(page, path=view.page_url(**look.progress))
    return page, {
        "order": view,
        "buyers": sorted(views, key=lambda view: view.special is not None),
        "buyer": chosen_view,
        "signed_in": look.step == "confirm" and not look.mobile,
        "at_leisure": look.mobile or bool(look.step or look.wrong),
        "result": result,
    }


def _order_view(call: Call, uow: UnitOfWork, order: Order, look: Look, lang: str, chosen: BuyerView) -> OrderView:
    clock, now = uow.workspace.clock, uow.now
    forced = call.query.get("view")
    keeps = ({"view": forced} if forced in ("phone", "desktop") else {}) | look.keeps
    seen = {"view": "phone" if look.mobile else "desktop", "lang": lang, "buyer": chosen.slug} | look.keeps
    seen |= look.progress | ({"step": look.step} if look.step else {})
    seen |= {name: call.query[name] for name in ("stay", "already", "wrong") if name in call.query}
    return OrderView(
        order_code=order.id,
        state=order.state,  # type: ignore[arg-type]  # the machine's own names
        version=order.version,
        merchant=order.merchant,
        reference=order.reference,
        goods=order.description,
        billing=order.billing,
        provider_title=order.payee_title,
        amount=MoneyView.of(order.amount),
        cny=MoneyView.of(Money(order.cny, "CNY")),
        url=f"{call.base_url}/w/{order.id}",
        qr_url=f"/w/{order.id}/qr.png",
        phone_url=f"/w/{order.id}?view=phone",
        events_url=f"/w/{order.id}/events?{urlencode(seen)}",
        state_url=f"/w/{order.id}/state.json?{urlencode(seen)}",
        now=iso_millis(now),
        note_decides=chosen.prediction.decided_by,
        prediction=chosen.prediction,
        rate_text=f"1 {order.amount.currency} = {order.rate} CNY" if order.rate else None,
        expires_at=iso_millis(order.expires_at) if order.expires_at else None,
        seconds_left=pages.seconds_left(order.expires_at, now),
        answer_at=iso_millis(order.answer_at) if order.state == "paying" and order.answer_at else None,
        wait_left_s=pages.seconds_left(order.answer_at, now) if order.state == "paying" else None,
        frozen=clock.mode == "frozen",
        clock_rate=clock.rate,
        unreachable=is_only_here(call.base_url),
        app_link=order.device == "app" and "Mobi" not in call.headers.get("user-agent", ""),
        scanned_by=buyer_name(uow, order.scanned_by, lang),
        walked_away=buyer_name(uow, order.walked_away, lang),
        error=_form_error(order, look),
        keeps=keeps,
        progress=look.progress,
    )


def is_only_here(base_url: str) -> bool:
    """Whether an address means "this machine" to whoever opens it."""
    host = urlsplit(base_url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _form_error(order: Order, look: Look) -> FormError | None:
    if order.is_final or look.wrong not in ("password", "payment_code"):
        return None
    return FormError(look.wrong, 1 if order.tries == alipay.SECRET_TRIES - 1 else 2)  # type: ignore[arg-type]


def qr_image(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = find(runtime, call.path["code"])
    if found is None:
        return not_found(call)
    image = qr.png(f"{call.base_url}/w/{found[1].id}")
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")
