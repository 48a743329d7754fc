"""The five providers' hosted pages in headless Chromium: their codes, and what they notice by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.hosted import PAGES, Merchant
from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


def fresh(shop: Shop, name: str) -> tuple[Merchant, str]:
    merchant = Merchant(shop)
    return merchant, getattr(merchant, name)()


CODES = (
    "ppro", "ppro_tabs", "ppro_scan", "wp_session", "wp_declined", "wp_wallet", "cko_qr", "ecp_qr", "wl_wallet",
)  # fmt: skip
"""The pages that show a code."""


def test_every_page_with_a_code_is_scanned_somewhere(shop: Shop) -> None:
    found = set()
    for name in PAGES:
        shop.renew()
        if 'data-testid="qr"' in shop.http.get(fresh(shop, name)[1]).text:
            found.add(name)

    assert found == set(CODES)


@pytest.mark.parametrize("name", CODES)
def test_the_codes_of_the_providers_pages_can_be_scanned(window: Open, shop: Shop, name: str) -> None:
    look = window()
    _, path = fresh(shop, name)
    look.open(path)

    wanted = look.see("qr").get_attribute("data-url")
    light = look.scan()
    look.page.emulate_media(color_scheme="dark")

    assert light == look.scan() == [wanted]
    answer = shop.http.get(wanted, follow_redirects=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["wp_session", "ecp_qr", "wl_pending", "ppro", "ppro_scan"])
def test_a_page_that_waits_notices_by_itself(window: Open, shop: Shop, name: str) -> None:
    merchant, path = fresh(shop, name)
    if name == "wp_session":
        merchant.press(path, method="alipay")
    look = window()
    look.open(path)
    look.see(PAGES[name])

    merchant.act("pay")

    look.page.wait_for_function("() => !document.querySelector('[data-again]')")


@pytest.mark.parametrize("name", ["cko_hosted", "cko_link", "cko_simulation", "wl_checkout", "wp_session", "ppro_mfa"])
def test_a_page_that_nobody_presses_notices_that_its_time_is_over(window: Open, shop: Shop, name: str) -> None:
    _, path = fresh(shop, name)
    look = window()
    look.open(path)
    state = look.see(PAGES[name]).get_attribute("data-state")

    shop.workspace.advance("PT26H")

    look.page.wait_for_function("() => !document.querySelector('[data-again]')")
    assert look.see("result").get_attribute("data-outcome") == "expired"
    assert look.see("result").get_attribute("data-decided-by") == "timer"
    assert look.see(PAGES[name]).get_attribute("data-state") != state


def test_a_wrong_signature_is_explained(window: Open, shop: Shop) -> None:
    look = window()

    page = look.open(Merchant(shop).ecp_bad_signature())

    assert "payment_amount:1100" in page.inner_text("main")


def test_what_a_merchant_writes_stays_inside_the_page(window: Open, shop: Shop) -> None:
    """Long words, long names and large amounts, at 320 pixels."""
    merchant, word = Merchant(shop), "Donaudampfschifffahrtsgesellschaft" * 3
    product = {"currency": "EUR", "unit_amount": 99_999_999, "product_data": {"name": word}}
    session = merchant.wooshpay(line_items=[{"price_data": product, "quantity": 1}], client_reference_id=word)
    payment = merchant.checkoutcom("APP", reference="R" * 50, amount=99_999_999)
    look = window(size="narrow")

    for path in (session["url"].removeprefix(shop.url), payment):
        look.open(path)
        look.see("amount")
        assert not look.scrolls_sideways(), path
