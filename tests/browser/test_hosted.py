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
