"""What the Payment Page says of a wrong signature, to the developer who has made it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from browser.elsewhere import form, site
from browser.hosted import Merchant
from browser.merchant import fields_of
from browser.shop import Shop
from browser.window import Window


def test_a_wrong_signature_is_explained(window: Callable[..., Window], shop: Shop) -> None:
    look = window()

    page = look.open(Merchant(shop).ecp_bad_signature())

    assert "payment_amount:1100" in page.inner_text("main")


def test_a_shop_of_another_site_opens_payment_page_by_a_form(stranger: Callable[[], Any], shop: Shop) -> None:
    """What a real shop does, as the merchant's own page and within its frame; then the page's own button counts."""
    page, base = stranger(), f"http://localhost:{urlsplit(shop.url).port}"
    path = Merchant(shop).ecommpay("580", force_payment_method="alipay", frame_mode="iframe")
    entry = form(f"{base}/payment", fields_of(path))
    framed = entry.replace("<form", '<iframe name="here"></iframe><form target="here"')

    with site(entry) as port:
        page.goto(f"http://shop.test:{port}/")
        page.locator('[data-testid="ecp-instructions"]').wait_for()
        opened = page.url
    with site(framed) as port:
        page.goto(f"http://shop.test:{port}/")
        page.frame_locator("iframe").locator('[data-testid="ecp-pay"]').click()
        page.frame_locator("iframe").locator('[data-testid="ecp-success"]').wait_for()
        page.goto("about:blank")

    assert opened == f"{base}/payment"
    assert shop.workspace.payment("ecommpay", "580")["phase"] == "waiting"
