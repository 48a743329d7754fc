"""Every path through the wallet's pages on a desktop, told once and walked by buyers of three kinds, or by one.

A journey begins at the merchant, and returns how the payment ended: its phase, and who decided. What a buyer can do is
in `Buyer`; how they do it (forms alone, a mouse without a script, a keyboard) is their own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from browser.merchant import Merchant

Ending = tuple[str, str | None]
"""Phase of the payment, and who decided: `page`, `timer`, `buyer:li-na`, `amount:40000`, `scenario:…`."""


class Buyer(Protocol):
    """What somebody does at a page. Controls are named by their test id, which is unique in what is shown."""

    has_script: bool
    tries_all: bool
    """Also looks into every window, holds every clock, and takes each of many controls of one kind."""

    def open(self, path: str) -> Any: ...
    def press(self, testid: str) -> None:
        """A button or a link."""

    def choose(self, testid: str, value: str = "") -> None:
        """A radio button; with a `value`, that of a list."""

    def fill(self, testid: str, value: str) -> None: ...
    def window(self, testid: str) -> None:
        """Presses what opens another window, and goes on there."""

    def leave_window(self) -> None:
        """Closes it and goes on in the first one."""

    def leave_window_by(self, testid: str) -> None:
        """Presses what closes it."""

    def reload(self) -> Any: ...
    def see(self, testid: str, **attributes: str) -> Any:
        """It is there, or comes soon, with these `data-` attributes."""

    def goes_back(self) -> None:
        """From the wallet's result to the provider's page: by itself where there is a browser."""

    def returned(self) -> dict[str, str]:
        """The buyer is back at the merchant. Returns the query of the address to which the browser was sent."""

    def detained(self) -> AbstractContextManager[None]:
        """Meanwhile the merchant's server answers a browser with 204: nothing that goes there by itself leaves the page."""


Journey = Callable[[Any, Buyer], Ending]
"""Of a merchant and a buyer: a provider's own journeys take its `Pages` as the merchant."""
J = TypeVar("J", bound=Journey)

DESKTOP: dict[str, Journey] = {}
PHONE: dict[str, Journey] = {}
OPEN_END: set[str] = set()
"""Journeys after which another try is still possible, so that a second press is a first one again."""


BY_FORMS: set[str] = set()
"""Journeys on which nothing is pressed that is not pressed on another: walked by forms alone."""


def desktop(journey: J) -> J:
    """A journey at a desktop, by its name among all providers'."""
    DESKTOP[journey.__name__] = journey
    return journey


def phone(journey: J) -> J:
    """A journey on a phone."""
    PHONE[journey.__name__] = journey
    return journey


def open_end(journey: J) -> J:
    """After it another try is still possible."""
    OPEN_END.add(journey.__name__)
    return journey


def by_forms(journey: J) -> J:
    """Nothing is pressed on it that is not pressed on another: it is not walked in a browser."""
    BY_FORMS.add(journey.__name__)
    return journey


BUYERS = ("wang-wei", "zhang-min", "chen-jie", "zhao-lei", "liu-yang", "sun-li", "zhou-ting", "li-na")
WALLETS = ("DANA", "TNG", "TRUEMONEY", "KAKAOPAY", "GCASH", "ALIPAY_HK", "ALIPAY_CN")
LI_NA: Ending = ("paid", "buyer:li-na")
BLOCKED: Ending = ("declined", "buyer:chen-jie")
CANCELLED: Ending = ("cancelled", "page")


def signs_in(b: Buyer, buyer: str = "", password: str = "") -> None:
    """On the desktop, to the amount in yuan."""
    if buyer:
        b.press("more-buyers")
        b.choose(f"buyer-{buyer}")
    if password:
        b.fill("password", password)
    b.press("sign-in")


def holds_the_clock(b: Buyer) -> None:
    """And lets it go on."""
    if not b.tries_all:
        return
    b.press("hold-clock")
    b.see("hold-clock")
    b.press("hold-clock")


def peeps(b: Buyer, testid: str) -> None:
    """Into a window of its own."""
    if not b.tries_all:
        return
    b.window(testid)
    b.leave_window()


def pays(b: Buyer) -> None:
    """Signs in as Li Na, who is chosen already, confirms, and sees that it is paid."""
    signs_in(b)
    b.see("confirm")
    b.press("confirm")
    b.see("result", outcome="paid", decided_by="buyer:li-na")


# The wallet on a desktop ---------------------------------------------------------------------------------------------


@desktop
def wallet_pays(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    holds_the_clock(b)
    pays(b)
    assert m.last[1] in b.returned().values()
    return LI_NA


@desktop
def wallet_asks_for_the_right_password(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("more-buyers")
    b.choose("buyer-zhang-min")
    b.choose("buyer-zhao-lei")
    signs_in(b, password="wrong")
    b.see("password")
    b.fill("password", "right")
    b.press("sign-in")
    b.see("confirm")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.returned()
    return "paid", "buyer:zhao-lei"


@desktop
def wallet_asks_for_the_payment_code(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    signs_in(b, "liu-yang")
    b.fill("payment-code", "111111")
    b.press("confirm")
    b.see("payment-code")
    b.fill("payment-code", "246810")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.returned()
    return "paid", "buyer:liu-yang"


@desktop
def wallet_pays_by_card(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    signs_in(b)
    b.choose("method-card")
    b.choose("method-balance")
    b.choose("method-card")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.returned()
    return LI_NA


@desktop
def wallet_changes_the_buyer(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.choose("buyer-chen-jie")
    b.choose("buyer-wang-wei")
    b.press("sign-in")
    b.press("change-buyer")
    b.see("sign-in")
    b.choose("buyer-li-na")
    pays(b)
    b.returned()
    return LI_NA


@desktop
def wallet_result_stays(m: Merchant, b: Buyer) -> Ending:
    """Where the automatic return is stopped, a press returns."""
    b.open(m.wallet())
    with b.detained():
        pays(b)
        b.press("stay")
        b.see("return")
    b.press("return")
    assert m.last[1] in b.returned().values()
    return LI_NA


@desktop
def wallet_sends_back_before_it_has_decided(m: Merchant, b: Buyer) -> Ending:
    path = m.wallet()
    b.open(path)
    b.press("sim-options")
    b.press("force-late")
    b.see("wallet-cashier", state="paying")
    b.press("return-early")
    assert m.last[1] in b.returned().values()
    assert m.state() == ("waiting", None)
    b.open(path)
    b.press("answer-now")
    b.see("result", outcome="paid")
    b.returned()
    return LI_NA


@desktop
@by_forms
def wallet_declines(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.choose("buyer-wang-wei")
    b.press("sign-in")
    b.press("confirm")
    b.see("result", outcome="declined", reason="balance", decided_by="buyer:wang-wei")
    b.returned()
    return "declined", "buyer:wang-wei"


@desktop
@by_forms
def wallet_lets_another_buyer_try(m: Merchant, b: Buyer) -> Ending:
    m.shop.edit_buyer("wang-wei", refusal="retry")
    b.open(m.wallet())
    b.choose("buyer-wang-wei")
    b.press("sign-in")
    b.press("confirm")
    b.see("result", outcome="declined")
    b.press("try-another")
    b.choose("buyer-li-na")
    pays(b)
    b.returned()
    return LI_NA


@desktop
@by_forms
def wallet_waits_for_a_slow_bank(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    signs_in(b, "sun-li")
    b.press("confirm")
    b.see("wallet-cashier", state="paying")
    b.press("answer-now")
    b.see("result", outcome="paid", decided_by="buyer:sun-li")
    b.returned()
    return "paid", "buyer:sun-li"


@desktop
def wallet_is_left_and_expires(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    signs_in(b, "zhou-ting")
    b.press("confirm")
    b.see("wallet-cashier", state="open")
    b.press("force-expire")
    b.see("result", outcome="expired")
    b.returned()
    return "expired", "page"


@desktop
@by_forms
def wallet_is_cancelled(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("cancel")
    b.see("result", outcome="cancelled")
    b.returned()
    return CANCELLED


@desktop
def wallet_is_cancelled_by_the_simulator(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("force-cancel")
    b.see("result", outcome="cancelled")
    b.returned()
    return CANCELLED


@desktop
def wallet_is_made_to_decline(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.choose("force-reason", "limit")
    b.press("force-decline")
    b.see("result", outcome="declined", reason="limit", decided_by="page")
    b.returned()
    return "declined", "page"


@desktop
def wallet_is_made_to_be_late(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.press("force-leave")
    b.see("wallet-cashier", state="open")
    b.press("sim-options")
    b.press("force-late")
    b.see("wallet-cashier", state="paying")
    b.press("answer-now")
    b.see("result", outcome="paid")
    b.returned()
    return LI_NA


@desktop
def wallet_is_paid_in_the_phones_window(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.window("open-phone")
    b.see("wallet-phone")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.leave_window_by("done")
    if not b.has_script:
        b.reload()
        b.see("result", outcome="paid")
    b.returned()
    return LI_NA


@desktop
def wallet_shows_the_code_again(m: Merchant, b: Buyer) -> Ending:
    path = m.wallet()
    m.shop.post(path.rpartition("/")[2], "scan")
    b.open(path)
    b.see("wallet-cashier", state="scanned")
    b.press("show-code")
    b.see("wallet-cashier", state="open")
    b.window("qr")
    b.see("wallet-phone")
    b.press("cancel")
    b.see("result", outcome="cancelled")
    b.leave_window()
    if not b.has_script:
        b.reload()
        b.see("result", outcome="cancelled")
    b.returned()
    return CANCELLED


@desktop
@open_end
def wallet_result_waits_for_a_press(m: Merchant, b: Buyer) -> Ending:
    """The address of a page on which the automatic return was stopped."""
    path = m.wallet()
    m.shop.post(path.rpartition("/")[2], "confirm", buyer="chen-jie")
    b.open(f"{path}?stay=1")
    b.press("why")
    b.see("payment")
    b.open(f"{path}?stay=1")
    b.press("return")
    assert m.last[1] in b.returned().values()
    return BLOCKED


@desktop
@open_end
def wallet_does_not_know_the_code(m: Merchant, b: Buyer) -> Ending:
    m.wallet()
    b.open("/w/nosuchcode")
    b.see("wallet-not-found")
    b.press("to-console")
    b.see("payments")
    b.open("/emulator/aps/nothing1")
    b.press("go-on")
    b.see("payments")
    return "waiting", None
