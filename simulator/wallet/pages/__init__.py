"""The wallet's pages: cashier, phone, result, QR image, live events. A GET never changes state; the first act wins."""

from __future__ import annotations

import functools
from collections.abc import Callable

from simulator.engine import pages
from simulator.engine.provider import Page, Reply
from simulator.wallet.pages import acts, live, show
from simulator.wallet.pages.buyer import COOKIE_BUYER, buyer_cookie, buyer_name, chosen_buyer
from simulator.wallet.pages.live import Events
from simulator.wallet.pages.result import return_target
from simulator.wallet.pages.show import is_only_here, render

__all__ = [
    "COOKIE_BUYER",
    "Events",
    "buyer_cookie",
    "buyer_name",
    "chosen_buyer",
    "is_only_here",
    "render",
    "return_target",
    "routes",
]


@functools.lru_cache(maxsize=8)
def routes(auto_return_s: int | None) -> tuple[Page, ...]:
    """`auto_return_s` is browser time until a desktop returns to the merchant; None switches it off."""

    def get(path: str, handler: Callable[..., Reply]) -> Page:
        return Page("GET", path, functools.partial(handler, auto_return_s=auto_return_s))

    def post(action: str, handler: Callable[..., Reply]) -> Page:
        return Page("POST", f"/w/{{code}}/{action}", functools.partial(handler, auto_return_s=auto_return_s))

    return (
        Page("POST", "/w/clock", pages.hold_clock),
        get("/w/{code}", show.show),
        get("/w/{code}/qr.png", show.qr_image),
        get("/w/{code}/state.json", live.state_json),
        post("scan", acts.scan),
        post("sign-in", acts.sign_in),
        post("confirm", acts.confirm),
        post("cancel", acts.cancel),
        post("force", acts.force),
        post("answer", acts.decide_now),
        post("show-code", acts.show_qr_code),
        post("buyer", acts.change_buyer),
    )
