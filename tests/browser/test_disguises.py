"""What a merchant writes, in Chromium: on no page it turns around what stands beside it, or hides or disguises anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from browser.hosted import HOSTED, Merchant
from browser.shop import STATES, Shop
from browser.window import Window
from simulator.engine.pages import with_query

HEBREW = "חנות"
WRITTEN = f"{HEBREW}\u202e\u2066\u200b 12 Аli"
"""Letters from the right, a control that turns what follows, one that nobody ends, a sign that nobody sees, a number, and a word
that begins with a Cyrillic letter."""
SEEN = f"{HEBREW}[U+202E][U+2066][U+200B] 12 Аli"

LOOK = """([hebrew, seen]) => {
  const wrong = [], controls = /[\\u061c\\u200b\\u200e\\u200f\\u202a-\\u202e\\u2060\\u2066\\u2067\\ufeff]/;
  const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  let found = 0;
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    if (node.parentElement.closest("script, style")) continue;
    if (controls.test(node.data)) wrong.push(`a control in ${node.data.trim()}`);
    if (!node.data.includes(hebrew) || node.parentElement.closest("title")) continue;
    found += 1;
    let own = node.parentElement;
    while (own.matches(".mixed")) own = own.parentElement;
    const style = getComputedStyle(own), whole = own.textContent.trim();
    const outside = whole.replace(/\\u2068[^\\u2066-\\u2069]*\\u2069/g, "");
    const holds = style.display !== "inline" || /isolate|plaintext/.test(style.unicodeBidi);
    if (outside.includes(hebrew) && !(whole === seen && holds)) wrong.push(`beside others: ${own.outerHTML.slice(0, 160)}`);
  }
  for (const each of document.querySelectorAll("[alt], [title], [aria-label]")) {
    const said = ["alt", "title", "aria-label"].map((name) => each.getAttribute(name) || "").join(" ");
    if (controls.test(said)) wrong.push(`a control in the name of ${each.outerHTML.slice(0, 160)}`);
  }
  if (controls.test(document.title)) wrong.push("a control in the title");
  const mixed = document.querySelectorAll(".mixed").length;
  return [found, mixed, wrong];
}"""


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.written = WRITTEN
    return shop


def rename(shop: Shop) -> None:
    """The merchant's name, at every provider that has a setting for it."""
    for provider in shop.http.get("/_sim/providers").json()["data"]:
        if any(setting["name"] == "merchant_name" for setting in provider["settings"]):
            shop.set(provider["name"], merchant_name=WRITTEN)


def pages_of(shop: Shop) -> Iterator[tuple[str, str]]:
    for name in (*HOSTED.pages, *HOSTED.crowded):
        shop.renew()
        rename(shop)
        yield name, getattr(Merchant(shop), name)()
    shop.renew()
    rename(shop)
    for state in STATES:
        path = getattr(shop, state)()
        yield from ((f"{state}, {view}", with_query(path, view=view)) for view in ("desktop", "phone"))
    yield "console", f"/console/{shop.workspace.name}/payments"


@pytest.mark.slow
def test_nothing_that_a_merchant_writes_disguises_anything_on_any_page(
    window: Callable[..., Window], shop: Shop
) -> None:
    look = window()
    wrong: dict[str, Any] = {}
    showing: set[str] = set()
    names: set[str] = set()

    for name, path in pages_of(shop):
        names.add(name)
        for lang in ("en", "zh"):
            page = look.open(path, lang=lang)
            found, mixed, problems = page.evaluate(LOOK, [HEBREW, SEEN])
            if problems:
                wrong[f"{name} {lang}"] = problems
            if found and mixed:
                showing.add(name)

    assert wrong == {}
    assert {name.partition(",")[0] for name in names - showing} == {"retry", "unknown"}, (
        "which show nothing of a merchant"
    )
