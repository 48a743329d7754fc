"""What the Payment Page says of a wrong signature, to the developer who has made it."""

from __future__ import annotations

from collections.abc import Callable

from browser.hosted import Merchant
from browser.shop import Shop
from browser.window import Window


def test_a_wrong_signature_is_explained(window: Callable[..., Window], shop: Shop) -> None:
    look = window()

    page = look.open(Merchant(shop).ecp_bad_signature())

    assert "payment_amount:1100" in page.inner_text("main")
