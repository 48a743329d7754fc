"""What is pressed. Each act answers 303; on an order that is decided it changes nothing: the first act wins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.facets import REASONS
from simulator.engine.provider import Call, Reply
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order
from simulator.wallet.pages.buyer import SEAL, buyer_cookie, chosen_buyer, is_signed_in
from simulator.wallet.pages.look import HERE
from simulator.wallet.pages.result import return_target
from simulator.wallet.pages.show import PURPOSE, find, not_found

LATE = timedelta(seconds=30)


Act = Callable[[UnitOfWork, Order], object]


def _checked(call: Call, runtime: Runtime) -> tuple[Workspace, Order] | Reply:
    """The order that a form is about, or the page that says why the form does not count."""
    found = find(runtime, call.path["code"])
    if found is None:
        return not_found(call)
    link = {"link_url": f"/w/{found[1].id}", "link_text": "back_to_order"}
    return pages.refused_form(call, runtime, PURPOSE, found[1].id, **link) or found


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
    with runtime.unit(workspace, provider="wallet", topic="page") as uow:
        act(uow, alipay.order_of(uow, order.id))
        _journal_return(runtime, uow, order.id)
    return pages.see_other(_back(call, order))


def _journal_return(runtime: Runtime, uow: UnitOfWork, order_code: str) -> None:
    order, settings = alipay.order_of(uow, order_code), uow.workspace.own_settings
    returns = order.is_final and settings.returns_after(runtime.auto_return_s) is not None
    target = return_target(runtime, uow, order) if returns else None
    if target is not None and pages.is_safe_return(target):
        alipay.journal_return(uow, order, target)


def _back(call: Call, order: Order, **more: str) -> str:
    """The page from which a form came, without what is over."""
    query = {name: call.query[name] for name in ("view", HERE) if name in call.query} | more
    return f"/w/{order.id}?{urlencode(query)}" if query else f"/w/{order.id}"


def scan(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, lambda uow, order: alipay.scan(uow, order, chosen_buyer(call, uow).id))


def show_qr_code(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.show_qr_code)


def sign_in(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """The desktop's form: a buyer and their password (any will do, unless they have one of their own)."""
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    workspace, order = found
    if order.is_final:
        return pages.see_other(_back(call, order, already="1"))
    if order.state == "paying":
        return pages.see_other(_back(call, order))
    slug = call.form.get("buyer") or buyers.default(workspace)
    with runtime.unit(workspace, provider="wallet", topic="page") as uow:
        buyer, order = buyers.get(uow, slug), alipay.order_of(uow, order.id)
        after = alipay.sign_in(uow, order, slug, call.form.get("password", ""))
        _journal_return(runtime, uow, order.id)
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
        if not is_signed_in(runtime, order, buyer, call.query.get("seal", "")):
            after = alipay.sign_in(uow, order, buyer.id, call.form.get("password", ""))
            if after is not order:
                if not after.is_final:
                    wrong.update(wrong="password", buyer=buyer.id)
                return
        payment_code = call.form.get("payment_code", "")
        after = alipay.confirm(uow, order, buyer.id, method=method, payment_code=payment_code)
        if buyer.payment_code not in (None, payment_code) and not after.is_final:
            wrong.update(wrong="payment_code", buyer=buyer.id)

    reply = _act(call, runtime, act)
    if not wrong:
        return reply
    kept = {name: call.query[name] for name in ("view", HERE, "step", "seal") if name in call.query}
    return pages.see_other(f"/w/{call.path['code']}?{urlencode(kept | wrong)}")


def cancel(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.cancel)


def decide_now(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    return _act(call, runtime, alipay.decide_now, while_paying=True)


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
    if outcome not in acts or reason not in REASONS:
        return pages.error_page(call, 400, "error_title", "refused_text")
    return _act(call, runtime, acts[outcome])


def change_buyer(call: Call, runtime: Runtime, auto_return_s: int | None) -> Reply:
    """Remembered by this browser for the next order too."""
    found = _checked(call, runtime)
    if isinstance(found, Reply):
        return found
    workspace, order = found
    slug = buyers.get(runtime.open(workspace), call.form.get("buyer") or buyers.default(workspace)).id
    return pages.see_other(_back(call, order, step="sign-in"), buyer_cookie(slug))
