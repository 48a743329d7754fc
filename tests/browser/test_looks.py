"""What every page looks like to axe, at each width, in both languages and themes, and to readers who change its looks.

A page is loaded once in each language (the second time by pressing the language); after that only the width, the theme
and what is opened change. Axe sees each page in each language, width and theme, and any three of them together on each fourth
page (`browser.window.TURNS`): a dark page differs from a light one in nothing but colours, which
`test_a_theme_changes_nothing_but_colours` shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import simulator
from browser.hosted import HOSTED, Merchant
from browser.shop import STATES, Shop
from browser.window import TURNS, Window

Open = Callable[..., Window]

SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }"""
"""Success criterion 1.4.12: what a reader may do to the text."""

CUT = """() => [...document.querySelectorAll("main *, header *")].filter((each) => {
  const style = getComputedStyle(each);
  if (!each.textContent.trim() || !each.checkVisibility()) return false;
  if (!each.getClientRects().length || each.closest(".skip, pre")) return false;
  if (style.display === "inline" || style.clipPath !== "none") return false;
  const hides = /hidden|clip/.test(style.overflowX + style.overflowY);
  const isControl = each.matches("button, .button, .pill, .tag");
  return (hides || isControl) && (each.scrollWidth > each.clientWidth + 2 || each.scrollHeight > each.clientHeight + 2);
}).map((each) => `${each.tagName} ${each.className}: ${each.innerText.slice(0, 40)}`)"""
"""Elements whose text is cut off, or runs out of a control."""

BORDERLESS = """() => [...document.querySelectorAll(".button, .pill, .mark, .card, .note-sim, .field input, select")]
  .filter((each) => each.getClientRects().length && parseFloat(getComputedStyle(each).borderTopWidth) < 1)
  .map((each) => each.className || each.tagName)"""

SMALL = """() => [...document.querySelectorAll("main button, main a, main summary, main select")].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && (box.width < 44 || box.height < 44);
}).map((each) => each.innerText)"""


@dataclass(frozen=True)
class Look:
    """One page: where it comes from, and how it is asked for."""

    maker: str
    view: str = ""

    def path(self, shop: Shop) -> str:
        if self.maker in STATES:
            return str(getattr(shop, self.maker)())
        shop.renew()
        return str(getattr(Merchant(shop), self.maker)())


SAME_SHEETS = ("long", "wrong_password", "wrong_code", "walked_away", *HOSTED.same_sheets)
"""Pages whose sheets and lists are those of the open order."""

LOOKS = {
    **{name: Look(name) for name in (*HOSTED.pages, *HOSTED.rootless)},
    **{f"{name} on a phone": Look(name, "phone") for name in HOSTED.phone_too},
    **{f"wallet, {state}": Look(state, "desktop") for state in STATES},
    **{f"wallet, {state} on a phone": Look(state, "phone") for state in STATES},
    **{name: Look(name) for name in HOSTED.nowhere},
}


@pytest.mark.flaky(reruns=1)  # on a busy machine axe may see a page before its sheet
@pytest.mark.parametrize("name", LOOKS)
def test_every_page_in_each_language_theme_and_width(window: Open, shop: Shop, axe: str, name: str) -> None:
    wanted, window_ = LOOKS[name], window(size="wide", axe=axe)
    path = HOSTED.nowhere.get(name) or wanted.path(shop)
    query = {"view": wanted.view} if wanted.view else {}
    page = window_.open(path, **query)
    root = page.locator("[data-testid]").evaluate_all("all => all.map(each => each.dataset.testid)")
    found: list[str] = []

    turn = TURNS[list(LOOKS).index(name) % len(TURNS)]
    for lang, (size, theme) in zip(("en", "zh-Hans"), turn.values(), strict=True):
        if lang == "zh-Hans" and "lang-zh" in root:
            window_.press("lang-zh")
            page.wait_for_selector("html[lang=zh-Hans]", state="attached")
        elif lang == "zh-Hans":
            window_.open(path, lang="zh", **query)
        assert page.get_attribute("html", "lang") == lang
        page.locator("[data-testid=skip]").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#main"
        for button in page.locator("[data-testid=copy]:visible").all():
            button.click()
            page.wait_for_function(
                "([label, text]) => label.innerText === text",
                arg=[button.locator("span").element_handle(), button.get_attribute("data-copied")],
            )
        assert page.locator("h1").count() == 1
        assert page.locator("[role=status]").count() == 1
        assert page.locator("[role=status]").inner_text() == ""
        opens = wanted.maker not in SAME_SHEETS
        page.evaluate(
            f"document.querySelectorAll('details.more').forEach(each => {{ each.open = {str(opens).lower()}; }})"
        )
        window_.resize(size)
        found += [f"{lang} {size} {theme} {finding}" for finding in window_.findings(theme, opens=opens)]
        window_.resize("phone")
        if name.startswith("wallet, ") or page.locator(".page-phone").count():
            found += [f"{lang}: small target {text}" for text in page.evaluate(SMALL)]
        found += [f"{lang} {problem}" for problem in resized(window_)]

    assert found == []


def resized(look: Window) -> list[str]:
    """What goes wrong at 320 pixels, at twice the size, with more space between the letters, with forced colours."""
    page, wrong = look.page, []
    for size in ("zoomed", "narrow"):
        look.resize(size)
        wrong += [f"scrolls sideways, {size}"] if look.scrolls_sideways() else []
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    wrong += ["scrolls sideways with all opened"] if look.scrolls_sideways() else []
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = false; })")
    page.evaluate(f"const s = new CSSStyleSheet(); s.replaceSync(`{SPACED}`); document.adoptedStyleSheets = [s]")
    wrong += ["scrolls sideways when spaced"] if look.scrolls_sideways() else []
    wrong += [f"cut off when spaced: {what}" for what in page.evaluate(CUT)]
    page.evaluate("document.adoptedStyleSheets = []")
    page.emulate_media(forced_colors="active")
    wrong += [f"without border in forced colours: {what}" for what in page.evaluate(BORDERLESS)]
    page.emulate_media(forced_colors="none")
    return wrong


GROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("name", ["wallet, open", *HOSTED.themed])
def test_the_theme_goes_round_by_its_button(window: Open, shop: Shop, name: str) -> None:
    """The device's own, which is light here, then dark, then light, then the device's again."""
    look = window()
    page = look.open(LOOKS[name].path(shop))

    seen = [page.evaluate(GROUND)]
    for chosen in ("dark", "light", None):
        look.press("theme")
        page.wait_for_url(f"**theme={chosen or 'auto'}*")
        assert page.get_attribute("html", "data-theme") == chosen
        seen.append(page.evaluate(GROUND))

    assert seen == ["rgb(246, 246, 243)", "rgb(15, 19, 21)", "rgb(246, 246, 243)", "rgb(246, 246, 243)"]


def test_a_theme_changes_nothing_but_colours() -> None:
    """The cookie's theme and the browser's are the same values, too."""
    sheet = (Path(simulator.__file__).parent / "static" / "sim.css").read_text("utf-8")
    chosen = re.search(r"\n\[data-theme=dark\] \{(.*?)\n\}", sheet, re.DOTALL)
    followed = re.search(r":root:not\(\[data-theme=light\]\) \{(.*?)\n  \}", sheet, re.DOTALL)
    assert chosen and followed
    values = [dict(re.findall(r"([\w-]+): *([^;]+);", block[1])) for block in (chosen, followed)]

    assert values[0] == values[1]
    assert values[0].pop("color-scheme") == "dark"
    assert all(re.fullmatch(r"--[\w-]+ #[0-9A-F]{6}", f"{name} {value}") for name, value in values[0].items())
    assert len(re.findall(r"data-theme|prefers-color-scheme", sheet)) == 3


def test_nothing_moves_for_those_who_do_not_want_it(window: Open, shop: Shop) -> None:
    look = window()
    page = look.open(shop.paying())
    still = page.evaluate("document.getAnimations().length")
    shown = page.evaluate("getComputedStyle(document.querySelector('.spinner'), '::before').content")
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function("() => document.getAnimations().length > 0")

    assert (still, shown) == (0, '"…"')
