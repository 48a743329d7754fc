"""Every path through the wallet's and the hosted pages, without a browser, without a script, and with nothing but a keyboard.

In a browser those are walked on which something is pressed for the first time: a path that has the presses of other paths in
another order has nothing of its own for a mouse or a keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from urllib.parse import urljoin

import pytest

from browser import phone_journeys
from browser.hands import ByKeyboard, ByMouse
from browser.hosted import HOSTED, Merchant, of_each_provider
from browser.journeys import BY_FORMS, DESKTOP, OPEN_END, PHONE
from browser.plain import ByForms, Page
from browser.shop import STATES, Shop
from browser.window import Window
from simulator.engine.pages import with_query

Open = Callable[..., Window]

EVERYWHERE = {"skip", "open-console", "lang-en", "lang-zh", "theme", "copy"}
"""Pressed in test_looks."""
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

JOURNEYS = (phone_journeys, *of_each_provider("journeys"))
"""Where the others are told; to import them is enough."""
ALL = {**DESKTOP, **PHONE}
IN_A_BROWSER = [name for name in ALL if name not in BY_FORMS]


@pytest.mark.slow
def test_forms_and_links_are_enough_and_every_control_is_pressed(shop: Shop) -> None:
    """Each form is answered with 303, no GET changes anything, what is pressed late only shows what happened. On the way
    everything is pressed that any page of any state has, but for what stands on each page; all of
    it also where there is a browser."""
    pressed: set[tuple[str, str]] = set()
    pressed_in_a_browser: set[tuple[str, str]] = set()
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
            pressed_in_a_browser |= set() if name in BY_FORMS else buyer.pressed

    there = {control for page in every_page(shop) for control in page_controls(page)}
    left = {control for control in there - pressed if control[1] not in EVERYWHERE | NO_SCRIPT}
    assert sorted(left) == []
    assert sorted(pressed - pressed_in_a_browser) == []


def every_page(shop: Shop) -> Iterator[Page]:
    for name in (*HOSTED.pages, *HOSTED.rootless):
        shop.renew()
        yield asked(shop, getattr(Merchant(shop), name)())
    for state in STATES:
        path = getattr(shop, state)()
        for view in ("desktop", "phone"):
            yield asked(shop, with_query(path, view=view))
    for path in HOSTED.nowhere.values():
        yield asked(shop, path)


def asked(shop: Shop, path: str) -> Page:
    """A page that keeps its strict policy: nothing inline, nothing of another origin; its links to the console lead on."""
    answer = shop.http.get(path)
    page = Page(path, answer.text)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    for tag, given in page.elements:
        assert tag != "style" and (tag != "script" or given["src"].startswith("/")), f"{path}: inline {tag}"
        assert not [name for name in given if name == "style" or name.startswith("on")], f"{path}: {tag} {given}"
        assert tag == "a" or not given.get("src", given.get("href", "/")).startswith(("http", "//")), f"{path}: {given}"
    console, english = page.control("open-console"), page.find("lang-en")
    assert shop.http.get(console.attributes["href"]).status_code in (200, 303, 404)
    if english is not None:
        assert '<html lang="en"' in shop.http.get(urljoin(path, english["href"])).text
    return page


def page_controls(page: Page) -> list[tuple[str, str]]:
    return [(page.root, control.testid) for control in page.controls if control.is_usable]


@pytest.mark.parametrize("name", IN_A_BROWSER)
def test_a_mouse_is_enough_where_scripts_are_off(window: Open, shop: Shop, name: str) -> None:
    merchant = Merchant(shop)
    look = window(script=False, phone=name in PHONE, size="phone" if name in PHONE else "desktop")

    ending = ALL[name](merchant, ByMouse(look))
    shop.workspace.advance("PT10S")

    assert merchant.state() == ending


@pytest.mark.parametrize("name", IN_A_BROWSER)
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
