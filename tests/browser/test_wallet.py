"""The wallet in headless Chromium: two devices, every button, every code, both languages, both themes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import pytest

from browser.shop import STATES, Shop
from browser.window import Window

Open = Callable[..., Window]

SOON = 1000 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
"""A second in milliseconds, of a machine that has nothing else to do."""


# Two devices -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("events", "clock"), [(True, "running"), (True, "frozen"), (False, "frozen")])
def test_the_phone_pays_and_the_desktop_moves_on(window: Open, shop: Shop, events: bool, clock: str) -> None:
    """Within a second; where server-sent events are blocked, with the next look two seconds later."""
    if clock == "frozen":
        shop.freeze()
    code = shop.order()
    desktop, phone = window(events=events), window(phone=True, size="phone", events=events)
    desktop.open(f"/w/{code}", view="desktop")
    desktop.see("live", live="sse" if events else "poll")
    soon = SOON if events else SOON + 2000

    phone.open(f"/w/{code}")
    desktop.see("wallet-cashier", state="scanned", timeout=soon)
    phone.press("confirm")
    phone.see("result", outcome="paid")
    desktop.see("result", outcome="paid", timeout=soon)

    assert desktop.returned() == {"payment-charge-id": shop.ids[code]}
    assert phone.see("done").is_visible()
    assert shop.state(code) == ("paid", "buyer:li-na")


def test_without_events_a_bar_says_so(window: Open, shop: Shop) -> None:
    desktop = window(events=False)
    desktop.open(shop.open())

    bar = desktop.see("live", live="poll")

    assert bar.is_visible()
    assert bar.inner_text() == "Live updates are interrupted, checking every 2 seconds."


def test_a_screen_reader_hears_each_change_once(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}")
    status = desktop.see("status-live")
    before = status.text_content()

    shop.post(code, "scan")
    desktop.see("wallet-cashier", state="scanned")
    scanned = status.text_content()
    shop.post(code, "cancel")
    desktop.see("result", outcome="cancelled")

    assert (before, scanned) == ("", "Scanned by Li Na. Confirm on the phone.")
    assert status.text_content() == "The payment was cancelled."
    assert desktop.page.title() == "Cancelled – Mock Wallet [Simulator]"


def test_the_countdown_speaks_at_five_minutes_one_minute_and_thirty_seconds(window: Open, shop: Shop) -> None:
    """Also when somebody advances the clock past one of them, and not at any other second."""
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}")
    desktop.see("live", live="sse")
    heard = []

    def left_after(seconds: float) -> None:
        left = desktop.page.evaluate(
            "Date.parse(one.dataset.expiresAt) - Date.parse(one.dataset.now)".replace(
                "one", "document.querySelector('[data-testid=countdown]')"
            )
        )
        shop.workspace.advance(f"PT{left / 1000 - seconds:.3f}S")

    shop.freeze()
    desktop.see("countdown", frozen="true")
    for seconds in (400, 290, 200, 59, 40, 20):
        left_after(seconds)
        shown = f"{seconds // 60:02d}:{seconds % 60:02d}"
        desktop.page.wait_for_selector(f"[data-testid=countdown] >> text={shown}")
        heard.append(desktop.see("status-live").text_content())

    said = ["", "04:50 left to pay.", "04:50 left to pay.", "00:59 left to pay.", "00:59 left to pay."]
    assert heard == [*said, "00:20 left to pay."]


def test_a_change_of_the_clock_reaches_the_page(window: Open, shop: Shop) -> None:
    desktop = window()
    desktop.open(shop.open())
    desktop.see("live", live="sse")

    shop.freeze()
    desktop.see("countdown", frozen="true", timeout=SOON)
    first = desktop.see("countdown").inner_text()
    shop.workspace.advance("PT10M")
    desktop.page.wait_for_function(
        "before => document.querySelector('[data-testid=countdown]').innerText !== before", arg=first
    )

    assert desktop.see("countdown").inner_text() != first


def test_a_deadline_that_passes_is_shown_by_itself(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}?stay=1")
    desktop.see("live", live="sse")

    shop.workspace.advance("PT13H")

    assert desktop.see("result", outcome="expired").get_attribute("data-decided-by") == "timer"
    note = desktop.page.locator("[data-testid=sim-note]").inner_text()
    assert "Expired because the clock was advanced by 13 hours in the console. The merchant has been told." in note


def test_a_reset_takes_the_order_away(window: Open, shop: Shop) -> None:
    desktop = window()
    desktop.open(shop.open())
    desktop.see("live", live="sse")

    shop.workspace.reset()

    desktop.see("wallet-not-found")


def test_what_is_typed_survives_a_scan(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}")
    desktop.see("live", live="sse")
    desktop.page.locator("[data-testid=password]").fill("secret of mine")

    shop.post(code, "scan")
    desktop.see("wallet-cashier", state="scanned")

    assert desktop.page.locator("[data-testid=password]").input_value() == "secret of mine"
    assert desktop.page.evaluate("document.activeElement.dataset.testid") == "password"


def test_a_double_press_pays_once_and_is_not_blamed_on_another_device(window: Open, shop: Shop) -> None:
    code = shop.order()
    phone = window(phone=True, size="phone")
    phone.open(f"/w/{code}")

    phone.page.locator("[data-testid=confirm]").dblclick()
    phone.see("result", outcome="paid")

    assert "another device" not in phone.page.inner_text("main")
    buyers = shop.http.get(f"/_sim/workspaces/{shop.workspace.id}/buyers").json()["data"]
    assert next(b["balance"]["value"] for b in buyers if b["slug"] == "li-na") == 800_000 - 8603


def test_going_back_fires_nothing(window: Open, shop: Shop) -> None:
    code = shop.order()
    phone = window(phone=True, size="phone")
    phone.open(f"/w/{code}")
    phone.press("confirm")
    phone.see("result", outcome="paid")

    phone.page.go_back()
    phone.page.reload()

    assert phone.see("result", outcome="paid")
    assert shop.state(code) == ("paid", "buyer:li-na")


# Every button ----------------------------------------------------------------------------------------------------

RESULT = "result"
ELSEWHERE = ("", {})
"""Pressed in another test: the same form as on the open cashier, or each of the buyers in turn."""
BUYERS = ("li-na", "wang-wei", "zhang-min", "chen-jie", "zhao-lei", "liu-yang", "sun-li", "zhou-ting")
DESKTOP_OPEN = {
    # button: what is there afterwards
    "lang-en": ("wallet-cashier", {"state": "open"}),
    "lang-zh": ("wallet-cashier", {"state": "open"}),
    "more-buyers": ("buyer-sun-li", {}),
    "sign-in": ("confirm", {}),
    "cancel": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
    "sim-options": ("force-decline", {}),
    "force-decline": (RESULT, {"outcome": "declined", "reason": "balance", "decided-by": "page"}),
    "force-late": ("wallet-cashier", {"state": "paying"}),
    "force-leave": ("wallet-cashier", {"state": "open"}),
    "hold-clock": ("countdown", {"frozen": "true"}),
    "force-cancel": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
    "force-expire": (RESULT, {"outcome": "expired", "decided-by": "page"}),
    "qr": ("wallet-cashier", {"state": "scanned"}),
    "open-phone": ("wallet-cashier", {"state": "scanned"}),
}
PHONE_OPEN = {
    "lang-zh": ("wallet-phone", {}),
    "confirm": (RESULT, {"outcome": "paid", "decided-by": "buyer:li-na"}),
    "change-buyer": ("buyer-sun-li", {}),
    "cancel": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
    "close": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
    "sim-options": ("force-decline", {}),
    "force-decline": (RESULT, {"outcome": "declined", "reason": "balance", "decided-by": "page"}),
    "force-cancel": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
    "force-expire": (RESULT, {"outcome": "expired", "decided-by": "page"}),
    "force-late": ("wallet-phone", {"state": "paying"}),
    "force-leave": ("wallet-phone", {}),
    "hold-clock": ("countdown", {"frozen": "true"}),
    **{f"buyer-{slug}": ELSEWHERE for slug in BUYERS},
}
SIGNED_IN = {
    **{name: ELSEWHERE for name in DESKTOP_OPEN if name not in ("more-buyers", "sign-in")},
    "confirm": (RESULT, {"outcome": "paid", "decided-by": "buyer:li-na"}),
    "change-buyer": ("sign-in", {}),
    "hold-clock": ("confirm", {}),
    "cancel": (RESULT, {"outcome": "cancelled", "decided-by": "page"}),
}
SCANNED = {
    **{name: ELSEWHERE for name in DESKTOP_OPEN if name not in ("qr", "open-phone")},
    "sign-in": ("confirm", {}),
    "show-code": ("wallet-cashier", {"state": "open"}),
    "force-leave": ("wallet-cashier", {"state": "scanned"}),
}
PAYING: dict[str, tuple[str, dict[str, str]]] = {
    "lang-en": ("wallet-cashier", {"state": "paying"}),
    "lang-zh": ("wallet-cashier", {"state": "paying"}),
    "answer-now": (RESULT, {"outcome": "paid", "decided-by": "buyer:sun-li"}),
    "hold-clock": ("answer-due", {"frozen": "true"}),
}
ANSWERS = {name: PAYING[name] for name in ("answer-now", "hold-clock")}
FINAL = {"lang-en": (RESULT, {}), "lang-zh": (RESULT, {}), "return": None}
RETRY = {"lang-en": (RESULT, {}), "lang-zh": (RESULT, {}), "try-another": ("sign-in", {}), "why": ("payments", {})}
PHONE_FINAL = {"done": (RESULT, {}), "return": None}

PAGES: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "cashier": ("open", False, DESKTOP_OPEN),
    "cashier, signed in": ("signed_in", False, SIGNED_IN),
    "cashier, scanned": ("scanned", False, SCANNED),
    "cashier, paying": ("paying", False, PAYING),
    "phone": ("open", True, PHONE_OPEN),
    "phone, paying": ("paying", True, {"lang-zh": ("wallet-phone", {}), **ANSWERS}),
    "paid": ("paid", False, FINAL),
    "declined": ("declined", False, {**FINAL, "why": ("payments", {})}),
    "cancelled": ("cancelled", False, FINAL),
    "expired": ("expired", False, FINAL),
    "retry": ("retry", False, RETRY),
    "phone, paid": ("paid", True, PHONE_FINAL),
    "phone, declined": ("declined", True, PHONE_FINAL),
    "phone, retry": ("retry", True, {"try-another": ("confirm", {})}),
}
BUTTONS = "main button[data-testid], main a[data-testid], main summary[data-testid]"


@pytest.mark.parametrize("name", PAGES)
def test_every_button_does_what_it_says(window: Open, shop: Shop, name: str) -> None:
    state, is_phone, presses = PAGES[name]
    look = window(phone=is_phone, size="phone" if is_phone else "desktop")
    look.open(getattr(shop, state)())
    there = look.page.locator(BUTTONS).evaluate_all("found => found.map(one => one.dataset.testid)")
    assert set(there) == set(presses)

    for button, after in presses.items():
        if after is ELSEWHERE:
            continue
        look.context.clear_cookies()
        look.open(getattr(shop, state)())
        if button in ("qr", "open-phone"):
            with look.context.expect_page() as opened:
                look.press(button)
            opened.value.wait_for_selector("[data-testid=wallet-phone]")
            look.see("wallet-cashier", state="scanned", timeout=SOON)
            opened.value.close()
        else:
            look.press(button)
        if after is None:
            assert "payment-charge-id" in look.returned()
            continue
        testid, attributes = after
        look.see(testid, **attributes)


def test_the_phone_offers_each_buyer(window: Open, shop: Shop) -> None:
    phone = window(phone=True, size="phone")
    phone.open(shop.open())
    seen = {}

    for slug in BUYERS:
        phone.press(f"buyer-{slug}")
        phone.page.wait_for_selector(f"input[name=buyer][value={slug}]", state="attached")
        seen[slug] = phone.page.locator("[data-testid=sim-note] .quiet").inner_text()

    assert seen == {
        "li-na": "Will be paid: the balance covers it",
        "wang-wei": "Will be declined: ¥\u00a081.03 short",
        "zhang-min": "Will be declined: the limit is reached",
        "chen-jie": "Will be declined: the account is blocked",
        "zhao-lei": "Will be paid: the balance covers it",
        "liu-yang": "Will be paid: the balance covers it",
        "sun-li": "Will be paid after 30\u00a0s on the simulator clock",
        "zhou-ting": "Stays open: the buyer closes the app",
    }


def test_the_automatic_return_can_be_stopped(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}?step=confirm&buyer=li-na")
    desktop.press("confirm")
    desktop.see("stay")

    desktop.press("stay")
    desktop.page.wait_for_timeout(1300)

    assert desktop.page.url.startswith(desktop.origin)
    assert desktop.see("return").is_visible()


def test_the_phone_page_opens_in_a_window_of_a_phones_size(window: Open, shop: Shop) -> None:
    desktop = window()
    desktop.open(shop.open())

    with desktop.context.expect_page() as opened:
        desktop.press("open-phone")
    opened.value.wait_for_selector("[data-testid=wallet-phone]")

    assert "view=phone" in opened.value.url
    desktop.see("wallet-cashier", state="scanned", timeout=SOON)


# By keyboard, without script -------------------------------------------------------------------------------------


def tab_to(page: Any, testid: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.testid") == testid:
            return
    raise AssertionError(f"{testid} cannot be reached by Tab")


def test_the_desktop_pays_by_keyboard_alone(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    page = desktop.open(f"/w/{code}")

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className")
    tab_to(page, "buyer-li-na")
    tab_to(page, "sign-in")
    page.keyboard.press("Enter")
    desktop.see("confirm")
    tab_to(page, "confirm")
    page.keyboard.press("Enter")
    desktop.see("result", outcome="paid")

    assert first == "skip"
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_the_phone_changes_the_buyer_by_keyboard_alone(window: Open, shop: Shop) -> None:
    phone = window(phone=True, size="phone")
    page = phone.open(shop.open())

    tab_to(page, "change-buyer")
    page.keyboard.press("Enter")
    tab_to(page, "buyer-chen-jie")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=Test buyer: Chen Jie")
    tab_to(page, "sim-options")
    page.keyboard.press("Space")
    opened = page.locator("[data-testid=force-decline]").is_visible()
    page.keyboard.press("Escape")
    closed = page.locator("[data-testid=force-decline]").is_visible()
    tab_to(page, "confirm")
    page.keyboard.press("Enter")

    assert (opened, closed) == (True, False)
    phone.see("result", outcome="declined", reason="blocked")


def test_without_a_script_the_desktop_signs_in_pays_and_returns(window: Open, shop: Shop) -> None:
    desktop = window(script=False)
    desktop.open(shop.open())

    desktop.press("sign-in")
    desktop.see("confirm")
    desktop.press("confirm")
    desktop.see("result", outcome="paid")

    assert "payment-charge-id" in desktop.returned()


def test_without_a_script_the_desktop_notices_the_phone(window: Open, shop: Shop) -> None:
    code = shop.order()
    shop.post(code, "scan")
    desktop = window(script=False)
    desktop.open(f"/w/{code}")
    desktop.see("wallet-cashier", state="scanned")

    shop.post(code, "cancel")

    desktop.see("result", outcome="cancelled", timeout=5000)


# What is seen ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "host"), [("wide", "wallet.test"), ("desktop", None), ("phone", "wallet.test")])
def test_the_code_can_be_scanned_from_the_screen(
    window: Open, shop: Shop, size: str, host: str | None, theme: str
) -> None:
    """The small code of an address that no phone can reach, too."""
    desktop = window(size=size, theme=theme, host=host)
    path = shop.open()
    desktop.open(path, view="desktop")

    assert desktop.scan() == [f"{desktop.origin}{path}"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nothing_scrolls_sideways_at_320_pixels(window: Open, shop: Shop, lang: str) -> None:
    narrow = window(size="narrow", lang=lang)
    wide_pages = []

    for state in STATES:
        path = getattr(shop, state)()
        for view in ("phone", "desktop"):
            narrow.open(path, view=view)
            if narrow.scrolls_sideways():
                wide_pages.append(f"{state} {view}")
            narrow.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
            if narrow.scrolls_sideways():
                wide_pages.append(f"{state} {view}, all opened")

    assert wide_pages == []


@pytest.mark.parametrize("size", ["narrow", "desktop"])
def test_a_merchants_long_name_breaks_no_page(window: Open, shop: Shop, size: str) -> None:
    """Markup, a turned direction and a word without end."""
    name = "\u202e<b>Books</b> " + "Donaudampfschifffahrtsgesellschaft" * 5
    shop.set("ppro", merchant_name=name)
    look = window(size=size)
    wide_pages = []

    for state in ("open", "scanned", "signed_in", "paying", "paid", "declined", "cancelled"):
        path = getattr(shop, state)()
        for view in ("phone", "desktop"):
            look.open(path, view=view)
            assert look.page.locator("main b", has_text="Books").count() == 0
            if look.scrolls_sideways():
                wide_pages.append(f"{state} {view}")

    assert wide_pages == []


@pytest.mark.parametrize(("size", "lang", "theme"), [("phone", "zh", "light"), ("wide", "en", "dark")])
def test_axe_finds_nothing_serious_in_either_theme(
    window: Open, shop: Shop, axe: str, size: str, lang: str, theme: str
) -> None:
    """Colours are asked for in both themes."""
    look = window(size=size, lang=lang, theme=theme)
    found = []

    for state in STATES:
        look.open(getattr(shop, state)(), view="phone" if size == "phone" else "desktop")
        found += look.findings(axe)
        for sheet in look.page.locator("details.sheet").all() if state == "open" else ():
            sheet.evaluate("sheet => { sheet.open = true; }")
            found += look.findings(axe)
            sheet.evaluate("sheet => { sheet.open = false; }")

    assert found == []


def test_the_viewers_theme_is_followed_unless_he_chose_one(window: Open, shop: Shop) -> None:
    path = shop.open()
    dark = window(theme="dark")
    background = "getComputedStyle(document.body).backgroundColor"

    followed = dark.open(path).evaluate(background)
    chosen = dark.open(path, theme="light").evaluate(background)
    kept = dark.open(path).evaluate(background)

    assert (followed, chosen, kept) == ("rgb(15, 19, 21)", "rgb(246, 246, 243)", "rgb(246, 246, 243)")


def test_targets_on_a_phone_are_large_enough_for_a_thumb(window: Open, shop: Shop) -> None:
    phone = window(phone=True, size="phone")
    small = []

    for state in ("open", "paying", "paid", "retry"):
        phone.open(getattr(shop, state)())
        for sheet in phone.page.locator("details.sheet").all() or [None]:
            if sheet is not None:
                sheet.evaluate("sheet => { sheet.open = true; }")
            for target in phone.page.locator("main button, main a, main summary, main select").all():
                box = target.bounding_box()
                if box is not None and (box["height"] < 44 or box["width"] < 44):
                    small.append((state, target.inner_text(), round(box["width"]), round(box["height"])))
            if sheet is not None:
                sheet.evaluate("sheet => { sheet.open = false; }")

    assert small == []


def test_an_error_page_is_plain_and_leads_on(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    page = desktop.open(f"/w/{code}")
    page.locator("input[name=token]").first.evaluate("field => { field.value = 'of another page'; }")

    page.locator("[data-testid=sign-in]").evaluate("button => button.form.elements.token.value = 'x'")
    desktop.press("sign-in")
    page.wait_for_selector("text=Reload the page and try again.")
    page.locator("main a.button").click()

    desktop.see("wallet-cashier", state="open")
    assert re.search(rf"/w/{code}$", page.url)
