"""Every path of the design's sections 4 and 5, without a browser, without a script, and with nothing but a keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from browser.hosted import Merchant
from browser.journeys import DESKTOP, OPEN_END, PHONE
from browser.plain import ByForms
from browser.shop import Shop

ALL = {**DESKTOP, **PHONE}


@pytest.fixture
def plain(shop: Shop) -> Iterator[Callable[..., ByForms]]:
    buyers: list[ByForms] = []

    def send_buyer(**options: bool) -> ByForms:
        buyers.append(ByForms(shop, **options))
        return buyers[-1]

    yield send_buyer
    for buyer in buyers:
        buyer.close()


@pytest.mark.parametrize("name", ALL)
def test_forms_and_links_are_enough(plain: Callable[..., ByForms], shop: Shop, name: str) -> None:
    """Each form is answered with 303, no GET changes anything, and what is pressed late only shows what happened."""
    shop.freeze()
    merchant, buyer = Merchant(shop), plain(phone=name in PHONE)

    ending = ALL[name](merchant, buyer)
    shop.workspace.advance("PT10S")

    assert merchant.state() == ending
    if name not in OPEN_END:
        buyer.press_everything_late()
