"""The wallet's pages: cashier, phone, result, QR image, live events. A GET never changes state; the first act wins.

Fields and test ids: design, sections 4 and 10.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson

from simulator.engine import pages
from simulator.engine.gateway import Receive, Scope, Send, header_map
from simulator.engine.provider import Call, Page, Provider, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.uow import UnitOfWork
from simulator.engine.views import MoneyView
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, NotFound
from simulator.wallet import alipay, buyers, qr
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from simulator.wallet.view import BuyerView, FormError, OrderView, Prediction, ResultView, Shortfall

PURPOSE = "wallet"
COOKIE_BUYER = "buyer"
PING_S = 15.0
LATE = timedelta(seconds=30)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def routes(auto_return_s: int) -> tuple[Page, ...]:
    """`auto_return_s` is browser time until a desktop returns to the merchant; 0 switches it off."""

    def get(path: str, handler: Callable[..., Reply]) -> Page:
        return Page("GET", path, functools.partial(handler, auto_return_s=auto_return_s))

    def post(action: str, handler: Callable[..., Reply]) -> Page:
        return Page("POST", f"/w/{{code}}/{action}", functools.partial(handler, auto_return_s=auto_return_s))

    return (
        get("/w/{code}", show),
        get("/w/{code}/qr.png", qr_image),
        get("/w/{code}/state.json", state_json),
        post("scan", scan),
        post("sign-in", sign_in),
        post("confirm", confirm),
        post("cancel", cancel),
        post("force", force),
        post("answer", answer_now),
        post("show-code", show_code),
        post("buyer", change_buyer),
    )


# What is shown -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Look:
    """How this browser looks at the order: which page, which buyer, how far he has got."""

    mobile: bool
    step: str
    """`confirm` once signed in on the desktop."""
    buyer: str
    stays: bool
    """No automatic return."""
    began_here: bool
    """This phone began the payment itself (it did not scan for a desktop)."""


def _look(call: Call, order: Order) -> Look:
    mobile = order.device == "app" or pages.is_phone(call)
    if call.query.get("view") == "desktop":
        mobile = False
    chosen = call.query.get("buyer") or pages.cookies(call).get(COOKIE_BUYER) or buyers.DEFAULT
    step = call.query.get("step", "")
    return Look(mobile, step, chosen, call.query.get("stay") == "1", order.device == "app" or order.scanned_by is None)


def _find(runtime: Runtime, code: str) -> tuple[Workspace, Order] | None:
    found = runtime.locate(Order, code)
    if found is None:
        return None
    workspace, order = found
    assert isinstance(order, Order)
    return workspace, order


def _not_found(call: Call) -> Reply:
    return pages.answer(call, "wallet/not_found.html", pages.view(call, "title_not_found"), status=404)


def show(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    return render(call, runtime, *found, auto_return_s=auto_return_s)


def render(
    call: Call,
    runtime: Runtime,
    workspace: Workspace,
    order: Order,
    *,
    auto_return_s: int,
    error: FormError | None = None,
) -> Reply:
    """The wallet in place: also for providers whose own links show it (`/p/s/i/…`, `/page/aplus-linker/…`)."""
    look = _look(call, order)
    page, context = _context(call, runtime, workspace, order, look, auto_return_s, error)
    is_result = context["result"] is not None and not context["result"].retry
    template = "wallet/result.html" if is_result else "wallet/phone.html" if look.mobile else "wallet/cashier.html"
    return pages.answer(call, template, page, status=422 if error else 200, **context)


def _context(
    call: Call,
    runtime: Runtime,
    workspace: Workspace,
    order: Order,
    look: Look,
    auto_return_s: int,
    error: FormError | None,
) -> tuple[PageView, dict[str, Any]]:
    uow = runtime.open(workspace)
    lang = pages.language(call, order.language)
    every = buyers.every(uow)
    chosen = next((b for b in every if b.id == look.buyer), every[0])
    if order.state == "paying" and order.buyer:
        chosen = buyers.get(uow, order.buyer)
    views = [_buyer_view(uow, order, buyer) for buyer in every]
    chosen_view = _buyer_view(uow, order, chosen)
    page = pages.view(
        call,
        "title_open" if not order.is_final else f"title_{order.state}",
        lang=order.language,
        workspace=workspace,
        console_url=f"/console/{workspace.name}/payments/{order.payee_id}",
        token=pages.token(runtime, PURPOSE, order.id),
        mobile=look.mobile,
    )
    view = _order_view(call, runtime, uow, order, look, lang, chosen_view, error)
    result = _result_view(runtime, uow, order, look, lang, chosen, auto_return_s)
    return page, {
        "order": view,
        "buyers": views,
        "buyer": chosen_view,
        "signed_in": look.step == "confirm" and not look.mobile,
        "result": result,
    }


def _order_view(
    call: Call,
    runtime: Runtime,
    uow: UnitOfWork,
    order: Order,
    look: Look,
    lang: str,
    chosen: BuyerView,
    error: FormError | None,
) -> OrderView:
    clock, now = uow.workspace.clock, uow.now
    url = f"{call.base_url}/w/{order.id}"
    seen = {"view": "phone" if look.mobile else "desktop", "lang": lang, "buyer": chosen.slug}
    if look.step:
        seen["step"] = look.step
    host = call.base_url.partition("://")[2].rpartition(":")[0] or call.base_url.partition("://")[2]
    return OrderView(
        code=order.id,
        state=order.state,  # type: ignore[arg-type]  # the machine's own names
        version=order.version,
        merchant=order.merchant,
        reference=order.reference,
        provider_title=order.payee_title,
        amount=MoneyView.of(order.amount),
        cny=MoneyView.of(Money(order.cny, "CNY")),
        url=url,
        qr_url=f"/w/{order.id}/qr.png",
        phone_url=f"/w/{order.id}?view=phone",
        events_url=f"/w/{order.id}/events?{urlencode(seen)}",
        state_url=f"/w/{order.id}/state.json?{urlencode(seen)}",
        now=iso_millis(now),
        note_decides=chosen.prediction.decided_by,
        prediction=chosen.prediction,
        rate_text=f"1 {order.amount.currency} = {order.rate} CNY" if order.rate else None,
        expires_at=iso_millis(order.expires_at) if order.expires_at else None,
        seconds_left=_left(order.expires_at, now),
        answer_at=iso_millis(order.answer_at) if order.state == "paying" and order.answer_at else None,
        answer_left_s=_left(order.answer_at, now) if order.state == "paying" else None,
        frozen=clock.mode == "frozen",
        unreachable=host in LOOPBACK,
        app_link=order.device == "app" and not pages.is_phone(call),
        scanned_by=_name(uow, order.scanned_by, lang),
        walked_away=_name(uow, order.walked_away, lang),
        error=error,
    )


def _left(until: datetime | None, now: datetime) -> int | None:
    return None if until is None else max(0, int((until - now).total_seconds()))


def _name(uow: UnitOfWork, slug: str | None, lang: str) -> str | None:
    if slug is None:
        return None
    buyer = buyers.get(uow, slug)
    return buyer.name_zh if lang == "zh" else buyer.name_en


_OWN_REASONS = ("balance", "limit", "blocked", "authentication")


def _buyer_view(uow: UnitOfWork, order: Order, buyer: Buyer) -> BuyerView:
    decision = alipay.predict(uow, order, buyer)
    outcome, values = decision.outcome, {}
    if decision.outcome == "paid" and decision.delay > timedelta(0):
        outcome, values = "paying", {"delay": f"{int(decision.delay.total_seconds())}\u00a0s"}
    if decision.shortfall:
        values["short"] = _yuan(decision.shortfall)
    special, value = None, ""
    if buyer.password:
        special, value = "sign_in", buyer.password
    elif buyer.payment_code:
        special, value = "code", buyer.payment_code
    elif buyer.delay_s:
        special, value = "slow", f"{buyer.delay_s}\u00a0s"
    elif buyer.walks_away:
        special = "leaves"
    elif buyer.daily_limit is not None:
        special, value = "limit", _yuan(buyer.daily_limit)
    return BuyerView(
        slug=buyer.id,
        name_en=buyer.name_en,
        name_zh=buyer.name_zh,
        initials=buyer.initials,
        balance_text=_yuan(buyer.balance),
        available_minor=buyer.balance,
        prediction=Prediction(
            outcome=outcome,  # type: ignore[arg-type]
            reason=decision.reason if decision.reason in _OWN_REASONS else None,  # type: ignore[arg-type]
            decided_by=decision.decided_by,
            values=values,
        ),
        card_last4=buyer.card.last4 if buyer.card else None,
        card_limit_text=_yuan(buyer.card.limit) if buyer.card else None,
        special=special,  # type: ignore[arg-type]
        special_value=value,
        needs_password=buyer.password is not None,
        needs_code=buyer.payment_code is not None,
    )


def _yuan(fen: int) -> str:
    return Money(fen, "CNY").symbol()


def _result_view(
    runtime: Runtime, uow: UnitOfWork, order: Order, look: Look, lang: str, chosen: Buyer, auto_return_s: int
) -> ResultView | None:
    retry = not order.is_final and order.reason is not None and look.step != "sign-in"
    if not order.is_final and not retry:
        return None
    target = return_target(runtime, uow, order) if order.is_final else None
    safe = target is not None and pages.is_safe_return(target)
    payer = buyers.get(uow, order.buyer) if order.buyer else None
    shortfall = None
    if order.reason == "balance" and payer is not None and order.cny > payer.balance:
        short = order.cny - payer.balance
        shortfall = Shortfall(_yuan(order.cny), _yuan(payer.balance), _yuan(short))
    at = order.decided_at or order.updated_at
    phone_only = look.mobile and not look.began_here
    return ResultView(
        outcome="declined" if retry else order.state,  # type: ignore[arg-type]
        decided_by=order.decided_by or "timer",
        merchant=order.merchant,
        answered_at=iso_millis(at),
        answered_at_text=at.strftime("%H:%M:%S UTC"),
        reason=order.reason if order.reason in _OWN_REASONS else None,  # type: ignore[arg-type]
        buyer_name=_name(uow, order.buyer, lang),
        method=order.method if order.state == "paid" else None,  # type: ignore[arg-type]
        card_last4=payer.card.last4 if payer and payer.card else None,
        payment_number=_payment_number(order) if order.state == "paid" else None,
        shortfall=shortfall,
        return_url=target,
        return_is_link=safe,
        auto_return_s=auto_return_s if safe and auto_return_s and not look.stays and not phone_only else None,
        phone_only_done=phone_only,
        retry=retry,
    )


def _payment_number(order: Order) -> str:
    """28 digits that begin with the day, as wallets print them; made of the order's code, so it never changes."""
    day = (order.decided_at or order.updated_at).strftime("%Y%m%d")
    return day + str(int.from_bytes(order.id.encode(), "big"))[:20].rjust(20, "0")


def return_target(runtime: Runtime, uow: UnitOfWork, order: Order) -> str | None:
    """Where the provider sends the buyer: the merchant's address with the provider's own parameters."""
    party = runtime.party(order.payee_provider)
    if not isinstance(party, Provider):
        return None
    try:
        payment = uow.resource_of(order.payee_provider, order.payee_kind, order.payee_id)
    except NotFound:
        return None
    return party.return_to(uow, payment, order)


def qr_image(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    image = qr.png(f"{call.base_url}/w/{found[1].id}")
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")


# What is pressed -----------------------------------------------------------------------------------------------

Act = Callable[[UnitOfWork, Order], object]


def _act(call: Call, runtime: Runtime, auto_return_s: int, act: Act, back: str | None = None) -> Reply:
    """Runs an act on an order that is still open and answers 303; on a decided one only shows what happened."""
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    workspace, order = found
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not pages.token_holds(runtime, PURPOSE, order.id, given):
        return pages.error_page(call, 403, "error_title", "stale_form", link_url=f"/w/{order.id}")
    if not order.is_final:
        try:
            with runtime.unit(workspace, provider="wallet", kind="page") as uow:
                act(uow, alipay.order_of(uow, order.id))
        except IllegalTransition:
            runtime.rollback()
    return pages.see_other(back or _same_page(call, order))


def _same_page(call: Call, order: Order, **more: str) -> str:
    view = call.query.get("view") or call.form.get("view")
    query = ({"view": view} if view else {}) | more
    return f"/w/{order.id}?{urlencode(query)}" if query else f"/w/{order.id}"


def scan(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    buyer = pages.cookies(call).get(COOKIE_BUYER, buyers.DEFAULT)
    return _act(call, runtime, auto_return_s, lambda uow, order: alipay.scan(uow, order, buyer))


def show_code(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    return _act(call, runtime, auto_return_s, alipay.show_code)


def sign_in(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    """The desktop's form: a buyer and his password (any, unless he must have a certain one)."""
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    workspace, order = found
    slug = call.form.get("buyer") or buyers.DEFAULT
    buyer = buyers.get(runtime.open(workspace), slug)
    if buyer.password is not None and call.form.get("password") != buyer.password and not order.is_final:
        error = FormError("password", "wrong_password", max(0, alipay.CODE_TRIES - 1 - order.tries))
        return render(call, runtime, workspace, order, auto_return_s=auto_return_s, error=error)
    target = _same_page(call, order, step="confirm", buyer=slug)
    return pages.see_other(target, _buyer_cookie(slug))


def confirm(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    order = found[1]
    slug = call.form.get("buyer") or pages.cookies(call).get(COOKIE_BUYER) or buyers.DEFAULT
    method = call.form.get("method") if call.form.get("method") in ("balance", "card") else None
    code = call.form.get("payment_code")
    reply = _act(
        call,
        runtime,
        auto_return_s,
        lambda uow, order: alipay.confirm(uow, order, slug, method=method, payment_code=code),
    )
    after = _find(runtime, order.id)
    if reply.status == 303 and after is not None and after[1].tries > order.tries and not after[1].is_final:
        error = FormError("payment_code", "wrong_code", alipay.CODE_TRIES - after[1].tries)
        return render(call, runtime, *after, auto_return_s=auto_return_s, error=error)
    return reply


def cancel(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    return _act(call, runtime, auto_return_s, alipay.cancel)


def answer_now(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    return _act(call, runtime, auto_return_s, alipay.answer)


def force(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    """The simulator's options: decline with a reason, cancel, expire, answer late, close the app, freeze the clock."""
    outcome, reason = call.form.get("outcome", ""), call.form.get("reason") or "declined"
    found = _find(runtime, call.path["code"])
    if found is not None and outcome in ("freeze", "run"):
        workspace = found[0]
        clock = workspace.clock.frozen() if outcome == "freeze" else workspace.clock.resumed()
        if (outcome == "freeze") != (workspace.clock.mode == "frozen"):
            runtime.change_workspace(workspace, clock=clock)
        return pages.see_other(_same_page(call, found[1]))
    acts: dict[str, Act] = {
        "declined": lambda uow, order: alipay.decline(uow, order, reason),
        "cancelled": alipay.cancel,
        "expired": alipay.expire,
        "late": lambda uow, order: alipay.confirm_late(uow, order, LATE),
        "left": alipay.walk_away,
    }
    if outcome not in acts:
        return pages.error_page(call, 400, "error_title", "refused_text")
    return _act(call, runtime, auto_return_s, acts[outcome])


def change_buyer(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    """Remembered by this browser for the next order too."""
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    slug = call.form.get("buyer") or buyers.DEFAULT
    buyers.get(runtime.open(found[0]), slug)
    return pages.see_other(_same_page(call, found[1], step="sign-in"), _buyer_cookie(slug))


def _buyer_cookie(slug: str) -> str:
    return f"{COOKIE_BUYER}={slug}; Path=/; Max-Age=31536000; SameSite=Lax"


# Live ----------------------------------------------------------------------------------------------------------


def state_json(call: Call, runtime: Runtime, auto_return_s: int) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return Reply(404, b"{}", content_type="application/json")
    state, clock = _news(call, runtime, *found, auto_return_s)
    body = orjson.dumps({**state, "clock": clock})
    return Reply(200, body, {"cache-control": "no-store"}, content_type="application/json")


def _news(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, auto_return_s: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    look = _look(call, order)
    page, context = _context(call, runtime, workspace, order, look, auto_return_s, None)
    texts, view = Texts(page.lang), context["order"]
    buyer = view.scanned_by or context["buyer"].name(page.lang)
    state = {
        "state": order.state,
        "version": order.version,
        "html": pages.html("wallet/_panel.html", page, **context),
        "title": texts(view.title_key),
        "announce": texts(view.announce_key, buyer=buyer),
    }
    clock = {"now": view.now, "rate": 1, "frozen": view.frozen, "expires_at": view.expires_at}
    return state, clock


class Events:
    """`/w/{code}/events`: server-sent events. The state is sent on connect, so nothing is lost in between."""

    def __init__(self, runtime: Runtime, auto_return_s: int) -> None:
        self.runtime = runtime
        self.auto_return_s = auto_return_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call(scope)
        found = _find(self.runtime, call.path["code"])
        if found is None:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        changed = asyncio.Event()
        stop = self.runtime.watch(Order, call.path["code"], changed.set)
        gone = asyncio.create_task(_disconnected(receive))
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            version = -1
            while not gone.done():
                changed.clear()
                found = _find(self.runtime, call.path["code"])
                if found is None:
                    break
                state, clock = _news(call, self.runtime, *found, self.auto_return_s)
                if state["version"] != version:
                    version = state["version"]
                    await send(_event("state", state))
                await send(_event("clock", clock))
                if found[1].is_final:
                    break
                waiting = asyncio.create_task(changed.wait())
                await asyncio.wait({waiting, gone}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    await send({"type": "http.response.body", "body": b"event: ping\ndata: {}\n\n", "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            stop()
            gone.cancel()

    def _call(self, scope: Scope) -> Call:
        headers = header_map(scope["headers"])
        base_url = self.runtime.public_url or f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
        return Call(
            provider="wallet",
            method="GET",
            target=scope["path"],
            raw_path=scope["path"].removesuffix("/events"),
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            raw_body=b"",
            base_url=base_url,
            path={"code": scope["path"].split("/")[2]},
        )


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _event(name: str, data: dict[str, Any]) -> dict[str, Any]:
    body = b"event: " + name.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"
    return {"type": "http.response.body", "body": body, "more_body": True}


__all__: Sequence[str] = ("Events", "render", "return_target", "routes")
