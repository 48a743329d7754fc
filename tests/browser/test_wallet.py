"""The wallet in headless Chromium: two devices, every button, every code, both languages, both themes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest
from buying import ANY

from browser.shop import Shop
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

    assert shop.ids[code] in desktop.returned().values()
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


def test_a_screen_reader_hears_nothing_while_the_state_stays(window: Open, shop: Shop) -> None:
    code = shop.order()
    shop.post(code, "scan")
    desktop = window()
    desktop.open(f"/w/{code}")
    desktop.see("wallet-cashier", state="scanned")
    version = desktop.page.locator("#live").get_attribute("data-version")

    shop.post(code, "confirm", buyer="liu-yang", payment_code="111111")
    desktop.page.wait_for_function(f"() => document.getElementById('live').dataset.version !== '{version}'")

    assert desktop.see("status-live").text_content() == ""


@pytest.mark.parametrize("maker", ["wrong_password", "wrong_code"])
def test_who_typed_something_wrong_can_type_again_at_once(window: Open, shop: Shop, maker: str) -> None:
    page = window().open(getattr(shop, maker)())

    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    assert page.locator("[autofocus]").count() == 1


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


def test_the_automatic_return_can_be_stopped(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window()
    desktop.open(f"/w/{code}?step=confirm&buyer=li-na")
    desktop.press("confirm")
    desktop.see("stay")

    desktop.press("stay")
    desktop.page.wait_for_url("**stay=1**")
    desktop.press("lang-zh")
    desktop.page.wait_for_timeout(1300)

    assert desktop.page.url.startswith(desktop.origin)
    assert desktop.see("return").is_visible()
    assert desktop.page.locator("[data-return-in]").count() == 0


def test_the_phone_page_opens_in_a_window_of_a_phones_size(window: Open, shop: Shop) -> None:
    desktop = window()
    desktop.open(shop.open())

    with desktop.context.expect_page() as opened:
        desktop.press("open-phone")
    opened.value.wait_for_selector("[data-testid=wallet-phone]")

    assert "view=phone" in opened.value.url
    desktop.see("wallet-cashier", state="scanned", timeout=SOON)


# By keyboard, without script -------------------------------------------------------------------------------------


def test_escape_closes_what_a_key_has_opened(window: Open, shop: Shop) -> None:
    phone = window(phone=True, size="phone")
    page = phone.open(shop.open())

    page.locator("[data-testid=sim-options]").focus()
    page.keyboard.press("Space")
    opened = page.locator("[data-testid=force-decline]").is_visible()
    page.keyboard.press("Escape")

    assert opened
    assert not page.locator("[data-testid=force-decline]").is_visible()
    assert page.evaluate("document.activeElement.dataset.testid") == "sim-options"


def test_without_a_script_the_desktop_notices_the_phone(window: Open, shop: Shop) -> None:
    code = shop.order()
    desktop = window(script=False)
    desktop.open(f"/w/{code}")
    desktop.see("wallet-cashier", state="open")

    shop.post(code, "scan")
    desktop.see("wallet-cashier", state="scanned", timeout=5000)
    shop.post(code, "cancel")

    desktop.see("result", outcome="cancelled", timeout=5000)


def test_without_a_script_nobody_is_hurried_who_signs_in(window: Open, shop: Shop) -> None:
    desktop = window(script=False)
    page = desktop.open(shop.open())

    desktop.press("at-leisure")
    page.locator("[data-testid=buyer-wang-wei]").check()
    page.wait_for_timeout(3500)

    assert page.locator("[data-testid=buyer-wang-wei]").is_checked()


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


@pytest.mark.parametrize("size", ["narrow", "desktop"])
def test_a_merchants_long_name_breaks_no_page(window: Open, shop: Shop, size: str) -> None:
    """Markup, a turned direction and a word without end."""
    name = "\u202e<b>Books</b> " + "Donaudampfschifffahrtsgesellschaft" * 5
    shop.set(ANY.name, merchant_name=name)
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


def test_the_viewers_theme_is_followed_unless_they_chose_one(window: Open, shop: Shop) -> None:
    path = shop.open()
    dark = window(theme="dark")
    background = "getComputedStyle(document.body).backgroundColor"

    followed = dark.open(path).evaluate(background)
    chosen = dark.open(path, theme="light").evaluate(background)
    kept = dark.open(path).evaluate(background)

    assert (followed, chosen, kept) == ("rgb(15, 19, 21)", "rgb(246, 246, 243)", "rgb(246, 246, 243)")


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
