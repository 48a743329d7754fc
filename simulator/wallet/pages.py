"""The wallet's pages: cashier, phone, result, QR image, live events. A GET never changes state; the first act wins.

Fields and test ids: design, sections 4 and 10.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

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
from simulator.kernel.clock import iso_millis, micros
from simulator.kernel.money import Money
from simulator.kernel.refusals import NotFound
from simulator.wallet import alipay, buyers, qr
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from simulator.wallet.view import (
    BuyerView,
    FormError,
    OrderView,
    Prediction,
    ResultView,
    Shortfall,
    announce_key,
    title_key,
)

PURPOSE = "wallet"
SEAL = "signed-in"
COOKIE_BUYER = "buyer"
HERE = "here"
"""`?here=1` marks the links by which a merchant's buyer comes himself; a scanned code has no mark."""
PING_S = 15.0
LATE = timedelta(seconds=30)


def routes(auto_return_s: int | None) -> tuple[Page, ...]:
    """`auto_return_s` is browser time until a desktop returns to the merchant; None switches it off."""

    def get(path: str, handler: Callable[..., Reply]) -> Page:
        return Page("GET", path, functools.partial(handler, auto_return_s=auto_return_s))

    def post(action: str, handler: Callable[..., Reply]) -> Page:
        return Page("POST", f"/w/{{code}}/{action}", functools.partial(handler, auto_return_s=auto_return_s))

    return (
        Page("POST", "/w/clock", pages.hold_clock),
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
    """How this browser looks at the order: which page, which buyer, how far he has got. All of it comes from the
    address and the cookies; the order knows nothing of it."""

    mobile: bool
    step: str
    """`confirm` once signed in on the desktop, `sign-in` to leave a declined try behind."""
    buyer: Buyer
    stays: bool
    """No automatic return."""
    began_here: bool
    """This browser came from the merchant (it did not scan for another one), so it returns there."""
    already: bool
    """What was pressed came too late."""
    wrong: str
    """`password` or `payment_code`: what was wrong in the last try."""
    seal: str
    """Proves that `buyer` has signed in on this order."""

    @property
    def keeps(self) -> dict[str, str]:
        """What every link and form of the page carries on; `view` comes from the request."""
        return {HERE: "1"} if self.began_here else {}

    @property
    def progress(self) -> dict[str, str]:
        if self.step != "confirm":
            return {}
        return {"step": self.step, "buyer": self.buyer.id} | ({"seal": self.seal} if self.seal else {})


def _look(call: Call, runtime: Runtime, uow: UnitOfWork, order: Order) -> Look:
    mobile = order.device == "app" or pages.is_phone(call)
    if call.query.get("view") == "desktop":
        mobile = False
    buyer, step, seal = chosen_buyer(call, uow), call.query.get("step", ""), call.query.get("seal", "")
    if step == "confirm" and not _is_signed_in(runtime, order, buyer, seal):
        step = "sign-in"
    in_place = not call.target.startswith("/w/")
    return Look(
        mobile=mobile,
        step=step,
        buyer=buyer,
        stays=call.query.get("stay") == "1",
        began_here=order.device == "app" or in_place or call.query.get(HERE) == "1",
        already=call.query.get("already") == "1",
        wrong=call.query.get("wrong", ""),
        seal=seal if step == "confirm" else "",
    )


def chosen_buyer(call: Call, uow: UnitOfWork) -> Buyer:
    """The buyer of this browser: named in the address, remembered in a cookie, or the first one."""
    known = {buyer.id: buyer for buyer in buyers.every(uow)}
    for slug in (call.query.get("buyer"), pages.cookies(call).get(COOKIE_BUYER)):
        if slug in known:
            return known[slug]
    return known[buyers.DEFAULT]


def _is_signed_in(runtime: Runtime, order: Order, buyer: Buyer, seal: str) -> bool:
    return buyer.password is None or pages.token_holds(runtime, SEAL, f"{order.id} {buyer.id}", seal)


def _find(runtime: Runtime, code: str) -> tuple[Workspace, Order] | None:
    found = runtime.locate(Order, code)
    if found is None:
        return None
    workspace, order = found
    assert isinstance(order, Order)
    return workspace, order


def _not_found(call: Call) -> Reply:
    return pages.answer(call, "wallet/not_found.html", pages.view(call, "title_not_found"), status=404)


def show(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    return render(call, runtime, *found, auto_return_s=auto_return_s)


def render(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, *, auto_return_s: int | None, hint: str = ""
) -> Reply:
    """The wallet in place: also for providers whose own links show it (`/p/s/i/…`, `/page/aplus-linker/…`). `hint` is
    what the provider's testers are told to do there, a key of the catalogue."""
    page, context = _context(call, runtime, workspace, order, auto_return_s)
    context["hint"] = hint
    is_result = context["result"] is not None and not context["result"].retry
    template = "wallet/result.html" if is_result else "wallet/phone.html" if page.mobile else "wallet/cashier.html"
    return pages.answer(call, template, page, **context)


def _context(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, auto_return_s: int | None
) -> tuple[PageView, dict[str, Any]]:
    uow = runtime.open(workspace)
    look = _look(call, runtime, uow, order)
    chosen = buyers.get(uow, order.buyer) if order.state == "paying" and order.buyer else look.buyer
    result = _result_view(runtime, uow, order, look, pages.language(call, order.language), auto_return_s)
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
    chosen_view = _buyer_view(uow, order, chosen)
    views = [_buyer_view(uow, order, buyer) for buyer in buyers.every(uow)]
    view = _order_view(call, uow, order, look, page.lang, chosen_view)
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
        code=order.id,
        state=order.state,  # type: ignore[arg-type]  # the machine's own names
        version=order.version,
        merchant=order.merchant,
        reference=order.reference,
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
        answer_left_s=pages.seconds_left(order.answer_at, now) if order.state == "paying" else None,
        frozen=clock.mode == "frozen",
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


def buyer_name(uow: UnitOfWork, slug: str | None, lang: str) -> str | None:
    if slug is None:
        return None
    try:
        buyer = buyers.get(uow, slug)
    except NotFound:
        return slug
    return buyer.name_zh if lang == "zh" else buyer.name_en


_OWN_REASONS = ("balance", "limit", "blocked", "authentication")


def _buyer_view(uow: UnitOfWork, order: Order, buyer: Buyer) -> BuyerView:
    method = alipay.best_method(order, buyer)
    decision = alipay.predict(uow, order, buyer, method)
    outcome, values = decision.outcome, {}
    if decision.outcome == "paid" and decision.delay > timedelta(0):
        outcome, values = "paying", {"delay": f"{int(decision.delay.total_seconds())}\u00a0s"}
    if decision.shortfall:
        values["short"] = _yuan(decision.shortfall)
    if decision.outcome == "paid" and method == "card":
        values["by"] = "card"
    special, value = None, ""
    if buyer.password is not None:
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
            delayed_by=decision.delayed_by,
            values=values,
        ),
        card_last4=buyer.card.last4 if buyer.card else None,
        card_limit_text=_yuan(buyer.card.limit) if buyer.card else None,
        special=special,  # type: ignore[arg-type]
        special_value=value,
        needs_password=buyer.password is not None,
        needs_code=buyer.payment_code is not None,
        best_method=method,  # type: ignore[arg-type]
    )


def _yuan(fen: int) -> str:
    return Money(fen, "CNY").symbol()


def _result_view(
    runtime: Runtime, uow: UnitOfWork, order: Order, look: Look, lang: str, auto_return_s: int | None
) -> ResultView | None:
    tried = order.state in ("open", "scanned") and order.reason is not None
    retry = tried and look.step not in ("sign-in", "confirm") and not look.wrong
    if not order.is_final and not retry:
        return None
    target = return_target(runtime, uow, order) if order.is_final else None
    safe = target is not None and pages.is_safe_return(target)
    payer = buyers.get(uow, order.buyer) if order.buyer else None
    shortfall = None
    if order.shortfall:
        shortfall = Shortfall(_yuan(order.cny), _yuan(order.cny - order.shortfall), _yuan(order.shortfall))
    at = order.decided_at or order.updated_at
    phone_only = look.mobile and not look.began_here
    card = payer.card.last4 if payer and payer.card else None
    method = order.method if order.state == "paid" and (order.method == "balance" or card) else None
    return ResultView(
        outcome="declined" if retry else order.state,  # type: ignore[arg-type]
        decided_by=f"buyer:{order.buyer}" if retry else order.decided_by or "timer",
        merchant=order.merchant,
        answered_at=iso_millis(at),
        answered_at_text=at.strftime("%H:%M:%S UTC"),
        reason=order.reason if order.reason in _OWN_REASONS else None,  # type: ignore[arg-type]
        detail=order.detail,  # type: ignore[arg-type]
        open_for=_span(max(1, round((at - order.created_at).total_seconds())), lang)
        if order.state == "expired"
        else None,
        buyer_name=buyer_name(uow, order.buyer, lang),
        method=method,  # type: ignore[arg-type]
        card_last4=card,
        payment_number=_payment_number(order) if order.state == "paid" else None,
        shortfall=shortfall,
        return_url=target,
        return_is_link=safe,
        return_field=_return_field(runtime, order) if not safe else "",
        auto_return_s=auto_return_s if safe and not look.stays and not phone_only else None,
        phone_only_done=phone_only and not retry,
        retry=retry,
        already=look.already,
        advanced=_span(order.advanced_s, lang),
        advanced_by=order.advanced_by,  # type: ignore[arg-type]
        merchant_told=order.is_final and _merchant_told(uow, order, at),
    )


def _return_field(runtime: Runtime, order: Order) -> str:
    party = runtime.party(order.payee_provider)
    return party.return_field if isinstance(party, Provider) else ""


def _span(seconds: int | None, lang: str) -> str | None:
    return None if seconds is None else Texts("zh" if lang == "zh" else "en").duration(timedelta(seconds=seconds))


def _merchant_told(uow: UnitOfWork, order: Order, since: datetime) -> bool:
    """Whether the provider made an event of the payment's end; some of them say nothing of an expiry."""
    messages = uow.store.messages(uow.workspace.id, provider=order.payee_provider, subject=order.subject)
    return any(message.created >= micros(since) for message in messages)


def _payment_number(order: Order) -> str:
    """20 digits that begin with the day, in groups of four; made of the order's code, so it never changes."""
    day = (order.decided_at or order.updated_at).strftime("%Y%m%d")
    digits = day + str(int.from_bytes(order.id.encode(), "big"))[-12:]
    return " ".join(digits[start : start + 4] for start in range(0, 20, 4))


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


def qr_image(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    image = qr.png(f"{call.base_url}/w/{found[1].id}")
    return Reply(200, image, {"cache-control": "public, max-age=3600"}, content_type="image/png")


# What is pressed -----------------------------------------------------------------------------------------------

Act = Callable[[UnitOfWork, Order], object]


def _checked(call: Call, runtime: Runtime) -> tuple[Workspace, Order] | Reply:
    """The order that a form is about, or the page that says why the form does not count."""
    found = _find(runtime, call.path["code"])
    if found is None:
        return _not_found(call)
    if not pages.is_own_origin(call):
        return pages.error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not pages.token_holds(runtime, PURPOSE, found[1].id, given):
        link = {"link_url": f"/w/{found[1].id}", "link_text": "back_to_order"}
        return pages.error_page(call, 403, "error_title", "stale_form", **link)
    return found


def _act(call: Call, runtime: Runtime, act: Act, *, while_paying: bool = False) -> Reply:
    """Runs an act and answers 303. The first act wins: on an order that is decided, or whose buyer has confirmed and
    waits for the bank, it changes nothing and the page shows what happened."""
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    workspace, order = found
    if order.is_final:
        return pages.see_other(_back(call, order, already="1"))
    if order.state == "paying" and not while_paying:
        return pages.see_other(_back(call, order))
    with runtime.unit(workspace, provider="wallet", kind="page") as uow:
        act(uow, alipay.order_of(uow, order.id))
        _note_return(runtime, uow, order.id)
    return pages.see_other(_back(call, order))


def _note_return(runtime: Runtime, uow: UnitOfWork, code: str) -> None:
    order = alipay.order_of(uow, code)
    target = return_target(runtime, uow, order) if order.is_final and runtime.auto_return_s is not None else None
    if target is not None and pages.is_safe_return(target):
        alipay.note_return(uow, order, target)


def _back(call: Call, order: Order, **more: str) -> str:
    """The page from which a form came, without what is over."""
    query = {name: call.query[name] for name in ("view", HERE) if name in call.query} | more
    return f"/w/{order.id}?{urlencode(query)}" if query else f"/w/{order.id}"


def scan(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, lambda uow, order: alipay.scan(uow, order, chosen_buyer(call, uow).id))


def show_code(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.show_code)


def sign_in(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """The desktop's form: a buyer and his password (any, unless he must have a certain one)."""
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    workspace, order = found
    if order.is_final:
        return pages.see_other(_back(call, order, already="1"))
    if order.state == "paying":
        return pages.see_other(_back(call, order))
    slug = call.form.get("buyer") or buyers.DEFAULT
    with runtime.unit(workspace, provider="wallet", kind="page") as uow:
        buyer, order = buyers.get(uow, slug), alipay.order_of(uow, order.id)
        after = alipay.sign_in(uow, order, slug, call.form.get("password", ""))
        _note_return(runtime, uow, order.id)
    if after.is_final:
        return pages.see_other(_back(call, order), buyer_cookie(slug))
    if after is not order:
        return pages.see_other(_back(call, order, buyer=slug, wrong="password"), buyer_cookie(slug))
    seal = {"seal": pages.token(runtime, SEAL, f"{order.id} {slug}")} if buyer.password is not None else {}
    return pages.see_other(_back(call, order, step="confirm", buyer=slug, **seal), buyer_cookie(slug))


def confirm(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """`buyer`, `method`, and `payment_code` or `password` from those buyers who must have a certain one."""
    wrong: dict[str, str] = {}

    def act(uow: UnitOfWork, order: Order) -> None:
        buyer = buyers.get(uow, call.form.get("buyer") or chosen_buyer(call, uow).id)
        method = call.form.get("method") if call.form.get("method") in ("balance", "card") else None
        if not _is_signed_in(runtime, order, buyer, call.query.get("seal", "")):
            after = alipay.sign_in(uow, order, buyer.id, call.form.get("password", ""))
            if after is not order:
                if not after.is_final:
                    wrong.update(wrong="password", buyer=buyer.id)
                return
        code = call.form.get("payment_code", "")
        after = alipay.confirm(uow, order, buyer.id, method=method, payment_code=code)
        if buyer.payment_code not in (None, code) and not after.is_final:
            wrong.update(wrong="payment_code", buyer=buyer.id)

    reply = _act(call, runtime, act)
    if not wrong:
        return reply
    kept = {name: call.query[name] for name in ("view", HERE, "step", "seal") if name in call.query}
    return pages.see_other(f"/w/{call.path['code']}?{urlencode(kept | wrong)}")


def cancel(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.cancel)


def answer_now(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.answer, while_paying=True)


def force(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """The simulator's options: decline with a reason, cancel, expire, answer late, close the app."""
    outcome, reason = call.form.get("outcome", ""), call.form.get("reason") or "declined"
    acts: dict[str, Act] = {
        "declined": lambda uow, order: alipay.decline(uow, order, reason),
        "cancelled": alipay.cancel,
        "expired": alipay.expire,
        "late": lambda uow, order: alipay.confirm_late(uow, order, chosen_buyer(call, uow).id, LATE),
        "left": lambda uow, order: alipay.walk_away(uow, order, chosen_buyer(call, uow).id),
    }
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    if outcome not in acts or reason not in alipay.REASONS:
        return pages.error_page(call, 400, "error_title", "refused_text")
    return _act(call, runtime, acts[outcome])


def change_buyer(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """Remembered by this browser for the next order too."""
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    workspace, order = found
    slug = buyers.get(runtime.open(workspace), call.form.get("buyer") or buyers.DEFAULT).id
    return pages.see_other(_back(call, order, step="sign-in"), buyer_cookie(slug))


def buyer_cookie(slug: str) -> str:
    return f"{COOKIE_BUYER}={slug}; Path=/; Max-Age=31536000; SameSite=Lax"


# Live ----------------------------------------------------------------------------------------------------------


def state_json(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    found = _find(runtime, call.path["code"])
    if found is None:
        return Reply(404, b"{}", content_type="application/json")
    state, clock = _news(call, runtime, *found, auto_return_s)
    body = orjson.dumps({**state, "clock": clock})
    return Reply(200, body, {"cache-control": "no-store"}, content_type="application/json")


def _news(
    call: Call, runtime: Runtime, workspace: Workspace, order: Order, auto_return_s: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    page, context = _context(call, runtime, workspace, order, auto_return_s)
    texts, view, result = Texts(page.lang), context["order"], context["result"]
    shown = result.outcome if result is not None else order.state
    buyer = view.scanned_by or context["buyer"].name(page.lang)
    state = {
        "state": order.state,
        "version": order.version,
        "html": pages.html("wallet/_panel.html", page, **context),
        "title": page.title,
        "announce": "" if page.mobile and shown == "scanned" else texts(announce_key(shown), buyer=buyer),
    }
    return state, _clock_news(workspace, order)


def _clock_news(workspace: Workspace, order: Order) -> dict[str, Any]:
    clock = workspace.clock
    expires_at = iso_millis(order.expires_at) if order.expires_at else None
    return {"now": iso_millis(clock.now()), "rate": 1, "frozen": clock.mode == "frozen", "expires_at": expires_at}


class Events:
    """`/w/{code}/events`: server-sent events. The state is sent on connect, so nothing is lost in between.

    `state` and `clock` follow each change of the order and of the workspace's clock, `gone` says that the order does not
    exist any more. A connection costs two tasks and no memory that grows; it ends with the order, with the workspace,
    or when the server stops.
    """

    def __init__(self, runtime: Runtime, auto_return_s: int | None) -> None:
        self.runtime = runtime
        self.auto_return_s = auto_return_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = self._call(scope)
        found = _find(self.runtime, call.path["code"])
        if found is None or scope["method"] != "GET":
            status, headers = (404, []) if found is None else (405, [(b"allow", b"GET")])
            headers.append((b"content-length", b"0"))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        changed = asyncio.Event()
        stops = [
            self.runtime.watch(Order, call.path["code"], changed.set),
            self.runtime.watch_workspace(found[0], changed.set),
        ]
        gone = asyncio.create_task(_disconnected(receive))
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._follow(call, changed, gone, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            for stop in stops:
                stop()
            gone.cancel()

    async def _follow(self, call: Call, changed: asyncio.Event, gone: asyncio.Task[None], send: Send) -> None:
        version = -1
        while not gone.done() and not self.runtime.closing:
            changed.clear()
            found = _find(self.runtime, call.path["code"])
            if found is None:
                await send(_event("gone", {}))
                return
            workspace, order = found
            if order.version != version:
                version = order.version
                await send(_event("state", _news(call, self.runtime, workspace, order, self.auto_return_s)[0]))
            await send(_event("clock", _clock_news(workspace, order)))
            if order.is_final:
                return
            waiting = asyncio.create_task(changed.wait())
            await asyncio.wait({waiting, gone}, timeout=PING_S, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                await send(_event("ping", {}))

    def _call(self, scope: Scope) -> Call:
        headers = header_map(scope["headers"])
        base_url = self.runtime.public_url or f"{scope.get('scheme', 'http')}://{headers.get('host', 'localhost')}"
        return Call(
            provider="wallet",
            method="GET",
            target=scope["path"],
            raw_path=scope["path"],
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


__all__: Sequence[str] = ("Events", "buyer_cookie", "chosen_buyer", "is_only_here", "render", "return_target", "routes")
