"""Every path of the design's sections 4 and 5, without a browser, without a script, and with nothing but a keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from browser.hands import ByKeyboard, ByMouse
from browser.hosted import PAGES as HOSTED
from browser.hosted import Merchant
from browser.journeys import DESKTOP, OPEN_END, PHONE
from browser.plain import ByForms, Page
from browser.shop import STATES, Shop
from browser.window import Window

Open = Callable[..., Window]

EVERYWHERE = {"skip", "open-console", "lang-en", "lang-zh", "theme", "copy"}
"""Pressed on every page in test_looks."""
NO_SCRIPT = {"at-leisure"}
"""There where scripts are off; pressed in test_wallet."""

PREDICTIONS = {
    "li-na": "Will be paid: the balance covers it",
    "wang-wei": "Will be declined: ¥\u00a081.03 short",
    "zhang-min": "Will be declined: the limit is reached",
    "chen-jie": "Will be declined: the account is blocked",
    "zhao-lei": "Will be paid: the balance covers it",
    "liu-yang": "Will be paid: the balance covers it",
    "sun-li": "Will be paid after 30\u00a0s on the simulator clock",
    "zhou-ting": "Stays open: the buyer closes the app",
}

ALL = {**DESKTOP, **PHONE}


def test_forms_and_links_are_enough_and_every_control_is_pressed(shop: Shop) -> None:
    """Each form is answered with 303, no GET changes anything, what is pressed late only shows what happened. On the way
    everything is pressed that any page of any state has, but for what stands on each page."""
    pressed: set[tuple[str, str]] = set()
    for name, journey in ALL.items():
        shop.renew()
        shop.freeze()
        with closing(ByForms(shop, phone=name in PHONE)) as buyer:
            merchant = Merchant(shop)
            try:
                ending = journey(merchant, buyer)
                shop.workspace.advance("PT10S")
                assert merchant.state() == ending
                if name not in OPEN_END:
                    buyer.press_everything_late()
            except Exception as error:
                error.add_note(f"on the journey {name}")
                raise
            pressed |= buyer.pressed

    there = {control for page in every_page(shop) for control in page_controls(page)}
    assert sorted(root for root, testid in there if not testid) == []
    assert sorted((root, testid) for root, testid in there - pressed if testid not in EVERYWHERE | NO_SCRIPT) == []


def every_page(shop: Shop) -> Iterator[Page]:
    for name in HOSTED:
        shop.renew()
        path = getattr(Merchant(shop), name)()
        yield Page(path, shop.http.get(path).text)
    for state in STATES:
        path = getattr(shop, state)()
        for view in ("desktop", "phone"):
            yield Page(path, shop.http.get(path, params={**dict(parse_qsl(urlsplit(path).query)), "view": view}).text)


def page_controls(page: Page) -> list[tuple[str, str]]:
    return [(page.root, control.testid) for control in page.controls if control.is_usable]


@pytest.mark.parametrize("name", ALL)
def test_a_mouse_is_enough_where_scripts_are_off(window: Open, shop: Shop, name: str) -> None:
    merchant = Merchant(shop)
    look = window(script=False, phone=name in PHONE, size="phone" if name in PHONE else "desktop")

    ending = ALL[name](merchant, ByMouse(look))
    shop.workspace.advance("PT10S")

    assert merchant.state() == ending


@pytest.mark.parametrize("name", ALL)
def test_a_keyboard_is_enough(window: Open, shop: Shop, name: str) -> None:
    merchant = Merchant(shop)
    look = window(phone=name in PHONE, size="phone" if name in PHONE else "desktop")

    ending = ALL[name](merchant, ByKeyboard(look))
    shop.workspace.advance("PT10S")

    assert merchant.state() == ending


def test_the_phone_says_what_each_buyer_would_lead_to(shop: Shop) -> None:
    seen = {}
    with closing(ByForms(shop, phone=True)) as buyer:
        buyer.open(shop.open())
        for slug in PREDICTIONS:
            buyer.press(f"buyer-{slug}")
            note = buyer.page.html.partition('data-testid="sim-note"')[2].partition("<details")[0]
            seen[slug] = next((words for words in PREDICTIONS.values() if words in unescape(note)), note)

    assert seen == PREDICTIONS
