"""The five providers' hosted pages in headless Chromium: every button of every state, both languages, both themes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.hosted import PAGES, Merchant
from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]

OF_THE_WALLET = ("wp_wallet", "wp_app", "cko_qr", "wl_wallet")
"""The wallet in place of a provider's own link; its buttons are pressed in test_wallet."""

SHOP = "the shop"
STAYS = "the page"
LANGUAGES = {"lang-en": STAYS, "lang-zh": STAYS}
HOLD = {"hold-clock": STAYS}
OUTCOMES = {"ppro-success": SHOP, "ppro-fail": SHOP, "ppro-cancel": SHOP, "jump-there": "result"}
SCANNED = {"ppro-success": "result", "ppro-fail": "result", "ppro-cancel": "result", "jump-there": "result"}
TABS = {"tab-redirect": "ppro-success", "tab-scan-code": "open-scanner", "tab-multi-factor": "mfa-code"}
BUYERS = ("li-na", "wang-wei", "zhang-min", "chen-jie", "zhao-lei", "liu-yang", "sun-li", "zhou-ting")
WINDOWS = ("qr", "open-scanner", "open-phone")
"""Links that open a page in a window of its own."""

PRESSES: dict[str, dict[str, str]] = {
    # page: button: where it leads (the shop, a test id, or the page as it was)
    "ppro": {**LANGUAGES, **OUTCOMES, "tab-redirect": STAYS, "qr": "ppro-authenticator", "use-wallet": "sign-in"},
    "ppro_tabs": {**LANGUAGES, **OUTCOMES, **TABS, "qr": "ppro-authenticator", "use-wallet": "sign-in"},
    "ppro_scan": {
        **LANGUAGES, **HOLD, "tab-scan-code": STAYS, "qr": "ppro-success", "open-scanner": "ppro-success", "copy": STAYS,
        "refresh": STAYS, "use-wallet": "sign-in", "ppro-cancel": "result", "jump-there": "result",
    },
    "ppro_scanner": {**LANGUAGES, **SCANNED, "use-wallet": "sign-in"},
    "ppro_mfa": {
        **LANGUAGES, "tab-multi-factor": STAYS, "copy": STAYS, "sample-curl": STAYS, "sample-python": STAYS,
        "sample-node": STAYS, "mfa-submit": "result", "mfa-wrong": "result",
        "ppro-cancel": "result", "jump-there": "result",
    },
    "ppro_paid": {**LANGUAGES, "tab-redirect": STAYS, "return": SHOP},
    "ppro_declined": {**LANGUAGES, "tab-redirect": STAYS, "return": SHOP},
    "wp_session": {**LANGUAGES, "wp-back": SHOP, "qr": "wp-pay", "wp-pay": "sign-in"},
    "wp_declined": {**LANGUAGES, "wp-back": SHOP, "qr": "wp-pay", "wp-pay": "sign-in"},
    "wp_complete": {**LANGUAGES, "return": SHOP},
    "wp_expired": {**LANGUAGES, "return": SHOP},
    "cko_simulation": {
        **LANGUAGES, "change-buyer": STAYS, **{f"buyer-{slug}": STAYS for slug in BUYERS},
        "cko-pay-now": "cko-done", "cko-cancel": "cko-done",
    },
    "cko_paying": {**LANGUAGES, **HOLD, "cko-answer": "cko-done"},
    "cko_paid": {**LANGUAGES, "cko-done": SHOP},
    "cko_declined": {**LANGUAGES, "cko-done": SHOP},
    "cko_hosted": {**LANGUAGES, **HOLD, "cko-page-pay": "sign-in", "cko-page-cancel": SHOP},
    "cko_link": {**LANGUAGES, **HOLD, "cko-page-pay": "sign-in", "return": SHOP},
    "ecp_method": {**LANGUAGES, "ecp-continue": "ecp-pay", "ecp-back": SHOP},
    "ecp_instructions": {**LANGUAGES, "ecp-pay": "ecp-emulator", "ecp-back": SHOP},
    "ecp_chosen": {**LANGUAGES, "ecp-pay": "ecp-emulator", "ecp-other": "ecp-method", "ecp-back": SHOP},
    "ecp_clarification": {**LANGUAGES, "ecp-pay": "ecp-clarification", "ecp-back": SHOP},
    "ecp_asked": {**LANGUAGES, "ecp-pay": STAYS, "ecp-back": SHOP},
    "ecp_rejected": {**LANGUAGES, "ecp-back": SHOP},
    "ecp_expired": {**LANGUAGES, "ecp-back": SHOP},
    "ecp_paying": {**LANGUAGES, **HOLD, "answer-now": SHOP},
    "ecp_emulator": {
        **LANGUAGES, **HOLD, "ecp-random": "ecp-last-name", "ecp-success": SHOP, "ecp-decline": SHOP, "use-wallet": "sign-in",
    },
    "ecp_decline_amount": {
        **LANGUAGES, **HOLD, "ecp-random": "ecp-last-name", "ecp-success": SHOP, "ecp-decline": SHOP, "use-wallet": "sign-in",
    },
    "ecp_qr": {**LANGUAGES, **HOLD, "qr": "ecp-emulator", "open-phone": "ecp-emulator", "ecp-back": SHOP},
    "ecp_phone": {
        **LANGUAGES, **HOLD, "ecp-success": "ecp-result", "ecp-decline": "ecp-result", "use-wallet": "sign-in",
    },
    "ecp_paid": {**LANGUAGES, "ecp-back": SHOP},
    "ecp_declined": {**LANGUAGES, "ecp-back": SHOP},
    "wl_checkout": {**LANGUAGES, "wl-continue": "sign-in", "wl-back": SHOP},
    "wl_pending": {**LANGUAGES, "wl-continue": "sign-in", "wl-refresh": STAYS, "wl-back": SHOP},
    "wl_successful": {**LANGUAGES, "wl-back": SHOP, "wl-refresh": STAYS},
    "wl_unsuccessful": {**LANGUAGES, "wl-continue": "sign-in", "wl-back": SHOP, "wl-refresh": STAYS},
    "wl_cancelled": {**LANGUAGES, "wl-back": SHOP, "wl-refresh": STAYS},
    "wl_gone": {**LANGUAGES, "wl-back": SHOP},
    "wl_wallets": {**LANGUAGES, **HOLD, "wl-continue": "sign-in", "wl-back": "wallet-result"},
}  # fmt: skip

BUTTONS = "main button[data-testid], main a[data-testid], main summary[data-testid]"


def fresh(shop: Shop, name: str) -> tuple[Merchant, str]:
    """The page in a workspace that has not been used for anything else."""
    shop.renew()
    merchant = Merchant(shop)
    return merchant, getattr(merchant, name)()


def test_every_hosted_page_is_pressed_somewhere() -> None:
    assert set(PRESSES) | set(OF_THE_WALLET) == set(PAGES)


@pytest.mark.parametrize("name", PRESSES)
def test_every_button_leads_where_it_says(window: Open, shop: Shop, name: str) -> None:
    look = window(size="phone" if name == "ppro_scanner" else "desktop")
    _, path = fresh(shop, name)
    look.open(path)
    there = look.page.locator(BUTTONS).evaluate_all("found => found.map(one => one.dataset.testid)")
    assert set(there) == set(PRESSES[name])

    for number, (button, leads) in enumerate(PRESSES[name].items()):
        if number and leads != STAYS:
            _, path = fresh(shop, name)
        look.open(path)
        look.see(PAGES[name])
        if button in WINDOWS:
            with look.context.expect_page() as opened:
                look.press(button)
            opened.value.wait_for_selector(f"[data-testid={leads}]")
            opened.value.close()
            continue
        look.press(button)
        if leads == SHOP:
            look.returned()
        else:
            look.see(PAGES[name] if leads == STAYS else leads)


@pytest.mark.parametrize("name", OF_THE_WALLET)
def test_a_providers_own_link_shows_the_wallet_and_returns_to_the_shop(window: Open, shop: Shop, name: str) -> None:
    merchant, path = fresh(shop, name)
    look = window()
    look.open(path)
    look.see(PAGES[name])

    if PAGES[name] == "wallet-cashier":
        look.press("sign-in")
    look.press("confirm")
    look.see("result", outcome="paid", decided_by="buyer:li-na")

    look.returned()
    assert merchant.state()[1] == "buyer:li-na"


@pytest.mark.parametrize("name", ["ppro", "wp_session", "cko_qr", "ecp_qr", "wl_wallet"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_codes_of_the_providers_pages_can_be_scanned(window: Open, shop: Shop, name: str, theme: str) -> None:
    look = window(theme=theme)
    _, path = fresh(shop, name)
    look.open(path)

    wanted = look.see("qr").get_attribute("data-url")

    assert look.scan() == [wanted]
    answer = shop.http.get(wanted, follow_redirects=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["wp_session", "ecp_qr", "wl_pending", "ppro_scan"])
def test_a_page_that_waits_notices_by_itself(window: Open, shop: Shop, name: str) -> None:
    merchant, path = fresh(shop, name)
    if name == "wp_session":
        merchant.press(path, method="alipay")
    look = window()
    look.open(path)
    look.see(PAGES[name])

    merchant.act("pay")

    look.page.wait_for_function("() => !document.querySelector('[data-again]')")


def test_a_wrong_signature_is_explained(window: Open, shop: Shop) -> None:
    look = window()

    page = look.open(Merchant(shop).ecp_bad_signature())

    assert "payment_amount:1100" in page.inner_text("main")


def fill(look: Window) -> None:
    for field in look.page.locator("input[required]").all():
        field.fill("mei@shop.test")


def test_what_is_missing_is_asked_for(window: Open, shop: Shop) -> None:
    merchant, path = fresh(shop, "ecp_clarification")
    look = window()
    look.open(path)

    look.press("ecp-pay")
    look.see("ecp-clarification")
    fill(look)
    look.press("ecp-pay")
    look.see("ecp-emulator")

    assert merchant.state()[0] in ("waiting", "processing")


def test_nothing_scrolls_sideways_at_320_pixels(window: Open, shop: Shop) -> None:
    narrow = {lang: window(size="narrow", lang=lang) for lang in ("en", "zh")}
    wide_pages = []

    for name in PAGES:
        _, path = fresh(shop, name)
        for lang, look in narrow.items():
            look.open(path)
            look.see(PAGES[name])
            if look.scrolls_sideways():
                wide_pages.append(f"{name} {lang}")

    assert wide_pages == []


@pytest.mark.parametrize("provider", ["ppro", "wp", "cko", "ecp", "wl"])
def test_axe_finds_nothing_serious_in_either_theme(window: Open, shop: Shop, axe: str, provider: str) -> None:
    """English at 390 pixels, Chinese at 1440; the wallet's own pages are asked in test_wallet."""
    looks = window(size="phone", lang="en"), window(size="wide", lang="zh", theme="dark")
    found: list[str] = []

    for name in PRESSES:
        if not name.startswith(provider):
            continue
        _, path = fresh(shop, name)
        for look in looks:
            look.open(path)
            found += look.findings(axe)

    assert found == []
