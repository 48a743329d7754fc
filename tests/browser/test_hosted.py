"""The providers' hosted pages in headless Chromium: their codes, and what they notice by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from browser.hosted import HOSTED, Merchant
from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]


def fresh(shop: Shop, name: str) -> tuple[Merchant, str]:
    merchant = Merchant(shop)
    return merchant, getattr(merchant, name)()


def test_every_page_with_a_code_is_scanned_somewhere(shop: Shop) -> None:
    found = set()
    for name in HOSTED.pages:
        shop.renew()
        if 'data-testid="qr"' in shop.http.get(fresh(shop, name)[1]).text:
            found.add(name)

    assert found == set(HOSTED.codes)


@pytest.mark.parametrize("name", HOSTED.codes)
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


@pytest.mark.parametrize("name", HOSTED.notice)
def test_a_page_that_waits_notices_by_itself(window: Open, shop: Shop, name: str) -> None:
    merchant, path = fresh(shop, name)
    look = window()
    look.open(path)
    look.see(HOSTED.notice[name])

    merchant.act("pay")

    look.page.wait_for_function("() => !document.querySelector('[data-again]')")


@pytest.mark.parametrize("name", HOSTED.timed)
def test_a_page_that_nobody_presses_notices_that_its_time_is_over(window: Open, shop: Shop, name: str) -> None:
    _, path = fresh(shop, name)
    look = window()
    look.open(path)
    state = look.see(HOSTED.pages[name]).get_attribute("data-state")

    shop.workspace.advance("PT26H")

    look.page.wait_for_function("() => !document.querySelector('[data-again]')")
    assert look.see("result").get_attribute("data-outcome") == "expired"
    assert look.see("result").get_attribute("data-decided-by") == "timer"
    assert look.see(HOSTED.pages[name]).get_attribute("data-state") != state


@pytest.mark.parametrize("name", HOSTED.crowded)
def test_what_a_merchant_writes_stays_inside_the_page(window: Open, shop: Shop, name: str) -> None:
    """Long words, long names and large amounts, at 320 pixels."""
    look = window(size="narrow")

    look.open(fresh(shop, name)[1])

    look.see("amount")
    assert not look.scrolls_sideways()
